# SPDX-License-Identifier: GPL-2.0
# explore.sh, replay.sh, minimise.sh: what they make of what a boot prints, by a stand-in for the kernel. Its trial fails with seed
# 7, and by each list that has both items of $needed.

load helper

setup()
{
	clone
	fake_explorer some_trial_bug
	touch tests/guest/{race-bad,race-good,calm}.c
	whole='0:0~1,1:3>0!2,0:5>1!4!6,1:9>0,0:11>1'
	cat >"$objdir/linux" <<-'END'
		#!/bin/bash
		list= trace= kind=trial
		for word; do
			case $word in
			kunit.action=list)
				case " $* " in
				*" kunit.filter=module=explored "*) ;;
				*) printf '%s\n' some-trial.some_trial_{good,bad,bug,dies,short,slow,late,idle,killed,busy,deaf,shot,unable,out} ;;
				esac >&2
				[ ! -e "${0%/*}/suites" ] || case " $* " in
				*" kunit.filter=module=explored "*) printf '%s\n' some.some_test_{good,bad} ;;
				*) printf '%s\n' some.some_test_{good,bad,order_bad,alone_out,fair_good,short} ;;
				esac >&2
				exit
				;;
			explore=*) seeds=${word#*=} ;;
			explore.list=*) list=${word#*=} ;;
			explore.trace=1) trace=1 ;;
			explore.algo=none) echo "explore: error: explore.algo= takes bursts" >&2; exit 1 ;;
			kunit.filter_glob=*) trial=${word#*.*.} ;;
			scenario=*) trial=${word#*=} kind=scenario ;;
			esac
		done
		first=${seeds%-*} last=${seeds#*-}
		[ -z "${GCOV_PREFIX-}" ] || { mkdir -p "$GCOV_PREFIX" && echo "$seeds" >>"$GCOV_PREFIX/x.gcda"; }
		build=$(cat "${0%/*}/build" 2>/dev/null || echo 1a2b3c4d)
		echo "explore: build $build" >&2
		case $list in @*)
			[[ $list == @$build,* ]] || echo "explore: the list is of another build, ${list:1:8}; this is $build" >&2
			list=${list#*,}
		esac
		echo "1..1"
		fail()
		{
			echo "explore: $kind $trial seed $1 failed: EXPECTATION FAILED at x.c:74${why-}; algo=pct points=29 switches=$(tr -cd '>' <<<"$2" | wc -c)"
			echo "explore: list=@$build,${2:0:20}"
			[ -z "${2:20}" ] || echo "explore: list+=${2:20}"
			[ -z "$trace" ] || cat "${0%/*}/trace"
			echo "explore: $kind $trial: $(($1 - first + 1)) seeds, 1 failed, 100 points, 10 switches, 1000000 ns"
		} >&2
		case $trial in *slow) echo $$ >"${0%/*}/pid"; exec sleep 60 ;; esac
		case $trial in *deaf) echo "$seeds" >>"${0%/*}/deaf"; trap '' QUIT; exec sleep 60 ;; esac
		case $trial in *shot) if ((first <= 23 && last >= 23)); then kill -9 $$; fi ;; esac
		case $trial in *unable) sleep 0.5; echo "explore: error: no such word" >&2; exit 1 ;; esac
		case $trial in *out) printf '%s\n' "    ok 1 $trial # SKIP there is no such thing here" "ok 1 some-trial"; exit ;; esac
		case $trial in *dies) echo "Kernel panic - not syncing: Oops" >&2; exit 134 ;; esac
		case $trial in *killed) if ((first <= 23 && last >= 23)); then echo "Segmentation fault" >&2; exit 139; fi ;; esac
		case $trial in
		*bad | *bug)
			if [ -n "$list" ]; then
				[ ! -e "${0%/*}/unfit" ] || printf 'explore: %s\n' "of the list, 1 of 3 did not fit: 0:5>1!6" >&2
				if [[ ,$list, == *,1:3\>0* && $list == *0:5\>1*!6* ]]; then fail "$first" "$list"; echo "not ok 1 x"; exit 1; fi
			elif [ ! -e "${0%/*}/mended" ] && ((first <= 7 && last >= 7)); then
				fail 7 '0:0~1,1:3>0!2,0:5>1!4!6,1:9>0,0:11>1'; echo "not ok 1 x"; exit 1
			fi
			;;
		esac
		n=$((last - first + 1))
		case $trial in *idle) echo "explore: $kind $trial: $n seeds, 0 failed, 0 points, 0 switches, 1 ns" >&2; echo "ok 1 x"; exit ;; esac
		case $trial in *late) fail 3 none; exit 124 ;; esac
		case $trial in *short) n=$((n - 1)) ;; esac
		echo "explore: $kind $trial: $n seeds, 0 failed, $((n * 30)) points, 10 switches, 1000000 ns" >&2
		[ -e "${0%/*}/nopairs" ] || echo "explore: pairs 10>20:17@0 10!20:3@7" >&2
		# One more for each boot.
		case $trial in *busy) echo "explore: pairs 30>$first:1@$last" >&2 ;; esac
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
	grep -qE '^ok     some_trial_good +2000 seeds +[0-9]+/s +30 points +2 pairs, 2 new$' <<<"$out"
	[[ $out == *"explore: 1 trials, 2000 seeds, 0 failed, 2 pairs, 2 new, "* ]]
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

@test "explore: the counts of each trial are those of its last exploration" {
	# Pins: of all its boots, and of this build; what could not be explored has none; other verbs leave them as they are, and nothing
	# is left beside them.
	explored=$work/explored-explore
	mkdir -p "$explored.1/old"
	SEEDS=1-5000 T='*_good *_short *_bad' try scripts/explore.sh
	[ "$status" = 1 ]
	[ "$(sort "$explored/some_trial_good/gcov/x.gcda" | paste -sd ' ')" = "1-3000 3001-5000" ]
	[ "$(cat "$explored/some_trial_good/linux.id")" = "$(stat -L -c '%i %s %.Y' "$objdir/linux")" ]
	[ "$(cd "$work" && echo explored-explore*/*)" = "explored-explore/some_trial_bad explored-explore/some_trial_good" ]
	SEEDS=1-9 T=*_good try scripts/explore.sh
	[ "$(cat "$explored/some_trial_good/gcov/x.gcda")" = 1-9 ]
	cp -r "$explored" before
	T=some_trial_bad SEED=7 try scripts/replay.sh
	diff -r before "$explored"
	sed -i 's/in \*short)/in *good)/' "$objdir/linux"
	SEEDS=1-9 T=*_good try scripts/explore.sh
	[ "$status" = 2 ]
	[ ! -e "$explored/some_trial_good" ]
}

@test "explore: what this kernel does not have" {
	# Pins: it is named with the reason, and is no success if nothing else was run.
	touch tests/explore/other_trial.c
	SEEDS=1-9 T='*_good *_out' try scripts/explore.sh
	works
	grep -q '^-      some_trial_out  *left out: there is no such thing here$' <<<"$out"
	[[ $out == *"explore: 1 trials, 9 seeds, 0 failed, "* ]]
	SEEDS=1-9 T=*_out try scripts/explore.sh
	[ "$status" = 2 ]
	fails "explore: error: nothing was explored: each trial that T= takes is left out"
	T=some_trial_out SEED=1 try scripts/replay.sh
	[ "$status" = 2 ]
	fails "some_trial_out is left out: there is no such thing here"
	sed -i 's/{good,.*,out}/{good,bug,out}/' "$objdir/linux"
	SEEDS=1-6 try scripts/explore.sh
	works
	grep -q '^-      other-trial\.\*  *left out: this kernel has no other.c$' <<<"$out"
}

@test "explore: cases of suites" {
	# Pins: those that are marked are explored, replayed and minimised by their names; of another one it is said why it is not fit, as
	# some seeds of it show. explore.unfit=1 takes all.
	touch "$objdir/suites"
	SEEDS=1-2000 T='some.*' try scripts/explore.sh
	[ "$status" = 1 ]
	grep -qE '^ok     some_test_good +2000 seeds' <<<"$out"
	grep -q '^NOT OK some_test_bad  *seed 7 (pct): EXPECTATION FAILED at x.c:74$' <<<"$out"
	grep -q '^ *make replay T=some_test_bad SEED=7,' <<<"$out"
	[[ $out == *"explore: 2 trials, "* ]]
	T=some_test_bad SEED=7 try scripts/replay.sh
	[ "$status" = 1 ]
	[[ $out == "some_test_bad, seed 7 (pct): EXPECTATION FAILED"* ]]
	T=some.some_test_bad SEED=7 try scripts/minimise.sh
	[ "$status" = 1 ]
	[[ $out == *"after minimising 2 switches, "* ]]
	SEEDS=1-9 T='*_good' try scripts/explore.sh
	works
	grep -q '^ok     some_test_good ' <<<"$out"
	grep -q '^ok     some_trial_good ' <<<"$out"
	[[ $out != *fair* ]]
	for why in 'order_bad=it counts on who runs when: seed 7 fails: EXPECTATION FAILED at x.c:74' 'alone_out=there is no such thing here' \
		'fair_good=it is not marked, though seeds 1-1000 do not fail' 'short=the boot ended with status 0 after 999 of seeds 1-1000'; do
		T=some_test_${why%%=*} SEEDS=1-9 try scripts/explore.sh
		[ "$status" = 2 ]
		fails "case some_test_${why%%=*} is not fit to be explored: ${why#*=}"
	done
	T=some.*_* SEEDS=1-9 ARGS=explore.unfit=1 try scripts/explore.sh
	grep -qE '^ok     some_test_fair_good ' <<<"$out"
	T='some_test_[oa]*' SEEDS=1-9 try scripts/explore.sh
	fails "none of the 2 cases that match some_test_[oa]* is fit"
	T=some_test_god SEEDS=1-9 try scripts/explore.sh
	[ "$status" = 2 ]
	fails "no trial matches some_test_god, the nearest of " " some_test_good"
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

@test "explore: bugs that there are not" {
	# Pins: one of several that is misspelt is named before any is tried; of the others, each is found.
	printf '%s\n' 'It is wrong.' 'trial: some_trial_bug' | tee "tests/explore/bugs/one.$kernel.patch" >tests/explore/bugs/two.patch
	sed -i 's/((first <= 7 && last >= 7))/true/; s/fail 7/fail "$first"/' "$objdir/linux"
	echo 'fixes() { :; }' >>scripts/lib/variant.sh
	try scripts/lib/bugs.sh one nosuch
	[ "$status" = 2 ]
	fails "bugs: error: no bug nosuch in tests/explore/bugs"
	[ -z "$out" ]
	try scripts/lib/bugs.sh one
	works
}

@test "explore: the story of a seed" {
	T=some_trial_bad SEED=7 try scripts/replay.sh
	[ "$status" = 1 ]
	[ "$(head -n 1 <<<"$out")" = "some_trial_bad, seed 7 (pct): EXPECTATION FAILED at x.c:74; 4 switches" ]
	# A late store comes before the switch that held it.
	[ "$(sed -n 's/^  -- //p; s/.*(\(late: .*\))/\1/p; s/.*(\(sees .*\))/\1/p' <<<"$out" | paste -sd ';')" = \
		"adder/76;walker/75;late: others see 0xffffffff, not 1;adder/76;sees 0xffffffff, not 1;walker/75, since adder/76 waits" ]
	[ "$(tail -n 1 <<<"$out")" = "LIST=@1a2b3c4d,$whole" ]
	T=some_trial_bad SEED=8 try scripts/replay.sh
	works
	[ "$out" = "some_trial_bad, seed 8: nothing failed" ]
	T=some_trial_bad LIST='1:3>0,0:5>1!6' try scripts/replay.sh
	[ "$status" = 1 ]
	T=some_trial_dies SEED=8 try scripts/replay.sh
	[ "$status" = 2 ]
	fails "some_trial_dies, seed 8: the boot ended with status 134" "Kernel panic"
}

@test "explore: the command that replays a seed" {
	# Pins: it has what a seed was given with, and looks at the same kernel; that of the default is not said. With other ARGS= a note
	# says so.
	again()
	{
		SEEDS=1-9 T=*_bad try env "$@" scripts/explore.sh
		[ "$status" = "${want:-1}" ]
		told=$(sed -n 's/^ *\(make replay .*\), or make minimise; .*/\1/p' <<<"$out")
	}
	again KERNEL="$kernel" FLAVOUR=explore
	[ "$told" = "make replay T=some_trial_bad SEED=7" ]
	cp -r "$work" build/7.2
	again KERNEL=7.2 ARGS="a='b' c" LIMIT=50 MEMORY=tso
	touch "$objdir/mended"
	try sh -c "$told"
	[[ $out == "some_trial_bad, seed 7 (pct): EXPECTATION FAILED"*"Picture: build/7.2/"* ]]
	! grep -v '^make: ' <<<"$err" || false
	[[ $told == *" LIMIT=50"* ]]
	KERNEL=7.2 MEMORY=tso ARGS=c T=some_trial_bad SEED=7 try scripts/replay.sh
	[[ $err == *"it failed with other ALGO=, DEPTH=, MEMORY=, ARGS=, "* ]]
	rm "$objdir/mended"
	want=0 again KERNEL=7.2 JOBS_FILE=jobs
	sh jobs
	RESULTS=jobs try scripts/explore.sh
	[[ $out == *" make replay T=some_trial_bad SEED=7 KERNEL=7.2, or make minimise"* ]]
	echo 'other: base' >>uml-config/flavours
	cp -r "$objdir" "$tree/um-other"
	again FLAVOUR=other
	[ "$told" = "make replay T=some_trial_bad SEED=7 FLAVOUR=other" ]
}

@test "explore: timers and early reads in a story" {
	cat >"$objdir/trace" <<-'END'
		explore: timer 1:0 clock/77 ip=0x600a41f0 io_timeout_fn+0x1/0xa0 barrier
		explore: early 1:7 walker/75 ip=0x602cc67b add+0x1ab/0x530 read 0x610dc230+4 saw=0x0 late=0x1 of 0:5
	END
	T=some_trial_bad LIST='1:3>0,0:5>1!6,1:7<0.5' try scripts/replay.sh
	[ "$status" = 1 ]
	[ "$(sed -n 's/^ *(\(its time.*\|read early.*\))$/\1/p' <<<"$out" | paste -sd ';')" = "its time has come;read early: finds 0, not 1" ]
	[ "$(tail -n 1 <<<"$out")" = "LIST=@1a2b3c4d,1:3>0,0:5>1!6,1:7<0.5" ]
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

@test "explore: which reads are told" {
	# Pins: of many, those of what was written while the reader had been switched away from; of few, all.
	reads()
	{
		me=x objdir=x tree=x results=x PYTHONPATH=scripts/lib python3 -B - "$1" <<-'END'
			import story, sys
			at = "ip=0x0 f+0x0/0x1"
			log = [f"pick 0:0 a/1 {at} after read to 0 a/1", f"pick 0:9 a/1 {at} after call f to 1 b/2"]
			log += [f"saw 1:{n} b/2 {at} read 0x1+8 saw=0x1 of 0:{n} ip=0x0" for n in range(1, int(sys.argv[1]))]
			log += [f"switch 1:20 b/2 {at} before read 0x9+8 to 2 c/3", f"pick 2:5 c/3 {at} after call f to 1 b/2",
			        f"saw 1:20 b/2 {at} read 0x9+8 saw=0x1 of 2:3 ip=0x0"]
			told = story.Story("".join(f"explore: {line}\n" for line in log))
			print(told.more_reads, *(f"{row.kind}:{row.task}:{row.point}" for row in told.rows if row.kind in ("saw", "write")))
		END
	}
	[ "$(reads 10)" = "9 write:2:3 saw:1:20" ]
	[ "$(reads 2)" = "0 write:0:1 saw:1:1 write:2:3 saw:1:20" ]
}

@test "explore: the fewest switches and late stores" {
	T=some_trial_bad SEED=7 try scripts/minimise.sh
	[ "$status" = 1 ]
	grep -qE '^some_trial_bad, seed 7 \(pct\): EXPECTATION FAILED at x.c:74; 4 switches, after minimising 2 switches, 1 late store; [0-9]+ boots' <<<"$out"
	[ "$(tail -n 1 <<<"$out")" = "LIST=@1a2b3c4d,1:3>0,0:5>1!6" ]
	T=some_trial_good SEED=7 try scripts/minimise.sh
	works
	[[ $out == *"nothing to minimise" ]]
	# It is the same failure with other PIDs and hashed pointers.
	sed -i '2iwhy=", some/$$, 00000000$(printf %08x $$)"' "$objdir/linux"
	T=some_trial_bad SEED=7 try scripts/minimise.sh
	[ "$status" = 1 ]
	[[ $out == *"4 switches, after minimising 2 switches, 1 late store; "* ]]
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
	# It is not known in which.
	SEEDS=1-9 LIMIT=3 T=*_slow try scripts/explore.sh
	[ "$status" = 2 ]
	grep -q '^NOT OK some_trial_slow  *seeds 1-9: the boot did not end within 3 s, LIMIT= takes more$' <<<"$out"
	T=some_trial_bad SEED=7 try scripts/replay.sh
	[ "$status" = 1 ]
	MEMORY=sc T=some_trial_bad SEED=7 try scripts/replay.sh
	[ "$err" = "replay: note: it failed with other ALGO=, DEPTH=, MEMORY=, ARGS=, FILE= or RANGE=, see build/$kernel/results-explore/explore/some_trial_bad.7" ]
	T=some_trial_bad SEED=7 LIST='1:3>0,0:5>1!6' try scripts/replay.sh
	T=some_trial_bad SEED=7 MEMORY=sc try scripts/replay.sh
	[ -z "$err" ]
	touch "$objdir/mended"
	T=some_trial_bad SEED=7 MEMORY=sc try scripts/replay.sh
	[ "$status" = 2 ]
	fails "has failed with this very build, and does not now"
}

@test "explore: stopped" {
	# Pins: at once, and the kernels with it; what was found until then is printed and kept, also if it cannot go on.
	T='*_slow *_bad' JOBS=2 setsid scripts/explore.sh >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	wait_for test -s "$objdir/pid"
	wait_for test -s "$results/explore/some_trial_bad.7"
	kill -TERM -- "-$!"
	wait $! || status=$?
	[ "$status" = 143 ]
	grep -q '^NOT OK some_trial_bad  *seed 7 ' "$BATS_TEST_TMPDIR/out"
	[ "$(grep -c '^[oN].* some_trial' "$BATS_TEST_TMPDIR/out")" = 1 ]
	gone() { ! kill -0 "$(cat "$objdir/pid")"; }
	wait_for gone
	SEEDS=1-9 T='*_unable *_bad' JOBS=2 try scripts/explore.sh
	[ "$status" = 2 ]
	fails "no such word"
	grep -q '^NOT OK some_trial_bad  *seed 7 ' <<<"$out"
}

@test "explore: a replay on another build" {
	# Pins: it says that the seed, or the list, means another schedule there, and which items of a list do not fit; if nothing fails
	# then, that is no success.
	T=some_trial_bad SEED=7 try scripts/replay.sh
	[ -z "$err" ]
	echo 22222222 >"$objdir/build"
	T=some_trial_bad SEED=7 try scripts/replay.sh
	[ "$status" = 1 ]
	[ "$err" = "replay: note: another build of the kernel failed with this; in this one it is another schedule" ]
	T=some_trial_bad LIST='@1a2b3c4d,1:3>0,0:5>1!6' try scripts/replay.sh
	[ "$status" = 1 ]
	[[ $err == *"another build of the kernel failed"* ]]
	echo 33333333 >"$objdir/build"
	for words in SEED=9 'LIST=@1a2b3c4d,1:3>0'; do
		sed 's/^build .*/build 1a2b3c4d/' "$results/explore/some_trial_bad.7" >"$results/explore/some_trial_bad.9"
		T=some_trial_bad try env "$words" scripts/replay.sh
		[ "$status" = 2 ]
		fails "it was another build of the kernel that failed"
	done
	touch "$objdir/unfit"
	T=some_trial_bad LIST='1:3>0,0:5>1!6' try scripts/replay.sh
	[ "$status" = 1 ]
	[ "$err" = "replay: note: this list does not fit any more: 1 of 3 items did not come up: 0:5>1!6" ]
	T=some_trial_bad LIST='1:3>0,0:4>1!6' try scripts/replay.sh
	[ "$status" = 2 ]
	fails "this list does not fit any more: 1 of 3 items did not come up: 0:5>1!6; nothing failed"
}

@test "explore: pairs" {
	# Pins: new are those that no earlier exploration has seen, also not of another build; what that has seen is not counted here. A
	# trial without news is left, but for SEEDS=.
	pairs=$results/explore/pairs/some_trial_good
	SEEDS=1-2000 T=*_good try scripts/explore.sh
	works
	SEEDS=1-2000 T=*_good try scripts/explore.sh
	grep -qE '^ok     some_trial_good .* 2 pairs$' <<<"$out"
	[[ $out == *" 2 pairs, 0 new, "* ]]
	[ "$(grep -o '34, 0' "$pairs" | wc -l)" = 1 ]
	echo 22222222 >"$objdir/build"
	SEEDS=1-2000 T=*_good try scripts/explore.sh
	[[ $out == *" 2 pairs, 0 new, "* ]]
	grep -q '22222222.* 17, 0' "$pairs"
	echo '{"build": "22222222", "pai' >"$pairs"
	SEEDS=1-2000 T=*_good try scripts/explore.sh
	works
	[[ $out == *" 2 pairs, 2 new, "* ]]
	BUDGET=2 JOBS=1 T='*_good *_busy' try scripts/explore.sh
	works
	grep -qE '^ok     some_trial_good +2[0-9]{4} seeds .*; none since seed 7$' <<<"$out"
	[[ $out != *"busy"*"none since"* ]]
	SEEDS=1-60000 JOBS=1 T=*_good try scripts/explore.sh
	grep -qE '^ok     some_trial_good +60000 seeds .* pairs$' <<<"$out"
	touch "$objdir/nopairs"
	SEEDS=1-2000 T=*_good try scripts/explore.sh
	grep -qE '^ok     some_trial_good .* 30 points$' <<<"$out"
}

@test "explore: the seed at which a boot dies" {
	# Pins: it says nothing of it; the other trials go on.
	SEEDS=1-200 T='*_good *_killed' try scripts/explore.sh
	[ "$status" = 1 ]
	grep -q '^NOT OK some_trial_killed  *seed 23 (.*): the boot dies, with status 139: Segmentation fault$' <<<"$out"
	grep -qE '^ok     some_trial_good +200 seeds' <<<"$out"
	T=some_trial_killed SEED=23 try scripts/replay.sh
	[ "$status" = 2 ]
	fails "seed 23: the boot ended with status 139"
	SEEDS=1-200 T=*_shot try scripts/explore.sh
	[ "$status" = 1 ]
	grep -q '^NOT OK some_trial_shot  *seed 23 (.*): the boot dies, with signal 9: ' <<<"$out"
}

@test "explore: a boot that does not heed SIGQUIT" {
	# Pins: LIMIT has ended it, and it is not asked with which seed it dies.
	fake timeout <<-'END'
		#!/bin/sh
		shift 4
		exec /usr/bin/timeout -s QUIT -k 0.1 "$@"
	END
	SEEDS=1-9 LIMIT=3 T=*_deaf try scripts/explore.sh
	[ "$status" = 2 ]
	grep -q '^NOT OK some_trial_deaf  *seeds 1-9: the boot did not end within 3 s, LIMIT= takes more' <<<"$out"
	[ "$(cat "$objdir/deaf")" = 1-9 ]
}

@test "explore: no room for records" {
	# Pins: what was found is printed, and one line says that it is not kept; nothing half-written stays.
	unshare -Ur -m true 2>/dev/null || skip "no mount namespaces here"
	mkdir -p "$results" "$work/report-explore"
	for how in size=4k ro; do
		T='*_good *_bad' SEEDS=1-2000 try unshare -Ur -m sh -c '
			for d in "$2" "$3"; do mount -t tmpfs -o "$1" x "$d"; done
			[ "$1" = ro ] || for d in "$2" "$3"; do head -c 4096 /dev/zero >"$d/full"; done
			status=0
			scripts/explore.sh || status=$?
			[ "$1" = ro ] || find "$2" "$3" -name "*.tmp" -exec echo left: {} +
			exit "$status"' sh "$how" "$results" "$work/report-explore"
		[ "$status" = 1 ]
		fails "explore: error: cannot write build/$kernel/results-explore/explore" "what is printed here is not kept"
		grep -q '^NOT OK some_trial_bad  *seed 7' <<<"$out"
		grep -q '^ok     some_trial_good ' <<<"$out"
		[[ $out != *left:* && $out != *Report:* ]]
	done
	T=*_good SEEDS=1-2000 try unshare -Ur -m sh -c 'mount -t tmpfs -o ro x "$1" && exec scripts/explore.sh' sh "$results"
	[ "$status" = 2 ]
	fails "cannot write"
	T=some_trial_bad SEED=7 try unshare -Ur -m sh -c 'mount -t tmpfs -o ro x "$1" && exec scripts/replay.sh' sh "$work/report-explore"
	[ "$status" = 1 ]
	fails "cannot write"
	[ "$(tail -n 1 <<<"$out")" = "LIST=@1a2b3c4d,$whole" ]
}

@test "explore: no room for the kernel's memory" {
	# Pins: what the kernel takes by itself is counted.
	unshare -Ur -m true 2>/dev/null || skip "no mount namespaces here"
	echo 'CONFIG_CMDLINE="quiet mem=256M norandmaps"' >>"$objdir/.config"
	JOBS=2 T=some_trial_bad SEED=7 try unshare -Ur -m sh -c 'mount -t tmpfs -o size=300m x "$TMPDIR" && exec scripts/replay.sh'
	[ "$status" = 2 ]
	fails "has 512 MiB free"
	JOBS=1 T=some_trial_bad SEED=7 try unshare -Ur -m sh -c 'mount -t tmpfs -o size=300m x "$TMPDIR" && exec scripts/replay.sh'
	[ "$status" = 1 ]
}

@test "explore: pages" {
	# Pins: a picture has a lane a task, each mark on the lane of its task and below the one before, and arrows from the write to the
	# read; the index names all pages.
	cat >>"$objdir/trace" <<-'END'
		explore: in 0:4 walker/75 ip=0x600a7c00 walk+0x120/0x220 write 0x610dc230+4
		explore: saw 0:6 walker/75 ip=0x600a7c66 walk+0x186/0x220 update 0x60afd390+8 saw=0x1 of 1:2 ip=0x600a41f0
		explore: saw 0:7 walker/75 ip=0x600a7c66 walk+0x186/0x220 read 0x60afd398+8 saw=0x1 of 1:3 ip=0x600a41f0
		explore: the trace is cut, 12 lines of it are not here
		explore: at 0:6 walker/75 ip=0x600a7c66 walk+0x186/0x220 call schedule
	END
	T=some_trial_bad SEED=7 try scripts/minimise.sh
	[ "$status" = 1 ]
	pages=$work/report-explore
	[[ $out == *"Picture: build/$kernel/report-explore/some_trial_bad.7.minimal.html"* ]]
	[[ $out == *"  at the end, walker/75 waits in schedule()"* && $out == *"cut here: 12 more lines"* ]]
	SEEDS=1-2000 T='*_good *_bad' try scripts/explore.sh
	[ "$status" = 1 ]
	report=$(sed -n 's/^Report: //p' <<<"$out")
	python3 -B - "$pages/some_trial_bad.7.minimal.html" "$report" <<-'END'
		import re, sys, xml.dom.minidom
		text = open(sys.argv[1]).read()
		assert "<script" not in text
		svg = xml.dom.minidom.parseString(re.search("<svg.*?</svg>", text, re.S)[0])
		lanes = [l.getAttribute("x1") for l in svg.getElementsByTagName("line") if l.getAttribute("class") == "lane"]
		assert len(set(lanes)) == 2, lanes
		dots = [(c.getAttribute("class")[4:], c.getAttribute("cx"), float(c.getAttribute("cy"))) for c in svg.getElementsByTagName("circle")]
		walker, adder = lanes[1], lanes[0]
		if next(t.firstChild.data for t in svg.getElementsByTagName("text") if t.getAttribute("class") == "name") == "walker/75":
		    walker, adder = adder, walker
		# What it was switched away from is done when it goes on.
		assert [d[:2] for d in dots] == [("write", adder), ("switch", adder), ("late", walker), ("switch", walker), ("write", adder),
		                                 ("missed", adder), ("in", walker), ("saw", walker), ("saw", walker), ("at", walker)], dots
		assert all(20 < b[2] - a[2] < 120 for a, b in zip(dots, dots[1:])), dots
		height = float(svg.documentElement.getAttribute("viewBox").split()[3])
		assert dots[-1][2] < height
		arrows = {l.getAttribute("class"): [float(l.getAttribute(a)) for a in ("y1", "y2")] for l in svg.getElementsByTagName("line")
		          if l.getAttribute("marker-end")}
		at = {d[0]: d[2] for d in dots}
		for kind, start in ("saw", "write"), ("missed", "late"):
		    assert abs(arrows[kind][0] - at[start]) < 9 and abs(arrows[kind][1] - at[kind]) < 9, (kind, arrows, at)
		page = open(sys.argv[2]).read()
		assert "some_trial_bad.7.minimal.html" in page and page.count("<svg") == 2 and "2 pairs" in page, page
		assert re.search(r'aria-label="2 pairs in', page)
	END
	[ "$(grep -c '<a href="' "$pages/index.html")" = 2 ]
	# Of another build, or of another failure, it is not the same as this one cut short.
	other()
	{
		SEEDS=1-9 T=*_bad try scripts/explore.sh
		report=$(sed -n 's/^Report: //p' <<<"$out")
		! grep -q minimal.html "$report" || false
		grep -q 'As short as it can be: <code>make minimise T=some_trial_bad SEED=7</code>' "$report"
	}
	echo 22222222 >"$objdir/build"
	other
	rm "$objdir/build"
	sed -i 's/x.c:74/x.c:75/' "$objdir/linux"
	other
	sed -i 's/x.c:75/x.c:74/' "$objdir/linux"
	rm "$pages/some_trial_bad.7.minimal.html"
	T=some_trial_bad SEED=7 try scripts/replay.sh
	[ "$(grep -c minimal "$pages/index.html")" = 0 ]
	# It could not be read.
	echo '{' >"$pages/index.json"
	T=some_trial_bad SEED=7 try scripts/replay.sh
	[ "$(grep -c '<a href="' "$pages/index.html")" = 1 ]
}

@test "explore: a value that cannot be" {
	for v in SEEDS=x SEEDS=5-1 SEEDS=1- SEEDS=-1 SEED=x SEED=-1 ALGO=best DEPTH=0 MEMORY=arm LIST='1:2' LIST='1:2<0' LIST='a b' LIST='@12,none' LIST='@1234567g,none'; do
		T=some_trial_bad try env SEED=1 "$v" scripts/replay.sh
		[ "$status" = 2 ] || { echo "$v"; false; }
		fails "$v" "${v%%=*}= takes "
	done
	T=nosuch SEEDS=1 try scripts/explore.sh
	[ "$status" = 2 ]
	fails "no trial matches nosuch"
	T='*' SEED=1 try scripts/replay.sh
	fails "T= matches 16 trials"
	SEED=1 try scripts/replay.sh
	fails "takes T=trial, or race-..., and SEED=n or LIST="
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

@test "explore: a seed means the same alone and in a range" {
	# Pins: of each trial of a real kernel: nothing is left over from the seeds before.
	real=$repo/build/$kernel/tree/um-explore/linux
	[ -f "$real" ] || skip "no kernel is built: make kernel FLAVOUR=explore"
	trials=$("$real" loglevel=8 kunit.action=list list=1 2>&1 | tr -d '\r' | sed -En 's/^(\[[0-9. ]+\] )?([a-z_-]+-trial\.\w+)$/\2/p')
	seeds()
	{
		"$real" explore.hash=1 "kunit.filter_glob=$1" "explore=$2" 2>&1 | sed -n 's/\r//; s/^explore: .* \(seed [0-9]*: .*, hash \)/\1/p'
	}
	compared=0
	for t in $trials; do
		seeds "$t" 1-60 >"$BATS_TEST_TMPDIR/range"
		seeds "$t" 38-60 >"$BATS_TEST_TMPDIR/alone"
		! grep -vxFf "$BATS_TEST_TMPDIR/range" "$BATS_TEST_TMPDIR/alone" || { echo "$t"; false; }
		compared=$((compared + $(wc -l <"$BATS_TEST_TMPDIR/alone")))
	done
	# Seed 0 and 23 more each; a few trials are skipped.
	[ "$compared" -gt $((24 * $(wc -w <<<"$trials") / 2)) ]
}
