#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# remote.sh FAILS [-l USER] HOST ARG...: ssh for GNU parallel; a job that has failed is a line in FAILS: the host, as HOSTS= has it, and
# the status. UMRING_SSH is the ssh to take. No question is asked, and a host that is gone is noticed.

fails=$1
shift
# -l user b is user@b.
login='' user='' before=''
for word; do
	case $before:$word in
	-l:*) user=$word@ ;;
	-[pS]:* | *:-*) ;;
	*)
		login=$user$word
		break
		;;
	esac
	before=$word
done
status=0
# If we are ended, it ends as well.
# shellcheck disable=SC2086
setpriv --pdeathsig TERM ${UMRING_SSH:-ssh} -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3 "$@" || status=$?
[ -z "$fails" ] || [ "$status" = 0 ] || echo "$login $status" >>"$fails"
exit "$status"
