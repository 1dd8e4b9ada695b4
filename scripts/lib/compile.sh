#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# compile.sh OBJECT: compile it as Kbuild would, by the command that Kbuild saved, and bring its dependencies up to date. For
# build.sh alone: it runs in the build folder. Fails if there is no such command, or one that takes make to read.

set -eu

case $1 in
-h | --help)
	sed -n '/^# SPDX/d; 2,/^$/ s/^# \{0,1\}//p' "$0"
	exit
	;;
esac
dot=${1%/*}/.${1##*/}
saved=$(sed -n '1s/^savedcmd_[^ ]* := //p' "$dot.cmd")
case $saved in
'' | *[\$\#]*) exit 1 ;;
esac
sh -c "$saved"
scripts/basic/fixdep "$dot.d" "$1" "$saved" >"$dot.cmd.tmp"
mv "$dot.cmd.tmp" "$dot.cmd"
rm -f "$dot.d"
