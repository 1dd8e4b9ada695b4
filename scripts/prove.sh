#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# prove.sh: show that the tests see the fixes. For each kernel and fix (KERNEL= and FIX= for one), build the kernel without
# the fix beside the one with it, by the fix's patch in reverse, and run the tests that pin the fix in both: those
# whose comment in tests/ says "pins <fix>:". Exit status: 0 only if each of them fails without its fix and passes with
# it. The figures and the cost are what these tests have measured, printed as "figure <fix>: " and "cost <fix>: ".
# With FLAVOUR=smp, where time is real: what the workload of the report takes, without cancel-create-once
# and with it.

. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/variant.sh"

FIX=${FIX-}

# pins: a line "fix test" for each test that pins a fix, where test is suite.case or the name of a scenario.
pins()
{
	(cd "$top/tests" && awk '
		FNR == 1 {
			fix = ""
			name = FILENAME
			sub(/.*\//, "", name)
			sub(/(_kunit[a-z_]*)?\.c$/, "", name)
		}
		/^(\/\*| \*) pins [a-z0-9-]+: / {
			fix = $3
			sub(/:$/, "", fix)
			if (FILENAME ~ /^guest/)
				print fix, name
		}
		fix != "" && /^static void [a-z0-9_]+\(struct kunit \*test\)/ {
			sub(/^static void /, "")
			sub(/\(.*/, "")
			print fix, name "." $0
			fix = ""
		}' kunit/*_kunit*.c guest/*.c)
}

pinned()
{
	pins | sed -n "s/^$1 //p"
}

# code TREE: what the compiler made of the code under test. The objects as such differ from one compilation to the next.
code()
{
	(cd "$1/um-$FLAVOUR" && objdump -d io_uring/*.o kernel/task_work.o) | sha256sum
}

# run WORK TEST...: run the tests of the kernel there; each leaves its verdict.
run()
{
	in=$1/prove-results-$FLAVOUR
	log=$1/prove.log
	shift
	rm -rf "$in"
	"$top/scripts/test.sh" "$@" >"$log" 2>&1 || :
	for t; do
		[ -s "$in/$t/verdict" ] || die "$t was not run: $(tail -n 1 "$log") (see $log)"
	done
}

# not_passed WORK TEST...: those of the tests that have not.
not_passed()
{
	in=$1/prove-results-$FLAVOUR
	shift
	for t; do
		grep -qx passed "$in/$t/verdict" || echo "$t"
	done
}

measured()
{
	cat "$2/prove-results-$FLAVOUR"/*/ktap 2>/dev/null | sed -n "s/.*$1 $fix: //p"
}

# make_without: build the kernel without $fix. Print what is wrong, if anything is.
make_without()
{
	patch=$top/patches/$KERNEL/$fix.patch
	start=$(date +%s)
	why=$(variant_new "without-$fix" && variant_patch "without-$fix" -R "$patch" 2>&1) || {
		echo "${why#prove: }"
		return
	}
	why=$(variant_build "without-$fix" 2>&1) || {
		echo "the kernel does not build without it: ${why#*does not build: }"
		return
	}
	echo "$(($(date +%s) - start))" >"$without/seconds"
	[ "$(code "$tree")" != "$(code "$without/tree")" ] || echo "the kernel without it is the same as with it"
}

# not_failed: what else became of $pinned_tests without $fix. A run that hung or crashed may have done so for another reason.
not_failed()
{
	for t in $pinned_tests; do
		verdict=$(cat "$without/prove-results-$FLAVOUR/$t/verdict")
		case $verdict in
		failed) ;;
		passed) echo "passes without it: $t" ;;
		*) echo "$t without it: $verdict" ;;
		esac
	done
}

# try: run the tests of $fix without it. Print "proved" if each of them fails, or what is wrong.
try()
{
	wrong="no test pins it"
	[ -z "$pinned_tests" ] || wrong=$(make_without)
	[ -z "$wrong" ] || {
		echo "$wrong"
		return
	}
	# shellcheck disable=SC2086
	VARIANT=without-$fix run "$without" $pinned_tests
	wrong=$(not_failed | paste -sd ';')
	echo "${wrong:-proved}"
}

# prove: the row of $fix. Return whether it is proved, which takes that each step of it was gone through.
prove()
{
	pinned_tests=$(pinned "$fix")
	without=$work@without-$fix
	verdict=$("$0" --try "$fix") || verdict="stopped: ${verdict:-see above}"
	# shellcheck disable=SC2086
	bad=$(not_passed "$work" $pinned_tests | paste -sd ' ')
	proved=
	if [ -n "$bad" ]; then
		verdict="fail with it: $bad"
	elif [ "$verdict" = proved ]; then
		proved=yes
		verdict="proved by $(echo "$pinned_tests" | wc -w) tests, built in $(cat "$without/seconds") s"
	fi
	before=$(measured figure "$without" | tail -n 1)
	after=$(measured figure "$work" | tail -n 1)
	printf '%-7s %-22s %-41s %-41s %s\n' "$KERNEL" "$fix" "$before" "$after" "$verdict"
	# shellcheck disable=SC2086
	[ -z "$pinned_tests" ] || printf '                %s\n' $pinned_tests
	# For report.sh.
	mkdir -p "$work/proof-$FLAVOUR"
	printf '%s\t%s\t%s\n%s\n' "$before" "$after" "$verdict" "$pinned_tests" >"$work/proof-$FLAVOUR/$fix"
	[ -n "$proved" ]
}

# table COMMAND: run it, and keep what it prints for report.sh, if it ends well.
table()
{
	kept=$work/proof-$FLAVOUR/$1.table
	mkdir -p "$work/proof-$FLAVOUR"
	rm -f "$kept" "$kept.good"
	{ "$1" && : >"$kept.good"; } | tee "$kept.tmp"
	[ -e "$kept.good" ] || return 1
	rm "$kept.good"
	mv "$kept.tmp" "$kept"
}

# cost: what match_all saves, beside what the formulas in patches/ promise.
cost()
{
	fix=cancel-create-once
	measured cost "$work@without-$fix" >"$work/cost"
	[ -s "$work/cost" ] || {
		echo "$KERNEL: no test has printed the cost of $fix"
		return 1
	}
	measured cost "$work" | awk -v kernel="$KERNEL" '
		FNR == NR { calls[$1, $2] = $3; locks[$1, $2] = $4; next }
		FNR == 1 {
			printf "\n%s: calls of match under pi_lock, and how often that is taken, with N unrelated entries and k matches\n", kernel
			printf "%8s %5s %14s %14s %6s %10s %10s %6s\n", "N", "k", "without", "k(N+1)+N", "locks", "with", "(N+k)+N", "locks"
		}
		{ printf "%8d %5d %14d %14d %6d %10d %10d %6d\n", $1, $2, calls[$1, $2], $2 * ($1 + 1) + $1, locks[$1, $2],
			$3, $1 + $2 + $1, $4 }' "$work/cost" -
}

# calls W: of the match functions of io-wq, in a run of the reproducer with W workers.
calls()
{
	PROVE=1 ARGS="repro_workers=$1 mem=256M" "$top/scripts/test.sh" fifo-msg-exit >&2 &&
		counts=$("$top/scripts/lib/calls.sh" fifo-msg-exit io_uring/io-wq.c io_task_worker_match io_task_work_match) &&
		echo "$counts" | awk '{ n += $2 } END { print n }'
}

# reproduce: what the workload of the report costs, until that differs by a factor of 100.
reproduce()
{
	if ! has_gcov; then
		printf '\n%s: flavour %s counts no calls\n' "$KERNEL" "$FLAVOUR"
		return 0
	fi
	[ -f "$top/tests/guest/fifo-msg-exit.c" ] || return 0
	printf '\n%s: calls of match as a task is killed that has W workers and 1000 messages (fifo-msg-exit)\n' "$KERNEL"
	printf '%8s %14s %10s %8s\n' W without with ratio
	for w in 32 128 512; do
		before=$(VARIANT=without-cancel-create-once calls "$w" 2>"$work/prove.log") &&
			after=$(calls "$w" 2>"$work/prove.log") || {
			echo "fifo-msg-exit failed: $(tail -n 1 "$work/prove.log") (see $work/prove.log)"
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

# clock W N: medians of three runs of the reproducer with W workers and N messages: us until it was reaped, us with interrupts
# off. With more processors than the machine has, who holds a lock waits for one at times: figures with the fix went from
# 40 to 2300 ms. Without the fix it takes long enough for RCU to report a stall.
clock()
{
	ktap=$work${VARIANT:+@$VARIANT}/prove-results-$FLAVOUR/fifo-msg-exit/ktap
	: >"$work/clock"
	for _ in 1 2 3; do
		PROVE=1 LIMIT=300 \
			ARGS="repro_workers=$1 repro_messages=$2 limit=200 mem=2G ncpus=2 rcupdate.rcu_cpu_stall_suppress=1" \
			"$top/scripts/test.sh" fifo-msg-exit >"$work/prove.log" 2>&1 || return 1
		sed -n "s/.*figure $fix: .*[a-z] \([0-9]*\) us.*/\1/p" "$ktap" >>"$work/clock"
	done
	sed -n 'p;n' "$work/clock" | sort -n | sed -n 2p
	sed -n 'n;p' "$work/clock" | sort -n | sed -n 2p
}

# timed: the workload of the report by the clock, until that differs by a factor of 100.
timed()
{
	printf '%s, %s: a task is killed that has W workers and N messages (fifo-msg-exit), medians of 3 in ms\n' \
		"$KERNEL" "$FLAVOUR"
	printf '%8s %8s %28s %8s   %28s %8s\n' \
		W N "until reaped: without, with" ratio "interrupts off: without, with" ratio
	for size in "128 10000" "1024 100000" "8192 500000"; do
		# shellcheck disable=SC2086
		before=$(VARIANT=without-$fix clock $size) && after=$(clock $size) ||
			die "fifo-msg-exit failed: $(tail -n 1 "$work/prove.log") (see $work/prove.log)"
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

# Each fix and each kernel by a process of its own: one that stops halfway has proved nothing.
case ${1-} in
--try)
	fix=$2
	pinned_tests=$(pinned "$fix")
	without=$work@without-$fix
	try
	exit
	;;
--kernel)
	[ -n "$(fixes)" ] || die "patches/$KERNEL/series names no fix below a line '# fixes'"
	lock
	rm -rf "$work/proof-$FLAVOUR/$FIX"
	"$top/scripts/build.sh" >&2
	if [ "$FLAVOUR" = smp ]; then
		fix=cancel-create-once
		without=$work@without-$fix
		wrong=$(make_without)
		[ -z "$wrong" ] || die "$fix: $wrong"
		table timed
		exit
	fi
	# shellcheck disable=SC2046
	run "$work" $(for fix in $(fixes); do pinned "$fix"; done)
	status=0
	for fix in $(fixes); do
		prove || status=1
	done
	case " $(fixes | paste -sd ' ') " in
	*" cancel-create-once "*)
		table cost || status=1
		table reproduce || status=1
		;;
	esac
	exit "$status"
	;;
esac

[ -z "$FIX" ] || [ -f "$top/patches/$KERNEL/$FIX.patch" ] ||
	die "no fix $FIX: FIX= takes one of $(FIX='' && fixes | paste -sd ' ')"
for fix in $(pins | cut -d ' ' -f 1 | sort -u); do
	[ -n "$(find "$top/patches" -name "$fix.patch")" ] || die "a test in tests/ pins $fix, which is no fix in patches/"
done
if [ "$FLAVOUR" = smp ]; then
	PROVE=1 exec "$0" --kernel
fi
printf '%-7s %-22s %-41s %-41s %s\n' kernel fix without with verdict
status=0
all=$asked
# A tree of the user's own takes the patches of one kernel.
[ -z "$KDIR" ] || all=$KERNEL
gone=$(gone)
[ -n "$all" ] || [ -z "$gone" ] || say "without kernel $gone, which the mirror no longer has" >&2
for k in ${all:-$(kernels | grep -vxF "$gone")}; do
	PROVE=1 KERNEL=$k "$0" --kernel || status=1
done
exit "$status"
