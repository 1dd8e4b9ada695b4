#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# tree.sh: bring build/<kernel>/tree, or with KDIR= the copy of that tree, up to date, and say what of the series and of the
# suites' stubs fits it, and of the lines of the flavour's configuration, without a build. Exit status: 0 all fits, 1 something is
# left out, 3 the tree cannot be built like that.

. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/quick.sh"
. "$top/scripts/lib/series.sh"
. "$top/scripts/lib/features.sh"
. "$top/scripts/lib/kconfig.sh"

find_kernel "$@"
lock
"$top/scripts/lib/tree.sh"
[ "$(readlink "$tests")" = "$top/tests" ] || ln -sfn "$top/tests" "$tests"
echo "${KDIR:-linux-source-$KERNEL}, which is $(tree_release <"$tree/Makefile"): the series of $KERNEL, for $(release)"
while IFS=$tab read -r patch how; do
	printf '%-32s %s\n' "$patch" "$how"
done <"$work/fits"
sed -n 's/^# merged: //p' "$top/patches/$KERNEL/series" | while read -r patch; do
	if git -C "$tree" apply --reverse --check "$top/patches/$KERNEL/$patch" 2>/dev/null; then
		how="is in this tree already"
	elif features "$tree" fixes | grep -qx "FIX_$(printf '%s\n' "${patch%.patch}" | tr a-z- A-Z_) 1"; then
		how="is in this tree in another form"
	else
		how="is not in this tree: its cases are skipped"
	fi
	printf '%-32s %s\n' "$patch" "$how"
done
scratch=$(mktemp -d "$work/place.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
(KDIR=any && place "$tree" "$scratch") 2>&1 | sed 's/^build: note: //; s/^/left out: /' >"$work/lacks"
cat "$work/lacks"
# What a dependency does to a line of the configuration takes Kconfig to tell.
symbols | cut -f 1 | sort -u >"$scratch/symbols"
fragment_text | last_words | grep "${tab}CONFIG_" | sort >"$scratch/lines"
join -t "$tab" -v 1 "$scratch/lines" "$scratch/symbols" >"$scratch/unknown"
while IFS=$tab read -r _ line what; do
	printf '%-32s %s\n' "$line" "is not in this tree: without ${what:-it, flavour $FLAVOUR cannot be built}"
done <"$scratch/unknown"
! grep -q "$tab$" "$scratch/unknown" || exit 3
! grep -q "${tab}left out: " "$work/fits" && [ ! -s "$work/lacks" ] && [ ! -s "$scratch/unknown" ]
