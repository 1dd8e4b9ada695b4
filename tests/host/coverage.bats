# SPDX-License-Identifier: GPL-2.0
# coverage.sh, and the table of coverage/targets: a small instrumented program stands in for the kernel, its figures are
# counted by hand.

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

@test "coverage: a line of coverage/targets that cannot be read" {
	# Pins: it is named with its number before anything is added up: a word that is none, a count where a kind is wanted, no
	# reason, a floor that is no number, a kernel that there is not, and a section that is empty.
	instrumented
	run_linux one l
	for line in 'unreachbale io_uring/io-wq.c one seen # why' 'unreachable io_uring/io-wq.c 2 seen # why' \
		'unreachable io_uring/io-wq.c one seen' 'folded io_uring/io-wq.c seen' 'io_uring/io-wq.c 1 2' \
		'io_uring/io-wq.c a b c' 'kernal 7.3' 'kernel 1.0'; do
		printf '%s\n' 'io_uring/io-wq.c 0 0 0' "$line" >coverage/targets
		try scripts/coverage.sh
		fails 'coverage/targets:2: cannot be read' "$line"
		[ ! -e "$work/coverage-default" ]
	done
	echo "# none" >coverage/targets
	try scripts/coverage.sh
	fails "coverage/targets names no target for kernel $kernel"
}

@test "coverage: counts of another compilation under this build's name" {
	# Pins: they are not added up, and the run is named.
	instrumented
	run_linux one l
	sed -i '3s/$/ seen = 9;/' "$tree/io_uring/io-wq.c"
	compile
	cp "$objdir/linux.id" "$results/one"
	try scripts/coverage.sh
	fails 'the counts of one for io_uring/io-wq.o are of another compilation' 'make test'
	[ ! -e "$work/coverage-default" ]
}

# branching: a program with conditions, run so that the figures can be counted by hand, and its exceptions.
branching()
{
	instrumented
	cat >"$tree/io_uring/io-wq.c" <<-'END'
		int seen;
		#define WARN(c) ({ int on = !!(c); if (on && !seen) seen = 7; on; })
		void left(void)
		{
			for (int i = 0; i < 3; i++)
				if (i == 1 && seen < 9)
					seen = i;
			if (WARN(seen == 8))
				seen = 5;
			switch (seen) {
			case 1: seen = 2; break;
			case 40: seen = 6;
			}
		}
		void right(void)
		{
			if (seen)
				seen = 3;
		}
	END
	compile
	run_linux one l
}

# exceptions LINE...: the table with these; and, if one is wrong, that is said.
exceptions()
{
	printf '%s\n' 'counted io_uring/ kernel/task_work.c' 'io_uring/io-wq.c 0 0 0' 'io_uring/io-wq.c:left 0 0 0' "$@" >coverage/targets
	cp -r "$results/one/gcov" counts
	try /usr/bin/python3 -S -B coverage/cov.py table "$tree" "$objdir" "$results" "$(cat "$objdir/linux.id")" "$kernel" counts lines.json
	rm -r counts
}

row()
{
	grep -qE "^$1 +$2 +$3 +$4 *\$" <<<"$out"
}

@test "coverage: lines that branch, counted by hand" {
	# Pins: of left(), five lines branch and one of them, the loop, each way: `seen < 9` is always so, the warning never
	# comes and so is evaluated one way, no 40 is seen. Line 6 has two conditions, of which one goes both ways. right() is
	# not reached, its condition counts as not taken.
	branching
	exceptions
	works
	row io_uring/io-wq.c:left '80.0 % of +10' '100.0 % of +1' '25.0 % of +4'
	row io_uring/io-wq.c '57.1 % of +14' '50.0 % of +2' '20.0 % of +5'
	grep -q '"6": \[[0-9]*, "+++-"\]' lines.json
}

@test "coverage: unreachable lines are left out" {
	# Pins: one condition's outcome, all of a line, the line itself; of the file and the function, and of no other function.
	branching
	exceptions 'unreachable io_uring/io-wq.c:left one if (i == 1 # never nine'
	works
	row io_uring/io-wq.c:left '80.0 % of +10' '100.0 % of +1' '50.0 % of +4'
	exceptions 'unreachable io_uring/io-wq.c:left all if (WARN( # a bug'
	works
	row io_uring/io-wq.c:left '80.0 % of +10' '100.0 % of +1' '33.3 % of +3'
	exceptions 'unreachable io_uring/io-wq.c:left line seen = 5; # a bug' 'unreachable io_uring/io-wq.c:left line seen = 6; # no'
	works
	row io_uring/io-wq.c:left '100.0 % of +8' '100.0 % of +1' '25.0 % of +4'
	row io_uring/io-wq.c '66.7 % of +12' '50.0 % of +2' '20.0 % of +5'
}

@test "coverage: one outcome is excused and a line lacks two" {
	# Pins: the other one still counts.
	branching
	sed -i 's/if (i == 1 && seen < 9)/if (i < 5 \&\& seen < 9)/' "$tree/io_uring/io-wq.c"
	compile
	rm -r "$results"
	run_linux one l
	exceptions 'unreachable io_uring/io-wq.c:left one if (i < 5 # three times'
	works
	row io_uring/io-wq.c:left '[0-9.]+ % of +10' '100.0 % of +1' '25.0 % of +4'
	grep -q '"6": \[[0-9]*, "+-"\]' lines.json
	exceptions 'unreachable io_uring/io-wq.c:left all if (i < 5 # three times'
	works
	row io_uring/io-wq.c:left '[0-9.]+ % of +10' '100.0 % of +1' '33.3 % of +3'
}

@test "coverage: an exception for a line that is reached, or does not exist" {
	# Pins: exit status 1, and the exception is named.
	branching
	for kind in one all; do
		exceptions "unreachable io_uring/io-wq.c:left $kind for (int # it goes both ways"
		[ "$status" = 1 ]
		grep -qx 'coverage/targets: io_uring/io-wq.c:left: all outcomes reached in line 5: for (int!' <<<"$out"
	done
	exceptions 'unreachable io_uring/io-wq.c:left line seen = 2; # it is'
	[ "$status" = 1 ]
	grep -qx 'coverage/targets: io_uring/io-wq.c:left: reached: seen = 2;!' <<<"$out"
	exceptions 'unreachable io_uring/io-wq.c one no such text # why'
	[ "$status" = 1 ]
	grep -qx 'coverage/targets: io_uring/io-wq.c: no line with no such text!' <<<"$out"
}

@test "coverage: conditions that the compiler folds" {
	# Pins: __builtin_constant_p() of a value, as in the kernel's test_bit(), is left out; what the line asks itself stays. A
	# text whose conditions were only never met is no such one.
	branching
	sed -i '1s/$/ int *volatile at = \&seen;/; 8s/.*/int *p = at; if (TEST(p) \&\& seen < 7)/
		2s/.*/#define TEST(p) (__builtin_constant_p((p) != 0) \&\& (p) \&\& __builtin_constant_p(*(p)) ? 0 : *(p) == 1)/' \
		"$tree/io_uring/io-wq.c"
	compile -O2
	rm -r "$results"
	run_linux one l
	exceptions
	grep -q '"8": \[[0-9]*, "-++-+-"\]' lines.json
	exceptions 'folded io_uring/io-wq.c TEST( # of an address'
	works
	grep -q '"8": \[[0-9]*, "+-+-"\]' lines.json
	exceptions 'folded io_uring/io-wq.c for ( # is not'
	[ "$status" = 1 ]
	grep -qx 'coverage/targets: io_uring/io-wq.c: nothing is folded: for (!' <<<"$out"
}

@test "coverage: a target that is not in the counts" {
	# Pins: a function that was renamed is an error, not 0 of 0.
	branching
	exceptions 'io_uring/io-wq.c:gone 0 0 0'
	[ "$status" = 1 ]
	grep -q 'io_uring/io-wq.c:gone .*not in the coverage data' <<<"$out"
}

@test "coverage: each floor is held, of lines, functions and lines that branch" {
	# Pins: below any one floor is exit status 1, at the floor is not.
	branching
	for floors in '57 0 0' '0 50 0' '0 0 20'; do
		exceptions "io_uring/io-wq.c $floors"
		works
	done
	for floors in '58 0 0' '0 51 0' '0 0 21'; do
		exceptions "io_uring/io-wq.c $floors"
		[ "$status" = 1 ]
		grep -q '^io_uring/io-wq.c .*!' <<<"$out"
		grep -q 'below its floor' <<<"$out"
	done
}
