# SPDX-License-Identifier: GPL-2.0
# Read after common.sh: the commits that RANGE= names, of KDIR or build/<kernel>/tree, and the lines that they change.
# shellcheck shell=sh disable=SC2154

# repo_git ARGUMENT...: git in the repository of RANGE, also if that belongs to somebody else.
repo_git()
{
	plain_git -c safe.directory="$repo" -C "$repo" "$@"
}

# range_files DIR: DIR/old and DIR/new get the sources that RANGE changes, before its first commit and after its last.
range_files()
{
	repo=${KDIR:-$tree}
	case $RANGE in
	*..*)
		from=${RANGE%%..*}
		to=${RANGE##*..}
		;;
	*)
		from=$RANGE^
		to=$RANGE
		;;
	esac
	from=$(repo_git merge-base "${from:-HEAD}" "${to:-HEAD}" 2>"$1/err") ||
		die "RANGE=$RANGE names no commits of $repo: $(tail -n 1 "$1/err")"
	mkdir "$1/old" "$1/new"
	repo_git diff-tree -r --no-renames --diff-filter=d --name-only "$from" "${to:-HEAD}" -- '*.c' '*.h' >"$1/changed"
	[ -s "$1/changed" ] || die "RANGE=$RANGE of $repo changes no source"
	while read -r f; do
		mkdir -p "$(dirname "$1/new/$f")" "$(dirname "$1/old/$f")"
		repo_git cat-file blob "${to:-HEAD}:$f" >"$1/new/$f"
		repo_git cat-file blob "$from:$f" >"$1/old/$f" 2>/dev/null || :
	done <"$1/changed"
}

# changed_lines OLD NEW: the numbers of the lines that NEW adds to OLD, and of those around what it leaves out.
changed_lines()
{
	diff -U0 "$1" "$2" | awk '/^@@ / {
		split(substr($3, 2), at, ",")
		first = at[1]
		last = at[2] == "" ? first : at[2] ? first + at[2] - 1 : first + 1
		while (first <= last)
			print first++
	}'
}

# touched_lines DIR TREE: the lines of TREE, "source line" each, that have changed from DIR/old to DIR/new, and not again later.
touched_lines()
{
	while read -r f; do
		[ -f "$2/$f" ] || continue
		[ -f "$1/old/$f" ] && old=$1/old/$f || old=/dev/null
		changed_lines "$1/new/$f" "$2/$f" >"$1/later"
		changed_lines "$old" "$2/$f" | grep -vxFf "$1/later" | sed "s,^,$f ," || :
	done <"$1/changed"
}
