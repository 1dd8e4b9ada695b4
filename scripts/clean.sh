#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# clean.sh [--all]: remove the builds, results and reports of every kernel, and what prove.sh and bench.sh have made, trees
# included; with --all, build/ as a whole. Waits for a make that is at work in any of them.

. "$(dirname "$0")/lib/common.sh"

# Whoever is at work goes first, and nobody starts before this is done.
if [ -z "${UMRING_LOCKED-}" ]; then
	set -- env UMRING_LOCKED=1 "$0" "$@"
	for l in "$build"/*/lock; do
		[ -e "$l" ] || continue
		flock -n "$l" true || say "another make is at work in ${l%/lock}, waiting for it"
		set -- flock "$l" "$@"
	done
	exec "$@"
fi
if [ "${1-}" = --all ]; then
	rm -rf "$build" "$top/build"
else
	rm -rf "$build"/*/tree/um-* "$build"/*/results-* "$build"/*/prove-results-* "$build"/*/coverage-* \
		"$build"/*/report-* "$build"/*/proof-* "$build"/*/mutants-* "$build"/*@*
fi
rm -f "$top/linux"
