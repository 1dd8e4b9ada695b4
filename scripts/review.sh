#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# review.sh: what a patch does. PATCH=file: a mail, an mbox of a series, a .patch, one of these packed by gzip, several in their order,
# or - for stdin; RANGE=a..b (or one commit) of KDIR or of build/<kernel>/tree; or FIX=id, a fix of the series. The patches are applied
# as by `git am -3` beside the tree, which stays as it is. If it has them already, it is compared with itself without them.
# Prints one screen: does it apply, checkpatch --strict, does each commit build, new warnings (W=1), tests whose outcome changes, the
# lines that it adds and who reaches them, mutants of these lines, the same tests in flavours debug, explore and smp (those that
# are built; explore first tries schedules that switch at the lines of the patches), figures that tests print, and a verdict.
# build/<kernel>/review/ gets `reply`, text to paste into a mail, and index.html.
# BUDGET=120 is about how many seconds it may take; what was not done by then is named. T= takes some of the tests.
# Which trials are explored is decided by the lines that change, not by T=.
# Exit status: 0 nothing found, 1 something found, 2 could not tell.

. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/variant.sh"
. "$top/scripts/lib/counts.sh"

PATCH=${PATCH-}
RANGE=${RANGE-}
FIX=${FIX-}
BUDGET=${BUDGET:-120}
out=$work/review
tab=$(printf '\t')
given=${LIMIT-}

. "$top/scripts/lib/mail.sh"
. "$top/scripts/lib/sides.sh"
. "$top/scripts/lib/flavours.sh"
. "$top/scripts/lib/look.sh"

# fact NAME TEXT...: note it for review.py.
fact()
{
	(IFS=$tab && printf '%s\n' "$*") >>"$out/facts"
}

# left: seconds of the budget.
left()
{
	# shellcheck disable=SC2031
	echo $((BUDGET - $(date +%s) + start))
}

# inputs: the files to take patches from, one a line; what is given is checked before anything is built.
inputs()
{
	[ -z "$PATCH" ] || [ -z "$RANGE$FIX" ] || die "PATCH=, RANGE= and FIX= are three ways to name patches: give one"
	[ -z "$RANGE" ] || [ -z "$FIX" ] || die "PATCH=, RANGE= and FIX= are three ways to name patches: give one"
	if [ -n "$FIX" ]; then
		known=$(fixes_of "$top/patches/$KERNEL/series")
		printf '%s\n' "$known" | grep -qxF "$FIX" || die "no fix $FIX: FIX= takes one of $(echo "$known" | paste -sd ' ')"
		echo "$top/patches/$KERNEL/$FIX.patch"
	elif [ -n "$RANGE" ]; then
		echo "$out/range.mbox"
	elif [ -z "$PATCH" ]; then
		die "what to review? PATCH=mail.mbox, RANGE=a..b or FIX=id"
	elif [ "$PATCH" = - ]; then
		echo "$out/stdin"
	else
		listed=$(files_of PATCH) || exit
		printf '%s\n' "$listed" | while read -r f; do
			path=$(from_here "$f")
			[ ! -d "$path" ] || die "PATCH=$f is a directory"
			[ -f "$path" ] || die "PATCH=$f: no such file"
			[ -r "$path" ] || die "PATCH=$f: cannot be read"
			printf '%s\n' "$path"
		done
	fi
}

# no_conflicts DIR: stop if a merge is half done there.
no_conflicts()
{
	half=$(git -c safe.directory="$1" -C "$1" ls-files -u 2>/dev/null | cut -f 2 | sort -u | paste -sd ' ')
	[ -z "$half" ] || die "$1 has merge conflicts: finish or abort that merge first ($half)"
}

# describe: the tree, in a phrase.
describe()
{
	edits=
	# A copied tree has other inodes than its index says.
	[ -n "$KDIR" ] || [ -z "$(git -C "$tree" -c core.checkStat=minimal -c core.trustctime=false diff --name-only series -- \
		io_uring kernel include 2>/dev/null)" ] || edits=" and edits of yours"
	echo "${KDIR:-linux-source-$KERNEL}, which is $(tree_release <"$tree/Makefile"), with the series of $KERNEL$edits"
}

# run_side SIDE SECONDS [GLOB...]: run the tests with that kernel. Each leaves a verdict, unless time runs out.
run_side()
{
	side=$1
	seconds=$2
	shift 2
	VARIANT=review-$side timeout --foreground -k 5 "$seconds" "$top/scripts/test.sh" "$@" >"$out/log.$side" 2>&1 || :
	[ -n "$(find "$(results_of "review-$side")" -name verdict -print -quit 2>/dev/null)" ] ||
		die "no test was run: $(sed -n 's/^test: error: //p; $p' "$out/log.$side" | head -n 1) (see $out/log.$side)"
}

# one_verdict SIDE RUN: its verdict, if it has one.
one_verdict()
{
	cat "$(results_of "review-$1")/$2/verdict" 2>/dev/null || :
}

# run_sides: first the kernel as it is. The limit of a run of the other is what that takes, and more: a loop is not found at once.
run_sides()
{
	known=before other=after
	[ "$before" = "$snapshot" ] || known=after other=before
	run_side "$known" 600
	LIMIT=${given:-$((10 + 5 * $(cat "$(results_of "review-$known")"/*/ms | sort -n | tail -n 1) / 1000))}
	export LIMIT
	room=$(left)
	run_side "$other" "$((room > 45 ? room : 45))"
	while read -r kind name; do
		[ -n "$(one_verdict "$other" "$name")" ] || fact unknown "$name was not run to its end"
		# A busy machine hangs the other one as well.
		case $(one_verdict after "$name") in
		hung*) [ "$(one_verdict before "$name")" != passed ] || echo "$kind $name" ;;
		esac
	done <"$(results_of "review-$known")/runs" >"$out/hung"
	[ -s "$out/hung" ] && [ "$known" = before ] || return 0
	read -r kind name <"$out/hung"
	VARIANT=review-before "$top/scripts/lib/one.sh" "$kind" "$name" >"$out/log.hung" 2>&1 ||
		fact unknown "$name takes as long without the patch: the machine is busy"
}

# reach_added: add the tests, as in $results, that reach added lines to `reach`.
reach_added()
{
	# shellcheck disable=SC2086
	cov reach $sources >"$out/reach.all" || exit
	awk 'FNR == NR { added[$0]; next } ($1 " " $2) in added' "$out/in-counted" "$out/reach.all" >>"$out/reach"
}

# lines: what the tests reach of the lines that are added, and the cases that do.
lines()
{
	added_lines "$before" "$after" >"$out/added"
	ALSO_COUNTED=$(cat "$out/also" 2>/dev/null || :)
	export ALSO_COUNTED
	printf '%s\n' "$ALSO_COUNTED" | tr ' ' '\n' | sed '/./!d; s/^/^/' >>"$out/counted"
	grep -f "$out/counted" "$out/added" >"$out/in-counted" || return 0
	has_gcov || {
		fact unknown "flavour $FLAVOUR counts no lines"
		return
	}
	(
		of_side after
		need_counts
		# shellcheck disable=SC2046
		sources=$(cov lines "$KERNEL" "$out/lines.json" $(cut -d ' ' -f 1 "$out/in-counted" | sort -u))
		[ -n "$sources" ] || return 0
		reach_added
		cut -d ' ' -f 3 "$out/reach" | sort -u | while read -r run; do
			grep -qx "suite $run" "$results/runs" || continue
			sed -n "/# SKIP/d; s/^    \(not \)\{0,1\}ok [0-9]* \([a-zA-Z0-9_]*\).*/$run.\2/p" "$results/$run/ktap"
		done >"$out/cases"
		[ -s "$out/cases" ] || return 0
		room=$(left)
		[ "$room" -gt 0 ] || {
			fact undone "which cases of the suites reach these lines"
			return 0
		}
		export VARIANT
		timeout --foreground "$room" xargs -r -n 1 -P "$JOBS" "$top/scripts/who.sh" --case <"$out/cases" ||
			fact undone "some cases of the suites, for which of them reach these lines"
		results=$work/cases-$FLAVOUR
		reach_added
	)
}

# mutants UNTIL: those of the lines with code, in C sources that are compiled.
mutants()
{
	[ -s "$out/lines.json" ] || return 0
	awk '$3 != "-" { print $1, $2 }' "$out/reach" | grep '\.c ' | sort -u >"$out/mutate"
	[ -s "$out/mutate" ] || return 0
	"$top/scripts/deps.sh" libclang-dev >"$out/log.mutants" 2>&1 || {
		fact undone "mutants, for want of libclang-dev"
		return
	}
	LIMIT=${given:-5} VARIANT=review-after "$top/scripts/mutants.sh" --lines "$out/mutate" "$1" >"$out/mutants" 2>"$out/log.mutants" ||
		fact unknown "mutants: $(tail -n 1 "$out/log.mutants")"
}

# finish: the screen, the reply and the page.
finish()
{
	fact took "$(($(date +%s) - start))"
	said=0
	"$python" -S -B "$top/scripts/lib/review.py" "$out" "$home" "$FLAVOUR" "$tree" "${out#"$top"/}" || said=$?
	verdict=$said
	exit
}

# An end that we did not foresee must not look like something found.
verdict=2
trap 'exit "$verdict"' EXIT
trap 'verdict=130; exit' INT
trap 'verdict=143; exit' TERM HUP

if [ "${1-}" = --flavour ]; then
	start=$3 snapshot=$4 before=$5 after=$6 nr=$7
	in_flavour "$2"
	verdict=0
	exit
fi

find_kernel "$@"
given_files=$(inputs)
[ -z "$KDIR" ] || no_conflicts "$KDIR"
[ ! -d "$tree/.git" ] || no_conflicts "$tree"
lock
start=$(date +%s)
rm -rf "$out"
mkdir -p "$mails"
: >"$out/facts"
: >"$out/checkpatch"
[ "$PATCH" != - ] || cat >"$out/stdin"
[ -z "$RANGE" ] || range_mails
oldIFS=$IFS
IFS=$newline
set -f
# shellcheck disable=SC2086
set -- $given_files
set +f
IFS=$oldIFS
take_mails "$@"
"$top/scripts/lib/tree.sh" >&2
tree_name=$(describe)
apply_mails
fact tree "$tree_name"
sgit diff --no-renames --name-only "$before" "$after" >"$out/changed"
[ -s "$out/changed" ] || [ -s "$out/left-out" ] ||
	die "all of it is in the tree already, and cannot be taken back: later changes are on top of it"
[ ! -s "$out/left-out" ] || fact note "not in this tree, so not applied: $(paste -sd ' ' "$out/left-out")"
check_patches
if only_words; then
	fact words "it changes nothing but comments and documentation"
	finish
fi
say "building both sides" >&2
"$top/scripts/build.sh" >"$out/log.build" 2>&1 ||
	die "$tree_name does not build without the patch: $(first_error "$out/log.build") (see $out/log.build)"
cut -f 1 "$objdir/left-out" 2>/dev/null | while read -r suite; do
	fact note "without suite $suite, which does not compile for this tree"
done
counted | sed 's,/$,/[^/]*[. ],; s,.*,^&,' >"$out/counted"
side "$([ "$before" = "$snapshot" ] && echo before || echo after)" "$snapshot"
if [ "$before" = "$snapshot" ]; then other=after commit=$after; else other=before commit=$before; fi
status=0
side "$other" "$commit" || status=$?
if [ "$status" = 1 ]; then
	fact broken "$other" "$why"
	[ "$nr" = 1 ] || each_builds
	finish
elif [ "$status" = 3 ]; then
	fact unknown "nothing of it is compiled in flavour $FLAVOUR, so no test can reach it: $(paste -sd ' ' "$out/changed")"
	finish
fi
[ "$nr" = 1 ] || each_builds
also_count review-after
not=$(not_compiled | paste -sd ' ')
[ -z "$not" ] || fact unknown "not compiled in flavour $FLAVOUR, so not tested: $not"
for s in before after; do
	warnings "$s" "$(more_warnings | paste -sd ' ')" >"$out/warnings.$s"
done
say "running the tests on both sides" >&2
run_sides
say "lines that it adds" >&2
lines
if [ "$("$python" -S -B "$top/scripts/lib/review.py" --worse "$home" "$FLAVOUR")" = 0 ]; then
	say "mutants of these lines" >&2
	room=$(($(left) / 2))
	mutants "$(($(date +%s) + (room > 10 ? room : 10)))"
else
	fact note "no mutants are tried: tests fail as it is"
fi
other_flavours
finish
