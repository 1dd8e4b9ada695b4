#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# bisect.sh [VARIABLE=value...]: a step of git bisect run, in a kernel tree: build the commit that is checked out there, and test it:
#
#	git bisect run ~/umring/scripts/bisect.sh T='io-wq.*exit*'
#
# Takes T, FLAVOUR, KERNEL, ARGS, LIMIT and JOBS, and KDIR, by default the current directory, which is only read. Prints one line a
# step; the output of the build and the tests is in build/kdir-*/bisect.log. Exit status, as git bisect wants it:
#	0	good: all tests that T names passed
#	1	bad: one failed, hung or crashed
#	125	cannot tell: the commit does not build, or the series or a suite does not fit it
#	128	stop: something is wrong here, such as a full disk, a missing package, or conflicts in KDIR

# Any end that we did not foresee must stop git bisect, which takes 2 for bad.
status=128
trap 'exit "$status"' EXIT
for arg; do
	case $arg in
	T=* | FLAVOUR=* | KERNEL=* | ARGS=* | LIMIT=* | JOBS=* | KDIR=*) export "${arg?}" ;;
	-h | --help) status=0 ;;
	*)
		printf '%s\n' "bisect: error: $arg: takes T=, FLAVOUR=, KERNEL=, ARGS=, LIMIT=, JOBS= and KDIR=" >&2
		exit
		;;
	esac
done
export KDIR="${KDIR:-$PWD}"
unset VARIANT UMRING_LOCKED

. "$(dirname "$0")/lib/common.sh"

# end STATUS WORDS...: say what the step saw.
end()
{
	status=$1
	shift
	say "$commit: $*"
	exit
}

# said FILE: the error that a script of ours ended with.
said()
{
	sed -n 's/^[a-z-]*: error: //p' "$1" | tail -n 1 | grep . || tail -n 1 "$1"
}

# here_fails FILE: whether the machine is to blame, and not the commit.
here_fails()
{
	grep -m 1 -E -e 'No space left|quota exceeded|Killed|internal compiler error|[Cc]annot allocate|memory exhausted' \
		-e 'Input/output error|Read-only file|Permission denied|(command )?not found$' "$1"
}

# build: build the commit. status 3 of a step of the build means that the series or the configuration does not fit.
build()
{
	rm -f "$objdir/errors" "$objdir/guest/errors"
	built=0
	"$top/scripts/build.sh" >"$log" 2>&1 || built=$?
	[ "$built" != 0 ] || return 0
	! here_fails "$log" >"$work/bisect.why" || end 128 "stop: $(cat "$work/bisect.why") (see $log)"
	[ "$built" != 3 ] || end 125 "cannot tell: $(said "$log")"
	[ "$built" = 1 ] && { [ -s "$objdir/errors" ] || [ -s "$objdir/guest/errors" ]; } || end 128 "stop: $(said "$log")"
	end 125 "cannot tell: does not build: $(grep -m 1 -E 'error:|undefined reference' "$log" || said "$log")"
}

# ours GLOB: whether tests/ has such a suite, case or scenario, so that the kernel of another commit may have it.
ours()
{
	base=${1%%.*}
	for f in "$top"/tests/kunit/*_kunit.c "$top"/tests/guest/*.c; do
		name=$(basename "${f%.c}")
		# shellcheck disable=SC2254
		case ${name%_kunit} in
		$base) ;;
		*) continue ;;
		esac
		[ "$base" != "$1" ] || return 0
		# shellcheck disable=SC2013
		for case in $(sed -n 's/.*KUNIT_CASE[A-Z_]*(\([a-z0-9_]*\).*/\1/p' "${f%.c}"*.[ch]); do
			# shellcheck disable=SC2254
			case $case in ${1#*.}) return 0 ;; esac
		done
	done
	return 1
}

# failed: what failed, the first and how many more.
failed()
{
	sed -n 's/^NOT OK \([^ ]*\) */\1: /p' "$log" >"$work/bisect.failed"
	first=$(head -n 1 "$work/bisect.failed")
	case=$(sed -n '/^NOT OK/,$ s/^ *\([a-z0-9_]*\): failed at.*/\1/p' "$log" | head -n 1)
	more=$(($(wc -l <"$work/bisect.failed") - 1))
	printf '%s%s%s\n' "$first" "${case:+, $case}" "$([ "$more" = 0 ] || echo ", and $more more")"
}

commit=$(git -c safe.directory="$KDIR" -C "$KDIR" log -1 --format='%h %s' 2>/dev/null) || commit=$KDIR
lock >&2
log=$work/bisect.log
: >"$log" || die "cannot write to $work"
build
tested=0
"$top/scripts/test.sh" >"$log" 2>&1 || tested=$?
if [ "$tested" = 0 ]; then
	! grep -q '^test: nothing was tested' "$log" || end 125 "cannot tell: all of it was skipped"
	end 0 "good: $(tail -n 1 "$log")"
fi
# A test may say "Permission denied" and the like; these lines are our own.
grep -E '^test: error:|\[Errno' "$log" >"$work/bisect.own" || :
! here_fails "$work/bisect.own" >"$work/bisect.why" || end 128 "stop: $(cat "$work/bisect.why") (see $log)"
case $tested in
1)
	# Of the kernel's own parser, and of a kernel that does not start.
	! grep -q '^NOT OK .*disagrees' "$log" || end 125 "cannot tell: $(sed -n 's/^NOT OK //p' "$log")"
	! grep -q '^NOT OK .*ended with no verdict: exit status 125' "$log" || end 128 "stop: $(failed) (see $log)"
	end 1 "bad: $(failed)"
	;;
2)
	! grep -q '^test: not all of it ran' "$log" || end 125 "cannot tell: $(grep -m 1 '^without ' "$log")"
	glob=$(sed -n 's/^test: error: nothing matches \([^, ]*\).*/\1/p; s/^test: error: \([^ ]*\) has no case \([^, ]*\).*/\1.\2/p' "$log")
	[ -n "$glob" ] || end 128 "stop: $(said "$log")"
	ours "$glob" || end 128 "stop: $(said "$log")"
	why=$(grep -m 1 "^${glob%%.*}_kunit.c" "$objdir/left-out" 2>/dev/null || :)
	[ -z "$why" ] || end 125 "cannot tell: without suite $(printf '%s\n' "$why" | sed 's/\t/: /')"
	end 125 "cannot tell: this kernel has no $glob"
	;;
esac
end 128 "stop: the tests ended with status $tested (see $log)"
