#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# report.sh: write build/<kernel>/report-<flavour>/index.html: the kernel that was tested, changes since the last report, the
# results of the last runs with their output, the coverage of coverage/targets and of the lines that each fix adds, the last
# make prove, and for each source a page that says which tests reach a line; with JUnit XML beside it. make coverage calls it
# once the counts are added up.

. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/series.sh"
. "$top/scripts/lib/counts.sh"

coverage=$work/coverage-$FLAVOUR
out=$work/report-$FLAVOUR

[ "$FLAVOUR" != explore ] || die "there is no report of flavour explore: ${out#"$top"/} is of make explore and make replay"
lock
[ -f "$coverage/coverage.info" ] || die "there is no ${coverage#"$top"/}/coverage.info: run make test coverage first"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

FIX='' fixes >"$tmp/fixes"
mkdir "$tmp/patch"
while read -r fix; do
	FIX=$fix RANGE='' "$top/scripts/patch-coverage.sh" --as-is 2>&1 </dev/null |
		sed '/^fix  /d; s/^patch-coverage: error: //' >"$tmp/patch/$fix"
done <"$tmp/fixes"
mkdir "$tmp/proof"
find "$work/proof-$FLAVOUR" -maxdepth 1 -type f ! -name '*.table' -exec cp -p -t "$tmp/proof" {} + 2>/dev/null || :
# The figures of all flavours.
for f in "$work"/proof-*/*.table; do
	of=${f%/*}
	[ ! -f "$f" ] || cp -p "$f" "$tmp/proof/$(basename "$f" .table).${of##*/proof-}.table"
done

# The kernel that was tested: the tree, edits in it, and the compiler.
{
	printf 'kernel\t%s, flavour %s\n' "$(sed -n 's/^# Linux.* \([0-9][^ ]*\) Kernel Configuration/\1/p' "$objdir/.config")" "$FLAVOUR"
	[ -z "${KDIR-}" ] || printf 'KDIR\t%s\n' "$KDIR"
	printf 'tree\t%s\n' "$(git -C "$tree" log -1 --format='%h %s' 2>/dev/null || echo 'no git repository')"
	# Only the counted sources: in a tree that was copied, git would take minutes to look at all files.
	# shellcheck disable=SC2046
	edits=$(git -C "$tree" diff --stat HEAD -- $(counted) 2>/dev/null | sed 's/^ *//; s/  */ /g' | paste -sd ';')
	printf 'edits\t%s\n' "${edits:-none}"
	printf 'compiler\t%s\n' "$(sed -n 's/^CONFIG_CC_VERSION_TEXT="\(.*\)"$/\1/p' "$objdir/.config")"
} >"$tmp/tested"
{
	cov targets "$KERNEL"
	cat "$tmp/patch"/* | sed -n 's/^  *\([^ :]*\):[0-9]*: .*/\1/p'
} | sort -u >"$tmp/files"

rm -rf "$out.tmp"
mkdir -p "$out.tmp"
cp "$results/junit.xml" "$out.tmp" 2>/dev/null || :
"$python" -S -B "$top/scripts/lib/report.py" "$out.tmp" "$KERNEL" "$FLAVOUR" "$out" "$tree" "$objdir" "$results" \
	"$(linux_id)" "$coverage" "$tmp" 2>"$tmp/err" ||
	die "cannot write ${out#"$top"/}: $(tail -n 1 "$tmp/err")"
rm -rf "$out"
mv "$out.tmp" "$out"
echo "Report: ${out#"$top"/}/index.html"
