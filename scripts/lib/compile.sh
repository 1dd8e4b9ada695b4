#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# compile.sh OBJECT: for compile_all() of quick.sh, in a build directory: run Kbuild's own command, and update the .cmd file. Fails if
# only make could expand the command. PWD is the directory that gcc writes into the object, as in tests/kunit/Makefile.

cmd=${1%/*}/.${1##*/}.cmd
saved=$(sed -n '1s/^savedcmd_[^ ]* := //p' "$cmd")
case $saved in
# At 255, xargs starts no more.
'' | *[\$\#]*) exit 255 ;;
esac
PWD=/proc/self/cwd sh -c "$saved" && scripts/basic/fixdep "${cmd%.cmd}.d" "$1" "$saved" >"$cmd.tmp" && mv "$cmd.tmp" "$cmd" && rm -f "${cmd%.cmd}.d" || exit 255
