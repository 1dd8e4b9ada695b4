# SPDX-License-Identifier: GPL-2.0
# coverage.sh and coverage/table.awk: a small instrumented program stands in for the kernel, tracefiles written by hand
# for lcov of either version.

load helper

setup()
{
	clone
}

lines()
{
	grep -q "^$1  *$2 % of " <<<"$out"
}

@test "coverage: the counts of two runs are added up" {
	# Pins: a table of the targets, HTML whose pages hold the sources, exit status 0 above the floors.
	instrumented
	run_linux one l
	run_linux two r
	try scripts/coverage.sh
	works
	lines io_uring/io-wq.c 100.0
	lines io_uring/io-wq.c:left 100.0
	lines io_uring/io-wq.c:right 100.0
	html=$(sed -n 's/^HTML: //p' <<<"$out")
	[ -f "$html" ]
	grep -rq 'seen.*=.*4' "$(dirname "$html")"/io_uring/io-wq.c.gcov.html
	grep -qx "SF:$tree/io_uring/io-wq.c" "$work/coverage-default/coverage.info"
}

@test "coverage: the counts of an older build are not mixed in" {
	# Pins: a run of another ./linux is left out.
	instrumented
	run_linux old r
	compile -Dleft_is_newer
	echo >>"$objdir/linux"
	stat -L -c "%i %s %.Y" "$objdir/linux" >"$objdir/linux.id"
	run_linux new l
	try scripts/coverage.sh
	works
	lines io_uring/io-wq.c:left 100.0
	lines io_uring/io-wq.c:right 0.0
}

@test "coverage: nothing but counts of an older build" {
	# Pins: says so, and the report that is there stays.
	instrumented
	run_linux old r
	scripts/coverage.sh
	cp -a "$work/coverage-default" before
	echo >>"$objdir/linux"
	try scripts/coverage.sh
	fails "no counts from this build" "make test"
	diff -r before "$work/coverage-default"
}

@test "coverage: a target below its floor" {
	# Pins: make coverage fails, marks the figure, and still writes the report.
	instrumented
	run_linux one l
	echo 'io_uring/io-wq.c:right 50 0 0' >>coverage/targets
	try scripts/coverage.sh
	[ "$status" = 1 ]
	grep -q '^io_uring/io-wq.c:right  *0.0 % of .*!' <<<"$out"
	grep -q 'below its floor' <<<"$out"
	[ -f "$work/coverage-default/html/index.html" ]
	try make coverage
	[ "$status" = 2 ]
}

@test "coverage: gcov of another version than gcc" {
	# Pins: both versions and what to do, in one line; no report of nonsense.
	instrumented
	run_linux one l
	fake gcov <<<'echo "gcov (Debian 9.2.0-14) 9.2.0"'
	try scripts/coverage.sh
	fails "gcov is of version 9" "gcc $(gcc -dumpversion | cut -d . -f 1)" "install gcov"
	[ ! -e "$work/coverage-default" ]
}

@test "coverage: nothing is built, or without counts" {
	# Pins: one line with the reason.
	try scripts/coverage.sh
	fails "is not built"
	mkdir -p "$objdir"
	echo CONFIG_KUNIT=y >"$objdir/.config"
	try scripts/coverage.sh
	fails "CONFIG_GCOV"
}

@test "coverage: no space left for the report" {
	# Pins: an error, and the report that is there stays.
	instrumented
	run_linux one l
	scripts/coverage.sh
	cp -a "$work/coverage-default" before
	try sh -c 'trap "" XFSZ; ulimit -f 4; scripts/coverage.sh'
	fails "no space left" "$work"
	diff -r before "$work/coverage-default"
	try scripts/coverage.sh
	works
}

# tracefile FUNCTIONS: two functions of four and two lines, half of the first hit and all of the second.
tracefile()
{
	printf '%s\n' TN: SF:/t/io_uring/a.c "$@" DA:10,1 DA:11,1 DA:12,0 DA:13,0 DA:20,5 DA:21,5 \
		BRDA:11,0,0,1 BRDA:11,0,1,0 BRDA:20,0,0,- BRDA:20,0,1,3 end_of_record >all.info
}

table()
{
	try awk -v root=/t -f coverage/table.awk coverage/targets all.info
}

@test "coverage: table.awk with tracefiles of lcov 1.16, 2.0 and 2.3" {
	# Pins: the same table from each form in which functions are written.
	printf '%s\n' '# comment' 'io_uring/a.c 60 100 50' 'io_uring/a.c:first 50 100 50' 'io_uring/a.c:second 100 100 50' >coverage/targets
	tracefile FN:10,first FN:20,second FNDA:1,first FNDA:5,second
	table
	works
	cp "$BATS_TEST_TMPDIR/out" 1.16
	grep -qE '^io_uring/a.c +66.7 % of +6 +100.0 % of +2 +50.0 % of +4 *$' 1.16
	grep -qE '^io_uring/a.c:first +50.0 % of +4 +100.0 % of +1 +50.0 % of +2 *$' 1.16
	grep -qE '^io_uring/a.c:second +100.0 % of +2 +100.0 % of +1 +50.0 % of +2 *$' 1.16
	tracefile FN:10,13,first FN:20,21,second FNDA:1,first FNDA:5,second
	table
	diff 1.16 "$BATS_TEST_TMPDIR/out"
	tracefile FNL:0,10,13 FNA:0,1,first FNL:1,20,21 FNA:1,5,second
	table
	diff 1.16 "$BATS_TEST_TMPDIR/out"
}

@test "coverage: table.awk holds each floor, of lines, functions and branches" {
	# Pins: below any one floor is exit status 1, at the floor is not.
	tracefile FN:10,first FN:20,second FNDA:1,first FNDA:0,second
	for floors in '66 0 0' '0 50 0' '0 0 50'; do
		echo "io_uring/a.c $floors" >coverage/targets
		table
		[ "$status" = 0 ]
	done
	for floors in '67 0 0' '0 51 0' '0 0 51'; do
		echo "io_uring/a.c $floors" >coverage/targets
		table
		[ "$status" = 1 ]
		grep -q '!' <<<"$out"
	done
}

@test "coverage: table.awk and a target that is not in the tracefile" {
	# Pins: a function that was renamed is an error, not 0 of 0.
	tracefile FN:10,first FNDA:1,first
	printf '%s\n' 'io_uring/a.c:gone 0 0 0' >coverage/targets
	table
	[ "$status" = 1 ]
	grep -q 'io_uring/a.c:gone .*not in the coverage data' <<<"$out"
}

# A source for the tracefile: what is on lines 11 to 13 of first(), and 20 of second().
source_lines()
{
	mkdir -p t/io_uring
	tracefile FN:10,first FN:20,second FNDA:1,first FNDA:5,second
	sed -i "s,SF:/t,SF:$PWD/t," all.info
	{
		printf '%s\n' / / / / / / / / /
		printf '%s\n' 'first()' 'if (test(a) && b)' 'warn(1);' 'warn(2);' / / / / / / 'if (test(a) && c)' '}'
	} >t/io_uring/a.c
}

# entry LINE...: what coverage/targets makes of these lines.
entry()
{
	printf '%s\n' 'io_uring/a.c 0 0 0' 'io_uring/a.c:first 0 0 0' "$@" >coverage/targets
	try awk -v root="$PWD/t" -v gcc="${gcc-}" -f coverage/table.awk coverage/targets all.info
}

@test "coverage: what is unreachable is left out" {
	# Pins: of the figures of the file and the function; all lines of the function that have the text; no other's.
	source_lines
	entry 'unreachable io_uring/a.c:first line warn( # never'
	works
	grep -qE '^io_uring/a.c +100.0 % of +4 +100.0 % of +2 +50.0 % of +4 *$' <<<"$out"
	grep -qE '^io_uring/a.c:first +100.0 % of +2 +100.0 % of +1 +50.0 % of +2 *$' <<<"$out"
	entry "unreachable	io_uring/a.c:first	1	if (test(a)	# never"
	works
	grep -qE '^io_uring/a.c +66.7 % of +6 +100.0 % of +2 +66.7 % of +3 *$' <<<"$out"
	grep -qE '^io_uring/a.c:first +50.0 % of +4 +100.0 % of +1 +100.0 % of +1 *$' <<<"$out"
}

@test "coverage: an entry for what is reached, or is not there" {
	# Pins: exit status 1, and the entry is named.
	source_lines
	entry 'unreachable io_uring/a.c:first line if ( # it is'
	[ "$status" = 1 ]
	grep -qx 'coverage/targets: io_uring/a.c:first: reached: if (!' <<<"$out"
	entry 'unreachable io_uring/a.c:first 2 if ( # one is'
	[ "$status" = 1 ]
	grep -qx 'coverage/targets: io_uring/a.c:first: 1 of 2 branches reached: if (!' <<<"$out"
	entry 'unreachable io_uring/a.c:second line warn( # elsewhere'
	[ "$status" = 1 ]
	grep -qx 'coverage/targets: io_uring/a.c:second: no line with warn(!' <<<"$out"
	entry 'unreachable io_uring/a.c:first line warn('
	[ "$status" = 1 ]
	grep -q 'coverage/targets: no reason: ' <<<"$out"
}

@test "coverage: entries whose counts are those of another gcc" {
	# Pins: as many branches are left out as there are, up to the count, and what is not there is no error.
	source_lines
	gcc=12
	entry 'gcc 12' 'unreachable io_uring/a.c:first 2 if ( # one is'
	[ "$status" = 1 ]
	gcc=14
	entry 'gcc 12' 'unreachable io_uring/a.c:first 2 if ( # one is' 'unreachable io_uring/a.c:second 1 warn( # elsewhere'
	works
	grep -qE '^io_uring/a.c:first .* 100.0 % of +1 *$' <<<"$out"
	entry 'gcc 12' 'unreachable io_uring/a.c:first line if ( # reached by whatever gcc'
	[ "$status" = 1 ]
}

@test "coverage: conditions that the compiler folds" {
	# Pins: once for each time that the text is there; a condition that was only never met is no such one.
	source_lines
	fold='BRDA:11,0,0,0\nBRDA:11,0,1,9\nBRDA:11,0,2,0\nBRDA:11,0,3,0\nBRDA:11,0,4,-\nBRDA:11,0,5,-'
	sed -i "/BRDA:11,0,0/i $fold" all.info
	entry 'folded io_uring/a.c test( # known'
	works
	grep -qE '^io_uring/a.c:first .* 66.7 % of +3 *$' <<<"$out"
	sed -i "0,/BRDA:11,0,0/{/BRDA:11,0,0/i $fold
	}" all.info
	entry 'folded io_uring/a.c test( # known'
	works
	grep -qE '^io_uring/a.c:first .* 33.3 % of +9 *$' <<<"$out"
	source_lines
	sed -i 's/^BRDA:11,0,0,1/BRDA:11,0,0,0/; s/^BRDA:11,0,1,0/BRDA:11,0,1,9\nBRDA:11,0,2,0\nBRDA:11,0,3,0\nBRDA:11,0,4,3\nBRDA:11,0,5,4/' all.info
	entry 'folded io_uring/a.c test( # known'
	[ "$status" = 1 ]
	grep -qx 'coverage/targets: io_uring/a.c: nothing is folded: test(!' <<<"$out"
}

@test "coverage: a function that is always inlined" {
	# Pins: its lines are the file's, not those of the function before it.
	source_lines
	sed -i '12s/.*/}/' t/io_uring/a.c
	entry
	works
	grep -qE '^io_uring/a.c +66.7 % of +6 ' <<<"$out"
	grep -qE '^io_uring/a.c:first +66.7 % of +3 ' <<<"$out"
}
