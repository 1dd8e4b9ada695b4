# SPDX-License-Identifier: GPL-2.0
# build.sh: a real kernel, in one copy of the project for all of these tests, each of which takes its edits back.

load helper

setup()
{
	real_clone
	io_wq=$tree/io_uring/io-wq.c
	cp -a "$io_wq" "$BATS_TEST_TMPDIR/io-wq.c"
}

teardown()
{
	[ ! -e "$BATS_TEST_TMPDIR/io-wq.c" ] || cmp -s "$BATS_TEST_TMPDIR/io-wq.c" "$io_wq" ||
		cp "$BATS_TEST_TMPDIR/io-wq.c" "$io_wq"
}

# mark FILE TEXT: an edit that can be found in the kernel.
mark()
{
	mark=mark_${2//[^a-z0-9]/_}
	printf '%s\n' "#ifndef $mark" "#define $mark $mark" "static const char $mark[] __attribute__((used)) = \"$2\";" \
		'#endif' >>"$1"
}

# marks TEXT: how many objects that edit was compiled into.
marks()
{
	grep -ao "$1" "$objdir/linux" | wc -l
}

# kbuild_ran: whether it took Kbuild's walk, since it was asked last.
kbuild_ran()
{
	[ "$objdir/build.log" -nt "$BATS_RUN_TMPDIR/asked" ]
	local ran=$?
	touch "$BATS_RUN_TMPDIR/asked"
	return $ran
}

@test "build: a build that was moved, in a clone whose path has spaces, to verdict and coverage" {
	# Pins: no object is compiled again, as none holds a path; all works from the cache directory, and linux is a link to it.
	try make test T=task_work
	works
	# If it is linked again, that has the time of its own compiled in.
	! grep ' objects done$' <<<"$out" | grep -qvx 'build: linking, [01] objects done' || false
	[ linux -ef "$objdir/linux" ]
	./linux list=1 2>/dev/null | grep -q '^suite io-wq'
	grep -q '^ok     task_work ' <<<"$out"
	try make coverage
	grep -q '^kernel/task_work.c  ' <<<"$out"
	[ -f "$(sed -n 's/^HTML: //p' <<<"$out")" ]
}

@test "build: nothing to do" {
	# Pins: without an edit nothing is compiled, linked, or said.
	touch "$BATS_RUN_TMPDIR/asked"
	before=$(stat -c '%i %Z' "$objdir/linux")
	try scripts/build.sh
	works
	[ -z "$out" ]
	[ "$(stat -c '%i %Z' "$objdir/linux")" = "$before" ]
	! kbuild_ran || false
}

@test "build: an edit of one source compiles its object alone" {
	# Pins: the edit loop: the kernel has the edit, the tree keeps it, Kbuild does not walk; and so on the way back.
	mark "$io_wq" 'mark of a source'
	sum=$(sha256sum "$io_wq")
	try scripts/build.sh
	works
	[ "$out" = "build: compiling io_uring/io-wq.o" ]
	[ "$(marks 'mark of a source')" = 1 ]
	[ "$(sha256sum "$io_wq")" = "$sum" ]
	! kbuild_ran || false
	cp "$BATS_TEST_TMPDIR/io-wq.c" "$io_wq"
	try scripts/build.sh
	works
	[ "$(marks 'mark of a source')" = 0 ]
}

@test "build: an edit of a suite" {
	# Pins: a suite is part of the object of its source.
	cp -a tests/kunit/task_work_kunit.c "$BATS_TEST_TMPDIR/suite"
	mark tests/kunit/task_work_kunit.c 'mark of a suite'
	try scripts/build.sh
	works
	[ "$out" = "build: compiling kernel/task_work.o" ]
	[ "$(marks 'mark of a suite')" = 1 ]
	cp "$BATS_TEST_TMPDIR/suite" tests/kunit/task_work_kunit.c
}

@test "build: an edit of a header compiles every object that reads it" {
	# Pins: no stale object, even if the path to the header goes through another directory and back.
	headers='io_uring/waitid.h kernel/exit.h'
	for header in $headers; do
		cp -a "$tree/$header" "$BATS_TEST_TMPDIR/${header##*/}"
		mark "$tree/$header" "mark of $header"
	done
	scripts/build.sh
	for header in $headers; do
		cp "$BATS_TEST_TMPDIR/${header##*/}" "$tree/$header"
		readers=$(cd "$objdir" && grep -rlE --include='.*.o.cmd' "^  \.\./([a-z_]*/\.\./)?$header " . | sed 's,/\.,/,; s,\.cmd$,,')
		[ "$(wc -l <<<"$readers")" -gt 1 ]
		for object in $readers; do
			grep -q "mark of $header" "$objdir/$object"
		done
		[ "$(marks "mark of $header")" -gt 1 ]
	done
}

@test "build: an edit that is dated back" {
	# Pins: cp -p and touch -d do not hide an edit.
	cp "$io_wq" older.c
	mark older.c 'mark of an old file'
	touch -d 2001-01-01 older.c
	cp -p older.c "$io_wq"
	try scripts/build.sh
	works
	[ "$(marks 'mark of an old file')" = 1 ]
}

@test "build: an edit in a checkout that was copied" {
	# Pins: a copy has new times of change; there, size and time of modification say what was edited, and nothing else is compiled.
	scripts/build.sh
	echo '0 0' >"$objdir/where"
	touch -d '+1 hour' "$objdir/built"
	mark "$io_wq" 'mark in a copy'
	try scripts/build.sh
	works
	[ "$out" = "build: compiling io_uring/io-wq.o" ]
	[ "$(marks 'mark in a copy')" = 1 ]
	echo '0 0' >"$objdir/where"
	touch -d '-1 day' "$objdir/built"
	try scripts/build.sh
	works
	[ -z "$out" ]
}

@test "build: killed while it links, and started again" {
	# Pins: the kernel is whole after the next call.
	mark "$io_wq" 'mark of a link'
	rm -f "$objdir/vmlinux.quick"
	setsid scripts/build.sh >/dev/null 2>&1 3>&- &
	wait_for test -e "$objdir/vmlinux.quick"
	kill -KILL -- -$!
	wait $! || :
	try scripts/build.sh
	works
	[ "$(marks 'mark of a link')" = 1 ]
	./linux list=1 2>/dev/null | grep -q '^suite io-wq'
}

@test "build: an edit dated to the middle of the last build, and a new file" {
	# Pins: nor do they where Kbuild goes by the dates: newer than the start of a build, older than its objects.
	cp "$BATS_TEST_TMPDIR/io-wq.c" "$io_wq"
	scripts/build.sh
	cp "$io_wq" middle.c
	mark middle.c 'mark of the middle'
	touch -d "@$(($(stat -c %Y "$objdir/io_uring/io-wq.o") - 1))" middle.c
	touch -d "@$(($(stat -c %Y "$objdir/io_uring/io-wq.o") - 2))" "$objdir/built"
	cp -p middle.c "$io_wq"
	: >"$tree/io_uring/new.c"
	try scripts/build.sh
	works
	[ "$(marks 'mark of the middle')" = 1 ]
	rm "$tree/io_uring/new.c"
}

@test "build: a warning of the compiler, after an edit as well" {
	real_clone
	scripts/build.sh
	echo 'static int nobody_calls_me(void) { return 0; }' >>"$tree/io_uring/tw.c"
	try scripts/build.sh
	git -C "$tree" checkout -q io_uring/tw.c
	[ "$status" = 0 ]
	[ "$out" = "build: compiling io_uring/tw.o" ]
	grep -q "io_uring/tw.c:.*warning: .nobody_calls_me. defined but not used" <<<"$err"
}

@test "build: an error of the compiler" {
	# Pins: the compiler's message, with a path that opens, and nothing on top; the old linux stays and is not run.
	before=$(sha256sum <"$objdir/linux")
	echo 'int broken(void) { return nosuch; }' >>"$io_wq"
	line=$(wc -l <"$io_wq")
	rm -rf "$results"
	try make test
	[ "$status" -ne 0 ]
	grep -q "^$io_wq:$line:[0-9]*: error: .*nosuch" <<<"$err"
	[ "$(grep -cE '^make|^build:|Error ' <<<"$err")" = 1 ]
	grep -q '^make: \*\*\* \[Makefile:[0-9]*: test\] Error 1' <<<"$err"
	[ ! -e "$results" ]
	[ "$(sha256sum <"$objdir/linux")" = "$before" ]
	sed -i '$ d' "$io_wq"
	mark "$io_wq" 'mark after an error'
	try scripts/build.sh
	works
	[ "$(marks 'mark after an error')" = 1 ]
}

@test "build: a new suite and a new scenario are found, and missed when they are gone" {
	# Pins: one new file each, and no list.
	cat >tests/kunit/cancel_kunit.c <<-'END'
		#include <kunit/test.h>
		static void nothing_test(struct kunit *test)
		{
		}
		static struct kunit_case cancel_cases[] = { KUNIT_CASE(nothing_test), {} };
		static struct kunit_suite cancel_suite = { .name = "new-suite", .test_cases = cancel_cases };
		kunit_test_suite(cancel_suite);
	END
	echo 'int main(void) { return 0; }' >tests/guest/new-scenario.c
	try scripts/build.sh
	works
	[ "$(./linux list=1 2>/dev/null | grep -c 'new-')" = 2 ]
	rm tests/kunit/cancel_kunit.c tests/guest/new-scenario.c
	try scripts/build.sh
	works
	[ "$(./linux list=1 2>/dev/null | grep -c 'new-')" = 0 ]
}

@test "build: an error of the compiler in a scenario" {
	# Pins: the same for the user's side.
	echo 'int main(void) { return nosuch; }' >tests/guest/broken.c
	try scripts/build.sh
	[ "$status" -ne 0 ]
	grep -q '^tests/guest/broken.c:1:.*error: .*nosuch' <<<"$err"
	! grep '^make' <<<"$err" || false
	rm tests/guest/broken.c
	try scripts/build.sh
	works
}

@test "build: killed while it compiles, and started again with a new file" {
	# Pins: half an object, newer than its source, is not linked by Kbuild.
	mark "$io_wq" 'mark of a kill'
	fake gcc <<-END
		#!/bin/sh
		case \$* in
		*-c*io-wq.c*) echo cut off >io_uring/io-wq.o; kill -KILL 0 ;;
		esac
		exec $(command -v gcc) "\$@"
	END
	(setsid -w scripts/build.sh || :) >/dev/null 2>&1 3>&-
	grep -qx 'cut off' "$objdir/io_uring/io-wq.o"
	rm "$BATS_TEST_TMPDIR/bin/gcc"
	: >"$tree/io_uring/new.c"
	try scripts/build.sh
	works
	[ "$(marks 'mark of a kill')" = 1 ]
	rm "$tree/io_uring/new.c"
}

@test "build: no space left" {
	# Pins: an error, the old linux as it was, and the edit in the kernel once there is space.
	before=$(sha256sum <"$objdir/linux")
	mark "$io_wq" 'mark of space'
	try bash -c 'trap "" XFSZ; ulimit -f 100; scripts/build.sh'
	[ "$status" -ne 0 ]
	[ -n "$err" ]
	[ "$(sha256sum <"$objdir/linux")" = "$before" ]
	try scripts/build.sh
	works
	[ "$(marks 'mark of space')" = 1 ]
}

@test "build: two makes at once" {
	# Pins: the second waits, says so, and finds nothing left to do.
	mark "$io_wq" 'mark of two'
	make kernel >"$BATS_TEST_TMPDIR/one" 2>&1 3>&- &
	make kernel >"$BATS_TEST_TMPDIR/two" 2>&1 3>&-
	wait $!
	[ "$(cat "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two" | grep -c 'waiting for it')" = 1 ]
	[ "$(cat "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two" | grep -c 'compiling io_uring/io-wq.o')" = 1 ]
	[ "$(marks 'mark of two')" = 1 ]
}

@test "build: patches/ changes under an edit" {
	# Pins: it stops before anything is built, and the edit stays.
	mark "$io_wq" 'mark of an edit'
	sum=$(sha256sum "$io_wq")
	cp -a patches "$BATS_TEST_TMPDIR"
	echo '# changed' >>"patches/$kernel/series"
	before=$(sha256sum <"$objdir/linux")
	try scripts/build.sh
	rm -r patches
	mv "$BATS_TEST_TMPDIR/patches" patches
	fails "holds edits of yours"
	[ "$(sha256sum "$io_wq")" = "$sum" ]
	[ "$(sha256sum <"$objdir/linux")" = "$before" ]
}

@test "build: a suite by the name of any source that is compiled" {
	# Pins: rw.c, which no suite was made for, gets its suite, and that runs.
	cat >tests/kunit/rw_kunit.c <<-'END'
		#include <kunit/test.h>
		static void found_test(struct kunit *test)
		{
			KUNIT_EXPECT_EQ(test, 1 + (int)io_alloc_async_data_is_here, 2);
		}
		static struct kunit_case rw_cases[] = { KUNIT_CASE(found_test), {} };
		static struct kunit_suite rw_suite = { .name = "rw", .test_cases = rw_cases };
		kunit_test_suite(rw_suite);
	END
	sed -i 's/1 + (int)io_alloc_async_data_is_here/!!\&io_rw_cache_free + 1/' tests/kunit/rw_kunit.c
	try make test T=rw
	rm tests/kunit/rw_kunit.c
	grep -q '^ok     rw  *1 cases' <<<"$out"
	[ "$status" = 0 ]
}

@test "build: a suite that would never run" {
	# Pins: no source, a source that is not compiled, nothing registered: each stops the build, and does so again.
	for _ in 1 2; do
		: >tests/kunit/iowq_kunit.c
		try scripts/build.sh
		fails "tests/kunit/iowq_kunit.c: the kernel has no io_uring/iowq.c"
	done
	rm tests/kunit/iowq_kunit.c
	: >tests/kunit/napi_kunit.c
	for _ in 1 2; do
		try scripts/build.sh
		fails "tests/kunit/napi_kunit.c never runs: io_uring/napi.c is not compiled"
	done
	rm tests/kunit/napi_kunit.c
	: >tests/kunit/rw_kunit.c
	for _ in 1 2; do
		try scripts/build.sh
		fails "tests/kunit/rw_kunit.c never runs: it has no kunit_test_suite()"
	done
	rm tests/kunit/rw_kunit.c
	try scripts/build.sh
	works
}

@test "build: a first build that fails keeps what it has made" {
	# Pins: what was compiled before the error is not compiled again, and a source that was edited meanwhile is.
	mkdir "$BATS_TEST_TMPDIR/aside"
	cp -a "$objdir/built" "$objdir/built.ours" "$objdir/where" "$objdir/stats" "$BATS_TEST_TMPDIR/aside"
	# As after a first build that did not get to its end: a stamp, objects, and no linux.
	rm -f "$objdir/linux" "$objdir/vmlinux" "$objdir/files" "$objdir/io_uring/nop.o"
	before=$(stat -c '%i %Z' "$objdir/mm/slub.o")
	echo 'int broken(void) { return nosuch; }' >>"$tree/io_uring/nop.c"
	mark "$io_wq" 'mark of a first build'
	try scripts/build.sh
	[ "$status" -ne 0 ]
	[ "$(stat -c '%i %Z' "$objdir/mm/slub.o")" = "$before" ]
	git -C "$tree" checkout -q io_uring/nop.c
	try scripts/build.sh
	works
	[ "$(stat -c '%i %Z' "$objdir/mm/slub.o")" = "$before" ]
	[ "$(marks 'mark of a first build')" = 1 ]
}

@test "build: a suite that does not compile for KDIR" {
	# Pins: each is left out and named with its own first error, if need be in a header of the kernel; the other one is built; one is
	# tried again once its source has changed; our own kernel does not do without.
	clone
	rm tests/kunit/*_kunit*.c
	: >tests/kunit/stubs
	echo '/* does not compile */' | tee tests/kunit/io-wq_kunit.c >tests/kunit/tw_kunit.c
	echo '/* compiles */' >tests/kunit/task_work_kunit.c
	printf '#!/bin/sh\n' | tee scripts/lib/tree.sh >scripts/deps.sh
	printf '%s\n' '#!/bin/sh' '. "$(dirname "$0")/common.sh"' 'touch "$objdir/.config"' >scripts/lib/config.sh
	export KDIR=$BATS_TEST_TMPDIR/mine
	kernel_tree "$KDIR"
	echo 'line 1;' >"$KDIR/io_uring/tw.c"
	cp -r "$KDIR" "$BATS_TEST_TMPDIR/tree"
	mkdir "$BATS_TEST_TMPDIR/tree/usr"
	echo 'int main(void) { return 0; }' >"$BATS_TEST_TMPDIR/tree/usr/gen_init_cpio.c"
	# A compiler that knows one kind of error.
	fake make <<-'END'
		#!/bin/sh
		for arg; do
			case $arg in
			O=*) out=${arg#O=} ;;
			*/um-default/guest) touch "$arg/guest.cpio" && exit ;;
			esac
		done
		mkdir -p "$out/io_uring" "$out/kernel"
		if grep -q io-wq_kunit.c "$out/io_uring/io-wq.c"; then
			echo 'tests/kunit/io-wq_kunit.h:5:1: error: no such thing' >&2
			echo 'tests/kunit/io-wq_kunit.h:6:1: error: nor that' >&2
			echo 'make[3]: *** [scripts/Makefile.build:9: io_uring/io-wq.o] Error 1' >&2
			echo '../include/linux/tw.h:7:1: error: another thing' >&2
			echo 'tests/kunit/tw_kunit.c:8:1: note: in expansion of macro' >&2
			echo 'make[3]: *** [scripts/Makefile.build:9: io_uring/tw.o] Error 1' >&2
			exit 2
		fi
		echo 'int suite __attribute__((section(".kunit_test_suites")));' | gcc -x c -c -o "$out/kernel/task_work.o" -
		touch "$out/linux"
	END
	home=$top/build/kdir-$(printf %s "$KDIR" | cksum | cut -d ' ' -f 1)
	mkdir -p "$home"
	cp -r "$BATS_TEST_TMPDIR/tree" "$home/tree"
	try scripts/build.sh
	[ "$status" = 0 ]
	grep -q '^build: without suite io-wq_kunit.c: tests/kunit/io-wq_kunit.h:5:1: error: no such thing$' <<<"$err"
	grep -q '^build: without suite tw_kunit.c: ../include/linux/tw.h:7:1: error: another thing$' <<<"$err"
	left=$'io-wq_kunit.c\ttests/kunit/io-wq_kunit.h:5:1: error: no such thing
tw_kunit.c\t../include/linux/tw.h:7:1: error: another thing'
	[ "$(cat "$home/tree/um-default/left-out")" = "$left" ]
	[ "$(cat "$home/tree/um-default/suites")" = 'kernel/task_work.o task_work_kunit.c' ]
	echo 'line 2;' >>"$home/tree/kernel/task_work.c"
	try scripts/build.sh
	[ "$status" = 0 ]
	[ "$(grep -c 'without suite' <<<"$err")" = 0 ]
	echo 'line 2;' >>"$home/tree/io_uring/tw.c"
	try scripts/build.sh
	[ "$status" = 0 ]
	[ "$(grep -c 'without suite' <<<"$err")" = 2 ]
	[ "$(cat "$home/tree/um-default/left-out")" = "$left" ]
	# Kconfig is asked again once one of its files has changed.
	printf '%s\n' '#!/bin/sh' '. "$(dirname "$0")/common.sh"' '[ -f "$objdir/wanted.config" ] || {' \
		'echo asked; touch "$objdir/wanted.config"; }' >scripts/lib/config.sh
	echo '# as it comes' >>"$home/tree/arch/um/Kconfig"
	try scripts/build.sh
	[ "$(grep -cx asked <<<"$out")" = 1 ]
	try scripts/build.sh
	! grep -qx asked <<<"$out" || false
	echo 'config HOSTFS' >>"$home/tree/arch/um/Kconfig"
	try scripts/build.sh
	grep -qx asked <<<"$out"
	unset KDIR
	mkdir -p "$work"
	cp -r "$BATS_TEST_TMPDIR/tree" "$work/tree"
	try scripts/build.sh
	[ "$status" = 1 ]
	grep -q 'io-wq_kunit.h:5:1: error: no such thing' <<<"$err"
}
