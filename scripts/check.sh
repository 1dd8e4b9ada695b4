#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# check.sh: shellcheck, every suite and scenario, prove.sh, and the bats tests of the scripts. Ends with one line,
# "N passed, N failed, N skipped", and with 0 only if none failed.

. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/counts.sh"

# part NAME: do one of those that run side by side, and leave what it says in $build/NAME.
part()
{
	cd "$top/tests/host"
	case $1 in
	prove)
		status=0
		EVERY=20 "$top/scripts/prove.sh" >"$build/prove" || status=$?
		echo "$status" >"$build/prove.status"
		;;
	host.real)
		# They work on one copy of the project with a kernel in it, so one after another.
		# shellcheck disable=SC2046
		bats --tap $(grep -l real_clone ./*.bats) >"$build/host.real" || :
		;;
	host)
		# shellcheck disable=SC2046
		bats --tap $(grep -L real_clone ./*.bats) | tee "$build/host" || :
		;;
	esac
}

if [ "${1-}" = --part ]; then
	part "$2"
	exit
fi

"$top/scripts/deps.sh"
"$top/scripts/deps.sh" bats shellcheck dpkg-dev
# Without these the tests of make mutants, make watch and make explore HOSTS= are skipped. Not everybody can install them.
[ "$(id -u)" != 0 ] || "$top/scripts/deps.sh" libclang-dev inotify-tools parallel iproute2
# It takes sshd as well, but that package starts one where it can: RUNLEVEL=1 is heard where systemd does not run.
[ "$(id -u)" != 0 ] || [ -d /run/systemd/system ] || RUNLEVEL=1 "$top/scripts/deps.sh" openssh-server
find_kernel "$@"
passed=0
failed=0
skipped=0

count()
{
	passed=$((passed + ${1:-0}))
	failed=$((failed + ${2:-0}))
	skipped=$((skipped + ${3:-0}))
}

say "shellcheck"
if (cd "$top" && shellcheck scripts/*.sh scripts/lib/*.sh tests/figures/*.sh .ci/run tests/host/*.bash); then
	count 1 0
else
	count 0 1
fi

say "kernel, suites and scenarios"
status=0
rm -f "$results/summary"
"$top/scripts/build.sh" && "$top/scripts/test.sh" || status=$?
number()
{
	sed -n "s/.*$1: \([0-9]*\).*/\1/p" "$results/summary" 2>/dev/null || :
}
if [ "$status" = 0 ]; then
	count "$(number passed)" 0 "$(number skipped)"
else
	bad=$(($(number failed) + $(number crashed) + $(number errors) + 0))
	count "$(number passed)" "$((bad ? bad : 1))" "$(number skipped)"
fi
if [ ! -s "$results/summary" ]; then
	say "no run, so there is no coverage"
elif ! has_gcov; then
	say "flavour $FLAVOUR has no gcov, so there is no coverage"
elif "$top/scripts/coverage.sh"; then
	count 1 0
else
	count 0 1
fi

# These need no socket and no file with O_DIRECT, so they run in the kernel that is built already.
if [ "$FLAVOUR" = default ] && [ -f "$top/tests/liburing/$KERNEL" ]; then
	say "a dozen of liburing's own tests; make liburing runs all"
	results=$work/programs-$FLAVOUR
	rm -f "$results/summary"
	status=0
	FLAVOUR=$FLAVOUR "$top/scripts/liburing.sh" cq-full exit-no-cleanup futex-kill io-wq-exit link msg-ring nop-flags \
		poll-cancel poll-cancel-all self skip-cqe sync-cancel || status=$?
	good=$(number passed)
	open=$(number skipped)
	bad=$((12 - ${good:-0} - ${open:-0}))
	count "$good" "$((status && !bad ? 1 : bad))" "$open"
fi

# in_explore SCRIPT [SEEDS GLOB]
in_explore()
{
	(
		unset BUDGET ALGO DEPTH MEMORY FILE RANGE HOSTS JOBS_FILE RESULTS ARGS LIMIT SEEDS T
		[ $# = 1 ] || export SEEDS="$2" T="$3"
		KERNEL=$asked FLAVOUR=explore "$top/scripts/$1.sh"
	)
}

# A kernel without the hooks for it cannot explore.
if [ "$FLAVOUR" = default ] && [ -f "$top/patches/$KERNEL/explore.patch" ]; then
	say "explore: a bug that must be found, then 3000 seeds of each trial, 200 of each scenario, 100 of each case of a suite"
	status=0
	{
		in_explore explore 1-3000 '*-trial.*' && in_explore explore 1-200 'race-*' && in_explore explore 1-100 '*_test_*'
	} >"$build/explored" || status=$?
	cat "$build/explored"
	good=$(grep -cE '^(ok|canary:) ' "$build/explored" || :)
	bad=$(grep -c '^NOT OK ' "$build/explored" || :)
	# A canary and a row of each call, at least.
	canaries=$(grep -c '^canary:' "$build/explored" || :)
	count "$good" "$(((status || canaries < 3 || good < 6) && !bad ? 1 : bad))" "$(grep -c '^-  ' "$build/explored" || :)"
	say "explore: what coverage/targets says that trials reach"
	if in_explore coverage; then
		count 1 0
	else
		count 0 1
	fi
	say "flavour explore: suites and scenarios without seeds; counted as one test"
	if in_explore test >"$build/explored"; then
		tail -n 1 "$build/explored"
		count 1 0
	else
		cat "$build/explored"
		count 0 1
	fi
fi

# The rest waits for disks and for its own time limits now and then, so it runs side by side. xargs, as what the shell has in the
# background does not hear of ^C. All wrong versions of all kernels take ten minutes.
say "each fix, on each kernel, and a few of its wrong versions; make prove takes all"
say "tests/host"
mkdir -p "$build"
# A part that dies has failed.
for f in prove host.real host; do
	: >"$build/$f"
done
echo 1 >"$build/prove.status"
printf '%s\n' prove host.real host | KERNEL=$asked xargs -n 1 -P 3 "$0" --part || :
cat "$build/prove"
status=$(cat "$build/prove.status")
# rows RESULT: how many rows of prove.sh end so. A row that ends in none of the ways below has failed.
rows()
{
	grep -cE "^[0-9.]+  .*$1" "$build/prove" || :
}
good=$(rows ' (proved by|caught by|noticed:) ')
open=$(rows ' (open: needs explore|does not apply: .*|skipped)$')
bad=$(($(rows '') - good - open))
count "$good" "$((status && !bad ? 1 : bad))" "$open"

cat "$build/host.real"
for tap in "$build/host" "$build/host.real"; do
	planned=$(sed -n 's/^1\.\.//p' "$tap")
	ok=$(grep -c '^ok ' "$tap" || :)
	skip=$(grep -c '^ok .*# skip' "$tap" || :)
	count "$((ok - skip))" "$((${planned:-1} - ok))" "$skip"
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
