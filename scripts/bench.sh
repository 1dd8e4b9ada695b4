#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# bench.sh: measure the build, the edit loop and the boot that README.md claims, and the kernel's own kunit.py on the same
# machine, in a tree of its own; then how many schedules a second flavour explore runs, many in a boot and a boot each. One cold
# build of each, and five of everything else; RUNS=n does n of all. Prints medians and ratios.

VARIANT=bench
export VARIANT
. "$(dirname "$0")/lib/common.sh"

kunit=$work/kunit

# ms COMMAND...: print how long it took in ms; its output only if it fails.
ms()
{
	start=$(date +%s%N)
	"$@" >"$work/bench.log" 2>&1 || {
		cat "$work/bench.log" >&2
		die "failed: $*"
	}
	echo $((($(date +%s%N) - start) / 1000000))
}

median()
{
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# figure NAME: the median of what was measured.
figure()
{
	median <"$work/$1.tmp"
}

kunit_py()
{
	verb=$1
	shift
	(cd "$tree" && PYTHONDONTWRITEBYTECODE=1 ./tools/testing/kunit/kunit.py "$verb" --build_dir="$kunit" \
		--kunitconfig="$work/kunitconfig" --jobs="$JOBS" "$@")
}

cold_ours()
{
	rm -rf "$objdir"
	ms "$top/scripts/build.sh"
}

cold_kunit()
{
	rm -rf "$kunit"
	mkdir -p "$kunit"
	ms kunit_py build
}

# edit N: change one line of io-wq.c, without changing its meaning.
edit()
{
	sed -i "s/^\(#define WORKER_INIT_LIMIT\t\).*/\1(3 + 0 * $1)/" "$tree/io_uring/io-wq.c"
	! git -C "$tree" diff --quiet -- io_uring/io-wq.c || die "the line to edit is not in io-wq.c of $KERNEL"
}

loop_ours()
{
	edit "$1"
	ms sh -c '"$0/scripts/build.sh" && "$0/scripts/test.sh" io-wq' "$top"
}

loop_kunit()
{
	edit "$1"
	ms kunit_py run
}

boot()
{
	ms "$objdir/linux" list=1
}

# row NAME LIMIT OURS KUNIT
row()
{
	awk -v name="$1" -v limit="$2" -v ours="$3" -v kunit="$4" 'BEGIN {
		printf "%-44s %9.2f s %9.2f s %7.2f   %s\n", name, ours / 1000, kunit / 1000, ours / kunit, limit
		exit ours > limit * kunit
	}'
}

# explored WORD SEEDS BOOTS: print how many schedules a second that makes, with BOOTS boots of SEEDS seeds each.
explored()
{
	started=$(date +%s%N)
	seq 0 $(($3 - 1)) | awk -v n="$2" '{ print "explore=" $1 * n + 1 "-" ($1 + 1) * n }' |
		xargs -P "$JOBS" -I '{}' "$explorer" "$1" '{}' >"$work/bench.log" 2>&1 || {
		cat "$work/bench.log" >&2
		die "a schedule of $1 has failed"
	}
	echo $(($2 * $3 * 1000000000 / ($(date +%s%N) - started)))
}

# schedules NAME WORD SEEDS LEAST: a row.
schedules()
{
	i=0
	while [ $((i += 1)) -le "${RUNS:-5}" ]; do
		explored "$2" "$3" "$((2 * JOBS))" >>"$work/many-$1.tmp"
		explored "$2" 1 "$((20 * JOBS))" >>"$work/each-$1.tmp"
	done
	many=$(figure "many-$1")
	each=$(figure "each-$1")
	printf '%-44s %9d/s %9d/s %7d   %s\n' "schedules of $1" "$many" "$each" "$((many / each))" "${4:+$4/s}"
	[ "$many" -ge "${4:-0}" ]
}

# undo: a run that was stopped leaves an edit of ours in the tree.
undo()
{
	[ ! -d "$tree/.git" ] || git -C "$tree" checkout -q -- io_uring/io-wq.c
	rm -f "$work"/*.tmp
}

"$top/scripts/deps.sh"
lock
undo
trap undo EXIT
"$top/scripts/lib/tree.sh"
printf 'CONFIG_KUNIT=y\nCONFIG_KUNIT_EXAMPLE_TEST=y\nCONFIG_IO_URING=y\n' >"$work/kunitconfig"

say "cold builds, ${RUNS:-1} of each"
i=0
while [ $((i += 1)) -le "${RUNS:-1}" ]; do
	cold_ours >>"$work/cold-ours.tmp"
	cold_kunit >>"$work/cold-kunit.tmp"
done
say "edit loops and boots, ${RUNS:-5} of each"
i=0
while [ $((i += 1)) -le "${RUNS:-5}" ]; do
	loop_ours $((2 * i)) >>"$work/loop-ours.tmp"
	loop_kunit $((2 * i + 1)) >>"$work/loop-kunit.tmp"
	boot >>"$work/boot.tmp"
done
status=0
printf '%-44s %11s %11s %7s   %s\n' "median, $JOBS CPUs" umring kunit.py ratio "at most"
row "cold build" 0.8 "$(figure cold-ours)" "$(figure cold-kunit)" || status=1
row "edit of io-wq.c to verdict" 0.4 "$(figure loop-ours)" "$(figure loop-kunit)" || status=1
boot=$(figure boot)
printf '%-44s %8d ms %31s\n' "boot to power-off" "$boot" "30 ms"
[ "$boot" -le 30 ] || status=1

[ -f "$top/patches/$KERNEL/explore.patch" ] || exit "$status"
say "schedules, ${RUNS:-5} runs of each"
explorer=$(variant_dir '')/tree/um-explore/linux
FLAVOUR=explore VARIANT='' "$top/scripts/build.sh" >&2
printf '%-44s %11s %11s %7s   %s\n' "median, $JOBS CPUs" "many a boot" "one a boot" ratio "at least"
schedules io_wq_trial_ask_exit kunit.filter_glob=io-wq-trial.io_wq_trial_ask_exit 4000 1000 || status=1
schedules race-poll-cancel scenario=race-poll-cancel 200 '' || status=1
exit "$status"
