# SPDX-License-Identifier: GPL-2.0
# Read by review.sh, after variant.sh and mail.sh: the kernels before and after the patches, and what their compilation says. Each
# is a variant, review-<side>; the one that is the tree as it is has the kernel that is built.
# shellcheck shell=sh disable=SC2034,SC2154

# Nothing of these is compiled into the kernel.
no_code=':!Documentation :!tools :!samples :!MAINTAINERS :!*.rst :!*.txt :!*.md'

# of_side SIDE: for a subshell: the paths of that kernel.
of_side()
{
	VARIANT=review-$1
	work=$(variant_dir "$VARIANT")
	tree=$work/tree
	objdir=$tree/um-$FLAVOUR
	results=$(results_of "$VARIANT")
}

# first_error LOG: the first error that is not of a suite, or if there is none but those, of a suite.
first_error()
{
	errors=$(grep -E ' error: |undefined reference|multiple definition|[^ ]: No rule to make' "$1" | sed 's,^\.\./,,')
	{ printf '%s\n' "$errors" | grep -v 'tests/kunit/' || printf '%s\n' "${errors:-$(tail -n 1 "$1")}"; } | head -n 1
}

# leave_suites_out VARIANT: after errors in suites alone, note the suites of the objects that failed, and the first error.
leave_suites_out()
{
	into=$(variant_dir "$1")/tree
	log=${into%/tree}/build.log
	first=$(first_error "$log")
	case $first in
	*tests/kunit/*' error: '*) first=tests/kunit/${first#*tests/kunit/} ;;
	*) return 1 ;;
	esac
	while read -r o; do
		[ -e "$into/um-$FLAVOUR/$o" ] || sed -n "s,^$o ,,p" "$objdir/suites"
	done <"${into%/tree}/made" | grep -vxFf "$out/suites.gone" >"$out/suites"
	cat "$out/suites" >>"$out/suites.gone"
	[ -s "$out/suites" ] && variant_own "$into" "um-$FLAVOUR/left-out" || return
	while read -r suite; do
		printf '%s\t%s\n' "$suite" "$first" >>"$into/um-$FLAVOUR/left-out"
		fact suite "$suite" "$first"
	done <"$out/suites"
}

# build_side VARIANT PATCH: returns 1 if it does not build, with the error in $why, and 3 if nothing of it is compiled here.
build_side()
{
	variant_new "$1"
	: >"$out/suites.gone"
	variant_patch "$1" "$2" 2>"$out/why" || die "$(cat "$out/why")"
	# Like a tree of the user's, what a suite stubs may be gone.
	until (keep_going=-k && variant_build "$1") 2>"$out/why"; do
		why=$(cat "$out/why")
		case $why in
		*" takes more than compiling objects: "*)
			say "Kbuild builds $1" >&2
			variant_kbuild "$1" "$2" 2>"$out/why" && return
			why=$(first_error "$(variant_dir "$1")/build.log")
			return 1
			;;
		*"no object of "*) return 3 ;;
		esac
		leave_suites_out "$1" && continue
		why=$(first_error "$(variant_dir "$1")/build.log")
		return 1
	done
	sed -n 's/^build: note: //p' "$out/why" | while read -r text; do
		fact note "$text"
	done
}

# also_count VARIANT: count the lines of what changed in sources that have no counters, unless nothing is counted in this flavour.
also_count()
{
	into=$(variant_dir "$1")/tree/um-$FLAVOUR
	has_gcov || return 0
	grep '\.c$' "$out/changed" | grep -v -f "$out/counted" | while read -r f; do
		[ ! -f "$into/${f%.c}.o" ] || echo "${f%.c}.o"
	done >"$out/instrument" || :
	[ -s "$out/instrument" ] || return 0
	while read -r o; do
		variant_open "${into%/*}" "um-$FLAVOUR/${o%/*}"
		cmd=$into/${o%/*}/.${o##*/}.cmd
		[ ! -L "$cmd" ] || cp --remove-destination "$objdir/${cmd#"$into"/}" "$cmd"
		rm -f "$into/$o" "$into/${o%.o}.gcno"
		sed -i '1s/ -c -o / -fprofile-arcs -ftest-coverage -fno-tree-loop-im&/' "$cmd"
	done <"$out/instrument"
	(cd "$into" && compile_all "$out/instrument") >"$out/log.instrument" 2>&1 && variant_link "$1" ||
		{
			fact unknown "what reaches $(paste -sd ' ' "$out/instrument"): see $out/log.instrument"
			return 0
		}
	sed 's/\.o$/.c/' "$out/instrument" | paste -sd ' ' >"$out/also"
}

# not_compiled: the sources that change, and that have no object.
not_compiled()
{
	into=$(variant_dir review-after)/tree
	grep '\.c$' "$out/changed" | while read -r f; do
		[ ! -f "$into/$f" ] || [ -f "$into/um-$FLAVOUR/${f%.c}.o" ] || echo "$f"
	done || :
}

# side SIDE COMMIT: build the kernel of that commit; as build_side.
side()
{
	if [ "$2" = "$snapshot" ]; then
		variant_new "review-$1"
		cp "$objdir/linux" "$(variant_dir "review-$1")/tree/um-$FLAVOUR"
		return
	fi
	# shellcheck disable=SC2086
	(set -f && between "$snapshot" "$2" -- . $no_code) >"$out/$1.patch"
	[ -s "$out/$1.patch" ] || return 3
	build_side "review-$1" "$out/$1.patch"
}

# each_builds: build each commit of the series but the last.
each_builds()
{
	n=0
	sed '1d; $d' "$commits" >"$out/steps"
	while read -r commit; do
		n=$((n + 1))
		[ "$(left)" -gt 0 ] || {
			fact undone "the build of each patch alone, from patch $n on"
			return
		}
		status=0
		(side step "$commit") || status=$?
		case $status in
		0 | 3) ;;
		1) fact step "$n" "$(first_error "$(variant_dir review-step)/build.log")" ;;
		*)
			fact unknown "whether patch $n alone builds"
			return
			;;
		esac
	done <"$out/steps"
	fact stepped yes
}

# more_warnings: the options that W=1 adds, by the kernel's own Makefile, and the one for variables that may have no value.
more_warnings()
{
	for f in Makefile.warn Makefile.extrawarn; do
		[ ! -f "$tree/scripts/$f" ] || sed -n '/findstring 1,/,/findstring 2,/p' "$tree/scripts/$f"
	done | sed '/IS_CLANG/,/endif/d' | grep -o -e '-W[a-z][a-z-]*' | sed 's/^-Wno-/-W/' | sort -u | while read -r option; do
		! gcc -Werror "$option" -c -x c -o /dev/null /dev/null 2>/dev/null || echo "$option"
	done
	echo -Wmaybe-uninitialized
}

# warnings SIDE OPTIONS: what gcc warns of, with these options, in the objects of the C sources that change.
warnings()
(
	of_side "$1"
	scratch_o=$(mktemp -d "$out/objects.XXXXXX")
	cd "$objdir" || exit
	sed -n 's/\.c$/.o/p' "$out/changed" | while read -r o; do
		cmd=${o%/*}/.${o##*/}.cmd
		[ -f "$o" ] && [ -f "$cmd" ] || continue
		saved=$(sed -n '1s/^savedcmd_[^ ]* := \([^;]*\).*/\1/p' "$cmd" | sed "s,-Wp\,-MMD\,[^ ]*,,; s, -o [^ ]* , -o $scratch_o/x.o ,")
		case $saved in
		'' | *[\$\#]*) ;;
		*) sh -c "$saved $2" 2>&1 || : ;;
		esac
	done | grep ' warning: ' | sed 's,^\.\./,,' | sort -u
	rm -rf "$scratch_o"
)

# plain FILE: a source without its comments and blank lines.
plain()
{
	gcc -fpreprocessed -dD -E -P -x c "$1" 2>/dev/null
}

# only_words: whether the patches change nothing but comments, documentation and what the tree leaves out.
only_words()
{
	while read -r f; do
		case $f in
		*.[chS])
			sgit show "$before:$f" >"$out/old.c" 2>/dev/null || : >"$out/old.c"
			sgit show "$after:$f" >"$out/new.c" 2>/dev/null || : >"$out/new.c"
			plain "$out/old.c" >"$out/old.i"
			plain "$out/new.c" >"$out/new.i"
			cmp -s "$out/old.i" "$out/new.i" || return
			;;
		*)
			# shellcheck disable=SC2086
			[ -z "$(set -f && sgit diff --name-only "$before" "$after" -- "$f" $no_code)" ] || return
			;;
		esac
	done <"$out/changed"
}
