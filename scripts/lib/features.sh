# SPDX-License-Identifier: GPL-2.0
# Read after common.sh, series.sh and pins.sh: what the tree has and lacks, for suites and scenarios.
# shellcheck shell=sh disable=SC2154,SC2034

# features TREE [fixes]: a header that says which of tests/kunit/features the tree has, so that no suite and no scenario asks for
# its version; or print "FIX_... 0" for those that are fixes.
features_h=include/generated/kunit_has.h
features()
{
	awk -v tree="$1" -v fixes="${2-}" -f "$top/scripts/lib/features.awk" "$top/tests/kunit/features"
}

# fix_feature FIX: the name of its feature.
fix_feature()
{
	echo "FIX_$(printf '%s\n' "$1" | tr a-z- A-Z_)"
}

# had: the fixes that the tree of the user's has had, in $work/had. At first, those of its last commit: it may be the edits on top
# that break one.
had()
{
	[ ! -e "$work/had" ] || return 0
	head=$(mktemp -d "$work/head.XXXXXX")
	for f in $(sed -n 's/^FIX_[^ \t]*[ \t]*\([^ \t]*\).*/\1/p' "$top/tests/kunit/features" | tr , '\n' | sort -u); do
		mkdir -p "$head/${f%/*}"
		git -c safe.directory="$KDIR" -C "$KDIR" show "HEAD:./$f" >"$head/$f" 2>/dev/null || rm "$head/$f"
	done
	features "$head" fixes >"$head/fixes"
	FIX='' fixes | while read -r fix; do
		! grep -qx "$(fix_feature "$fix") 1" "$head/fixes" || echo "$fix"
	done >"$work/had.tmp"
	mv "$work/had.tmp" "$work/had"
	rm -rf "$head"
}

# lacking: print the fixes that a tree of the user's lacks: so say their features, or the series. One that it has had is not
# lacking: the user has broken it, and the tests have to fail.
lacking()
{
	[ -n "$KDIR" ] || return 0
	had
	features "$tree" fixes >"$objdir/fixes"
	FIX='' fixes | while read -r fix; do
		if grep -qxF "$fix" "$work/had"; then
			continue
		elif grep -qx "$(fix_feature "$fix") 1" "$objdir/fixes" ||
			grep -qs "^$fix\.patch[[:space:]]\(applies\|is in this tree\)" "$work/fits"; then
			echo "$fix" >>"$work/had"
		elif grep -qx "$(fix_feature "$fix") 0" "$objdir/fixes" || grep -q "^$fix\.patch[[:space:]].*left out" "$work/fits"; then
			echo "$fix"
		fi
	done
}

# lacks_header: which fixes the tree lacks, and the cases that are about them, which are skipped.
lacks_header()
{
	lacking >"$objdir/lacking"
	FIX='' fixes | while read -r fix; do
		macro=$(printf '%s\n' "$fix" | tr a-z- A-Z_)
		if grep -qxF "$fix" "$objdir/lacking"; then echo "#define KUNIT_LACKS_$macro 1"; else echo "#define KUNIT_LACKS_$macro 0"; fi
	done
	printf '#define KUNIT_LACKING \\\n'
	while read -r fix; do
		tests_of "$fix" | sed "s/.*/	{ \"&\", \"$fix\" }, \\\\/"
	done <"$objdir/lacking"
	echo
}
