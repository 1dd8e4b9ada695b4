#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# calls.sh RUN SOURCE FUNCTION...: how often the last run of that suite or scenario called each function of that source,
# from its gcov counts: calls.sh fifo-msg-exit io_uring/io-wq.c io_task_worker_match

. "$(dirname "$0")/common.sh"

[ $# -ge 3 ] || die "usage: calls.sh run source function..."
counts=$results/$1/gcov/${2%.c}.gcda
[ -f "$counts" ] || die "no counts of $2 in ${results#"$top"/}/$1: run make test T=$1 with a flavour that has gcov"
[ "$(cat "$results/$1/linux.id")" = "$(linux_id)" ] || die "the counts of $1 are those of another build: make test T=$1"
notes=$objdir/${2%.c}.gcno
shift 2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cp "$counts" "$notes" "$tmp"
(cd "$tmp" && gcov --json-format -t ./*.gcda) >"$tmp/out" 2>"$tmp/err" || die "gcov failed: $(tail -n 1 "$tmp/err")"
for f; do
	n=$(grep -o "{[^{}]*\"name\": \"$f\"[^{}]*}" "$tmp/out" | sed -n 's/.*"execution_count": \([0-9]*\).*/\1/p')
	[ -n "$n" ] || die "no function $f in the counts"
	echo "$f $n"
done
