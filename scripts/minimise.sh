#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# minimise.sh: as replay.sh, for T=trial, scenario or case, and SEED=n; but first take away all switches and late stores
# without which it fails as well.
# Exit status: 0 nothing failed, 1 it failed, 2 it could not be run.

export FLAVOUR="${FLAVOUR:-explore}"
. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/explore.sh"

one_schedule
build_explorer
explorer minimise "$T"
