#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# remote.sh FAILS HOST ARG...: ssh for GNU parallel; a job that has failed is a line in FAILS: the host, the status. UMRING_SSH is the
# ssh to take. No question is asked, and a host that is gone is noticed.

fails=$1
shift
status=0
# If we are ended, it ends as well.
# shellcheck disable=SC2086
setpriv --pdeathsig TERM ${UMRING_SSH:-ssh} -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3 "$@" || status=$?
[ -z "$fails" ] || [ "$status" = 0 ] || echo "$1 $status" >>"$fails"
exit "$status"
