# SPDX-License-Identifier: GPL-2.0
# features.sh: what a tree has and lacks, in the headers that suites and scenarios read.

load helper

setup()
{
	clone
	mkdir -p "$tree/io_uring" "$objdir"
	printf '%s\n' 'int first(void)' 'second(); /* after first */' 'third();' >"$tree/io_uring/a.c"
	rm tests/kunit/*_kunit*.c
}

# read_lib WORK FUNCTION...: call a function of features.sh as build.sh does.
call()
{
	top=$top tree=$tree objdir=$objdir work=$work KERNEL=$kernel KDIR=${KDIR-} me=build sh -euc '
		. "$top/scripts/lib/series.sh"
		. "$top/scripts/lib/pins.sh"
		. "$top/scripts/lib/features.sh"
		"$@"' call "$@"
}

@test "features: a pattern in a file, in one of several, and in the order of lines" {
	# Pins: each of these is found or not; a file that is not there has nothing; a fix is no feature.
	{
		echo '# a comment'
		printf '%s\t\t%s\t%s\n' ONE io_uring/a.c 'third\(\);' NONE io_uring/a.c fourth \
			SEVERAL io_uring/gone.c,io_uring/a.c second GONE io_uring/gone.c second \
			ORDER io_uring/a.c 'int first ... third' WRONG io_uring/a.c 'third ... int first' \
			SAME io_uring/a.c 'second ... after first' FIX_ONE io_uring/a.c first FIX_TWO io_uring/a.c fourth
	} >tests/kunit/features
	[ "$(call features "$tree")" = "$(printf '#define KUNIT_HAS_%s\n' 'ONE 1' 'NONE 0' 'SEVERAL 1' 'GONE 0' 'ORDER 1' 'WRONG 0' 'SAME 0')" ]
	[ "$(call features "$tree" fixes)" = "$(printf '%s\n' 'FIX_ONE 1' 'FIX_TWO 0')" ]
}

@test "features: the fixes that a tree of the user's lacks, and the cases about them" {
	# Pins: by its feature, or else as its patch was left out; what the tree has had is not lacking; our own tree lacks nothing.
	printf '%s\n' '# for 7.3.4' '# fixes' fix-a.patch fix-b.patch fix-c.patch '# merged: fix-d.patch' >"patches/$kernel/series"
	printf '%s\t\t%s\t%s\n' FIX_FIX_A io_uring/a.c fourth FIX_FIX_D io_uring/a.c fifth >tests/kunit/features
	printf 'fix-b.patch\tleft out: patch failed\nfix-c.patch\tapplies\n' >"$work/fits"
	printf '%s\n' '/* pins fix-a: x */' 'static void a_test_one(struct kunit *test)' '{' '}' '/* x: (fix-a) */' \
		'static void a_test_two(struct kunit *test)' '{' '}' '/*' ' * fix-b: x' ' * y' ' */' \
		'static void a_test_three(struct kunit *test)' '{' '}' >tests/kunit/a_kunit.c
	[ -z "$(call lacking)" ]
	[ "$(call lacks_header)" = "$(printf '#define KUNIT_LACKS_FIX_%s 0\n' A B C D; echo '#define KUNIT_LACKING \')" ]
	export KDIR=$tree
	[ "$(call lacking)" = "$(printf '%s\n' fix-a fix-b fix-d)" ]
	call lacks_header >"$BATS_TEST_TMPDIR/header"
	echo 'const char *a[][2] = { KUNIT_LACKING { 0, 0 } }; int b[KUNIT_LACKS_FIX_A + KUNIT_LACKS_FIX_C];' >>"$BATS_TEST_TMPDIR/header"
	out=$(gcc -E -P -x c "$BATS_TEST_TMPDIR/header")
	[[ $out == *'{ { "a_test_one", "fix-a" }, { "a_test_three", "fix-b" }, { 0, 0 } };'*'[1 + 0]'* ]]
	echo fourth >>"$tree/io_uring/a.c"
	[ "$(call lacking)" = "$(printf '%s\n' fix-b fix-d)" ]
	sed -i '/fourth/d' "$tree/io_uring/a.c"
	[ "$(call lacking)" = "$(printf '%s\n' fix-b fix-d)" ]
}
