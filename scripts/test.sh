#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test.sh [glob...]: run every suite and scenario of the kernel that is built, or those whose names match, each in a ./linux
# of its own, JOBS at once. A glob `suite.case` chooses single cases of a suite. Without globs, T has them.
# build/<kernel>/results-<flavour>/<name>/ gets the KTAP, the console, the verdict, the counts (*.gcda) and the failures of
# each run; `ktap` beside these directories is the KTAP of all runs in one stream, junit.xml the same as JUnit XML.
# Exit status: 0 nothing failed, 1 a test failed, 2 nothing could be tested, or not all: a suite does not compile for KDIR.
# LIMIT is the real time in seconds that one run may take (30, or 150 where time is not simulated). ARGS are more words for the
# kernel's command line. TMPDIR is the directory for UML's memory file (/dev/shm, or /tmp).
#
# From `make test T=io-wq` to the verdict: Makefile; this file; lib/common.sh (paths, the lock) with lib/args.sh (checks
# variables); lib/run.py (runs the tests, adds up); lib/ktap.py (the verdict on one run). lib/failure.py describes a failure.

. "$(dirname "$0")/lib/common.sh"

lock
[ -x "$objdir/linux" ] || die "no kernel is built for $KERNEL, flavour $FLAVOUR: run make kernel"
mkdir -p "$results"
# Globs are for names of tests, not of files.
set -f
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- ${T:-*}
run_py "$@"
