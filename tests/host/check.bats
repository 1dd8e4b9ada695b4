# SPDX-License-Identifier: GPL-2.0
# check.sh: one sum of all that is tested. Whatever fails, or does not speak, is counted as failed.

load helper

# What check.sh calls is replaced by scripts that say what it reads.
setup()
{
	clone
	mkdir -p "$results" "$objdir"
	# The dozen of liburing's tests is left out where there is no list.
	rm -r tests/liburing
	echo CONFIG_GCOV=y >"$objdir/.config"
	fake shellcheck <<<'#!/bin/sh'
	bats_says 1..2 'ok 1 one' 'ok 2 two # skip'
	says deps
	says build
	says test 'echo "Ran 8 tests: passed: 5, skipped: 3 (2 runs, 1.000 s)" >"$SUMMARY"'
	says coverage
	rm -f "$top/patches/$kernel/explore.patch"
	says prove 'echo "kernel  fix"; echo "7.3     a-fix   1 ms   0 ms   proved by 2 tests, built in 3 s"' \
		'echo "                suite.case"'
	export SUMMARY=$results/summary
}

# says SCRIPT LINE...
says()
{
	script=$1
	shift
	printf '%s\n' '#!/bin/sh' "$@" >"scripts/$script.sh"
	chmod +x "scripts/$script.sh"
}

# bats_says LINE...: and of the tests with a kernel, that one has passed.
bats_says()
{
	fake bats <<<"#!/bin/sh
case \$* in *build.bats*) echo 1..1; echo 'ok 1 real'; exit ;; esac
$(printf "echo '%s'\\n" "$@")"
}

# sum PASSED FAILED SKIPPED: what the last line says, and the exit status with it.
sum()
{
	[ "$(tail -n 1 <<<"$out")" = "$1 passed, $2 failed, $3 skipped" ]
	[ "$status" = $(($2 ? 1 : 0)) ]
}

@test "check: all is well" {
	try scripts/check.sh
	sum 10 0 4
}

@test "check: tests that fail or crash" {
	says test 'echo "Ran 8 tests: passed: 5, failed: 2, crashed: 1 (2 runs, 1.000 s)" >"$SUMMARY"' 'exit 1'
	try scripts/check.sh
	sum 10 3 1
}

@test "check: a failure that no count shows" {
	says test 'echo "Ran 8 tests: passed: 8 (2 runs, 1.000 s)" >"$SUMMARY"' 'exit 1'
	try scripts/check.sh
	sum 13 1 1
}

@test "check: a kernel that does not build, and an old summary" {
	echo "Ran 8 tests: passed: 8 (2 runs, 1.000 s)" >"$SUMMARY"
	says build 'exit 1'
	try scripts/check.sh
	sum 4 1 1
}

@test "check: coverage below a floor" {
	says coverage 'exit 1'
	try scripts/check.sh
	sum 9 1 4
}

@test "check: a fix that is not proved" {
	says prove 'echo "7.3     a-fix   1 ms   0 ms   proved by 2 tests, built in 3 s"' \
		'echo "7.3     b-fix   1 ms   0 ms   pass without it: suite.case"' 'exit 1'
	try scripts/check.sh
	sum 10 1 4
}

@test "check: a wrong version that no test sees, and a scenario that is about nothing" {
	# Pins: one that needs explore, and one of another kernel, count as skipped.
	says prove 'echo "7.3     a-fix   wrong: seen         12 ms  caught by suite.case and 2 more"' \
		'echo "7.3     a-fix   wrong: open         12 ms  open: needs explore"' \
		'echo "7.3     a-fix   wrong: other        12 ms  does not apply: patch failed: a.c:1"' \
		'echo "7.3     close    io_read   noticed: failed"' \
		'echo "7.3: 4 wrong versions: 2 caught"'
	try scripts/check.sh
	sum 11 0 6
	says prove 'echo "7.3     a-fix   wrong: unseen       12 ms  NOT CAUGHT"' 'exit 1'
	try scripts/check.sh
	sum 9 1 4
	says prove 'echo "7.3     close    io_read   WRONG: passed without it"' 'exit 1'
	try scripts/check.sh
	sum 9 1 4
}

@test "check: a proof that fails with all its rows proved, and one that says nothing" {
	says prove 'echo "7.3     a-fix   1 ms   0 ms   proved by 2 tests, built in 3 s"' 'exit 1'
	try scripts/check.sh
	sum 10 1 4
	says prove 'exit 2'
	try scripts/check.sh
	sum 9 1 4
}

@test "check: host tests that fail, that stop halfway, and that say nothing" {
	bats_says 1..2 'not ok 1 one' 'ok 2 two'
	try scripts/check.sh
	sum 10 1 3
	bats_says 1..3 'ok 1 one'
	try scripts/check.sh
	sum 10 2 3
	fake bats <<<$'#!/bin/sh\nexit 1'
	try scripts/check.sh
	sum 8 2 3
	# Those with a kernel, beside the others.
	fake bats <<<'#!/bin/sh
case $* in *build.bats*) echo 1..2; echo "ok 1 real"; exit 1 ;; esac
echo 1..1; echo ok 1 one'
	try scripts/check.sh
	sum 10 1 3
}

@test "check: what shellcheck finds" {
	fake shellcheck <<<$'#!/bin/sh\nexit 1'
	try scripts/check.sh
	sum 9 1 4
}

@test "check: schedules by seeds" {
	# Pins: in flavour default, where the kernel can; a trial that fails, and a failure that no line shows; what trials reach; and the tests.
	says explore 'case $FLAVOUR,$SEEDS,$T in "explore,1-3000,*-trial.*") ;; "explore,1-200,race-*" | "explore,1-100,*_test_*") ;; *) exit 1 ;; esac; echo "canary: x"; echo "ok     a 3000 seeds"; echo "-      b left out: x"'
	try scripts/check.sh
	sum 10 0 4
	touch "$top/patches/$kernel/explore.patch"
	try scripts/check.sh
	sum 18 0 7
	says explore 'case $T in race-*) echo "canary: x"; exit ;; esac; echo "canary: x"; echo "ok     a 3000 seeds"'
	try scripts/check.sh
	sum 17 1 4
	says explore 'echo "canary: x"; echo "ok     a 3000 seeds"; echo "NOT OK b seed 7: x"; exit 1'
	try scripts/check.sh
	sum 14 1 4
	says explore 'exit 2'
	try scripts/check.sh
	sum 12 1 4
	# What trials reach: the same in flavour explore.
	says explore 'echo "canary: x"; echo "ok     a 3000 seeds"'
	says coverage '[ "$FLAVOUR" != explore ]'
	try scripts/check.sh
	sum 17 1 4
	# Rows, but no canary.
	says coverage
	says explore 'echo "ok     a 3000 seeds"; echo "ok     b 3000 seeds"'
	try scripts/check.sh
	sum 18 1 4
	# Tests that fail in that flavour only.
	says explore 'echo "canary: x"; echo "ok     a 3000 seeds"'
	says test 'echo "Ran 8 tests: passed: 5, skipped: 3 (2 runs, 1.000 s)" >"$SUMMARY"' '[ "$FLAVOUR" != explore ]'
	try scripts/check.sh
	sum 17 1 4
}

@test "check: a dozen of liburing's tests" {
	# Pins: they are counted, in flavour default; fewer than twelve, or a failure that no count shows, has failed.
	mkdir -p tests/liburing "$work/programs-default"
	: >"tests/liburing/$kernel"
	export RAN=$work/programs-default/summary
	says liburing '[ "$FLAVOUR" = default ] && [ $# = 12 ] && echo "Ran 12 tests: passed: 11, skipped: 1 (12 runs)" >"$RAN"'
	try scripts/check.sh
	sum 21 0 5
	says liburing 'echo "Ran 12 tests: passed: 10, failed: 2 (12 runs)" >"$RAN"; exit 1'
	try scripts/check.sh
	sum 20 2 4
	says liburing 'echo "Ran 12 tests: passed: 12 (12 runs)" >"$RAN"; exit 1'
	try scripts/check.sh
	sum 22 1 4
	says liburing 'exit 2'
	try scripts/check.sh
	sum 10 12 4
	says liburing 'echo "Ran 3 tests: passed: 3 (3 runs)" >"$RAN"'
	try scripts/check.sh
	sum 13 9 4
}
