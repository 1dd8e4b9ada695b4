#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# who.sh: list the suites and scenarios that reach a line, and how often each does, from the counts of the last run of each:
# AT=io_uring/io-wq.c:1440, or AT=io_uring/io-wq.c:io_worker_exit for the calls of a function. Runs of another build are not
# looked at. Exit status: 1 if none reaches it.

. "$(dirname "$0")/lib/common.sh"

case ${AT-} in
?*:?*) ;;
*) die "AT=${AT-} names no place: make who AT=io_uring/io-wq.c:1440, or AT=io_uring/io-wq.c:io_worker_exit" ;;
esac
lock
need_counts
[ -f "$tree/${AT%:*}" ] || die "no file ${AT%:*} in ${tree#"$top"/}"
[ -z "$(edited)" ] || say "note: $(edited) was edited since this kernel was built, lines may be off: make test" >&2
cov who "$AT"
