# SPDX-License-Identifier: GPL-2.0
# liburing.sh: tiny checkouts, and a stand-in for ./linux that runs the program itself and judges it as init does.

load helper

setup()
{
	[ -d "$repo/build/$kernel/tree/tools/testing/kunit" ] || skip "no kernel tree to take kunit.py from: make kernel"
	clone
	objdir=$tree/um-liburing
	results=$work/results-liburing
	mkdir -p "$tree/tools/testing" "$objdir/guest"
	cp -r "$repo/build/$kernel/tree/tools/testing/kunit" "$tree/tools/testing"
	: >"$objdir/.config"
	printf '%s\n' '#!/bin/sh' 'cat "$3"' 'echo "TRAILER!!!"' >"$objdir/guest/gen_init_cpio"
	cat >"$objdir/linux" <<-END
		#!/bin/sh
		for arg; do
			case \$arg in program=*) name=\${arg#*=} ;; esac
		done
		echo \$* >>"$BATS_TEST_TMPDIR/words"
		last=\$("$top"/build/liburing/*/test/\$name.t)
		status=\$?
		printf '%s\n' 'KTAP version 1' 1..1 "# | \$last"
		case \$status in
		0) echo "ok 1 \$name" ;;
		77) echo "ok 1 \$name # SKIP \$last" ;;
		134) echo "Kernel panic - not syncing: oh" >&2; exit 134 ;;
		*) printf '%s\n' "# \$name: exited with status \$status" "not ok 1 \$name"; exit 1 ;;
		esac
	END
	chmod +x "$objdir/linux" "$objdir/guest/gen_init_cpio"
	printf '#!/bin/sh\n' | tee scripts/build.sh >scripts/deps.sh
	list=tests/liburing/$kernel
	: >"$list"
	checkout
	export LIBURING=$BATS_TEST_TMPDIR/liburing
}

# checkout: a liburing with one test, good.
checkout()
{
	at=$BATS_TEST_TMPDIR/liburing
	mkdir -p "$at/src/include" "$at/test"
	printf '%s\n' '#!/bin/sh' ': >config-host.mak' >"$at/configure"
	chmod +x "$at/configure"
	echo 'extern int ring(void);' >"$at/src/include/liburing.h"
	echo 'int ring(void) { return 0; }' >"$at/src/ring.c"
	printf '%s\n' 'all: liburing.a' 'liburing.a: ring.o' '	ar cr $@ $^' >"$at/src/Makefile"
	printf '%s\n' 'include ../config-host.mak' 'test_targets := $(patsubst %.c,%.t,$(wildcard *.c))' \
		'%.t: %.c' '	$(CC) $(CFLAGS) -I../src/include -o $@ $< -L../src -luring' >"$at/test/Makefile"
	echo 'int main(void) { return 0; }' >"$at/test/exec-target.c"
	program good 0
}

# program NAME STATUS [LINE]: a test that prints the line and exits so.
program()
{
	printf '#include <stdio.h>\nint main(void) { puts("%s"); return %s; }\n' "${3-}" "$2" >"$at/test/$1.c"
}

# ends NAME TEXT: that one alone is not as expected, and says so.
ends()
{
	[ "$status" = 1 ]
	[ "$(grep -c '^NOT OK' <<<"$out")" = 1 ]
	grep -q "^NOT OK $1 .*$2" <<<"$out"
	grep -q "^not ok [0-9] $1" "$results/ktap"
}

@test "liburing: all pass, built out of the checkout" {
	# Pins: status 0, a run each, JUnit; the checkout is read only.
	program other 0
	sums "$at" >"$BATS_TEST_TMPDIR/before"
	try scripts/liburing.sh
	works
	grep -q 'passed: 3 (3 runs' <<<"$out"
	grep -q 'testsuite name="main" tests="3"' "$results/junit.xml"
	sums "$at" | cmp "$BATS_TEST_TMPDIR/before" -
}

@test "liburing: LIBURING that is no checkout" {
	# Pins: one line, status 2, for each way.
	LIBURING=$BATS_TEST_TMPDIR/none try scripts/liburing.sh
	fails "none: no such directory"
	[ "$status" = 2 ]
	LIBURING=$top try scripts/liburing.sh
	fails "is no checkout of liburing, it has no configure"
}

@test "liburing: a checkout that does not build" {
	# Pins: one line with the first error, for configure, the library and the tests; status 2, nothing is run.
	printf '#!/bin/sh\necho Error: no such target\nexit 1\n' >"$at/configure"
	try scripts/liburing.sh
	fails "its configure fails: Error: no such target"
	[ "$status" = 2 ]
	printf '#!/bin/sh\n: >config-host.mak\n' >"$at/configure"
	echo 'int ring(void) { return oops; }' >"$at/src/ring.c"
	try scripts/liburing.sh
	fails "its library does not compile: " "oops"
	echo 'int ring(void) { return 0; }' >"$at/src/ring.c"
	echo 'int main(void) { return oops; }' | tee "$at/test/good.c" >"$at/test/exec-target.c"
	try scripts/liburing.sh
	fails "no test compiles: " "oops"
	[ "$status" = 2 ]
	[ ! -e "$BATS_TEST_TMPDIR/words" ]
}

@test "liburing: one test that does not compile" {
	# Pins: it costs itself, is named, and status 2; PARTIAL=1 takes that for a success. A stale program of it is not run.
	program bad 0
	try scripts/liburing.sh
	works
	echo 'int main(void) { return oops; }' >"$at/test/bad.c"
	try scripts/liburing.sh
	[ "$status" = 2 ]
	grep -q '^without program bad: bad.c.*oops' <<<"$out"
	grep -q 'passed: 2 (2 runs' <<<"$out"
	PARTIAL=1 try scripts/liburing.sh
	[ "$status" = 0 ]
}

@test "liburing: a failure and a skip that the list does not have" {
	# Pins: either is red.
	program bad 1 'it went wrong'
	try scripts/liburing.sh
	ends bad failed
	grep -q 'it went wrong' <<<"$out"
	program bad 77 'no such device'
	try scripts/liburing.sh
	ends bad 'skipped, which is not in .*: no such device'
}

@test "liburing: what the list has" {
	# Pins: status 0, skipped with the reason of the list, in KTAP and JUnit as well.
	program bad 1
	program shy 77 'no such device'
	printf '%s\n' 'bad exits 1 # it is broken' 'shy skips # there is no device' >"$list"
	try scripts/liburing.sh
	works
	grep -q '^skip   bad .*known: it is broken' <<<"$out"
	grep -q '^skip   shy .*known: there is no device' <<<"$out"
	grep -q '^ok [0-9] bad # SKIP known: it is broken' "$results/ktap"
	grep -q 'testsuite name="main" tests="4" failures="0" skipped="2"' "$results/junit.xml"
}

@test "liburing: the list is out of date" {
	# Pins: one that passes, or ends another way than the list says, or panics the kernel, is red.
	echo 'good exits 1 # it is broken' >"$list"
	try scripts/liburing.sh
	ends good "passes, and exits 1 by .*tests/liburing/$kernel:1"
	program good 2
	try scripts/liburing.sh
	ends good "failed, exits 1 by"
	program good 134
	try scripts/liburing.sh
	ends good "crashed: exit status 134, exits 1 by"
	echo 'good skips # it is broken' >"$list"
	program good 0
	try scripts/liburing.sh
	ends good "passes, and skips by"
}

@test "liburing: lines for one flavour" {
	# Pins: `in FLAVOUR` holds there alone.
	program bad 1
	echo 'bad exits 1 in liburing debug # it is broken' >"$list"
	try scripts/liburing.sh
	works
	echo 'bad exits 1 in smp # it is broken' >"$list"
	try scripts/liburing.sh
	ends bad failed
}

@test "liburing: one that may fail" {
	# Pins: it may pass as well, and nothing else.
	echo 'good may exit 1 # a busy host' >"$list"
	try scripts/liburing.sh
	works
	grep -q '^ok     good' <<<"$out"
	program good 1
	try scripts/liburing.sh
	works
	grep -q '^skip   good .*known: a busy host' <<<"$out"
	program good 2
	try scripts/liburing.sh
	ends good "failed, may exit 1 by"
}

@test "liburing: one that may be skipped" {
	# Pins: it may pass as well, and nothing else.
	echo 'good may skip # it guesses' >"$list"
	try scripts/liburing.sh
	works
	grep -q '^ok     good' <<<"$out"
	program good 77
	try scripts/liburing.sh
	works
	grep -q '^skip   good .*known: it guesses' <<<"$out"
	program good 1
	try scripts/liburing.sh
	ends good "failed, may skip by"
}

@test "liburing: lines for some releases" {
	# Pins: `before` and `from`, or both, also behind `in`; 2.9 comes before 2.10; a checkout that says no release is newer than all.
	program bad 1
	for line in 'before 2.10' 'from 2.9 before 2.10' 'in liburing debug before 2.10' 'from 2.9' 'in smp liburing from 2.3'; do
		echo "bad exits 1 $line # it is broken" >"$list"
		echo 'Version: 2.9' >"$at/liburing.spec"
		try scripts/liburing.sh
		works
		grep -q '^skip   bad .*known: it is broken' <<<"$out"
	done
	for line in 'before 2.9' 'from 2.10' 'from 2.3 before 2.9' 'from 2.10 before 2.11' 'in smp from 2.3' 'in smp before 2.10'; do
		echo "bad exits 1 $line # it is broken" >"$list"
		try scripts/liburing.sh
		ends bad failed
	done
	rm "$at/liburing.spec"
	echo 'bad exits 1 from 2.99 # it is broken' >"$list"
	try scripts/liburing.sh
	works
}

@test "liburing: a list that is like another one" {
	# Pins: that one's lines hold as well, but for a program that has a line of its own, `passes` among them.
	program bad 1
	program worse 1
	printf '%s\n' 'bad exits 1 # it is broken' 'worse exits 2 # it is worse' 'good exits 1 # it is broken' >tests/liburing/1.0
	printf '%s\n' 'like 1.0' 'worse exits 1 # it is older' 'good passes # it is mended' >"$list"
	try scripts/liburing.sh
	works
	grep -q '^skip   bad .*known: it is broken' <<<"$out"
	grep -q '^skip   worse .*known: it is older' <<<"$out"
	grep -q '^ok     good' <<<"$out"
	program good 1
	try scripts/liburing.sh
	ends good failed
	echo "like $kernel" >>tests/liburing/1.0
	try scripts/liburing.sh
	fails 'tests/liburing/1.0:4: there is no list' "or it is like this one itself"
	echo 'like 0.9' >"$list"
	try scripts/liburing.sh
	fails "tests/liburing/$kernel:1: there is no list 0.9"
}

@test "liburing: a list that cannot be read" {
	# Pins: one line with its place; status 2.
	for line in 'good fails # it does' 'good exits 1' 'good exits 1 #' 'good exits 1 in smp before # x' 'good may fail # x'; do
		echo "$line" >"$list"
		try scripts/liburing.sh
		fails "tests/liburing/$kernel:1 cannot be read" "$line"
		[ "$status" = 2 ]
	done
	printf '%s\n' 'good exits 1 # it does' 'good skips # it does' >"$list"
	try scripts/liburing.sh
	fails "tests/liburing/$kernel:2: good is there already"
}

@test "liburing: the list names what does not exist" {
	# Pins: with Debian's package that is red; another release may lack it; it can come after this one.
	echo 'Version: 9' >"$at/liburing.spec"
	echo 'gone exits 1 # it is broken' >"$list"
	try scripts/liburing.sh
	works
	mkdir -p "$XDG_CACHE_HOME/umring/liburing_9-1"
	: >"$XDG_CACHE_HOME/umring/liburing_9-1/liburing_9-1.dsc"
	fake dpkg-source <<<'#!/bin/sh
	for into; do :; done
	cp -r "$BATS_TEST_TMPDIR/liburing" "$into"'
	rm -r build/liburing
	LIBURING='' try scripts/liburing.sh
	[ "$status" = 1 ]
	grep -q "^NOT OK tests/liburing/$kernel names gone: there is no such program" <<<"$out"
	echo 'gone exits 1 from 9 # it comes after 9' >"$list"
	LIBURING='' try scripts/liburing.sh
	works
	grep -q 'building liburing 9-1 of Debian' <<<"$out"
	echo 'gone exits 1 from 8 # it came after 8' >"$list"
	LIBURING='' try scripts/liburing.sh
	[ "$status" = 1 ]
}

@test "liburing: edits in the checkout" {
	# Pins: a test that was edited is compiled again, by git or without, also if its mtime was set back; one that was removed is gone;
	# after an edit of a header all are.
	try scripts/liburing.sh
	works
	program good 3
	touch -d 2001-01-01 "$at/test/good.c"
	try scripts/liburing.sh
	ends good failed
	git -C "$at" -c init.defaultBranch=main init -q
	program good 0
	program more 0
	try scripts/liburing.sh
	works
	grep -q '(3 runs' <<<"$out"
	rm "$at/test/more.c"
	try scripts/liburing.sh
	works
	grep -q '(2 runs' <<<"$out"
	echo '#error oh' >"$at/src/include/liburing.h"
	printf '#include "liburing.h"\nint main(void) { return 0; }\n' | tee "$at/test/good.c" >"$at/test/exec-target.c"
	try scripts/liburing.sh
	fails "no test compiles: " "oh"
}

@test "liburing: exec-target goes along" {
	# Pins: it is in the cpio of those that execute it, and packed again if it alone has changed; others are not.
	echo '/* exec-target */' >>"$at/test/good.c"
	program other 0
	echo 'int main(void) { return 7; }' >"$at/test/exec-target.c"
	try scripts/liburing.sh
	grep -q '^file /tmp/exec-target.t ' build/liburing/*.cpios/good.cpio
	! grep '^file /tmp/exec-target.t ' build/liburing/*.cpios/other.cpio || false
	stat -c %i build/liburing/*.cpios/*.cpio >"$BATS_TEST_TMPDIR/before"
	ls build/liburing/*.cpios >"$BATS_TEST_TMPDIR/names"
	echo 'int main(void) { return 8; }' >"$at/test/exec-target.c"
	try scripts/liburing.sh
	stat -c %i build/liburing/*.cpios/*.cpio | paste - "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/names" |
		awk '$1 != $2 { print $3 }' | sort >"$BATS_TEST_TMPDIR/packed"
	printf '%s\n' exec-target.cpio good.cpio | cmp - "$BATS_TEST_TMPDIR/packed"
}

@test "liburing: a configure that was stopped half-way" {
	# Pins: it is run again, although its file is there.
	cat >"$at/configure" <<-'END'
		#!/bin/sh
		echo 'oops' >config-host.mak
		[ -e "$BATS_TEST_TMPDIR/once" ] || {
			: >"$BATS_TEST_TMPDIR/once"
			pid=$PPID
			while grep -q scripts/liburing.sh /proc/$pid/cmdline; do
				pids="$pid $pids"
				pid=$(sed -n 's/^PPid:[[:space:]]*//p' /proc/$pid/status)
			done
			kill -KILL $pids
			exit 1
		}
		: >config-host.mak
	END
	try scripts/liburing.sh
	[ "$status" = 137 ]
	try scripts/liburing.sh
	works
}

@test "liburing: another make changes the copy meanwhile" {
	# Pins: which programs there are, and which are missing, is that of when the runs began.
	echo 'int main(void) { return oops; }' >"$at/test/bad.c"
	sed -i "2i : >\"\$(echo '$top'/build/liburing/*.names)\"\n: >\"\$(echo '$top'/build/liburing/*.without)\"" "$objdir/linux"
	try scripts/liburing.sh
	[ "$status" = 2 ]
	grep -q '^without program bad: bad.c.*oops' <<<"$out"
	[ ! -s build/liburing/*.without ]
}

@test "liburing: results of another release" {
	# Pins: those of its programs are gone once all have run, and only then.
	mkdir -p "$results/older"
	T=good try scripts/liburing.sh
	works
	[ -d "$results/older" ]
	try scripts/liburing.sh
	works
	[ ! -d "$results/older" ]
	[ -d "$results/good" ]
}

@test "liburing: T chooses, a glob that matches nothing" {
	# Pins: globs; one line for what does not match, and nothing is run.
	program other 0
	T='g* other' try scripts/liburing.sh
	works
	grep -q '(2 runs' <<<"$out"
	rm "$BATS_TEST_TMPDIR/words"
	T='good nothing-*' try scripts/liburing.sh
	fails "matches nothing-*"
	[ "$status" = 2 ]
	[ ! -e "$BATS_TEST_TMPDIR/words" ]
}

@test "liburing: the words of a run" {
	# Pins: 1 GiB, simulated time where the kernel has it, but for those that need real time; skip and limit; words, arguments and links
	# of tests/liburing/runs.
	program pollfree 0
	program cmd-discard 0
	program eeed8b54e0df 0
	echo CONFIG_UML_TIME_TRAVEL_SUPPORT=y >"$objdir/.config"
	ARGS=more LIMIT=7 try scripts/liburing.sh
	works
	grep -q ' mem=1G .*more .*limit=7 skip=77 time-travel program=good$' "$BATS_TEST_TMPDIR/words"
	grep -q ' skip=77 program=pollfree$' "$BATS_TEST_TMPDIR/words"
	grep -q ' null_blk.discard=1 .*time-travel program=cmd-discard$' "$BATS_TEST_TMPDIR/words"
	grep -q '^file /program.argv ' build/liburing/*.cpios/cmd-discard.cpio
	grep -q '^slink /tmp/testfile /dev/nullb0 ' build/liburing/*.cpios/eeed8b54e0df.cpio
	grep -q ' skip=77 time-travel program=eeed8b54e0df$' "$BATS_TEST_TMPDIR/words"
	! grep '^file /program.argv ' build/liburing/*.cpios/good.cpio || false
	T=good try scripts/liburing.sh
	grep -q ' limit=300 .*time-travel program=good$' "$BATS_TEST_TMPDIR/words"
	mkdir -p "$tree/um-liburing-smp"
	cp -r "$objdir/." "$tree/um-liburing-smp"
	: >"$tree/um-liburing-smp/.config"
	T=good FLAVOUR=smp try scripts/liburing.sh
	works
	grep -q ' limit=900 skip=77 program=good$' "$BATS_TEST_TMPDIR/words"
}
