# SPDX-License-Identifier: GPL-2.0
# Completion of bash for make in a directory of umring, and as it was everywhere else. make completion prints this.
# shellcheck shell=bash disable=SC2001

# The completion of make until now: bash-completion loads it when it is first asked for.
if ! [[ $(complete -p make 2>/dev/null) =~ -F\ _umring_make ]]; then
	_comp_load make 2>/dev/null || _completion_loader make 2>/dev/null || :
	_umring_other=$(complete -p make 2>/dev/null | sed -n 's/.* -F \([^ ]*\) .*/\1/p')
fi

# _umring_dir WORD...: print the directory of umring that this make is about; fail if there is none.
_umring_dir()
{
	local dir=. file=
	while [ $# -gt 0 ]; do
		case $1 in
		-C) dir=${2-} && shift ;;
		-C?*) dir=${1#-C} ;;
		-f) file=${2-} && shift ;;
		esac
		shift || break
	done
	[ -z "$file" ] || dir=$dir/$(dirname -- "$file")
	case $file in /*) dir=$(dirname -- "$file") ;; esac
	dir=${dir/#\~\//$HOME/}
	[ -f "$dir/scripts/lib/common.sh" ] && [ -f "$dir/uml-config/flavours" ] && printf '%s\n' "$dir"
}

# _umring_values DIR VARIABLE VALUE: what the variable can be.
_umring_values()
{
	case $2 in
	T) "$1/scripts/completion.sh" --tests ;;
	FLAVOUR) sed -n 's/^\([a-z].*\): .*/\1/p' "$1/uml-config/flavours" ;;
	KERNEL) (cd "$1/patches" && printf '%s\n' */) | sed 's,/$,,' ;;
	FIX) "$1/scripts/completion.sh" --fixes ;;
	FILE | AT)
		case $3 in
		*:*) "$1/scripts/completion.sh" --functions "${3%%:*}" | sed "s,^,${3%%:*}:," ;;
		*) "$1/scripts/completion.sh" --files ;;
		esac
		;;
	esac
}

_umring_make()
{
	local line=${COMP_LINE:0:COMP_POINT} dir typed name quote value before all word words
	COMPREPLY=()
	# Words as typed, but for quotes: COMP_WORDS has them cut at = and :.
	read -ra words <<<"$line"
	if ! dir=$(_umring_dir "${words[@]:1}"); then
		[ -z "$_umring_other" ] || "$_umring_other" "$@"
		return
	fi
	local variable="(^|[[:space:]])([A-Z_]+)=(['\"]?)([^'\"]*)$"
	if [[ $line =~ $variable ]] && { [ -n "${BASH_REMATCH[3]}" ] || [[ ${BASH_REMATCH[4]} != *[[:space:]]* ]]; }; then
		name=${BASH_REMATCH[2]} quote=${BASH_REMATCH[3]} value=${BASH_REMATCH[4]}
		typed=$name=$quote$value
		# T takes several: complete the last.
		before=${value%"${value##*[[:space:]]}"}
		all=$(
			for word in "${words[@]}"; do
				case $word in KERNEL=* | FLAVOUR=* | KDIR=*) [ "${word%%=*}" = "$name" ] || export "${word?}" ;; esac
			done
			export UMRING_PWD=$PWD
			_umring_values "$dir" "$name" "${value##*[[:space:]]}" 2>/dev/null </dev/null
		)
		[ -n "$all" ] || {
			compopt -o default 2>/dev/null
			return
		}
		all=$(sed "s,^,$name=$quote$before," <<<"$all")
	else
		typed=${line##*[[:space:]]}
		all=$(sed -n 's/^\([a-z-]*\): ## .*/\1/p' "$dir/Makefile"
			sed -n ':a; /\\$/ { N; ba; }; s/\\\n//g; s/^known := //p' "$dir/Makefile" | tr -s ' \t' '\n' | sed 's/$/=/')
		case $typed in
		-* | */*)
			[ -z "$_umring_other" ] || "$_umring_other" "$@"
			return
			;;
		esac
		# A variable wants its value at once.
		[ "$(grep -c -- "^$typed" <<<"$all")" != 1 ] || ! grep -q "^$typed.*=$" <<<"$all" || compopt -o nospace 2>/dev/null
	fi
	# readline replaces $2 only, the end of what was typed.
	local cut=$((${#typed} - ${#2}))
	[ "${typed:cut}" = "$2" ] || cut=0
	while IFS= read -r word; do
		[[ $word != "$typed"* ]] || COMPREPLY+=("${word:cut}")
	done <<<"$all"
}

complete -o bashdefault -o default -F _umring_make make
