# SPDX-License-Identifier: GPL-2.0
# watch.sh, watch.py: builds and tests at each save. The build and the tests are stand-ins.

load helper

setup()
{
	command -v inotifywait >/dev/null || skip "needs inotify-tools"
	clone
	instrumented
	run_linux left left
	run_linux right right
	printf '%s\n' 'suite left' 'suite right' >"$results/runs"
	echo all >"$results/summary"
	printf '#!/bin/sh\n' >scripts/deps.sh
	cat >scripts/build.sh <<-'END'
		#!/bin/sh
		top=$(cd "$(dirname "$0")/.." && pwd)
		[ ! -e "$top/slow" ] || touch "$top/slowly"
		while [ -e "$top/slow" ]; do sleep 0.05; done
		[ ! -e "$top/broken" ] || { echo "io_uring/io-wq.c:1:1: error: broken"; exit 1; }
	END
	cat >scripts/test.sh <<-'END'
		#!/bin/sh
		top=$(cd "$(dirname "$0")/.." && pwd)
		echo "$T" >>"$top/asked"
		[ ! -e "$top/bad" ] || { echo "NOT OK left 1 of 1 cases failed"; echo "       it: failed at x.c:1"; echo "Ran 1 tests: failed: 1 (1 runs)"; exit 1; }
		echo "Ran 2 tests: passed: 2 (1 runs, 0.1 s)"
	END
}

teardown()
{
	[ -z "${watcher-}" ] || kill "$watcher" 2>/dev/null || :
}

# watch: start it; wait until it waits.
watch()
{
	scripts/watch.sh >said 2>&1 3>&- &
	watcher=$!
	wait_for grep -q '^watching' said
}

lines()
{
	grep -c "$1" said
}

@test "watch: without T, the tests that reach the function that was edited" {
	# Pins: by lines of functions; all of the source for a line outside of one; all tests for a header; and how many of how many.
	watch
	sed -i 's/seen = 1;/seen = 10;/' "$tree/io_uring/io-wq.c"
	wait_for grep -q 'io_uring/io-wq.c: 1 of 2 tests reach it, Ran 2 tests: passed: 2, ' said
	[ "$(tail -n 1 asked)" = left ]
	sed -i 's/int seen/long seen/' "$tree/io_uring/io-wq.c"
	wait_for grep -q 'io_uring/io-wq.c: 2 of 2 tests reach it' said
	[ "$(tail -n 1 asked)" = 'left right' ]
	echo >"$tree/io_uring/io-wq.h"
	wait_for grep -q 'io_uring/io-wq.h: 2 of 2 tests' said
}

@test "watch: a failure with its lines, and a compiler's error, and it goes on" {
	# Pins: what was saved, the verdict, the lines of the failure; the first error.
	export T=left
	watch
	touch bad
	echo >>"$tree/io_uring/io-wq.c"
	wait_for grep -q 'io_uring/io-wq.c: FAILED: Ran 1 tests: failed: 1, ' said
	grep -A 2 FAILED said | grep -qx '       it: failed at x.c:1'
	mv bad broken
	echo >>"$tree/io_uring/io-wq.c"
	wait_for grep -qx 'io_uring/io-wq.c:1:1: error: broken' said
	rm broken
	echo >>"$tree/io_uring/io-wq.c"
	wait_for grep -q 'io-wq.c: Ran 2 tests: passed: 2' said
}

@test "watch: editors that save by rename, swap files, and a save while a run goes on" {
	# Pins: one run for one save, none for an editor's own files, one more for what was saved during a run.
	export T=left
	watch
	echo swap >"$tree/io_uring/.io-wq.c.swp"
	echo backup >"$tree/io_uring/io-wq.c~"
	cp "$tree/io_uring/io-wq.c" "$tree/io_uring/4913"
	mv "$tree/io_uring/4913" "$tree/io_uring/io-wq.c"
	wait_for grep -q 'io_uring/io-wq.c: Ran' said
	touch slow
	echo >>"$tree/kernel/task_work.c"
	wait_for [ -e slowly ]
	echo >>"$tree/io_uring/io-wq.c"
	rm slow
	wait_for grep -q 'task_work.c: Ran' said
	wait_for eval '[ "$(grep -c "io-wq.c: Ran" said)" = 2 ]'
	[ "$(lines ': Ran')" = 4 ]
}

@test "watch: results that vanish" {
	# Pins: it says so, goes on, and runs all tests.
	echo 'rm -rf "$top/build/'"$kernel"'/results-default/left"' >>scripts/test.sh
	watch
	grep -q '^no counts to choose tests by: .*left' said
	echo >>"$tree/io_uring/io-wq.c"
	wait_for grep -q 'io_uring/io-wq.c: Ran 2 tests' said
	[ "$(tail -n 1 asked)" = '*' ]
	kill -0 "$watcher"
}

@test "watch: Ctrl-C ends it, and no process is left" {
	# Pins: status 0; inotifywait, build and tests are gone.
	watch
	pids=$(pgrep -P "$watcher")
	[ -n "$pids" ]
	kill -INT "$watcher"
	ended=0
	wait "$watcher" || ended=$?
	[ "$ended" = 0 ]
	for pid in $pids; do
		! kill -0 "$pid" 2>/dev/null || false
	done
	[ ! -e "$work/watch" ]
}
