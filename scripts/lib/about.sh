#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# about.sh [scenario...]: see each scenario fail without the functions that it is about.
# A line ` * about FUNCTION` in the opening comment of a scenario names a function of io_uring/ or kernel/task_work.c that it
# cannot do without. All these functions are numbered, and one kernel is built in which umring.fails=N on the command line makes
# number N return at once: with -EINVAL, NULL, false, 0 or nothing, by its type. Without that word each scenario must pass or be
# skipped, and with it must fail, crash or hang for each function that it names.
# ` * about FUNCTION, where there is one` is skipped for a tree that does not define the function.
# Prints a row for each function: kernel, scenario, function, and how the run ended. Results are in build/<kernel>@fails/.
# Exit status: 1 if a scenario passed without a function that it is about.

. "$(dirname "$0")/common.sh"
. "$top/scripts/lib/variant.sh"

row='%-7s %-18s %-34s %s\n'

# run NUMBER: set $verdict to that of $scenario while this function fails; with 0, none fails.
run()
{
	rm -f "$results/$scenario/verdict"
	ARGS=umring.fails=$1 "$top/scripts/lib/one.sh" scenario "$scenario" >"$results/$scenario.log" 2>&1 || :
	verdict=$(cat "$results/$scenario/verdict") || die "$scenario was not run, see $results/$scenario.log"
}

# try: print the rows of $scenario. Succeeds if all are good.
try()
{
	run 0
	case $verdict in
	passed | skipped) ;;
	*)
		# shellcheck disable=SC2059
		printf "$row" "$KERNEL" "$scenario" "nothing fails" "WRONG: $verdict"
		return 1
		;;
	esac
	asis=$verdict
	good=0
	# A run that takes much longer than the first has hung.
	LIMIT=$((3 + 5 * $(cat "$results/$scenario/ms") / 1000))
	export LIMIT
	grep " $scenario " "$work/rows" >"$work/rows.$scenario" || :
	while read -r number _ function _; do
		case $asis in
		passed)
			run "$number"
			case $verdict in
			passed | skipped)
				verdict="WRONG: $verdict without it"
				good=1
				;;
			*) verdict="noticed: $verdict" ;;
			esac
			;;
		esac
		# shellcheck disable=SC2059
		printf "$row" "$KERNEL" "$scenario" "$function" "${verdict%%, the stacks*}"
	done <"$work/rows.$scenario"
	return "$good"
}

if [ "${1-}" = --scenario ]; then
	scenario=$2
	good=0
	try >"$work/table.$scenario" || good=1
	cat "$work/table.$scenario"
	exit "$good"
fi

# rows: a line "number scenario function file" for each function that a scenario names.
rows()
{
	(cd "$tree" && awk -v list=1 -f "$top/scripts/lib/fails.awk" io_uring/*.c kernel/task_work.c) >"$fails/defined"
	for scenario; do
		[ -f "$top/tests/guest/$scenario.c" ] || die "no scenario $scenario in tests/guest/"
		grep -q '^ \* about [a-z]' "$top/tests/guest/$scenario.c" ||
			die "tests/guest/$scenario.c has no line ' * about FUNCTION' in its opening comment"
	done
	for scenario; do
		sed -n "s/^ \* about /$scenario /p" "$top/tests/guest/$scenario.c"
	done | awk '
		FNR == NR { file[$1] = $2; next }
		{ maybe = sub(/,/, "", $2) }
		$2 in file {
			if (!($2 in number))
				number[$2] = ++n
			print number[$2], $1, $2, file[$2]
			next
		}
		!maybe { print $1 ".c is about " $2 "(), which this tree does not define" >"/dev/stderr" }' \
		"$fails/defined" - >"$fails/rows" 2>"$fails/unknown"
	[ ! -s "$fails/unknown" ] || die "$(paste -sd ';' "$fails/unknown")"
	awk -v every="${EVERY:-1}" 'NR % every == 0' "$fails/rows" >"$fails/rows.tmp"
	mv "$fails/rows.tmp" "$fails/rows"
}

# a_file FILE: print the patch that lets its functions fail.
a_file()
{
	awk -v file="$1" '$4 == file { print $1, $3 }' "$fails/rows" >"$fails/functions"
	awk -f "$top/scripts/lib/fails.awk" "$fails/functions" "$tree/$1" >"$fails/source"
	[ "$1" != "$holder" ] || cat >>"$fails/source" <<-END

		#include <linux/moduleparam.h>
		#undef MODULE_PARAM_PREFIX
		#define MODULE_PARAM_PREFIX "umring."
		int umring_fails;
		module_param_named(fails, umring_fails, int, 0444);
	END
	diff -u --label "a/$1" --label "b/$1" "$tree/$1" "$fails/source" || [ $? = 1 ]
}

lock
"$top/scripts/build.sh" >&2
fails=$(variant_dir fails)
variant_new fails
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(cd "$top/tests/guest" && printf '%s\n' *.c | sed 's/\.c$//' | grep -vx init)
rows "$@"
# shellcheck disable=SC2046
set -- $(cut -d ' ' -f 2 "$fails/rows" | sort -u)
# This source defines umring_fails and its parameter.
holder=kernel/task_work.c
for f in $(cut -d ' ' -f 4 "$fails/rows" | sort -u | grep -vxF "$holder") "$holder"; do
	a_file "$f"
done >"$fails/fails.patch"
variant_patch fails "$fails/fails.patch"
variant_build fails
mkdir -p "$fails/results-$FLAVOUR"
export VARIANT=fails
(objdir=$fails/tree/um-$FLAVOUR && linux_id >"$objdir/linux.id")
status=0
printf '%s\n' "$@" | xargs -r -n 1 -P "$JOBS" "$0" --scenario || status=1
exit "$status"
