#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# build.sh: bring build/<kernel>/tree, its configuration and its kernel up to date, and point ./linux at the kernel.
# After an edit of C sources and headers alone, just the objects that it touches are compiled, by compile.sh, and linked
# by relink.sh. All else, and whatever fails that way, is left to Kbuild: a walk over all folders that takes 2 s with
# nothing to do.

. "$(dirname "$0")/lib/common.sh"

find_kernel "$@"
lock
# A variant is made of links, but for that of bench.sh, which has a tree of its own.
links=
[ -z "$VARIANT" ] || [ -d "$tree/.git" ] || links=yes
if [ -z "$links" ]; then
	[ -f "$objdir/linux" ] || "$top/scripts/deps.sh"
	[ -n "$VARIANT" ] || "$top/scripts/lib/tree.sh"
	# A path without a space in it, whatever the clone's is.
	ln -sfn "$top/tests" "$tests"
fi

suites=$tests/kunit
stamp=$objdir/built
has=$objdir/$features_h
kbuild_env=$objdir/kbuild-env

# The compiler speaks for itself, with paths that open from here; what make says about it is left in the log.
compiler_says()
{
	theirs=$top/tests
	{ grep -vE '^make|^objcopy: .*empty loadable segment' "$1" || :; } |
		sed "s,\(^\|from \)\.\./,\1${tree#"$PWD"/}/,g; s,$tests/,${theirs#"$PWD"/}/,g" >&2
}

guest()
{
	gen=$objdir/guest/gen_init_cpio
	if [ ! -x "$gen" ]; then
		mkdir -p "$objdir/guest"
		gcc -O2 -o "$gen.tmp" "$tree/usr/gen_init_cpio.c" && mv "$gen.tmp" "$gen"
	fi
	make -s --no-print-directory -f "$tests/guest/Makefile" -j"$JOBS" O="$objdir/guest" \
		GEN_INIT_CPIO="$gen" >&2 2>"$objdir/guest/errors" || {
		compiler_says "$objdir/guest/errors"
		exit 1
	}
	cmp -s "$objdir/guest/guest.cpio" "$objdir/guest.cpio" || {
		cp "$objdir/guest/guest.cpio" "$objdir/guest.cpio.tmp"
		mv "$objdir/guest.cpio.tmp" "$objdir/guest.cpio"
	}
}

has()
{
	mkdir -p "${has%/*}"
	features "$tree" >"$has.tmp"
	if cmp -s "$has.tmp" "$has"; then rm "$has.tmp"; else mv "$has.tmp" "$has"; fi
}

# look: list all sources in $objdir/files.tmp, and in $objdir/changed those whose content can have changed since the last
# build. What counts is the time of change, which nobody can set back as cp -p and git do the time of modification.
look()
{
	mkdir -p "$objdir"
	[ -e "$stamp" ] || touch -d @0 "$stamp"
	touch "$stamp.tmp"
	# shellcheck disable=SC2086
	find ${links:+-L} "$tree" "$suites/" \
		\( -name .git -o -path "$tree/um-*" -o -name __pycache__ -o -name '.*.sw?' -o -name '*~' \) -prune \
		-o -type f -fprint "$objdir/files.tmp" -cnewer "$stamp" -fprint "$objdir/changed"
}

# scan: add what is ours in the build folder, and list in $objdir/cmds the .cmd files of what is made from what changed.
scan()
{
	find "$objdir/guest.cpio" "$has" -cnewer "$stamp" >>"$objdir/changed"
	# prove.sh's copy has the files that the tree has, and each object's place is the tree's. It names headers that matter
	# to no object as such.
	if [ -n "$links" ]; then
		cp "$objdir/files.tmp" "$objdir/files"
		grep -vxFf "$work/prototypes" "$objdir/changed" >"$objdir/changed.tmp" || [ $? = 1 ]
		mv "$objdir/changed.tmp" "$objdir/changed"
	fi
	cmp -s "$objdir/.config" "$objdir/built.config" || echo "$objdir/.config" >>"$objdir/changed"
	# Headers are found with or without ../ in the middle of the path.
	sed "s,^$objdir/include/,include/,; s,^$tree/,../,; s,.*,& \\\\\n := &,; s,^\.\.,," "$objdir/changed" >"$objdir/patterns"
	grep -rlF --include='.*.cmd' -f "$objdir/patterns" "$objdir" | sed "s,^$objdir/,," >"$objdir/cmds" || :
}

# objects: print the objects that the changed files are compiled into; fail if it is not as simple as that.
objects()
{
	grep -qvE '\.[ch]$' "$objdir/changed" && return 1
	[ -s "$objdir/cmds" ] || return 1
	grep -v '\.o\.cmd$' "$objdir/cmds" && return 1
	sed 's,/\.\([^/]*\)\.cmd$,/\1,' "$objdir/cmds" | sort >"$objdir/todo"
	# What is not linked from there, such as the vDSO, is not all that simple.
	(cd "$objdir" && ar t vmlinux.a) | sort | comm -23 "$objdir/todo" - | grep -q . && return 1
	cat "$objdir/todo"
}

# Kbuild goes by the time of modification, so what is made from a changed file goes, and what is no source gets a new time.
outdate()
{
	(cd "$objdir" && sed 's,\(.*/\|^\)\.\(.*\)\.cmd$,\1\2,' cmds | xargs -r -d '\n' rm -f)
	# gcc has written the place of the build into what counts.
	case $(head -n 1 "$objdir/files" 2>/dev/null) in
	"$tree"/*) ;;
	*) find "$objdir" -name '*.gcno' | sed 's/gcno$/o/' | xargs -r -d '\n' rm -f ;;
	esac
	grep -vE '\.[chS]$' "$objdir/changed" | xargs -r -d '\n' sh -c 'stamp=$1; shift
		for f; do [ "$f" -nt "$stamp" ] || touch -c "$f"; done' touch-older "$stamp"
}

quick()
{
	[ -f "$objdir/linux" ] && [ -f "$kbuild_env" ] && cmp -s "$objdir/files" "$objdir/files.tmp" || return 1
	todo=$(objects) || return 1
	case $todo in
	*"
"*) say "compiling $(printf '%s\n' "$todo" | wc -l) objects" >&3 ;;
	*) say "compiling $todo" >&3 ;;
	esac
	cd "$objdir"
	printf '%s\n' "$todo" | xargs -n 1 -P "$JOBS" "$top/scripts/lib/compile.sh" || return 1
	link_again "$tree"
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

kbuild()
{
	rm -f "$objdir/failed"
	outdate
	{
		make -C "$tree" O="$objdir" ARCH=um KUNIT_SUITES="$suites" KBUILD_ENV="$kbuild_env" -j"$JOBS" \
			linux 2>"$objdir/errors" || touch "$objdir/failed"
	} | tee "$objdir/build.log" | count_objects
	compiler_says "$objdir/errors"
	[ ! -e "$objdir/failed" ] || {
		grep -qvE '^make' "$objdir/errors" || cat "$objdir/errors" >&2
		exit 1
	}
}

# For mutants.sh, which knows what it has changed: --compile OBJECT, and --link.
case ${1-} in
--compile)
	cd "$objdir"
	exec "$top/scripts/lib/compile.sh" "$2"
	;;
--link)
	cd "$objdir"
	link_again "$tree"
	exit
	;;
esac

# The sources are as they will be: look at them while the rest is prepared.
look &
looking=$!
# Whoever comes next shall not find it still at it.
trap 'wait "$looking" || :' EXIT
"$top/scripts/lib/config.sh"
has
guest
wait "$looking"
scan
if [ -s "$objdir/changed" ] || [ ! -f "$objdir/linux" ] || ! cmp -s "$objdir/files" "$objdir/files.tmp"; then
	if (quick) 3>&1 >"$objdir/quick.log" 2>"$objdir/errors"; then
		compiler_says "$objdir/errors"
	else
		kbuild
	fi
	mv "$objdir/files.tmp" "$objdir/files"
	cp "$objdir/.config" "$objdir/built.config"
fi
mv "$stamp.tmp" "$stamp"
[ -n "$VARIANT" ] || ln -sfn "${objdir#"$top"/}/linux" "$top/linux"
