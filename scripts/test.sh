#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test.sh [glob...]: run every suite and scenario of the built kernel, or those whose names match, each in a ./linux of
# its own, as many at once as there are processors. A glob `suite.case` takes single cases of a suite.
# build/<kernel>/results-<flavour>/<name>/ gets the KTAP, the console, the verdict and the counts (*.gcda) of each
# run; `ktap` beside them is all of them in one stream. Exit status: 0 all passed, 1 something failed.
# LIMIT is the real time in seconds that one run may take (30, or 150 where time is not simulated), ARGS more words for the
# kernel's command line.

. "$(dirname "$0")/lib/common.sh"

linux=$objdir/linux

# The kernel itself says which suites and scenarios it holds.
all()
{
	"$linux" list=1 2>/dev/null </dev/null | sed -n 's/\r$//; /^suite \|^scenario /p'
}

# chosen GLOB...: the lines of $names that a glob matches; for suite.case, the suite's with the case added.
chosen()
{
	for glob; do
		printf '%s\n' "$names" | while read -r kind name; do
			# shellcheck disable=SC2254
			case $kind.$name in
			suite.${glob%%.*}) [ "$glob" = "${glob%%.*}" ] || name=$name.${glob#*.} ;;
			*.$glob) ;;
			*) continue ;;
			esac
			echo "$kind $name"
		done
	done | sort -u
}

# One stream of the runs: each one's KTAP is a whole stream with one result, which gets its number.
merge()
{
	echo "KTAP version 1"
	echo "1..$(wc -l <"$results/runs")"
	n=0
	while read -r _ name; do
		n=$((n + 1))
		why=$(cat "$results/$name/verdict" 2>/dev/null || echo "was not run to its end")
		case $why in
		passed | failed)
			sed -E "/^KTAP version|^1\.\.1$/d; s/^((not )?ok) 1 /\1 $n /" "$results/$name/ktap"
			;;
		*)
			echo "# $name: $why"
			sed -n '/Kernel panic\|BUG\|WARNING/ s/^/# /p' "$results/$name/console" | head -n 5
			echo "not ok $n $name"
			;;
		esac
	done <"$results/runs"
}

lock
[ -x "$linux" ] || die "no kernel is built for $KERNEL, flavour $FLAVOUR: run make kernel"
[ $# -gt 0 ] || set -- '*'
mkdir -p "$results"
rm -f "$results/summary"
linux_id >"$objdir/linux.id"
names=$(all)
[ -n "$names" ] || die "the kernel names no suite and no scenario, try: $linux list=1"
for glob; do
	[ -n "$(chosen "$glob")" ] || die "nothing matches $glob; there are: $(printf '%s\n' "$names" | cut -d ' ' -f 2 | paste -sd ' ')"
done
[ "$*" != '*' ] || find "$results" -mindepth 1 -maxdepth 1 -type d -exec rm -rf {} +
chosen "$@" >"$results/runs"

# The kernel's own parser has the last word on the counts. -S: it needs no site module, and that takes longer than it does.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
parser=$tree/tools/testing/kunit/kunit.py
set -- --json="$results/results.json"
! grep -q -- "'--junit'" "$parser" || set -- "$@" --junit="$results/junit.xml"

# parse OPTION...: the KTAP on stdin.
parse()
{
	"$python" -S -X pycache_prefix="$work/pycache" "$parser" parse "$@" >"$results/parsed" 2>&1
}

# go: the runs, a line for each on fd 3, and their KTAP on stdout.
go()
{
	xargs -L 1 -P "$JOBS" "$top/scripts/lib/one.sh" <"$results/runs" >&3
	merge >"$results/ktap.tmp" && mv "$results/ktap.tmp" "$results/ktap" && cat "$results/ktap"
}

# The parser starts with the runs: its imports take longer than many a suite.
rm -f "$results/ktap" "$results/junit.xml"
parsed=0
start=$(date +%s%N)
exec 3>&1
go | parse "$@" || parsed=$?
wall=$((($(date +%s%N) - start) / 1000000))
[ -f "$results/ktap" ] || die "cannot write $results/ktap, is the disk full?"
counts=$(sed -n 's/.*Testing complete\. //p' "$results/parsed")
# Python takes what a full disk has left of its cache for whole.
if [ -z "$counts" ]; then
	rm -rf "$work/pycache"
	parsed=0
	parse "$@" <"$results/ktap" || parsed=$?
	counts=$(sed -n 's/.*Testing complete\. //p' "$results/parsed")
fi
[ -e "$results/junit.xml" ] || "$python" -S "$top/scripts/lib/junit.py" "$results/results.json" >"$results/junit.xml"
[ -n "$counts" ] || die "$parser has no counts, see $results/parsed: $(tail -n 1 "$results/parsed")"
echo "$counts ($(wc -l <"$results/runs") runs, $((wall / 1000)).$(printf '%03d' $((wall % 1000))) s)" | tee "$results/summary"
while read -r _ name; do
	grep -qx passed "$results/$name/verdict" || exit 1
done <"$results/runs"
[ "$parsed" = 0 ] || exit 1
