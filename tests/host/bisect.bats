# SPDX-License-Identifier: GPL-2.0
# bisect.sh: what each end of the build and of the tests is for git bisect. Both are stand-ins; the commits are real.

load helper

setup()
{
	clone
	printf '#!/bin/sh\n' >scripts/deps.sh
	kdir=$BATS_TEST_TMPDIR/mine
	kernel_tree "$kdir"
	home=$top/build/kdir-$(printf %s "$kdir" | cksum | cut -d ' ' -f 1)
	mkdir -p "$home/tree/um-default"
	git -C "$kdir" init -q
	git -C "$kdir" config user.name a
	git -C "$kdir" config user.email a
	git -C "$kdir" add -A -f
	git -C "$kdir" commit -qm 'first'
	cd "$kdir"
}

# build TEXT: what build.sh does. tests TEXT: what test.sh does.
build()
{
	printf '%s\n' '#!/bin/sh' '. "$(dirname "$0")/lib/common.sh"' "$1" >"$top/scripts/build.sh"
}

tests()
{
	printf '%s\n' '#!/bin/sh' '. "$(dirname "$0")/lib/common.sh"' "$1" >"$top/scripts/test.sh"
}

# step STATUS TEXT: a step ends so, and says this in one line.
step()
{
	try "$top/scripts/bisect.sh" "T=${T:-io-wq}"
	[ "$status" = "$1" ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/out")" = 1 ]
	[[ $out == "bisect: "*" first: $2"* ]]
	[ -z "$err" ]
}

@test "bisect: good, and bad" {
	# Pins: 0 and 1; which test failed, and that it hung.
	build :
	tests 'echo "Ran 2 tests: passed: 2 (1 runs, 0.1 s)"'
	step 0 'good: Ran 2 tests: passed: 2'
	tests 'echo "NOT OK io-wq 1 of 2 cases failed"; echo "  io_wq_test_a: failed at x.c:1"; exit 1'
	step 1 'bad: io-wq: 1 of 2 cases failed, io_wq_test_a'
	tests 'echo "NOT OK io-wq hung: stopped after 30 s"; echo "NOT OK tw crashed: exit status 134"; exit 1'
	step 1 'bad: io-wq: hung: stopped after 30 s, and 1 more'
}

@test "bisect: cannot tell" {
	# Pins: 125: does not compile, the series does not fit, a suite is left out, all was skipped, no such test in this kernel.
	build 'echo "io-wq.c:1:1: error: nosuch" | tee "$objdir/errors" >&2; exit 1'
	tests 'exit 9'
	step 125 'cannot tell: does not build: io-wq.c:1:1: error: nosuch'
	build 'unfit "patches/7.3/x.patch does not apply"'
	step 125 'cannot tell: patches/7.3/x.patch does not apply'
	build 'printf "io-wq_kunit.c\tx.c:1: error: y\n" >"$objdir/left-out"'
	tests 'echo "without io-wq_kunit.c: x.c:1: error: y"; echo "test: not all of it ran"; exit 2'
	step 125 'cannot tell: without io-wq_kunit.c: x.c:1: error: y'
	tests 'die "nothing matches io-wq, but 2: a b"'
	step 125 'cannot tell: without suite io-wq_kunit.c: x.c:1: error: y'
	tests 'die "nothing matches task_work, but 2: a b"'
	step 125 'cannot tell: this kernel has no task_work'
	tests 'echo "test: nothing was tested: all of it was skipped"'
	step 125 'cannot tell: all of it was skipped'
}

@test "bisect: stop" {
	# Pins: 128: no space, a missing package, a test that no kernel has, a crash of ours, and an unknown word.
	build 'echo "io-wq.c:1:1: fatal error: x.o: No space left on device" | tee "$objdir/errors" >&2; exit 1'
	tests 'exit 9'
	step 128 'stop: io-wq.c:1:1: fatal error: x.o: No space left'
	build 'die "missing packages, type: x"'
	step 128 'stop: missing packages, type: x'
	build 'exit 1'
	step 128 'stop: '
	build :
	step 128 'stop: the tests ended with status 9'
	T=nosuch
	tests 'die "nothing matches nosuch, but 2: a b"'
	step 128 'stop: nothing matches nosuch'
	T=io-wq.io_wq_test_nosuch
	tests 'die "io-wq has no case io_wq_test_nosuch, but 2: a b"'
	step 128 'stop: io-wq has no case io_wq_test_nosuch'
	try "$top/scripts/bisect.sh" nosuch
	[ "$status" = 128 ]
	fails 'nosuch: takes T='
	KERNEL=1.0 try "$top/scripts/bisect.sh"
	[ "$status" = 128 ]
	fails 'no kernel 1.0'
}

@test "bisect: git finds the commit, and edits and index stay" {
	# Pins: twelve commits: one breaks a test, one does not build, one does not fit; what the user has edited and staged is as it was.
	for n in $(seq 2 12); do
		echo "$n" >commit
		git add commit
		git commit -qm "commit $n"
	done
	build 'case $(cat "$KDIR/commit") in
		4) echo "x.c:1: error: y" | tee "$objdir/errors" >&2; exit 1 ;;
		6) unfit "does not fit" ;;
		esac'
	tests '[ "$(cat "$KDIR/commit")" -lt 9 ] || { echo "NOT OK io-wq crashed"; exit 1; }; echo "Ran 1 tests"'
	echo staged >>io_uring/io-wq.c
	git add -f io_uring/io-wq.c
	echo edited >>kernel/task_work.c
	git diff >"$BATS_TEST_TMPDIR/edits"
	git diff --cached >"$BATS_TEST_TMPDIR/index"
	git bisect start HEAD HEAD~11 >"$BATS_TEST_TMPDIR/start"
	try git bisect run "$top/scripts/bisect.sh" T=io-wq
	[ "$status" = 0 ]
	[ "$(git log -1 --format=%s refs/bisect/bad)" = 'commit 9' ]
	git diff | cmp - "$BATS_TEST_TMPDIR/edits"
	git diff --cached | cmp - "$BATS_TEST_TMPDIR/index"
	grep -q 'cannot tell: does not fit' <<<"$out"
}
