# SPDX-License-Identifier: GPL-2.0
# Read by common.sh: check the Makefile's variables, whether they come from make or from the environment.
# shellcheck shell=sh disable=SC2154

# number NAME: must be a whole number from 1 on, or not given.
number()
{
	eval "given=\${$1-}"
	case $given in
	'') ;;
	0* | *[!0-9]* | ??????????*) die "$1=$given: $1= takes a whole number from 1 on" ;;
	esac
}

# word NAME PATTERN WHAT: must be made of these characters and must not look like an option, or not given.
word()
{
	eval "given=\${$1-}"
	case $given in
	'') ;;
	-* | *[!$2]*) die "$1=$given: $1= takes $3" ;;
	esac
}

# matching NAME ERE WHAT: must match the whole expression, or not given.
matching()
{
	eval "given=\${$1-}"
	case $given in *"$newline"*) die "$1= takes $3" ;; esac
	[ -z "$given" ] || printf '%s\n' "$given" | grep -qxE -- "$2" || die "$1=$given: $1= takes $3"
}

# flavours: the names in uml-config/flavours.
flavours()
{
	sed -n 's/^\([a-z].*\): .*/\1/p' "$top/uml-config/flavours" | paste -sd ' '
}

number JOBS
number LIMIT
number RUNS
number EVERY
number BUDGET
word FIX 'A-Za-z0-9._-' "the name of a patch in patches/, without .patch"
word FILE 'A-Za-z0-9_./:-' "a source of the kernel tree, such as io_uring/io-wq.c, or source.c:function"
word AT 'A-Za-z0-9_./:-' "file:line or file:function"
matching SEEDS '[0-9]{1,15}(-[0-9]{1,15})?' "a number, or two: from-to"
case ${SEEDS-} in
*-*) [ "${SEEDS%-*}" -le "${SEEDS#*-}" ] || die "SEEDS=$SEEDS: SEEDS= takes a number, or two: from-to" ;;
esac
matching SEED '[0-9]{1,15}' "a number"
matching ALGO 'mix|bursts|pct|pos' "mix, bursts, pct or pos"
number DEPTH
matching MEMORY 'sc|tso|weak' "sc, tso or weak"
matching LIST '(@[0-9a-f]{8},)?(none|([0-9]{1,2}:[0-9]{1,9}([>~][0-9]{1,2}(![0-9]{1,9})*|<[0-9]{1,2}[.][0-9]{1,9})(,|$))+)' "what a failure has printed, or make minimise"
# An unclosed quote.
words_of ARGV >/dev/null
case ${RANGE-} in -*) die "RANGE=$RANGE: RANGE= takes commits, a..b or one" ;; esac
case ${PARTIAL-} in '' | 1) ;; *) die "PARTIAL=$PARTIAL: PARTIAL= takes 1, or nothing" ;; esac
case ${CASES-} in '' | 0) ;; *) die "CASES=$CASES: CASES= takes 0, or nothing" ;; esac
case ${COVERAGE-} in '' | 1) ;; *) die "COVERAGE=$COVERAGE: COVERAGE= takes 1, or nothing" ;; esac
case ${ENDLESS-} in '' | 1) ;; *) die "ENDLESS=$ENDLESS: ENDLESS= takes 1, or nothing" ;; esac
case ${SURVIVORS-} in '' | 1) ;; *) die "SURVIVORS=$SURVIVORS: SURVIVORS= takes 1, or nothing" ;; esac
[ -f "$top/patches/$KERNEL/series" ] && [ "${KERNEL#*/}" = "$KERNEL" ] ||
	die "no kernel $KERNEL in patches/: KERNEL= takes one of" "$(kernels | paste -sd ' ')"
case " $(flavours) " in
*[[:space:]]"$FLAVOUR"[[:space:]]*) ;;
*) die "no flavour $FLAVOUR in uml-config/flavours: FLAVOUR= takes one of $(flavours)" ;;
esac
