#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# watch.sh: at each save of a source in the tree, KDIR or tests/, build and test, until Ctrl-C. Prints a line a run: what was saved, the
# verdict, how many tests of how many, the seconds; and for a failure its lines, or the compiler's first error. T says which tests.
# Without T, those that reach what changed since the start, by the counts of a run of all at the start: the tests that reach the
# functions with changed lines; all that reach the source, if there are lines outside of functions; and all, if it is a header or
# has no counts. The lock is not held between runs.

. "$(dirname "$0")/lib/common.sh"

"$top/scripts/deps.sh" inotify-tools
[ -z "$KDIR" ] || [ -f "$KDIR/Kbuild" ] || die "KDIR=$KDIR is not a kernel tree"
find_kernel "$@"
# The first build makes the tree to watch.
"$top/scripts/build.sh" || [ -d "$tree" ] || exit
export me top objdir tree results work tests KDIR
exec "$python" -S -B "$top/scripts/lib/watch.py"
