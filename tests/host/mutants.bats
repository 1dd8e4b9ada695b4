# SPDX-License-Identifier: GPL-2.0
# mutants.sh: its verdicts. The compiler, the counts and the tests are stand-ins that look for words in one small source;
# what can be changed in that is found by libclang.

load helper

setup_file()
{
	llvm=$(ls -d /usr/lib/llvm-*/include/clang-c 2>/dev/null | sort -V | tail -n 1)
	[ -n "$llvm" ] || return 0
	gcc -O2 -I"${llvm%/clang-c}" -o "$BATS_FILE_TMPDIR/mutate" "$repo"/scripts/lib/{mutate,changes,source}.c \
		-L"${llvm%/include/clang-c}/lib" -lclang
}

setup()
{
	[ -e "$BATS_FILE_TMPDIR/mutate" ] || skip "no libclang-dev is installed"
	clone
	mkdir build
	cp "$BATS_FILE_TMPDIR/mutate" build
	touch build/mutate
	no_patches
	echo '# fixes' >"$patches/series"
	printf '# reasons\nkernel %s\n' "$kernel" >coverage/survivors
	cat >"$BATS_TEST_TMPDIR/unpatched/io_uring/io-wq.c" <<-'END'
		/* not (a < b) */ int was(int), less(int), loud(void), quiet(void), must(void);
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
	touch "$objdir/linux" "$objdir/.config" "$objdir/.tmp_vmlinux2.kallsyms.o"
	command_of io_uring/io-wq

	# It does not compile without must(). The value returned makes no difference, nor does "<=" instead of "<".
	cat >scripts/build.sh <<-'END'
		#!/bin/sh
		. "$(dirname "$0")/lib/common.sh"
		sed 's/return .*/return/; s/!(a < b)/a <= b/' "$tree/io_uring/io-wq.c" >"$objdir/io_uring/io-wq.o"
	END
	cat >>scripts/lib/variant.sh <<-'END'
		variant_compile()
		{
			new=$(variant_dir "$1")/tree
			src=$(cat "${new%/tree}/patched")
			echo "$src" >>"$top/compiled"
			variant_open "$new" "um-$FLAVOUR/${src%/*}"
			rm -f "$new/um-$FLAVOUR/${src%.c}.o"
			echo "${src%.c}.o" >>"${new%/tree}/compiled"
			echo 'x.c:1: error: no' >"${new%/tree}/build.log"
			grep -q '^must' "$new/io_uring/io-wq.c" || return 1
			sed 's/return .*/return/; s/!(a < b)/a <= b/' "$new/$src" >"$new/um-$FLAVOUR/${src%.c}.o"
		}

		variant_link()
		{
			touch "$(variant_dir "$1")/tree/um-$FLAVOUR/linux"
		}
	END
	fake objdump <<<'[ "$1" = -s ] || cat "$2"'

	# A test passes if the object has its word. The first line that is reached by one alone is 5, that by none is 12.
	printf '%s\n' 'fast:loud();' 'io-wq:less(a);' 'slow-one:if (a < b' >words
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
			mkdir -p "$results/$t"
			echo "suite $t" >>"$results/runs"
			echo "${#t}" >"$results/$t/ms"
		done
		[ ! -e "$top/broken" ] || { echo 'NOT OK io-wq failed'; exit 1; }
	END
	cat >>scripts/lib/counts.sh <<-'END'
		cov()
		{
			for t in fast io-wq slow-one; do
				printf 'io_uring/io-wq.c %s\n' "4 $t" "6 $t" "11 $t"
			done
			printf 'io_uring/io-wq.c %s\n' '5 io-wq' '12 -'
		}
	END
}

# command_of OBJECT: what Kbuild keeps of how it was compiled, with flags that clang has never heard of.
command_of()
{
	mkdir -p "$objdir/$(dirname "$1")"
	echo "savedcmd_$1.o := gcc -fconserve-stack -fno-tree-loop-im -DX='\"a b\"' -c -o $1.o ../$1.c" \
		>"$objdir/$(dirname "$1")/.$(basename "$1").o.cmd"
}

row()
{
	grep -qE "^$1 +$2 +$3 +$4 " <<<"$out"
}

@test "mutants: killed, survived, no mutant" {
	# Pins: what counts and what does not, the row of each fixed function, each survivor with its line and the tests that reach it.
	try scripts/mutants.sh
	[ "$status" = 1 ]
	grep -q '9 changes: 1 do not compile, 1 make no difference to the code, 1 the same as another, 0 in' <<<"$out"
	row io_uring/io-wq.c 6 3 3
	row 'the functions that fixes touch' 2 2 0
	row io_uring/io-wq.c:fixed 2 2 0
	grep -A 1 '^io_uring/io-wq.c:12: other: drop: quiet();$' <<<"$out" | grep -q 'no test reaches it, not explained'
	row 'io_uring/io-wq.c, without swaps' 4 3 1
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
	[ "$(paste -sd ' ' ran)" = 'io-wq fast io-wq fast slow-one' ]
}

@test "mutants: of two sources" {
	# Pins: the tests of a change in one source run with the others as they are.
	printf '%s\n' 'int was(int), less(int); int second(int a)' '{' $'\tif (a < 1)' $'\t\twas(a);' $'\treturn 0;' '}' \
		>"$BATS_TEST_TMPDIR/unpatched/kernel/task_work.c"
	patch fix-b kernel/task_work.c 's/was(a)/less(a)/'
	sed 's/was(a)/less(a)/' "$BATS_TEST_TMPDIR/unpatched/kernel/task_work.c" >"$tree/kernel/task_work.c"
	command_of kernel/task_work
	touch "$objdir/kernel/task_work.o"
	sed -i "s,mkdir -p \"\$results/\$2\",& \&\& cat \"\$objdir/kernel/task_work.o\" >>\"\$top/others\"," scripts/lib/one.sh
	try scripts/mutants.sh
	row kernel/task_work.c 6 0 6
	row io_uring/io-wq.c 6 3 3
	[ -e others ]
	[ ! -s others ]
}

works_but_for_progress()
{
	[ "$status" = 0 ]
	! grep -vE '^mutants: (took )?[0-9]' <<<"$err" || false
}

@test "mutants: locks that one CPU does not need" {
	# Pins: on one CPU without preemption the spinlocks do not count; where they are code they do, and mutexes always.
	sed -i '1 s/$/ int l, m, raw_spin_lock(), mutex_lock();/; s/^loud();/raw_spin_lock(\&l);\nmutex_lock(\&m);\n&/' \
		"$tree/io_uring/io-wq.c"
	FILE=io_uring/io-wq.c:other try scripts/mutants.sh
	grep -q ' 1 in locks that one CPU does not need' <<<"$out"
	row io_uring/io-wq.c 6 1 5
	echo CONFIG_SMP=y >"$objdir/.config"
	echo new >"$objdir/linux"
	FILE=io_uring/io-wq.c:other try scripts/mutants.sh
	grep -q ' 0 in locks that one CPU does not need' <<<"$out"
	row io_uring/io-wq.c 7 1 6
}

@test "mutants: no score to reach for a part" {
	# Pins: FILE=file:function, and EVERY=.
	FILE=io_uring/io-wq.c:other try scripts/mutants.sh
	works_but_for_progress
	grep -q 'These are a part' <<<"$out"
	EVERY=7 try scripts/mutants.sh
	works_but_for_progress
	grep -q ' 2 changes' <<<"$out"
}

@test "mutants: a survivor with a reason" {
	# Pins: the reason is in the list; it still counts as one that survived.
	printf 'io_uring/io-wq.c:other\tdrop: quiet();\tsilence is golden\n' >>coverage/survivors
	try scripts/mutants.sh
	[ "$status" = 1 ]
	grep -A 1 '12: other: drop: quiet();$' <<<"$out" | grep -q 'silence is golden'
	row io_uring/io-wq.c 6 3 3
	! grep -q '^coverage/survivors' <<<"$out" || false
	grep -q '^survived:' <<<"$out"
	! grep -q '^only several CPUs' <<<"$out" || false
}

@test "mutants: a survivor that only several CPUs can show" {
	# Pins: it is listed apart, and counts as one that survived.
	printf 'io_uring/io-wq.c:other\tdrop: quiet();\tneeds explore: nobody else listens\n' >>coverage/survivors
	FILE=io_uring/io-wq.c try scripts/mutants.sh
	sed -n '/^only several CPUs/,/^$/p' <<<"$out" | grep -A 1 ' drop: quiet();$' | grep -q 'needs explore: nobody'
	! sed -n '/^survived:/,/^$/p' <<<"$out" | grep -q ' drop: quiet();$' || false
	row io_uring/io-wq.c 6 3 3
}

@test "mutants: coverage/survivors names a change that does not survive" {
	# Pins: an error for a change that is killed, does not exist, or has no reason; not for one of another kernel or file.
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
	sed -i 1d "$work/mutants-default/verdicts.1"
	try scripts/mutants.sh
	[ "$out" = "$first" ]
	[ "$(wc -l <compiled)" = 10 ]
	rm compiled
	echo new >"$objdir/linux"
	try scripts/mutants.sh
	[ "$out" = "$first" ]
	[ "$(wc -l <compiled)" = 9 ]
	# Of the others, SURVIVORS=1 keeps the verdicts.
	rm compiled
	echo newer >"$objdir/linux"
	SURVIVORS=1 try scripts/mutants.sh
	[ "$out" = "$first" ]
	[ "$(wc -l <compiled)" -lt 9 ]
}

@test "mutants: tests that fail without a change" {
	# Pins: they would kill everything.
	touch broken
	try scripts/mutants.sh
	[ "$status" = 2 ]
	grep -q 'the tests fail without a change: NOT OK io-wq' <<<"$err"
}

@test "mutants: a FILE= that does not exist" {
	# Pins: a typing error is one line.
	FILE=io_uring/nosuch.c try scripts/mutants.sh
	fails 'no io_uring/nosuch.c'
	FILE=io_uring/io-wq.c:nosuch try scripts/mutants.sh
	fails 'nothing to change in io_uring/io-wq.c:nosuch'
}

# list: what mutate makes of the body of a function on stdin, without lines and name.
list()
{
	{
		echo '#define KUNIT_STUB(x) do { x; } while (0)'
		echo '#define each(p, n) for (p = 0; p < n; p++)'
		echo '#define both(p, n) ((p) && (n))'
		echo 'int a, b, c, i, n, x, y, l, map, f(), g(), clear_bit(), raw_spin_lock(), raw_spin_unlock();'
		echo 'int spin_lock(), spin_unlock(), WARN_ON_ONCE(); const char *s;'
		printf 'int first(void)\n{\n'
		cat
		printf '}\n'
	} >"$tree/f.c"
	mutate_f
}

mutate_f()
{
	command_of ./f
	(cd "$objdir" && "$top/build/mutate" ./f.c) >mutated
	awk -F '\t' '$1 > 0 { print $5 }' mutated
}

@test "mutants: what is changed" {
	# Pins: conditions, their parts, bounds, bit operations; comments, strings, macros and declarations are left alone.
	[ "$(list <<<$'\tif (a && (b || !c)) /* x < y */\n\t\ts = "1 < 2";')" = "negate: if (a && (b || !c))
drop 'a &&' of: a && (b || !c)
drop '&& (b || !c)' of: a && (b || !c)
drop 'b ||' of: b || !c
drop '|| !c' of: b || !c
drop: s = \"1 < 2\";" ]
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

@test "mutants: macros" {
	# Pins: code in the arguments of a macro is changed, a macro's body never; the head of a loop, and its body.
	[ "$(list <<<$'\tif (both(a < b, c))\n\t\tx = -1;')" = "negate: if (both(a < b, c))
'<' to '<=' in: a < b
drop: x = -1;
'1' to '2' in: -1
'1' to '0' in: -1" ]
	[ "$(list <<<$'\teach(i, 3)\n\t\tf();')" = "'3' to '4' in: each(i, 3)
'3' to '2' in: each(i, 3)
drop: f();" ]
}

@test "mutants: locks" {
	# Pins: released before what they are for, taken after it, or not taken, on each way out.
	[ "$(list <<<$'\traw_spin_lock(&l);\n\tif (a) {\n\t\traw_spin_unlock(&l);\n\t\treturn 0;\n\t}\n\tf();\n\traw_spin_unlock(&l);')" = \
"negate: if (a)
drop: return 0;
'0' to '1' in: return 0
drop: f();
early: raw_spin_unlock(&l); before: f();
not taken: raw_spin_lock(&l);" ]
	[ "$(awk -F '\t' '/not taken/ { print $8 }' mutated)" = ';\n\tif (a) {\n\t\t;\n\t\treturn 0;\n\t}\n\tf();\n\t;' ]
	[ "$(list <<<$'\tspin_lock(&l);\n\tf();\n\tspin_unlock(&l);')" = "drop: f();
late: spin_lock(&l); after: f();
early: spin_unlock(&l); before: f();
not taken: spin_lock(&l);" ]
}

@test "mutants: two statements swapped" {
	# Pins: neighbours in one block, but no declaration, jump, lock, or what stands under a condition.
	[ "$(list <<<$'\tint q;\n\n\tf();\n\tx = y;\n\tif (a)\n\t\tg();\n\tspin_lock(&l);\n\treturn 0;' | grep swap)" = \
		'swap: f(); with: x = y;' ]
	[ "$(awk -F '\t' '/swap/ { print $2, $3, $8 }' mutated)" = '10 11 x = y;\n\tf();' ]
}

@test "mutants: every function" {
	# Pins: one whose brace ends the line of its header, and one without an argument on that line; why another has none.
	printf '%s\n' 'int x, f(void);' 'int one(void) { return x + 1; }' 'int' 'two(int a,' '    int b) {' '	return a < b;' '}' \
		'#define three int three_of(void) { return x < 1; }' 'three' 'int four(void)' '{' '	return x;' '}' >"$tree/f.c"
	mutate_f >names
	[ "$(awk -F '\t' '$1 > 0 { print $4 }' mutated | uniq | paste -sd ' ')" = 'one two' ]
	[ "$(awk -F '\t' '$1 == 0 && $5 { print $4 ": " $5 }' mutated)" = 'three_of: its body is in a macro
four: nothing of the kind in: { return x; }' ]
	echo 'static int none(int a) { return a; }' >>"$tree/io_uring/io-wq.c"
	FILE=io_uring/io-wq.c try scripts/mutants.sh --functions
	works
	[ "$out" = $'io_uring/io-wq.c:3-7\tfixed\t4\nio_uring/io-wq.c:10-14\tother\t5
io_uring/io-wq.c:15-15\tnone\tnone: nothing of the kind in: { return a; }' ]
	FILE=io_uring/io-wq.c EVERY=9 try scripts/mutants.sh
	grep -A 1 '^functions without a change:' <<<"$out" | grep -q '15: none: nothing of the kind'
}

@test "mutants: a source that libclang does not parse" {
	# Pins: no function is missed in silence.
	sed -i 's/loud();$/loud(;/' "$tree/io_uring/io-wq.c"
	try scripts/mutants.sh
	[ "$status" = 2 ]
	fails 'libclang does not parse io_uring/io-wq.c' 'io-wq.c:11:'
}

@test "mutants: no libclang" {
	# Pins: missing packages are named, with the command that installs them, before anything is built or tested.
	rm build/mutate
	sed -i 's,/usr/lib/llvm,/nowhere/llvm,' scripts/mutants.sh
	fake dpkg-query <<<'exit 1'
	fake id <<<'echo 1000'
	try scripts/mutants.sh
	[ "$status" = 2 ]
	fails 'missing packages' 'libclang-dev'
	[ ! -e ran ]
}

@test "mutants: a changed source has the lines of the old one" {
	# Pins: the counts of gcov and what survives are found by line.
	printf '\tif (a &&\n\t    b)\n\t\tf(1,\n\t\t  2);\n\tg();' | list >before
	lines=$(wc -l <"$tree/f.c")
	awk -F '\t' '$1 > 0' mutated | while IFS=$'\t' read -r _ _ _ _ _ at length new; do
		{
			head -c "$at" "$tree/f.c"
			printf %b "$new"
			tail -c "+$((at + length + 1))" "$tree/f.c"
		} >g.c
		! cmp -s "$tree/f.c" g.c || exit 1
		[ "$(wc -l <g.c)" = "$lines" ] || exit 1
	done
}

@test "mutants: in some lines, for make review" {
	# Pins: changes of these lines alone, no swaps, without a build; a test that fails as it is kills nothing; none is tried too late.
	scripts/build.sh
	scripts/test.sh
	for t in fast io-wq slow-one; do
		echo passed >"$results/$t/verdict"
	done
	echo failed >"$results/io-wq/verdict"
	printf 'io_uring/io-wq.c %s\n' 5 11 12 >lines
	echo 'exit 1' >scripts/build.sh
	JOBS=1 try scripts/mutants.sh --lines "$top/lines" 9999999999
	works
	[ "$(cut -f 1,3,4,5 <<<"$out" | sort)" = "$(printf '%s\n' $'killed\t11\tother\tdrop: loud();' $'survived\t12\tother\tdrop: quiet();' \
		$'survived\t5\tfixed\tdrop: less(a);')" ]
	echo new >"$objdir/linux"
	JOBS=1 try scripts/mutants.sh --lines "$top/lines" 1
	works
	[ "$(cut -f 1 <<<"$out" | sort -u)" = undone ]
}
