# SPDX-License-Identifier: GPL-2.0
# completion.sh, completion.bash: what bash offers after make.

load helper

setup()
{
	clone
	mkdir -p "$objdir" "$tree/io_uring" "$tree/kernel"
	printf '%s\n' 'static int io_one(void)' '{' '}' 'void io_two(int a)' '{' '}' >"$tree/io_uring/io-wq.c"
	: >"$tree/kernel/task_work.c"
	cat >"$objdir/linux" <<-'END'
		#!/bin/sh
		echo run >>"$0.runs"
		[ ! -e "$0.bad" ] || exit 134
		case $* in
		*kunit.action=list*)
			echo '[    0.1] io-wq.io_wq_test_exit' >&2
			echo 'io-wq.io_wq_test_cancel' >&2
			exit 2
			;;
		esac
		printf 'suite io-wq\r\nsuite tw\r\nscenario exit-kill\r\n'
	END
	chmod +x "$objdir/linux"
}

# offers LINE REPLY...: check what bash offers for that line; the word that readline replaces is what bash makes of it.
offers()
{
	local word=${1##*[ =:]}
	[[ $1 != *"'"* ]] || word=${1##*"'"}
	bash -c 'source <(scripts/completion.sh)
		COMP_LINE=$1 COMP_POINT=${#1}
		_umring_make make "$2" "" 2>&1
		printf "%s\n" "${COMPREPLY[@]}" | sort | paste -sd " "' sh "$1" "$word" >"$BATS_TEST_TMPDIR/reply"
	shift
	echo "offered: $(cat "$BATS_TEST_TMPDIR/reply")"
	[ "$(cat "$BATS_TEST_TMPDIR/reply")" = "$*" ]
}

@test "completion: verbs and variables" {
	# Pins: each verb of the Makefile, each variable with its =.
	offers 'make pat' patch-coverage patches
	offers 'make test FLAV' FLAVOUR=
	offers 'make tes' test
}

@test "completion: values, after = and :" {
	# Pins: only what comes after the last character at which bash cuts words, which is what it replaces.
	offers "make test KERNEL=$kernel" "$kernel"
	offers 'make test FLAVOUR=sm' smp
	offers 'make prove FIX=exit' exit-per-link
	offers 'make mutants FILE=io_uring/io' io_uring/io-wq.c
	offers 'make who AT=io_uring/io-wq.c:io_' io_one io_two
}

@test "completion: T= has suites, scenarios and cases of the kernel that is built" {
	# Pins: several in quotes; the kernel is asked once, and again if it gave no answer; without a kernel the files say it.
	touch "$objdir/linux.bad"
	offers 'make test T='
	rm "$objdir/linux.bad" "$objdir/linux.runs"
	offers 'make test T=' exit-kill io-wq io-wq.io_wq_test_cancel io-wq.io_wq_test_exit tw
	offers 'make test T=io-wq.' io-wq.io_wq_test_cancel io-wq.io_wq_test_exit
	offers "make test T='tw ex" 'tw exit-kill'
	[ "$(wc -l <"$objdir/linux.runs")" = 2 ]
	rm "$objdir/linux"
	offers 'make test T=task_w' task_work
}

@test "completion: T= of the kernel that is built" {
	# Pins: it names suites, cases and scenarios, and nothing else.
	built_clone
	try "$top/scripts/completion.sh" --tests
	works
	for name in task_work task_work.task_work_test_match_all exit-full-wq; do
		grep -qx "$name" <<<"$out"
	done
	! grep -vE '^[a-z][a-z0-9_-]*(\.[a-z0-9_]+)?$' <<<"$out" || false
}

@test "completion: elsewhere, make is completed as before" {
	# Pins: with -C and -f it is about that directory; in another one, the completion that was there is called.
	mkdir "$BATS_TEST_TMPDIR/other"
	try bash -c 'other() { COMPREPLY=(other); }; complete -F other make; source <(scripts/completion.sh)
		source <(scripts/completion.sh)
		cd "$1"; COMP_LINE="make tes" COMP_POINT=8; _umring_make make tes ""; echo "${COMPREPLY[@]}"
		COMP_LINE="make -C $2 tes" COMP_POINT=${#COMP_LINE}; _umring_make make tes ""; echo "${COMPREPLY[@]}"
		COMP_LINE="make -f $2/Makefile tes" COMP_POINT=${#COMP_LINE}; _umring_make make tes ""; echo "${COMPREPLY[@]}"' \
		bash "$BATS_TEST_TMPDIR/other" "$top"
	works
	[ "$(paste -sd ' ' <<<"$out")" = 'other test test' ]
}
