#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# replay.sh: what happens in a schedule that failed: T=trial, scenario or case, and SEED=n, or LIST= as a failure or
# make minimise has printed it. With the same KERNEL=, ALGO=, DEPTH=, MEMORY=, ARGS=, FILE= and RANGE= as then. Prints
# who ran, where it was switched away from, and which stores others saw late, and draws it:
# build/<kernel>/report-explore/index.html. A seed or list of another build, or a list that does not fit, says so, and is
# no success if nothing fails.
# Exit status: 0 nothing failed, 1 it failed, 2 it could not be run.

export FLAVOUR="${FLAVOUR:-explore}"
. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/explore.sh"

one_schedule
build_explorer
explorer replay "$T"
