#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# liburing.sh [glob...]: run liburing's own tests in the kernel, a ./linux for each, JOBS at once: those of LIBURING=path, a
# checkout, which is only read, or of Debian's source package of liburing. T chooses some of them.
# The kernel is that of flavour liburing, or liburing-smp, liburing-debug for FLAVOUR=smp, debug; FLAVOUR=default is the one that
# make test takes, which lacks sockets and files.
# A test that exits with 0 has passed, with 77 it is skipped, and its last line is the reason. Anything else has failed, and so has
# one that leaves a task, a leak or a line about a bug in the kernel log. tests/liburing/<kernel> says which are known to fail
# or to be skipped, and why: one that does otherwise has failed.
# LIMIT is the time in seconds that one test may take, simulated where time is: 300, 600 for FLAVOUR=debug, 900 for smp. Results
# are in build/<kernel>/results-<flavour> (programs-default), as those of test.sh. Exit status: 0 all is as expected, 1 it is not,
# 2 it could not be tested, or not all.

case ${FLAVOUR-} in
'') FLAVOUR=liburing ;;
smp | debug) FLAVOUR=liburing-$FLAVOUR ;;
esac
export FLAVOUR
. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/program.sh"
. "$top/scripts/lib/checkout.sh"

ARGS=${ARGS-}

# They are for the project's own make.
unset MAKEFLAGS MFLAGS
limit=${LIMIT-}
unset LIMIT

# pack NAME: its cpio, with exec-target, which some of them execute. One that is newer than these programs is taken as it is.
pack()
{
	target=
	! grep -qs exec-target "$copy/test/$1.c" || target=$copy/test/exec-target.t
	[ -z "$(find "$cpios/$1.cpio" -newer "$copy/test/$1.t" -newer "${target:-$copy/test/$1.t}" \
		-newer "$top/tests/liburing/runs" 2>/dev/null)" ] || return 0
	pack_new "$cpios/$1.pack"
	pack_program "$1" "$copy/test/$1.t"
	[ -z "$target" ] || pack_file "$target" /tmp/exec-target.t
	own "$1" | sed -n 's/^argument=//p' >"$copy.arguments"
	while read -r argument; do
		pack_argv "$argument"
	done <"$copy.arguments"
	own "$1" | sed -n 's/^link=\(.*\):\(.*\)/\1 \2/p' >"$copy.links"
	while read -r path target; do
		pack_link "$target" "$path"
	done <"$copy.links"
	pack_write "$cpios/$1.cpio"
	rm -rf "$cpios/$1.pack"
}

# chosen GLOB...: the programs that match one of them.
chosen()
{
	for glob; do
		found=0
		while read -r name; do
			# shellcheck disable=SC2254
			case $name in
			$glob)
				echo "$name"
				found=1
				;;
			esac
		done <"$copy.names"
		[ "$found" = 1 ] || die "no test of $checkout matches $glob: ${copy#"$top"/}.names lists them"
	done >"$copy.matched"
	sort -u "$copy.matched"
}

# own NAME: what tests/liburing/runs says of it.
own()
{
	sed -n "s/^$1[[:space:]]\{1,\}//p" "$top/tests/liburing/runs" | sed 's/[[:space:]]*#.*//' | tr ' ' '\n'
}

# words NAME: its words for the kernel's command line, simulated time among them where there is any.
words()
{
	own "$1" | grep -v -e '^argument=' -e '^link=' -e '^real-time$' || :
	! grep -qx CONFIG_UML_TIME_TRAVEL_SUPPORT=y "$objdir/.config" || own "$1" | grep -qx real-time || echo time-travel
}

# slow_first: order the names by how long each took the last time.
slow_first()
{
	while read -r name; do
		echo "$(cat "$results/$name/ms" 2>/dev/null || echo 0) $name"
	done | sort -rn | cut -d ' ' -f 2
}

# forget_others: remove the results of programs that this release does not have.
forget_others()
{
	case $results in
	"$programs") ;;
	*) find "$results" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | { grep -vxFf "$copy.built" || :; } |
		(cd "$results" && xargs -r -d '\n' rm -rf) ;;
	esac
}

find_kernel "$@"
find_checkout
lock
"$top/scripts/build.sh"
say "building $checkout"
update_copy
build_library
# Globs are for names of programs.
set -f
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- ${T:-*}
chosen "$@" >"$copy.chosen"
build_programs
case $FLAVOUR in
liburing*) ;;
*) results=$programs ;;
esac
# Where time is simulated, it still moves with the host's while a program runs. With detectors or several CPUs it runs longer, and
# on a busy host several times that.
case $FLAVOUR in
*smp) limit=${limit:-900} ;;
*debug) limit=${limit:-600} ;;
*) limit=${limit:-300} ;;
esac
cpios=$copy.cpios
mkdir -p "$results" "$cpios"
slow_first <"$copy.built" >"$copy.order"
[ "$*" != '*' ] || forget_others
while read -r name; do
	pack "$name"
	echo "$name $cpios/$name.cpio limit=$limit skip=77 $(words "$name" | paste -sd ' ')"
done <"$copy.order" >"$results/list"
release=$(sed -n 's/^Version: *//p' "$copy/liburing.spec" 2>/dev/null || :)
# From here on, another make may change the copy: of another kernel, as we still have this one's lock.
cp "$copy.names" "$results/names"
cp "$copy.without" "$results/without"
exec 8>&-
# The default root is of no type that takes O_DIRECT or attributes. seccomp=on halves what a system call costs.
! grep -qs seccomp= "$tree/arch/um/os-Linux/start_up.c" || ARGS="seccomp=on${ARGS:+ $ARGS}"
export ARGS="mem=1G rootfstype=tmpfs${ARGS:+ $ARGS}"
# Of another release than Debian's newest, some that the list names can be missing.
all=$results/names
[ -z "${LIBURING-}" ] || all=
status=0
(LIMIT=$((limit + 60)) run_py --programs "$results/list" "$top/tests/liburing/$KERNEL" "$release" "$all") || status=$?
if [ -s "$results/without" ]; then
	sed 's/^/without program /; s/\t/: /' "$results/without"
	[ "$status" != 0 ] || [ "${PARTIAL-}" = 1 ] || {
		say "not all of it ran; PARTIAL=1 if that will do"
		status=2
	}
fi
exit "$status"
