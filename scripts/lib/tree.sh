#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# tree.sh: make build/<kernel>/tree, a git repository of the kernel with one commit for each patch of the series.
# The base is the Debian package, KERNEL_TARBALL=path, or with KDIR=path the user's own tree as it is now, edits
# included; KDIR is only read. Tag `base` is the base, tag `series` the last patch. The user's edits and commits on top are
# never overwritten: if patches/ or the base changes below them, this stops and says so.

. "$(dirname "$0")/common.sh"
. "$top/scripts/lib/series.sh"

# Most of a kernel tree cannot be built for UML, and neither Kconfig nor make reads it. Without it, unpacking and git's base
# commit take 18 s instead of 40 s, and the tree 1 GB instead of 3.6 GB.
unused()
{
	printf '%s\n' '*/Documentation/*.rst' '*/Documentation/*.yaml' '*/Documentation/*.svg' '*/Documentation/*.txt' \
		'*/tools/perf/*' '*/tools/testing/selftests/*' '*/sound/*.[ch]' '*/drivers/net/*/*.[ch]'
	for d in clk crypto gpu iio infiniband media pinctrl scsi staging; do
		printf '%s\n' "*/drivers/$d/*.[ch]"
	done
	for a in alpha arc arm arm64 csky hexagon loongarch m68k microblaze mips nios2 openrisc parisc powerpc riscv \
		s390 sh sparc xtensa; do
		printf '%s\n' "*/arch/$a/*.[chS]" "*/arch/$a/*.dts*"
	done
}

git_tree()
{
	plain_git -C "$tree" -c core.fsmonitor=false "$@"
}

# git_write: for commands that write objects. They must not see the objects of KDIR: git touches those that it finds.
git_write()
{
	GIT_OBJECT_DIRECTORY=$tree/.git/${KDIR:+own-}objects git_tree "$@"
}

# commit TREE SUBJECT [PARENT]: with fixed names and dates, so that the same content gives the same commit.
commit()
{
	GIT_COMMITTER_NAME=umring GIT_COMMITTER_EMAIL=umring@localhost GIT_COMMITTER_DATE='@0 +0000' \
		GIT_AUTHOR_NAME=${author:-umring} GIT_AUTHOR_EMAIL=${email:-umring@localhost} \
		GIT_AUTHOR_DATE=${date:-@0 +0000} git_write commit-tree "$1" -m "$2" ${3:+-p "$3"}
}

init_repo()
{
	plain_git -c init.defaultBranch=umring init -q "$1"
	plain_git -C "$1" config gc.auto 0
	plain_git -C "$1" config core.looseCompression 0
	printf '%s\n' '/um-*' >"$1/.git/info/exclude"
}

is_kernel()
{
	[ -f "$1/Kbuild" ] && [ -d "$1/arch/um" ] && [ -f "$1/io_uring/io-wq.c" ]
}

unpack()
{
	part=$tree.part
	rm -rf "$part"
	mkdir -p "$part"
	unused >"$work/unused"
	export XZ_OPT=-T2
	untar="tar -C $part --strip-components=1 --exclude-from=$work/unused"
	if [ -n "$KERNEL_TARBALL" ]; then
		say "unpacking $KERNEL_TARBALL"
		$untar -xf "$KERNEL_TARBALL" 2>"$work/error"
	else
		deb=$("$top/scripts/lib/fetch.sh") || exit
		say "unpacking $(basename "$deb")"
		dpkg-deb --fsys-tarfile "$deb" 2>/dev/null | tar -xOf - --wildcards './usr/src/linux-source-*.tar.xz' 2>/dev/null |
			$untar -xJf - 2>"$work/error"
	fi || die "cannot unpack ${KERNEL_TARBALL:-$deb} into $work: no space left, or the file is damaged (then remove it):" \
		"$(head -n 1 "$work/error")"
	is_kernel "$part" || die "${KERNEL_TARBALL:-$deb} did not unpack to a whole kernel tree: no space left?"
}

tarball_id()
{
	stat -L -c '%d %i %s %Y' "${KERNEL_TARBALL:-/dev/null}"
}

# more_base: make a new base, with what an older tree.sh left out. The tree gets that like the files of a new patch.
more_base()
{
	unpack
	say "recording what the tree lacked in git"
	base=$(GIT_INDEX_FILE=$tree/.git/base-index && export GIT_INDEX_FILE && exec 2>"$work/error" &&
		git_tree --work-tree="$tree.part" add -A -f . &&
		commit "$(git_tree write-tree)" "base: linux-source-$KERNEL") ||
		die "git cannot record the base in $work: no space left? $(head -n 1 "$work/error")"
	rm -rf "$tree.part"
}

# A base from a package never changes. With it as a commit, git shows the user's edits.
base_from_package()
{
	[ -z "$KERNEL_TARBALL" ] || [ -f "$KERNEL_TARBALL" ] || die "KERNEL_TARBALL=$KERNEL_TARBALL: no such file"
	if ! git_tree rev-parse -q --verify base >/dev/null 2>&1; then
		[ ! -e "$tree" ] || die "$tree is incomplete, and may hold files of yours: move it away"
		unpack
		say "recording the base in git"
		init_repo "$tree.part"
		plain_git -C "$tree.part" config umring.source "$(tarball_id)"
		plain_git -C "$tree.part" add -A -f . 2>"$work/error" ||
			die "git cannot record the base in $work: no space left? $(head -n 1 "$work/error")"
		tree=$tree.part
		git_tree tag base "$(commit "$(git_tree write-tree)" "base: linux-source-$KERNEL")"
		git_tree reset -q base
		git_tree checkout -q -B umring base
		tree=${tree%.part}
		mv "$tree.part" "$tree"
	fi
	[ -z "$KERNEL_TARBALL" ] || [ "$(git_tree config umring.source)" = "$(tarball_id)" ] ||
		die "$tree was not made from KERNEL_TARBALL=$KERNEL_TARBALL as it is now: save your edits there if you" \
			"have any, remove it, and make again"
	base=$(git_tree rev-parse base)
	case $FLAVOUR in
	liburing*) [ -f "$tree/drivers/net/loopback.c" ] || more_base ;;
	esac
}

# kdir_git ARGUMENT...: git in KDIR, also if that belongs to somebody else. We only read it.
kdir_git()
{
	git -c safe.directory="$KDIR" -C "$KDIR" "$@"
}

# In a git tree, .gitignore separates sources from what was built. In a plain tree it may not: Debian's ignores everything.
add_kdir()
{
	if kdir_git rev-parse --git-dir >/dev/null 2>&1; then
		git_write --work-tree="$KDIR" add -A .
	else
		git_write --work-tree="$KDIR" add -A -f . ':!*.o' ':!*.a' ':!*.ko' ':!*.cmd' ':!*.gcno' ':!*.gcda' ':!.config*' \
			':!include/config' ':!include/generated' ':!arch/*/include/generated' ':!vmlinux*' ':!linux'
	fi
}

# conflicts: stop if a merge has left conflicts in KDIR.
conflicts()
{
	for f in $(kdir_git ls-files -u --full-name 2>/dev/null | cut -f 2 | sort -u); do
		! grep -q '^<<<<<<< ' "$KDIR/$f" 2>/dev/null || die "KDIR=$KDIR has conflicts of a merge in $f: resolve them first"
	done
}

# Read the user's tree with an index and an object directory of our own. Our index starts as a copy of the user's, so git
# knows unchanged files by their stat data; the user's objects are alternates, so git copies none.
base_from_kdir()
{
	is_kernel "$KDIR" || die "KDIR=$KDIR is not a kernel tree with io_uring and arch/um"
	if [ ! -d "$tree/.git" ]; then
		rm -rf "$tree"
		mkdir -p "$work"
		init_repo "$tree.part"
		mkdir -p "$tree.part/.git/own-objects"
		echo ../own-objects >"$tree.part/.git/objects/info/alternates"
		if objects=$(kdir_git rev-parse --path-format=absolute --git-path objects 2>/dev/null) &&
			[ "$(kdir_git rev-parse --show-toplevel)" = "$KDIR" ]; then
			printf '%s\n' "$objects" >>"$tree.part/.git/objects/info/alternates"
			cp "$(kdir_git rev-parse --path-format=absolute --git-path index)" \
				"$tree.part/.git/kdir-index"
		fi
		mv "$tree.part" "$tree"
	fi
	conflicts
	snapshot=$(GIT_INDEX_FILE=$tree/.git/kdir-index && export GIT_INDEX_FILE && exec 2>"$work/error" &&
		add_kdir && git_write write-tree --missing-ok) ||
		die "git cannot read KDIR=$KDIR, or has no space left in $work: $(head -n 1 "$work/error")"
	base=$(commit "$snapshot" "base: the user's tree")
}

# start_index FILE: use an index of just the files that the series changes, as the base has them. One of the whole tree would be read and
# written for each patch.
start_index()
{
	rm -f "$1"
	GIT_INDEX_FILE=$1
	export GIT_INDEX_FILE
	xargs -d '\n' git -C "$tree" ls-tree "$base" -- <"$work/patched" | git_tree update-index --index-info
}

# own_blobs: copy the files that the series changes to our own objects: git_write does not see KDIR's.
own_blobs()
{
	git_tree ls-files -s | cut -d ' ' -f 2 | git_tree pack-objects -q --window=0 --stdout | git_write unpack-objects -q
}

# in_tree: print the patches that the base has already. Later ones can hide earlier ones, so take them back from the last on. Most
# often there are none: then all apply, which is one call of git.
in_tree()
{
	set --
	for p in $(series); do
		set -- "$@" "$top/patches/$KERNEL/$p"
	done
	[ $# != 0 ] && ! git_write apply --cached "$@" 2>/dev/null || return 0
	for p in $(series | tac); do
		! git_write apply --cached --reverse "$top/patches/$KERNEL/$p" 2>/dev/null || echo "$p"
	done
}

# try_apply FILE: apply it to the index; print how that went, if not just so. To a tree of the user's, if need be, by a three-way
# merge, which takes the files that the patch was made for, or with one line of context.
try_apply()
{
	! git_write apply --cached "$1" 2>"$work/apply.log" || return 0
	[ -n "$KDIR" ] || return 1
	cp "$GIT_INDEX_FILE" "$GIT_INDEX_FILE.before"
	if GIT_ALTERNATE_OBJECT_DIRECTORIES=$build/$KERNEL/tree/.git/objects git_write apply --cached --3way "$1" >/dev/null 2>&1; then
		echo "by a three-way merge"
		return
	fi
	cp "$GIT_INDEX_FILE.before" "$GIT_INDEX_FILE"
	git_write apply --cached -C1 "$1" 2>/dev/null || return
	echo "with less context"
}

# import_commit PATCHFILE: print a commit of what the index has, for git fast-import. Its names and dates are fixed, as those of commit().
import_commit()
{
	plain_git mailinfo "$work/message" /dev/null <"$1" >"$work/info"
	git_tree ls-files -s >"$work/entries"
	LC_ALL=C awk '
		FILENAME == ARGV[1] { name = $1; sub(/^[^ ]* /, ""); info[name] = $0; next }
		FILENAME == ARGV[2] { message = message $0 "\n"; next }
		FILENAME == ARGV[3] { deleted = deleted "D " $0 "\n"; next }
		{ sub(/ 0\t/, " "); files = files "M " $0 "\n" }
		END {
			epoch = "Thu, 1 Jan 1970 00:00:00 +0000"
			date = info["Date:"] == "" ? epoch : info["Date:"]
			message = info["Subject:"] "\n\n" message
			sub(/\n+$/, "\n", message)
			printf "commit refs/umring/series\nauthor %s <%s> %s\n", info["Author:"], info["Email:"], date
			printf "committer umring <umring@localhost> %s\ndata %d\n%s", epoch, length(message), message
			printf "%s%s", deleted, files
		}' "$work/info" "$work/message" "$work/patched" "$work/entries"
}

# apply_patch NAME: to the index, and add the commit to the import. Leave out a patch that the tree has already, or that is only
# wanted and does not apply.
apply_patch()
{
	file=$top/patches/$KERNEL/$1
	if grep -qxF "$1" "$work/in-tree"; then
		say "$1 is in this tree already" >&2
		fits "$1" "is in this tree already"
	elif how=$(try_apply "$file"); then
		[ -z "$how" ] || say "$1 applies $how" >&2
		fits "$1" "applies${how:+ $how}"
		import_commit "$file" >>"$work/import"
	else
		why=$(sed -n 's/^error: //p' "$work/apply.log" | paste -sd ';')
		[ -n "$KDIR" ] && wanted "$1" ||
			unfit "patches/$KERNEL/$1 does not apply to ${KDIR:-the base}, which is $(base_release) (the series is for" \
				"$(release)): $why (tree left as it was)"
		say "without $1, which does not apply to $KDIR: $why" >&2
		fits "$1" "left out: $why"
	fi
}

# fits PATCH HOW: note it for `make tree`.
fits()
{
	printf '%s\t%s\n' "$1" "$2" >>"$work/fits.tmp"
}

base_release()
{
	git_tree cat-file blob "$base:Makefile" 2>/dev/null | tree_release
}

# apply_series: make refs/umring/series of the base. In a shell of its own, for its index.
apply_series()
(
	rm -f "$work/fits.tmp"
	for p in $(series); do
		[ -f "$top/patches/$KERNEL/$p" ] || die "patches/$KERNEL/series names $p, which does not exist"
		patched_files "$top/patches/$KERNEL/$p"
	done >"$work/patched"
	start_index "$tree/.git/scratch-index"
	[ -z "$KDIR" ] || own_blobs
	in_tree >"$work/in-tree"
	start_index "$tree/.git/series-index"
	printf '%s\n' 'reset refs/umring/series' "from $base" >"$work/import"
	for p in $(series); do
		apply_patch "$p"
	done
	git_write fast-import --quiet --force --date-format=rfc2822 <"$work/import" 2>"$work/error" ||
		die "git cannot commit the series in $work: no space left? $(head -n 1 "$work/error")"
	touch "$work/fits.tmp"
	mv "$work/fits.tmp" "$work/fits"
)

has_user_edits()
{
	[ "$(git_tree rev-parse HEAD)" != "$(git_tree rev-parse series)" ] ||
		[ "$(git_tree rev-parse umring)" != "$(git_tree rev-parse series)" ] ||
		[ -n "$(git_tree status --porcelain --untracked-files=no)" ]
}

lock
# Left by one that was killed.
rm -f "$tree"/.git/*-index.lock
if [ -n "$KDIR" ]; then
	base_from_kdir
else
	base_from_package
fi
id=$(series_id "$base")
[ "$(git_tree config umring.inputs || true)" != "$id" ] || exit 0

# An interrupted checkout would look like edits of the user: finish it first.
if half=$(git_tree config umring.checkout); then
	git_tree checkout -q -f -B umring "$half" && git_tree tag -f series "$half" >/dev/null
fi

if git_tree rev-parse -q --verify series >/dev/null && has_user_edits; then
	die "patches/ or the base changed, and $tree holds edits of yours: save them (git format-patch series.., git" \
		"stash), run git -C $tree reset --hard series, then make again"
fi
say "applying patches/$KERNEL/series"
apply_series
head=$(git_tree rev-parse refs/umring/series)
blocked=$(git_tree read-tree -n -m -u "$head" 2>&1) ||
	die "a patch brings files that you have in $tree, move yours away: $(printf '%s\n' "$blocked" | paste -sd ';')"
git_tree config umring.checkout "$head"
git_tree tag -f base "$base" >/dev/null
git_tree checkout -q -f -B umring "$head" 2>"$work/error" ||
	die "cannot write $tree: no space left? $(head -n 1 "$work/error")"
git_tree tag -f series "$head" >/dev/null
git_tree config umring.inputs "$id"
git_tree config --unset umring.checkout
