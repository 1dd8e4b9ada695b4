#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# explore.sh: run the trials of tests/explore/, the cases of suites that are marked as fit, and the scenarios
# tests/guest/race-*.c, by schedules that seeds decide: T=glob for some of them.
# SEEDS=1-10000 takes these of each, as far as BUDGET goes if that is given; without SEEDS, BUDGET is 60 s,
# shared by all.
# ALGO=bursts, pct, pos or mix (the default: half of the seeds bursts, a quarter each pct and pos), DEPTH=d
# for pct; MEMORY=sc, tso or weak (the default): which stores others may see late, and with weak, which reads
# find what was there before.
# RANGE=a..b (or one commit) of KDIR or of build/<kernel>/tree, or FILE=source.c, or source.c:function, says
# where to look: there most switches are, and the time is for the trials that come there in their first seeds.
# The others are named. Lines that were changed again later are left out.
# First a bug that was put in must be found: tests/explore/bugs/no-retry.patch, the canary.
# A line a trial or scenario: ok, or the seed that failed, which ends it; how many pairs of a write and a read
# by another task have come. Without SEEDS a trial ends at seed 20000, or at ten times the seed that showed
# the last new pair, whichever is later; with SEEDS all are taken. A page of it is written to
# build/<kernel>/report-explore. make replay and make minimise tell what happens in a seed.
#
# HOSTS='a b 8/c' explores on these machines, by GNU parallel over ssh, which must be able to log in without a
# question: their host keys and your key are set up before. UMRING_SSH='ssh -F file' is another ssh. 8/c is 8
# boots at once on c, else one for each CPU; : is this machine. A job is a boot with a range of seeds. linux is
# sent to /tmp there (or /var/tmp, or the home directory, whichever has room), tried, and removed at the end; a
# machine needs perl, setpriv and timeout, and the memory that the boots take. Rows, pairs, report and status
# are those of one machine. A host that cannot be used, or goes away, is named with the reason; its seeds go to
# the others, and it is looked for again each 30 s. What has come back is kept in
# build/<kernel>/results-explore/explore/hosts until the exploration has ended: one that ^C has stopped, or that
# has no host left, goes on when the same is called again.
#
# JOBS_FILE=path with SEEDS= writes command lines for a batch system instead, of 20000 seeds of a trial, or
# 1000 of a case or scenario. Each boots the copy of linux in the directory path.d beside it, and leaves its
# result there. One that has it, or whose trial has failed, does nothing, so all can be run again after some
# were lost or killed.
# RESULTS=path then tells what came of them; also meanwhile, with NOT OK for what is missing.
#
# Exit status: 0 nothing failed, 1 one failed, 2 it could not be explored, no trial comes to where to look, or
# the canary was not found.

export FLAVOUR="${FLAVOUR:-explore}"
. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/variant.sh"
. "$top/scripts/lib/explore.sh"

matching HOSTS ' *(([1-9][0-9]{0,3}/)?([A-Za-z0-9_][A-Za-z0-9_@.-]*|:)( +|$))*' "names for ssh, such as 'a user@b 8/c', or : for this machine"
[ -z "${HOSTS+set}" ] || [ -n "$(words_of HOSTS)" ] || die "HOSTS= names no host: HOSTS='a 8/b' takes names for ssh; without HOSTS= it is this machine"
for v in JOBS_FILE RESULTS; do
	eval "[ -z \"\${$v+set}\" ] || [ -n \"\${$v}\" ]" || die "$v= takes a path"
done
asked_for=$(for v in HOSTS JOBS_FILE RESULTS; do eval "[ -z \"\${$v-}\" ] || printf ' %s=' $v"; done)
case $asked_for in *=*=) die "make explore takes one of$asked_for" ;; esac
if [ -n "${JOBS_FILE-}" ]; then
	[ -n "${SEEDS-}" ] && [ -z "${BUDGET-}" ] || die "JOBS_FILE= takes SEEDS=a-b, and no BUDGET=, as nobody knows when these jobs run"
	[ -d "$(dirname "$(from_here "$JOBS_FILE")")" ] || die "JOBS_FILE=$JOBS_FILE: no such directory"
fi
if [ -n "${RESULTS-}" ]; then
	for v in T SEEDS BUDGET ALGO DEPTH MEMORY FILE RANGE; do
		eval "[ -z \"\${$v-}\" ]" || die "RESULTS= takes no $v=: what is to be explored was said to JOBS_FILE="
	done
fi
JOBS_FILE=$(from_here "${JOBS_FILE-}")
RESULTS=$(from_here "${RESULTS-}")
export JOBS_FILE RESULTS
if [ -n "$RESULTS" ]; then
	lock
	explorer collect "$RESULTS"
	exit
fi
[ -z "${HOSTS-}" ] || "$top/scripts/deps.sh" parallel openssh-client
build_explorer
canary
set -f
# shellcheck disable=SC2086
explorer explore ${T:-*}
