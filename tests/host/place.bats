# SPDX-License-Identifier: GPL-2.0
# place.c, heads.c: stubs at the head of functions, and suites at the end of their sources, in copies of a small tree's sources.

load helper

setup()
{
	clone
	kernel_tree "$tree"
	rm -r tests/kunit
	mkdir -p tests/kunit "$objdir/include/kunit"
	cp "$repo/tests/kunit/stub.h" tests/kunit
	gcc -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -o place scripts/lib/{place,suites,heads}.c
	# What the stubs are given, so that it can be seen.
	cat >"$objdir/include/kunit/static_stub.h" <<-'END'
		void seen(const char *function, ...);
		#define KUNIT_STATIC_STUB_REDIRECT(fn, args...) seen(#fn, ##args, (typeof(&fn))fn)
	END
}

stubs()
{
	printf '%s\n' "$@" >tests/kunit/stubs
}

place()
{
	./place "$tree" "$objdir" "$top/tests/kunit" "$top/tests/kunit" "$@"
}

# stub N: the Nth stub in the copy of io-wq.c.
stub()
{
	sed -n 's/^#define KUNIT_STUB //p' "$objdir/io_uring/io-wq.c" | sed -n "$1p"
}

@test "place: each shape of function gets its stub, with its own parameters" {
	# Pins: static or not, void or not, wrapped lines, attributes before and behind, function pointers, arrays, (void); and
	# that neither prototypes, calls, comments nor strings get one. The compiler agrees on all of it.
	cat >"$tree/io_uring/io-wq.c" <<-'END'
		/* wrapped(int a) { */
		#include <stdbool.h>
		struct work { int n; };
		static bool wrapped(struct work *work,
				    const char *name);
		int plain(int a);
		static const char *text = "plain(int a) {";
		int plain(int a)
		{
			return a + text[0];
		}
		static bool wrapped(struct work *work, /* , of { */
				    const char *name)
		{
			struct work copy = { .n = work->n };

			return plain(copy.n) && name;
		}
		static __attribute__((noinline)) void
		*pointers(bool (*match)(struct work *, void *data), void *data, char array[4],
			  unsigned long __attribute__((unused)) flags) {
			return match((struct work *)data, 0) && wrapped(0, 0) ? data : array; }
		#ifdef ONE
		void nothing(void)
		#else
		void __attribute__((noinline)) nothing(void)
		#endif
		{
			if (plain(1)) {
		#ifdef ONE
				if (plain(2)) {
		#else
				if (plain(3)) {
		#endif
					pointers(0, 0, 0, 0);
				}
			}
		}
		#if 1
		int last(struct work works[])
		{
			return works[0].n;
		}
		#else
		int last(struct work *works)
		{
			return works->n;
		}
		#endif
	END
	stubs $'io_uring/io-wq.c\t'{plain,wrapped,pointers,nothing,last}
	place
	[ "$(stub 1)" = 'plain, a' ]
	[ "$(stub 2)" = 'wrapped, work, name' ]
	[ "$(stub 3)" = 'pointers, match, data, array, flags' ]
	[ "$(stub 4)" = 'nothing' ]
	[ "$(stub 5)" = 'last, works' ]
	[ "$(stub 6)" = 'last, works' ]
	[ -z "$(stub 7)" ]
	(cd "$objdir" && gcc -std=gnu11 -Wall -Wextra -Werror -Iinclude -c -o io-wq.o io_uring/io-wq.c)
	[ "$(nm "$objdir/io-wq.o" | grep -c ' [Tt] ')" = 5 ]
}

@test "place: the compiler speaks of the lines of the tree" {
	# Pins: file and line of the code after a stub, and of code on the line of its brace; a stub is not counted as code of the source.
	printf '%s\n' '#include <stdbool.h>' 'int f(int a)' '{' '	return first;' '}' 'int g(int a) { return second; }' \
		>"$tree/io_uring/io-wq.c"
	stubs 'io_uring/io-wq.c f' 'io_uring/io-wq.c g'
	place
	run gcc -Iinclude -c -o /dev/null -I"$objdir/include" "$objdir/io_uring/io-wq.c"
	grep -q '^\.\./io_uring/io-wq.c:4:.*first' <<<"$output"
	grep -q '^\.\./io_uring/io-wq.c:6:.*second' <<<"$output"
	gcc -E -P -I"$objdir/include" "$objdir/io_uring/io-wq.c" | grep -q 'seen("f", a,'
	# And nothing else is changed.
	cmp <(tr -d '\n' <"$tree/io_uring/io-wq.c") \
		<(grep -vE '^(#line |#define KUNIT_STUB|#include <kunit/|#include .*/stub.h)' "$objdir/io_uring/io-wq.c" | tr -d '\n')
}

@test "place: gcov knows where a function with a stub ends, and counts no stub" {
	# Pins: what coverage goes by. A function whose end is in another file than its head has no end for gcc.
	printf '%s\n' '#include <stdbool.h>' 'int f(int a)' '{' '	return a;' '}' >"$tree/io_uring/io-wq.c"
	stubs 'io_uring/io-wq.c f'
	place
	cd "$objdir"
	gcc --coverage -Iinclude -c -o io_uring/io-wq.o io_uring/io-wq.c
	gcov -j -t io_uring/io-wq.o | python3 -c '
import json, sys
files = {f["file"]: f for f in json.load(sys.stdin)["files"]}
source = files["../io_uring/io-wq.c"]
assert [(f["start_line"], f["end_line"]) for f in source["functions"]] == [(2, 5)], source
assert [l["line_number"] for l in source["lines"]] == [2, 4], source'
}

@test "place: a function that is not there is named, and one with a ? is not missed" {
	printf '%s\n' 'int here(int a) { return a; }' 'int there(int a);' >"$tree/io_uring/io-wq.c"
	stubs 'io_uring/io-wq.c here' 'io_uring/io-wq.c there'
	try place
	fails "io_uring/io-wq.c has no function there, which tests/kunit/stubs:2 names"
	[ "$status" = 2 ]
	[ ! -e "$objdir/io_uring/io-wq.c" ]
	stubs 'io_uring/io-wq.c here' 'io_uring/io-wq.c there?' 'io_uring/none.c? f'
	try place
	works
	[ "$(stub 1)" = 'here, a' ]
	stubs 'io_uring/none.c f'
	try place
	fails "tests/kunit/stubs:1: the kernel has no io_uring/none.c"
	stubs 'io_uring/io-wq.c here too'
	try place
	fails "stubs:1: a line is a source and a function"
}

@test "place: parameters that cannot be handed on" {
	for f in 'int f(int)' 'int f(struct a *)' 'int f(int a, ...)'; do
		echo "$f { return 0; }" >"$tree/io_uring/io-wq.c"
		stubs 'io_uring/io-wq.c f'
		try place
		fails "io_uring/io-wq.c:1: a parameter of f() has no name"
	done
}

@test "place: suites are found by the name of their source, and missed when there is none" {
	# Pins: io_uring/ and kernel/; a part of another suite needs no source; a misspelt name is an error; ? for a source that
	# not all kernels have.
	stubs '# none'
	touch tests/kunit/io-wq_kunit.c tests/kunit/part_kunit.c
	echo '#include "part_kunit.c"' >tests/kunit/task_work_kunit.c
	try place
	works
	[ "$(tail -n 1 "$objdir/io_uring/io-wq.c")" = "#include \"$top/tests/kunit/io-wq_kunit.c\"" ]
	[ "$(tail -n 1 "$objdir/kernel/task_work.c")" = "#include \"$top/tests/kunit/task_work_kunit.c\"" ]
	# A build that can be moved names them from where it is.
	./place "$tree" "$objdir" "$top/tests/kunit" ../there/kunit
	[ "$(tail -n 1 "$objdir/kernel/task_work.c")" = '#include "../../there/kunit/task_work_kunit.c"' ]
	place
	[ "$(sort "$objdir/suites")" = $'io_uring/io-wq.o io-wq_kunit.c\nkernel/task_work.o task_work_kunit.c' ]
	touch tests/kunit/iowq_kunit.c
	try place
	fails "tests/kunit/iowq_kunit.c: the kernel has no io_uring/iowq.c and no kernel/iowq.c to test"
	stubs 'io_uring/iowq.c?'
	try place
	works
	[ ! -e "$objdir/io_uring/iowq.c" ]
}

@test "place: unchanged copies are not written, and old ones are removed" {
	echo 'int f(int a) { return a; }' >"$tree/io_uring/io-wq.c"
	stubs 'io_uring/io-wq.c f'
	touch tests/kunit/task_work_kunit.c
	place
	sums "$objdir" >before
	place
	sums "$objdir" | cmp before -
	rm tests/kunit/task_work_kunit.c
	place
	[ ! -e "$objdir/kernel/task_work.c" ]
	# A tree that has the stub already.
	echo 'int f(int a) { KUNIT_STATIC_STUB_REDIRECT(f, a); return a; }' >"$tree/io_uring/io-wq.c"
	place
	[ -z "$(stub 1)" ]
}

@test "place: with -k, what the tree lacks is left out" {
	# Pins: a function and a source of stubs, the source of a suite, and a suite that OUT/left-out names; each is said, the rest is
	# made.
	stubs 'io_uring/io-wq.c line' 'io_uring/io-wq.c nosuch' 'io_uring/nosuch.c one'
	echo 'int line(int a) { return a; }' >"$tree/io_uring/io-wq.c"
	echo '/* suite */' | tee tests/kunit/io-wq_kunit.c tests/kunit/task_work_kunit.c >tests/kunit/gone_kunit.c
	try place
	fails 'io_uring/gone.c'
	printf 'task_work_kunit.c\tits error\n' >"$objdir/left-out"
	try ./place -k "$tree" "$objdir" "$top/tests/kunit" "$top/tests/kunit"
	[ "$status" = 0 ]
	grep -q '^build: note: io_uring/io-wq.c has no function nosuch' <<<"$err"
	grep -q '^build: note: .*the kernel has no io_uring/nosuch.c' <<<"$err"
	grep -q '^build: note: tests/kunit/gone_kunit.c: the kernel has no io_uring/gone.c' <<<"$err"
	[ "$(stub 1)" = 'line, a' ]
	grep -q 'io-wq_kunit.c' "$objdir/io_uring/io-wq.c"
	[ "$(cat "$objdir/suites")" = 'io_uring/io-wq.o io-wq_kunit.c' ]
	[ ! -e "$objdir/kernel/task_work.c" ] || ! grep -q task_work_kunit.c "$objdir/kernel/task_work.c" || false
}

@test "place: trials are for kernels with CONFIG_EXPLORE" {
	# Pins: behind the suite, of sources that have none as well; not in other kernels, and not for sources that the tree lacks.
	rm -r tests/explore
	mkdir tests/explore
	echo 'int f(int a) { return a; }' | tee "$tree/io_uring/io-wq.c" >"$tree/io_uring/wait.c"
	stubs
	touch tests/kunit/io-wq_kunit.c tests/explore/{io-wq,wait,no-such}_trial.c
	echo '# CONFIG_EXPLORE is not set' >"$objdir/.config"
	place
	! grep -rq trial "$objdir/io_uring"
	[ ! -e "$objdir/io_uring/wait.c" ]
	printf '%s\n' CONFIG_A=y CONFIG_EXPLORE=y >"$objdir/.config"
	place
	tail -n 1 "$objdir/io_uring/io-wq.c" | grep -q '^#include ".*/tests/kunit/../explore/io-wq_trial.c"$'
	grep -q 'io-wq_kunit.c' "$objdir/io_uring/io-wq.c"
	tail -n 1 "$objdir/io_uring/wait.c" | grep -q '/wait_trial.c"$'
	[ "$(sort "$objdir/placed")" = "$(printf '%s\n' io_uring/io-wq.c io_uring/wait.c)" ]
}
