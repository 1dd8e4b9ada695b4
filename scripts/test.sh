#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test.sh [glob...]: run every suite and scenario of the built kernel, or those whose names match, each in a ./linux of
# its own, as many at once as there are CPUs. A glob `suite.case` takes single cases of a suite. Without globs, those of T.
# build/<kernel>/results-<flavour>/<name>/ gets the KTAP, the console, the verdict and the counts (*.gcda) of each
# run, and what failed in it; `ktap` beside them is all of them in one stream, junit.xml the same as JUnit XML.
# Exit status: 0 nothing failed, 1 something did, 2 it could not be tested.
# LIMIT is the real time in seconds that one run may take (30, or 150 where time is not simulated), ARGS more words for the
# kernel's command line, TMPDIR where UML has its memory file (/dev/shm, or /tmp).
#
# From `make test T=io-wq` to the verdict: Makefile; this file; lib/common.sh (paths, the lock) with lib/args.sh (what
# values are taken); lib/run.py (chooses, runs, adds up); lib/ktap.py (the verdict on one run). lib/failure.py words it.

. "$(dirname "$0")/lib/common.sh"

lock
[ -x "$objdir/linux" ] || die "no kernel is built for $KERNEL, flavour $FLAVOUR: run make kernel"
mkdir -p "$results"
# A glob is for names of tests, and not of files.
set -f
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- ${T:-*}
run_py "$@"
