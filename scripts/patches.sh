#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# patches.sh: write the commits of build/<kernel>/tree, from tag `base` to HEAD, back to patches/<kernel>, and `series` with
# them in the order of the commits. A commit keeps the file name of the patch that has its subject; others are named by
# their subject. No change in the tree is no change in patches/. Edits that are not committed are not taken.

. "$(dirname "$0")/lib/common.sh"

[ -z "$KDIR" ] || die "the patches are made from a tree of ours, not from KDIR: leave KDIR out"
lock
git -C "$tree" rev-parse -q --verify series >/dev/null 2>&1 || die "there is no tree of $KERNEL: run make kernel first"
folder=$top/patches/$KERNEL

subject()
{
	git mailinfo /dev/null /dev/null <"$1" | sed -n 's/^Subject: //p'
}

# name SUBJECT: the file of the patch with that subject, or a new one.
name()
{
	for p in "$folder"/*.patch; do
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
[ -z "$(git -C "$tree" rev-list --merges base..HEAD)" ] || die "$tree has a merge commit, which is no patch: rebase it away"
[ -n "$(git -C "$tree" rev-list base..HEAD)" ] || die "$tree is at its base: there is no commit to make a patch of"
[ -z "$(git -C "$tree" status --porcelain --untracked-files=no)" ] || say "edits that are not committed are left out"
for c in $(git -C "$tree" rev-list --reverse base..HEAD); do
	file=$(name "$(git -C "$tree" log -1 --format=%s "$c")")
	[ ! -e "$new/$file" ] || die "two commits have the subject of $file: give them two"
	git -C "$tree" format-patch -1 --zero-commit --no-signature --full-index -N --stdout "$c" >"$new/$file" ||
		die "cannot write to $work: no space left?"
	echo "$file" >>"$new/order"
done

# A comment of the series stays before the patch that it stands before now, or the next one if that is dropped.
awk 'FILENAME != last { pass++; last = FILENAME }
	pass == 1 { kept[$1] = 1; next }
	pass == 2 && !kept[$1] { block = block (/^#|^$/ ? $0 "\n" : ""); next }
	pass == 2 { before[$1] = block; block = ""; next }
	{ printf "%s%s\n", before[$1], $0 }
	END { printf "%s", block }' "$new/order" "$folder/series" "$new/./order" >"$new/series"
rm "$new/order"

for f in "$new"/*; do
	cmp -s "$f" "$folder/${f##*/}" || {
		say "writing patches/$KERNEL/${f##*/}"
		cp "$f" "$folder/${f##*/}.tmp" 2>/dev/null && mv "$folder/${f##*/}.tmp" "$folder/${f##*/}" ||
			die "cannot write to $folder"
	}
done
# A merged fix is in the base, and stands in a comment.
for f in "$folder"/*.patch; do
	grep -qF "${f##*/}" "$new/series" || say "no commit for patches/$KERNEL/${f##*/} any more: remove it if you dropped it"
done

# What is written now is what the tree holds, so that the next make does not apply it again.
git -C "$tree" tag -f series HEAD >/dev/null
git -C "$tree" branch -q -f umring HEAD 2>/dev/null || :
git -C "$tree" config umring.inputs "$(series_id "$(git -C "$tree" rev-parse base)")"
