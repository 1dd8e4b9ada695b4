# SPDX-License-Identifier: GPL-2.0
# The Makefile, what every script has in common, and cleaning up.

load helper

setup()
{
	clone
}

verbs()
{
	sed -n 's/^\.PHONY: //p' Makefile
}

@test "makefile: make help names each verb, and what takes a value" {
	# Pins: no verb without a line of help, none in the help that is not there.
	try make help
	works
	[ "$(sed -n 's/^\([a-z][a-z-]*\)  .*/\1/p' <<<"$out" | sort)" = "$(verbs | sort)" ]
	for name in KERNEL KDIR KERNEL_TARBALL FLAVOUR FIX PATCH RANGE BUDGET AT FILE EVERY T LIMIT ARGS RUNS JOBS; do
		grep -q "^$name=" <<<"$out"
	done
	for verb in all check test run shell gdb watch coverage patch-coverage who review prove mutants kernel tree deps patches bench \
		completion clean distclean help; do
		try make -n $verb
		works
	done
}

@test "makefile: make alone is make all" {
	# Pins: the main job is one word.
	[ "$(make -n)" = "$(make -n all)" ]
}

@test "makefile: each script has help, by -h and --help" {
	# Pins: -h on each: its first line names it, nothing is done, exit status 0, from any directory.
	cd /
	for script in "$top"/scripts/*.sh; do
		[ -x "$script" ] || continue
		for option in -h --help; do
			KERNEL=nosuch KDIR=/nowhere try "$script" $option
			works
			[[ $out == "${script##*/}"* ]]
		done
	done
	[ ! -e "$top/build" ]
}

@test "makefile: an unknown KERNEL=" {
	# Pins: one line that lists the kernels, from each verb.
	for script in lib/tree lib/config build test coverage patch-coverage who report clean; do
		KERNEL=1.0 try scripts/$script.sh
		fails "no kernel 1.0" "KERNEL= takes one of" "$kernel"
	done
	try make test KERNEL=1.0
	sed -i '/^make: /d' "$BATS_TEST_TMPDIR/err"
	fails "no kernel 1.0"
}

@test "makefile: an unknown FLAVOUR=" {
	# Pins: one line that lists the flavours.
	FLAVOUR=nosuch try scripts/lib/config.sh
	fails "no flavour nosuch" "FLAVOUR= takes one of" default
	FLAVOUR=nosuch try scripts/test.sh
	fails "flavour nosuch"
}

@test "makefile: T= is handed down as it was typed" {
	# Pins: neither make nor the shell expands globs in T=, and T=-h is not taken for an option.
	fake_scripts
	echo 'printf "T=%s\n" "$T"' >>scripts/test.sh
	touch io-a io-b
	for t in 'io-* *_work' '$(x)' '-h' '$$' "a'b"; do
		try make test "T=$t"
		works
		[ "$out" = $'build.sh:\ntest.sh:\nT='"$t" ]
	done
	try make test
	[ "$out" = $'build.sh:\ntest.sh:\nT=' ]
}

@test "makefile: a variable that there is not" {
	# Pins: a misspelt one is refused in one line that names the nearest, by each verb, and nothing is done.
	fake_scripts
	for said in FLAVOR=x:FLAVOUR= t=io-wq:T= kernel=7.3:KERNEL= LIMITS=3:LIMIT= JOB=2:JOBS= "x'y=1:FIX="; do
		try make test "${said%%:*}"
		[ "$status" = 2 ]
		fails "no variable ${said%%=*}=, did you mean ${said##*:}?"
		[ -z "$out" ]
	done
	try make help FLAVOR=x
	fails "no variable FLAVOR="
}

@test "makefile: a value that cannot be" {
	# Pins: numbers are whole and from 1 on, names are names; in one line, from make and from each script called alone.
	for said in JOBS=0 JOBS=-1 JOBS=two LIMIT=abc LIMIT=1.5 EVERY=x EVERY=0 RUNS=x FLAVOUR=../x FLAVOUR=-h KERNEL=-h \
		"KERNEL=$kernel/../$kernel" FIX=../x FILE=-h AT=-h RANGE=-h SURVIVORS=x CASES=1 PARTIAL=2; do
		for script in test build coverage; do
			try env "$said" scripts/$script.sh
			[ "$status" = 2 ]
			fails "${said%%=*}"
		done
	done
	try make test JOBS=0
	[ "$status" = 2 ]
	sed -i '/^make: /d' "$BATS_TEST_TMPDIR/err"
	fails "JOBS=0: JOBS= takes a whole number from 1 on"
	[ ! -e build ]
}

@test "makefile: make test does not run what was not built" {
	# Pins: after an error of the compiler the old linux is not run.
	fake_scripts
	echo 'exit 1' >>scripts/build.sh
	try make test
	[ "$status" -ne 0 ]
	[ "$out" = build.sh: ]
}

@test "makefile: settings reach the scripts" {
	# Pins: KERNEL, FLAVOUR, KDIR, KERNEL_TARBALL, LIMIT from make's command line, unset if they are not given.
	fake_scripts
	echo 'env | grep -E "^(KERNEL|FLAVOUR|KDIR|KERNEL_TARBALL|LIMIT)=." | sort' >>scripts/build.sh
	try make kernel KERNEL=k FLAVOUR=f KDIR='/a b' KERNEL_TARBALL=t LIMIT=3
	[ "$out" = $'build.sh:\nFLAVOUR=f\nKDIR=/a b\nKERNEL=k\nKERNEL_TARBALL=t\nLIMIT=3' ]
	try make kernel
	[ "$out" = build.sh: ]
}

@test "makefile: what other programs read of the environment, and other Makefiles of ours" {
	# Pins: HOST, GDB, CFLAGS, HOSTS, JOBS_FILE and RESULTS count only if they are typed; no variable reaches the Makefile of a kernel or of the guest.
	fake_scripts
	printf 'CFLAGS := ours\nT := ours\nshow:\n\t@echo "$(CFLAGS) $(T)"\n' >sub.mk
	printf '%s\n' 'env | grep -E "^(HOST|HOSTS|JOBS_FILE|RESULTS|GDB|CFLAGS|FLAVOUR)=." | sort' 'make -s -f sub.mk show' >>scripts/build.sh
	HOST=box GDB=/opt/gdb CFLAGS=-O3 HOSTS=/etc/hosts RESULTS=out JOBS_FILE=jobs FLAVOUR=debug try make kernel
	works
	[ "$out" = $'build.sh:\nFLAVOUR=debug\nours ours' ]
	HOST=box HOSTS=/etc/hosts try make kernel HOST=there GDB=bt CFLAGS=-O0 T=x HOSTS=a JOBS_FILE=b RESULTS=c
	works
	[ "$out" = $'build.sh:\nCFLAGS=-O0\nGDB=bt\nHOST=there\nHOSTS=a\nJOBS_FILE=b\nRESULTS=c\nours ours' ]
	HOST=box GDB=/opt/gdb CFLAGS=-O3 try make -s -C / -f "$top/Makefile" kernel HOST=there
	works
	[ "$out" = $'build.sh:\nHOST=there\nours ours' ]
}

# Scripts that only say with what they were called.
fake_scripts()
{
	for script in build test coverage; do
		printf '%s\n' '#!/bin/sh' 'printf "%s:" "${0##*/}"; for arg; do printf " [%s]" "$arg"; done; echo' >scripts/$script.sh
	done
}

@test "makefile: the main job ends in a summary, and fails if a test or a floor does" {
	# Pins: all.sh: exit status of the tests first, then of the coverage; the report in either case.
	printf '%s\n' '#!/bin/sh' >scripts/deps.sh
	printf '%s\n' '#!/bin/sh' >scripts/build.sh
	printf '%s\n' '#!/bin/sh' "mkdir -p '$results'; echo 'Ran 3 tests' >'$results/summary'; exit \${TESTS:-0}" >scripts/test.sh
	printf '%s\n' '#!/bin/sh' 'echo "a table"; exit ${COVERAGE:-0}' >scripts/coverage.sh
	mkdir -p "$objdir"
	echo CONFIG_GCOV=y >"$objdir/.config"
	try make
	works
	[[ $out == *"Ran 3 tests"*"a table"*"./linux"* ]]
	TESTS=1 try scripts/all.sh
	[ "$status" = 1 ]
	[[ $out == *"Ran 3 tests"*"a table"* ]]
	COVERAGE=1 try scripts/all.sh
	[ "$status" = 1 ]
	[[ $out == *"a table"* ]]
	# In debug there is none to fail.
	: >"$objdir/.config"
	COVERAGE=1 try scripts/all.sh
	[ "$status" = 0 ]
	[[ $out != *"a table"* ]]
}

@test "makefile: clean keeps the trees, distclean the cache" {
	# Pins: what each removes and what it keeps, with edits in the tree, and again with nothing there.
	mkdir -p "$objdir" "$results" "$work/coverage-default" build/"$kernel"@bench build/kdir-1/tree/um-default \
		"$XDG_CACHE_HOME/umring"
	touch "$tree/edited.c" "$XDG_CACHE_HOME/umring/package.deb" "$objdir/linux"
	ln -s "$objdir/linux" linux
	for _ in 1 2; do
		try make clean
		works
		[ -f "$tree/edited.c" ]
		[ ! -e "$objdir" ]
		[ ! -e "$results" ]
		[ ! -e "$work/coverage-default" ]
		[ ! -e build/kdir-1/tree/um-default ]
		[ ! -L linux ]
	done
	for _ in 1 2; do
		try make distclean
		works
		[ ! -e build ]
		[ -f "$XDG_CACHE_HOME/umring/package.deb" ]
	done
}

@test "makefile: clean waits for a make that is running, and none starts before it is done" {
	# Pins: nothing is removed while a make is using it.
	mkdir -p "$objdir"
	touch "$work/lock"
	fake rm <<-END
		#!/bin/sh
		! flock -n "$work/lock" true || echo "not locked" >&2
		exec /bin/rm "\$@"
	END
	flock "$work/lock" sh -c 'sleep 1; touch "$0/late"' "$objdir" 3>&- &
	wait_for sh -c '! flock -n "$0" true' "$work/lock"
	try make clean
	works
	[[ $out == *"another make is running in $work, waiting for it" ]]
	[ ! -e "$objdir" ]
}

@test "makefile: clean and distclean of a clone whose path has spaces" {
	# Pins: its build in the cache directory is found and removed, and no other clone's.
	clone "$BATS_TEST_TMPDIR/a clone:with spaces"
	mkdir -p "$XDG_CACHE_HOME/umring/build-1/keep"
	scripts/coverage.sh 2>/dev/null || :
	touch "$(cd build && pwd -P)/here"
	try make distclean
	works
	[ ! -e build ]
	[ ! -L build ]
	[ "$(ls "$XDG_CACHE_HOME/umring")" = build-1 ]
	[ -d "$XDG_CACHE_HOME/umring/build-1/keep" ]
}

@test "makefile: a clone and a cache that both have a space in their paths" {
	# Pins: one line with the way out, instead of whatever Kbuild says.
	clone "$BATS_TEST_TMPDIR/a clone"
	XDG_CACHE_HOME="$BATS_TEST_TMPDIR/a cache" try scripts/test.sh
	fails "space" "XDG_CACHE_HOME"
}

@test "makefile: a directory that cannot be written" {
	# Pins: one line, with the directory.
	touch build
	try scripts/test.sh
	fails "cannot write to $top/build"
}
