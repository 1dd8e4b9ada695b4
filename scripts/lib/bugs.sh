#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# bugs.sh [bug...]: see the explorer find bugs that are put in: tests/explore/bugs/*.patch, the wrong versions of fixes that
# need it, and the changes of make mutants that do: "needs explore: " and the trial in coverage/survivors. If there is
# name.<kernel>.patch, it takes precedence. Each is built, and its trial run from five seeds on, until a seed fails or 60 s are over.
# A row for each: the trial, who found it first, how many seeds and seconds that took (the median of five), and the shortest story.
# Without a name, then also the bad ends of lib/ends.sh.
# Exit status: 0 only if all were found, five times each, and told.

export FLAVOUR="${FLAVOUR:-explore}"
. "$(dirname "$0")/common.sh"
. "$top/scripts/lib/variant.sh"
. "$top/scripts/lib/explore.sh"
. "$top/scripts/lib/pins.sh"
# It is of one schedule, and would be taken for that of each bug.
unset LIST

row='%-7s %-26s %-32s %-8s %7s %7s   %s\n'
proof=$work/proof-$FLAVOUR

# mutants: make patches of the changes that only the explorer sees.
mutants()
{
	rm -rf "$proof/mutants"
	mkdir "$proof/mutants"
	awk -F '\t' -v OFS='\t' -v here="kernel $KERNEL" '/^kernel / { on = $0 == here }
		on && sub(/^needs explore: /, "", $3) && $3 ~ /^[a-z0-9_]*_trial_/ { sub(/:.*/, "", $3); print }' \
		"$top/coverage/survivors" >"$proof/changes"
	[ ! -s "$proof/changes" ] || "$top/scripts/mutants.sh" --patches "$proof/mutants" <"$proof/changes" >&2
}

# bugs: their patches, for this kernel.
bugs()
{
	versions_in "$top/tests/explore/bugs" | cut -d ' ' -f 2-
	for fix in $(fixes); do
		[ ! -d "$top/tests/wrong/$fix" ] || versions "$fix"
	done | cut -d ' ' -f 3- | xargs -d '\n' grep -l '^needs: explore' || :
	printf '%s\n' "$proof"/mutants/*.patch | grep -v '/\*\.patch$' || :
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
	bug=${bug%."$KERNEL"}
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
		(export SEED="$seed" put_in="$bug" report="$work/report-$FLAVOUR" && in_variant bug minimise "$trial") \
			>"$proof/$bug.story" 2>"$proof/log" || :
		how=$(sed -n '1s/.*after minimising \(.*\); \([0-9]* boots, .*\)/\1 (\2)/p' "$proof/$bug.story")
		[ -n "$how" ] || how="NOT MINIMISED: $(cat "$proof/log" "$proof/$bug.story" | tail -n 1)"
	fi
	# shellcheck disable=SC2059
	printf "$row" "$KERNEL" "$bug" "$trial" "$(head -n 1 "$proof/found" | cut -d ' ' -f 3)" "$(median 1)" "$(median 4)" "$how"
	# For wrong.sh.
	case $how in
	NOT*)
		echo "$how" >"$proof/$bug.verdict"
		return 1
		;;
	esac
	echo "caught by $trial after $(median 1) seeds" >"$proof/$bug.verdict"
}

build_explorer
mkdir -p "$proof"
# Those that are asked for are no mutants.
if [ $# = 0 ]; then mutants; else rm -rf "$proof/mutants"; fi
bugs >"$proof/bugs"
sed "s,.*/,,; s/\.patch$//; s/\.$KERNEL$//" "$proof/bugs" >"$proof/names"
for name; do
	grep -qxF -- "$name" "$proof/names" || die "no bug $name in tests/explore/bugs, or not for kernel $KERNEL"
done
# shellcheck disable=SC2059
printf "$row" kernel bug trial "found by" seeds seconds story
bad=0
while read -r patch <&4; do
	name=$(basename "$patch" .patch)
	name=${name%."$KERNEL"}
	case " ${*:-$name} " in
	*" $name "*) try "$patch" || bad=1 ;;
	esac
done 4<"$proof/bugs"
[ $# -gt 0 ] || "$top/scripts/lib/ends.sh" || bad=1
exit "$bad"
