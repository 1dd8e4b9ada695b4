#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# who.sh: list the suites and scenarios that reach a line, and how often, from the counts of the last run of each:
# AT=io_uring/io-wq.c:1440, or AT=io_uring/io-wq.c:io_worker_exit for the calls of a function. Programs of make run are among
# them, as programs/NAME, and with FLAVOUR=explore what make explore ran, as explored/TRIAL. Runs of another build are ignored. A
# run has one set of counts, so each case of a suite that reaches the line is run once more, alone. Its counts stay in
# build/<kernel>/cases-<flavour>/ until the kernel is linked again. With CASES=0, only suites are listed. Exit status: 1 if no test
# reaches the line.

. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/counts.sh"

all=$work/cases-$FLAVOUR
more_results=$work/programs-$FLAVOUR:$work/explored-$FLAVOUR

# Run one case, for its counts; its verdict is known from the run of its suite.
if [ "${1-}" = --case ]; then
	! linux_id | cmp -s - "$all/$2/linux.id" || exit 0
	rm -rf "${all:?}/$2"
	mkdir -p "$all/$2/gcov"
	GCOV_PREFIX=$all/$2/gcov GCOV_PREFIX_STRIP=3 \
		timeout -s KILL "${LIMIT:-30}" "$objdir/linux" kunit.filter_glob="$2" >"$all/$2/ktap" 2>&1 </dev/null 9>&- || :
	# Without counts it has not run: try it again next time.
	[ -z "$(find "$all/$2/gcov" -name '*.gcda' -print -quit)" ] || linux_id >"$all/$2/linux.id"
	exit 0
fi

case ${AT-} in
?*:?*) ;;
*) die "AT=${AT-} names no place: make who AT=io_uring/io-wq.c:1440, or AT=io_uring/io-wq.c:io_worker_exit" ;;
esac
lock
need_counts
[ -f "$tree/${AT%:*}" ] || die "no file ${AT%:*} in ${tree#"$top"/}"
[ -z "$(edited)" ] || say "note: $(edited) was edited since this kernel was built, lines may be off: make test" >&2
if [ "${CASES-}" = 0 ]; then
	cov who "$AT"
	exit
fi
found=$(cov who "$AT") || {
	status=$?
	[ -z "$found" ] || printf '%s\n' "$found"
	exit "$status"
}
suites=$(sed -n 's/^suite \([^ .]*\)$/\1/p' "$results/runs" 2>/dev/null || :)
printf '%s\n' "$found" | sed -n 's/^  \([^ ]*\) .*/\1/p' | while read -r run; do
	printf '%s\n' "$suites" | grep -qxF "$run" || continue
	sed -n "/# SKIP/d; s/^    \(not \)\{0,1\}ok [0-9]* \([a-zA-Z0-9_]*\).*/$run.\2/p" "$results/$run/ktap"
done | xargs -r -n 1 -P "$JOBS" "$0" --case
if [ -d "$all" ]; then
	cov who "$AT" "$all"
else
	printf '%s\n' "$found"
fi
