# SPDX-License-Identifier: GPL-2.0
# Read after common.sh: what patches/<kernel>/series says, and what a patch changes.
# shellcheck shell=sh disable=SC2154

# series: the names of the patches to apply, in their order.
series()
{
	sed 's/#.*//; /^[[:space:]]*$/d' "$top/patches/$KERNEL/series"
}

# wanted PATCH: whether a tree can be tested without it. A fix can be missing, and so can a patch whose line says "# wanted: " and
# for what.
wanted()
{
	sed -n "/^# fixes/,$ p; /# wanted:/p" "$top/patches/$KERNEL/series" | grep -q "^$1[[:space:]]*\(#\|$\)"
}

# fixes_of SERIES...: the fixes that these name, applied or merged, in their order.
fixes_of()
{
	sed -sn '/^# fixes/,$ s/^\(# merged: \)\{0,1\}\([^# ]*\)\.patch$/\2/p' "$@"
}

# fixes: those of the kernel; only $FIX if that is set.
fixes()
{
	fixes_of "$top/patches/$KERNEL/series" | while read -r f; do
		[ "$f" != "${FIX:-$f}" ] || echo "$f"
	done
}

# all_fixes: those of all kernels.
all_fixes()
{
	fixes_of "$top"/patches/*/series | sort -u
}

# release: the point release that the kernel's series was made for.
release()
{
	sed -n 's/^# for \([0-9][0-9.]*\)$/\1/p' "$top/patches/$KERNEL/series"
}

# series_id BASE: a hash of the base and the patches, to see whether the tree is up to date.
series_id()
{
	{
		echo "$1"
		cd "$top/patches/$KERNEL" && cat series -- *.patch
	} | git hash-object --stdin
}

# patched_files PATCHFILE: the files that it changes. git quotes names with unusual characters, such as "a/\303\244.c".
patched_files()
{
	sed -n 's,^\(--- a\|+++ b\)/\([^\t]*\).*,\2,p; s,^\(--- "a\|+++ "b\)/,",p; s,^rename \(from\|to\) ,,p' "$1" |
		while read -r quoted; do
			case $quoted in
			'"'*) printf '%b\n' "$(printf '%s\n' "$quoted" | sed 's/^"//; s/"[[:space:]]*$//; s/\\\([0-3][0-7][0-7]\)/\\0\1/g; s/\\"/"/g')" ;;
			*) printf '%s\n' "$quoted" ;;
			esac
		done | sort -u
}
