#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# coverage.sh: add up the counts of the runs of the built kernel, print the table of coverage/targets, and write HTML to
# build/<kernel>/coverage-<flavour>/html and, by report.sh, build/<kernel>/report-<flavour>. Counts that another build
# left are not used. Exit status: 1 if a target is below its floor, or if something is reached that targets says is
# unreachable.

. "$(dirname "$0")/lib/common.sh"

out=$work/coverage-$FLAVOUR

lock
need_counts

rm -rf "$out.tmp"
mkdir -p "$out.tmp"
linux_id >"$out.tmp/linux.id"
runs=0
for id in "$results"/*/linux.id; do
	cmp -s "$id" "$out.tmp/linux.id" || continue
	counts=${id%/linux.id}/gcov
	[ -n "$(find "$counts" -name '*.gcda' -print -quit)" ] || continue
	runs=$((runs + 1))
	if [ "$runs" = 1 ]; then
		cp -r "$counts" "$out.tmp/gcda"
		continue
	fi
	gcov-tool merge -o "$out.tmp/sum" "$out.tmp/gcda" "$counts" >"$out.tmp/log" 2>&1 ||
		die "gcov-tool cannot add the counts in $counts: $(tail -n 1 "$out.tmp/log")"
	rm -rf "$out.tmp/gcda"
	mv "$out.tmp/sum" "$out.tmp/gcda"
done
[ "$runs" -gt 0 ] || die "no counts from this build of the kernel: run make test first"
[ -z "$(edited)" ] ||
	say "note: sources were edited since this kernel was built, lines may be off: make test" >&2

# gcov wants the .gcno files beside the counts.
(cd "$objdir" && find io_uring kernel -name '*.gcno' -exec cp --parents -t "$out.tmp/gcda" {} +) ||
	die "cannot write to $out.tmp: no space left?"

# What lcov leaves behind when it fails goes with the rest.
lcov_run()
{
	mkdir -p "$out.tmp/tmp"
	TMPDIR=$out.tmp/tmp "$@" --config-file "$top/coverage/lcovrc" >"$out.tmp/log" 2>&1 ||
		die "$1 failed: $(grep -im 1 'error\|cannot' "$out.tmp/log") (see $out.tmp/log; no space left?)"
	rm -rf "$out.tmp/tmp"
}

lcov_run lcov --capture --directory "$out.tmp/gcda" --base-directory "$objdir" --output-file "$out.tmp/all.info"
lcov_run lcov --extract "$out.tmp/all.info" "$tree/io_uring/*" "$tree/kernel/task_work.c" \
	--output-file "$out.tmp/coverage.info"
lcov_run genhtml --quiet --branch-coverage --prefix "$tree" --title "umring $KERNEL $FLAVOUR, $runs runs" \
	--output-directory "$out.tmp/html" "$out.tmp/coverage.info"
# Neither of the two looks whether its writes worked.
cut=$(grep -rL --include='*.html' '</html>' "$out.tmp/html" || :)
[ -z "$cut" ] && [ "$(tail -n 1 "$out.tmp/coverage.info")" = end_of_record ] ||
	die "the report in $out.tmp is cut off: no space left?"
rm -rf "$out"
mv "$out.tmp" "$out"

awk -v kernel="$KERNEL" '$1 == "kernel" { other = $2 != kernel; next } !other' "$top/coverage/targets" >"$out/targets"
awk -v root="$tree" -v gcc="$gcc_version" -v unreachable="$out/unreachable" -f "$top/coverage/table.awk" \
	"$out/targets" "$out/coverage.info" >"$out/table" || low=1
cat "$out/table"
# What one run reaches says nothing of the floors.
of=$("$objdir/linux" list=1 2>/dev/null </dev/null | grep -cE '^(suite|scenario) ' || :)
if [ "$runs" -lt "$of" ]; then
	echo "These are the counts of $runs runs of $of, so no floor is held to: make test runs all"
	low=0
fi
if [ "$FLAVOUR" != default ] && [ "${low:-0}" = 1 ]; then
	echo "The floors are those of flavour default, so $FLAVOUR is held to none"
	low=0
fi
echo "HTML: ${out#"$top"/}/html/index.html"
"$top/scripts/report.sh"
exit "${low:-0}"
