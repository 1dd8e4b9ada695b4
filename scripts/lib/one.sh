#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# one.sh suite|scenario NAME: one run, in a ./linux of its own. Its directory, build/<kernel>/results-<flavour>/NAME/, gets
# the KTAP, the console, the counts (*.gcda), which build it was (linux.id), how long it took (ms), and its verdict:
# "passed", or why not. Prints one line.

. "$(dirname "$0")/common.sh"

linux=$objdir/linux
grep -qsx CONFIG_UML_TIME_TRAVEL_SUPPORT=y "$objdir/.config" || LIMIT=${LIMIT:-150}
LIMIT=${LIMIT:-30}

# The folders that the objects lie in are cut from the names of the .gcda files.
strip=$(printf '%s' "$objdir" | tr -cd / | wc -c)

# verdict DIR STATUS: print why a run has failed, or nothing.
verdict()
{
	case $2 in
	0 | 1) ;;
	2) echo "ended with no verdict" && return ;;
	124 | 137)
		echo "hung: stopped after $LIMIT s$(grep -q '^task:' "$1/console" &&
			echo ', the stacks of all tasks are in its console')"
		return
		;;
	*) echo "crashed: exit status $2" && return ;;
	esac
	cases=$(grep -cE '^    (not )?ok ' "$1/ktap" || :)
	planned=$(sed -n 's/^    1\.\.//p' "$1/ktap")
	if ! grep -qx '1\.\.1' "$1/ktap" || [ "$(grep -cE '^(not )?ok ' "$1/ktap")" != 1 ]; then
		echo "exit status $2, without one result in its KTAP"
	elif grep -q '^not ok 1 ' "$1/ktap"; then
		echo "failed"
	elif [ "$2" != 0 ]; then
		echo "exit status $2, though its KTAP says ok"
	elif grep -q '^    not ok ' "$1/ktap"; then
		echo "a case failed, though its KTAP says ok"
	elif [ "$cases" = 0 ] && ! grep -q '^ok 1 .*# SKIP' "$1/ktap"; then
		echo "no results in its KTAP"
	elif [ "$cases" != "${planned:-0}" ]; then
		echo "$cases results in its KTAP, ${planned:-none} planned"
	fi
}

# one KIND NAME: a run. The KTAP comes on stdout and the console on stderr, so that no message spoils a result.
one()
{
	dir=$results/$2
	rm -rf "$dir"
	mkdir -p "$dir/gcov"
	case $1 in
	suite) select=kunit.filter_glob=$2 ;;
	*) select=scenario=$2 ;;
	esac
	status=0
	start=$(date +%s%N)
	# shellcheck disable=SC2086
	GCOV_PREFIX=$dir/gcov GCOV_PREFIX_STRIP=$strip TMPDIR=${TMPDIR:-/dev/shm} timeout -s QUIT -k 5 "$LIMIT" \
		"$linux" loglevel=8 ${ARGS-} "$select" \
		>"$dir/ktap" 2>"$dir/console" </dev/null 9>&- || status=$?
	ms=$((($(date +%s%N) - start) / 1000000))
	why=$(verdict "$dir" "$status")
	cp "$objdir/linux.id" "$dir/linux.id"
	echo "${why:-passed}" >"$dir/verdict"
	echo "$ms" >"$dir/ms"
	if [ -z "$why" ]; then
		printf 'ok     %-24s %4d cases %6d ms\n' "$2" "$(grep -cE '^    (not )?ok ' "$dir/ktap")" "$ms"
	else
		printf 'NOT OK %-24s %s\n' "$2" "$why"
		printf '       see %s\n' "$dir/console"
	fi
}

one "$1" "$2"
