#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# run.sh: run somebody else's program in the kernel, and judge it as a test: it has passed if it exits with 0, and neither the
# kernel's log, tasks left behind, a leak nor a hang says otherwise. PROG is a program, static or dynamic, a script, or C
# sources, one or more, that gcc compiles, with CFLAGS if given. It runs in /tmp, with /dev/null as its input.
#	ARGV='words'     its arguments
#	FILES='paths'    files and directories that it finds in /tmp, each by its last name; path:/dest puts one at /dest
#	CFLAGS='words'   more for gcc, behind the sources: -O0 -lfoo
#	LIMIT=30         after so many seconds, simulated ones where time is, it has failed
#	ENDLESS=1        it has not failed by that, as many a reproducer never ends: it is killed, and what counts is the rest
#	FLAVOUR=, KDIR=  in which kernel; ARGS= more words for the kernel's command line, such as mem=1G
#	COVERAGE=1       then also the table of what it reached
# In ARGV, FILES, CFLAGS and a PROG of several files, quotes keep a word with blanks together: ARGV="-m 'two words'".
# Results are in build/<kernel>/programs-<flavour>/NAME, in the form of test.sh's, which they do not touch: make coverage and its
# floors do not count programs. make who AT=... does, as programs/NAME.
# Exit status: 0 it passed, or was skipped; 1 it failed; 2 it could not be tried.

. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/counts.sh"
. "$top/scripts/lib/program.sh"

# coverage: the table of coverage/targets, of this run alone.
coverage()
{
	counts=$results/$name/gcov
	[ -n "$(find "$counts" -name '*.gcda' -print -quit 2>/dev/null)" ] || {
		say "there are no counts of $name, which has not run to its end" >&2
		return
	}
	# gcov wants the .gcno files beside the counts. Floors are for all tests together.
	# shellcheck disable=SC2046
	(cd "$objdir" && find $(counted | cut -d / -f 1) -name '*.gcno' -exec cp --parents -t "$counts" {} +)
	cov table "$KERNEL" "$counts" "$results/lines.json" >"$results/table" || [ $? = 1 ] || die "cannot add up the counts of $name"
	sed '/^! below/d; s/!/ /g; s/ *$//' "$results/table"
	find "$counts" -name '*.gcno' -delete
}

# They are for the program, not for the kernel.
flags=$(words_of CFLAGS)
unset CFLAGS MAKEFLAGS MFLAGS
limit=${LIMIT:-30}
unset LIMIT

[ -n "${PROG-}" ] || die "PROG= names no program: make run PROG=repro.c"
find_program
lock
"$top/scripts/build.sh"
[ -z "${COVERAGE-}" ] || need_counts
results=$programs
mkdir -p "$results"
# Globs are for the program.
set -f
pack_run
echo "$name $program_cpio limit=$limit${ENDLESS:+ endless=1}" >"$results/list"
program_words
status=0
(LIMIT=$((limit + 30)) run_py --programs "$results/list") || status=$?
[ "${COVERAGE-}" != 1 ] || coverage
exit "$status"
