#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# calls.sh RUN SOURCE FUNCTION...: print how often the last run of a suite or scenario called each of these functions of a
# source, by its gcov counts: calls.sh fifo-msg-exit io_uring/io-wq.c io_task_worker_match

. "$(dirname "$0")/common.sh"
. "$top/scripts/lib/counts.sh"

[ $# -ge 3 ] || die "usage: calls.sh run source function..."
cov calls "$@"
