#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# ends.sh: see that bad ends of trials are told: tests/explore/ends_trial.c, in a kernel that is built with them. A row for each: how
# make explore calls it, and whether make minimise tells it.
# Exit status: 0 only if all were told as they have to be.

export FLAVOUR="${FLAVOUR:-explore}"
. "$(dirname "$0")/common.sh"
. "$top/scripts/lib/variant.sh"
. "$top/scripts/lib/explore.sh"

# ends: a trial a line, the status of make minimise, what is said of its seed, and what make minimise says.
ends()
{
	cat <<-'END'
		deadlock 1 deadlock$ at.the.end,.one/[0-9]*.waits.in._raw_spin_lock
		livelock 1 livelock,.one.spins.in.ends_spin$ at.the.end,.one/[0-9]*
		hang 1 hung$ waits.in.wait_for_completion
		oops 1 Segfault.with.no.mm$ at.the.end,.one/[0-9]*.*ends_oops
		dies 2 the.boot.dies,.with.signal.9 the.boot.ended.with.signal.9
		long 2 EXPECTATION.FAILED are.more.than.its.list.has
		longish 1 EXPECTATION.FAILED after.minimising.[12].switch
		assert 1 ASSERTION.FAILED after.minimising.1.switch
	END
}

build_explorer
variant_new ends
variant_same ends kernel/task_work.c
VARIANT_CFLAGS=-DEXPLORE_ENDS variant_build ends || exit 2
out=$(variant_dir ends)/said
bad=0
ends >"$out.ends"
while read -r name status why how <&4; do
	(SEEDS=1-300 && export SEEDS && in_variant ends explore "ends_trial_$name") >"$out" 2>&1 || :
	row=$(sed -n "s/^NOT OK ends_trial_$name  *\(seed [0-9]* .*\)/\1/p" "$out")
	verdict=told
	printf '%s\n' "$row" | grep -q "): $why" || verdict="NOT TOLD: $(tail -n 1 "$out")"
	seed=${row#seed }
	got=0
	(SEED=${seed%% *} && export SEED && in_variant ends minimise "ends_trial_$name") >"$out" 2>&1 || got=$?
	[ "$got" = "$status" ] && grep -q "$how" "$out" || [ "$verdict" != told ] || verdict="NOT TOLD: $(head -n 1 "$out")"
	case $verdict in NOT*) bad=1 ;; esac
	printf '%-10s %-70s %s\n' "$name" "$row" "$verdict"
done 4<"$out.ends"
# Then seeds that failed do not end the case, but this does.
status=0
"$(variant_dir ends)/tree/um-$FLAVOUR/linux" explore=1-300 explore.keep=1 kunit.filter_glob=ends-trial.ends_trial_assert >"$out" 2>&1 || status=$?
[ "$status" = 1 ] && grep -q "ASSERTION FAILED" "$out" || {
	bad=1
	echo "assert, with explore.keep=1: NOT TOLD: status $status"
}
exit "$bad"
