# SPDX-License-Identifier: GPL-2.0
# explore.sh on other machines: HOSTS=, JOBS_FILE=, RESULTS=. hosts.bash makes the machines; the kernel is a stand-in, whose trial "bad"
# fails with seed 7, whose "dies" and "shot" end with seed 5, and whose "slow" takes its time.

load helper

setup_file()
{
	export lab=$BATS_FILE_TMPDIR/lab lacks=
	local tool
	for tool in parallel ssh ssh-keygen ip /usr/sbin/sshd; do
		command -v "$tool" >/dev/null || lacks="no ${tool##*/} here"
	done
	[ -n "$lacks" ] || unshare -Urnmp --fork --mount-proc unshare -U --map-user=1000 true 2>/dev/null || lacks="no namespaces here"
	[ -n "$lacks" ] || unshare -Urn ip link add x type veth peer name y 2>/dev/null || lacks="no virtual networks here"
	[ -z "$lacks" ] || return 0
	mkdir "$lab"
	setsid unshare -Urnm bash "$BATS_TEST_DIRNAME/hosts.bash" "$lab" a b c d old full arm >"$lab/said" 2>&1 3>&- &
	echo $! >"$lab/pid"
	for _ in $(seq 100); do
		[ ! -e "$lab/ready" ] || return 0
		sleep 0.1
	done
	cat "$lab/said" "$lab"/*.log
	return 1
}

teardown_file()
{
	[ ! -e "$lab/pid" ] || kill -- "-$(cat "$lab/pid")"
}

setup()
{
	[ -z "$lacks" ] || skip "$lacks"
	clone "$BATS_TEST_TMPDIR/a clone"
	mkdir "$BATS_TEST_TMPDIR/built"
	ln -s "$BATS_TEST_TMPDIR/built" build
	fake_explorer some_trial_bad
	kept=$results/explore
	cat >"$objdir/linux" <<-'END'
		#!/bin/bash
		if [ -n "$OLD" ] && [ "$PWD" != "${PWD#*umring.}" ]; then echo "FATAL: kernel too old"; exit 127; fi
		[ -z "$GCOV_PREFIX" ] || mkdir -p "$GCOV_PREFIX"
		for word; do
			case $word in
			list=1) [ "$1" = list=1 ] && { echo suite some; exit; } ;;
			kunit.action=list) printf '%s\n' some-trial.some_trial_{good,bad,dies,shot,slow,once,never,killed,skip,hangs,error,half,loud} >&2; exit ;;
			explore=*) seeds=${word#*=} ;;
			kunit.filter_glob=*) trial=${word#*.*.} ;;
			esac
		done
		first=${seeds%-*} last=${seeds#*-} n=$((${seeds#*-} - ${seeds%-*} + 1))
		echo "explore: build 1a2b3c4d" >&2
		echo "1..1"
		case $trial in *slow) echo "$seeds" >>"$HOME/began.$PARALLEL_SSHLOGIN"; sleep 0.6; echo "$seeds" >>"$HOME/ended.$PARALLEL_SSHLOGIN" ;; esac
		case $trial in
		*once | *never)
			[[ $trial == *once && -e "$HOME/once" ]] || { : >"$HOME/once"; read -ra parent <"/proc/$PPID/stat"; kill -9 "${parent[3]}"; }
			;;
		esac
		if [[ $trial == *shot ]] && ((first <= 5 && last >= 5)); then kill -9 $$; fi
		if [[ $trial == *dies ]] && ((first <= 5 && last >= 5)); then exit 3; fi
		case $trial in *good) echo "$seeds" >>"$HOME/good" ;; esac
		case $trial in *killed) [ -e "$HOME/killed" ] || { : >"$HOME/killed"; kill -9 $$; } ;; esac
		case $trial in
		*skip) printf '%s\n' "    ok 1 $trial # SKIP not here" "ok 1 some-trial"; exit ;;
		*hangs) exec sleep 60 ;;
		*error) [ -e "$HOME/fine" ] || { echo "explore: error: no such word" >&2; exit 1; } ;;
		*half) [ -e "$HOME/fine" ] || n=$((n - 1)) ;;
		*loud) head -c 4M /dev/zero ;;
		esac
		[ "$(cat "$HOME/began.$PARALLEL_SSHLOGIN" 2>/dev/null | wc -l)" -lt 2 ] || : >"$HOME/twice.$PARALLEL_SSHLOGIN"
		if [[ $trial == *bad ]] && ((first <= 7 && last >= 7)); then
			printf '%s\n' "explore: trial $trial seed 7 failed: EXPECTATION FAILED at x.c:74; algo=pct points=29 switches=1" \
				"explore: list=@1a2b3c4d,0:0~1" "explore: trial $trial: $((7 - first + 1)) seeds, 1 failed, 100 points, 10 switches, 7000000 ns" >&2
			echo "not ok 1 x"
			exit 1
		fi
		echo "explore: trial $trial: $n seeds, 0 failed, $((n * 30)) points, 10 switches, $((n * 1000000)) ns" >&2
		echo "explore: pairs 10>20:$n@$first" >&2
		echo "ok 1 x"
	END
	chmod +x "$objdir/linux"
	export UMRING_SSH="ssh -F $lab/ssh_config -o ConnectTimeout=2 -o ServerAliveInterval=1 -o ServerAliveCountMax=2"
	rm -rf "$lab"/home/*
	in="nsenter -t $(cat "$lab/pid") -U -n -m --preserve-credentials --wd=."
}

# explore: on the network of the machines.
explore()
{
	# shellcheck disable=SC2086
	try $in scripts/explore.sh
}

# start, finish: the same in the background.
start()
{
	(explore && exit "$status") 4>&- &
	explorer=$!
}

finish()
{
	status=0
	wait "$explorer" || status=$?
	out=$(cat "$BATS_TEST_TMPDIR/out")
	err=$(cat "$BATS_TEST_TMPDIR/err")
}

# gone NAME...: nothing of it is on these machines.
gone()
{
	for name; do
		find "$(files_of "$name")/tmp" "$lab/home" -maxdepth 1 -name 'umring.*'
	done >"$BATS_TEST_TMPDIR/left"
	for p in /proc/[0-9]*; do
		case $(readlink "$p/cwd") in */umring.*) tr '\0' ' ' <"$p/cmdline" ;; esac
	done >>"$BATS_TEST_TMPDIR/left"
	[ ! -s "$BATS_TEST_TMPDIR/left" ] || { cat "$BATS_TEST_TMPDIR/left"; return 1; }
}

# rows OUT: those of trials; how many boots were on their way when one failed is not always the same.
rows()
{
	sed -E 's/ +[0-9]+\/s / /; /^(Report|explore|canary): /d' <<<"$1"
}

# files_of NAME: where the files of that machine are, for us.
files_of()
{
	echo "/proc/$(cat "$lab/$1.inner")/root"
}

@test "hosts: the same as here" {
	# Pins: rows, status, what is kept of a failure, and pairs, whichever machines; nothing of it stays there.
	SEEDS=1-20000 T='*_good *_bad *_dies *_shot' explore
	[ "$status" = 1 ]
	here=$(rows "$out")
	grep -qE '^NOT OK some_trial_dies +seed 5 \(mix\): the boot dies, with status 3: ' <<<"$out"
	grep -qE '^NOT OK some_trial_shot +seed 5 \(mix\): the boot dies, with signal 9: ' <<<"$out"
	cp -r "$kept" "$BATS_TEST_TMPDIR/kept"
	rm -r "$kept"
	HOSTS='2/a b :' SEEDS=1-20000 T='*_good *_bad *_dies *_shot' explore
	[ "$status" = 1 ]
	[ -z "$err" ]
	[ "$(rows "$out")" = "$here" ]
	cmp "$kept/some_trial_bad.7" "$BATS_TEST_TMPDIR/kept/some_trial_bad.7"
	cmp "$kept/pairs/some_trial_good" "$BATS_TEST_TMPDIR/kept/pairs/some_trial_good"
	[ -z "$(ls "$kept/hosts")" ]
	[ -z "$(ls -d "$work"/explored-explore.*)" ]
	gone a b
	HOSTS=a BUDGET=2 T=*_good explore
	works
	grep -qE '^ok     some_trial_good +[0-9]+ seeds ' <<<"$out"
}

@test "hosts: one dies in the middle" {
	# Pins: its seeds are run by the other, and a line says so, one more what may be left there; parallel gives ssh user@b as -l user b.
	HOSTS='1/a 1/tester@b' SEEDS=1-18000 T=*_slow start
	wait_for test -s "$lab/home/began.tester@b"
	kill -9 "$(cat "$lab/b.pid")"
	finish
	[ "$status" = 0 ]
	grep -qE '^ok     some_trial_slow +18000 seeds ' <<<"$out"
	[ "$(wc -l <<<"$err")" = 2 ]
	[[ $err == "explore: note: host tester@b is gone: "*"; its seeds go to the others"$'\n'* ]]
	[[ $err == *$'\n'"explore: note: host tester@b: umring."*" may still be in /tmp, /var/tmp or the home directory there: ssh: connect to host "* ]]
	lost=$(comm -23 <(sort "$lab/home/began.tester@b") <(sort "$lab/home/ended.tester@b" 2>/dev/null))
	[ -n "$lost" ]
	grep -qx "$lost" "$lab/home/ended.a"
}

@test "hosts: a job that fails" {
	# Pins: it is run again, and the host is not given up; a disk that is full meanwhile, and hides it, is seen.
	HOSTS=1/d SEEDS=1-12000 T=*_once explore
	[ "$status" = 0 ]
	grep -qE '^ok     some_trial_once +12000 seeds ' <<<"$out"
	[ "$err" = "explore: note: a job on host d ended with status 137; it is run again" ]
	HOSTS='1/a 1/d' SEEDS=1-30000 T=*_slow start
	wait_for test -s "$lab/home/began.d"
	head -c 64M /dev/zero >"$(files_of d)/tmp/fill" || :
	finish
	[ "$status" = 0 ]
	rm "$(files_of d)/tmp/fill"
	grep -qE '^ok     some_trial_slow +30000 seeds ' <<<"$out"
	grep -qE '^explore: note: (host d is gone: |a job on host d )' <<<"$err"
	gone a d
	# A host where it fails each time is given up.
	sed -i 's/^AGAIN_S, TIMES = .*/AGAIN_S, TIMES = 30, 1/' scripts/lib/host*.py
	HOSTS=1/d SEEDS=1-9 T=*_never explore
	[ "$status" = 2 ]
	[ "$(tail -n 1 <<<"$err")" = "explore: error: no host is left: d: 2 jobs have failed there" ]
}

@test "hosts: GNU parallel dies" {
	# Pins: what it has not run is run by another one; one that cannot run is a failure.
	HOSTS='2/a 2/d' SEEDS=1-120000 T=*_slow start
	wait_for test -s "$lab/home/began.d"
	kill -9 "$(pgrep -o -f "joblog .*$BATS_TEST_TMPDIR")"
	finish
	[ "$status" = 0 ]
	grep -qE '^ok     some_trial_slow +120000 seeds ' <<<"$out"
	[ "$err" = "explore: note: GNU parallel has ended too early, and is started again: status -9" ]
	gone a d
	fake parallel <<-'END'
		#!/bin/sh
		echo "parallel: Error: no perl" >&2
		exit 255
	END
	HOSTS=a SEEDS=1-9 T=*_good explore
	[ "$status" = 2 ]
	[ "$(tail -n 1 <<<"$err")" = "explore: error: jobs have no result, some-trial.some_trial_good 1-9 among them: parallel: Error: no perl" ]
}

@test "hosts: a disk that is full here" {
	# Pins: that is no fault of the host.
	mkdir -p "$kept/hosts"
	echo "mount -t tmpfs -o size=3m x '$kept/hosts' && exec \"\$@\"" >"$BATS_TEST_TMPDIR/small"
	HOSTS=1/a SEEDS=1-9 T=*_loud in="$in unshare -m sh $BATS_TEST_TMPDIR/small" explore
	[ "$status" = 2 ]
	fails "no space left in "
}

@test "hosts: what says nothing of its seeds" {
	# Pins: it is no result for the next call, which runs the others no more.
	export HOSTS=a SEEDS=1-6000
	said=''
	for t in half error; do
		rm -f "$lab"/home/{fine,good}
		T="*_good *_$t" explore
		[ "$status" = 2 ]
		came=$(ls "$kept"/hosts/* | sed -n 's/^some-trial\.some_trial_good\.//p')
		touch "$lab/home/fine"
		mv "$lab/home/good" "$lab/home/came"
		T="*_good *_$t" explore
		[ "$status" = 0 ]
		said=${said:-$err}
		grep -qE "^ok     some_trial_$t +6000 seeds " <<<"$out"
		[ "$(ls "$kept/hosts" | wc -l)" = 0 ]
		# Where the kernel takes no such word, that may have ended it before.
		[ -n "$came" ] || [ "$t" = error ]
		[ -z "$came" ] || ! grep -qxF "$came" "$lab/home/good" || false
	done
	# With a budget there is nothing that the next call would have to go on with.
	rm "$lab/home/fine"
	SEEDS='' BUDGET=1 T="*_good *_half" explore
	[ "$status" = 2 ]
	[ "$(ls "$kept/hosts" | wc -l)" = 0 ]
	[[ $said == "explore: note: an earlier exploration of the same is not complete: its "*" seeds count, and the rest is run" ]]
}

@test "hosts: a look at a host" {
	# Pins: after the end there is none, one that cannot be written down ends the exploration, and another one goes on.
	me=x objdir=x tree=x results=x report=x PYTHONPATH=scripts/lib python3 -B - 2>&1 <<-'END'
		import host, threading, types
		class Host:
		    login, jobs, failures, why, live, looks, waits = "a", 1, 1, None, False, 0, False
		    def prepare(self, *_):
		        self.looks += 1
		hosts = object.__new__(host.Machines)
		hosts.exploration = types.SimpleNamespace(unable=None)
		hosts.writing, hosts.package, hosts.size, hosts.slf, hosts.all = threading.Lock(), b"", 1, "/nowhere/hosts", [Host()]
		for hosts.ended in True, False:
		    hosts.looking = {1, 2}
		    hosts.look_at(hosts.all[0], "has failed", 1)
		    assert hosts.looking == {2} and hosts.all[0].looks == (not hosts.ended)
		    assert isinstance(hosts.exploration.unable, OSError) == (not hosts.ended)
	END
}

@test "hosts: left out" {
	# Pins: a line with the host and why, the others go on; none left is a failure.
	HOSTS='nowhere a old full arm' SEEDS=1-3000 T=*_good explore
	[ "$status" = 0 ]
	grep -qE '^ok     some_trial_good +3000 seeds ' <<<"$out"
	[ "$(grep -c '^explore: note: host .* is left out: ' <<<"$err")" = 4 ]
	[ "$(wc -l <<<"$err")" = 4 ]
	grep -q 'host nowhere is left out: ssh: connect to host .*: Connection refused$' <<<"$err"
	grep -q 'host old is left out: linux does not run there: FATAL: kernel too old$' <<<"$err"
	grep -q 'host full is left out: linux takes .* KiB, /tmp has 64 KiB free, ' <<<"$err"
	grep -q 'host arm is left out: it is aarch64, and linux is for ' <<<"$err"
	HOSTS='nowhere old' SEEDS=1-3000 T=*_good explore
	[ "$status" = 2 ]
	fails "no host of HOSTS= can be used: nowhere: ssh: connect to host " "; old: linux does not run there: FATAL: kernel too old"
	ARGS=mem=900G HOSTS=a SEEDS=1-3000 T=*_good explore 3>&-
	[ "$status" = 2 ]
	fails "no place for"
	# A host that is looked at again needs room for one more boot, not for all.
	mkdir "$BATS_TEST_TMPDIR/host"
	cp scripts/lib/host.sh "$objdir/linux" "$BATS_TEST_TMPDIR/host"
	bytes=$(($(stat -f -c '%a*%S*3/4' "$BATS_TEST_TMPDIR")))
	export TMPDIR=$BATS_TEST_TMPDIR
	[[ $(sh "$BATS_TEST_TMPDIR/host/host.sh" ready 2 "$bytes" 0) == "umring: no: no place for the memory of 2 boots at once, "* ]]
	[ "$(sh "$BATS_TEST_TMPDIR/host/host.sh" ready 2 "$bytes" 1)" = "umring: ready 2" ]
}

@test "hosts: all die, and the next call goes on" {
	# Pins: what has come is kept, and is not run again.
	HOSTS=1/c SEEDS=1-18000 T=*_slow start
	wait_for test -s "$lab/home/ended.c"
	sleep 0.5
	kill -9 "$(cat "$lab/c.pid")"
	finish
	[ "$status" = 2 ]
	[ "$(wc -l <<<"$err")" = 3 ]
	grep -q '^explore: error: no host is left: c: ssh: .* seeds are kept, and the same call goes on$' <<<"$err"
	HOSTS='2/a' SEEDS=1-18000 T=*_slow explore
	[ "$status" = 0 ]
	[[ $err == "explore: note: an earlier exploration of the same is not complete: its "*" seeds count, and the rest is run" ]]
	grep -qE '^ok     some_trial_slow +18000 seeds ' <<<"$out"
	! grep -qxFf "$lab/home/ended.c" "$lab/home/ended.a"
}

@test "hosts: stopped" {
	# Pins: ^C ends it on all machines at once, leaves nothing there, and the same call goes on.
	# shellcheck disable=SC2086
	HOSTS='1/a 1/d' SEEDS=1-30000 T=*_slow interrupt 10 "$kept/hosts/*/some-trial.*-*[0-9]" $in scripts/explore.sh 2>"$BATS_TEST_TMPDIR/err" >"$BATS_TEST_TMPDIR/out"
	[ "$status" = 130 ]
	grep -q '^explore: note: stopped; [1-9][0-9]* seeds are kept, and the same call goes on$' "$BATS_TEST_TMPDIR/err"
	gone a d
	ended=$(cat "$lab"/home/ended.* | wc -l)
	sleep 1
	[ "$(cat "$lab"/home/ended.* | wc -l)" = "$ended" ]
	ls "$kept"/hosts/* | sed -n 's/^some-trial\.some_trial_slow\.//p' >"$BATS_TEST_TMPDIR/came"
	[ -s "$BATS_TEST_TMPDIR/came" ]
	rm "$lab"/home/ended.*
	HOSTS='2/a 2/d' SEEDS=1-30000 T=*_slow explore
	[ "$status" = 0 ]
	[[ $err == "explore: note: an earlier exploration of the same is not complete: its "*" seeds count, and the rest is run" ]]
	grep -qE '^ok     some_trial_slow +30000 seeds ' <<<"$out"
	[ -z "$(cat "$lab"/home/ended.* | grep -xFf "$BATS_TEST_TMPDIR/came")" ]
	[ "$(ls "$kept/hosts" | wc -l)" = 0 ]
}

@test "hosts: stopped while rows are made" {
	# Pins: that is no traceback; what was found is said, and what has come is not lost.
	fake addr2line <<-'END'
		#!/bin/sh
		touch "$HOME/rows"
		exec sleep 20
	END
	export HOSTS=a SEEDS=1-3000 T='*_bad *_good'
	# shellcheck disable=SC2086
	interrupt 10 "$BATS_TEST_TMPDIR/rows" $in scripts/explore.sh 2>"$BATS_TEST_TMPDIR/err" >"$BATS_TEST_TMPDIR/out"
	[ "$status" = 130 ]
	[ ! -s "$BATS_TEST_TMPDIR/err" ]
	grep -q '^NOT OK some_trial_bad  *seed 7 ' "$BATS_TEST_TMPDIR/out"
	[ -e "$kept/some_trial_bad.7" ]
	rm "$BATS_TEST_TMPDIR/bin/addr2line"
	explore
	[ "$status" = 1 ]
	[ "$err" = "explore: note: an earlier exploration of the same is not complete: its 3007 seeds count, and the rest is run" ]
	grep -q '^NOT OK some_trial_bad  *seed 7 ' <<<"$out"
	[ "$(ls "$kept/hosts" | wc -l)" = 0 ]
}

@test "hosts: jobs for a batch system" {
	# Pins: the lines run anywhere, in any order, twice; the rows are those of one machine; what is missing or cut is no pass.
	SEEDS=1-50000 T='*_good *_bad' explore
	here=$(rows "$out")
	rm -r "$kept"
	SEEDS=1-50000 T='*_good *_bad' JOBS_FILE=jobs explore
	works
	[[ $out == *"explore: 6 jobs, a line each, in jobs; "* ]]
	[ "$(wc -l <jobs)" = 6 ]
	# Another kernel is built meanwhile.
	sed -i 's/1a2b3c4d/22222222/' "$objdir/linux"
	tac jobs | sh
	sh jobs
	RESULTS=jobs explore
	[ "$status" = 1 ]
	[ -z "$err" ]
	[ "$(rows "$out")" = "$here" ]
	# What has failed is lost.
	rm jobs.d/*_bad.1-20000
	sh jobs
	RESULTS=jobs explore
	[ "$status" = 1 ]
	grep -q '^NOT OK some_trial_bad .* seed 7 ' <<<"$out"
	# Some lines of it are still in a queue when others are written. And ^C has stopped one that writes them.
	mv jobs queue
	mkdir jobs.d.tmp
	touch jobs.d.tmp/half
	SEEDS=1-50000 T=*_good JOBS_FILE=jobs explore
	[ "$status" = 2 ]
	fails "jobs.d is there: make explore RESULTS=jobs reads what its jobs have left; or remove it"
	rm -r jobs.d
	SEEDS=1-50000 T=*_good JOBS_FILE=jobs explore
	sh queue 2>&1 | grep -q "/jobs.d has other jobs by now; some-trial.some_trial_bad.1-20000 of this line is none of them$"
	sh jobs
	sed -i '1s/umring: [0-9a-f]*/umring: 0/' jobs.d/some-trial.some_trial_good.40001-50000
	RESULTS=jobs explore
	[ "$status" = 2 ]
	grep -qE '^NOT OK some_trial_good +only 40000 of 50000 seeds were run$' <<<"$out"
	sh jobs
	result=jobs.d/some-trial.some_trial_good.20001-40000
	head -c -5 "$result" >"$result.cut"
	mv "$result.cut" "$result"
	RESULTS=jobs explore
	[ "$status" = 2 ]
	grep -qE '^NOT OK some_trial_good +only 30000 of 50000 seeds were run$' <<<"$out"
	sh jobs
	RESULTS=jobs explore
	works
	[ "$(ls jobs.d | wc -l)" = 6 ]
	# Another linux is put there.
	sed -i '1,/^explore: build/s/22222222/33333333/' "$result"
	RESULTS=jobs explore
	[ "$status" = 2 ]
	fails "the results in jobs.d are of several builds of the kernel, 22222222 and 33333333: remove it, and begin anew"
}

@test "hosts: a job of a batch system that says nothing" {
	# Pins: a boot that has died is no result, and the line can be run again; it is one the second time, and its seed is found. That
	# LIMIT has ended it, or that it cannot be run, never is; what is skipped is.
	SEEDS=1-9 T='*_killed *_shot *_dies *_skip *_hangs *_error *_half' JOBS_FILE=jobs explore
	works
	sed -i '/hangs/s/ 60 / 1 /' jobs
	said()
	{
		[ "$(sort <<<"$err")" = "$(printf "host.sh: error: some-trial.some_trial_%s; this line can be run again\n" "$@" | sort)" ]
	}
	there()
	{
		[ "$(cd jobs.d && echo some*)" = "$(printf 'some-trial.some_trial_%s\n' "$@" | paste -sd ' ')" ]
	}
	build='explore: build 1a2b3c4d'
	try sh jobs
	said "dies.1-9 ended with status 3, and has no result: $build" 'killed.1-9 was killed' 'shot.1-9 was killed' \
		"hangs.1-9 did not end within 1 s: $build" 'error.1-9 cannot be run: no such word' \
		"half.1-9 ended with status 0, and its result is not whole: explore: pairs 10>20:8@1"
	there {dies,killed,shot}.1-9.died skip.1-9
	try sh jobs
	said "hangs.1-9 did not end within 1 s: $build" 'error.1-9 cannot be run: no such word' \
		"half.1-9 ended with status 0, and its result is not whole: explore: pairs 10>20:8@1"
	there {dies,killed,shot,skip}.1-9
	RESULTS=jobs explore
	[ "$status" = 1 ]
	[ -z "$err" ]
	grep -qE '^NOT OK some_trial_dies +seed 5 \(mix\): the boot dies, with status 3: ' <<<"$out"
	grep -qE '^NOT OK some_trial_shot +seed 5 \(mix\): the boot dies, with signal 9: ' <<<"$out"
	grep -qE '^ok     some_trial_killed +9 seeds ' <<<"$out"
	grep -qE '^-      some_trial_skip +left out: not here$' <<<"$out"
	# Memory files cannot be in this one.
	rm jobs.d/*_killed.1-9
	try unshare -Ur -m sh -c 'mount -t tmpfs -o noexec x "$TMPDIR" && grep killed jobs | sh'
	[ "$status" = 2 ]
	fails "no place for UML's memory: no program can be run in $BATS_TEST_TMPDIR/tmp"
}

@test "hosts: what cannot be" {
	HOSTS=' ' explore
	[ "$status" = 2 ]
	fails "HOSTS= names no host"
	try make explore HOSTS=
	[ "$status" = 2 ]
	sed -i '/^make: /d' "$BATS_TEST_TMPDIR/err"
	err=$(cat "$BATS_TEST_TMPDIR/err")
	fails "HOSTS= names no host"
	for v in '0/a' '-oProxyCommand=x' 'a,b' 'a/2' '$(x)'; do
		HOSTS=$v explore
		[ "$status" = 2 ]
		fails "HOSTS=$v: HOSTS= takes names for ssh"
	done
	HOSTS=a RESULTS=x explore
	fails "make explore takes one of HOSTS= RESULTS="
	RESULTS=nosuch explore
	fails "nosuch.d has no jobs: RESULTS= takes what JOBS_FILE= was"
	for v in T=a SEEDS=1-2 BUDGET=1 ALGO=pct DEPTH=2 MEMORY=sc FILE=a.c RANGE=a..b; do
		export "${v?}"
		RESULTS=x explore
		[ "$status" = 2 ]
		fails "RESULTS= takes no ${v%=*}=: what is to be explored was said to JOBS_FILE="
		unset "${v%=*}"
	done
	JOBS_FILE='' SEEDS=1-9 explore
	fails "JOBS_FILE= takes a path"
	JOBS_FILE=jobs explore
	fails "JOBS_FILE= takes SEEDS=a-b"
	T=*_good JOBS_FILE=jobs SEEDS=1-999999999999 explore
	fails "SEEDS=1-999999999999 of 1 trials takes more than 100000 lines: give fewer seeds, or T="
	[ -z "$(ls -d jobs*)" ]
	# It cannot be made.
	ln -s nowhere jobs.d
	JOBS_FILE=jobs SEEDS=1-9 explore
	[ "$status" = 2 ]
	fails "jobs.d"
	[ ! -e jobs ]
	mkdir -p jobs/x
	rm jobs.d
	JOBS_FILE=jobs SEEDS=1-9 explore
	[ "$status" = 2 ]
	fails "jobs"
	[ "$(echo jobs*)" = jobs ]
	JOBS_FILE=no/jobs SEEDS=1-9 explore
	fails "JOBS_FILE=no/jobs: no such directory"
}

@test "hosts: two explorations at once" {
	# Pins: of one clone, the second waits and says so; those of two do not disturb each other.
	cp -r . "$BATS_TEST_TMPDIR/other"
	rm "$BATS_TEST_TMPDIR/other/build"
	cp -r "$BATS_TEST_TMPDIR/built" "$BATS_TEST_TMPDIR/other/build"
	export HOSTS=a SEEDS=1-4000
	# shellcheck disable=SC2086
	T=*_slow $in scripts/explore.sh >"$BATS_TEST_TMPDIR/first.out" 2>&1 3>&- &
	# shellcheck disable=SC2086
	(cd "$BATS_TEST_TMPDIR/other" && T=*_slow $in scripts/explore.sh >"$BATS_TEST_TMPDIR/other.out" 2>&1 3>&-) &
	wait_for grep -q "^canary: " "$BATS_TEST_TMPDIR/first.out"
	T=*_good explore
	[ "$status" = 0 ]
	[[ $out == *"another make is running in "*", waiting for it"* ]]
	wait
	grep -qE '^ok     some_trial_slow +4000 seeds ' "$BATS_TEST_TMPDIR/other.out"
	grep -qE '^ok     some_trial_slow +4000 seeds ' "$BATS_TEST_TMPDIR/first.out"
}
