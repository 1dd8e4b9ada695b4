#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# all.sh: the main job: packages, kernel source, patches, build, every test, coverage, and a summary that fits a screen.

. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/counts.sh"

"$top/scripts/deps.sh"
find_kernel "$@"
start=$(date +%s)
"$top/scripts/build.sh"
tested=0
"$top/scripts/test.sh" || tested=$?
[ -s "$results/summary" ] || exit "$tested"
coverage=0
if has_gcov; then
	say "adding up the coverage"
	report=$("$top/scripts/coverage.sh") || coverage=$?
else
	report="Flavour $FLAVOUR has no gcov, so there is no coverage."
fi

echo
cat "$results/summary"
echo
printf '%s\n' "$report"
echo "Kernel: ./linux ($KERNEL, $FLAVOUR). Logs: ${results#"$top"/}. All of it: $(($(date +%s) - start)) s"
[ "$tested" = 0 ] || exit "$tested"
exit "$coverage"
