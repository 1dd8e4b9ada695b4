# SPDX-License-Identifier: GPL-2.0
# prove.sh: its verdicts. The kernel is a stand-in of which each test sees one word in one source.

load helper

setup()
{
	clone
	no_patches
	echo '# fixes' >"$patches/series"
	patch fix-a io_uring/io-wq.c 's/^line 50;/fixed a;/'
	patch fix-b kernel/task_work.c 's/^line 50;/fixed b;/'
	rm tests/kunit/*_kunit.c tests/guest/*.c
	echo '/* pins nothing */' >tests/guest/none.c
	pin fix-a io-wq case_a 'fixed a'
	pin fix-b task_work case_b 'fixed b'
	fixed_tree

	# What is compiled is the source without its comments.
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
	fake objdump <<<'cat "$2" "$3"'
	cat >scripts/test.sh <<-'END'
		#!/bin/sh
		. "$(dirname "$0")/lib/common.sh"
		for t; do
			mkdir -p "$results/$t"
			word=$(sed -n "s/^$t: //p" "$top/tests/words")
			n=$(cat "$tree/io_uring/io-wq.c" "$tree/kernel/task_work.c" | grep -c "$word" || :)
			echo "# figure fix-${t##*_}: $n" >"$results/$t/ktap"
			[ "$word" != silent ] || continue
			[ "$n" = 0 ] && echo "${DIES:-failed}" >"$results/$t/verdict" || echo passed >"$results/$t/verdict"
		done
	END
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
	[ "$(cat "$work/proof-default/fix-a")" = $'0\t1\tproved by 1 tests, built in '"$(cat "$work@without-fix-a/seconds")"$' s\nio-wq.case_a' ]
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
	row fix-a 'no space left'
	! grep -q 'proved by' <<<"$out" || false
}

@test "prove: a merged fix is taken out of the base" {
	# Pins: a patch that the series only names in a comment.
	sed -i 's/^fix-b/# merged: fix-b/' "$patches/series"
	try scripts/prove.sh
	[ "$status" = 0 ]
	row fix-b 'proved by 1 tests'
}

@test "prove: names that are no fix" {
	# Pins: a typing error in FIX= or in a test is not passed over.
	FIX=nosuch try scripts/prove.sh
	fails 'no fix nosuch' 'fix-a fix-b'
	pin fix-c io-wq case_c 'line 1;'
	try scripts/prove.sh
	fails 'pins fix-c'
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
