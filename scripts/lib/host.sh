#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# host.sh: is beside linux on each machine that explores for make explore HOSTS= or JOBS_FILE=, and has nothing else of this project.
# host.sh ready JOBS BYTES BOOTS   can so many boots at once be run here, each with a memory file of that size? JOBS 0: one for each CPU.
#                                  There has to be room for BOOTS more; 0: for all
# host.sh boot LIMIT WORD... boot with these words; the last line of stdout has the status and how long it took
# host.sh job TOKEN BYTES RESULT LIMIT WORD...   the same into a file, unless it is there, or that trial has failed: a line of JOBS_FILE,
#                            which has TOKEN in common with this directory; a boot that dies is an error the first time, and a result if it does so again

set -eu
cd "$(dirname "$0")"

no()
{
	echo "umring: no: $*"
	exit 1
}

# executes DIR: whether a program can be run there; UML maps its memory to be executed.
executes()
{
	x=$(mktemp "$1/umring.XXXXXX" 2>/dev/null) || return
	echo "exit 0" >"$x" && chmod +x "$x" && "$x" && rm "$x" || {
		rm -f "$x"
		return 1
	}
} 2>/dev/null

# memory BYTES: in which directories there is room for memory files.
memory()
{
	for d in ${TMPDIR:-/dev/shm /tmp}; do
		free=$(($(stat -f -c '%a*%S' "$d" 2>/dev/null || echo 0)))
		if [ "$free" -lt "$1" ]; then
			echo "$d has $((free >> 20)) MiB free" >&2
		elif executes "$d"; then
			echo "$d"
		else
			echo "no program can be run in $d" >&2
		fi
	done
}

ready()
{
	jobs=$1 boots=$3
	[ "$jobs" -gt 0 ] || jobs=$(nproc)
	[ "$boots" -gt 0 ] || boots=$jobs
	for tool in perl setpriv timeout; do
		command -v "$tool" >/dev/null || no "it has no $tool"
	done
	# Two words for one machine may be here at once.
	mine=$(mktemp -d ready.XXXXXX)
	dirs=$(memory "$(($2 * boots))" 2>"$mine/room")
	[ -n "$dirs" ] || no "no place for the memory of $boots boots at once, $(($2 * boots >> 20)) MiB: $(paste -sd , "$mine/room")"
	for d in $dirs; do
		if TMPDIR=$d timeout -k 5 60 ./linux list=1 </dev/null >"$mine/list" 2>&1 && grep -q '^suite ' "$mine/list"; then
			echo "$d" >"$mine/tmpdir"
			mv "$mine/tmpdir" .
			echo "umring: ready $jobs"
			return
		fi
	done
	no "linux does not run there: $(grep . "$mine/list" | tail -n 1)"
}

boot()
{
	limit=$1
	shift
	[ -n "${TMPDIR-}" ] || TMPDIR=$(cat tmpdir)
	export TMPDIR
	began=$(date +%s%N)
	status=0
	setpriv --pdeathsig TERM timeout -s QUIT -k 5 "$limit" ./linux "$@" </dev/null || status=$?
	ms=$((($(date +%s%N) - began) / 1000000))
	printf '\numring: status %s ms %s\n' "$status" "$ms"
}

# whole RESULT: whether it is one of these jobs, and all there.
whole()
{
	sizes=$(sed -n "1s/^umring: $token out \([0-9][0-9]*\) err \([0-9][0-9]*\)$/\1+\2/p; 1q" "$1" 2>/dev/null) || return
	# shellcheck disable=SC2004 # It is a sum.
	[ -n "$sizes" ] && [ "$(wc -c <"$1")" = "$(($(head -n 1 "$1" | wc -c) + $sizes))" ]
}

# judge LIMIT: set $why if this boot says nothing of its seeds, and $died if one of them may have ended it.
judge()
{
	why='' died=''
	seeds=${result##*.}
	nr=$((${seeds#*-} - ${seeds%-*} + 1))
	last=$(tail -n 1 "$mine/err" | tr -d '\r')
	if [ "$status" = 124 ] || { [ "$status" = 137 ] && [ "$ms" -ge "$(($1 * 1000))" ]; }; then
		why="did not end within $1 s: $last"
	elif grep -q '^explore: error: ' "$mine/err"; then
		why="cannot be run: $(sed -n 's/^explore: error: //p' "$mine/err" | tr -d '\r' | head -n 1)"
	elif grep -qE '^explore: (trial|scenario) .* seed [0-9]+ failed: ' "$mine/err" || grep -q '^ *ok 1 .*# SKIP ' "$mine/out"; then
		return 0
	elif grep -qE '^explore: (trial|scenario) .*: [0-9]+ seeds, ' "$mine/err"; then
		[ "$status" = 0 ] && grep -qE "^explore: (trial|scenario) .*: $nr seeds, " "$mine/err" && grep -q '^ok 1 ' "$mine/out" ||
			why="ended with status $status, and its result is not whole: $last"
	else
		died=1 why="ended with status $status, and has no result: $last"
		[ "$status" != 137 ] || why="was killed"
	fi
}

job()
{
	token=$1 bytes=$2 result=$3
	shift 3
	trial=${result%.*}
	grep -qs "\"$token\"" asked || {
		echo "host.sh: error: $PWD has other jobs by now; $result of this line is none of them" >&2
		exit 2
	}
	! whole "$result" || return 0
	failed=$(cat "$trial.failed" 2>/dev/null) || :
	[ -z "$failed" ] || ! whole "$failed" || return 0
	mine=$(mktemp -d "$result.XXXXXX")
	trap 'rm -rf "$mine"' EXIT
	trap 'exit 143' INT TERM HUP
	TMPDIR=$(memory "$bytes" 2>"$mine/room" | head -n 1)
	[ -n "$TMPDIR" ] || {
		echo "host.sh: error: no place for UML's memory: $(paste -sd , "$mine/room")" >&2
		exit 2
	}
	boot "$@" >"$mine/out" 2>"$mine/err"
	judge "$1"
	# A kill from outside, as for a limit of memory, need not come again; a seed that ends its boot does.
	if [ -n "$why" ] && { [ -z "$died" ] || [ ! -e "$result.died" ]; }; then
		[ -z "$died" ] || touch "$result.died"
		echo "host.sh: error: $result $why; this line can be run again" >&2
		exit 1
	fi
	# A result has its name only when it is whole.
	{ echo "umring: $token out $(wc -c <"$mine/out") err $(wc -c <"$mine/err")" && cat "$mine/out" "$mine/err"; } >"$mine/all" &&
		mv "$mine/all" "$result" || {
		echo "host.sh: error: cannot write $PWD/$result" >&2
		exit 2
	}
	rm -f "$result.died"
	! grep -q '^explore: .* seed [0-9]* failed: ' "$mine/err" || echo "$result" >"$trial.failed"
}

"$@"
