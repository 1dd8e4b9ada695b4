#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# host.sh: is beside linux on each machine that explores for make explore HOSTS= or JOBS_FILE=, and has nothing else of this project.
# host.sh ready JOBS BYTES BOOTS   can so many boots at once be run here, each with a memory file of that size? JOBS 0: one for each CPU.
#                                  There has to be room for BOOTS more; 0: for all
# host.sh boot LIMIT WORD... boot with these words; the last line of stdout has the status and how long it took
# host.sh job TOKEN BYTES RESULT LIMIT WORD...   the same into a file, unless it is there, or that trial has failed: a line of JOBS_FILE,
#                            which has TOKEN in common with this directory; that the boot was killed is no result

set -eu
cd "$(dirname "$0")"

no()
{
	echo "umring: no: $*"
	exit 1
}

# memory BYTES: in which directories there is room for memory files.
memory()
{
	for d in ${TMPDIR:-/dev/shm /tmp}; do
		free=$(($(stat -f -c '%a*%S' "$d" 2>/dev/null || echo 0)))
		if [ "$free" -ge "$1" ] && [ -w "$d" ]; then
			echo "$d"
		else
			echo "$d has $((free >> 20)) MiB free" >&2
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
	printf '\numring: status %s ms %s\n' "$status" "$((($(date +%s%N) - began) / 1000000))"
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
	case $(head -n 1 "$result" 2>/dev/null) in "umring: $token "*) return ;; esac
	[ ! -e "$trial.failed" ] || return 0
	mine=$(mktemp -d "$result.XXXXXX")
	trap 'rm -rf "$mine"' EXIT
	trap 'exit 143' INT TERM HUP
	TMPDIR=$(memory "$bytes" 2>"$mine/room" | head -n 1)
	[ -n "$TMPDIR" ] || {
		echo "host.sh: error: no place for UML's memory: $(paste -sd , "$mine/room")" >&2
		exit 2
	}
	boot "$@" >"$mine/out" 2>"$mine/err"
	why=
	case $status in
	124) why="did not end within $1 s: $(tail -n 1 "$mine/err" | tr -d '\r')" ;;
	137) why="was killed" ;;
	esac
	[ -z "$why" ] || {
		echo "host.sh: error: $result $why; this line can be run again" >&2
		exit 1
	}
	# A result has its name only when it is whole.
	{ echo "umring: $token out $(wc -c <"$mine/out") err $(wc -c <"$mine/err")" && cat "$mine/out" "$mine/err"; } >"$mine/all" &&
		mv "$mine/all" "$result" || {
		echo "host.sh: error: cannot write $PWD/$result" >&2
		exit 2
	}
	! grep -q '^explore: .* seed [0-9]* failed: ' "$mine/err" || : >"$trial.failed"
}

"$@"
