#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# patch-coverage.sh: list the lines that a fix adds and that no test reaches, or that never branch one of their ways. It builds,
# runs the tests and adds up the counts first, unless that is up to date. Prints a row of totals for each fix (FIX= for one) and
# these lines below it, with + for an outcome of a condition that was seen and - for one that was not. RANGE=a..b (or one commit)
# does this for commits of KDIR, or of build/<kernel>/tree. Lines that were changed again later are left out. Exit status: 1 if
# there are such lines.
# patch-coverage.sh --as-is takes the counts as they are.

. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/series.sh"
. "$top/scripts/lib/counts.sh"
. "$top/scripts/lib/range.sh"

FIX=${FIX-}
RANGE=${RANGE-}
info=$work/coverage-$FLAVOUR/lines.json

# new_lines OLD NEW: the numbers of the lines that NEW adds to OLD.
new_lines()
{
	diff --old-line-format= --unchanged-line-format= --new-line-format='%dn
' "$1" "$2" || [ $? = 1 ]
}

# row NAME: print the row and the lines of a change; $tmp/old and $tmp/new have the files before and after it.
row()
{
	: >"$tmp/added"
	(cd "$tmp/new" && find . -name '*.[ch]' | sed 's,^\./,,' | sort) >"$tmp/files"
	while read -r f; do
		[ -f "$tree/$f" ] || continue
		[ -f "$tmp/old/$f" ] && old=$tmp/old/$f || old=/dev/null
		new_lines "$tmp/new/$f" "$tree/$f" >"$tmp/later"
		new_lines "$old" "$tree/$f" | grep -vxFf "$tmp/later" | sed "s,^,$f ," >>"$tmp/added" || :
	done <"$tmp/files"
	cov patch "$1" "$tmp/added" "$info"
}

# fix NAME: its row; "before" is the tree with the fix taken out.
fix()
{
	patch=$top/patches/$KERNEL/$1.patch
	rm -rf "$tmp/old" "$tmp/new"
	mkdir "$tmp/old" "$tmp/new"
	patched_files "$patch" | (cd "$tree" && xargs cp --parents -t "$tmp/new") 2>"$tmp/err" ||
		die "$1 is not in ${tree#"$top"/}: $(head -n 1 "$tmp/err")"
	cp -r "$tmp/new/." "$tmp/old"
	(cd "$tmp/old" && GIT_CEILING_DIRECTORIES=$tmp plain_git apply -R "$patch") 2>"$tmp/err" ||
		die "$1 is not in ${tree#"$top"/} as its patch has it: $(sed -n 's/^error: //p' "$tmp/err" | paste -sd ';')"
	row "$1"
}

# range: the row of RANGE.
range()
{
	range_files "$tmp"
	row "$RANGE"
}

# stale: why the counts that are added up are not those of this kernel and its last runs, if so.
stale()
{
	if [ ! -f "$info" ]; then
		echo "there is no ${info#"$top"/}"
	elif ! linux_id | cmp -s - "$(dirname "$info")/linux.id"; then
		echo "${info#"$top"/} is of another build"
	elif [ -n "$(edited)" ]; then
		echo "$(edited) was edited since this kernel was built"
	elif [ -n "$(find "$results" -mindepth 2 -maxdepth 2 -name linux.id -newer "$info" -print -quit)" ]; then
		echo "there are runs since ${info#"$top"/} was written"
	fi
}

# tested: whether there are counts of this kernel from all tests.
tested()
{
	of=$("$objdir/linux" list=1 2>/dev/null </dev/null | grep -cE '^(suite|scenario) ' || :)
	runs=$(cov runs 2>/dev/null | wc -l)
	[ "$runs" -gt 0 ] && [ "$runs" -ge "$of" ]
}

# refresh: build, test and add up what is not up to date. A test that fails has counts as well, and coverage.sh ends with 1 if a
# target is below its floor.
refresh()
{
	"$top/scripts/build.sh" >&2
	need_counts
	if ! tested; then
		say "running all tests, as there are no counts of all on this kernel" >&2
		T='' "$top/scripts/test.sh" >&2 || [ $? = 1 ] || exit 2
	fi
	why=$(stale)
	if [ -n "$why" ]; then
		say "adding up the counts: $why" >&2
		"$top/scripts/coverage.sh" >"$work/coverage.log" || [ $? = 1 ] || exit 2
	fi
}

find_kernel "$@"
lock
[ -z "$FIX" ] || [ -n "$(fixes)" ] || die "no fix $FIX: FIX= takes one of $(FIX='' && fixes | paste -sd ' ')"
[ "${1-}" = --as-is ] || refresh
why=$(stale)
[ -z "$why" ] || die "$why: run make test coverage first"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

printf '%-32s %16s %16s\n' "$([ -n "$RANGE" ] && echo range || echo fix)" "added lines" "lines that branch"
status=0
if [ -n "$RANGE" ]; then
	range || status=$?
else
	for f in $(fixes); do
		(fix "$f") || status=1
	done
fi
exit "$status"
