#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# cancel-create-once.sh: print what the fix saves. `make prove` calls it once the kernels with and without it are built.
#   - Counts: calls of the match functions under pi_lock, in the KUnit cases that print "cost" and in the workload of the
#     report (fifo-msg-exit), which has to end with a factor of 100.
#   - With FLAVOUR=smp, times: that workload, medians of three runs.

. "$(dirname "$0")/../../scripts/lib/common.sh"
. "$top/scripts/lib/variant.sh"
. "$top/scripts/lib/counts.sh"

fix=cancel-create-once
log=$work/proof-$FLAVOUR/figures.log

cost_of()
{
	cat "$(results_of "$1")"/*/ktap 2>/dev/null | sed -n "s/.*cost $fix: //p"
}

# cost: print the cost of a walk over N unrelated entries and k that match, beside the formulas in the patch's message.
cost()
{
	cost_of "without-$fix" >"$log"
	[ -s "$log" ] || {
		echo "$KERNEL: no test has printed the cost of $fix"
		return 1
	}
	cost_of with | awk -v kernel="$KERNEL" '
		FNR == NR { calls[$1, $2] = $3; locks[$1, $2] = $4; next }
		FNR == 1 {
			printf "\n%s: calls of match under pi_lock, and how often it is taken, with N unrelated entries and k matches\n", kernel
			printf "%8s %5s %14s %14s %6s %10s %10s %6s\n", "N", "k", "without", "k(N+1)+N", "locks", "with", "(N+k)+N", "locks"
		}
		{ printf "%8d %5d %14d %14d %6d %10d %10d %6d\n", $1, $2, calls[$1, $2], $2 * ($1 + 1) + $1, locks[$1, $2],
			$3, $1 + $2 + $1, $4 }' "$log" -
}

# calls VARIANT W: print the number of calls of the match functions, in a run of the workload with W workers.
calls()
{
	export VARIANT="$1"
	ARGS="repro_workers=$2 mem=256M" "$top/scripts/test.sh" fifo-msg-exit >&2 &&
		counts=$("$top/scripts/lib/calls.sh" fifo-msg-exit io_uring/io-wq.c io_task_worker_match io_task_work_match) &&
		echo "$counts" | awk '{ n += $2 } END { print n }'
}

reproduce()
{
	if ! has_gcov; then
		printf '\n%s: flavour %s counts no calls\n' "$KERNEL" "$FLAVOUR"
		[ "$FLAVOUR" != default ]
		return
	fi
	printf '\n%s: calls of match as a task is killed that has W workers and 1000 messages (fifo-msg-exit)\n' "$KERNEL"
	printf '%8s %14s %10s %8s\n' W without with ratio
	for w in 32 128 512; do
		before=$(calls "without-$fix" "$w" 2>"$log") && after=$(calls with "$w" 2>"$log") || {
			echo "fifo-msg-exit failed: $(tail -n 1 "$log") (see $log)"
			return 1
		}
		[ "${after:-0}" -gt 0 ] || {
			echo "fifo-msg-exit has called no match function"
			return 1
		}
		printf '%8d %14d %10d %8d\n' "$w" "$before" "$after" "$((before / after))"
	done
	[ "$((before / after))" -ge 100 ] || {
		echo "the last ratio is not 100"
		return 1
	}
}

# clock VARIANT W N: print the time until a task with W workers and N messages was reaped, and the time with interrupts off,
# both in us. ncpus=2: with more CPUs than the machine has, a lock holder sometimes waits for a CPU, and figures with the fix went
# from 40 to 2300 ms. Without the fix it takes so long that RCU would report a stall.
clock()
{
	export VARIANT="$1"
	: >"$log.us"
	for _ in 1 2 3; do
		LIMIT=300 ARGS="repro_workers=$2 repro_messages=$3 limit=200 mem=2G ncpus=2 rcupdate.rcu_cpu_stall_suppress=1" \
			"$top/scripts/test.sh" fifo-msg-exit >"$log" 2>&1 || return 1
		sed -n "s/.*figure $fix: .*[a-z] \([0-9]*\) us.*/\1/p" "$(results_of "$1")/fifo-msg-exit/ktap" >>"$log.us"
	done
	sed -n 'p;n' "$log.us" | sort -n | sed -n 2p
	sed -n 'n;p' "$log.us" | sort -n | sed -n 2p
}

timed()
{
	printf '%s, %s: a task is killed that has W workers and N messages (fifo-msg-exit), medians of 3 in ms\n' \
		"$KERNEL" "$FLAVOUR"
	printf '%8s %8s %28s %8s   %28s %8s\n' \
		W N "until reaped: without, with" ratio "interrupts off: without, with" ratio
	for size in "128 10000" "1024 100000" "8192 500000"; do
		# shellcheck disable=SC2086
		before=$(clock "without-$fix" $size) && after=$(clock with $size) ||
			die "fifo-msg-exit failed: $(tail -n 1 "$log") (see $log)"
		# shellcheck disable=SC2086
		set -- $before $after
		[ $# = 4 ] || die "fifo-msg-exit has printed no times"
		echo "$size $*" | awk '{ printf "%8d %8d %18.1f %9.1f %8d   %18.1f %10.1f %8d\n", $1, $2, $3 / 1000, $5 / 1000,
			$3 / $5, $4 / 1000, $6 / 1000, $4 / $6 }'
		[ "$1" -lt $((100 * $3)) ] || return 0
	done
	echo "until reaped, no ratio is 100"
	return 1
}

if [ "$FLAVOUR" = smp ]; then
	timed
else
	cost
	reproduce
fi
