# SPDX-License-Identifier: GPL-2.0
# who.sh: a small instrumented program stands in for the kernel.

load helper

setup()
{
	clone
}

@test "who: the tests that reach a line, and how often" {
	# Pins: runs by name, the most often first, the sum, the function and the text of the line.
	instrumented
	run_linux one l
	run_linux both l
	run_linux both r
	run_linux both r
	run_linux a-third r
	AT=io_uring/io-wq.c:8 try scripts/who.sh
	works
	[ "$out" = "io_uring/io-wq.c:8, in right(): seen = 2;
  both                                                    2
  a-third                                                 1
reached 3 times, by 2 of 3 runs" ]
	try make who AT=io_uring/io-wq.c:left
	works
	[ "$out" = "io_uring/io-wq.c: left()
  both                                                    1
  one                                                     1
reached 2 times, by 2 of 3 runs" ]
}

@test "who: a line that no test reaches" {
	# Pins: it says so, and fails.
	instrumented
	run_linux one l
	for at in 8 right; do
		AT=io_uring/io-wq.c:$at try scripts/who.sh
		[ "$status" = 1 ]
		[ "$(tail -n 1 <<<"$out")" = "reached by none of 1 runs" ]
		[ -z "$err" ]
	done
}

@test "who: the cases of a suite that reach a line" {
	# Pins: each case that is not skipped is run alone, and what it reaches is named below its suite, from then on without a
	# run; a scenario is none; another build runs them again.
	instrumented
	sed -i "s/argv\[1\]\[0\] == 'l'/argv[1][strlen(argv[1]) - 1] == 'l'/; 1i #include <string.h>" "$tree/kernel/task_work.c"
	compile
	run_linux a l
	run_linux b l
	printf '%s\n' 'suite a' 'scenario b' >"$results/runs"
	printf '%s\n' '    ok 1 one_l' '    ok 2 two_r # param' '    ok 3 three_l # SKIP no' '    not ok 4 four_l' >"$results/a/ktap"
	for _ in 1 2; do
		AT=io_uring/io-wq.c:4 try scripts/who.sh
		works
		[ "$out" = "io_uring/io-wq.c:4, in left(): seen = 1;
  a                                                       1
    a.four_l                                              1
    a.one_l                                               1
  b                                                       1
reached 2 times, by 2 of 2 runs" ]
		[ "$(ls "$work/cases-default")" = "a.four_l
a.one_l
a.two_r" ]
		stat -c %i "$work/cases-default"/*/linux.id >>was
	done
	[ "$(sort was | uniq -u | wc -l)" = 0 ]
	CASES=0 AT=io_uring/io-wq.c:4 try scripts/who.sh
	[ "$(wc -l <<<"$out")" = 4 ]
	compile
	run_linux a l
	AT=io_uring/io-wq.c:4 try scripts/who.sh
	works
	grep -q a.one_l <<<"$out"
	cmp "$work/cases-default/a.one_l/linux.id" "$objdir/linux.id"
}

@test "who: a line of a header" {
	# Pins: the counts of all objects are added up; of two functions on one line, the higher count is taken.
	instrumented
	echo 'static inline int more(void) { return 1; } static inline int one(void) { return more(); }' >"$tree/io_uring/one.h"
	sed -i '1i #include "io_uring/one.h"' "$tree/io_uring/io-wq.c" "$tree/kernel/task_work.c"
	sed -i 's/seen = 1;/seen = one();/' "$tree/io_uring/io-wq.c"
	sed -i 's/return 0;/return !one();/' "$tree/kernel/task_work.c"
	compile
	run_linux one l
	run_linux two r
	AT=io_uring/one.h:1 try scripts/who.sh
	works
	grep -qx '  one  *2' <<<"$out"
	grep -qx '  two  *1' <<<"$out"
	AT=io_uring/one.h:more try scripts/who.sh
	[ "$(tail -n 1 <<<"$out")" = 'reached 3 times, by 2 of 2 runs' ]
}

@test "who: ended by a signal" {
	# Pins: it leaves no files behind.
	instrumented
	run_linux one l
	fake gcov <<-'END'
		#!/bin/sh
		[ "$1" != --version ] || exec /usr/bin/gcov --version
		: >"$BATS_TEST_TMPDIR/there"
		sleep 1
	END
	export BATS_TEST_TMPDIR
	try sh -c 'AT=io_uring/io-wq.c:4 scripts/who.sh & until [ -e "$BATS_TEST_TMPDIR/there" ]; do sleep 0.1; done; kill $!; wait $!'
	[ "$status" = 143 ]
}

@test "who: places that do not exist" {
	# Pins: one line that says what is wrong.
	instrumented
	echo 'int none;' >"$tree/io_uring/none.c"
	compile
	run_linux one l
	try scripts/who.sh
	fails 'AT= names no place' 'make who AT=io_uring/io-wq.c:1440'
	for at in io_uring/io-wq.c :3 io_uring/io-wq.c:; do
		AT=$at try scripts/who.sh
		fails 'names no place'
	done
	AT=nosuch.c:3 try scripts/who.sh
	fails 'no file nosuch.c'
	AT=io_uring/io-wq.c:0 try scripts/who.sh
	fails 'no line 0 ' 'it has 11'
	AT=io_uring/io-wq.c:12 try scripts/who.sh
	fails 'no line 12 ' 'it has 11'
	AT=io_uring/io-wq.c:1 try scripts/who.sh
	fails 'line 1 of io_uring/io-wq.c holds no code: int seen;' 'the next that does is 2'
	AT=io_uring/io-wq.c:nosuch try scripts/who.sh
	fails 'no function nosuch'
	AT=io_uring/none.c:1 try scripts/who.sh
	fails 'io_uring/none.c has no code that is counted'
}

@test "who: nothing is built, nothing was run, or another build was" {
	# Pins: one line with what to do; a run of another build is not looked at.
	export AT=io_uring/io-wq.c:8
	try scripts/who.sh
	fails 'is not built'
	instrumented
	try scripts/who.sh
	fails 'no counts from this build' 'make test'
	run_linux old r
	echo >>"$objdir/linux"
	try scripts/who.sh
	fails 'no counts from this build' 'make test'
	compile
	run_linux new r
	try scripts/who.sh
	works
	[ "$(tail -n 1 <<<"$out")" = "reached 1 times, by 1 of 1 runs" ]
}

@test "who: a source that was edited since" {
	# Pins: a note that lines may be off.
	instrumented
	run_linux one r
	echo >>"$tree/io_uring/io-wq.c"
	AT=io_uring/io-wq.c:8 try scripts/who.sh
	[ "$status" = 0 ]
	[[ $err == *"note: io_uring/io-wq.c was edited"* ]]
}

@test "who: a scenario of this kernel, for real" {
	# Pins: gcov's counts of the kernel that is built. Its objects hold the paths of the directory that it was built in.
	real_clone
	LIMIT=120 try scripts/test.sh link-read-kill
	[ "$status" = 0 ]
	GCOV_PREFIX=$results/link-read-kill/gcov GCOV_PREFIX_STRIP=3 "$objdir/linux" scenario=link-read-kill 2>/dev/null
	AT=io_uring/io-wq.c:io_wq_exit_start try scripts/who.sh
	[ "$status" = 0 ]
	grep -qx '  link-read-kill  *[1-9][0-9]*' <<<"$out"
}
