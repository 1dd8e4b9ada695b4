# SPDX-License-Identifier: GPL-2.0
# Read after common.sh: a variant is the kernel that is built, made again with other sources, in a directory of its own. Its
# sources and objects are links to the kernel's; a patch replaces the links to what it touches, a build those to what is
# made from that. The caller holds the lock, and the kernel is up to date (build.sh). Two processes can work on two variants at once.
# VARIANT=NAME in the environment of run.sh and the others means that kernel.
#	variant_new NAME                   as it is built; 20 ms
#	variant_patch NAME [-R] PATCHFILE  several are possible, on top of each other
#	variant_build NAME                 compile what is made from the patched files, and link
#	variant_reset NAME                 back to what variant_new made
# All but variant_new say on stderr what is wrong, and fail.
# shellcheck shell=sh disable=SC2013,SC2154

# What a link writes is never shared.
linked='vmlinux vmlinux.unstripped vmlinux.o linux linux.id System.map .tmp_vmlinux* quick.* source built built.config
	changed cmds errors files* build.log quick.log'

# variant_links FROM TO [FIND-ARGUMENT...]
variant_links()
{
	from=$1
	to=$2
	shift 2
	find "$from" -mindepth 1 -maxdepth 1 "$@" -exec ln -s -t "$to" {} +
}

variant_new()
{
	new=$(variant_dir "$1")/tree
	rm -rf "${new%/tree}"
	mkdir -p "$new/um-$FLAVOUR"
	variant_links "$tree" "$new" ! -name .git ! -name 'um-*'
	set -f
	set --
	for l in $linked; do
		set -- "$@" ! -name "$l"
	done
	set +f
	variant_links "$objdir" "$new/um-$FLAVOUR" "$@"
	# Its own, because each link replaces it by the one that fits.
	cp "$objdir"/.tmp_vmlinux2.kallsyms.o "$new/um-$FLAVOUR"
	: >"${new%/tree}/patched"
	: >"${new%/tree}/compiled"
}

# variant_open TREE DIR: from here on DIR of the variant is a directory of links, and no link.
variant_open()
{
	case $2 in
	. | "um-$FLAVOUR") return ;;
	esac
	variant_open "$1" "$(dirname "$2")"
	if [ -L "$1/$2" ]; then
		rm "$1/$2"
		mkdir "$1/$2"
		variant_links "$tree/$2" "$1/$2"
	fi
	mkdir -p "$1/$2"
}

# variant_own TREE FILE: from here on FILE of the variant is its own, with the same content.
variant_own()
{
	variant_open "$1" "$(dirname "$2")"
	[ ! -L "$1/$2" ] || cp --remove-destination "$tree/$2" "$1/$2"
}

# variant_back TREE FILE: the kernel's again.
variant_back()
{
	rm -f "$1/$2"
	[ ! -e "$tree/$2" ] || ln -s "$tree/$2" "$1/$2"
}

# patched_files PATCHFILE
patched_files()
{
	sed -n 's,^\(--- a\|+++ b\)/\([^\t]*\).*,\2,p; s,^rename \(from\|to\) ,,p' "$1" | sort -u
}

variant_patch()
{
	new=$(variant_dir "$1")/tree
	shift
	reverse=
	if [ "$1" = -R ]; then
		reverse=-R
		shift
	fi
	[ -f "$1" ] || {
		say "no patch $1" >&2
		return 1
	}
	patch=$(realpath "$1")
	touched=$(patched_files "$1")
	[ -n "$touched" ] || {
		say "${1##*/} holds no patch" >&2
		return 1
	}
	for f in $touched; do
		variant_own "$new" "$f" || return
	done
	printf '%s\n' "$touched" >>"${new%/tree}/patched"
	# git apply changes all files or none.
	hunks=$(cd "$new" && GIT_CEILING_DIRECTORIES=${new%/tree} git apply $reverse "$patch" 2>&1) || {
		say "${1##*/} does not apply${reverse:+ in reverse}:" \
			"$(printf '%s\n' "$hunks" | sed -n 's/^error: //p' | paste -sd ';')" >&2
		return 1
	}
}

# variant_objects TREE: those made from what is patched, as Kbuild's .cmd files tell; "?FILE" for what is no object.
variant_objects()
{
	# A header is found with or without ../ in the middle of the path.
	sort -u "${1%/tree}/patched" | sed 's,\(.*\),/\1 \\\n := ../\1,' >"${1%/tree}/patterns"
	sed -n "s,^um-$FLAVOUR/include/,include/,p" "${1%/tree}/patched" | sed 's,$, \\,' >>"${1%/tree}/patterns"
	(cd "$objdir" && find . -name '.*.cmd' -print0 | xargs -0 grep -lF -f "${1%/tree}/patterns" |
		sed 's,^\./,,; s,\(^\|/\)\.\([^/]*\)\.cmd$,\1\2,' >"${1%/tree}/made" || :
	ar t vmlinux.a | sort >"${1%/tree}/linked"
	grep -v '\.[ch]$' "${1%/tree}/patched" | sed 's/^/?/' || :
	sort "${1%/tree}/made" | comm -23 - "${1%/tree}/linked" | sed 's/^/?/'
	sort "${1%/tree}/made" | comm -12 - "${1%/tree}/linked")
}

variant_build()
{
	new=$(variant_dir "$1")/tree
	features "$new" >"${new%/tree}/features"
	if ! cmp -s "${new%/tree}/features" "$objdir/$features_h"; then
		variant_own "$new" "um-$FLAVOUR/$features_h"
		cp "${new%/tree}/features" "$new/um-$FLAVOUR/$features_h"
		echo "um-$FLAVOUR/$features_h" >>"${new%/tree}/patched"
	fi
	objects=$(variant_objects "$new")
	case $objects in
	'')
		say "no object of $KERNEL, $FLAVOUR is made from $(paste -sd ' ' "${new%/tree}/patched")" >&2
		return 1
		;;
	*\?*)
		say "not only objects are made from $(paste -sd ' ' "${new%/tree}/patched"):" \
			"$(printf '%s\n' "$objects" | sed -n 's/^?//p' | paste -sd ' ')" >&2
		return 1
		;;
	esac
	printf '%s\n' "$objects" >>"${new%/tree}/compiled"
	# gcc and fixdep write through links.
	for o in $objects; do
		variant_open "$new" "um-$FLAVOUR/${o%/*}"
		rm -f "$new/um-$FLAVOUR/$o" "$new/um-$FLAVOUR/${o%.o}.gcno" "$new/um-$FLAVOUR/${o%/*}/.${o##*/}.cmd"
		cp "$objdir/${o%/*}/.${o##*/}.cmd" "$new/um-$FLAVOUR/${o%/*}"
	done
	(
		cd "$new/um-$FLAVOUR" || exit
		printf '%s\n' "$objects" | xargs -n 1 -P "$JOBS" "$top/scripts/lib/compile.sh" && link_again "$new" --quick
	) >"${new%/tree}/build.log" 2>&1 || {
		say "$1 does not build: $(grep -m 1 -E 'error|undefined' "${new%/tree}/build.log" || tail -n 1 "${new%/tree}/build.log")" \
			"(see ${new%/tree}/build.log)" >&2
		return 1
	}
}

variant_reset()
{
	new=$(variant_dir "$1")/tree
	for f in $(sort -u "${new%/tree}/patched"); do
		variant_back "$new" "$f"
	done
	for o in $(sort -u "${new%/tree}/compiled"); do
		for f in "$o" "${o%.o}.gcno" "${o%/*}/.${o##*/}.cmd"; do
			variant_back "$new" "um-$FLAVOUR/$f"
		done
	done
	rm -f "$new/um-$FLAVOUR/linux" "$new/um-$FLAVOUR/vmlinux"
	: >"${new%/tree}/patched"
	: >"${new%/tree}/compiled"
}
