#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# build.sh: bring build/<kernel>/tree, its configuration and its kernel up to date, and point ./linux at the kernel.
# If only C sources and headers were edited, lib/quick.sh compiles the objects that depend on them, and links. Anything else,
# and anything that fails that way, is left to Kbuild.

. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/quick.sh"
. "$top/scripts/lib/series.sh"
. "$top/scripts/lib/pins.sh"
. "$top/scripts/lib/features.sh"

find_kernel "$@"
lock
[ -f "$objdir/linux" ] || "$top/scripts/deps.sh"
# bench.sh makes its own tree.
[ -n "$VARIANT" ] || "$top/scripts/lib/tree.sh"
# A path without spaces, wherever the clone is.
[ "$(readlink "$tests")" = "$top/tests" ] || ln -sfn "$top/tests" "$tests"

tab=$(printf '\t')
stamp=$objdir/built
has=$objdir/$features_h
lacks=$objdir/include/generated/kunit_lacks.h

# compiler_says FILE: print the compiler's messages, with paths that can be opened from here. Those of make stay in the log.
compiler_says()
{
	here=${UMRING_PWD:-$PWD}
	theirs=$top/tests
	theirs=$(printf '%s\n' "${theirs#"$here"/}" | sed 's/[,&\\]/\\&/g')
	{ grep -vE '^make|^objcopy: .*empty loadable segment' "$1" || :; } |
		sed "s,[a-z_/]*\(\.\./\)*${home##*/}/tests/,$theirs/,g; s,\(^\|from \)\.\./,\1${tree#"$here"/}/,g" >&2
}

guest()
{
	gen=$objdir/guest/gen_init_cpio
	if [ ! -x "$gen" ]; then
		mkdir -p "$objdir/guest"
		gcc -O2 -o "$gen.tmp" "$tree/usr/gen_init_cpio.c" || die "cannot compile usr/gen_init_cpio.c of $tree"
		mv "$gen.tmp" "$gen"
	fi
	make -s --no-print-directory -C "$objdir/guest" -f "../$tests_named/guest/Makefile" -j"$JOBS" \
		INCLUDE=../include GEN_INIT_CPIO="$gen" >&2 2>"$objdir/guest/errors" || {
		compiler_says "$objdir/guest/errors"
		grep -qvE '^make' "$objdir/guest/errors" || cat "$objdir/guest/errors" >&2
		exit 1
	}
	cmp -s "$objdir/guest/guest.cpio" "$objdir/guest.cpio" || {
		cp "$objdir/guest/guest.cpio" "$objdir/guest.cpio.tmp"
		mv "$objdir/guest.cpio.tmp" "$objdir/guest.cpio"
	}
}

# update FILE: write it, from stdin, if that differs.
update()
{
	cat >"$1.tmp"
	if cmp -s "$1.tmp" "$1"; then rm "$1.tmp"; else mv "$1.tmp" "$1"; fi
}

has()
{
	mkdir -p "${has%/*}"
	features "$tree" | update "$has"
	lacks_header | update "$lacks"
}

# scan: add our own files in the build directory to $objdir/changed, and list in $objdir/made what has to be made again. If a source
# has a copy there (place.c), the copy counts. Our own files are written under our lock, after the stamp, so they have a stamp
# of their own.
scan()
{
	# A suite that was left out is tried again once something of it has changed.
	of=$(sed -n 's/_kunit\.c\t.*//p' "$objdir/left-out" 2>/dev/null | paste -sd '|')
	[ -z "$of" ] || ! grep -qE "/tests/kunit/|\.h\$|/($of)\.c\$" "$objdir/changed" || rm "$objdir/left-out"
	place "$tree" "$objdir"
	[ -e "$objdir/built.ours" ] || touch "$objdir/built.ours"
	sed "s,^,$tree/," "$objdir/placed" >"$objdir/placed.tree"
	{
		grep -vxFf "$objdir/placed.tree" "$objdir/changed" || [ $? = 1 ]
		(cd "$objdir" && xargs -r -d '\n' sh -c 'find "$@" -newer built.ours' find <placed | sed "s,^,$objdir/,")
		find "$objdir/guest.cpio" "$has" "$lacks" -newer "$objdir/built.ours"
		cmp -s "$objdir/.config" "$objdir/built.config" || echo "$objdir/.config"
	} >"$objdir/changed.tmp"
	mv "$objdir/changed.tmp" "$objdir/changed"
	made_from "$objdir/changed" >"$objdir/made"
}

# suites_run OBJECT...: stop if a suite would silently never run: its object is not in the kernel, or does not register it.
suites_run()
{
	while read -r o suite; do
		case " ${*:-$o} " in
		*" $o "*) ;;
		*) continue ;;
		esac
		[ -f "$objdir/$o" ] ||
			die "tests/kunit/$suite never runs: ${o%.o}.c is not compiled in flavour $FLAVOUR of $KERNEL"
		readelf -SW "$objdir/$o" | grep -q '\.kunit_test_suites' ||
			die "tests/kunit/$suite never runs: it has no kunit_test_suite() that is compiled"
	done <"$objdir/suites"
}

# outdate: Kbuild compares mtimes, so remove what is made from changed files, and touch changed files other than sources.
outdate()
{
	(cd "$objdir" && xargs -r -d '\n' rm -f <made)
	rm -f "$objdir"/quick.*
	grep -vE '\.[chS]$' "$objdir/changed" | xargs -r -d '\n' sh -c 'stamp=$1; shift
		for f; do [ "$f" -nt "$stamp" ] || touch -c "$f"; done' touch-older "$stamp"
}

# quick: build without Kbuild. Fails unless only existing C sources and headers have changed, and only objects depend on them.
quick()
{
	[ -f "$objdir/linux" ] && cmp -s "$objdir/files" "$objdir/files.tmp" &&
		! grep -qvE '\.[ch]$' "$objdir/changed" && [ -s "$objdir/made" ] &&
		[ -z "$(no_objects "$objdir/made")" ] || return
	n=$(wc -l <"$objdir/made")
	[ "$n" = 1 ] && say "compiling $(cat "$objdir/made")" >&3 || say "compiling $n objects" >&3
	cd "$objdir" && compile_all made && link_quick "$tree"
}

count_objects()
{
	awk -v tty="$([ -t 1 ] && echo 1)" '
		$1 == "CC" || $1 == "AS" {
			n++
			if (tty)
				printf "\rbuild: %d objects done", n
			else if (n % 50 == 0)
				print "build: " n " objects done"
			fflush()
		}
		/^  LD +(\.tmp_)?vmlinux/ && !linking++ {
			printf "%sbuild: linking, %d objects done\n", tty ? "\r" : "", n
		}'
}

# leave_out: after errors in suites, which were not made for this tree, note these suites and the first error of each. make says
# which object has failed after what the compiler says of it. Fails if it was something else.
leave_out()
{
	[ -n "$KDIR" ] || return
	awk '
		FNR == NR { suite[$1] = $2; next }
		/tests\/kunit\// { ours = 1 }
		/ error: / && first == "" { first = $0; sub(/.*\/tests\/kunit\//, "tests/kunit/", first) }
		/^make.*\.o\] Error/ {
			sub(/\] Error.*/, "")
			sub(/.* /, "")
			if (ours && $0 in suite)
				print suite[$0] "\t" first
			ours = 0
			first = ""
		}' "$objdir/suites" "$objdir/errors" >"$objdir/left-out.tmp"
	[ -s "$objdir/left-out.tmp" ] || return
	sed "s/^/$me: without suite /; s/$tab/: /" "$objdir/left-out.tmp" >&2
	cat "$objdir/left-out.tmp" >>"$objdir/left-out"
	place "$tree" "$objdir"
}

kbuild()
{
	say "running Kbuild"
	until run_kbuild; do
		leave_out || {
			rm -f "$objdir/left-out"
			compiler_says "$objdir/errors"
			grep -qvE '^make' "$objdir/errors" || cat "$objdir/errors" >&2
			exit 1
		}
	done
	compiler_says "$objdir/errors"
}

# run_kbuild: call it where a failure is handled, so set -e does not help.
run_kbuild()
{
	# Made first: if the disk is full, a failure must not look like success.
	outdate && : >"$objdir/errors" && : >"$objdir/failed" || die "cannot write to $objdir: no space left?"
	{
		MAKEFILES=$tests/kunit/Makefile make -C "$tree" O="$objdir" ARCH=um KUNIT_SUITES="$tests_named/kunit" \
			KBUILD_ENV="$objdir/kbuild-env" -j"$JOBS" -O linux 2>"$objdir/errors" </dev/null && rm "$objdir/failed"
	} | tee "$objdir/build.log" | count_objects
	[ ! -e "$objdir/failed" ]
}

# A file has changed if its ctime is newer than the start of the last build that finished. Without a stamp, it is unknown
# what the objects were made from, so start afresh.
if [ ! -e "$stamp" ]; then
	rm -rf "$objdir"
	mkdir -p "$objdir"
	touch "$stamp"
fi
# Once, instrumented objects had the path of the build in them.
case $(cat "$objdir/where" 2>/dev/null) in
/*)
	find "$objdir" -name '*.gcno' | sed 's/gcno$/o/' | xargs -r -d '\n' rm -f
	rm -f "$objdir/linux" "$objdir/where"
	;;
esac
touch "$stamp.tmp"
# Nothing below changes the sources: look for changes in the background.
find_changed "$stamp" &
looking=$!
# It must not outlive us and our lock.
trap 'wait "$looking" || :' EXIT
"$top/scripts/lib/config.sh"
has
guest
wait "$looking"
# Symbols may have come and gone since it was configured.
if grep -q '/Kconfig[^/]*$' "$objdir/changed" &&
	[ -n "$(find "$objdir/wanted.config" ! -newer "$stamp.tmp" 2>/dev/null)" ]; then
	rm "$objdir/wanted.config"
	"$top/scripts/lib/config.sh"
fi
scan
if [ -s "$objdir/changed" ] || [ ! -f "$objdir/linux" ] || ! cmp -s "$objdir/files" "$objdir/files.tmp"; then
	if (quick) 3>&1 >"$objdir/quick.log" 2>"$objdir/errors"; then
		compiler_says "$objdir/errors"
		# shellcheck disable=SC2046
		suites_run $(cat "$objdir/made")
	else
		kbuild
		suites_run
	fi
	mv "$objdir/files.tmp" "$objdir/files"
	cp "$objdir/.config" "$objdir/built.config"
	touch "$objdir/built.ours"
fi
mv "$objdir/stats.tmp" "$objdir/stats"
here "$objdir" >"$objdir/where"
mv "$stamp.tmp" "$stamp"
[ -n "$VARIANT" ] || ln -sfn "${objdir#"$top"/}/linux" "$top/linux"
