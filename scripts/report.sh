#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# report.sh: write build/<kernel>/report-<flavour>/index.html: the results of the last runs with their output, the
# coverage of coverage/targets and of what each fix adds, the last make prove, and for each source a page that says which
# tests reach a line; JUnit XML beside it. make coverage calls it, once the counts are added up.

. "$(dirname "$0")/lib/common.sh"

coverage=$work/coverage-$FLAVOUR
out=$work/report-$FLAVOUR

lock
[ -f "$coverage/coverage.info" ] || die "there is no ${coverage#"$top"/}/coverage.info: run make test coverage first"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

FIX='' fixes >"$tmp/fixes"
mkdir "$tmp/patch"
while read -r fix; do
	FIX=$fix RANGE='' "$top/scripts/patch-coverage.sh" 2>&1 </dev/null | sed '/^fix  /d; s/^patch-coverage: error: //' >"$tmp/patch/$fix"
done <"$tmp/fixes"
mkdir "$tmp/proof"
find "$work" -maxdepth 2 \( -path "$work/proof-$FLAVOUR/*" -o -path "$work/proof-*.table" \) -exec cp -p -t "$tmp/proof" {} +

{
	sed -n 's/^\([^# :]*\.[ch]\)[: \t].*/\1/p' "$coverage/targets"
	cat "$tmp/patch"/* | sed -n 's/^  *\([^ :]*\):[0-9]*: .*/\1/p'
} | sort -u >"$tmp/files"
while read -r file; do
	mkdir -p "$tmp/lines/$(dirname "$file")"
	cov lines "$file" >"$tmp/lines/$file" 2>/dev/null </dev/null &
done <"$tmp/files"
wait

rm -rf "$out.tmp"
mkdir -p "$out.tmp"
cp "$results/junit.xml" "$out.tmp" 2>/dev/null || :
python3 -S "$top/coverage/report.py" "$out.tmp" "umring: kernel $KERNEL, flavour $FLAVOUR" "$results" "$coverage" "$tree" "$tmp" \
	2>"$tmp/err" || die "cannot write ${out#"$top"/}: $(tail -n 1 "$tmp/err")"
rm -rf "$out"
mv "$out.tmp" "$out"
echo "Report: ${out#"$top"/}/index.html"
