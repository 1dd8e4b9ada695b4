#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# who.sh: list the suites and scenarios that reach a line, and how often each, by the counts that the last run of each
# left: AT=io_uring/io-wq.c:1440, or AT=io_uring/io-wq.c:io_worker_exit for the calls of a function. Runs of another
# build are not looked at. Exit status: 1 if none reaches it.
# who.sh --lines FILE prints what coverage/lines.py says of all lines of that file.

. "$(dirname "$0")/lib/common.sh"

# runs: the runs of the built kernel that left counts.
runs()
{
	linux_id >"$tmp/linux.id"
	for id in "$results"/*/linux.id; do
		! cmp -s "$id" "$tmp/linux.id" || [ ! -d "${id%/linux.id}/gcov/io_uring" ] || basename "${id%/linux.id}"
	done
}

# lines FILE: coverage/lines.py's of the objects that hold code of the file. gcov wants the .gcno beside the counts.
lines()
{
	(cd "$objdir" && grep -rlaF --include='*.gcno' "../$1" io_uring kernel) >"$tmp/objects" || :
	while read -r run; do
		while read -r notes; do
			counts=$results/$run/gcov/${notes%.gcno}.gcda
			[ -f "$counts" ] || continue
			mkdir -p "$tmp/runs/$run"
			ln -s "$counts" "$objdir/$notes" "$tmp/runs/$run"
		done <"$tmp/objects"
	done <"$tmp/names"
	[ -d "$tmp/runs" ] || return 0
	(cd "$tmp/runs" && gcov --json-format -t -- */*.gcda) >"$tmp/json" 2>"$tmp/err" ||
		die "gcov failed: $(tail -n 1 "$tmp/err")"
	python3 -S "$top/coverage/lines.py" "$1" <"$tmp/json"
}

file=${2-}
if [ "${1-}" != --lines ]; then
	case ${AT-} in
	?*:?*) ;;
	*) die "AT=${AT-} names no place: make who AT=io_uring/io-wq.c:1440, or AT=io_uring/io-wq.c:io_worker_exit" ;;
	esac
	file=${AT%:*}
	place=${AT##*:}
fi
lock
need_counts
[ -f "$tree/$file" ] || die "no file $file in ${tree#"$top"/}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
runs >"$tmp/names"
of=$(wc -l <"$tmp/names")
[ "$of" -gt 0 ] || die "no counts from this build of the kernel: run make test first"
[ -z "$(edited)" ] || say "note: $(edited) was edited since this kernel was built, lines may be off: make test" >&2
lines "$file" >"$tmp/lines"
[ -s "$tmp/lines" ] || die "$file has no code that is counted: counts are of io_uring/ and kernel/task_work.c"
if [ "${1-}" = --lines ]; then
	cat "$tmp/lines"
	exit
fi

case $place in
*[!0-9]*)
	awk -v name="$place" '$1 == "function" && $3 == name { print $4, $2 }' "$tmp/lines" >"$tmp/who"
	[ -s "$tmp/who" ] || die "no function $place with code in $file"
	echo "$file: $place()"
	;;
*)
	text=$(awk -v at="$place" 'NR == at { sub(/^[ \t]*/, ""); print; exit }' "$tree/$file")
	awk -v at="$place" '$1 == "line" && $3 == at { print $4, $2 }' "$tmp/lines" >"$tmp/who"
	if [ ! -s "$tmp/who" ]; then
		[ "$place" -ge 1 ] && [ "$place" -le "$(wc -l <"$tree/$file")" ] ||
			die "no line $place in $file, it has $(wc -l <"$tree/$file")"
		next=$(awk -v at="$place" '$1 == "line" && $3 > at { print $3 }' "$tmp/lines" | sort -n | head -n 1)
		die "line $place of $file holds no code${text:+: $text}${next:+ (the next that does is $next)}"
	fi
	in=$(awk -v at="$place" '$1 == "line" && $3 == at && $5 != "-" { print ", in " $5 "()"; exit }' "$tmp/lines")
	echo "$file:$place$in: $text"
	;;
esac
sort -k1,1nr -k2 "$tmp/who" | awk -v of="$of" '
	$1 > 0 { printf "  %-24s %12d\n", $2, $1; n += $1; runs++ }
	END {
		if (runs)
			printf "reached %d times, by %d of %d runs\n", n, runs, of
		else
			printf "reached by none of %d runs\n", of
		exit !runs
	}'
