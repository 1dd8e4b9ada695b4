# SPDX-License-Identifier: GPL-2.0
# explore.sh, replay.sh with FILE= and RANGE=: which calls are in focus, which trials come there. A small program stands in for the
# kernel: its trials `left`, `both` and `none` come to that function of io_uring/some.c, if it is in focus; `bad` fails there.

load helper

setup()
{
	clone
	fake_explorer some_trial_bug
	mkdir -p "$tree/io_uring" "$tree/fs"
	echo 'int not_explored;' >"$tree/fs/file.c"
	cat >"$tree/io_uring/some.h" <<-'END'
		static inline __attribute__((always_inline)) void inlined(int *p)
		{
			hook(p);
		}
	END
	cat >"$tree/io_uring/some.c" <<-'END'
		void hook(void *p);
		#include "some.h"
		int first, second, third;
		void left(void)
		{
			hook(&first);
			first++;
			hook(&second);
		}
		void right(void)
		{
			inlined(&second);



			second++;




			hook(&third);
		}
		void pure(void)
		{
		}
	END
	# The kernel: what it says of its trials, and of what is in focus.
	cat >"$tree/main.c" <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		void left(void), right(void);
		static const char *in;
		static char text[9999];
		static unsigned long nr, nr_in;
		__attribute__((noinline)) void hook(void *p)
		{
			unsigned long ip = (unsigned long)__builtin_return_address(0), from, to;
			const char *s = in;
			int n;

			for (nr++; s && sscanf(s, "%lx-%lx%n", &from, &to, &n) == 2; s += n + (s[n] == ','))
				nr_in += ip >= from && ip < to;
		}
		int main(int argc, char **argv)
		{
			const char *t = "", *seeds = "";
			unsigned long first, last;
			FILE *f;
			int i;

			for (i = 1; i < argc; i++) {
				if (!strcmp(argv[i], "kunit.action=list"))
					return !fputs("some-trial.some_trial_left\nsome-trial.some_trial_both\nsome-trial.some_trial_none\n"
						      "some-trial.some_trial_bug\nsome-trial.some_trial_bad\n", stderr);
				if (!strncmp(argv[i], "explore=", 8))
					seeds = argv[i] + 8;
				if (!strncmp(argv[i], "explore.focus=", 14))
					in = argv[i] + 14;
				if (!strncmp(argv[i], "kunit.filter_glob=", 18))
					t = strchr(argv[i], '.') ? strrchr(argv[i], '.') + 1 : t;
			}
			if (in && strlen(in) > 2000)
				return 3;
			if (in && *in == '/' && (f = fopen(in, "r")))
				in = fgets(text, sizeof(text), f);
			first = strtoul(seeds, (char **)&seeds, 10);
			last = *seeds == '-' ? strtoul(seeds + 1, NULL, 10) : first;
			if (strstr(t, "left") || strstr(t, "both"))
				left();
			if (strstr(t, "both") || strstr(t, "bad"))
				right();
			fprintf(stderr, "explore: build 1a2b3c4d\n");
			printf("1..1\n");
			if (strstr(t, "bug") || (strstr(t, "bad") && nr_in && first <= 150 && last >= 150)) {
				fprintf(stderr, "explore: trial %s seed %lu failed: EXPECTATION FAILED at x.c:7; algo=pct points=9 switches=1\n"
					"explore: list=none\nexplore: trial %s: 1 seeds, 1 failed, 9 points, 1 switches, 9 ns\n", t,
					strstr(t, "bug") ? first : 150, t);
				return 1;
			}
			fprintf(stderr, "explore: trial %s: %lu seeds, 0 failed, %lu points, 10 switches, 1000 ns\n", t, last - first + 1,
				(last - first + 1) * 9);
			if (in)
				fprintf(stderr, "explore: focus: %lu of %lu points, in %lu of %lu seeds\n", nr_in * (last - first + 1),
					(last - first + 1) * 9, nr_in ? last - first + 1 : 0, last - first + 1);
			printf("ok 1 x\n");
			return 0;
		}
	END
	build
}

# build: the stand-in, with lines for what is explored, as UML is compiled.
build()
{
	(
		cd "$objdir" || return
		PWD=/proc/self/cwd gcc -O1 -g1 -mcmodel=large -fno-pie -fno-optimize-sibling-calls -c -o some.o ../io_uring/some.c 2>/dev/null
		gcc -O1 -mcmodel=large -fno-pie -c -o main.o ../main.c
		gcc -no-pie -static -o linux main.o some.o
	)
}

# explores WORD...: make explore of the trials that come to left() or right(), or not.
explores()
{
	T='*_left *_both *_none' SEEDS=1-1000 try env "$@" scripts/explore.sh
}

# repository: the tree as a repository with a commit.
repository()
{
	export GIT_AUTHOR_NAME=Ann GIT_AUTHOR_EMAIL=ann@example.org GIT_COMMITTER_NAME=Ann GIT_COMMITTER_EMAIL=ann@example.org
	git -C "$tree" init -q
	git -C "$tree" add io_uring fs
	git -C "$tree" commit -qm base
}

@test "focus: a function" {
	# Pins: its calls and no others, a trial that comes there has all seeds, others are named with the reason, after 100.
	explores FILE=io_uring/some.c:left
	works
	grep -qE '^ok     some_trial_left +1000 seeds .* points, 2000 of 9000 in focus' <<<"$out"
	grep -qE '^ok     some_trial_both +1000 seeds .* points, 2000 of 9000 in focus' <<<"$out"
	grep -q '^-      some_trial_none  *left out: none of its 900 points in 100 seeds is in FILE=io_uring/some.c:left$' <<<"$out"
	explores FILE=io_uring/some.c
	grep -qE '^ok     some_trial_both .* points, 4000 of 9000 in focus' <<<"$out"
	# Also where it is inlined.
	explores FILE=io_uring/some.h:inlined
	grep -qE '^ok     some_trial_both .* points, 1000 of 9000 in focus' <<<"$out"
	grep -q '^-      some_trial_left ' <<<"$out"
}

@test "focus: no trial comes there" {
	# Pins: a line, and no success.
	T=*_none SEEDS=1-1000 FILE=io_uring/some.c:left try scripts/explore.sh
	[ "$status" = 2 ]
	fails "nothing was explored there: none of 1 trials comes to FILE=io_uring/some.c:left"
	T=*_none BUDGET=2 FILE=io_uring/some.c:left try scripts/explore.sh
	[ "$status" = 2 ]
	fails "nothing was explored there"
}

@test "focus: commits" {
	# Pins: the lines that they change and those around, also where a line has gone; not what is changed again later; wherever it
	# is now.
	repository
	sed -i '/second++/d' "$tree/io_uring/some.c"
	git -C "$tree" commit -qam 'no second'
	sed -i 's/first++/first--/' "$tree/io_uring/some.c"
	git -C "$tree" commit -qam 'first less'
	sed -i '1i /* moved */' "$tree/io_uring/some.c"
	build
	explores RANGE=HEAD^
	works
	grep -qE '^ok     some_trial_both .* points, 1000 of 9000 in focus' <<<"$out"
	grep -q '^-      some_trial_left ' <<<"$out"
	explores RANGE=HEAD^^..HEAD
	grep -qE '^ok     some_trial_left .* points, 2000 of 9000 in focus' <<<"$out"
	grep -qE '^ok     some_trial_both .* points, 3000 of 9000 in focus' <<<"$out"
	sed -i 's/first--/first++/' "$tree/io_uring/some.c"
	RANGE=HEAD try scripts/explore.sh
	[ "$status" = 2 ]
	fails "RANGE=HEAD: all that it changes was changed again later"
}

@test "focus: a seed that failed is told with it" {
	# Pins: make replay is printed with it and fails with it; without, a note says what it had.
	T=*_bad SEEDS=1-200 FILE=io_uring/some.c:right try scripts/explore.sh
	[ "$status" = 1 ]
	grep -q '^NOT OK some_trial_bad  *seed 150 (pct): EXPECTATION FAILED at x.c:7$' <<<"$out"
	grep -q '^ *make replay T=some_trial_bad SEED=150 FILE=io_uring/some.c:right, or make minimise; see ' <<<"$out"
	grep -qE '^options explore.focus=[0-9a-f]+-[0-9a-f]+(,[0-9a-f]+-[0-9a-f]+)*$' "$results/explore/some_trial_bad.150"
	T=some_trial_bad SEED=150 FILE=io_uring/some.c:right try scripts/replay.sh
	[ "$status" = 1 ]
	[ -z "$err" ]
	T=some_trial_bad SEED=150 try scripts/replay.sh
	[ "$status" = 0 ]
	[[ $err == *"it failed with other ALGO=, DEPTH=, MEMORY=, ARGS=, FILE= or RANGE="* ]]
}

@test "focus: what cannot be" {
	repository
	FILE=io_uring/none.c try scripts/explore.sh
	[ "$status" = 2 ]
	fails "FILE=io_uring/none.c: no such file in build/$kernel/tree"
	FILE=io_uring/some.c:lift try scripts/explore.sh
	[ "$status" = 2 ]
	fails "FILE=io_uring/some.c:lift: no function lift that is explored in it, the nearest of 2: left"
	FILE=io_uring/some.c:pure try scripts/explore.sh
	fails "no function pure that is explored in it"
	FILE=fs/file.c try scripts/explore.sh
	fails "FILE=fs/file.c: nothing in it is explored"
	FILE=io_uring/some.c RANGE=HEAD try scripts/explore.sh
	fails "RANGE= and FILE= are two ways to say where to look: give one"
	RANGE=nosuch..HEAD try scripts/explore.sh
	fails "RANGE=nosuch..HEAD names no commits of "
	RANGE=HEAD..HEAD try scripts/explore.sh
	fails "RANGE=HEAD..HEAD of " "changes no source"
	echo 'int still_not_explored;' >>"$tree/fs/file.c"
	git -C "$tree" commit -qam 'fs'
	RANGE=HEAD try scripts/explore.sh
	[ "$status" = 2 ]
	fails "RANGE=HEAD: nothing that it changes is explored"
}

@test "focus: more than the command line takes" {
	# Pins: then it is in a file.
	for n in $(seq 300); do
		printf '%s\n' "void right$n(void)" '{' 'hook(&first);' 'first++;' '}' "void left$n(void)" '{' 'hook(&third);' '}'
	done >>"$tree/io_uring/some.c"
	build
	repository
	sed -i 's/^hook(&first);$/hook(\&second);/' "$tree/io_uring/some.c"
	sed -i 's/first++;$/second++;/' "$tree/io_uring/some.c"
	git -C "$tree" commit -qam many
	build
	explores RANGE=HEAD
	works
	grep -qE '^ok     some_trial_left +1000 seeds .* points, 2000 of 9000 in focus' <<<"$out"
}

@test "focus: a real kernel" {
	# Pins: a seed means the same alone and in a range; points are counted; what explore.focus= does not take is an error.
	real=$repo/build/$kernel/tree/um-explore
	[ -f "$real/linux" ] || skip "no kernel is built: make kernel FLAVOUR=explore"
	echo io_uring/io-wq.c io_wq_exit_start >"$BATS_TEST_TMPDIR/focus"
	ranges=$(me=x results=x objdir=$real tree=$real/.. focus=$BATS_TEST_TMPDIR/focus PYTHONPATH=scripts/lib python3 -B scripts/lib/focus.py)
	seeds()
	{
		"$real/linux" loglevel=8 explore.hash=1 kunit.filter_glob=io-wq-trial.io_wq_trial_ask_exit "$@" 2>&1 | tr -d '\r'
	}
	seeds explore=1-40 "explore.focus=$ranges" >"$BATS_TEST_TMPDIR/range"
	grep -qE 'explore: focus: 80 of [0-9]{4} points, in 40 of 40 seeds' "$BATS_TEST_TMPDIR/range"
	alone=$(seeds explore=33 "explore.focus=$ranges" | grep ' seed 33: ')
	grep -qxF "$alone" "$BATS_TEST_TMPDIR/range"
	[ "$(seeds explore=1-40 | grep -cxFf - <(grep ' seed .*hash' "$BATS_TEST_TMPDIR/range"))" -lt 30 ]
	for v in zz 2-1 1-2,1-2x 5-9,3-4 1-2, /nosuch; do
		seeds explore=1 "explore.focus=$v" | grep -q 'explore: error: explore.focus= takes FROM-TO'
	done
}
