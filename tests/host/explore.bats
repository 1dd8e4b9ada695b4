# SPDX-License-Identifier: GPL-2.0
# explore.sh, replay.sh, minimise.sh: what they make of what a boot prints, by a stand-in for the kernel. Its trial fails with seed
# 7, and by each list that has both items of $needed.

load helper

setup()
{
	clone
	objdir=$tree/um-explore
	results=$work/results-explore
	mkdir -p "$objdir" tests/explore/bugs
	echo CONFIG_EXPLORE=y >"$objdir/.config"
	echo '#!/bin/sh' >scripts/build.sh
	rm -f tests/explore/*_trial.c
	touch tests/explore/some_trial.c
	printf '%s\n' 'It is wrong.' 'trial: some_trial_bug' >tests/explore/bugs/no-retry.patch
	cat >scripts/lib/variant.sh <<-'END'
		variant_new()
		{
			mkdir -p "$(variant_dir "$1")/tree/um-$FLAVOUR"
			cp "$objdir/linux" "$objdir/.config" "$(variant_dir "$1")/tree/um-$FLAVOUR"
		}
		variant_patch() { :; }
		variant_build() { [ ! -e "$top/broken" ] || { say "it does not build" >&2; return 1; }; }
	END
	whole='0:0~1,1:3>0!2,0:5>1!4!6,1:9>0,0:11>1'
	cat >"$objdir/linux" <<-'END'
		#!/bin/bash
		list= trace=
		for word; do
			case $word in
			kunit.action=list) printf '%s\n' some-trial.some_trial_{good,bad,bug,dies,short,slow,late,idle} >&2; exit ;;
			explore=*) seeds=${word#*=} ;;
			explore.list=*) list=${word#*=} ;;
			explore.trace=1) trace=1 ;;
			explore.algo=none) echo "explore: error: explore.algo= takes bursts" >&2; exit 1 ;;
			kunit.filter_glob=*) trial=${word#*.*.} ;;
			esac
		done
		first=${seeds%-*} last=${seeds#*-}
		echo "1..1"
		fail()
		{
			echo "explore: trial $trial seed $1 failed: EXPECTATION FAILED at x.c:74; algo=pct points=29 switches=$(tr -cd '>' <<<"$2" | wc -c)"
			echo "explore: list=${2:0:20}"
			[ -z "${2:20}" ] || echo "explore: list+=${2:20}"
			[ -z "$trace" ] || cat "${0%/*}/trace"
			echo "explore: trial $trial: $(($1 - first + 1)) seeds, 1 failed, 100 points, 10 switches, 1000000 ns"
		} >&2
		case $trial in *slow) echo $$ >"${0%/*}/pid"; exec sleep 60 ;; esac
		case $trial in *dies) echo "Kernel panic - not syncing: Oops" >&2; exit 134 ;; esac
		case $trial in
		*bad | *bug)
			if [ -n "$list" ]; then
				[ ! -e "${0%/*}/unfit" ] || echo "explore: 1 of 2 items of the list did not fit" >&2
				if [[ ,$list, == *,1:3\>0* && $list == *0:5\>1*!6* ]]; then fail "$first" "$list"; echo "not ok 1 x"; exit 1; fi
			elif [ ! -e "${0%/*}/mended" ] && ((first <= 7 && last >= 7)); then
				fail 7 '0:0~1,1:3>0!2,0:5>1!4!6,1:9>0,0:11>1'; echo "not ok 1 x"; exit 1
			fi
			;;
		esac
		n=$((last - first + 1))
		case $trial in *idle) echo "explore: trial $trial: $n seeds, 0 failed, 0 points, 0 switches, 1 ns" >&2; echo "ok 1 x"; exit ;; esac
		case $trial in *late) fail 3 none; exit 124 ;; esac
		case $trial in *short) n=$((n - 1)) ;; esac
		echo "explore: trial $trial: $n seeds, 0 failed, $((n * 30)) points, 10 switches, 1000000 ns" >&2
		echo "ok 1 x"
	END
	chmod +x "$objdir/linux"
	cat >"$objdir/trace" <<-'END'
		explore: pick 1:0 adder/76 ip=0x0 0x0 after read to 1 adder/76
		explore: switch 1:3 adder/76 ip=0x600a41f0 twx_adder+0x50/0xa0 before write 0x60afd390+8 to 0 walker/75
		explore: switch 0:5 walker/75 ip=0x600a7c66 walk+0x186/0x220 before call complete to 1 adder/76
		explore: late 0:4 walker/75 ip=0x600a7c00 walk+0x120/0x220 write 0x610dc230+4 old=0xffffffff new=0x1
		explore: missed 1:11 adder/76 ip=0x602cc67b add+0x1ab/0x530 read 0x610dc230+4 saw=0xffffffff late=0x1 of 0:4
		explore: pick 1:20 adder/76 ip=0x600a3e60 add+0xe0/0x3c0 after update 0x61828670+8 to 0 walker/75
	END
}

@test "explore: a row a trial, after the canary" {
	# Pins: ok with its seeds; the seed that failed and what to do; a boot that dies, or ends early, is no success.
	SEEDS=1-2000 T=*_good try scripts/explore.sh
	works
	[ "$(head -n 1 <<<"$out")" = "canary: some_trial_bug fails with no-retry after 7 seeds, as it has to" ]
	grep -qE '^ok     some_trial_good +2000 seeds +[0-9]+/s +30 points$' <<<"$out"
	[[ $out == *"explore: 1 trials, 2000 seeds, 0 failed, "* ]]
	SEEDS=1-2000 T='*_good *_bad' try scripts/explore.sh
	[ "$status" = 1 ]
	grep -q '^NOT OK some_trial_bad  *seed 7 (pct): EXPECTATION FAILED at x.c:74$' <<<"$out"
	grep -q '^ *make replay T=some_trial_bad SEED=7,' <<<"$out"
	grep -q '^list 0:0~1,1:3>0!2,0:5>1!4!6,1:9>0,0:11>1$' "$results/explore/some_trial_bad.7"
	for t in dies short; do
		SEEDS=1-200 T="*_good *_$t" try scripts/explore.sh
		[ "$status" = 2 ]
		grep -q "^NOT OK some_trial_$t  *seeds 1-200: the boot ended with status " <<<"$out"
		grep -q '^ok     some_trial_good ' <<<"$out"
	done
	BUDGET=1 T=*_good try scripts/explore.sh
	works
}

@test "explore: the canary is not found" {
	# Pins: then nothing that the explorer finds, or does not, is shown.
	SEEDS=1 T=*_good try scripts/explore.sh
	works
	touch "$top/build/$kernel@canary/tree/um-explore/mended"
	SEEDS=1 T=*_good try scripts/explore.sh
	[ "$status" = 2 ]
	fails "the canary was not found" "some_trial_bug passes with tests/explore/bugs/no-retry.patch"
	[[ $out != *"ok     "* ]]
	echo more >>tests/explore/bugs/no-retry.patch
	touch broken
	SEEDS=1 T=*_good try scripts/explore.sh
	[ "$status" = 2 ]
	[[ $out != *"ok     "* ]]
}

@test "explore: the story of a seed" {
	T=some_trial_bad SEED=7 try scripts/replay.sh
	[ "$status" = 1 ]
	[ "$(head -n 1 <<<"$out")" = "some_trial_bad, seed 7 (pct): EXPECTATION FAILED at x.c:74; 4 switches" ]
	# A late store comes before the switch that held it.
	[ "$(sed -n 's/^  -- //p; s/.*(\(late: .*\))/\1/p; s/.*(\(sees .*\))/\1/p' <<<"$out" | paste -sd ';')" = \
		"adder/76;walker/75;late: others see 0xffffffff, not 1;adder/76;sees 0xffffffff, not 1;walker/75, since adder/76 waits or has ended" ]
	[ "$(tail -n 1 <<<"$out")" = "LIST=$whole" ]
	T=some_trial_bad SEED=8 try scripts/replay.sh
	works
	[ "$out" = "some_trial_bad, seed 8: nothing failed" ]
	T=some_trial_bad LIST='1:3>0,0:5>1!6' try scripts/replay.sh
	[ "$status" = 1 ]
	T=some_trial_dies SEED=8 try scripts/replay.sh
	[ "$status" = 2 ]
	fails "some_trial_dies, seed 8: the boot ended with status 134" "Kernel panic"
}

@test "explore: names of sources in a story" {
	path()
	{
		me=x objdir=x tree=x results=x PYTHONPATH=scripts/lib python3 -B -c 'import story, sys; print(story.path(sys.argv[1]))' "$1"
	}
	[ "$(path '/proc/self/cwd/../io_uring/io-wq.c:7 (discriminator 2)')" = io_uring/io-wq.c:7 ]
	[ "$(path 'io_uring/../../../../7.3/tests/kunit/../explore/tw_trial.c:89')" = tests/explore/tw_trial.c:89 ]
	[ "$(path '/proc/self/cwd/../kernel/task_work.c:1')" = kernel/task_work.c:1 ]
}

@test "explore: the fewest switches and late stores" {
	T=some_trial_bad SEED=7 try scripts/minimise.sh
	[ "$status" = 1 ]
	grep -qE '^some_trial_bad, seed 7 \(pct\): EXPECTATION FAILED at x.c:74; 4 switches, after minimising 2 switches, 1 late store; [0-9]+ boots' <<<"$out"
	[ "$(tail -n 1 <<<"$out")" = "LIST=1:3>0,0:5>1!6" ]
	T=some_trial_good SEED=7 try scripts/minimise.sh
	works
	[[ $out == *"nothing to minimise" ]]
}

@test "explore: what says nothing of its seeds" {
	# Pins: a boot that was ended by LIMIT, and one that came to no point, are no failures and no successes; a seed that failed
	# with this build must fail again.
	for t in late idle; do
		SEEDS=1-9 LIMIT=7 T=*_$t try scripts/explore.sh
		[ "$status" = 2 ]
		[[ $out == *"0 failed, 1 could not be explored"* ]]
	done
	grep -q 'came to no point' <<<"$out"
	T=some_trial_bad SEED=7 try scripts/replay.sh
	[ "$status" = 1 ]
	MEMORY=sc T=some_trial_bad SEED=7 try scripts/replay.sh
	[ "$err" = "replay: note: it failed with other ALGO=, DEPTH= or MEMORY=, see build/$kernel/results-explore/explore/some_trial_bad.7" ]
	T=some_trial_bad SEED=7 LIST='1:3>0,0:5>1!6' try scripts/replay.sh
	T=some_trial_bad SEED=7 MEMORY=sc try scripts/replay.sh
	[ -z "$err" ]
	touch "$objdir/mended"
	T=some_trial_bad SEED=7 MEMORY=sc try scripts/replay.sh
	[ "$status" = 2 ]
	fails "has failed with this very build, and does not now"
}

@test "explore: stopped" {
	# Pins: at once, and the kernels with it.
	T=*_slow setsid scripts/explore.sh >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	wait_for test -s "$objdir/pid"
	kill -TERM -- "-$!"
	wait $! || status=$?
	[ "$status" = 143 ]
	gone() { ! kill -0 "$(cat "$objdir/pid")"; }
	wait_for gone
}

@test "explore: a replay on another build" {
	# Pins: it says that the seed means another schedule there, and which items of a list do not fit.
	T=some_trial_bad SEED=7 try scripts/replay.sh
	[ -z "$err" ]
	touch -d '1 day ago' "$objdir/linux"
	T=some_trial_bad SEED=7 try scripts/replay.sh
	[ "$err" = "replay: note: another build of the kernel failed with this seed; in this one it is another schedule" ]
	touch "$objdir/unfit"
	T=some_trial_bad SEED=7 LIST='1:3>0,0:5>1!6' try scripts/replay.sh
	[ "$err" = "replay: note: 1 of 2 items of the list do not fit this build" ]
}

@test "explore: a value that cannot be" {
	for v in SEEDS=x SEEDS=5-1 SEEDS=1- SEEDS=-1 SEED=x SEED=-1 ALGO=best DEPTH=0 MEMORY=arm LIST='1:2' LIST='a b'; do
		T=some_trial_bad try env SEED=1 "$v" scripts/replay.sh
		[ "$status" = 2 ] || { echo "$v"; false; }
		fails "$v" "${v%%=*}= takes "
	done
	T=nosuch SEEDS=1 try scripts/explore.sh
	[ "$status" = 2 ]
	fails "no trial matches nosuch"
	T='*' SEED=1 try scripts/replay.sh
	fails "T= matches 8 trials"
	SEED=1 try scripts/replay.sh
	fails "takes T=trial and SEED=n or LIST="
	T=' ' SEEDS=1 try scripts/explore.sh
	fails "T= names no trial"
	T=some_trial_bad SEED=$'1\nx' try scripts/replay.sh
	[ "$status" = 2 ]
	# What the kernel does not take, whoever sees it first.
	ARGS=explore.algo=none SEEDS=1-9 T='*_good *_bad' try scripts/explore.sh
	[ "$status" = 2 ]
	fails "explore.algo= takes bursts"
	echo >"$objdir/.config"
	T=some_trial_bad SEED=1 try scripts/replay.sh
	fails "cannot explore"
}
