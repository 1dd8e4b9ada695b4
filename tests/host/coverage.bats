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
		'unreachable io_uring/io-wq.c one seen' 'explored io_uring/io-wq.c one seen' 'folded io_uring/io-wq.c seen' 'io_uring/io-wq.c 1 2' \
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

# exceptions LINE...: the table with these; and, if one is wrong, that is said. filled=default: with what exploration reaches.
exceptions()
{
	printf '%s\n' 'counted io_uring/ kernel/task_work.c' 'io_uring/io-wq.c 0 0 0' 'io_uring/io-wq.c:left 0 0 0' "$@" >coverage/targets
	cp -r "$results/one/gcov" counts
	try /usr/bin/python3 -S -B coverage/cov.py table "$tree" "$objdir" "$results" "$(cat "$objdir/linux.id")" "$kernel" counts lines.json ${filled-}
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

# explored TRIAL WAY...: a kernel of flavour explore of the same sources, unless it is there, and what make explore leaves of that
# trial. Way n is left() with a seen of nine.
explored()
(
	objdir=$tree/um-explore
	[ -f "$objdir/linux" ] || {
		mkdir -p "$objdir/io_uring" "$objdir/kernel"
		cp "$tree/um-default/.config" "$objdir"
		compile -O2
	}
	counts=$work/explored-explore/$1
	mkdir -p "$counts"
	cp "$objdir/linux.id" "$counts"
	shift
	for way; do
		GCOV_PREFIX=$counts/gcov GCOV_PREFIX_STRIP=3 "$objdir/linux" "$way"
	done
)

# explores LINE...: branching(), of which left() can find a seen of nine, with these lines in coverage/targets.
explores()
{
	branching
	sed -i 's/else/else if (argv[1][0] == (seen = 9, 110)) left(); else/; 1s/^/extern int seen; /' "$tree/kernel/task_work.c"
	compile
	rm -r "$results"
	run_linux one l
	printf '%s\n' 'counted io_uring/ kernel/task_work.c' 'io_uring/io-wq.c 0 0 0' 'io_uring/io-wq.c:left 0 0 0' "$@" >coverage/targets
}

@test "coverage: what only exploration reaches" {
	# Pins: without counts it is left out; with them it is hit, its outcomes are marked, and the report names it; with counts of another
	# build, and once the source has been edited, it is left out again.
	explores 'explored io_uring/io-wq.c:left one if (i == 1 # some_trial: nine' \
		'explored io_uring/io-wq.c:right line void right( # other_trial: right'
	try scripts/coverage.sh
	works
	row io_uring/io-wq.c:left '80.0 % of +10' '100.0 % of +1' '50.0 % of +4'
	row io_uring/io-wq.c '61.5 % of +13' '50.0 % of +2' '40.0 % of +5'
	grep -q '^coverage/targets: entries that are hit by exploration: 0, left out: 2; make explore' <<<"$out"
	explored some_trial l n
	explored other_trial r
	FLAVOUR=explore try scripts/coverage.sh
	works
	grep -qE '^io_uring/io-wq.c:left .* 1$' <<<"$out"
	grep -q '^Lines that only exploration reaches: 4; of which only it has each outcome: 1$' <<<"$out"
	grep -q '^    io_uring/io-wq.c:6: each outcome: if (i == 1 && seen < 9)$' <<<"$out"
	[ ! -e "$work/report-explore" ]
	try scripts/coverage.sh
	works
	grep -qx 'coverage/targets: entries that are hit by exploration: 2' <<<"$out"
	row io_uring/io-wq.c '64.3 % of +14' '50.0 % of +2' '40.0 % of +5'
	grep -q '"6": \[[0-9]*, "+++e"\].*"15": \[1, "e"\]' "$work/coverage-default/lines.json"
	grep -q 'only exploration reaches</th>' "$work/report-default/index.html"
	grep -q 'outcomes <code>+++e</code><br>only exploration has each outcome' "$work/report-default/io_uring-io-wq.c.html"
	filled=default
	nine='explored io_uring/io-wq.c:left one if (i == 1 # some_trial: nine'
	exceptions "$nine"
	grep -qx 'coverage/targets: entries that are hit by exploration: 1' <<<"$out"
	sed -i 's/^/1/' "$work/coverage-explore/linux.id"
	exceptions "$nine"
	grep -q '^coverage/targets: entries that are hit by exploration: 0, left out: 1' <<<"$out"
	sed -i 's/^1//' "$work/coverage-explore/linux.id"
	sleep 0.1
	echo >>"$tree/io_uring/io-wq.c"
	exceptions "$nine"
	grep -q '^coverage/targets: entries that are hit by exploration: 0, left out: 1' <<<"$out"
}

@test "coverage: what exploration does not reach" {
	# Pins: exit status 1 and the trial's name, for one that does not reach it, though another does, and for one that was not explored;
	# nothing explored is said. Counts of another build, and of another compilation, are not looked at; what the tests reach after all
	# is wrong as ever.
	explores 'explored io_uring/io-wq.c:left one if (i == 1 # some_trial: nine'
	explored some_trial l
	explored other_trial n
	FLAVOUR=explore try scripts/coverage.sh
	[ "$status" = 1 ]
	grep -qx 'coverage/targets: io_uring/io-wq.c:left: some_trial does not reach each outcome of: if (i == 1!' <<<"$out"
	rm -r "$work/explored-explore/some_trial"
	FLAVOUR=explore try scripts/coverage.sh
	[ "$status" = 1 ]
	grep -q 'coverage/targets: io_uring/io-wq.c:left: some_trial was not explored.*make explore T=some_trial!' <<<"$out"
	mkdir -p "$work/results-explore"
	mv "$work/explored-explore/other_trial" "$work/results-explore/suite"
	FLAVOUR=explore try scripts/coverage.sh
	[ "$status" = 1 ]
	grep -q '^Nothing was explored with this build, so coverage/targets is not checked' <<<"$out"
	explored some_trial l n
	sed -i 's/^/1/' "$work/explored-explore/some_trial/linux.id"
	FLAVOUR=explore try scripts/coverage.sh
	grep -q '^Nothing was explored with this build' <<<"$out"
	sed -i '$s/$/ int more;/' "$tree/kernel/task_work.c"
	mv "$work/explored-explore/some_trial" "$work/explored-explore/kept"
	rm "$tree/um-explore/linux"
	explored some_trial l n
	rm -r "$work/explored-explore/some_trial/gcov"
	mv "$work/explored-explore/kept/gcov" "$work/explored-explore/some_trial"
	FLAVOUR=explore try scripts/coverage.sh
	fails 'the counts of some_trial for io_uring/io-wq.o are of another compilation' 'make explore again'
	run_linux two n
	exceptions 'explored io_uring/io-wq.c:left one if (i == 1 # some_trial: nine'
	works
	cp -r "$results/two/gcov" "$results/one"
	exceptions 'explored io_uring/io-wq.c:left one for (int # some_trial: each way'
	[ "$status" = 1 ]
	grep -qx 'coverage/targets: io_uring/io-wq.c:left: all outcomes reached in line 5: for (int!' <<<"$out"
}
