#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# bugs.sh [bug...]: see the explorer find bugs that are put in: tests/explore/bugs/*.patch, and the wrong versions of fixes that
# need it. Each is built, and its trial run from five seeds on, until a seed fails or 60 s are over.
# A row for each: the trial, who found it first, how many seeds and seconds that took (the median of five), and the shortest story.
# Without a name, then also the bad ends of lib/ends.sh.
# Exit status: 0 only if all were found, five times each, and told.

export FLAVOUR="${FLAVOUR:-explore}"
. "$(dirname "$0")/common.sh"
. "$top/scripts/lib/variant.sh"
. "$top/scripts/lib/explore.sh"
. "$top/scripts/lib/pins.sh"

row='%-7s %-22s %-32s %-8s %7s %7s   %s\n'
proof=$work/proof-$FLAVOUR

# bugs: their patches; those of the wrong versions that are for this kernel.
bugs()
{
	printf '%s\n' "$top"/tests/explore/bugs/*.patch
	for fix in $(fixes); do
		versions "$fix"
	done | cut -d ' ' -f 3- | xargs -d '\n' grep -l '^needs: explore'
}

# median FIELD: of the lines of the five.
median()
{
	cut -d ' ' -f "$1" "$proof/found" | sort -n | sed -n 3p
}

# try PATCH: print the row of this bug.
try()
{
	bug=$(basename "$1" .patch)
	trial=$(trial_of "$1")
	how=
	[ -n "$trial" ] || how="NOT FOUND: it names no trial"
	[ -n "$how" ] || with_bug bug "$1" >"$proof/log" 2>&1 || how="NOT FOUND: does not build: $(tail -n 1 "$proof/log")"
	: >"$proof/found"
	if [ -z "$how" ]; then
		for first in 1 10001 20001 30001 40001; do
			in_variant bug find "$trial" "$first" >>"$proof/found" 2>"$proof/log" || how="NOT FOUND from seed $first on $(cat "$proof/log")"
		done
	fi
	if [ -z "$how" ]; then
		seed=$(head -n 1 "$proof/found" | cut -d ' ' -f 2)
		# Its name is on the page of the story, which stays when the variant goes.
		(export SEED="$seed" put_in="$bug" report="$work/report-$FLAVOUR" && in_variant bug minimise "$trial") >"$proof/$bug.story" 2>"$proof/log" || :
		how=$(sed -n '1s/.*after minimising \(.*\); \([0-9]* boots, .*\)/\1 (\2)/p' "$proof/$bug.story")
		[ -n "$how" ] || how="NOT MINIMISED: $(tail -n 1 "$proof/log" "$proof/$bug.story" | tail -n 1)"
	fi
	# shellcheck disable=SC2059
	printf "$row" "$KERNEL" "$bug" "$trial" "$(head -n 1 "$proof/found" | cut -d ' ' -f 3)" "$(median 1)" "$(median 4)" "$how"
	case $how in NOT*) return 1 ;; esac
}

build_explorer
mkdir -p "$proof"
# shellcheck disable=SC2059
printf "$row" kernel bug trial "found by" seeds seconds story
good=0
tried=
bugs >"$proof/bugs"
while read -r patch <&4; do
	case " ${*:-$(basename "$patch" .patch)} " in
	*" $(basename "$patch" .patch) "*)
		tried=yes
		try "$patch" || good=1
		;;
	esac
done 4<"$proof/bugs"
[ -n "$tried" ] || die "no bug $* in tests/explore/bugs"
[ $# -gt 0 ] || "$top/scripts/lib/ends.sh" || good=1
exit "$good"
