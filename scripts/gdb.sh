#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# gdb.sh: run one test, or a program, under gdb: T=suite, T=suite.case or T=scenario; or PROG=, ARGV=, FILES= and CFLAGS= as for
# make run. What gdb sees is the kernel, not the program in it. The kernel is a variant, in which io_uring/, KUnit and what else
# a task's end goes through are compiled with debug information, at the first call and after each edit; the one that make test
# runs stays as it is. FILE=fs/splice.c adds a source.
# T=trial, case of a suite, or race-..., SEED=n, or LIST=, is a schedule of flavour explore, as make replay takes it; FILE= in what is
# explored then says where to look, as there.
#	BREAK=fail           stop in an assertion of KUnit that fails, in a warning, a panic, and where a scenario or a program
#	                     ends with anything but 0
#	BREAK='a b.c:12'     stop there
#	GDB='command; ...'   start it with these commands, and no terminal: GDB='run; bt'
# The signals that UML itself needs are passed on to it. Exit status: that of gdb.

[ -z "${SEED-}${LIST-}" ] || export FLAVOUR="${FLAVOUR:-explore}"
. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/explore.sh"
. "$top/scripts/lib/program.sh"
. "$top/scripts/lib/variant.sh"

# Where a directory ends with a slash, all that is compiled in it.
debugged="io_uring/ lib/kunit/ kernel/task_work.c kernel/exit.c kernel/fork.c kernel/signal.c kernel/kthread.c kernel/workqueue.c
	${FILE:+${FILE%%:*}}"

flags=$(words_of CFLAGS)
unset CFLAGS MAKEFLAGS MFLAGS
if [ -n "${PROG-}" ]; then
	[ -z "${T-}" ] || die "T=$T and PROG=$PROG: one of the two"
	find_program
elif [ -z "${T-}" ]; then
	die "make gdb takes T=suite, T=suite.case, T=scenario, or PROG=program"
fi
"$top/scripts/deps.sh" gdb
lock
"$top/scripts/build.sh"
schedule=
if [ -n "${SEED-}${LIST-}" ]; then
	can_explore
	case ${FILE-} in
	'' | io_uring/* | kernel/task_work.c*) schedule=$(explorer words "${T-}") ;;
	*) schedule=$(FILE='' && explorer words "${T-}") ;;
	esac || exit
fi

# with_lines: the variant of this build. Of one that is there, only the objects that are older than the kernel's are compiled.
with_lines()
{
	lines=$(variant_dir gdb)
	echo "$(linux_id) $debugged" >"$objdir/gdb.for"
	! cmp -s "$objdir/gdb.for" "$lines/for" || return 0
	# shellcheck disable=SC2086
	sources_of $debugged >"$objdir/gdb.sources" || exit
	[ -d "$lines/tree/um-$FLAVOUR" ] && cmp -s "$objdir/gdb.sources" "$lines/sources" && compile_lines || {
		variant_new gdb
		compile_lines || exit 2
	}
	cp "$objdir/gdb.sources" "$lines/sources"
	cp "$objdir/gdb.for" "$lines/for"
}

compile_lines()
{
	: >"$lines/patched"
	stale=$(while read -r c; do
		[ -n "$(find "$lines/tree/um-$FLAVOUR/${c%.c}.o" -newer "$objdir/${c%.c}.o" 2>/dev/null)" ] || echo "$c"
	done <"$objdir/gdb.sources")
	[ -n "$stale" ] || {
		variant_link gdb
		return
	}
	say "compiling $(echo "$stale" | wc -l) objects with debug information"
	# shellcheck disable=SC2086
	variant_same gdb $stale && VARIANT_CFLAGS=-g variant_build gdb
}

# sources_of NAME...: the sources of these, of which there are objects.
sources_of()
{
	for n; do
		[ -e "$tree/$n" ] || die "FILE=$n: no such file in ${tree#"$top"/}"
		case $n in
		*/) (cd "$objdir" && find "$n" -maxdepth 1 -name '*.o') | sed 's/o$/c/' | sort | while read -r c; do
			[ ! -f "$tree/$c" ] || echo "$c"
		done ;;
		*) echo "$n" ;;
		esac
	done
}

# test_word: the word for T on the kernel's command line.
test_word()
{
	kind=$("$objdir/linux" list=1 2>/dev/null </dev/null 9>&- | sed -n "s/^\([a-z]*\) ${T%%.*}$/\1/p")
	case $kind,$T in
	suite,*) printf 'kunit.filter_glob=%s' "$T" ;;
	scenario,*.*) die "T=$T: ${T%%.*} is a scenario, which has no cases" ;;
	scenario,*) printf 'scenario=%s' "$T" ;;
	*) die "T=$T is no suite, case of a suite, or scenario: $objdir/linux list=1 names them" ;;
	esac
}

breakpoints()
{
	case ${BREAK-} in
	fail)
		printf 'break %s\n' __kunit_do_failed_assertion panic __warn
		# Its argument, and the child of init, which has PID 1; by the first of its members, cpu_tasks is current in all releases.
		echo 'break *do_group_exit if $rdi && (*(struct task_struct **)&cpu_tasks)->real_parent->pid == 1'
		;;
	*)
		for place in ${BREAK-}; do
			printf 'break %s\n' "$place"
		done
		;;
	esac
}

case ${T-} in
*[!A-Za-z0-9._-]*) die "T=$T: make gdb takes one suite, case or scenario, no glob" ;;
esac
with_lines
set -f
mkdir -p "$programs"
if [ -n "${PROG-}" ]; then
	pack_run
	program_words
	words="$ARGS initrd=$program_cpio program=$name"
else
	words="${ARGS-} ${schedule:-$(test_word)}" || exit
fi
commands=$programs/gdb.commands
{
	# gcc was told that it works in /proc/self/cwd.
	echo "directory $objdir"
	echo 'set breakpoint pending on'
	echo 'handle SIGSEGV SIGUSR1 SIGUSR2 SIGSYS nostop noprint pass'
	breakpoints
	printf '%s\n' "${GDB-}" | tr ';' '\n'
} >"$commands"
# shellcheck disable=SC2086
set -- -q ${GDB:+-batch} -x "$commands" --args "$(variant_dir gdb)/tree/um-$FLAVOUR/linux" $words
exec 9>&-
exec gdb "$@"
