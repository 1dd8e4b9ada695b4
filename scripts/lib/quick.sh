# SPDX-License-Identifier: GPL-2.0
# Read after common.sh: after an edit of C sources and headers alone, compile just the objects that are made from them, and link.
# Kbuild's walk over all directories takes 2 s with nothing to do; whatever is not as simple as that is left to it. What to
# compile, and how, is what Kbuild has left in its .cmd files: an object is stale if its .cmd file names a file that has
# changed since the last build. Used by build.sh for the kernel, and by variant.sh for a variant of it.
# shellcheck shell=sh disable=SC2154,SC2086,SC1091

# find_changed STAMP: all sources in $objdir/files.tmp, and in $objdir/changed those that may have changed since STAMP was touched.
# What counts is ctime, which nobody can set back as cp -p, git and touch -d set mtime.
find_changed()
{
	find "$tree" "$tests/kunit/" \
		\( -name .git -o -path "$tree/um-*" -o -name __pycache__ -o -name '.*.sw?' -o -name '*~' \) -prune \
		-o -type f -fprint "$objdir/files.tmp" -cnewer "$1" -fprint "$objdir/changed"
}

# place TREE OBJDIR [SOURCE...]: make the copies of the sources that have suites or stubs, by place.c.
place()
{
	if ! cmp -s "$top/scripts/lib/place.c" "$build/place.c"; then
		gcc -O2 -D_GNU_SOURCE -o "$build/place.$$" "$top/scripts/lib/place.c"
		mv "$build/place.$$" "$build/place"
		cp "$top/scripts/lib/place.c" "$build/place.c"
	fi
	made_tree=$1
	made_in=$2
	shift 2
	"$build/place" "$made_tree" "$made_in" "$tests/kunit" "$@"
}

# made_from LIST: what is made from the files in LIST, by the .cmd files in $objdir. Kbuild names a source as ../file, a header
# maybe as ../dir/../file, and what is in the build directory by its path there.
made_from()
{
	sed "s,^$objdir/,,; s,^$tree/,../,; s,.*,& \\\\\n := &,; s,^\.\.,," "$1" >"$1.patterns"
	(cd "$objdir" && find . -name '.*.cmd' -print0 | xargs -0 grep -lF -f "$1.patterns") |
		sed 's,^\./,,; s,\(^\|/\)\.\([^/]*\)\.cmd$,\1\2,' | sort
}

# no_objects: of what made_from prints, what is not linked into vmlinux from where it is, such as the vDSO.
no_objects()
{
	(cd "$objdir" && ar t vmlinux.a) | sort | comm -13 - "$1"
}

# compile OBJECT: by Kbuild's own command, and bring its dependencies up to date. Fails if it takes make to read the command.
compile()
{
	cmd=${1%/*}/.${1##*/}.cmd
	saved=$(sed -n '1s/^savedcmd_[^ ]* := //p' "$cmd")
	case $saved in
	'' | *[\$\#]*) return 1 ;;
	esac
	sh -c "$saved" && scripts/basic/fixdep "${cmd%.cmd}.d" "$1" "$saved" >"$cmd.tmp" && mv "$cmd.tmp" "$cmd"
}

# compile_all LIST: the objects in LIST, $JOBS at once.
compile_all()
{
	job=0
	pids=
	while [ $((job += 1)) -le "$JOBS" ]; do
		awk -v jobs="$JOBS" -v job="$job" 'NR % jobs == job % jobs' "$1" | while read -r o; do
			compile "$o" || exit
		done &
		pids="$pids $!"
	done
	bad=0
	for pid in $pids; do
		wait "$pid" || bad=1
	done
	return "$bad"
}

# link_once: vmlinux.quick, with the symbol table in quick.kallsyms.o, as scripts/link-vmlinux.sh does.
link_once()
{
	$CC $CFLAGS_vmlinux -Wl,--script="$KBUILD_LDS" -o vmlinux.quick -Wl,--whole-archive vmlinux.a \
		$export init/version-timestamp.o -Wl,--no-whole-archive \
		-Wl,--start-group $KBUILD_VMLINUX_LIBS -Wl,--end-group quick.kallsyms.o -lutil -lrt -lpthread
}

# link_quick TREE: linux, in the build directory where we are. With the last table first: mostly it has the right size, and if no
# symbol has moved it is right. If not, link again with a table of the new addresses, and look whether they are still that.
link_quick()
{
	! grep -qE '^CONFIG_(LTO_CLANG|MODULES|DEBUG_INFO_BTF|VMLINUX_MAP|KALLSYMS_ABSOLUTE_PERCPU|BUILDTIME_TABLE_SORT)=y' .config ||
		return 1
	. ./kbuild-env || return
	export=
	[ ! -f .vmlinux.export.o ] || export=.vmlinux.export.o
	options=
	! grep -qx CONFIG_KALLSYMS_ALL=y .config || options=--all-symbols
	! grep -q -- --pc-relative "$1/scripts/link-vmlinux.sh" || options="$options --pc-relative"
	[ -f quick.kallsyms.o ] || cp .tmp_vmlinux2.kallsyms.o quick.kallsyms.o || return
	for _ in 1 2 3; do
		link_once || return
		nm -n vmlinux.quick | sed -f "$1/scripts/mksysmap" >quick.map || return
		if cmp -s quick.map quick.syms; then
			mv quick.map System.map && ln -f vmlinux.quick vmlinux && mv vmlinux.quick linux
			return
		fi
		# Never a list of symbols beside the table of other ones, wherever this is stopped.
		rm -f quick.syms
		scripts/kallsyms $options quick.map >quick.kallsyms.S &&
			$CC $NOSTDINC_FLAGS $LINUXINCLUDE $KBUILD_CPPFLAGS $KBUILD_AFLAGS $KBUILD_AFLAGS_KERNEL -c \
				-o quick.kallsyms.o quick.kallsyms.S && mv quick.map quick.syms || return
	done
	echo "the symbol table does not settle" >&2
	return 1
}
