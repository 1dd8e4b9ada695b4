# SPDX-License-Identifier: GPL-2.0
# report.sh, report.py and junit.py: a small instrumented program stands in for the kernel.

load helper

setup()
{
	clone
	no_patches
	echo '# fixes' >"$patches/series"
}

# case_of NAME KTAP [VERDICT]: what test.sh leaves beside the counts.
case_of()
{
	printf '%s\n' 'KTAP version 1' "$2" >"$results/$1/ktap"
	echo "console of $1" >"$results/$1/console"
	echo "${3:-passed}" >"$results/$1/verdict"
}

# links: the files that the pages of the report link to, each of which is there.
links()
{
	(
		cd "$report"
		grep -oh 'href="[^"]*"' ./*.html | sed 's/^href="//; s/"$//; s/#.*//' | sort -u | while read -r file; do
			[ -e "$file" ] || { echo "not there: $file"; exit 1; }
			echo "$file"
		done
	)
}

report()
{
	one_fix 's/^\(\s*\)seen = 1;/&\n\1seen = 7;\/\/ <script>/'
	run_linux good r
	case_of good $'    ok 1 a\n        ok 1 b.1\n        ok 2 b.2\n    ok 2 b\n    ok 3 c # SKIP not here\nok 1 good'
	report=$work/report-default
}

@test "report: one page with links to all that it is made of" {
	# Pins: results, targets, fixes and output of each run are there, every link leads somewhere, nothing from elsewhere.
	report
	echo '<testsuite />' >"$results/junit.xml"
	try scripts/coverage.sh
	works
	grep -qx "Report: build/$kernel/report-default/index.html" <<<"$out"
	page=$report/index.html
	grep -q '>3 passed<' "$page"
	grep -q '>0 failed<' "$page"
	grep -q '1 skipped' "$page"
	grep -q 'kernel/task_work.c</a>' "$page"
	grep -q 'io_uring/io-wq.c</a>:<wbr>right' "$page"
	grep -q '#L5">io_uring/io-wq.c:5</a> .*not reached' "$page"
	grep -q 'Not run on this kernel' "$page"
	links >all
	for file in ../coverage-default/html/index.html junit.xml runs/good.ktap.txt runs/good.console.txt io_uring-io-wq.c.html; do
		grep -qxF "$file" all
	done
	! grep -l 'src=\|https*:\|<script\|<link' "$report"/*.html || false
	cmp "$results/good/console" "$report/runs/good.console.txt"
}

@test "report: a run of another build" {
	# Pins: it stands there as one, and neither its passes nor its failures are added up.
	report
	run_linux other l
	case_of other $'ok 1 other\n    not ok 1 a\nnot ok 2 more' failed
	echo 'an older one' >"$results/other/linux.id"
	try scripts/coverage.sh
	works
	page=$report/index.html
	grep -q '>3 passed<' "$page"
	grep -q '>0 failed<' "$page"
	grep -q 'in 1 runs; 1 of another build are not counted' "$page"
	! grep -q '<h2>Failures' "$page" || false
}

@test "report: the tests that reach a line" {
	# Pins: a page for each source, with the tests and their counts beside each line; the source's text is escaped.
	report
	run_linux more r
	run_linux more r
	scripts/coverage.sh
	page=$report/io_uring-io-wq.c.html
	grep -q '<details class="hit" id="L9"><summary><i>9</i><b>3</b>.*seen = 2;</summary><p>more&nbsp;2, good&nbsp;1</p>' "$page"
	grep -q '<details class="miss" id="L5">.*seen = 7;// &lt;script&gt;</summary><p>no test reaches this line' "$page"
	grep -q '<div class="no" id="L1">.*int seen;' "$page"
}

@test "report: what failed, and why" {
	# Pins: failures come first, with their output; a crash with the end of its console; markup is escaped.
	report
	run_linux bad r
	case_of bad $'    # a: EXPECTATION FAILED at <b>:5\n    not ok 1 a\n    ok 2 b\nnot ok 1 bad' failed
	run_linux gone r
	case_of gone '' 'crashed: exit status 134'
	echo 'Kernel panic & more' >"$results/gone/console"
	run_linux cut r
	run_linux above r
	case_of above $'    ok 1 a\nok 1 above'
	scripts/coverage.sh
	page=$report/index.html
	grep -q '>5 passed<' "$page"
	grep -q '>3 failed<' "$page"
	grep -q 'EXPECTATION FAILED at &lt;b&gt;:5' "$page"
	grep -q 'crashed: exit status 134' "$page"
	grep -q 'Kernel panic &amp; more' "$page"
	grep -q 'was not run to its end' "$page"
	[ "$(grep -n '<h2>Failures' "$page" | cut -d : -f 1)" -lt "$(grep -n '<h2>Coverage' "$page" | cut -d : -f 1)" ]
	[ "$(grep -n '<tr><td>above<' "$page" | cut -d : -f 1)" -gt "$(grep -n '<tr><td>gone<' "$page" | cut -d : -f 1)" ]
}

@test "report: the kernel that was tested" {
	# Pins: the point release, the commit and the edits of the tree, the compiler.
	report
	echo 'CONFIG_CC_VERSION_TEXT="gcc 12.34"' >>"$objdir/.config"
	echo '# Linux/um 7.3.99 Kernel Configuration' >>"$objdir/.config"
	export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a
	git -C "$tree" init -q
	git -C "$tree" add io_uring kernel
	git -C "$tree" commit -qm 'what it is'
	scripts/coverage.sh
	page=$report/index.html
	grep -q '7.3.99, flavour default' "$page"
	grep -q "$(git -C "$tree" log -1 --format=%h) what it is" "$page"
	grep -q '>edits</th><td>none<' "$page"
	grep -q 'gcc 12.34' "$page"
	echo >>"$tree/io_uring/io-wq.c"
	scripts/report.sh
	grep -q '>edits</th><td>io_uring/io-wq.c | 1 +;' "$page"
}

@test "report: what has changed since the last run" {
	# Pins: tests that fail now and those that no longer do, lines reached now and no longer, though their numbers move; a
	# second report of the same runs has the same.
	report
	case_of good $'    ok 1 a\n    not ok 2 b\nnot ok 1 good' failed
	scripts/coverage.sh
	page=$report/index.html
	grep -q 'no report of an earlier run' "$page"
	sed -i '1i int above;' "$tree/io_uring/io-wq.c"
	compile
	rm -r "$results"
	run_linux good l
	case_of good $'    not ok 1 a\n    ok 2 b\nnot ok 1 good' failed
	scripts/coverage.sh
	for _ in 1 2; do
		grep -q 'newly failing: 1</p><ul><li>good.a</li></ul>' "$page"
		grep -q 'no longer failing: 1</p><ul><li>good.b</li></ul>' "$page"
		grep -q 'lines no longer reached: 6<.*io-wq.c:10</a> <code>seen = 2;</code>' "$page"
		grep -q 'newly reached lines: 5<.*io-wq.c:5</a> <code>seen = 1;</code>' "$page"
		scripts/report.sh
	done
	# A test that was not run then may have failed before.
	rm -r "$results"
	run_linux bad r
	case_of bad $'    not ok 1 a\nnot ok 1 bad' failed
	scripts/coverage.sh
	! grep -q 'newly failing' "$page" || false
	grep -q 'failing, and not run then: 1</p><ul><li>bad.a</li></ul>' "$page"
	grep -q 'Other tests were run then' "$page"
}

@test "report: the lines that a failed run has kept for it" {
	# Pins: results/<run>/failure is shown, first of all.
	report
	run_linux bad r
	case_of bad $'    not ok 1 a\nnot ok 1 bad' failed
	printf '%s\n' 'a: EXPECTATION FAILED at x.c:5' 'Expected <1>' >"$results/bad/failure"
	scripts/coverage.sh
	page=$report/index.html
	grep -q 'EXPECTATION FAILED at x.c:5' "$page"
	grep -q 'Expected &lt;1&gt;' "$page"
	[ "$(grep -n '<h2>' "$page" | head -n 1)" = "$(grep -n '<h2>Failures' "$page")" ]
}

@test "report: the last make prove" {
	# Pins: the rows of this kernel, with the tests, and the tables.
	report
	mkdir -p "$work/proof-default"
	printf '%s\n' $'60 ms\t2 ms\tproved by 2 tests, built in 3 s' io-wq.one two >"$work/proof-default/fix-a"
	printf '\n%s\n' 'calls <with>' '100 200' >"$work/proof-default/cost.table"
	mkdir "$work/proof-smp"
	printf '\n%s\n' 'times' '7 8' >"$work/proof-smp/cost.table"
	scripts/coverage.sh
	grep -q '^7 8' "$report/index.html"
	grep -q '<td>60 ms</td><td>2 ms</td>' "$report/index.html"
	grep -q 'proved by 2 tests, built in 3 s</span><small>io-wq.one, two</small>' "$report/index.html"
	grep -q '^<pre>calls &lt;with&gt;$' <<<"$(sed 's,</table>\|</div>,&\n,g' "$report/index.html")"
}

@test "report: the last make review" {
	# Pins: a link to its page, with its verdict.
	report
	mkdir -p "$work/review"
	printf '%s\n' '"a <b>"' 'clean: it is' >"$work/review/verdict"
	echo page >"$work/review/index.html"
	try scripts/coverage.sh
	works
	links | grep -qx ../review/index.html
	grep -q 'a &lt;b&gt;&quot;</a>: clean: it is' "$report/index.html"
}

@test "report: the last make explore" {
	# Pins: a link to its pages, with what it found, if there are any.
	report
	[ "$(links | grep -c report-explore)" = 0 ]
	mkdir -p "$work/report-explore"
	echo '{"b.html": {"kind": "story", "what": "y"}, "a.html": {"kind": "exploration", "what": "2 <seeds>"}}' >"$work/report-explore/index.json"
	echo page >"$work/report-explore/index.html"
	try scripts/coverage.sh
	works
	links | grep -qx ../report-explore/index.html
	grep -q '2 &lt;seeds&gt;</a>' "$report/index.html"
}

@test "report: a fix that is not in the tree" {
	# Pins: the report says so, and has all the rest.
	report
	sed -i 's/seen = 7;/seen = 8;/' "$tree/io_uring/io-wq.c"
	compile
	run_linux good r
	try scripts/coverage.sh
	works
	grep -q 'fix-a is not in ' "$report/index.html"
	grep -q '>3 passed<' "$report/index.html"
}

@test "report: a target below its floor" {
	# Pins: the report is written all the same, the figure and its floor in it; make coverage fails.
	report
	printf '%s\n' 'counted io_uring/ kernel/task_work.c' 'io_uring/io-wq.c:left 50 0 0' >coverage/targets
	try scripts/coverage.sh
	[ "$status" = 1 ]
	grep -q '<span class="bad">0.0&nbsp;%&nbsp;!</span><small>of&nbsp;[0-9]*, floor&nbsp;50</small>' "$report/index.html"
}

@test "report: no space left, and nothing to report" {
	# Pins: an error, and the report that is there stays.
	try scripts/report.sh
	fails 'there is no ' 'make test coverage'
	report
	scripts/coverage.sh
	cp -a "$report" before
	try sh -c 'trap "" XFSZ; ulimit -f 8; scripts/report.sh'
	fails "cannot write build/$kernel/report-default"
	diff -r before "$report"
}

@test "report: JUnit XML where kunit.py writes none" {
	# Pins: the form is that of a kunit.py that does, with a case that failed, one skipped, a suite that crashed.
	parser=$repo/build/$kernel/tree/tools/testing/kunit/kunit.py
	grep -qs -- "'--junit'" "$parser" || skip "no kernel tree with such a kunit.py: make kernel"
	printf '%s\n' 'KTAP version 1' 1..3 '    KTAP version 1' '    # Subtest: a' '    1..3' '    ok 1 x & y' '    not ok 2 z' \
		'    ok 3 s # SKIP not here' 'not ok 1 a' '    KTAP version 1' '    # Subtest: b' '    1..1' '        KTAP version 1' \
		'        # Subtest: p' '        ok 1 one' '        ok 2 two' '    ok 1 p' 'ok 2 b' '# c: crashed' 'not ok 3 c' >ktap
	python3 -X pycache_prefix="$PWD/cache" "$parser" parse --json="$PWD/json" --junit="$PWD/theirs" <ktap || :
	PYTHONPATH=scripts/lib python3 -B -c "import junit; junit.convert('json', 'ours')"
	# What the tests said is not in the JSON, nor is why one was skipped.
	plain()
	{
		python3 - "$1" <<-'END'
			import sys, xml.etree.ElementTree as ET
			for e in ET.parse(sys.argv[1]).iter():
			    if e.tag != "system-out":
			        print(e.tag, sorted(e.attrib.items()), (e.text or "").strip() if e.tag != "skipped" else "")
		END
	}
	plain theirs >one
	plain ours >two
	cat one
	grep -q failure one
	grep -q skipped one
	diff one two
}

@test "report: what only liburing reaches" {
	# Pins: a column with the lines that the counts of liburing have and those of the tests do not, while both are of this tree.
	report
	try scripts/coverage.sh
	works
	! grep -q 'only liburing' "$report/index.html" || false
	cp -r "$work/coverage-default" "$work/coverage-liburing"
	sed -i 's/\[0, /[1, /g' "$work/coverage-liburing/lines.json"
	mkdir "$tree/um-liburing"
	cp "$objdir/linux" "$tree/um-liburing"
	stat -L -c '%i %s %.Y' "$tree/um-liburing/linux" >"$work/coverage-liburing/linux.id"
	try scripts/report.sh
	works
	grep -q 'only liburing reaches' "$report/index.html"
	grep -q '>4<small><a href="io_uring-io-wq.c.html#L2">2</a> ' "$report/index.html"
	sleep 0.1
	echo >>"$tree/io_uring/io-wq.c"
	try scripts/report.sh
	! grep -q 'only liburing' "$report/index.html" || false
}
