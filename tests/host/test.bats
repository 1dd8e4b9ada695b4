# SPDX-License-Identifier: GPL-2.0
# test.sh: a stand-in for ./linux plays every way in which a run can end.

load helper
bats_require_minimum_version 1.5.0

setup()
{
	[ -d "$repo/build/$kernel/tree/tools/testing/kunit" ] || skip "no kernel tree to take kunit.py from: make kernel"
	clone
	machine "$tree"
}

# machine TREE: a linux that plays what play says, and the kernel's parser.
machine()
{
	mkdir -p "$1/tools/testing" "$1/um-default/play"
	cp -r "$repo/build/$kernel/tree/tools/testing/kunit" "$1/tools/testing"
	cat >"$1/um-default/linux" <<-'END'
		#!/bin/sh
		play=${0%/*}/play
		for arg; do
			case $arg in
			kunit.action=list) sed 's/^/[    0.000000] /' "$play/cases" >&2 ;;
			list=1) cat "$play/list"; exit ;;
			kunit.filter_glob=* | scenario=*) name=${arg#*=} ;;
			esac
		done
		name=$name . "$play/${name%%.*}"
	END
	chmod +x "$1/um-default/linux"
	play=$1/um-default/play
}

# play NAME [KIND]: what ./linux does for this name; shell on stdin.
play()
{
	echo "${2:-suite} $1" >>"$play/list"
	cat >"$play/$1"
}

# cases SUITE CASE...: what KUnit lists of it.
cases()
{
	printf '%s\n' "$1" "${@:2}" | sed "2,\$ s/^/$1./" >>"$play/cases"
}

# ktap NAME RESULTS [VERDICT]: the shell for a stream of one suite or scenario.
ktap()
{
	printf "echo '%s'\n" 'KTAP version 1' 1..1 '    KTAP version 1' "    # Subtest: $1" "    1..$(wc -l <<<"$2")"
	sed "s/.*/echo '    &'/" <<<"$2"
	echo "echo '${3:-ok} 1 $1'"
}

good()
{
	{ ktap good $'ok 1 a\nok 2 b' && echo 'exit 0'; } | play good
}

# verdict NAME TEXT: that run alone has failed for this reason; the one beside it has passed.
verdict()
{
	[ "$status" = 1 ]
	grep -q "^NOT OK $1 .*$2" <<<"$out"
	grep -q '^ok     good ' <<<"$out"
	grep -q "^not ok [12] $1" "$results/ktap"
	grep -q '^ok [12] good' "$results/ktap"
	[ -z "$err" ]
}

@test "test: all pass" {
	# Pins: a line per run, one stream of KTAP with a plan, a summary, exit status 0.
	good
	{ ktap shy 'ok 1 a' && echo 'exit 0'; } | play shy scenario
	try scripts/test.sh
	works
	grep -q '^ok     good  *2 cases ' <<<"$out"
	grep -q '^ok     shy  *1 cases ' <<<"$out"
	grep -q 'passed: 3 (2 runs' "$results/summary"
	[ "$(head -n 2 "$results/ktap" | paste -sd ' ')" = 'KTAP version 1 1..2' ]
	grep -qx 'ok 1 shy' "$results/ktap"
	grep -qx 'ok 2 good' "$results/ktap"
}

@test "test: each run has what it wrote in a directory of its own" {
	# Pins: KTAP, console and counts by run; names from the kernel, not from a list.
	{ ktap own 'ok 1 a' && echo 'echo "a line for the console" >&2; mkdir -p "$GCOV_PREFIX"; echo 1 >"$GCOV_PREFIX/a.gcda"'; } | play own
	try scripts/test.sh
	works
	grep -q 'ok 1 a' "$results/own/ktap"
	[ "$(cat "$results/own/console")" = "a line for the console" ]
	[ -f "$results/own/gcov/a.gcda" ]
	stat -L -c "%i %s %.Y" "$objdir/linux" | cmp - "$results/own/linux.id"
}

@test "test: JUnit XML, whatever kernel" {
	# Pins: junit.xml and its counts, by kunit.py or where that has no --junit, by junit.py; none of an earlier run.
	good
	{ ktap bad $'ok 1 a\nnot ok 2 b' 'not ok' && echo 'exit 1'; } | play bad
	for quoted in "'--junit'" '"--junit"'; do
		sed -i "s/'--junit'/$quoted/" "$tree/tools/testing/kunit/kunit.py"
		try scripts/test.sh
		[ "$status" = 1 ]
		grep -q '<testsuite name="main" tests="4" failures="1" skipped="0" errors="0">' "$results/junit.xml"
		grep -q '<testsuite name="bad" tests="2" failures="1" ' "$results/junit.xml"
	done
	try scripts/test.sh good
	grep -q '<testsuite name="main" tests="2" failures="0" ' "$results/junit.xml"
}

@test "test: a case fails" {
	# Pins: exit status 1, named.
	good
	{ ktap bad $'ok 1 a\nnot ok 2 b' 'not ok' && echo 'exit 1'; } | play bad
	try scripts/test.sh
	verdict bad '1 of 2 cases failed'
	[ "$(cat "$results/bad/verdict")" = failed ]
	grep -q 'failed: 1' "$results/summary"
}

@test "test: a panic" {
	# Pins: a crash costs only that run; the reason is in the stream.
	good
	play bad <<<'echo "Kernel panic - not syncing: oh" >&2; exit 134'
	try scripts/test.sh
	verdict bad 'crashed: exit status 134'
	grep -q '^# Kernel panic - not syncing: oh' "$results/ktap"
}

@test "test: a panic after results that say ok" {
	# Pins: the exit status counts.
	good
	{ ktap bad 'ok 1 a' && echo 'exit 134'; } | play bad
	try scripts/test.sh
	verdict bad 'crashed: exit status 134'
}

@test "test: killed by a signal" {
	# Pins: a segmentation fault of UML is a crash of that run.
	good
	play bad <<<'kill -SEGV $$'
	try scripts/test.sh
	verdict bad 'crashed'
}

@test "test: a hang" {
	# Pins: on a time-out the kernel is asked for the stacks of its tasks first, and its counts are kept.
	good
	play bad <<-'END'
		trap 'echo "task:stuck" >&2; mkdir -p "$GCOV_PREFIX"; echo 1 >"$GCOV_PREFIX/a.gcda"; exit 134' QUIT
		while :; do sleep 0.1; done
	END
	LIMIT=1 try scripts/test.sh
	verdict bad 'hung: stopped after 1 s, the stacks of all tasks are in its console'
	grep -q task:stuck "$results/bad/console"
	[ -f "$results/bad/gcov/a.gcda" ]
}

@test "test: a hang that does not even hear SIGQUIT" {
	# Pins: it is killed in the end, and leaves no process.
	good
	play bad <<<'trap "" QUIT; echo $$ >"${0%/*}/pid"; while :; do sleep 0.1; done'
	LIMIT=1 try scripts/test.sh
	verdict bad 'hung: stopped after 1 s'
	! grep '^State:.[^Z]' "/proc/$(cat "$objdir/pid")/status" || false
}

@test "test: no way to pass by silence" {
	# Pins: each of these has failed: no output; a plan alone; no verdict; a suite without results; results after ok.
	good
	play silent <<<'exit 0'
	play plan <<<'echo "KTAP version 1"; echo 1..1'
	play verdictless <<<'echo "KTAP version 1"; echo 1..1; echo "    KTAP version 1"; echo "    1..1"; echo "    ok 1 a"'
	play none <<<'echo "KTAP version 1"; echo 1..1; echo "ok 1 none"'
	play two <<<'exit 2'
	{ ktap planless 'ok 1 a' | grep -v '    1\.\.'; } | play planless
	try scripts/test.sh
	[ "$status" = 1 ]
	for name in silent plan verdictless none two planless; do
		grep -q "^NOT OK $name " <<<"$out"
		grep -q "^not ok [1-7] $name" "$results/ktap"
	done
	[ "$(grep -c '^NOT OK' <<<"$out")" = 6 ]
}

@test "test: fewer results than planned" {
	# Pins: the plan of a suite counts, though suite and exit status say ok.
	good
	{ ktap few $'ok 1 a\nok 2 b\nok 3 c' | grep -v 'ok 3 c'; } | play few
	try scripts/test.sh
	verdict few '2 .*3'
}

@test "test: exit status 0, though the stream says not ok" {
	# Pins: either of the two is enough to fail.
	good
	{ ktap bad 'not ok 1 a' 'not ok' && echo 'exit 0'; } | play bad
	try scripts/test.sh
	verdict bad '1 of 1 cases failed'
}

@test "test: a case that failed in a suite that says ok" {
	# Pins: a verdict that does not follow from its results is not believed.
	good
	{ ktap bad $'ok 1 a\nnot ok 2 b' && echo 'exit 0'; } | play bad
	try scripts/test.sh
	verdict bad 'a case failed, though'
}

@test "test: exit status 1, though the stream says ok" {
	# Pins: the same the other way round.
	good
	{ ktap bad 'ok 1 a' && echo 'exit 1'; } | play bad
	try scripts/test.sh
	verdict bad 'exit status 1, though'
}

@test "test: skips are counted and do not fail" {
	# Pins: a case, and a scenario as a whole, that cannot run here; how many ran is in the line.
	good
	{ ktap part $'ok 1 a\nok 2 b # SKIP not here' && echo 'exit 0'; } | play part
	play all scenario <<<'echo "KTAP version 1"; echo 1..1; echo "ok 1 all # SKIP not here"'
	try scripts/test.sh
	works
	grep -q 'skipped: 2' "$results/summary"
	grep -q '^ok     part  *1 cases, 1 skipped  *[0-9]* ms$' <<<"$out"
	grep -q '^skip   all  *nothing was tested: not here ' <<<"$out"
	[ "$(cat "$results/part/verdict" "$results/all/verdict")" = $'passed\nskipped' ]
}

@test "test: a selected test that only skips" {
	# Pins: exit status 0, and it is said that nothing was tested, though kunit.py takes that for a failure.
	{ ktap every $'ok 1 a # SKIP one CPU\nok 2 b # SKIP one CPU' && echo 'exit 0'; } | play every
	try scripts/test.sh every
	works
	grep -q '^skip   every  *nothing was tested: one CPU ' <<<"$out"
	grep -q '^test: nothing was tested: all of it was skipped' <<<"$out"
	grep -q 'skipped: 2 (1 runs' "$results/summary"
	grep -qx 'ok 1 every' "$results/ktap"
}

@test "test: failures hidden in the KTAP" {
	# Pins: a NUL byte before a result that failed, one below a case that says ok, a level too deep, one after the end, a
	# stream given up after its plan, a wrong number, a second plan, another test's results: none passes.
	good
	hide()
	{
		play "$1" <<<"printf '%b\\n' 'KTAP version 1' 1..1 '    KTAP version 1' '    # Subtest: $1' '    1..1' $2; exit 0"
	}
	hide nul "'    # a\\0000b' '    not ok 1 a' 'ok 1 nul'"
	hide nul-byte "'    # a\\0000b' '    ok 1 a' 'ok 1 nul-byte'"
	hide nested "'        1..1' '        not ok 1 p' '    ok 1 a' 'ok 1 nested'"
	hide deep "'            not ok 1 p' '    ok 1 a' 'ok 1 deep'"
	hide late "'    ok 1 a' 'ok 1 late' '    not ok 2 b'"
	hide odd "'  not ok 1 a' '    ok 1 a' 'ok 1 odd'"
	hide bail "'    ok 1 a' 'ok 1 bail' 'Bail out! no memory'"
	hide quoted-bail "'    ok 1 a' '    # Bail out! no memory' 'ok 1 quoted-bail'"
	hide number "'    ok 2 a' 'ok 1 number'"
	hide plans "'    ok 1 a' '    1..1' 'ok 1 plans'"
	hide whose "'    ok 1 a' 'ok 1 good'"
	hide long "'    # $(printf '%01023d' 0)not ok 1 a' 'ok 1 long'"
	hide params "'        1..2' '        ok 1 p' '    ok 1 a' 'ok 1 params'"
	try scripts/test.sh
	[ "$status" = 1 ]
	[ -z "$err" ]
	grep -q '^ok     good ' <<<"$out"
	for name in nul nul-byte nested deep late odd bail quoted-bail number plans whose long params; do
		grep -q "^NOT OK $name  " <<<"$out" || { echo "passed: $name"; false; }
		grep -q "^not ok [0-9]* $name\$" "$results/ktap"
	done
	grep -q '^NOT OK nul-byte .*byte 0x00' <<<"$out"
	grep -q '^NOT OK bail .*Bail out! no memory' <<<"$out"
}

@test "test: the kernel's own parser disagrees" {
	# Pins: it has the last word: if it counts a failure, or misses a result, the run fails though every test passed.
	good
	cat >"$tree/tools/testing/kunit/kunit.py" <<-'END'
		import sys
		for arg in sys.argv:
		    if arg.startswith("--json="):
		        open(arg[7:], "w").write('{"name": "x", "sub_groups": [], "test_cases": []}')
		sys.stdin.read()
		print("[00:00:00] Testing complete. Ran 3 tests: passed: 2, failed: 1")
	END
	try scripts/test.sh
	[ "$status" = 1 ]
	grep -q '^NOT OK .*kunit.py disagrees: it counts .Ran 3 tests: passed: 2, failed: 1., here 2 passed' <<<"$out"
}

@test "test: what failed is said in a few lines" {
	# Pins: case, expectation, file and line; at most 15 lines, how many more, and a path that opens from here.
	good
	{
		ktap bad "$(printf '%s\n' '# one: EXPECTATION FAILED at /x/a.c:7' '# Expected got == want, but' '    got == 1' 'not ok 1 one')" 'not ok'
		echo 'exit 1'
	} | play bad
	{ ktap many "$(for i in $(seq 40); do echo "not ok $i - case $i"; done)" 'not ok' && echo 'exit 1'; } | play many scenario
	try scripts/test.sh
	[ "$status" = 1 ]
	grep -A 4 '^NOT OK bad ' <<<"$out" >said
	diff - said <<-END
		$(grep '^NOT OK bad ' <<<"$out")
		       one: failed at /x/a.c:7
		           Expected got == want, but
		           got == 1
		       see ${results#"$top"/}/bad
	END
	[ "$(wc -l <"$results/many/failure")" = 15 ]
	grep -q '^not ok 1 - case 1$' "$results/many/failure"
	grep -q '^and 26 more: ' "$results/many/failure"
	cd "$results" && try "$top/scripts/test.sh" bad
	grep -qx '       see bad' <<<"$out"
	[ -d bad ]
}

@test "test: a leak and a line of the kernel log are named" {
	# Pins: what init says of a run whose cases have all passed.
	good
	{
		ktap leaky 'ok 1 a' 'not ok' | sed '$ i echo "# unreferenced object 0x60c0 (size 192):"; echo "# leaky: kernel log: WARNING: at x"'
		echo 'exit 1'
	} | play leaky
	try scripts/test.sh
	verdict leaky failed
	grep -qx '       leak: unreferenced object 0x60c0 (size 192):' <<<"$out"
	grep -qx '       kernel log: WARNING: at x' <<<"$out"
}

@test "test: plain without a terminal; on one there is colour, unless NO_COLOR or TERM=dumb says no" {
	# Pins: no escape reaches a file; on a terminal a line says how far it is.
	good
	try scripts/test.sh
	works
	! grep -q $'\033' <<<"$out" || false
	[[ $out == "test: 1 run of ${objdir#"$top"/}/linux"* ]]
	on_terminal()
	{
		TERM=xterm try script -qec "env $1 scripts/test.sh" /dev/null
		[ "$status" = 0 ]
	}
	on_terminal ''
	grep -q $'\033\\[32mok' <<<"$out"
	grep -q '1 of 1 runs, 0 failed' <<<"$out"
	on_terminal NO_COLOR=1
	! grep -q $'\033\\[3' <<<"$out" || false
	grep -q '1 of 1 runs, 0 failed' <<<"$out"
	on_terminal TERM=dumb
	! grep -q $'\033' <<<"$out" || false
}

@test "test: no place for UML's memory file" {
	# Pins: one line before anything is run, and not that the kernel names no suite; what there was stays.
	good
	TMPDIR=/nowhere run -2 --separate-stderr scripts/test.sh
	[[ $stderr == "test: error: no place for UML's memory file: /nowhere: No such file"*"set TMPDIR to"* ]]
	TMPDIR=$BATS_TEST_TMPDIR ARGS=mem=9000G run -2 --separate-stderr scripts/test.sh
	[[ $stderr == *"has only "*" MiB free; set TMPDIR to"* ]]
	[ ! -e "$results/good" ]
	# A file system that UML cannot map its file from.
	unshare -Ur -m true 2>/dev/null || skip "no mount namespaces here"
	mkdir noexec
	TMPDIR=$top/noexec run -2 --separate-stderr unshare -Ur -m sh -c 'mount -t tmpfs -o noexec x noexec && exec scripts/test.sh'
	[[ $stderr == *"$top/noexec is mounted noexec"* ]]
}

@test "test: a case that there is not" {
	# Pins: suite.case is looked up before it is run, and similar names are suggested; a scenario has no cases.
	good
	cases good io_wq_test_cancel_retry io_wq_test_cancel_freed io_wq_test_idle
	play shy scenario <<<"$(ktap shy 'ok 1 a')"
	try scripts/test.sh good.cancel_retri
	[ "$status" = 2 ]
	fails "good has no case cancel_retri" "io_wq_test_cancel_retry"
	try scripts/test.sh good.nosuch
	fails "good has no case nosuch" "io_wq_test_idle"
	try scripts/test.sh shy.a
	fails "shy is a scenario, which has no cases"
	try scripts/test.sh god
	fails "nothing matches god" "good"
}

@test "test: globs choose suites, scenarios and single cases" {
	# Pins: T=glob, suite.case; the kernel is asked for that case alone.
	good
	play shy scenario <<<"$(ktap shy 'ok 1 a')"
	{ echo 'echo "$name" >&2' && ktap fine 'ok 1 a'; } | play fine
	touch go-file
	T='g* shy' try scripts/test.sh
	works
	[ "$(cat "$results/runs")" = $'scenario shy\nsuite good' ]
	try scripts/test.sh 'g*' shy
	works
	[ "$(cat "$results/runs")" = $'scenario shy\nsuite good' ]
	cases fine a b
	try scripts/test.sh fine.a
	works
	[ "$(cat "$results/fine.a/console")" = fine.a ]
	[ "$(cat "$results/runs")" = 'suite fine.a' ]
}

@test "test: a suite that the build has left out" {
	# Pins: named with the reason, and status 2 if it was asked for; PARTIAL=1 takes it; a failure still is one.
	good
	printf 'big_kunit.c\ttests/kunit/big_kunit.c:5:1: error: no such thing\n' >"$objdir/left-out"
	try scripts/test.sh
	[ "$status" = 2 ]
	grep -qx 'without big_kunit.c: tests/kunit/big_kunit.c:5:1: error: no such thing' <<<"$out"
	[ "$(tail -n 1 <<<"$out")" = 'test: not all of it ran; PARTIAL=1 if that will do' ]
	PARTIAL=1 try scripts/test.sh
	works
	grep -q '^without big_kunit.c' <<<"$out"
	try scripts/test.sh good
	works
	! grep -q '^without' <<<"$out" || false
	{ ktap bad 'not ok 1 a' 'not ok' && echo 'exit 1'; } | play bad
	PARTIAL=1 try scripts/test.sh
	[ "$status" = 1 ]
}

@test "test: what a tree of the user's is without" {
	# Pins: fixes and lines of the configuration are named at the end, and are no failure; not for a tree that has all.
	good
	printf '%s\n' fix-a fix-b >"$objdir/lacking"
	printf 'HOSTFS\tCONFIG_HOSTFS=y\tmake shell\tno Kconfig file of this tree has it\n' >"$objdir/left-out.config"
	try scripts/test.sh
	works
	[ "$(tail -n 2 <<<"$out")" = "$(printf '%s\n' 'this tree is without fix-a, fix-b: the cases about them are skipped' \
		'without CONFIG_HOSTFS=y, wanted for make shell: no Kconfig file of this tree has it')" ]
	: >"$objdir/lacking"
	rm "$objdir/left-out.config"
	try scripts/test.sh
	! grep -q without <<<"$out" || false
}

@test "test: a name that matches nothing" {
	# Pins: unknown T=: one line that lists the names; earlier results are kept.
	good
	try scripts/test.sh
	cp -a "$results" before
	try scripts/test.sh nosuch
	fails "nothing matches nosuch" "good"
	diff -r -x summary before "$results"
	try scripts/test.sh good nosuch
	fails "nothing matches nosuch" "good"
}

@test "test: a kernel that names nothing" {
	# Pins: a kernel that dies before it can list its tests is an error of its own.
	: >"$play/list"
	try scripts/test.sh
	fails "names no suite and no scenario" "${objdir#"$top"/}/linux list=1"
}

@test "test: a result of an earlier run is not taken for one of this run" {
	# Pins: nothing stale: a suite that passed before and now dies has failed.
	good
	try scripts/test.sh
	works
	echo 'exit 134' >"$play/good"
	try scripts/test.sh
	[ "$status" = 1 ]
	grep -q '^not ok 1 good' "$results/ktap"
}

@test "test: as many at once as JOBS says" {
	# Pins: runs are in parallel: each of these two waits to see the other.
	for name in one two; do
		{
			cat <<-'END'
				: >"${0%/*}/$name.here"
				for i in $(seq 100); do [ "$(ls "${0%/*}"/*.here | wc -l)" = 2 ] && break; sleep 0.1; done
				[ "$(ls "${0%/*}"/*.here | wc -l)" = 2 ] || exit 134
			END
			ktap $name 'ok 1 a'
		} | play $name
	done
	JOBS=2 try scripts/test.sh
	works
}

@test "test: interrupted, and started again" {
	# Pins: ^C and SIGKILL end the runs as well, and what they leave does not stop the next call.
	{ echo '[ -e "${0%/*}/go" ] || { echo $$ >"${0%/*}/pid"; while :; do sleep 0.1; done; }' && ktap slow 'ok 1 a'; } | play slow
	for signal in TERM KILL; do
		rm -f "$objdir/pid"
		setsid scripts/test.sh >/dev/null 2>&1 3>&- &
		pid=$!
		wait_for test -s "$objdir/pid"
		kill -$signal -- -$pid
		wait $pid || :
		wait_for eval '! kill -0 "$(cat "$objdir/pid")"'
	done
	touch "$objdir/go"
	try scripts/test.sh
	works
}

@test "test: no kernel is built" {
	# Pins: one line with what to do.
	rm "$objdir/linux"
	try scripts/test.sh
	fails "no kernel is built" "make kernel"
}

@test "test: no space left for the results" {
	# Pins: that run has failed, and the next one is as if nothing had been.
	good
	{ echo 'head -c 300000 /dev/zero || exit 134' && ktap big 'ok 1 a'; } | play big
	try sh -c 'trap "" XFSZ; ulimit -f 200; scripts/test.sh'
	[ "$status" = 1 ]
	grep -q '^NOT OK big ' <<<"$out"
	sed -i 1d "$play/big"
	try scripts/test.sh
	works
}

@test "test: a cache of Python's that is cut off, and a parser that does not start" {
	# Pins: the first is made again; the second is an error with a reason, and no pass.
	good
	scripts/test.sh
	[ -d "$work/pycache" ]
	for f in $(find "$work/pycache" -name '*.pyc'); do
		head -c 100 "$f" >cut
		cp cut "$f"
	done
	try scripts/test.sh
	works
	grep -q 'passed: 2' "$results/summary"
	echo 'raise SystemExit("broken")' >"$tree/tools/testing/kunit/kunit.py"
	try scripts/test.sh
	fails "has no counts" "${results#"$top"/}/parsed" broken
}

@test "test: in a clone whose path has spaces" {
	# Pins: runs and results in the cache directory, through a link.
	clone "$BATS_TEST_TMPDIR/a clone:with spaces"
	scripts/test.sh 2>/dev/null || :
	work=$(cd build && pwd -P)/$kernel
	[[ $work == "$XDG_CACHE_HOME"/umring/build-* ]]
	results=$work/results-default
	machine "$work/tree"
	good
	try scripts/test.sh
	works
	[ -f build/"$kernel"/results-default/good/ktap ]
}

@test "test: a real kernel that hangs, and prints the stacks of its tasks" {
	# Pins: harness patch um-panic-sigquit; all runs in one process take seconds.
	real_clone
	status=0
	timeout -s QUIT 1 "$objdir/linux" loglevel=8 >"$BATS_TEST_TMPDIR/ktap" 2>"$BATS_TEST_TMPDIR/console" 3>&- || status=$?
	[ "$status" = 124 ]
	grep -q '^task:init ' "$BATS_TEST_TMPDIR/console"
	grep -q '^task:kthreadd ' "$BATS_TEST_TMPDIR/console"
	grep -q '^Kernel panic .*SIGQUIT' "$BATS_TEST_TMPDIR/console"
}
