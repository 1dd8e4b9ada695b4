#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# wrong.sh: try the wrong versions of each fix of a kernel (FIX= for one): tests/wrong/<fix>/*.patch, where *.<kernel>.patch
# takes precedence. Each is applied on top of the fix, built and tested: first with the suites and scenarios that pin the fix,
# then with all others, until a test fails. A row for each wrong version says which test failed.
# A patch with "needs: explore" in its header can fail only with several CPUs or weak memory ordering: bugs.sh builds it in flavour
# explore, and a trial must fail. With EVERY=, or where the kernel cannot explore, it is listed as open.
# EVERY=10 takes a tenth of them.
# Exit status: 0 only if some test failed on each of the others.

. "$(dirname "$0")/common.sh"
. "$top/scripts/lib/variant.sh"
. "$top/scripts/lib/pins.sh"

FIX=${FIX-}
dir=$work/proof-$FLAVOUR/wrong
given=${LIMIT-}

# first FIX: the suites and scenarios with tests that pin it.
first()
{
	pins | sed -n "s/^$1 \([^.]*\).*/\1/p" | sort -u
}

# run TEST...: run these tests, or all, with this worker's kernel. Succeeds if all passed.
run()
{
	rm -rf "$in"
	VARIANT=$variant "$top/scripts/test.sh" "$@" >"$dir/log.$worker" 2>&1 && return
	[ -n "$(find "$in" -name verdict -print -quit 2>/dev/null)" ] ||
		die "no test was run: $(tail -n 1 "$dir/log.$worker") (see $dir/log.$worker)"
	return 1
}

# hangs TEST: whether it passes without the change, so that the hang is not due to a busy machine.
hangs()
{
	VARIANT=with flock "$dir/hangs" "$top/scripts/test.sh" "$1" >"$dir/log.$worker" 2>&1
}

# failed: the cases that failed, those that pin a fix first; for a run that crashed or hung, how it ended.
failed()
{
	pins | sed 's/[^ ]* //' >"$dir/pinned.$worker"
	for v in "$in"/*/verdict; do
		why=$(cat "$v")
		test=$(basename "$(dirname "$v")")
		case $why in
		passed | skipped) ;;
		failed)
			cases=$(sed -n "s/^    not ok [0-9]* *-* */$test./p" "$(dirname "$v")/ktap")
			printf '%s\n' "${cases:-$test, outside its cases}"
			;;
		hung*) ! hangs "$test" || echo "$test, $why" ;;
		*) echo "$test, $why" ;;
		esac
	done >"$dir/failed.$worker"
	grep -xFf "$dir/pinned.$worker" "$dir/failed.$worker" || :
	grep -vxFf "$dir/pinned.$worker" "$dir/failed.$worker" || :
}

# try FIX PATCH: print what became of it.
try()
{
	why=$(variant_patch "$variant" "$2" 2>&1) || {
		# A tree of the user's may well lack what a wrong version breaks.
		case $why in
		*" does not apply: "*) [ -z "$KDIR" ] && echo "could not be tried: $why" || echo "does not apply: $why" ;;
		*) echo "could not be tried: $why" ;;
		esac
		return
	}
	why=$(variant_build "$variant" 2>&1) || {
		echo "does not build: $why"
		return
	}
	# shellcheck disable=SC2046
	if run $(first "$1") && run; then
		echo "NOT CAUGHT"
		return
	fi
	failed >"$dir/all.$worker"
	n=$(wc -l <"$dir/all.$worker")
	[ "$n" -gt 0 ] || {
		echo "could not tell: a run without the change takes as long"
		return
	}
	echo "caught by $(head -n 1 "$dir/all.$worker")$([ "$n" = 1 ] || echo " and $((n - 1)) more")"
}

# sources: the C sources that the patches listed on stdin change. Headers are left out: they would cost many objects.
sources()
{
	while read -r p; do
		patched_files "$p"
	done | grep '\.c$' | sort -u
}

# row FIX NAME PATCH VERDICT START: print it, and keep it.
row()
{
	printf '%-7s %-22s wrong: %-34s %5d ms  %s\n' "$KERNEL" "$1" "$2" "$((($(date +%s%N) - $5) / 1000000))" "$4" |
		tee -a "$dir/rows.$worker"
	printf '%s\t%s\t%s\n' "$2" "$(head -n 1 "$3")" "$4" >>"$dir/$1"
}

# explored: the rows of those that need the explorer.
explored()
{
	worker=explore
	while read -r fix name patch <&4; do
		start=$(date +%s%N)
		verdict="open: needs explore"
		if [ -z "${EVERY-}" ] && [ -f "$top/patches/$KERNEL/explore.patch" ]; then
			rm -f "$work/proof-explore/$name.verdict"
			FLAVOUR=explore VARIANT='' "$top/scripts/lib/bugs.sh" "$name" >"$dir/log.$worker" 2>&1 || :
			verdict=$(cat "$work/proof-explore/$name.verdict" 2>/dev/null || :)
			[ -n "$verdict" ] || verdict="could not be tried: $(tail -n 1 "$dir/log.$worker")"
		fi
		echo "$fix/$name" >>"$dir/applied"
		row "$fix" "$name" "$patch" "$verdict" "$start"
	done 4<"$dir/list.explore"
}

# work: try this worker's share of the list. First, its variant must pass without a change.
work()
{
	awk -v jobs="$share" -v me="$worker" 'NR % jobs == me % jobs' "$dir/list" >"$dir/list.$worker"
	[ -s "$dir/list.$worker" ] || return 0
	variant_new "$variant"
	# shellcheck disable=SC2046
	variant_same "$variant" $(cut -d ' ' -f 3- "$dir/list.$worker" | sources) && variant_build "$variant" ||
		die "a variant without a change does not build"
	# shellcheck disable=SC2046
	run $(cut -d ' ' -f 1 "$dir/list.$worker" | sort -u | while read -r fix; do first "$fix"; done | sort -u) ||
		die "tests fail without a change: $(failed | paste -sd ' ')"
	# In simulated time a hang is found at once, but a loop is not.
	LIMIT=${given:-$((10 + 5 * $(cat "$in"/*/ms | sort -n | tail -n 1) / 1000))}
	export LIMIT
	variant_reset "$variant"
	while read -r fix name patch; do
		start=$(date +%s%N)
		verdict=$(try "$fix" "$patch") || exit
		variant_reset "$variant"
		[ "$verdict" != "${verdict#does not apply: }" ] || echo "$fix/$name" >>"$dir/applied"
		row "$fix" "$name" "$patch" "$verdict" "$start"
	done <"$dir/list.$worker"
}

case ${1-} in
--work)
	worker=$2
	variant=wrong-$worker
	in=$(results_of "$variant")
	share=$JOBS
	JOBS=1
	export JOBS
	work
	exit
	;;
esac

lock
rm -rf "$dir"
mkdir -p "$dir"
for fix in $(fixes); do
	[ ! -d "$top/tests/wrong/$fix" ] || versions "$fix"
done | awk -v every="${EVERY:-1}" 'NR % every == 0' >"$dir/asked"
[ -s "$dir/asked" ] || exit 0
: >"$dir/list.explore"
while read -r fix name patch; do
	to=$dir/list
	! grep -q '^needs: explore$' "$patch" || to=$dir/list.explore
	echo "$fix $name $patch" >>"$to"
done <"$dir/asked"
began=$(date +%s)
[ ! -s "$dir/list" ] || seq "$JOBS" | xargs -P "$JOBS" -I '{}' "$0" --work '{}' || die "stopped, see above"
explored
rows=$(cat "$dir"/rows.*)
of()
{
	printf '%s\n' "$rows" | grep -c "$1" || :
}
caught=$(of ' caught by ')
open=$(of ' open: ')
elsewhere=$(of ' does not apply: ')
n=$(wc -l <"$dir/asked")
not=$((n - caught - open - elsewhere))
echo "$KERNEL: $n wrong versions: $caught caught, $open open, $elsewhere do not apply, $not not; $(($(date +%s) - began)) s"
[ "$not" = 0 ]
