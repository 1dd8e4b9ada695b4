#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# one.sh suite|scenario NAME: run one test with the kernel that is built. Its verdict goes to
# build/<kernel>/results-<flavour>/NAME/verdict. Exit status: 0 nothing failed, 1 it failed.

. "$(dirname "$0")/common.sh"

case ${1-} in
suite | scenario) ;;
*) die "one.sh takes suite or scenario, and a name" ;;
esac
run_py --one "$@"
