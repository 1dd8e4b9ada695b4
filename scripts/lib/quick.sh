# SPDX-License-Identifier: GPL-2.0
# Read after common.sh. If only C sources and headers were edited, compile the objects that depend on them, and link: Kbuild's
# walk over all directories takes 2 s with nothing to do. Everything else is left to Kbuild. Its .cmd files say what to compile
# and how: an object is stale if its .cmd file names a file that has changed since the last build. build.sh uses this for the
# kernel, variant.sh for a variant of it.
# shellcheck shell=sh disable=SC2154,SC2086,SC2034,SC1091

# find_changed STAMP: write all sources to $objdir/files.tmp, and those that may have changed since STAMP to $objdir/changed. It
# compares ctime, which cannot be set back; cp -p, git and touch -d set mtime. A copy of the checkout has new ctimes: there, what
# changed has another size or mtime than it had in the last build.
find_changed()
(
	cd "$work" || exit
	find tree "../${home##*/}/tests/kunit/" "../${home##*/}/tests/explore/" "../${home##*/}/tests/guest/help.h" \
		\( -name .git -o -path 'tree/um-*' -o -name __pycache__ -o -name '.*.sw?' -o -name '*~' -o -name '*.md' \) -prune \
		-o -type f -fprint "$objdir/files.tmp" -fprintf "$objdir/stats.tmp" '%p %s %T@\n' \
		-cnewer "$1" -fprint "$objdir/changed.tmp"
	if [ "$(here "$objdir")" != "$(cat "$objdir/where" 2>/dev/null)" ] && [ -f "$objdir/stats" ]; then
		grep -vxFf "$objdir/stats" "$objdir/stats.tmp" | sed 's/ [^ ]* [^ ]*$//' >"$objdir/changed.tmp"
	fi
	sed "s,^tree/,$tree/,; s,^\.\./${home##*/}/tests/,$tests/," "$objdir/changed.tmp" >"$objdir/changed"
)

# here DIRECTORY: which one it is, wherever it has been moved to.
here()
{
	stat -c '%d %i' "$1"
}

# The suites, from any $objdir: that of the kernel or of a variant.
tests_named=../../../${home##*/}/tests

# place TREE OBJDIR [SOURCE...]: make the copies of the sources that have suites or stubs, by place.c. With KDIR or keep_going set,
# what is missing in the tree is only said.
place()
{
	set -- "$top/scripts/lib/place.h" "$top/scripts/lib/place.c" "$top/scripts/lib/suites.c" "$top/scripts/lib/heads.c" "$@"
	cat "$1" "$2" "$3" "$4" | cmp -s - "$build/place.c" || {
		gcc -O2 -D_GNU_SOURCE -o "$build/place.$$" "$2" "$3" "$4" && mv "$build/place.$$" "$build/place" &&
			cat "$1" "$2" "$3" "$4" >"$build/place.c" || die "cannot compile scripts/lib/place.c"
	}
	shift 4
	made_tree=$1
	made_in=$2
	shift 2
	[ -z "$KDIR" ] || keep_going=-k
	"$build/place" ${keep_going-} "$made_tree" "$made_in" "$tests/kunit" "$tests_named/kunit" "$@"
}

# made_from LIST: print the files that are made from those in LIST, by the .cmd files in $objdir. There, Kbuild names a source
# ../file, a header maybe ../dir/../file, and a file in the build directory by its path below that.
made_from()
{
	sed "s,^$objdir/,,; s,^$tree/,../,; s,^$tests/,$tests_named/,; s,.*,& \\\\\n := &,; s,^\.\.,," "$1" >"$1.patterns"
	(cd "$objdir" && find -L . -path ./source -prune -o -name '.*.cmd' -print0 | xargs -0 grep -lF -f "$1.patterns") |
		sed 's,^\./,,; s,\(^\|/\)\.\([^/]*\)\.cmd$,\1\2,' | sort
}

# no_objects LIST: print those of the files in LIST that are not linked straight into vmlinux, such as objects of the vDSO.
no_objects()
{
	(cd "$objdir" && ar t vmlinux.a) | sort | comm -13 - "$1"
}

# compile_all LIST: compile the objects in LIST, $JOBS at once. Not in the background of a shell, where nothing hears of Ctrl-C.
compile_all()
{
	xargs -r -n 1 -P "$JOBS" "$top/scripts/lib/compile.sh" <"$1"
}

# link_once: link vmlinux.quick with the symbol table in quick.kallsyms.o, as scripts/link-vmlinux.sh does.
link_once()
{
	$CC $CFLAGS_vmlinux -Wl,--script="$KBUILD_LDS" -o vmlinux.quick -Wl,--whole-archive vmlinux.a \
		$export init/version-timestamp.o -Wl,--no-whole-archive \
		-Wl,--start-group $KBUILD_VMLINUX_LIBS -Wl,--end-group quick.kallsyms.o -lutil -lrt -lpthread
}

# link_quick TREE: link `linux` in the current directory, a build directory. First try the last symbol table: if no symbol has
# moved, it is right. If not, make a table of the new addresses, link again, and check that they are still the same.
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
		# If this is stopped, quick.syms must not be left beside a table of other symbols.
		rm -f quick.syms
		scripts/kallsyms $options quick.map >quick.kallsyms.S &&
			$CC $NOSTDINC_FLAGS $LINUXINCLUDE $KBUILD_CPPFLAGS $KBUILD_AFLAGS $KBUILD_AFLAGS_KERNEL -c \
				-o quick.kallsyms.o quick.kallsyms.S && mv quick.map quick.syms || return
	done
	echo "the symbol table does not settle" >&2
	return 1
}
