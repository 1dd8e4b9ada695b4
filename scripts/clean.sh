#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# clean.sh [--all]: remove the builds, results and reports of every kernel, and the variants that prove.sh and bench.sh made;
# with --all, all of build/. Waits for any make that is running there.

. "$(dirname "$0")/lib/common.sh"

# Take all locks: wait for those that are running, and keep others from starting.
if [ -z "${UMRING_LOCKED-}" ]; then
	set -- env UMRING_LOCKED=1 "$0" "$@"
	for l in "$build"/*/lock; do
		[ -e "$l" ] || continue
		flock -n "$l" true || say "another make is running in ${l%/lock}, waiting for it"
		set -- flock "$l" "$@"
	done
	exec "$@"
fi
if [ "${1-}" = --all ]; then
	rm -rf "$build" "$top/build"
else
	rm -rf "$build"/*/tree/um-* "$build"/*/results-* "$build"/*/cases-* "$build"/*/programs-* "$build"/*/coverage-* \
		"$build"/*/report-* "$build"/*/proof-* "$build"/*/mutants-* "$build"/*/explored-* "$build"/*@*
fi
rm -f "$top/linux"
