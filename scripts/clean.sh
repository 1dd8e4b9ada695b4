#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# clean.sh [--all]: remove the builds, results and reports of every kernel; with --all, build/ as a whole, trees included.

. "$(dirname "$0")/common.sh"

[ ! -d "$work" ] || lock
if [ "${1-}" = --all ]; then
	rm -rf "$build" "$top/build"
else
	rm -rf "$build"/*/tree/um-* "$build"/*/results-* "$build"/*/coverage-* "$build"/bench-*
fi
rm -f "$top/linux"
