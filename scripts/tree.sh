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

has_fix()
{
	features "$tree" fixes | grep -qx "$(fix_feature "${1%.patch}") 1"
}

# patches: what became of each.
patches()
{
	other="is in this tree in another form"
	while IFS=$tab read -r patch how; do
		case $how in
		'left out: '*) ! has_fix "$patch" || how=$other ;;
		esac
		printf '%-32s %s\n' "$patch" "$how"
	done <"$work/fits"
	sed -n 's/^# merged: //p' "$top/patches/$KERNEL/series" | while read -r patch; do
		if git -C "$tree" apply --reverse --check "$top/patches/$KERNEL/$patch" 2>/dev/null; then
			how="is in this tree already"
		elif has_fix "$patch"; then
			how=$other
		else
			how="is not in this tree: its cases are skipped"
		fi
		printf '%-32s %s\n' "$patch" "$how"
	done
}

# lines: those of the configuration whose symbol no Kconfig file has. What a dependency does to a line takes Kconfig to tell.
lines()
{
	symbols | cut -f 1 | sort -u >"$scratch/symbols"
	fragment_text | last_words | grep "${tab}CONFIG_" | sort >"$scratch/lines"
	join -t "$tab" -v 1 "$scratch/lines" "$scratch/symbols" | while IFS=$tab read -r _ line what; do
		printf '%-32s %s\n' "$line" "is not in this tree: without ${what:-it, flavour $FLAVOUR cannot be built}"
	done
}

find_kernel "$@"
lock
"$top/scripts/lib/tree.sh"
[ "$(readlink "$tests")" = "$top/tests" ] || ln -sfn "$top/tests" "$tests"
echo "${KDIR:-linux-source-$KERNEL}, which is $(tree_release <"$tree/Makefile"): the series of $KERNEL, for $(release)"
scratch=$(mktemp -d "$work/place.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
patches | tee "$scratch/patches"
(KDIR=any && place "$tree" "$scratch") 2>&1 | sed 's/^build: note: //; s/^/left out: /' >"$work/lacks"
cat "$work/lacks"
lines | tee "$scratch/lost"
! grep -q 'cannot be built$' "$scratch/lost" || exit 3
! grep -q ' left out: ' "$scratch/patches" && [ ! -s "$work/lacks" ] && [ ! -s "$scratch/lost" ]
