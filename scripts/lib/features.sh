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

# lacking: print the fixes that a tree of the user's lacks: so say their features, or the series. One that it has had is not
# lacking: the user has broken it, and the tests have to fail.
lacking()
{
	[ -n "$KDIR" ] || return 0
	features "$tree" fixes >"$objdir/fixes"
	FIX='' fixes | while read -r fix; do
		feature=FIX_$(printf '%s\n' "$fix" | tr a-z- A-Z_)
		if grep -qx "$feature 1" "$objdir/fixes"; then
			grep -qsxF "$fix" "$work/had" || echo "$fix" >>"$work/had"
		elif ! grep -qsxF "$fix" "$work/had"; then
			! grep -qx "$feature 0" "$objdir/fixes" && ! grep -q "^$fix\.patch[[:space:]].*left out" "$work/fits" || echo "$fix"
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
