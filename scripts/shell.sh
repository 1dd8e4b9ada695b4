#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shell.sh: a shell, with busybox's commands, in the kernel. It ends with the shell, by exit or ^D, and with its status.
#	HOST=directory   appears at /host, read-only; then the shell cannot mount anything
#	FILES='paths'    files and directories that it finds in /tmp, each by its last name; path:/dest puts one at /dest
#	FLAVOUR=, KDIR=  in which kernel; ARGS= more words for the kernel's command line, such as loglevel=8
# If its input is no terminal, it is read to its end first: make shell <commands.

. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/program.sh"

unset MAKEFLAGS MFLAGS
"$top/scripts/deps.sh" busybox-static
if [ -n "${HOST-}" ]; then
	host=$(from_here "$HOST")
	[ -d "$host" ] && [ -r "$host" ] || die "HOST=$HOST: no directory that can be read"
	host=$(cd "$host" && pwd -P)
	case $host in
	*[[:space:],]*) die "HOST=$HOST: the kernel takes no blank or comma in its path" ;;
	esac
fi
lock
"$top/scripts/build.sh"
mkdir -p "$programs"
set -f
pack_new "$programs/shell.pack"
busybox=$(command -v busybox) || die "there is no busybox in PATH"
pack_as "$busybox" /bin/busybox 0755
"$busybox" --list | sed '/^busybox$/d; s,.*,slink /bin/& busybox 0777 0 0,' >>"$pack/list"
pack_files
con1=fd:0,fd:1
if [ ! -t 0 ]; then
	con1=null,fd:1
	cat >"$pack/in"
	pack_as "$pack/in" /shell.in 0644
fi
pack_write "$programs/shell.cpio"
program_words
# A shell can stay open for long.
exec 9>&-
stty=$(stty -g 2>/dev/null) || stty=
# The kernel is in a session of its own, and does not hear of a terminal that is gone; a trap has to wait for all but wait.
exec 8<&0
# shellcheck disable=SC2086
"$objdir/linux" ${host:+"hostfs=$host" host=1} $ARGS "TERM=${TERM:-dumb}" con1=$con1 initrd="$programs/shell.cpio" \
	shell=/bin/sh <&8 8<&- &
kernel=$!
# A kernel that has crashed leaves the terminal as the shell had it.
stop()
{
	kill "$kernel"
	# It may be gone.
	[ -z "$stty" ] || stty "$stty" 2>/dev/null || :
	exit "$1"
}
trap 'stop 143' TERM HUP
trap 'stop 130' INT
status=0
wait "$kernel" || status=$?
[ -z "$stty" ] || stty "$stty"
exit "$status"
