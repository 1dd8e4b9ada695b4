# SPDX-License-Identifier: GPL-2.0
# Read by every script: paths, messages, the lock.
# shellcheck shell=sh disable=SC2034

set -eu

# Verbs are in scripts/, the steps of a build in scripts/lib/.
top=$(cd "$(dirname "$0")/.." && pwd -P)
[ -f "$top/Makefile" ] || top=${top%/*}
me=$(basename "$0" .sh)

# When a git hook calls us, our git commands must not act on the hook's repository.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

# dash skips EXIT traps when it is killed by a signal.
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

# gone: the newest kernel in patches/, if find_kernel has found that the mirror dropped it and there is no tree of it.
gone()
{
	newest=$(kernels | tail -n 1)
	[ -d "$top/build/$newest/tree" ] || sed -n "s/^\($newest\) is gone, .* is there$/\1/p" "$top/build/kernel" 2>/dev/null || :
}

# default_kernel: the newest in patches/, or the one that find_kernel chose instead.
default_kernel()
{
	if [ -n "$(gone)" ]; then
		sed 's/.* is gone, \(.*\) is there$/\1/' "$top/build/kernel"
	else
		kernels | tail -n 1
	fi
}

# The Makefile's variables, with defaults for a script that is called alone.
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

# Kbuild takes no path with a space or a colon, and our sed and find patterns none with special characters: a clone at
# such a path is built in the cache directory.
case $top in
*[][[:space:]:,\&*?\\]*)
	if [ ! -e "$build" ]; then
		mkdir -p "$cache/build-$(path_id "$top")" && ln -s "$cache/build-$(path_id "$top")" "$build"
	fi
	build=$(cd "$build" && pwd -P)
	case $build in
	*[[:space:]:]*) die "Kbuild takes no space or colon in a path: set XDG_CACHE_HOME to a directory without, remove $top/build" ;;
	esac
	;;
esac

# One directory for each kernel and for each KDIR.
home=$build/$KERNEL
if [ -n "$KDIR" ]; then
	[ -d "$KDIR" ] || die "KDIR=$KDIR: no such directory"
	KDIR=$(cd "$KDIR" && pwd -P)
	home=$build/kdir-$(path_id "$KDIR")
fi
tests=$home/tests

# variant_dir [VARIANT]: its directory, at the same depth as the kernel's: gcc writes an object's path into its counts, and
# all runs use the same GCOV_PREFIX_STRIP.
variant_dir()
{
	printf '%s\n' "$home${1:+@$1}"
}

# results_of [VARIANT]: the directory of its results.
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

# find_kernel "$@": if KERNEL is not given, and the newest kernel is neither here nor on the mirror any more, start this
# script again with the newest one that is.
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

# fixes: the fixes of the kernel, applied or merged, in the order of its series; only $FIX if that is set.
fixes()
{
	sed -n '/^# fixes/,$ s/^\(# merged: \)\{0,1\}\([^# ]*\)\.patch$/\2/p' "$top/patches/$KERNEL/series" |
		while read -r f; do
			[ "$f" != "${FIX:-$f}" ] || echo "$f"
		done
}

# release: the point release that the kernel's series was made for.
release()
{
	sed -n 's/^# for \([0-9][0-9.]*\)$/\1/p' "$top/patches/$KERNEL/series"
}

has_gcov()
{
	grep -qsx CONFIG_GCOV=y "$objdir/.config"
}

# need_counts: stop unless the kernel was built with gcov, and gcov has the version of its gcc.
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

# counted: the sources that are counted, and the directories of such sources, with a / at the end.
counted()
{
	sed -n 's/^counted //p' "$top/coverage/targets" | tr ' ' '\n'
}

# edited: a counted source that was edited after the kernel was built, if there is one.
edited()
{
	# shellcheck disable=SC2046
	(cd "$tree" && find $(counted) -cnewer "$objdir/linux" ! -type d -name '*.[ch]' -print -quit)
}

# features TREE: a header that says which of tests/kunit/features the tree has, so that no suite asks for its version.
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

# series_id BASE: a hash of the base and the patches, to see whether the tree is up to date.
series_id()
{
	{
		echo "$1"
		cd "$top/patches/$KERNEL" && cat series -- *.patch
	} | git hash-object --stdin
}

# lock: only one make at a time changes a kernel and its variants; the second waits for the first.
lock()
{
	[ -z "${UMRING_LOCKED-}" ] || return 0
	mkdir -p "$home" "$work" 2>/dev/null || die "cannot write to $build: check its owner and the space left"
	exec 9>"$home/lock"
	flock -n 9 || {
		say "another make is running in $home, waiting for it"
		flock 9
	}
	export UMRING_LOCKED=1
}

# Debian's own: a shim in PATH can take longer to start than our script runs.
python=/usr/bin/python3
[ -x "$python" ] || python=python3

# cov COMMAND ARGUMENT...: coverage/cov.py on the kernel that is built and the results of its runs.
cov()
{
	cov_command=$1
	shift
	ME=$me "$python" -S -B "$top/coverage/cov.py" "$cov_command" "$tree" "$objdir" "$results" "$(linux_id)" "$@"
}

# run_py ARG...: exec run.py. -S skips the site module, whose import takes longer than most suites.
run_py()
{
	export me objdir tree results work JOBS
	exec env -u PYTHONDONTWRITEBYTECODE "$python" -S -B "$top/scripts/lib/run.py" "$@"
}
