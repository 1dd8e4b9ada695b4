#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# relink.sh: link vmlinux again after a few objects have changed. For build.sh alone: it runs in the build folder, with
# Kbuild's variables in the environment, and `srctree` among them.
# What takes the time in Kbuild's scripts/link-vmlinux.sh is that it links three times to find the size of the symbol
# table. Here it is linked once, with the last table, and if the new one has the same layout its bytes replace those of the
# last. If it has not, a second link does that; and if the addresses in the end differ from those in the table, or anything
# else is not as expected, Kbuild does the link after all.

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

# bytes OBJECT OUT: the symbol table OBJECT as it is in the image, by a link of nothing else to its place.
bytes()
{
	ld -e 0 --section-start=.rodata="0x$at" --defsym=_text="0x$text" -o quick.table "$1" 2>quick.err &&
		objcopy -O binary -j .rodata quick.table "$2"
}

# patch: replace the old table in the image by the new one, which has its parts at the same places.
patch()
{
	nm "$table" >quick.parts
	nm quick.kallsyms.o | cmp -s - quick.parts || return 1
	at=$(sed -n 's/ . kallsyms_num_syms$//p' quick.nm)
	text=$(sed -n 's/ . _text$//p' quick.nm)
	bytes "$table" quick.old && bytes quick.kallsyms.o quick.new || return 1
	section=$(readelf -SW "$image" | sed -n 's/.* \.rodata  *PROGBITS  *\([0-9a-f]*\) \([0-9a-f]*\) .*/0x\1 0x\2/p')
	offset=$((0x$at - ${section% *} + ${section#* }))
	# If this is not where the old one is, something is not as it seems.
	cmp -s -n "$(stat -c %s quick.old)" -i "$offset:0" "$image" quick.old &&
		dd if=quick.new of="$image" bs=64k seek="$offset" oflag=seek_bytes conv=notrunc status=none
}

# finish: vmlinux from the image, where they are two.
finish()
{
	sh -ec "$strip"
}

# make_table: quick.kallsyms.o, the symbol table of the image, from its symbols quick.nm.
make_table()
{
	nm -n "$image" >quick.nm
	# shellcheck disable=SC2086
	sed -f "$srctree/scripts/mksysmap" quick.nm | tee quick.syms | scripts/kallsyms $relative /dev/stdin >quick.kallsyms.S
	# shellcheck disable=SC2086,SC2154
	$CC $NOSTDINC_FLAGS $LINUXINCLUDE $KBUILD_CPPFLAGS $KBUILD_AFLAGS ${KBUILD_AFLAGS_KERNEL-} -c \
		-o quick.kallsyms.o quick.kallsyms.S
}

# again: link with the new table. Fails if that has moved symbols; the next table then has their new places.
again()
{
	mv quick.nm quick.was
	link "$image" quick.kallsyms.o && make_table && cmp -s quick.nm quick.was
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
	strip=:
	[ "$image" = vmlinux ] || strip=$(sed -n '1s/^savedcmd_vmlinux := //p' .vmlinux.cmd)
	case $strip in
	'' | *[\$\#]*) return 1 ;;
	esac
	link "$image" "$table"
	make_table
	# A table of another size moves what is behind it, once.
	patch || again || again || return 1
	mv quick.syms System.map
	mv quick.kallsyms.o "$table"
	finish
}

case ${1-} in
-h | --help) sed -n '/^# SPDX/d; 2,/^$/ s/^# \{0,1\}//p' "$0" ;;
--quick) quick ;;
*) "$0" --quick || kbuild ;;
esac
