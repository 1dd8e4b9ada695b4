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

# block TEXT...: io_uring/a.c is these lines, and this is what a pattern for its functions finds: 1 or 0.
block()
{
	printf '%s\n' "$@" >"$tree/io_uring/a.c"
	printf 'ONE\t\tio_uring/a.c\t%s\n' "$pattern" >tests/kunit/features
	call features "$tree" | sed 's/.* //'
}

@test "features: a pattern in the body of a function" {
	# Pins: in that one only, whatever its head looks like; not in a prototype, a call, a comment or the next function; on one line
	# or several; in a structure; in any of them.
	pattern='{f,g} b\( ... c\('
	[ "$(block 'int f(int a)' '{' '	b(1);' '	c(2);' '}')" = 1 ]
	[ "$(block 'static __printf(1, 2)' 'int' '*g(int a,' '   int b) __must_hold(x)' '{ b(1); c(2); }')" = 1 ]
	[ "$(block 'int f(int a);' 'int h(int a)' '{' '	f(1);' '	b(1);' '	c(2);' '}')" = 0 ]
	[ "$(block 'int gf(int a) { b(1); c(1); }' 'int f(int a)' '{' '	b(1); /* c(2) */' '	/*' '	 * c(2)' '	 */ // c(' '}')" = 0 ]
	[ "$(block 'int f(int a) { b(1); }' 'int h(int a)' '{' '	c(1);' '}' 'int x[] = { b(1), c(1) };')" = 0 ]
	[ "$(block 'int f(int a)' '{' '#if A' '	if (b(1)) {' '#else' '	if (b(2)) {' '#endif' '	}' '}' 'int h(int a)' '{' '	c(1);' '}')" = 0 ]
	pattern='{struct s} int b;'
	[ "$(block 'struct s {' '	int	b;' '};')" = 1 ]
	[ "$(block 'struct s *p(void) {' '	int a;' '}' 'struct t {' '	int b;' '};')" = 0 ]
	pattern='! {*} b\('
	[ "$(block 'int f(void)' '{' '	a(1);' '}')" = 1 ]
	[ "$(block 'int f(void)' '{' '	return b(1);' '}')" = 0 ]
	rm "$tree/io_uring/a.c"
	[ "$(call features "$tree")" = '#define KUNIT_HAS_ONE 0' ]
}

# fix NAME: whether the features of this project find it in the tree.
fix()
{
	cp "$repo/tests/kunit/features" tests/kunit
	call features "$tree" fixes | sed -n "s/^FIX_$1 //p"
}

@test "features: exit-per-link is known by where the exit bit is looked at" {
	# Pins: in the loop that runs the work, under any name, by a helper, in a function of its own, and behind the work as well; before
	# that loop is not it, nor is a comment.
	source=$tree/io_uring/io-wq.c
	cat >"$source" <<-'END'
		static void handle(struct io_wq *wq)
		{
			do {
				bool do_kill;

				do_kill = test_bit(IO_WQ_BIT_EXIT, &wq->state);
				/* handle a whole dependent link: IO_WQ_BIT_EXIT */
				do {
					if (do_kill)
						cancel(work);
					wq->do_work(work);
					work = next(work);
				} while (work);
			} while (1);
		}
	END
	cp "$source" unfixed
	[ "$(fix EXIT_PER_LINK)" = 0 ]
	sed 's/do_work/chain/; s/if (do_kill)/while (test_bit(NO, \&do_kill))/; s/wq->chain/io_wq_submit_work/' unfixed >"$source"
	[ "$(fix EXIT_PER_LINK)" = 0 ]
	sed '/do_kill = /d; s/if (do_kill)/if (test_bit(IO_WQ_BIT_EXIT,\n \&wq->state))/' unfixed >"$source"
	[ "$(fix EXIT_PER_LINK)" = 1 ]
	sed 's/do_kill/gone/; /gone = /d; s/if (gone)/if (gone = test_bit(IO_WQ_BIT_EXIT, \&wq->state))/; s/do {/for (;;) {/' unfixed >"$source"
	[ "$(fix EXIT_PER_LINK)" = 1 ]
	sed 's/work = next(work);/do_kill = test_bit(IO_WQ_BIT_EXIT, \&wq->state);/' unfixed >"$source"
	[ "$(fix EXIT_PER_LINK)" = 1 ]
	{
		printf '%s\n' 'static inline bool exits(struct io_wq *wq)' '{' '	return test_bit(IO_WQ_BIT_EXIT, &wq->state);' '}'
		sed '/do_kill = /d; s/if (do_kill)/if (exits(wq))/' unfixed
	} >"$source"
	[ "$(fix EXIT_PER_LINK)" = 1 ]
	sed -i '/bool do_kill/s/;/ = exits(wq);/; s/if (exits(wq))/if (do_kill)/' "$source"
	[ "$(fix EXIT_PER_LINK)" = 0 ]
	{
		printf '%s\n' 'static void one_chain(struct io_wq *wq)' '{' '	while (work) {' '		if (test_bit(IO_WQ_BIT_EXIT, &wq->state))' \
			'			cancel(work);' '		wq->do_work(work);' '	}' '}'
		sed '/do_work/d' unfixed
	} >"$source"
	[ "$(fix EXIT_PER_LINK)" = 1 ]
}

@test "features: the other fixes are known by what they do, too" {
	# Pins: creation callbacks taken one at a time or at once, a ring with delayed work or without; whatever they are called.
	source=$tree/io_uring/io-wq.c
	printf '%s\n' 'static void cancel_all(struct io_wq *wq)' '{' \
		'	while ((cb = task_work_cancel_match(wq->task, match, wq)) != NULL)' '		drop(cb);' '}' >"$source"
	[ "$(fix CANCEL_CREATE_ONCE)" = 0 ]
	sed -i 's/while (.*/while (1) {\n cb =\n task_work_cancel_match(wq->task, match, wq); }/' "$source"
	[ "$(fix CANCEL_CREATE_ONCE)" = 0 ]
	sed -i 's/cancel_match/cancel_list/' "$source"
	printf '%s\n' 'static void exit(struct io_worker *worker)' '{' '	if (task_work_cancel_match(wq->task, match, worker))' \
		'		drop(worker);' '}' >>"$source"
	[ "$(fix CANCEL_CREATE_ONCE)" = 1 ]
	mkdir -p "$tree/include/linux"
	printf '%s\n' 'struct io_uring_task {' '	struct delayed_work	x;' '};' 'struct io_ring_ctx {' '	struct { int a; };' \
		'	struct delayed_work	whatever;' '};' >"$tree/include/linux/io_uring_types.h"
	[ "$(fix CANCEL_LOCAL_DIRECTLY)" = 0 ]
	sed -i '/whatever/d' "$tree/include/linux/io_uring_types.h"
	[ "$(fix CANCEL_LOCAL_DIRECTLY)" = 1 ]
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

@test "features: the first look at a tree of the user's that has a fix" {
	# Pins: edits that break a fix of the last commit do not make it one that is lacking, nor does a pattern that does not know
	# a patch which applies, or is there.
	printf '%s\n' '# for 7.3.4' '# fixes' fix-b.patch fix-c.patch '# merged: fix-a.patch' '# merged: fix-d.patch' >"patches/$kernel/series"
	for f in A:third B:fourth C:fourth D:fourth; do
		printf 'FIX_FIX_%s\t\tio_uring/none.c,io_uring/a.c\t%s\n' "${f%:*}" "${f#*:}"
	done >tests/kunit/features
	printf 'fix-b.patch\tapplies\nfix-c.patch\tis in this tree already\n' >"$work/fits"
	export KDIR=$BATS_TEST_TMPDIR/user
	mkdir "$KDIR"
	cp -r "$tree/io_uring" "$KDIR"
	git -C "$KDIR" init -q
	git -C "$KDIR" add .
	git -C "$KDIR" -c user.name=U -c user.email=u@example.org commit -qm 'kernel'
	sed -i /third/d "$KDIR/io_uring/a.c" "$tree/io_uring/a.c"
	sums "$KDIR" >before
	[ "$(call lacking)" = fix-d ]
	[ "$(sort "$work/had")" = $'fix-a\nfix-b\nfix-c' ]
	sums "$KDIR" | diff before -
	rm -r "$work/had" "$KDIR/.git"
	[ "$(call lacking)" = $'fix-a\nfix-d' ]
}
