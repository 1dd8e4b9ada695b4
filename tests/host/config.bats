# SPDX-License-Identifier: GPL-2.0
# config.sh: the .config of a flavour. A fake make stands in for Kconfig, except in one test.

load helper

setup()
{
	clone
	mkdir -p "$tree/.git"
	kconfig
	printf '%s\n' 'default: base more' 'other: base' >uml-config/flavours
	printf '%s\n' CONFIG_A=y CONFIG_B=y '# CONFIG_C is not set' >uml-config/base.config
	printf '%s\n' CONFIG_D=y >uml-config/more.config
	rm -f uml-config/[0-9]*.config
}

# kconfig [GREP-OPTION...]: takes every line but these, and leaves a note of each call.
kconfig()
{
	fake make <<-END
		#!/bin/sh
		echo called >>"$BATS_TEST_TMPDIR/calls"
		for arg; do
			case \$arg in
			O=*) O=\${arg#*=} ;;
			KCONFIG_ALLCONFIG=*) from=\${arg#*=} ;;
			esac
		done
		grep -v ${*:-nothing} "\$from" >"\$O/.config"
	END
}

@test "config: the fragments of the flavour, in order, and nothing to do the second time" {
	# Pins: base and the rest by uml-config/flavours.
	try scripts/lib/config.sh
	works
	cat uml-config/base.config uml-config/more.config | diff - "$objdir/.config"
	rm "$BATS_TEST_TMPDIR/calls"
	try scripts/lib/config.sh
	works
	[ -z "$out" ]
	[ ! -e "$BATS_TEST_TMPDIR/calls" ]
	FLAVOUR=other try scripts/lib/config.sh
	works
	diff uml-config/base.config "$tree/um-other/.config"
}

@test "config: the fragment of a kernel" {
	# Pins: it comes last, in each flavour of this kernel, and in none of another.
	echo CONFIG_E=y >"uml-config/$kernel.config"
	echo CONFIG_F=y >uml-config/0.1.config
	try scripts/lib/config.sh
	works
	cat uml-config/base.config uml-config/more.config "uml-config/$kernel.config" | diff - "$objdir/.config"
	FLAVOUR=other try scripts/lib/config.sh
	works
	cat uml-config/base.config "uml-config/$kernel.config" | diff - "$tree/um-other/.config"
}

@test "config: an edit of a fragment is taken over" {
	# Pins: the next make configures again.
	scripts/lib/config.sh
	echo CONFIG_E=y >>uml-config/more.config
	try scripts/lib/config.sh
	works
	grep -qx CONFIG_E=y "$objdir/.config"
}

@test "config: a line that Kconfig dropped" {
	# Pins: an error that names the line, each time, and no .config is left to be built.
	kconfig -e CONFIG_B -e CONFIG_D
	for _ in 1 2; do
		try scripts/lib/config.sh
		fails "CONFIG_B=y (no Kconfig file of this tree has it); CONFIG_D=y (no" "default" "$kernel"
		[ ! -e "$objdir/.config" ]
	done
	kconfig
	try scripts/lib/config.sh
	works
}

# theirs: a tree of the user's, whose Kconfig has symbols A to D.
theirs()
{
	mkdir -p user
	export KDIR=$PWD/user
	work=$top/build/kdir-$(printf %s "$KDIR" | cksum | cut -d ' ' -f 1)
	tree=$work/tree
	objdir=$tree/um-default
	mkdir -p "$tree/.git" "$tree/lib" "$tree/arch/x86"
	printf '%s\n' 'config A' 'menuconfig B' $'\tbool "b"' $'\tdepends on X && !Y' $'\tdepends on Z' $'\thelp' $'\t  It' \
		$'\t  depends on nothing.' 'config C' 'config D' >"$tree/lib/Kconfig.debug"
	echo 'config E' >"$tree/arch/x86/Kconfig"
}

@test "config: a line that is only wanted, in a tree of the user's" {
	# Pins: it is left out, named with what for and the reason: an unknown symbol, a dependency, another value; Kconfig does not see
	# the mark; for our own kernel it is an error. A needed line is one in any tree.
	printf '%s\n' CONFIG_A=y $'CONFIG_B=y\t# wanted: b tests' '# CONFIG_C is not set' >uml-config/base.config
	printf '%s\n' $'CONFIG_E="x # y"  # wanted: e' $'CONFIG_F=7\t# wanted: f' $'# CONFIG_A is not set # wanted: a' CONFIG_A=y \
		>uml-config/more.config
	kconfig -e CONFIG_B -e CONFIG_E
	try scripts/lib/config.sh
	fails 'CONFIG_B=y (' 'CONFIG_E="x # y" ('
	theirs
	try scripts/lib/config.sh
	[ "$status" = 0 ]
	[ "$err" = "$(printf 'config: without %s\n' 'CONFIG_B=y, wanted for b tests: it depends on X && !Y, Z' \
		'CONFIG_E="x # y", wanted for e: no Kconfig file of this tree has it')" ]
	! grep -q wanted: "$objdir/.config" || false
	grep -qx CONFIG_F=7 "$objdir/.config"
	[ "$(cut -f 1 "$objdir/left-out.config")" = $'B\nE' ]
	try scripts/lib/config.sh
	works
	[ -z "$out" ]
	kconfig -e CONFIG_A -e CONFIG_B -e CONFIG_E
	rm "$objdir/wanted.config"
	try scripts/lib/config.sh
	fails "$KDIR does not take" 'which it needs: CONFIG_A=y (it depends on something'
	[[ $err != *CONFIG_B* ]]
	[ ! -e "$objdir/.config" ]
	kconfig
	try scripts/lib/config.sh
	works
	[ ! -e "$objdir/left-out.config" ]
	echo 'sed -i s/F=7/F=8/ "$O/.config"' >>"$BATS_TEST_TMPDIR/bin/make"
	echo 'config F' >>"$tree/lib/Kconfig.debug"
	rm "$objdir/wanted.config"
	try scripts/lib/config.sh
	[ "$err" = 'config: without CONFIG_F=7, wanted for f: Kconfig says CONFIG_F=8' ]
}

@test "config: only the last word on a symbol counts" {
	# Pins: a fragment may change a line of one before it; a symbol that is gone is not set either.
	echo '# CONFIG_A is not set' >>uml-config/more.config
	kconfig -e CONFIG_A=y -e CONFIG_C
	try scripts/lib/config.sh
	works
	echo CONFIG_A=y >uml-config/more.config
	kconfig -e CONFIG_A
	try scripts/lib/config.sh
	fails CONFIG_A=y
}

@test "config: Kconfig itself fails" {
	# Pins: its last line and its log; the next call tries again.
	fake make <<<'echo "Kconfig:1: syntax error" >&2; exit 2'
	for _ in 1 2; do
		try scripts/lib/config.sh
		fails "Kconfig failed" "$objdir/config.log" "Kconfig:1: syntax error"
	done
	kconfig
	try scripts/lib/config.sh
	works
}

@test "config: killed while Kconfig runs, and started again" {
	# Pins: half a .config is not taken for a whole one, not even after going back to the earlier fragments.
	scripts/lib/config.sh
	cp uml-config/more.config before
	echo CONFIG_E=y >>uml-config/more.config
	fake make <<-'END'
		for arg; do
			case $arg in O=*) echo CONFIG_A=y >"${arg#*=}/.config" ;; esac
		done
		kill -KILL 0
	END
	(setsid -w scripts/lib/config.sh || :) >/dev/null 2>&1 3>&-
	[ "$(cat "$objdir/.config")" = CONFIG_A=y ]
	cp before uml-config/more.config
	kconfig
	try scripts/lib/config.sh
	works
	cat uml-config/base.config uml-config/more.config | diff - "$objdir/.config"
}

@test "config: a fragment that is not there" {
	# Pins: named, in one line.
	rm uml-config/more.config
	try scripts/lib/config.sh
	fails "a fragment that does not exist" "more.config"
}

@test "config: without a tree" {
	# Pins: it says so and leaves nothing that tree.sh would stumble over.
	rm -r build
	try scripts/lib/config.sh
	fails "no tree" "make"
	[ ! -e "$tree" ]
}

@test "config: the real Kconfig drops a line" {
	# Pins: an unknown symbol and one with an unmet dependency, in a real kernel tree.
	rm "$BATS_TEST_TMPDIR/bin/make"
	real_clone
	cp -a uml-config before
	echo 'bad: base bad' >>uml-config/flavours
	printf '%s\n' CONFIG_NO_SUCH_THING=y CONFIG_MODULE_SIG=y CONFIG_SLUB_DEBUG=y >uml-config/bad.config
	mkdir -p "$tree/um-bad"
	cp -a "$objdir/scripts" "$tree/um-bad"
	FLAVOUR=bad try scripts/lib/config.sh
	fails "CONFIG_MODULE_SIG=y (it depends on something that is not set); CONFIG_NO_SUCH_THING=y (no Kconfig file"
	[[ $err != *SLUB_DEBUG* ]]
	rm -rf "$tree/um-bad" uml-config
	mv before uml-config
}
