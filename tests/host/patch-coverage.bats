# SPDX-License-Identifier: GPL-2.0
# patch-coverage.sh: a small instrumented program stands in for the kernel.

load helper

setup()
{
	clone
	no_patches
	echo '# fixes' >"$patches/series"
	# A build that has nothing to do; the tests are one run.
	printf '%s\n' '#!/bin/sh' '. "$(dirname "$0")/lib/common.sh"' 'touch "$objdir/built"' >scripts/build.sh
	cat >scripts/test.sh <<-END
		#!/bin/sh
		. "\$(dirname "\$0")/lib/common.sh"
		echo "the tests run\$T"
		mkdir -p "\$results/all/gcov"
		cp "\$objdir/linux.id" "\$results/all"
		GCOV_PREFIX=\$results/all/gcov GCOV_PREFIX_STRIP=3 "\$objdir/linux" r
	END
}

@test "patch-coverage: a fix whose lines are all reached" {
	# Pins: only the lines that it adds are counted; exit status 0.
	one_fix 's/^\(\s*\)seen = 4;/&\n\1seen = 5;\n\1seen = 6;/'
	run_linux two r
	scripts/coverage.sh
	try scripts/patch-coverage.sh
	works
	grep -qx 'fix-a  *100.0 % of    2  100.0 % of    0' <<<"$out"
	[ "$(wc -l <<<"$out")" = 2 ]
}

@test "patch-coverage: a line that is not reached, and a branch that goes one way" {
	# Pins: file, line and text of each, the sums, exit status 1; for a fix that is merged as for one that is applied.
	one_fix 's/^\(\s*\)seen = 1;/&\n\1seen = 7;/; s/^\(\s*\)seen = 4;/&\n\1if (seen == 4)\n\1\tseen = 5;/'
	run_linux two r
	scripts/coverage.sh
	sed -i 's/^fix-a/# merged: fix-a/' "$patches/series"
	try make patch-coverage FIX=fix-a
	[ "$status" = 2 ]
	grep -qx 'fix-a  *66.7 % of    3    0.0 % of    1' <<<"$out"
	grep -qx '    io_uring/io-wq.c:5: not reached: seen = 7;' <<<"$out"
	grep -qx '    io_uring/io-wq.c:12: branches [+-][+-]: if (seen == 4)' <<<"$out"
	[ "$(wc -l <<<"$out")" = 4 ]
}

@test "patch-coverage: lines that have moved since" {
	# Pins: the lines are those of the tree as it is, edits included, whatever numbers the patch has.
	one_fix 's/^\(\s*\)seen = 1;/&\n\1seen = 7;/'
	sed -i '1i int above;' "$tree/io_uring/io-wq.c"
	compile
	run_linux two r
	scripts/coverage.sh
	try scripts/patch-coverage.sh
	[ "$status" = 1 ]
	grep -qx '    io_uring/io-wq.c:6: not reached: seen = 7;' <<<"$out"
}

@test "patch-coverage: a fix that is not in the tree" {
	# Pins: fix and file are named, in one line.
	one_fix 's/^\(\s*\)seen = 1;/&\n\1seen = 7;/'
	sed -i 's/seen = 7;/seen = 8;/' "$tree/io_uring/io-wq.c"
	compile
	run_linux two r
	scripts/coverage.sh
	try scripts/patch-coverage.sh
	fails 'fix-a is not in ' 'patch failed: io_uring/io-wq.c'
	FIX=nosuch try scripts/patch-coverage.sh
	fails 'no fix nosuch' 'FIX= takes one of fix-a'
}

@test "patch-coverage: it runs what it needs, and says so" {
	# Pins: build, tests and coverage for a new kernel; coverage alone for new runs; nothing if all is there. T does not matter.
	one_fix 's/^\(\s*\)seen = 1;/&\n\1seen = 7;/'
	echo 'echo built' >>scripts/build.sh
	T=left try scripts/patch-coverage.sh
	[ "$status" = 1 ]
	grep -qx '    io_uring/io-wq.c:5: not reached: seen = 7;' <<<"$out"
	[ "$(cut -d : -f 1,2 <<<"$err" | paste -sd ';')" = 'built;patch-coverage: running all tests, as there are no counts of all on this kernel;the tests run;patch-coverage: adding up the counts' ]
	try scripts/patch-coverage.sh
	[ "$err" = built ]
	sleep 0.05
	run_linux two l
	try scripts/patch-coverage.sh
	[ "$status" = 0 ]
	grep -q 'adding up the counts: there are runs since' <<<"$err"
	! grep -q 'the tests run' <<<"$err" || false
	echo 'exit 1' >>scripts/build.sh
	try scripts/patch-coverage.sh
	[ "$status" = 1 ]
	! grep -q adding <<<"$err" || false
}

@test "patch-coverage: a report that is absent or stale, for report.sh" {
	# Pins: one line with what to do: no report, one of another build, sources or runs that are newer.
	one_fix 's/^\(\s*\)seen = 1;/&\n\1seen = 7;/'
	run_linux two l
	try scripts/patch-coverage.sh --as-is
	fails 'there is no build/' 'make test coverage'
	scripts/coverage.sh
	sleep 0.05
	run_linux three l
	try scripts/patch-coverage.sh --as-is
	fails 'there are runs since' 'make test coverage'
	scripts/coverage.sh
	try scripts/patch-coverage.sh --as-is
	works
	touch "$tree/io_uring/io-wq.c"
	try scripts/patch-coverage.sh --as-is
	fails 'io_uring/io-wq.c was edited since' 'make test coverage'
	compile
	try scripts/patch-coverage.sh --as-is
	fails 'is of another build' 'make test coverage'
}

# history DIR: a repository with the program and two commits on it, of which one is reached.
history()
{
	export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a
	git -C "$1" init -q
	git -C "$1" add io_uring kernel
	git -C "$1" commit -qm base
	git -C "$1" tag base
	for edit in 's/^\(\s*\)seen = 1;/&\n\1seen = 7;/' 's/^\(\s*\)seen = 4;/&\n\1seen = 5;/'; do
		sed -i "$edit" "$1/io_uring/io-wq.c"
		git -C "$1" commit -qam "$edit"
	done
}

@test "patch-coverage: a range of commits" {
	# Pins: of the tree here, or with KDIR= of the user's own, also if that is another user's; one commit; lines that were changed again are left out.
	instrumented
	history "$tree"
	compile
	run_linux two r
	scripts/coverage.sh
	try make patch-coverage RANGE=base..
	[ "$status" = 2 ]
	grep -qx 'base\.\.  *50.0 % of    2  100.0 % of    0' <<<"$out"
	grep -qx '    io_uring/io-wq.c:5: not reached: seen = 7;' <<<"$out"
	RANGE=HEAD try scripts/patch-coverage.sh
	works
	grep -qx 'HEAD  *100.0 % of    1  100.0 % of    0' <<<"$out"
	RANGE=HEAD~2..HEAD~1 try scripts/patch-coverage.sh
	[ "$status" = 1 ]
	grep -qx 'HEAD~2..HEAD~1  *0.0 % of    1  100.0 % of    0' <<<"$out"
	RANGE=HEAD..base try scripts/patch-coverage.sh
	fails 'changes no source'
	RANGE=nosuch.. try scripts/patch-coverage.sh
	fails 'RANGE=nosuch.. names no commits'

	mkdir mine
	cp -r "$tree/io_uring" "$tree/kernel" "$tree/.git" mine
	export KDIR=$top/mine
	kdir=$top/build/kdir-$(printf %s "$KDIR" | cksum | cut -d ' ' -f 1)
	mv "$work" "$kdir"
	sed -i 's/seen = 7;/seen = 8;/' "$kdir/tree/io_uring/io-wq.c"
	tree=$kdir/tree objdir=$kdir/tree/um-default results=$kdir/results-default
	rm -r "$tree/.git"
	compile
	rm -r "$results"
	run_linux two r
	scripts/coverage.sh
	RANGE=base.. try scripts/patch-coverage.sh
	works
	grep -qx 'base\.\.  *100.0 % of    1  100.0 % of    0' <<<"$out"
	GIT_TEST_ASSUME_DIFFERENT_OWNER=1 RANGE=base.. try scripts/patch-coverage.sh --as-is
	works
}

# added LINE...: the row for these lines of a.c, with what the file lines.json says of them.
added()
{
	mkdir -p tree/io_uring
	printf 'text %d\n' $(seq 30) >tree/io_uring/a.c
	printf 'io_uring/a.c %s\n' "$@" >added
	try /usr/bin/python3 -S -B coverage/cov.py patch tree objdir results 1 row added lines.json
}

@test "patch-coverage: counted by hand" {
	# Pins: of the lines that were added alone: those with code, those reached, those that branch and go each way.
	echo '{"io_uring/a.c": {"10": [1, ""], "11": [1, "+--"], "12": [0, "--"], "13": [2, "++"], "20": [0, ""]}}' >lines.json
	added 9 10 11 12 13
	[ "$status" = 1 ]
	[ "$out" = "row                                75.0 % of    4   33.3 % of    3
    io_uring/a.c:11: branches +--: text 11
    io_uring/a.c:12: not reached: text 12" ]
	added 10 13
	works
	[ "$out" = "row                               100.0 % of    2  100.0 % of    1" ]
}

@test "patch-coverage: a source without counts" {
	# Pins: that nothing is known of it is no success.
	echo '{}' >lines.json
	added 10
	[ "$status" = 1 ]
	grep -qx '    io_uring/a.c: is not counted' <<<"$out"
}
