#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# patches.sh: write the commits of build/<kernel>/tree, from tag `base` to HEAD, back to patches/<kernel>, and list them in
# `series` in the order of the commits. A commit keeps the file name of the patch with its subject; a new one is named by its
# subject. If nothing was committed in the tree, nothing changes in patches/. Uncommitted edits are left out.

. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/series.sh"

[ -z "$KDIR" ] || die "patches are made from build/$KERNEL/tree, not from KDIR: leave KDIR out"
lock
git -C "$tree" rev-parse -q --verify series >/dev/null 2>&1 || die "there is no tree of $KERNEL: run make kernel first"
dir=$top/patches/$KERNEL

subject()
{
	plain_git mailinfo /dev/null /dev/null <"$1" | sed -n 's/^Subject: //p'
}

# name SUBJECT: the file name of the patch with that subject, or a new name.
name()
{
	for p in "$dir"/*.patch; do
		[ "$(subject "$p")" != "$1" ] || {
			basename "$p"
			return
		}
	done
	printf '%s\n' "$1" | sed 's/[^A-Za-z0-9]\{1,\}/-/g; s/^-//; s/-$//; s/$/.patch/'
}

new=$(mktemp -d "$work/patches.XXXXXX")
trap 'rm -rf "$new"' EXIT
[ ! -e "$tree/.git/rebase-merge" ] && [ ! -e "$tree/.git/rebase-apply" ] ||
	die "a rebase is under way in $tree: finish it, or git rebase --abort"
[ -z "$(git -C "$tree" rev-list --merges base..HEAD)" ] || die "$tree has a merge commit, which cannot be a patch: rebase"
[ -n "$(git -C "$tree" rev-list base..HEAD)" ] || die "$tree is at its base: there is no commit to make a patch of"
[ -z "$(git -C "$tree" status --porcelain --untracked-files=no)" ] || say "edits that are not committed are left out"
for c in $(git -C "$tree" rev-list --reverse base..HEAD); do
	file=$(name "$(git -C "$tree" log -1 --format=%s "$c")")
	[ ! -e "$new/$file" ] || die "two commits have the subject of $file: change one of them"
	plain_git -C "$tree" format-patch -1 --zero-commit --no-signature --full-index -N --stdout "$c" >"$new/$file" ||
		die "cannot write to $work: no space left?"
	echo "$file" >>"$new/order"
done

# A line keeps its comment. A comment above it in the series stays above the patch that it is above now, or above the next one if that patch is dropped.
awk 'FILENAME != last { pass++; last = FILENAME }
	pass == 1 { kept[$1] = 1; next }
	pass == 2 && !kept[$1] { block = block (/^#|^$/ ? $0 "\n" : ""); next }
	pass == 2 { before[$1] = block; line[$1] = $0; block = ""; next }
	{ printf "%s%s\n", before[$1], $1 in line ? line[$1] : $0 }
	END { printf "%s", block }' "$new/order" "$dir/series" "$new/./order" >"$new/series"
rm "$new/order"

for f in "$new"/*; do
	cmp -s "$f" "$dir/${f##*/}" || {
		say "writing patches/$KERNEL/${f##*/}"
		cp "$f" "$dir/${f##*/}.tmp" 2>/dev/null && mv "$dir/${f##*/}.tmp" "$dir/${f##*/}" ||
			die "cannot write to $dir"
	}
done
# A merged fix has no commit; the series names it in a comment.
for f in "$dir"/*.patch; do
	sed 's/^# merged: //; s/[[:space:]]*#.*//' "$new/series" | grep -qxF "${f##*/}" || say "no commit for patches/$KERNEL/${f##*/} any more: remove it if you dropped it"
done

# The tree already holds what was written: the next make must not apply it again.
git -C "$tree" tag -f series HEAD >/dev/null
git -C "$tree" branch -q -f umring HEAD 2>/dev/null || :
git -C "$tree" config umring.inputs "$(series_id "$(git -C "$tree" rev-parse base)")"
