# SPDX-License-Identifier: GPL-2.0
# prove.sh: its verdicts. The kernel is a stand-in; each test looks for one word in one source.

load helper

setup()
{
	clone
	no_patches
	echo '# fixes' >"$patches/series"
	patch fix-a io_uring/io-wq.c 's/^line 50;/fixed a;/'
	patch fix-b kernel/task_work.c 's/^line 50;/fixed b;\nmore b;/'
	rm -r tests/kunit/*_kunit*.c tests/guest/*.c tests/wrong/* tests/figures/*
	echo '/* no pin */' >tests/guest/none.c
	pin fix-a io-wq case_a 'fixed a'
	pin fix-b task_work case_b 'fixed b'
	fixed_tree

	# The stand-in for the compiler removes comments.
	cat >scripts/build.sh <<-'END'
		#!/bin/sh
		. "$(dirname "$0")/lib/common.sh"
		mkdir -p "$objdir/io_uring" "$objdir/kernel"
		! grep -q 'does not compile' "$tree/io_uring/io-wq.c" || { echo 'io-wq.c:50: error: no' >&2; exit 1; }
		sed 's, *//.*,,' "$tree/io_uring/io-wq.c" >"$objdir/io_uring/io-wq.o"
		sed 's, *//.*,,' "$tree/kernel/task_work.c" >"$objdir/kernel/task_work.o"
	END
	scripts/build.sh
	cat >>scripts/lib/variant.sh <<-'END'
		variant_build()
		{
			rm -r "$(variant_dir "$1")/tree/um-$FLAVOUR"/*
			why=$(VARIANT=$1 "$top/scripts/build.sh" 2>&1) || {
				say "$1 does not build: $why" >&2
				return 1
			}
		}
	END
	says_about 'exit 0'
	fake objdump <<<'cat "$2" "$3"'
	# A test is a line of words: it fails where the sources lack the word. A suite is all of its lines.
	cat >scripts/test.sh <<-'END'
		#!/bin/sh
		. "$(dirname "$0")/lib/common.sh"
		[ $# -gt 0 ] || set -- $(sed 's/[.:].*//' "$top/tests/words" | sort -u)
		status=0
		for t; do
			mkdir -p "$results/$t"
			: >"$results/$t/ktap"
			echo 3000 >"$results/$t/ms"
			echo "${LIMIT-}" >"$top/limit"
			verdict=passed
			grep "^$t[.:]" "$top/tests/words" >"$results/$t/cases"
			while IFS=': ' read -r name word; do
				[ "$word" != silent ] || { verdict=; continue; }
				n=$(cat "$tree/io_uring/io-wq.c" "$tree/kernel/task_work.c" | grep -c "$word" || :)
				echo "    # figure fix-${name##*_}: $n" >>"$results/$t/ktap"
				[ "$n" = 0 ] || continue
				echo "    not ok 1 ${name#*.}" >>"$results/$t/ktap"
				verdict=${DIES:-failed}
				status=1
			done <"$results/$t/cases"
			[ -z "$verdict" ] || echo "$verdict" >"$results/$t/verdict"
		done
		exit "$status"
	END
}

# wrong FIX NAME SENTENCE FILE SED: a wrong version, which is the fixed source after this.
wrong()
{
	mkdir -p "tests/wrong/$1"
	{
		printf '%s\n\n' "$3"
		sed "$5" "$tree/$4" | diff -U 1 --label "a/$4" --label "b/$4" "$tree/$4" - || :
	} >"tests/wrong/$1/$2.patch"
}

# says_about LINE: what lib/about.sh does.
says_about()
{
	printf '%s\n' '#!/bin/sh' "$1" >scripts/lib/about.sh
}

# pin FIX SUITE CASE WORD: a case that passes where the sources have the word.
pin()
{
	printf '%s\n' "/* pins $1: it. */" "static void $3(struct kunit *test)" '{' '}' >>"tests/kunit/$2_kunit.c"
	echo "$2.$3: $4" >>tests/words
}

# fixed_tree: a tree that has all patches of the series, merged ones as well.
fixed_tree()
{
	rm -rf "$tree"
	kernel_tree "$tree"
	for p in "$patches"/*.patch; do
		(cd "$tree" && git apply "$p")
	done
}

row()
{
	grep -q "^$kernel *$1 .* $2" <<<"$out"
}

@test "prove: tests that fail without their fix, and pass with it" {
	# Pins: a row a fix, the tests below it, kept for the report, exit status 0; a source that the patch leaves alone is shared, not copied.
	try scripts/prove.sh
	[ "$status" = 0 ]
	row fix-a 'proved by 1 tests'
	row fix-b 'proved by 1 tests'
	grep -q '^  *io-wq.case_a$' <<<"$out"
	[ -L "$work@without-fix-a/tree/kernel" ]
	grep -q 'line 50;' "$work@without-fix-a/tree/io_uring/io-wq.c"
	grep -q 'fixed a;' "$tree/io_uring/io-wq.c"
	[ "$(cat "$work/proof-default/fix-a")" = $'0\t1\tproved by 1 tests, built in '"$(sed -n 's/.*built in \([0-9]*\) s/\1/p;1q' "$work/proof-default/fix-a")"$' s\nio-wq.case_a' ]
	FIX=fix-b try scripts/prove.sh
	[ "$(grep -c proved <<<"$out")" = 1 ]
	row fix-b 'proved by 1 tests'
}

@test "prove: a test that does not notice its fix" {
	# Pins: one that passes without the fix is named, though another one fails.
	pin fix-a io-wq blind 'line 51;'
	try scripts/prove.sh
	[ "$status" = 1 ]
	row fix-a 'passes without it: io-wq.blind$'
	row fix-b 'proved by 1 tests'
}

@test "prove: a test that hangs or crashes without its fix" {
	# Pins: it may have done so for another reason, and is named with its verdict.
	DIES='hung: stopped after 30 s' try scripts/prove.sh
	[ "$status" = 1 ]
	row fix-a 'io-wq.case_a without it: hung: stopped after 30 s$'
}

@test "prove: a test that fails with its fix" {
	# Pins: failing in both proves nothing.
	pin fix-a io-wq broken 'not there'
	try scripts/prove.sh
	[ "$status" = 1 ]
	row fix-a 'fail with it: io-wq.broken$'
}

@test "prove: a test that was not run" {
	# Pins: no verdict is no failure that was looked for.
	pin fix-a io-wq mute silent
	try scripts/prove.sh
	[ "$status" != 0 ]
	! grep -q 'fix-a .*proved by' <<<"$out" || false
	grep -q 'io-wq.mute was not run' <<<"$err"
}

@test "prove: a fix that no test pins" {
	# Pins: nothing to run is no proof.
	rm tests/kunit/io-wq_kunit.c
	try scripts/prove.sh
	[ "$status" = 1 ]
	row fix-a 'no test pins it$'
}

@test "prove: a patch that no longer applies in reverse" {
	# Pins: patch and hunk are named, and the tree is left as it was.
	sed -i 's/^line 49;/edited;/' "$tree/io_uring/io-wq.c"
	sums "$tree/io_uring" >before
	try scripts/prove.sh
	[ "$status" = 1 ]
	row fix-a 'fix-a.patch does not apply in reverse: patch failed: io_uring/io-wq.c:47'
	sums "$tree/io_uring" | diff before -
}

@test "prove: a build that did not change" {
	# Pins: a patch that changes no code, of which a test could see the text all the same.
	sed -i 's,^+fixed a;,+line 50; // fixed a,' "$patches/fix-a.patch"
	fixed_tree
	try scripts/prove.sh
	[ "$status" = 1 ]
	row fix-a 'the kernel without it is the same as with it$'
}

@test "prove: a kernel that does not build without its fix" {
	# Pins: what the compiler says is in the row.
	sed -i 's,^-line 50;,-does not compile,' "$patches/fix-a.patch"
	try scripts/prove.sh
	[ "$status" = 1 ]
	row fix-a 'does not build without it: io-wq.c:50: error: no'
}

@test "prove: a step that stops halfway" {
	# Pins: no verdict but the one at the end of all steps counts.
	fake cp <<<'echo "cp: no space left" >&2; exit 1'
	try scripts/prove.sh
	[ "$status" = 1 ]
	[[ $err == *'no space left'* ]]
	! grep -q 'proved by' <<<"$out" || false
}

@test "prove: a merged fix is taken out of the base" {
	# Pins: a patch that the series only names in a comment.
	sed -i 's/^fix-b/# merged: fix-b/' "$patches/series"
	try scripts/prove.sh
	[ "$status" = 0 ]
	row fix-b 'proved by 1 tests'
}

@test "prove: a pin that is not above a case" {
	# Pins: a pin above a case whose header takes two lines counts; a pin that cannot be read is named, and given to no case.
	pin fix-a io-wq wrapped 'fixed a'
	sed -i 's/^static void wrapped(/static void\nwrapped(/' tests/kunit/io-wq_kunit.c
	try scripts/prove.sh
	row fix-a 'proved by 2 tests'
	for bad in '/* pins fix-a: it. */\nstatic int x;\n{' '/* pins fix-a it. */\nstatic void f(struct kunit *test)\n{' '/* pins fix-a: it. */' \
		'/* pins fix-a: it. */\nstatic void f(struct kunit *test, int n)\n{'; do
		printf "$bad\n" >tests/kunit/tw_kunit.c
		try scripts/prove.sh
		fails 'tests/kunit/tw_kunit.c:1: '
	done
}

@test "prove: wrong versions" {
	# Pins: the test that fails is named, pins first; one that no test sees is an error, unless it needs explore.
	echo 'other: more b;' >>tests/words
	wrong fix-a seen 'It is not done.' io_uring/io-wq.c 's/^fixed a;/not a;/'
	wrong fix-b elsewhere 'Another line is gone.' kernel/task_work.c 's/^more b;/less b;/'
	try scripts/prove.sh
	[ "$status" = 0 ]
	row fix-a 'wrong: seen .* caught by io-wq.case_a$'
	row fix-b 'wrong: elsewhere .* caught by other.other$'
	grep -q "^$kernel: 2 wrong versions: 2 caught, 0 open, 0 do not apply, 0 not" <<<"$out"
	wrong fix-a unseen 'Nobody sees it.' io_uring/io-wq.c 's/^line 60;/not 60;/'
	try scripts/prove.sh
	[ "$status" = 1 ]
	row fix-a 'wrong: unseen .* NOT CAUGHT$'
	sed -i '1a needs: explore' tests/wrong/fix-a/unseen.patch
	try scripts/prove.sh
	[ "$status" = 0 ]
	row fix-a 'wrong: unseen .* open: needs explore$'
	# Pins: where the kernel can explore, a trial has to fail.
	touch "$patches/explore.patch"
	cat >scripts/lib/bugs.sh <<-'END'
		#!/bin/sh
		. "$(dirname "$0")/common.sh"
		mkdir -p "$work/proof-explore"
		[ "$FLAVOUR $*" = "explore unseen" ] && cat "$top/verdict" >"$work/proof-explore/unseen.verdict"
	END
	echo 'caught by some_trial_x after 7 seeds' >verdict
	try scripts/prove.sh
	[ "$status" = 0 ]
	row fix-a 'wrong: unseen .* caught by some_trial_x after 7 seeds$'
	grep -q "^$kernel: 3 wrong versions: 3 caught, 0 open, 0 do not apply, 0 not" <<<"$out"
	echo 'NOT FOUND from seed 1 on' >verdict
	try scripts/prove.sh
	[ "$status" = 1 ]
	row fix-a 'wrong: unseen .* NOT FOUND from seed 1 on'
	rm verdict
	try scripts/prove.sh
	[ "$status" = 1 ]
	row fix-a 'wrong: unseen .* could not be tried: '
}

@test "prove: a wrong version that is not one" {
	# Pins: one that does not apply or does not compile has proved nothing; one of another kernel needs one to be of.
	wrong fix-a gone 'It was.' io_uring/io-wq.c 's/^fixed a;/not a;/'
	sed -i 's/^-fixed a/-nothing/' tests/wrong/fix-a/gone.patch
	wrong fix-a bad 'It does not compile.' io_uring/io-wq.c 's/^fixed a;/does not compile;/'
	try scripts/prove.sh
	[ "$status" = 1 ]
	row fix-a 'wrong: gone .* could not be tried: .*patch failed: io_uring/io-wq.c'
	row fix-a 'wrong: bad .* does not build: .*error: no'
	sed -i '1a only: 9.9' tests/wrong/fix-a/gone.patch
	try scripts/prove.sh
	[ "$status" = 1 ]
	! row fix-a 'wrong: gone' || false
	grep -q 'no kernel takes these wrong versions: fix-a/gone' <<<"$err"
	# On top of the patch without a change all tests have to pass.
	rm tests/wrong/fix-a/*
	wrong fix-a seen 'It is not done.' io_uring/io-wq.c 's/^fixed a;/not a;/'
	pin fix-a io-wq broken 'not there'
	try scripts/prove.sh
	[ "$status" = 1 ]
	! grep -q 'caught by' <<<"$out" || false
	grep -q 'tests fail without a change: io-wq.broken' <<<"$err"
}

@test "prove: a wrong version that hangs" {
	# Pins: a hang counts where the kernel without the change passes in that time, and on a machine too busy for that it does not.
	wrong fix-a hangs 'It loops.' io_uring/io-wq.c 's/^fixed a;/not a;/'
	DIES='hung: stopped after 20 s' try scripts/prove.sh
	row fix-a 'wrong: hangs .* caught by io-wq, hung: stopped after 20 s$'
	# By the slowest run without a change.
	[ "$(cat limit)" = 25 ]
	sed -i 's/^exit/[ -z "${SLOW-}" ] || [ "${VARIANT-}" != with ] || [ ! -e "$top\/twice" ] || status=1\n[ "${VARIANT-}" != with ] || touch "$top\/twice"\n&/' scripts/test.sh
	rm -f twice
	SLOW=1 DIES='hung: stopped after 20 s' try scripts/prove.sh
	[ "$status" = 1 ]
	row fix-a 'wrong: hangs .* could not tell'
}

@test "prove: a scenario that passes without what it is about" {
	# Pins: what lib/about.sh finds is an error of the whole.
	says_about 'echo "7.3  a-scenario  io_read  WRONG: passed without it"; exit 1'
	try scripts/prove.sh
	[ "$status" = 1 ]
	grep -q 'a-scenario .* WRONG' <<<"$out"
}

@test "prove: names that are no fix" {
	# Pins: a typing error in FIX= or in a test is not passed over.
	FIX=nosuch try scripts/prove.sh
	fails 'no fix nosuch' 'fix-a fix-b'
	pin fix-c io-wq case_c 'line 1;'
	try scripts/prove.sh
	fails 'fix-c, which is no fix'
}

@test "prove: a fix of this kernel, for real" {
	# Pins: the whole way, with the kernel that is built: exit-per-link, 6 s without and none with it.
	rm "$BATS_TEST_TMPDIR/bin/objdump"
	real_clone
	KERNEL=$kernel FIX=exit-per-link try scripts/prove.sh
	[ "$status" = 0 ]
	row exit-per-link 'proved by'
	grep -q '60[0-9]* ms from exit to done  *[0-9]* ms' <<<"$out"
}

@test "prove: the figures of a fix that cannot be taken" {
	# Pins: neither a kernel of flavour default without counts, nor a script that breaks, is a success.
	mkdir -p tests/figures
	cp "$repo/tests/figures/cancel-create-once.sh" tests/figures
	export KERNEL=$kernel
	mkdir -p "$work/proof-default" "$work@with/results-default/a" "$work@without-cancel-create-once/results-default/a"
	for r in "$work@with" "$work@without-cancel-create-once"; do
		echo '# cost cancel-create-once: 100 1 201 2' >"$r/results-default/a/ktap"
	done
	try tests/figures/cancel-create-once.sh
	[ "$status" = 1 ]
	grep -q 'flavour default counts no calls' <<<"$out"
	sed -i 's/has_gcov/no_such_function/' tests/figures/cancel-create-once.sh
	try tests/figures/cancel-create-once.sh
	[ "$status" = 1 ]
}
