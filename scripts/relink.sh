#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# relink.sh: link vmlinux again after a few objects have changed. For build.sh alone: it runs in the build folder, with
# Kbuild's variables in the environment, and `srctree` among them.
# What takes the time in Kbuild's scripts/link-vmlinux.sh is that it links three times to find the size of the symbol
# table. Here the last table's size is taken to be right. If the addresses in the end differ from those in the table, or
# anything else is not as expected, Kbuild does the link after all.

set -eu
srctree=${srctree-..}

table=.tmp_vmlinux2.kallsyms.o

kbuild()
{
	touch vmlinux.o
	exec make -f "$srctree/scripts/Makefile.vmlinux" vmlinux
}

# link OUT TABLE [FLAG...]
link()
{
	out=$1
	with=$2
	shift 2
	# shellcheck disable=SC2086,SC2154
	$CC $CFLAGS_vmlinux "$@" -Wl,--script="$KBUILD_LDS" -o "$out" -Wl,--whole-archive vmlinux.a \
		$export init/version-timestamp.o \
		-Wl,--no-whole-archive -Wl,--start-group $KBUILD_VMLINUX_LIBS -Wl,--end-group "$with" \
		-lutil -lrt -lpthread
}

quick()
{
	[ -f .vmlinux.cmd ] && [ -f "$table" ] &&
		! grep -qE '^CONFIG_(KALLSYMS_ALL|KALLSYMS_ABSOLUTE_PERCPU|BUILDTIME_TABLE_SORT)=y' .config || return 1
	# 7.3 makes vmlinux from vmlinux.unstripped, 6.12 links it as it is.
	if grep -q -- --pc-relative "$srctree/scripts/link-vmlinux.sh"; then
		export=.vmlinux.export.o
		relative=--pc-relative
		image=vmlinux.unstripped
	else
		export=
		relative=
		image=vmlinux
	fi
	link quick.vmlinux "$table" -Wl,--strip-debug
	nm -n quick.vmlinux >quick.nm
	sed -f "$srctree/scripts/mksysmap" quick.nm >quick.syms
	# shellcheck disable=SC2086
	scripts/kallsyms $relative quick.syms >quick.kallsyms.S
	# shellcheck disable=SC2086,SC2154
	$CC $NOSTDINC_FLAGS $LINUXINCLUDE $KBUILD_CPPFLAGS $KBUILD_AFLAGS ${KBUILD_AFLAGS_KERNEL-} -c \
		-o quick.kallsyms.o quick.kallsyms.S
	link "$image" quick.kallsyms.o
	nm -n "$image" | cmp -s - quick.nm || return 1
	mv quick.syms System.map
	mv quick.kallsyms.o "$table"
	[ "$image" = vmlinux ] || sh -c "$(sed -n '1s/^savedcmd_vmlinux := //p' .vmlinux.cmd)"
}

case ${1-} in
-h | --help) sed -n '/^# SPDX/d; 2,/^$/ s/^# \{0,1\}//p' "$0" ;;
--quick) quick ;;
*) "$0" --quick || kbuild ;;
esac
