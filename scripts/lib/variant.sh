# SPDX-License-Identifier: GPL-2.0
# Read after common.sh. A variant is the kernel that is built with some sources changed, in a directory of its own. At first
# its sources and objects are links to those of the kernel. A patch replaces the links of the files that it touches, a build the
# links of the objects that depend on them. The caller holds the lock and has run build.sh. Two processes can work on two
# variants at once. VARIANT=NAME in the environment makes test.sh and others use that kernel.
#	variant_new NAME                   start from the kernel as it is built; 20 ms
#	variant_patch NAME [-R] PATCHFILE  apply a patch; may be called several times
#	variant_same NAME FILE...          have these compiled again without a change
#	variant_compile NAME               compile the objects that depend on patched files
#	variant_link NAME                  link the kernel
#	variant_build NAME                 compile and link
#	                                   with VARIANT_CFLAGS, these are given to gcc as well
#	variant_kbuild NAME PATCHFILE      a new one with this patch, built by Kbuild: for what takes more than compiling objects
#	variant_reset NAME                 go back to the state after variant_new
# On error, all but variant_new say on stderr what is wrong and return 1. With VARIANT set, a variant is made of that variant.
# shellcheck shell=sh disable=SC2013,SC2154

. "$top/scripts/lib/quick.sh"
. "$top/scripts/lib/features.sh"
. "$top/scripts/lib/series.sh"

# Files that a link writes are not shared with the kernel.
linked='vmlinux* linux linux.id System.map quick.* source built*'

# variant_links FROM TO [FIND-ARGUMENT...]: link the entries of FROM into TO.
variant_links()
{
	from=$1
	to=$2
	shift 2
	find -H "$from" -mindepth 1 -maxdepth 1 "$@" -exec ln -s -t "$to" {} +
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
	ln -s "$objdir/vmlinux.a" "$new/um-$FLAVOUR"
	for f in quick.kallsyms.o quick.syms; do
		[ ! -f "$objdir/$f" ] || cp "$objdir/$f" "$new/um-$FLAVOUR"
	done
	: >"${new%/tree}/patched"
	: >"${new%/tree}/compiled"
}

# variant_open TREE DIR: make DIR of the variant a directory of links, if it is a link.
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

# variant_own TREE FILE: replace the link by a copy that the variant may write to.
variant_own()
{
	variant_open "$1" "$(dirname "$2")"
	[ ! -L "$1/$2" ] || cp --remove-destination "$tree/$2" "$1/$2"
}

# variant_back TREE FILE: make it a link to the kernel's file again.
variant_back()
{
	rm -f "$1/$2"
	[ ! -e "$tree/$2" ] || ln -s "$tree/$2" "$1/$2"
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
	hunks=$(cd "$new" && GIT_CEILING_DIRECTORIES=${new%/tree} plain_git apply $reverse "$patch" 2>&1) || {
		say "${1##*/} does not apply${reverse:+ in reverse}:" \
			"$(printf '%s\n' "$hunks" | sed -n 's/^error: //p' | paste -sd ';')" >&2
		return 1
	}
}

# variant_same NAME FILE...: treat these files as patched, though they did not change.
variant_same()
{
	new=$(variant_dir "$1")/tree
	shift
	for f; do
		variant_own "$new" "$f" && printf '%s\n' "$f" >>"${new%/tree}/patched" || return
	done
}

# variant_header TREE: write the header of its features, if they differ from the kernel's.
variant_header()
{
	features "$1" >"${1%/tree}/features"
	cmp -s "${1%/tree}/features" "$objdir/$features_h" || {
		variant_own "$1" "um-$FLAVOUR/$features_h"
		cp "${1%/tree}/features" "$1/um-$FLAVOUR/$features_h"
		echo "um-$FLAVOUR/$features_h" >>"${1%/tree}/patched"
	}
}

# variant_place TREE: make the copies (place.c) of patched sources that have one. List the files to compile in `changed`, by
# their paths in the kernel's tree.
variant_place()
{
	sort -u "${1%/tree}/patched" | while read -r f; do
		if grep -qxF "$f" "$objdir/placed"; then
			variant_open "$1" "um-$FLAVOUR/${f%/*}"
			place "$1" "$1/um-$FLAVOUR" "$f" || return
			echo "um-$FLAVOUR/$f" >>"${1%/tree}/patched"
			f=um-$FLAVOUR/$f
		fi
		echo "$tree/$f"
	done >"${1%/tree}/changed"
}

variant_compile()
{
	new=$(variant_dir "$1")/tree
	log=${new%/tree}/build.log
	made=${new%/tree}/made
	variant_header "$new" && variant_place "$new" || return
	made_from "${new%/tree}/changed" >"$made"
	odd=$(grep -v '\.[ch]$' "${new%/tree}/patched" || :; no_objects "$made")
	[ -z "$odd" ] || {
		say "$1 takes more than compiling objects: $(echo "$odd" | paste -sd ' ')" >&2
		return 1
	}
	[ -s "$made" ] || {
		say "no object of $KERNEL, $FLAVOUR is made from $(paste -sd ' ' "${new%/tree}/patched")" >&2
		return 1
	}
	cat "$made" >>"${new%/tree}/compiled"
	# gcc and fixdep would write through links.
	while read -r o; do
		cmd=${o%/*}/.${o##*/}.cmd
		variant_open "$new" "um-$FLAVOUR/${o%/*}"
		rm -f "$new/um-$FLAVOUR/$o" "$new/um-$FLAVOUR/${o%.o}.gcno" "$new/um-$FLAVOUR/${cmd%.cmd}.d"
		cp --remove-destination "$objdir/$cmd" "$new/um-$FLAVOUR/$cmd"
		[ -z "${VARIANT_CFLAGS-}" ] || sed -i "1s/ := [^ ]* /&$VARIANT_CFLAGS /" "$new/um-$FLAVOUR/$cmd"
	done <"$made"
	(cd "$new/um-$FLAVOUR" && compile_all "$made") >"$log" 2>&1 || variant_fails "$1"
}

variant_link()
{
	new=$(variant_dir "$1")/tree
	log=${new%/tree}/build.log
	(cd "$new/um-$FLAVOUR" && link_quick "$new") >>"$log" 2>&1 || variant_fails "$1"
}

variant_fails()
{
	say "$1 does not build: $(grep -m 1 -E 'error|undefined' "$log" || tail -n 1 "$log") (see $log)" >&2
	return 1
}

variant_build()
{
	variant_compile "$1" && variant_link "$1"
}

# The build directory is a copy: Kbuild would write through links.
variant_kbuild()
{
	variant_new "$1"
	new=$(variant_dir "$1")/tree
	rm -rf "$new/um-$FLAVOUR"
	cp -a --reflink=auto "$objdir" "$new" || return
	# A copy is not a change.
	touch "$new/um-$FLAVOUR/built" "$new/um-$FLAVOUR/built.ours"
	here "$new/um-$FLAVOUR" >"$new/um-$FLAVOUR/where"
	rm -f "$new/um-$FLAVOUR/linux"
	! patched_files "$2" | grep -q 'Kconfig' || rm "$new/um-$FLAVOUR/wanted.config"
	sleep 0.02
	variant_patch "$1" "$2" || return
	VARIANT=$1 "$top/scripts/build.sh" >"${new%/tree}/build.log" 2>&1 || {
		log=${new%/tree}/build.log
		variant_fails "$1"
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
