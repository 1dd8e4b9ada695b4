#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# coverage.sh: add up the counts of all runs of the kernel that is built, print the table of coverage/targets, and write HTML to
# build/<kernel>/coverage-<flavour>/html and, with report.sh, to build/<kernel>/report-<flavour>. Counts of another build
# are not used. Exit status: 1 if a target is below its floor, or if a test reaches a line that targets calls unreachable.
# FLAVOUR=explore adds the counts that make explore has left, of each trial and scenario. The table is then of what exploration
# reaches, and of that, what the tests of flavour default do not. Exit status: 1 if a trial does not reach what targets says.

. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/counts.sh"

out=$work/coverage-$FLAVOUR
more_results=$work/explored-$FLAVOUR

# counts_of RUN: their directory.
counts_of()
{
	case $1 in
	explored/*) echo "$more_results/${1#*/}/gcov" ;;
	*) echo "$results/$1/gcov" ;;
	esac
}

"$top/scripts/deps.sh" gcc lcov
lock
need_counts

cov targets "$KERNEL" >/dev/null
rm -rf "$out.tmp"
mkdir -p "$out.tmp"
linux_id >"$out.tmp/linux.id"
cov runs >"$out.tmp/runs"
runs=$(wc -l <"$out.tmp/runs")
while read -r run; do
	if [ ! -d "$out.tmp/gcda" ]; then
		cp -r "$(counts_of "$run")" "$out.tmp/gcda"
		continue
	fi
	gcov-tool merge -o "$out.tmp/sum" "$out.tmp/gcda" "$(counts_of "$run")" >"$out.tmp/log" 2>&1 ||
		die "gcov-tool cannot add the counts of $run: $(tail -n 1 "$out.tmp/log")"
	rm -rf "$out.tmp/gcda"
	mv "$out.tmp/sum" "$out.tmp/gcda"
done <"$out.tmp/runs"
[ -z "$(edited)" ] ||
	say "note: sources were edited since this kernel was built, lines may be off: make test" >&2

# gcov wants the .gcno files beside the counts.
# shellcheck disable=SC2046
(cd "$objdir" && find $(counted | cut -d / -f 1) -name '*.gcno' -exec cp --parents -t "$out.tmp/gcda" {} +) ||
	die "cannot write to $out.tmp: no space left?"

# lcov leaves temporary files behind when it fails; here they are removed with $out.tmp.
lcov_run()
{
	mkdir -p "$out.tmp/tmp"
	TMPDIR=$out.tmp/tmp "$@" --config-file "$top/coverage/lcovrc" >"$out.tmp/log" 2>&1 ||
		die "$1 failed: $(grep -im 1 'error\|cannot' "$out.tmp/log") (see $out.tmp/log; no space left?)"
	rm -rf "$out.tmp/tmp"
}

lcov_run lcov --capture --directory "$out.tmp/gcda" --base-directory "$objdir" --output-file "$out.tmp/all.info"
set -f
# shellcheck disable=SC2046
lcov_run lcov --extract "$out.tmp/all.info" $(counted | sed "s,^,$tree/,; s,/\$,/*,") --output-file "$out.tmp/coverage.info"
set +f
lcov_run genhtml --quiet --branch-coverage --prefix "$tree" --title "umring $KERNEL $FLAVOUR, $runs runs" \
	--output-directory "$out.tmp/html" "$out.tmp/coverage.info"
# Neither lcov nor genhtml checks its writes.
cut=$(grep -rL --include='*.html' '</html>' "$out.tmp/html" || :)
[ -z "$cut" ] && [ "$(tail -n 1 "$out.tmp/coverage.info")" = end_of_record ] ||
	die "the report in $out.tmp is cut off: no space left?"
low=0
cov table "$KERNEL" "$out.tmp/gcda" "$out.tmp/lines.json" "$FLAVOUR" >"$out.tmp/table" || low=$?
[ "$low" -le 1 ] || exit "$low"
rm -rf "$out"
mv "$out.tmp" "$out"
cat "$out/table"
if [ "$FLAVOUR" = explore ]; then
	# Report pages of that flavour are those of make explore.
	echo "HTML: ${out#"$top"/}/html/index.html"
	exit "$low"
fi
# The floors are for all tests together.
of=$("$objdir/linux" list=1 2>/dev/null </dev/null | grep -cE '^(suite|scenario) ' || :)
if [ "$runs" -lt "$of" ]; then
	echo "These are the counts of $runs of $of runs, so floors are not checked: make test runs all"
	low=0
fi
if [ "$FLAVOUR" != default ] && [ "$low" = 1 ]; then
	echo "The floors are for flavour default, so they are not checked for $FLAVOUR"
	low=0
fi
echo "HTML: ${out#"$top"/}/html/index.html"
"$top/scripts/report.sh"
exit "$low"
