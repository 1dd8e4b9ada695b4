# SPDX-License-Identifier: GPL-2.0
# mutants.sh: its verdicts. The compiler, gcov and the tests are stand-ins that go by the words of one small source.

load helper

setup()
{
	clone
	no_patches
	echo '# fixes' >"$patches/series"
	printf '# reasons\nkernel %s\n' "$kernel" >coverage/survivors
	cat >"$BATS_TEST_TMPDIR/unpatched/io_uring/io-wq.c" <<-'END'
		/* not (a < b) */
		int fixed(int a, int b)
		{
			if (a < b)
				was(a);
			return 0;
		}

		static void other(void)
		{
			loud();
			quiet();
			must();
		}
	END
	patch fix-a io_uring/io-wq.c 's/was(a)/less(a)/'
	kernel_tree "$tree"
	sed 's/was(a)/less(a)/' "$BATS_TEST_TMPDIR/unpatched/io_uring/io-wq.c" >"$tree/io_uring/io-wq.c"
	mkdir -p "$objdir/io_uring"
	touch "$objdir/linux" "$objdir/.config" "$objdir/io_uring/io-wq.o" "$objdir/io_uring/io-wq.gcno"

	# It does not compile without must(). What is returned makes no difference, nor does "not less" from "less or equal".
	cat >scripts/build.sh <<-'END'
		#!/bin/sh
		. "$(dirname "$0")/lib/common.sh"
		case ${1-} in
		--link) exit ;;
		--compile) echo >>"$top/compiled" ;;
		esac
		name=${2-}
		name=${name%.o}
		grep -q must "$tree/io_uring/io-wq.c" &&
			sed 's/return .*/return/; s/!(a < b)/a <= b/' "$tree/${name:=io_uring/io-wq}.c" >"$objdir/$name.o"
	END
	fake objdump <<<'[ "$1" = -s ] || cat "$2"'

	# A test passes if the object has its word. The first line that is reached by one alone is 5, that by none is 12.
	printf '%s\n' 'fast:loud' 'io-wq:less(a)' 'slow-one:if (a < b' >words
	cat >scripts/lib/one.sh <<-'END'
		#!/bin/sh
		. "$(dirname "$0")/common.sh"
		echo "$2" >>"$top/ran"
		mkdir -p "$results/$2"
		grep -qF "$(sed -n "s/^$2://p" "$top/words")" "$objdir/io_uring/io-wq.o" && why=passed || why=failed
		echo "$why" >"$results/$2/verdict"
	END
	cat >scripts/test.sh <<-'END'
		#!/bin/sh
		. "$(dirname "$0")/lib/common.sh"
		mkdir -p "$results"
		rm -f "$results/runs"
		for t in $(cut -d : -f 1 "$top/words"); do
			mkdir -p "$results/$t/gcov/io_uring"
			echo "$t" >"$results/$t/gcov/io_uring/io-wq.gcda"
			echo "suite $t" >>"$results/runs"
			echo "ok     $t   1 cases    ${#t} ms"
		done
		[ ! -e "$top/broken" ] || { echo 'NOT OK io-wq failed'; exit 1; }
	END
	fake gcov <<-'END'
		[ "$(cat "$2")" = io-wq ] && count=1 || count='#####'
		printf '%s\n' '        -:    0:Source:../io_uring/io-wq.c' '        1:    4:if' "    $count:    5:less" \
			'        1:    6:return' '        1:   11:loud' '    #####:   12:quiet'
	END
}

row()
{
	grep -qE "^$1 +$2 +$3 +$4 " <<<"$out"
}

@test "mutants: killed, survived, no mutant" {
	# Pins: what counts and what does not, the row of each fixed function, each survivor with its line and the tests that reach it.
	try scripts/mutants.sh
	[ "$status" = 1 ]
	grep -q '7 changes: 1 do not compile, 1 make no difference to the code, 1 the same as another, 0 in' <<<"$out"
	row io_uring/io-wq.c 4 3 1
	row 'the functions that fixes touch' 2 2 0
	row io_uring/io-wq.c:fixed 2 2 0
	grep -A 1 '^io_uring/io-wq.c:12: other: drop: quiet();$' <<<"$out" | grep -q 'no test reaches it, not explained'
	grep -q '75.0 %, less than the 80 % wanted' <<<"$out"
	grep -q 'if (a < b)' "$tree/io_uring/io-wq.c"
}

@test "mutants: the tests that reach the place, until one fails" {
	# Pins: the source's own suite first, then the quicker ones; none that does not reach the line.
	FILE=io_uring/io-wq.c:fixed JOBS=1 try scripts/mutants.sh
	works_but_for_progress
	[ "$(paste -sd ' ' ran)" = 'io-wq fast slow-one io-wq' ]
	rm ran
	FILE=io_uring/io-wq.c:other JOBS=1 try scripts/mutants.sh
	[ "$(paste -sd ' ' ran)" = 'io-wq fast' ]
}

@test "mutants: of two sources" {
	# Pins: the tests of a change in one source run with the others as they are.
	printf '%s\n' 'int second(int a)' '{' $'\tif (a < 1)' $'\t\twas(a);' $'\treturn 0;' '}' \
		>"$BATS_TEST_TMPDIR/unpatched/kernel/task_work.c"
	patch fix-b kernel/task_work.c 's/was(a)/less(a)/'
	sed 's/was(a)/less(a)/' "$BATS_TEST_TMPDIR/unpatched/kernel/task_work.c" >"$tree/kernel/task_work.c"
	mkdir "$objdir/kernel"
	touch "$objdir/kernel/task_work.o" "$objdir/kernel/task_work.gcno"
	sed -i "s,mkdir -p \"\$results/\$2\",& \&\& cat \"\$objdir/kernel/task_work.o\" >>\"\$top/others\"," scripts/lib/one.sh
	try scripts/mutants.sh
	row kernel/task_work.c 6 0 6
	row io_uring/io-wq.c 4 3 1
	[ -e others ]
	[ ! -s others ]
}

works_but_for_progress()
{
	[ "$status" = 0 ]
	! grep -v '^mutants: [0-9]' <<<"$err" || false
}

@test "mutants: locks that are no code" {
	# Pins: on one processor without preemption the spinlocks do not count; where they are code they do, and mutexes always.
	sed -i 's/^loud();/raw_spin_lock(\&l);\nmutex_lock(\&m);\n&/' "$tree/io_uring/io-wq.c"
	FILE=io_uring/io-wq.c:other try scripts/mutants.sh
	grep -q ' 1 in locks that are no code' <<<"$out"
	row io_uring/io-wq.c 4 1 3
	echo CONFIG_SMP=y >"$objdir/.config"
	FILE=io_uring/io-wq.c:other try scripts/mutants.sh
	grep -q ' 0 in locks that are no code' <<<"$out"
	row io_uring/io-wq.c 5 1 4
}

@test "mutants: a part is held to no score" {
	# Pins: FILE=file:function, and EVERY=.
	FILE=io_uring/io-wq.c:other try scripts/mutants.sh
	works_but_for_progress
	grep -q 'These are a part' <<<"$out"
	EVERY=7 try scripts/mutants.sh
	works_but_for_progress
	grep -q ' 1 changes' <<<"$out"
}

@test "mutants: a survivor with a reason" {
	# Pins: the reason is in the list; it still counts as one that survived.
	printf 'io_uring/io-wq.c:other\tdrop: quiet();\tsilence is golden\n' >>coverage/survivors
	try scripts/mutants.sh
	[ "$status" = 1 ]
	grep -A 1 '12: other: drop: quiet();$' <<<"$out" | grep -q 'silence is golden'
	row io_uring/io-wq.c 4 3 1
	! grep -q '^coverage/survivors' <<<"$out" || false
}

@test "mutants: coverage/survivors names what is no survivor" {
	# Pins: an error for one that is killed, that is none, that has no reason; not for another kernel's or another file's.
	printf '%s\t%s\t%s\n' io_uring/io-wq.c:other 'drop: loud();' why io_uring/io-wq.c:other 'drop: gone();' why \
		io_uring/io-wq.c:fixed "'0' to '1' in: return 0" why io_uring/tw.c:other 'drop: loud();' why >>coverage/survivors
	printf 'io_uring/io-wq.c:other\tdrop: quiet();\t\n' >>coverage/survivors
	printf 'kernel 1.0\nio_uring/io-wq.c:other\tdrop: loud();\twhy\n' >>coverage/survivors
	FILE=io_uring/io-wq.c:other try scripts/mutants.sh
	[ "$status" = 1 ]
	grep -qx 'coverage/survivors: is killed: io_uring/io-wq.c:other: drop: loud();' <<<"$out"
	grep -qx 'coverage/survivors: no such change: io_uring/io-wq.c:other: drop: gone();' <<<"$out"
	grep -qx 'coverage/survivors: no reason: io_uring/io-wq.c:other: drop: quiet();' <<<"$out"
	[ "$(grep -c '^coverage/survivors' <<<"$out")" = 3 ]
	FILE=io_uring/io-wq.c try scripts/mutants.sh
	grep -q '^coverage/survivors: is no mutant: io_uring/io-wq.c:fixed' <<<"$out"
}

@test "mutants: a run that was stopped goes on" {
	# Pins: nothing is compiled or tested twice, unless the kernel was linked anew.
	try scripts/mutants.sh
	first=$out
	wc -l compiled ran >before
	try scripts/mutants.sh
	[ "$out" = "$first" ]
	wc -l compiled ran | diff before -
	sed -i 1d "$work/mutants-default"/codes.1 "$work/mutants-default"/verdicts.1
	try scripts/mutants.sh
	[ "$out" = "$first" ]
	[ "$(wc -l <compiled)" = 8 ]
	rm compiled
	echo new >"$objdir/linux"
	try scripts/mutants.sh
	[ "$out" = "$first" ]
	[ "$(wc -l <compiled)" = 7 ]
}

@test "mutants: tests that fail without a change" {
	# Pins: they would kill everything.
	touch broken
	try scripts/mutants.sh
	[ "$status" = 2 ]
	grep -q 'the tests fail without a change: NOT OK io-wq' <<<"$err"
}

@test "mutants: a FILE= that is none" {
	# Pins: a typing error is one line.
	FILE=io_uring/nosuch.c try scripts/mutants.sh
	fails 'no io_uring/nosuch.c'
	FILE=io_uring/io-wq.c:nosuch try scripts/mutants.sh
	fails 'nothing to change in io_uring/io-wq.c:nosuch'
}

# list: what mutants.awk makes of the body of a function on stdin, without lines and name.
list()
{
	{
		printf 'int f(void)\n{\n'
		cat
		printf '}\n'
	} >f.c
	awk -f scripts/mutants.awk f.c | cut -f 5
}

@test "mutants: what is changed" {
	# Pins: conditions, their parts, bounds, bit operations; comments, strings, macros and declarations are left alone.
	[ "$(list <<<$'\tif (a && (b || !c)) /* x < y */\n\t\treturn "1 < 2";')" = "negate: if (a && (b || !c))
drop 'a &&' of: a && (b || !c)
drop '&& (b || !c)' of: a && (b || !c)
drop 'b ||' of: b || !c
drop '|| !c' of: b || !c" ]
	[ "$(list <<<$'\tint i;\n\tfor (i = 0; i < n; i++)\n\t\tclear_bit(i, &map);')" = "negate: for (i < n)
'0' to '1' in: i = 0
'<' to '<=' in: i < n
'++' to '--' in: i++
drop: clear_bit(i, &map);
'clear_bit' to 'set_bit' in: clear_bit(i, &map)" ]
	[ "$(list <<<$'\tx = !y ? a : b;\n#define z (a < b)\n\tKUNIT_STUB(a);')" = "drop: x = !y ? a : b;
drop '!' of: !y
negate: !y ?" ]
}

@test "mutants: locks" {
	# Pins: released before what they are for, taken after it, or not taken, on each way out.
	[ "$(list <<<$'\traw_spin_lock(&l);\n\tif (a) {\n\t\traw_spin_unlock(&l);\n\t\treturn;\n\t}\n\tb();\n\traw_spin_unlock(&l);')" = \
"negate: if (a)
drop: return;
drop: b();
early: raw_spin_unlock(&l); before: b();
not taken: raw_spin_lock(&l);" ]
	awk -v make=5 -f scripts/mutants.awk f.c | grep -v lock | diff - <(printf '%s\n' 'int f(void)' '{' $'\t;' $'\tif (a) {' \
		$'\t\t;' $'\t\treturn;' $'\t}' $'\tb();' $'\t;' '}')
	[ "$(list <<<$'\tspin_lock(&l);\n\ta();\n\tspin_unlock(&l);')" = "drop: a();
late: spin_lock(&l); after: a();
early: spin_unlock(&l); before: a();
not taken: spin_lock(&l);" ]
}

@test "mutants: a changed source has the lines of the old one" {
	# Pins: the counts of gcov and what survives are found by line.
	printf '\tif (a &&\n\t    b)\n\t\tf(1,\n\t\t  2);\n' | list >before
	for n in $(seq "$(wc -l <before)"); do
		awk -v make="$n" -f scripts/mutants.awk f.c >g.c
		! cmp -s f.c g.c || false
		[ "$(wc -l <g.c)" = "$(wc -l <f.c)" ]
	done
}
