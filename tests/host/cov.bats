# SPDX-License-Identifier: GPL-2.0
# coverage/cov.py: a small instrumented program stands in for the kernel; the figures are counted by hand.

load helper

setup()
{
	clone
	instrumented
}

# cov COMMAND ARGUMENT...: as cov() of scripts/lib/counts.sh has it.
cov()
{
	command=$1
	shift
	try /usr/bin/python3 -S -B coverage/cov.py "$command" "$tree" "$objdir" "$results" "$(cat "$objdir/linux.id")" "$@"
}

@test "cov: which test reaches which line" {
	# Pins: a row for each line and test, `-` for a line with code that none reaches, no row for one without code.
	run_linux one l
	run_linux two r
	run_linux two r
	cov reach io_uring/io-wq.c kernel/task_work.c
	works
	[ "$(grep '^io_uring/io-wq.c [2-5] ' <<<"$out")" = "$(printf 'io_uring/io-wq.c %s\n' '2 one' '4 one' '5 one')" ]
	[ "$(grep -c '^io_uring/io-wq.c .* two$' <<<"$out")" = 5 ]
	[ "$(grep '^kernel/task_work.c [67] ' <<<"$out")" = "$(printf 'kernel/task_work.c %s\n' '6 one')" ]
	rm -r "$results/two"
	cov reach io_uring/io-wq.c
	works
	grep -qx 'io_uring/io-wq.c 8 -' <<<"$out"
	cov reach io_uring/nosuch.c
	fails 'io_uring/nosuch.c has no code that is counted'
}

@test "cov: the runs of this build, and counts that are not of its objects" {
	# Pins: a run of another build is left out; counts of another compilation under this build's name are an error that
	# names the run, for each command, and so are counts that are cut short.
	run_linux one l
	run_linux two r
	cov runs
	works
	[ "$out" = "one
two" ]
	echo other >"$results/one/linux.id"
	cov runs
	[ "$out" = two ]
	cp "$objdir/linux.id" "$results/one"
	# The stamp is a hash of what was compiled: here of one line more.
	cp -r "$results/one/gcov" kept
	sed -i '3s/$/ seen = 9;/' "$tree/io_uring/io-wq.c"
	compile
	cp "$objdir/linux.id" "$results/one"
	cp "$objdir/linux.id" "$results/two"
	for command in runs 'reach io_uring/io-wq.c' 'who io_uring/io-wq.c:4' 'calls one io_uring/io-wq.c left'; do
		# shellcheck disable=SC2086
		cov $command
		fails 'the counts of one for io_uring/io-wq.o are of another compilation' 'make test'
	done
	rm -r "$results"
	run_linux one l
	data=$(find "$results" -name io-wq.gcda)
	truncate -s -20 "$data"
	cov reach io_uring/io-wq.c
	fails 'the counts of one for io_uring/io-wq.o are cut off'
}

@test "cov: calls of functions in one run" {
	# Pins: each by its name, in the order asked; a function that is not there, and a run without counts.
	run_linux one l
	cov calls one io_uring/io-wq.c right left
	works
	[ "$out" = "right 0
left 1" ]
	cov calls one io_uring/io-wq.c nosuch
	fails 'no function nosuch'
	cov calls two io_uring/io-wq.c left
	fails 'no counts of io_uring/io-wq.c in' 'make test T=two'
}
