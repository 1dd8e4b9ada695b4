# SPDX-License-Identifier: GPL-2.0
# Read by every script: paths, messages, the lock.
# shellcheck shell=sh disable=SC2034

set -eu

# Verbs are in scripts/, the steps of a build in scripts/lib/.
top=$(cd "$(dirname "$0")/.." && pwd -P)
[ -f "$top/Makefile" ] || top=${top%/*}
me=$(basename "$0" .sh)

# We look for words in what git and gcc say.
export LC_ALL=C.UTF-8

# When a git hook calls us, our git commands must not act on the hook's repository.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_COMMON_DIR GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_NAMESPACE \
	GIT_PREFIX GIT_SHALLOW_FILE GIT_CONFIG GIT_CONFIG_PARAMETERS GIT_EXTERNAL_DIFF GIT_DIFF_OPTS GIT_LITERAL_PATHSPECS

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

# unfit WORDS...: as die(), where it is the tree that does not fit; bisect.sh goes on with another commit.
unfit()
{
	printf '%s\n' "$me: error: $*" >&2
	exit 3
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

# tree_release: the release that the Makefile of a kernel, on stdin, says, such as 7.3.0-rc7.
tree_release()
{
	awk '/^(VERSION|PATCHLEVEL|SUBLEVEL) = / { v = v dot $3; dot = "." } /^EXTRAVERSION = / { v = v $3 } END { print v }'
}

# nearest RELEASE: the kernel in patches/ whose release is the nearest; of two, the newer. 7.0 came after 6.19.
nearest()
{
	kernels | awk -v of="$1" '
		function nth(release, part) { split(release, part, "."); return 20 * part[1] + part[2] }
		{ d = nth($1) - nth(of); d = d < 0 ? -d : d }
		NR == 1 || d <= least { least = d; found = $1 }
		END { print found }'
}

# plain_git ARGUMENT...: git as it comes, without the user's and the system's configuration, and with file names as they are.
plain_git()
{
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_COUNT=0 GIT_ATTR_NOSYSTEM=1 GIT_DEFAULT_HASH=sha1 \
		git -c core.attributesFile=/dev/null -c core.excludesFile=/dev/null -c core.quotePath=false "$@"
}

# from_here PATH: a path as it was typed is relative to where make was called, also with -C and -f.
from_here()
{
	case $1 in
	'' | /*) printf '%s\n' "$1" ;;
	*) printf '%s/%s\n' "${UMRING_PWD:-$PWD}" "$1" ;;
	esac
}

newline='
'

# words_of NAME: what this variable lists, one a line. Quotes and \ are those of a shell, globs are not.
words_of()
(
	value=
	eval "value=\${$1-}"
	printf '%s\n' "$value" | xargs -r printf '%s\n' 2>/dev/null || die "$1=$value: a quote is not closed"
)

# files_of NAME: the files that this variable lists, one a line; or the one that it is, blanks and quotes in its path included.
files_of()
(
	value=
	eval "value=\${$1-}"
	if [ -e "$(from_here "$value")" ]; then printf '%s\n' "$value"; else words_of "$1"; fi
)

# The Makefile's variables, with defaults for a script that is called alone.
asked=${KERNEL-}
KDIR=$(from_here "${KDIR-}")
if [ -n "$KDIR" ] && [ -f "$KDIR/Makefile" ]; then
	KERNEL=${KERNEL:-$(nearest "$(tree_release <"$KDIR/Makefile")")}
fi
KERNEL=${KERNEL:-$(default_kernel)}
FLAVOUR=${FLAVOUR:-default}
KERNEL_TARBALL=$(from_here "${KERNEL_TARBALL-}")
JOBS=${JOBS:-$(nproc)}

. "$top/scripts/lib/args.sh"

cache=${XDG_CACHE_HOME:-${HOME:-$top/build}/.cache}/umring
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
	*[][[:space:]:,\&*?\\]*)
		die "Kbuild takes no space, colon or the like in a path, as in $build: set XDG_CACHE_HOME to a path without, remove $top/build"
		;;
	esac
	;;
esac

# writable DIRECTORY: stop if we cannot write there. test -w also knows a file system that is read-only.
writable()
{
	[ ! -w "$1" ] || return 0
	[ "$(stat -c %u "$1")" != "$(id -u)" ] || die "cannot write to $1, which is read-only: make it writable, or make in another clone"
	die "cannot write to $1, which belongs to $(stat -c %U "$1"): make as that user, or in a clone of your own"
}

if [ -e "$build" ]; then writable "$build"; else writable "$top"; fi

# One directory for each kernel and for each KDIR.
home=$build/$KERNEL
if [ -n "$KDIR" ]; then
	[ -d "$KDIR" ] || die "KDIR=$KDIR: no such directory"
	KDIR=$(cd "$KDIR" && pwd -P)
	home=$build/kdir-$(path_id "$KDIR")
fi
tests=$home/tests

# variant_dir [VARIANT]: its directory, beside the kernel's, so that both name the suites by the same relative path.
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

# lock: only one make at a time changes a kernel and its variants; the second waits for the first.
lock()
{
	[ -z "${UMRING_LOCKED-}" ] || return 0
	mkdir -p "$home" "$work" 2>/dev/null || die "cannot write to $build: check its owner and the space left"
	writable "$home"
	[ ! -e "$home/lock" ] || writable "$home/lock"
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

# run_py ARG...: exec run.py. -S skips the site module, whose import takes longer than most suites.
run_py()
{
	export me objdir tree results work JOBS
	exec env -u PYTHONDONTWRITEBYTECODE "$python" -S -B "$top/scripts/lib/run.py" "$@"
}
