# SPDX-License-Identifier: GPL-2.0
# Read by the scripts that the Makefile calls: where things are, and how to say what went wrong.
# shellcheck shell=sh disable=SC2034

set -eu

# Verbs are in scripts/, the steps of a build in scripts/lib/.
top=$(cd "$(dirname "$0")/.." && pwd -P)
[ -f "$top/Makefile" ] || top=${top%/*}
me=$(basename "$0" .sh)

# A git command of ours must not act on the repository that a hook of the caller's is in.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

# dash ends at a signal without what is to be done at exit.
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say()
{
	printf '%s\n' "$me: $*"
}

die()
{
	printf '%s\n' "$me: error: $*" >&2
	exit 2
}

# The comment at the top of each script is its help.
usage()
{
	sed -n '/^# SPDX/d; 2,/^$/ s/^# \{0,1\}//p' "$0"
}

case ${1-} in
-h | --help)
	usage
	exit 0
	;;
esac

kernels()
{
	(cd "$top/patches" && printf '%s\n' */series) | sed 's,/series,,' | sort -V
}

# gone: the newest in patches/, where find_kernel has found that it has left the mirror, unless it is here.
gone()
{
	newest=$(kernels | tail -n 1)
	[ -d "$top/build/$newest/tree" ] || sed -n "s/^\($newest\) is gone, .* is there$/\1/p" "$top/build/kernel" 2>/dev/null || :
}

# default_kernel: the newest in patches/, or what find_kernel had to take instead.
default_kernel()
{
	if [ -n "$(gone)" ]; then
		sed 's/.* is gone, \(.*\) is there$/\1/' "$top/build/kernel"
	else
		kernels | tail -n 1
	fi
}

# What the Makefile hands down, with the same defaults for a script that is called alone.
asked=${KERNEL-}
KERNEL=${KERNEL:-$(default_kernel)}
FLAVOUR=${FLAVOUR:-default}
KDIR=${KDIR-}
KERNEL_TARBALL=${KERNEL_TARBALL-}
JOBS=${JOBS:-$(nproc)}

. "$top/scripts/lib/args.sh"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/umring
build=$top/build

path_id()
{
	printf '%s' "$1" | cksum | cut -d ' ' -f 1
}

# Kbuild takes no path with a space or a colon, and sed and find here none with their own characters in it: a clone at such
# a path builds in the cache folder instead.
case $top in
*[][[:space:]:,\&*?\\]*)
	if [ ! -e "$build" ]; then
		mkdir -p "$cache/build-$(path_id "$top")" && ln -s "$cache/build-$(path_id "$top")" "$build"
	fi
	build=$(cd "$build" && pwd -P)
	case $build in
	*[[:space:]:]*) die "Kbuild takes no space or colon in a path: set XDG_CACHE_HOME to a folder without, remove $top/build" ;;
	esac
	;;
esac

# All that is made of a kernel, or of a tree of the user's own, is in one directory; two trees never meet.
home=$build/$KERNEL
if [ -n "$KDIR" ]; then
	[ -d "$KDIR" ] || die "KDIR=$KDIR: no such directory"
	KDIR=$(cd "$KDIR" && pwd -P)
	home=$build/kdir-$(path_id "$KDIR")
fi
tests=$home/tests

# variant_dir [VARIANT]: where a variant is. At the same depth as the kernel itself: gcc writes an object's path into its
# counts, and GCOV_PREFIX_STRIP takes one depth for all of them.
variant_dir()
{
	printf '%s\n' "$home${1:+@$1}"
}

# results_of [VARIANT]: where its runs are.
results_of()
{
	printf '%s/results-%s\n' "$(variant_dir "${1-}")" "$FLAVOUR"
}

VARIANT=${VARIANT-}
work=$(variant_dir "$VARIANT")
tree=$work/tree
# Directly inside its tree, so that Kbuild names sources by relative paths, and both can be moved or copied as one.
objdir=$tree/um-$FLAVOUR
results=$(results_of "$VARIANT")

# find_kernel "$@": when nobody asked for a kernel and the newest is neither here nor at the mirror any more, start this
# script again with the newest that is.
find_kernel()
{
	[ -z "$asked$KDIR$KERNEL_TARBALL" ] && [ ! -d "$tree" ] || return 0
	found=$("$top/scripts/lib/fetch.sh" --newest)
	[ "$found" != "$KERNEL" ] || return 0
	say "kernel $found, the newest in patches/ that the mirror has" >&2
	mkdir -p "$build"
	echo "$(kernels | tail -n 1) is gone, $found is there" >"$build/kernel"
	KERNEL='' exec "$0" "$@"
}

# linux_id: which build of the kernel this is. Each link makes a new file.
linux_id()
{
	stat -L -c '%i %s %.Y' "$objdir/linux"
}

# fixes: those of the kernel, applied or merged, in the order of its series; one where $FIX names it.
fixes()
{
	sed -n '/^# fixes/,$ s/^\(# merged: \)\{0,1\}\([^# ]*\)\.patch$/\2/p' "$top/patches/$KERNEL/series" |
		while read -r f; do
			[ "$f" != "${FIX:-$f}" ] || echo "$f"
		done
}

# release: the point release that the series of the kernel was made for.
release()
{
	sed -n 's/^# for \([0-9][0-9.]*\)$/\1/p' "$top/patches/$KERNEL/series"
}

has_gcov()
{
	grep -qsx CONFIG_GCOV=y "$objdir/.config"
}

# need_counts: stop unless the kernel that is built can count, and gcov reads what its gcc wrote.
need_counts()
{
	has_gcov ||
		die "flavour $FLAVOUR of $KERNEL is not built, or not with CONFIG_GCOV"
	gcc_version=$(sed -n 's/^CONFIG_GCC_VERSION=\(.*\)....$/\1/p' "$objdir/.config")
	gcov_version=$(gcov --version | sed -n '1s,.* \([0-9]*\)\.[^ ]*$,\1,p')
	[ "$gcc_version" = "$gcov_version" ] ||
		die "gcov is of version $gcov_version, the kernel was compiled by gcc $gcc_version: install gcov of gcc" \
			"$gcc_version, or run make distclean and build with gcc $gcov_version"
}

# counted: the directories, with a / at the end, and the sources that are counted.
counted()
{
	sed -n 's/^counted //p' "$top/coverage/targets" | tr ' ' '\n'
}

# edited: one of the counted sources that were edited since the kernel was built.
edited()
{
	# shellcheck disable=SC2046
	(cd "$tree" && find $(counted) -cnewer "$objdir/linux" ! -type d -name '*.[ch]' -print -quit)
}

# copy_build TO: the build in a tree of links to the sources, TO.
copy_build()
{
	rm -rf "$1"
	mkdir -p "$1"
	find "$tree" -mindepth 1 -maxdepth 1 ! -name .git ! -name 'um-*' -exec ln -s -t "$1" {} +
	cp -a "$objdir" "$1"
	# The way back to the sources, which find would go in circles on.
	rm -f "$1/um-$FLAVOUR/source"
}

# open_folder TO DIR: from here on DIR of such a tree is a folder of links, and no link.
open_folder()
{
	[ "$2" = . ] || open_folder "$1" "$(dirname "$2")"
	[ -L "$1/$2" ] || return 0
	rm "$1/$2"
	mkdir "$1/$2"
	find "$tree/$2" -mindepth 1 -maxdepth 1 -exec ln -s -t "$1/$2" {} +
}

# features TREE: which of tests/kunit/features the tree has, as a header, so that the suites need not go by its version.
features_h=include/generated/kunit_has.h
features()
{
	awk -v tree="$1" '
		/^[A-Z]/ {
			name = $1
			file = tree "/" $2
			sub(/^[^\t]*\t+[^\t]*\t+/, "")
			found = 0
			while (!found && (getline line <file) > 0)
				found = line ~ $0
			close(file)
			print "#define KUNIT_HAS_" name, found
		}' "$top/tests/kunit/features"
}

# series_id BASE: a name for what the tree is made of, so that a change of it shows.
series_id()
{
	{
		echo "$1"
		cd "$top/patches/$KERNEL" && cat series -- *.patch
	} | git hash-object --stdin
}

# One make at a time changes a kernel and its variants: the second waits for the first.
lock()
{
	[ -z "${UMRING_LOCKED-}" ] || return 0
	mkdir -p "$home" "$work" 2>/dev/null || die "cannot write to $build: check its owner and the space left"
	exec 9>"$home/lock"
	flock -n 9 || {
		say "another make is at work in $home, waiting for it"
		flock 9
	}
	export UMRING_LOCKED=1
}

# Debian's own, where a shim in PATH would take longer to start than what it runs.
python=/usr/bin/python3
[ -x "$python" ] || python=python3

# cov COMMAND ARGUMENT...: coverage/cov.py on the kernel that is built, and what its runs left.
cov()
{
	cov_command=$1
	shift
	ME=$me "$python" -S -B "$top/coverage/cov.py" "$cov_command" "$tree" "$objdir" "$results" "$(linux_id)" "$@"
}

# run_py ARG...: go on as run.py. -S: it needs no site module, and that takes longer than many a suite.
run_py()
{
	export me objdir tree results work JOBS
	exec env -u PYTHONDONTWRITEBYTECODE "$python" -S -B "$top/scripts/lib/run.py" "$@"
}
