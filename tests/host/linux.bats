# SPDX-License-Identifier: GPL-2.0
# The kernel file on its own: what ends it and with which status, and what its init takes for a failure. Tests run ./linux
# as it is built, and once with scratch scenarios and suites in it, each of which has a fault that must not pass.

load helper

setup()
{
	real_clone
	linux=$objdir/linux
	cd "$BATS_TEST_TMPDIR" || return
}

# boot WORD...: run it for $status, $out and $err.
boot()
{
	try timeout 60 "$linux" "$@"
}

# ends STATUS TEXT: with this status, no results, and one line that says why.
ends()
{
	[ "$status" = "$1" ]
	[ "$(grep -cF -- "$2" <<<"$err")" = 1 ]
	! grep -q 'ok 1' <<<"$out"
}

# passes, not_ok NAME TEXT: check its only result and the text that comes with it.
passes()
{
	[ "$status" = 0 ]
	[ "$(grep -E '^(not )?ok ' <<<"$out")" = "ok 1 $1" ]
}

not_ok()
{
	[ "$status" = 1 ]
	[ "$(grep -E '^(not )?ok ' <<<"$out")" = "not ok 1 $1" ]
	grep -q "^# $1: $2" <<<"$out"
}

@test "linux: unknown words" {
	# Pins: a misspelt word, parameter or value runs nothing, and is named; so is a suite or scenario that is not there.
	for word in foo=bar list defer-close kunit.filter_globs=tctx kunitt.filter_glob=tctx repro_nosuch=1; do
		boot "$word"
		ends 2 "init: what is '$word'? Words are "
	done
	for word in list=0 list=2 list= limit=0 limit=1s limit=abc; do
		boot "$word"
		ends 2 "init: $word: "
	done
	boot scenario=nosuch
	ends 2 "init: no scenario matches scenario=nosuch: "
	boot kunit.filter_glob=nosuch
	ends 2 "init: no suite matches kunit.filter_glob=nosuch: "
	boot kunit.filter_glob=nosuch scenario=defer-close
	ends 2 "init: no suite matches kunit.filter_glob=nosuch: "
}

@test "linux: help" {
	# Pins: --help says what init takes before UML's own words, and -h that alone; both on stdout, with status 0.
	boot --help
	works
	[[ $out == *"scenario=NAME "*"program=NAME "*"Exit status: 0 all passed, "*"mem=<Amount of desired ram>"* ]]
	boot -h
	[ "$status" = 0 ]
	[[ $out == './linux [WORD...]: '*'coverage counts, TMPDIR has the memory file.' ]]
	# Each word that init knows by name is in it.
	for word in scenario program skip endless shell host list limit ktap; do
		grep -qE "(^|[ ])$word=" <<<"$out"
	done
}

@test "linux: programs and their words" {
	# Pins: no such program, no such initrd, one that is no cpio, a wrong skip=, a word that means nothing without another: each an
	# end of its own, and no result.
	boot program=nosuch
	ends 2 "init: program=nosuch: /program/nosuch is no file"
	boot program=../init
	ends 2 "init: program=../init: "
	echo 'dir /program 0755 0 0' >list
	"$repo/build/$kernel/tree/um-default/guest/gen_init_cpio" list >dir.cpio
	boot program=. initrd=dir.cpio
	ends 2 "init: program=.: "
	boot program=x initrd=nosuch
	ends 125 "Cannot load the initrd 'nosuch'"
	head -c 5000 /bin/sh >no.cpio
	boot program=x initrd=no.cpio
	ends 2 "init: program=x: "
	boot scenario=defer-close initrd=no.cpio
	[ "$status" = 1 ]
	grep -q '^# init: kernel log: Initramfs unpacking failed' <<<"$out"
	for word in skip=0 skip=127 skip=256 skip=x; do
		boot program=x $word
		ends 2 "init: $word: "
	done
	for word in skip=1 endless=1 host=1; do
		boot scenario=defer-close $word
		ends 2 "init: $word means nothing without "
	done
}

@test "linux: words that the kernel or a scenario knows" {
	# Pins: nothing else is refused.
	boot scenario=defer-close limit=100 repro_workers=1 printk.devkmsg=on workqueue.power_efficient=1 loglevel=8
	passes defer-close
	boot kunit.filter_glob=tctx
	passes tctx
	# UML's own, on each kernel that is built: 6.12 hands them on.
	for linux in "$repo"/build/*/tree/um-default/linux; do
		case $linux in *@*/tree/*) continue ;; esac
		boot list=1 mem=128M uml_dir=/nosuch noreboot debug
		[ "$status" = 0 ]
		grep -qx 'scenario defer-close' <<<"$out"
	done
	# Nor do they write counts, unless GCOV_PREFIX says where.
	[ -z "$(find . -name '*.gcda')" ]
}

@test "linux: standard streams that are closed" {
	# Pins: no file of the kernel's own takes the place of a console. Results that go nowhere are no success.
	try bash -c 'timeout 60 "$0" scenario=defer-close >&-' "$linux"
	ends 2 "init: cannot write results: "
	try bash -c 'timeout 60 "$0" scenario=defer-close <&-' "$linux"
	passes defer-close
	try bash -c 'timeout 60 "$0" loglevel=8 scenario=defer-close 2>&-' "$linux"
	passes defer-close
	[ -z "$err" ]
	try bash -c 'timeout 60 "$0" scenario=defer-close <&- >&- 2>&-' "$linux"
	[ "$status" = 2 ]
}

@test "linux: no space for its results" {
	# Pins: a status that is no verdict, and a line; with list=1 as well.
	for words in scenario=defer-close list=1; do
		try bash -c 'timeout 60 "$0" "$1" >/dev/full' "$linux" "$words"
		ends 2 "init: cannot write results: "
	done
}

@test "linux: ended by a signal" {
	# Pins: 128 plus its number, as a shell has it, and a line.
	for sig in INT:130 TERM:143; do
		"$linux" scenario=fail-nth >ktap 2>console 3>&- &
		pid=$!
		wait_for grep -q 'ok 1' ktap
		status=0
		kill -s "${sig%:*}" "$pid"
		wait "$pid" || status=$?
		[ "$status" = "${sig#*:}" ]
		[ "$(cat console)" = "Ended by signal $((status - 128))" ]
	done
}

@test "linux: a kernel that cannot start" {
	# Pins: 125, and a line that says why: too little memory, no place for it, an initrd that is not there or is empty.
	boot scenario=defer-close mem=8M
	ends 125 "Too few physical memory"
	try env TMPDIR="$BATS_TEST_TMPDIR/nosuch" timeout 60 "$linux" scenario=defer-close
	ends 125 "Cannot create a file in $BATS_TEST_TMPDIR/nosuch: No such file"
	: >empty
	for file in nosuch empty; do
		boot scenario=defer-close initrd=$file
		ends 125 "Cannot load the initrd '$file'"
	done
}

# says NAME TEXT: a scenario that writes this, a string of C.
says()
{
	printf '%s\n' '#include <stdio.h>' '' 'int main(void)' '{' "	static const char text[] = \"$2\";" '' \
		'	return fwrite(text, sizeof(text) - 1, 1, stdout) != 1;' '}' >"$top/tests/guest/scratch-$1.c"
}

# late NAME STATEMENT: a scenario that passes, and a child that does this a second later.
late()
{
	cat >"$top/tests/guest/scratch-$1.c" <<-END
		#include "scenario.h"

		int main(void)
		{
			plan(1);
			if (!must(fork())) {
				nap(SEC);
				$2
				exit(0);
			}
			ok(true, "a");
			return 0;
		}
	END
}

# suite NAME STATEMENT: a suite with one case that does this, and passes.
suite()
{
	id=scratch_${1//-/_}
	cat >>"$top/tests/kunit/tctx_kunit.c" <<-END
		static void ${id}_test(struct kunit *test)
		{
			$2
		}
		static struct kunit_case ${id}_cases[] = { KUNIT_CASE(${id}_test), {} };
		static struct kunit_suite ${id}_suite = { .name = "scratch-$1", .test_cases = ${id}_cases };
		kunit_test_suite(${id}_suite);
	END
}

scratch_sources()
{
	says good '1..1\n    ok 1 - b\n# c\nok 1 - a\n'
	says nul '1..1\nok 1 - a\n# b\0not ok 2 - c\n'
	says long "1..2\\nok 1 - a\\n$(printf '#%.0s' $(seq 1023))ok 2 - b\\n"
	says nested '1..2\nok 1 - a\n    not ok 1 - c\nok 2 - b\n'
	says nested-last '1..1\nok 1 - a\n    not ok 1 - c\n'
	says bail '1..1\nok 1 - a\nBail out! b\n'
	late child-good 'printf("# late, and well\n");'
	late child-abort 'abort();'
	late child-status 'exit(3);'
	late child-says 'printf("not ok 2 - b\n");'
	cat >>"$top/tests/kunit/tctx_kunit.c" <<-'END'
		static void scratch_warn(struct work_struct *work) { WARN(1, "late"); }
		static void scratch_panic(struct work_struct *work) { panic("late"); }
		static DECLARE_DELAYED_WORK(scratch_warn_work, scratch_warn);
		static DECLARE_DELAYED_WORK(scratch_panic_work, scratch_panic);
		static int scratch_thread(void *data)
		{
			while (!kthread_should_stop())
				schedule_timeout_idle(HZ);
			return 0;
		}
		static noinline void scratch_leak(int nr)
		{
			while (nr--) {
				void *p = kzalloc(100, GFP_KERNEL);

				OPTIMIZER_HIDE_VAR(p);
			}
		}
	END
	suite warn 'schedule_delayed_work(&scratch_warn_work, 2 * HZ);'
	suite panic 'schedule_delayed_work(&scratch_panic_work, 2 * HZ);'
	suite thread 'kthread_run(scratch_thread, NULL, "scratch");'
	suite workqueue 'alloc_workqueue("scratch", WQ_MEM_RECLAIM, 1);'
	for nr in 1 2 10; do
		suite "leak-$nr" "scratch_leak($nr);"
	done
}

# scratch [FLAVOUR]: use a kernel with all that in it. It is built at the first call; the build is left as it was.
scratch()
{
	linux=$BATS_RUN_TMPDIR/linux-scratch
	[ ! -x "$linux" ] || return 0
	(
		cd "$top" || return
		cp -a tests "$BATS_TEST_TMPDIR/tests"
		cp -a --reflink=auto "$objdir" "$BATS_TEST_TMPDIR/objdir"
		scratch_sources
		! scripts/build.sh || cp "$objdir/linux" "$linux.tmp"
		rm -rf tests "$objdir"
		mv "$BATS_TEST_TMPDIR/tests" tests
		mv "$BATS_TEST_TMPDIR/objdir" "$objdir"
		touch "$objdir/built"
	) 3>&-
	mv "$linux.tmp" "$linux"
}

@test "linux: what is written" {
	# Pins: a NUL byte, a line too long to be read whole, a nested failure and a bail-out fail a test that has its plan.
	scratch
	boot scenario=scratch-good
	passes scratch-good
	boot scenario=scratch-nul
	not_ok scratch-nul 'a NUL byte '
	boot scenario=scratch-long
	not_ok scratch-long 'a line of more than 1023 '
	boot scenario=scratch-nested
	not_ok scratch-nested 'it has a result that is not ok: ok 2 - b'
	boot scenario=scratch-nested-last
	not_ok scratch-nested-last 'a result that is not ok, '
	boot scenario=scratch-bail
	not_ok scratch-bail 'Bail out! b'
}

@test "linux: a child that outlives its scenario" {
	# Pins: its output, its status and the signal that ends it count.
	scratch
	boot scenario=scratch-child-good
	passes scratch-child-good
	grep -qx '    # late, and well' <<<"$out"
	boot scenario=scratch-child-abort
	not_ok scratch-child-abort 'left behind: .*killed by signal 6'
	boot scenario=scratch-child-status
	not_ok scratch-child-status 'left behind: .*exited with status 3'
	boot scenario=scratch-child-says
	not_ok scratch-child-says 'not in the plan: not ok 2 - b'
}

@test "linux: what a suite leaves to run" {
	# Pins: a warning or a panic 2 s after the last case, a kernel thread, and the rescuer of a workqueue.
	scratch
	boot kunit.filter_glob=scratch-warn
	not_ok scratch-warn 'kernel log: WARNING: '
	boot kunit.filter_glob=scratch-panic
	[ "$status" = 134 ]
	grep -q '^Kernel panic - not syncing: late' <<<"$err"
	boot kunit.filter_glob=scratch-thread
	not_ok scratch-thread 'left behind: scratch, task '
	boot kunit.filter_glob=scratch-workqueue
	not_ok scratch-workqueue 'left behind: kworker/R-scratch'
}

@test "linux: flavour debug has SLUB show its objects to kmemleak" {
	# Pins: the word without which kmemleak sees next to nothing on 7.x (the next test needs that flavour built).
	grep -q '^CONFIG_CMDLINE=".* slab_debug=F"$' "$repo/uml-config/debug.config"
	grep -qx CONFIG_SLUB_DEBUG=y "$repo/uml-config/base.config"
}

@test "linux: leaks, in flavour debug" {
	# Pins: kmemleak finds each object, be it one or ten of the same size.
	[ -f "$repo/build/$kernel/tree/um-debug/built" ] || skip "flavour debug is not built: make kernel FLAVOUR=debug"
	debug_clone
	scratch
	for nr in 1 2 10; do
		boot kunit.filter_glob=scratch-leak-$nr
		not_ok scratch-leak-$nr "kernel log: kmemleak: $nr new suspected memory leaks"
	done
}

# debug_clone: flavour debug in the real clone, too, with the sources that it alone has.
debug_clone()
{
	export FLAVOUR=debug
	objdir=$tree/um-debug
	(
		cd "$repo/build/$kernel/tree"
		grep -rhoE --include='.*.cmd' '\.\./[^ ]+\.[chS]' um-debug | sed 's,^\.\./,,; s,[^/]*/\.\./,,' | sort -u
	) >sources
	tar -C "$repo/build/$kernel/tree" -cf - -T sources 2>/dev/null | tar -C "$tree" -xf - --skip-old-files
	cp -a --reflink=auto "$repo/build/$kernel/tree/um-debug" "$tree"
	touch "$objdir/built"
	BATS_RUN_TMPDIR=$BATS_TEST_TMPDIR
}
