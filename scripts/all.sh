#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# all.sh: the main job: packages, kernel source, patches, build, every test, coverage, and a summary of a screen.

. "$(dirname "$0")/common.sh"

"$top/scripts/deps.sh"
find_kernel "$@"
start=$(date +%s)
"$top/scripts/build.sh"
tests=0
"$top/scripts/run.sh" || tests=$?
[ -s "$results/summary" ] || exit "$tests"
say "adding up the coverage"
coverage=0
report=$("$top/scripts/coverage.sh") || coverage=$?

echo
cat "$results/summary"
echo
printf '%s\n' "$report"
echo "Kernel: ./linux ($KERNEL, $FLAVOUR). Logs: ${results#"$top"/}. All of it: $(($(date +%s) - start)) s"
[ "$tests" = 0 ] || exit "$tests"
exit "$coverage"
