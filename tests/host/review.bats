# SPDX-License-Identifier: GPL-2.0
# review.sh: what it takes for a patch, and how that applies, to a stand-in for a tree, with patches of comments; review.py: what it
# makes of results; and some patches to a real kernel.

load helper

# stand_in: a tree that is built already, and a copy of it, mine, to commit in.
stand_in()
{
	clone
	no_patches
	kernel_tree "$tree"
	mkdir -p "$tree/scripts"
	echo 'exit 0;' >"$tree/scripts/checkpatch.pl"
	printf '#!/bin/sh\n' | tee scripts/build.sh >scripts/lib/tree.sh
	export GIT_AUTHOR_NAME=Ann GIT_AUTHOR_EMAIL=ann@example.org GIT_COMMITTER_NAME=Ann GIT_COMMITTER_EMAIL=ann@example.org
	git -C "$tree" init -q
	git -C "$tree" add -A
	git -C "$tree" commit -qm base
	git -C "$tree" tag series
	git clone -q "$tree" "$BATS_TEST_TMPDIR/mine"
	mine=$BATS_TEST_TMPDIR/mine
}

# edit LINE COMMENT SUBJECT: commit a comment behind that line of io-wq.c.
edit()
{
	sed -i "$1a /* $2 */" "$mine/io_uring/io-wq.c"
	git -C "$mine" commit -qam "$3"
}

# mails OPTION...: the mails of the commits in mine.
mails()
{
	git -C "$mine" format-patch --stdout "$@" origin/HEAD
}

# clean: it found nothing in a patch of comments.
clean()
{
	[ "$status" = 0 ]
	grep -qx 'verdict  *clean: it changes nothing but comments and documentation' <<<"$out"
}

@test "review: what cannot be a patch" {
	# Pins: one line, status 2, before anything is built.
	stand_in
	printf '#!/bin/sh\necho built >&2\n' | tee scripts/build.sh >scripts/lib/tree.sh
	try scripts/review.sh
	fails 'what to review?' 'PATCH=mail.mbox'
	PATCH=nosuch try scripts/review.sh
	fails 'PATCH=nosuch: no such file'
	PATCH=tests try scripts/review.sh
	fails 'PATCH=tests is a directory'
	PATCH=README.md RANGE=a..b try scripts/review.sh
	fails 'give one'
	FIX=nosuch try scripts/review.sh
	fails 'no fix nosuch'
	RANGE=nosuch.. try scripts/review.sh
	fails 'RANGE=nosuch.. names no commits'
	BUDGET=soon PATCH=x try scripts/review.sh
	fails 'BUDGET=soon' 'whole number'
	printf '%s\n' 'From a@b Thu Jan  1 00:00:00 1970' 'From: a@b' 'Subject: hello' '' 'No patch in here.' >mbox
	PATCH=mbox try scripts/review.sh
	fails 'mbox holds no patch'
	[ "$status" = 2 ]
	edit 5 one one
	mails | sed '/^ line 6;$/d' >damaged
	PATCH=damaged try scripts/review.sh
	fails 'the mail is damaged' 'corrupt patch'
}

@test "review: Ctrl-C" {
	# Pins: during a build, also of another flavour and of objects in the background: it ends at once, with 130, lets go of the lock,
	# and what it has started ends as well.
	stand_in
	long=61.$RANDOM$RANDOM
	edit 5 one one
	mails >one.patch
	sed -i 's,/\*,int i; /*,' one.patch
	printf '%s\n' '#!/bin/sh' "touch $PWD/begun; sleep $long" >scripts/build.sh
	PATCH=one.patch interrupt 10 begun scripts/review.sh
	[ "$status" = 130 ]
	flock -n "$work/lock" true
	! pgrep -fx "sleep $long" || false
	rm begun
	interrupt 10 begun env FLAVOUR=debug scripts/review.sh --flavour 60 "$(date +%s)" a a a 1
	[ "$status" = 130 ]
	! pgrep -fx "sleep $long" || false
	rm begun
	mkdir -p "$objdir"
	for o in a b; do
		echo "savedcmd_d/$o.o := touch begun$o; sleep $long" >"$objdir/.$o.o.cmd"
		echo "./$o.o"
	done >"$objdir/list"
	sed '/^# An end/,$d' scripts/review.sh >scripts/compile.sh
	printf '%s\n' 'cd "$objdir" && (JOBS=2 && compile_all list)' >>scripts/compile.sh
	interrupt 10 "$objdir/begunb" sh scripts/compile.sh
	[ "$status" = 130 ]
	! pgrep -fx "sleep $long" || false
}

@test "review: other flavours" {
	# Pins: one that is up to date comes first; one whose kernel is out of date only if the time is there to build it; one that is not
	# built, never. Each is named.
	stand_in
	ln -s "$top/tests" "$work/tests"
	for f in debug smp; do
		mkdir -p "$tree/um-$f/io_uring"
		touch "$tree/um-$f/linux" "$tree/um-$f/built"
		for n in $(seq 40); do
			echo "savedcmd_io_uring/$n.o := gcc ../io_uring/io-wq.c \\" ' ../io_uring/io-wq.c \' >"$tree/um-$f/io_uring/.$n.o.cmd"
		done
	done
	sleep 0.05
	echo >>"$tree/io_uring/io-wq.c"
	sleep 0.05
	touch "$tree/um-smp/built"
	{
		echo '[ "${1-}" != --flavour ] || { echo "$FLAVOUR $2" >>ran; exit; }'
		sed '/^# An end/,$d' scripts/review.sh
		echo 'mkdir -p "$out"; start=$(date +%s) snapshot=a before=a after=a nr=1 JOBS=1; other_flavours'
	} >scripts/other.sh
	echo '#!/bin/sh' | cat - scripts/other.sh >scripts/others.sh
	chmod +x scripts/others.sh
	BUDGET=100 try scripts/others.sh
	[ "$(cut -d ' ' -f 1 ran | paste -sd ' ')" = 'smp debug' ]
	rm ran
	BUDGET=30 try scripts/others.sh
	[ "$(cut -d ' ' -f 1 ran | paste -sd ' ')" = smp ]
	grep -q 'undone.flavour debug, of whose kernel 4[01] objects are out of date: make kernel FLAVOUR=debug' "$work/review/facts"
	rm "$tree/um-debug/linux" "$work/review/facts"
	BUDGET=8 try scripts/others.sh
	grep -q 'undone.flavour debug, which is not built' "$work/review/facts"
	grep -q 'undone.flavour smp, for lack of time' "$work/review/facts"
}

# look: scripts/look.sh, which is review.sh when it comes to explore; stdin is its in_variant().
look()
{
	stand_in
	sed -i 50d "$tree/io_uring/io-wq.c"
	git -C "$tree" commit -qam 'without 50'
	{
		echo '#!/bin/sh'
		sed '/^# An end/,$d' scripts/review.sh
		echo 'side() { :; }'
		cat
		echo 'mkdir -p "$out"; start=$(date +%s) scratch=$tree before=HEAD^ after=HEAD'
		echo 'echo io_uring/io-wq.c >"$out/changed"; explore_lines'
	} >scripts/look.sh
	chmod +x scripts/look.sh
}

@test "review: schedules of what it changes" {
	# Pins: its lines, as either side has them; a trial that fails with it, and not without by more seeds, is noted, and one that
	# fails on both sides; one that had too few seeds without it, or did not end, is not told; without time, that. What the environment
	# has for others, or for make explore, changes nothing.
	look <<-'END'
		in_variant()
		{
			echo "$1 $3 ${SEEDS-}${HOSTS-}${JOBS_FILE-}${RESULTS-}: $(paste -sd ' ' "$focus")" >>ran
			case $1,$3 in
			*-after-*)
				printf 'NOT OK a_trial_%s    seed 7 (pct): it broke\n' new old some
				echo 'NOT OK a_trial_ends   seeds 1-100: the boot did not end'
				echo 'NOT OK a_trial_late   no seed was run: BUDGET= is too short'
				;;
			*,a_trial_old) echo 'NOT OK a_trial_old   seed 9 (pct): it broke' ;;
			*,a_trial_new) printf 'ok     a_trial_new   1035 seeds     9/s\nreview: 1 trials, 0 failed\n'; return ;;
			*,a_trial_some) printf 'ok     a_trial_some   100 seeds     9/s\nreview: 1 trials, 0 failed\n'; return ;;
			esac
			echo 'review: 2 trials, 2 failed'
			return 1
		}
	END
	HOSTS=a,b RESULTS=/x JOBS_FILE=x SEEDS=3 BUDGET=100 try scripts/look.sh
	[ "$(paste -sd ';' ran)" = "review-after-default * : io_uring/io-wq.c 49 io_uring/io-wq.c 50;review-before-default a_trial_new 1-1035: io_uring/io-wq.c 50;review-before-default a_trial_old 1-1035: io_uring/io-wq.c 50;review-before-default a_trial_some 1-1035: io_uring/io-wq.c 50" ]
	grep -qxP 'explored\ta_trial_new\t7\tit broke' "$work/review/facts"
	grep -qxP 'note\ta_trial_old fails without the patch as well, in flavour default' "$work/review/facts"
	grep -qxP 'unknown\twhether a_trial_some fails without the patch, for lack of time' "$work/review/facts"
	grep -qxP 'unknown\texploration of a_trial_ends: seeds 1-100: the boot did not end' "$work/review/facts"
	[ "$(grep -c '^unknown' "$work/review/facts")" = 2 ]
	grep -qxP 'focus\t2 trials, 2 failed' "$work/review/facts"
	rm ran
	BUDGET=25 try scripts/look.sh
	[ ! -e ran ]
	grep -q 'undone.exploration of the lines that change, for lack of time' "$work/review/facts"
}

@test "review: an exploration that broke" {
	# Pins: whatever ended it, also a traceback, whose status is that of a failure: it is no result, on either side, and how it ended is
	# said.
	look <<-'END'
		in_variant()
		{
			case $1,$BROKEN in
			*-after-*,before*) printf 'NOT OK a_trial    seed 7 (pct): it broke\nreview: 1 trials, 9 seeds, 1 failed\n'; return 1 ;;
			esac
			echo 'KeyError: token' >&2
			[ "${BROKEN#*-}" != late ] || echo 'review: 1 trials, 9 seeds, 0 failed'
			case $BROKEN in *-[0-9]*) return "${BROKEN#*-}" ;; *) return 1 ;; esac
		}
	END
	for broken in 0 1 late 2 137 143; do
		rm -rf "$work/review"
		BROKEN=after-$broken BUDGET=100 try scripts/look.sh
		grep -qxP "unknown\texploration of the lines that change ended with status ${broken/late/1}: KeyError: token" "$work/review/facts"
		[ "$(wc -l <"$work/review/facts")" = 1 ]
	done
	for broken in 1 late 2 137; do
		rm "$work/review/facts"
		BROKEN=before-$broken BUDGET=100 try scripts/look.sh
		grep -qxP "unknown\twhether a_trial fails without the patch: exploration of that ended with status ${broken/late/1}: KeyError: token" "$work/review/facts"
		[ "$(grep -c '^focus' "$work/review/facts")" = 1 ]
		[ "$(wc -l <"$work/review/facts")" = 2 ]
	done
}

@test "review: a tree in the middle of a merge" {
	# Pins: one line that says so, for the tree here and for KDIR.
	stand_in
	edit 5 one one
	mails >one.patch
	first=$(git -C "$mine" rev-parse HEAD)
	git -C "$mine" checkout -qb other HEAD~
	edit 5 two two
	! git -C "$mine" merge -q "$first" >/dev/null 2>&1 || false
	[ -n "$(git -C "$mine" ls-files -u)" ]
	KDIR=$mine PATCH=one.patch try scripts/review.sh
	fails "$mine has merge conflicts" io_uring/io-wq.c
	rm -r "$tree"
	mv "$mine" "$tree"
	PATCH=one.patch try scripts/review.sh
	fails 'has merge conflicts'
	[ "$status" = 2 ]
}

@test "review: a mail, a diff, several, packed, from stdin" {
	# Pins: each is taken; the tree, its index and its repository stay as they are.
	stand_in
	edit 5 one 'io-wq: one'
	edit 50 two 'io-wq: two'
	mails >two.mbox
	git -C "$mine" diff HEAD~2 HEAD~ >1.diff
	git -C "$mine" diff HEAD~ >2.diff
	gzip -k two.mbox
	sums "$tree" >before
	for patch in two.mbox two.mbox.gz 1.diff '1.diff 2.diff'; do
		PATCH=$patch try scripts/review.sh
		clean
	done
	grep -q '^review  *"1" and 1 more' <<<"$out"
	PATCH=two.mbox try scripts/review.sh
	grep -q '^review  *"io-wq: one" and 1 more, by Ann' <<<"$out"
	grep -q '^applies  *just so; to linux-source-' <<<"$out"
	status=0
	PATCH=- scripts/review.sh <two.mbox || status=$?
	[ "$status" = 0 ]
	sums "$tree" | diff before -
	[ -s "$work/review/reply" ]
	grep -q 'io-wq: one' "$work/review/index.html"
	[ "$(tail -n 1 "$work/review/verdict")" = 'clean: it changes nothing but comments and documentation' ]
}

@test "review: git as a user may have it, and as a hook calls us" {
	# Pins: no configuration, nor a hook's repository, changes what is applied, from mails, diffs and commits; names that git quotes.
	stand_in
	printf '/* a */\n' >"$tree/io_uring/$(printf '\303\244').h"
	git -C "$tree" add -A
	git -C "$tree" commit -qm more
	git -C "$mine" pull -q
	edit 5 'one ' 'io-wq: one'
	git -C "$mine" mv "io_uring/$(printf '\303\244').h" "io_uring/$(printf '\303\266').h"
	printf '/* b */\n' >>"$mine/io_uring/$(printf '\303\266').h"
	edit 50 'two ' 'io-wq: two'
	mails -M >two.mbox
	git -C "$mine" diff -M HEAD~2 >two.diff
	mkdir -p hooks template/hooks
	printf '#!/bin/sh\nexit 1\n' | tee hooks/pre-commit hooks/applypatch-msg hooks/pre-applypatch >template/hooks/commit-msg
	chmod +x hooks/* template/hooks/*
	cat >"$HOME/.gitconfig" <<-END
		[apply]
			whitespace = error-all
			ignoreWhitespace = change
		[am]
			messageid = true
		[color]
			ui = always
		[commit]
			gpgsign = true
			template = $top/nosuch
		[core]
			hooksPath = $top/hooks
			whitespace = trailing-space,space-before-tab,tab-in-indent
			autocrlf = true
			attributesFile = $top/attributes
		[diff]
			noprefix = true
			external = false
			relative = true
		[format]
			attach = true
			coverLetter = true
		[init]
			templateDir = $top/template
			defaultObjectFormat = sha256
		[user]
			useConfigOnly = true
	END
	echo '* -text diff=none ident filter=none' >attributes
	mkdir -p "build/kdir-$(printf %s "$mine" | cksum | cut -d ' ' -f 1)"
	git clone -q "$mine" "build/kdir-$(printf %s "$mine" | cksum | cut -d ' ' -f 1)/tree"
	git init -q elsewhere
	git -C "$mine" config diff.noprefix true
	git -C "$mine" config format.coverLetter true
	git -C "$mine" config format.attach x
	unset GIT_CONFIG_GLOBAL
	export GIT_DIR=$top/elsewhere/.git GIT_WORK_TREE=$top/elsewhere GIT_INDEX_FILE=$top/elsewhere/.git/index GIT_PREFIX=a/ \
		GIT_OBJECT_DIRECTORY=$top/elsewhere/.git/objects GIT_CONFIG_PARAMETERS="'core.bare'='true'" GIT_EXTERNAL_DIFF=false
	PATCH=two.mbox try scripts/review.sh
	clean
	PATCH=two.diff try scripts/review.sh
	clean
	KDIR=$mine RANGE=HEAD~2.. try scripts/review.sh
	clean
	[ -z "$(find elsewhere/.git/objects -type f)" ]
}

@test "review: a thread, in any order" {
	# Pins: the patches of the last version by their number; the cover letter and replies are left out.
	stand_in
	edit 5 one 'io-wq: one'
	edit 6 two 'io-wq: two'
	mkdir mails
	git -C "$mine" format-patch -q -v2 --cover-letter -o "$top/mails" origin/HEAD
	git -C "$mine" format-patch -q -o "$top/mails" origin/HEAD
	sed 's/^Subject: /&Re: /; s/two/three/' mails/v2-0002* >mails/reply
	cat mails/0002* mails/v2-0002* mails/reply mails/v2-0000* mails/v2-0001* mails/0001* >thread
	PATCH=thread try scripts/review.sh
	clean
	grep -q '^review  *"io-wq: one" and 1 more' <<<"$out"
	grep -q '^note  *3 of the mails with a patch are left out' <<<"$out"
	PATCH=$(echo mails/v2-0001*) try scripts/review.sh
	clean
	grep -q '^note  *these are 1 of the 2 patches of the series' <<<"$out"
}

@test "review: what is in the tree already" {
	# Pins: it is taken out of it again; and if that cannot be, it is not called clean.
	stand_in
	edit 5 one 'io-wq: one'
	edit 6 two 'io-wq: two'
	mails >two.mbox
	cp "$mine/io_uring/io-wq.c" "$tree/io_uring/io-wq.c"
	PATCH=two.mbox try scripts/review.sh
	clean
	grep -q '^applies  *in the tree already: compared with the tree without it' <<<"$out"
	sed -i 's/one/gone/' "$tree/io_uring/io-wq.c"
	PATCH=two.mbox try scripts/review.sh
	[ "$status" = 2 ]
}

@test "review: by a three-way merge" {
	# Pins: as git am -3; each way is said, and where there is none, the hunk.
	stand_in
	edit 5 one 'io-wq: one'
	mails >one.patch
	sed -i '4s/.*/line 4 is another;/' "$tree/io_uring/io-wq.c"
	PATCH=one.patch try scripts/review.sh
	clean
	grep -q '^applies  *by a three-way merge; to .* and edits of yours' <<<"$out"
	rm -rf "$tree/.git"
	PATCH=one.patch try scripts/review.sh
	[ "$status" = 2 ]
	grep -q '^applies  *with one line of context; to ' <<<"$out"
	grep -q '^unknown  *git am -3 refuses it' <<<"$out"
	sed -i '5s/.*/other;/' "$tree/io_uring/io-wq.c"
	PATCH=one.patch try scripts/review.sh
	fails 'the patch does not apply to linux-source-' 'io_uring/io-wq.c, the hunk at line 3'
	[ "$status" = 2 ]
}

@test "review: commits" {
	# Pins: RANGE of the tree, of KDIR; one commit.
	stand_in
	git -C "$tree" tag base
	mine=$tree edit 5 one 'io-wq: one'
	mine=$tree edit 6 two 'io-wq: two'
	for range in base.. HEAD~2..HEAD; do
		RANGE=$range try scripts/review.sh
		clean
		grep -q '^review  *"io-wq: one" and 1 more' <<<"$out"
	done
	RANGE=HEAD try scripts/review.sh
	clean
	grep -q '^review  *"io-wq: two", by' <<<"$out"
	RANGE=HEAD..HEAD try scripts/review.sh
	fails 'is empty'
	edit 7 three 'io-wq: three'
	cp -r "$tree" "$BATS_TEST_TMPDIR/kept"
	mkdir -p "build/kdir-$(printf %s "$mine" | cksum | cut -d ' ' -f 1)"
	mv "$BATS_TEST_TMPDIR/kept" "build/kdir-$(printf %s "$mine" | cksum | cut -d ' ' -f 1)/tree"
	KDIR=$mine RANGE=HEAD try scripts/review.sh
	clean
	grep -q "^applies  *.*; to $mine, which is 7.3.9" <<<"$out"
}

@test "review: what checkpatch says" {
	# Pins: each remark counts; that it did not run is no success.
	stand_in
	edit 5 one one
	mails >one.patch
	echo 'print "io_uring/io-wq.c:6: CHECK:ODD: how odd\n:3: WARNING:DULL: so so\n"; exit 1;' >"$tree/scripts/checkpatch.pl"
	PATCH=one.patch try scripts/review.sh
	[ "$status" = 1 ]
	grep -qx 'checkpatch  *0 errors, 1 warning, 1 check' <<<"$out"
	grep -qx ' *io_uring/io-wq.c:6: CHECK:ODD: how odd' <<<"$out"
	grep -qx ' *message: WARNING:DULL: so so' <<<"$out"
	grep -q '^verdict  *not clean: checkpatch has 2 remarks' <<<"$out"
	echo 'die "no spelling.txt\n"' >"$tree/scripts/checkpatch.pl"
	PATCH=one.patch try scripts/review.sh
	[ "$status" = 2 ]
	grep -q '^verdict  *could not tell: checkpatch.pl: no spelling.txt' <<<"$out"

	# It knows nothing of quoted-printable.
	echo 'open(F, $ARGV[-1]); while (<F>) { print "a.c:1: CHECK:EQ: seen\n" if /=3D/; } exit 0;' >"$tree/scripts/checkpatch.pl"
	sed 's/^Subject:/Content-Transfer-Encoding: quoted-printable\n&/; s,^+.*one.*,+/* a =3D b */,' one.patch >two.patch
	PATCH=two.patch try scripts/review.sh
	clean
	sed -i '/^Content/d' two.patch
	PATCH=two.patch try scripts/review.sh
	[ "$status" = 1 ]
}

# run SIDE NAME VERDICT RESULT...: a run of that side, with these results.
run_of()
{
	local into=$BATS_TEST_TMPDIR/h@review-$1/results-default/$2
	mkdir -p "$into"
	echo "$3" >"$into/verdict"
	{
		printf '%s\n' 'KTAP version 1' 1..1 '    KTAP version 1' "    1..$(printf '%s\n' "${@:4}" | grep -c '^\(not \)\?ok ')"
		printf '    %s\n' "${@:4}"
		[ "$3" = failed ] && echo "not ok 1 $2" || echo "ok 1 $2"
	} >"$into/ktap"
	: >"$into/console"
}

# judge: what review.py makes of the notes in $notes and of these results.
judge()
{
	try /usr/bin/python3 -S -B "$repo/scripts/lib/review.py" "$notes" "$BATS_TEST_TMPDIR/h" default /nowhere review
}

notes_of()
{
	notes=$BATS_TEST_TMPDIR/notes
	mkdir -p "$notes" "$BATS_TEST_TMPDIR/h@review-after/tree/io_uring"
	printf '%s\t%s\n' applies 'just so' tree 'it, which is 7.3.9, whole' took 5 >"$notes/facts"
	echo subject >"$notes/subjects"
	touch "$notes/warnings.before" "$notes/warnings.after"
	for side in before after; do
		run_of $side one passed 'ok 1 a' 'ok 2 b'
		run_of $side two passed 'ok 1 c'
	done
}

@test "review: tests that fail with it" {
	# Pins: each with what it expected and where; a crash and a hang; what is skipped now; not what fails on both sides.
	notes_of
	judge
	[ "$status" = 0 ]
	grep -qx 'tests  *3 passed; without it the same' <<<"$out"
	grep -q '^verdict  *clean: no test fails with it' <<<"$out"
	run_of after one failed '# a: EXPECTATION FAILED at /x/y.c:7' '    Expected p == 1, but' 'not ok 1 a' 'ok 2 b'
	judge
	[ "$status" = 1 ]
	grep -qx ' *fails  *one.a: failed at /x/y.c:7' <<<"$out"
	grep -qx ' *Expected p == 1, but' <<<"$out"
	grep -q '^verdict  *not clean: 1 test that passed without it fails' <<<"$out"
	grep -q '    one.a: failed at' "$notes/reply"
	run_of after one failed 'ok 1 a' 'not ok 2 a'
	judge
	[ "$status" = 1 ]
	run_of after one failed 'not ok 1 a' 'ok 2 b'
	run_of before one failed 'not ok 1 a' 'ok 2 b'
	judge
	[ "$status" = 0 ]
	grep -qx ' *on both  *fail: one' <<<"$out"
	run_of after one passed 'ok 1 a' 'ok 2 b'
	judge
	[ "$status" = 0 ]
	grep -q '^ *mended  *one.a' <<<"$out"
	grep -q '1 test that failed without it passes' <<<"$out"
	run_of after one passed 'ok 1 a' 'ok 2 b # SKIP no'
	judge
	[ "$status" = 1 ]
	grep -q '1 test that ran without it is skipped' <<<"$out"
	run_of after one passed 'ok 1 a' 'ok 2 b'
	for end in 'crashed: exit status 134' 'hung: stopped after 10 s' 'ended with no verdict: exit status 3'; do
		run_of after two "$end" 'ok 1 c'
		echo 'BUG: it broke' >"$BATS_TEST_TMPDIR/h@review-after/results-default/two/failure"
		judge
		[ "$status" = 1 ]
		grep -qx " *fails  *two: $end" <<<"$out"
		grep -qx ' *BUG: it broke' <<<"$out"
	done
}

@test "review: what is found, and what cannot be told" {
	# Pins: lines, mutants, warnings, commits that do not build, another flavour; a suite that is left out is no finding.
	notes_of
	printf 'one\ntwo\nthree\n' >"$BATS_TEST_TMPDIR/h@review-after/tree/io_uring/a.c"
	printf 'io_uring/a.c %s\n' 1 2 3 >"$notes/in-counted"
	echo '{"io_uring/a.c": {"1": [4, ""], "2": [1, "+-"], "3": [0, ""]}}' >"$notes/lines.json"
	printf 'io_uring/a.c %s\n' '1 one' '1 one.a' '2 two' '3 -' >"$notes/reach"
	judge
	[ "$status" = 1 ]
	grep -qx 'lines  *2 of 3 reached, 0 of 1 that branch go each way' <<<"$out"
	grep -qx ' *unreached io_uring/a.c:3: three' <<<"$out"
	grep -qx ' *half  *+- io_uring/a.c:2: two' <<<"$out"
	grep -qx ' *reach  *io_uring/a.c:1: one.a' <<<"$out"
	grep -q '^verdict  *not clean: no test reaches 1 of the 3 lines that it adds; 1 line that it adds never goes one' <<<"$out"
	printf 'suite\tx_kunit.c\tno\n' >>"$notes/facts"
	judge
	[ "$status" = 2 ]
	grep -q '^verdict  *could not tell: suite x_kunit.c does not compile with it: no' <<<"$out"
	sed -i '/^suite/d' "$notes/facts"
	rm "$notes/in-counted"
	printf '%s\tio_uring/a.c\t1\tf\tdrop: x;\t\n' killed killed explained >"$notes/mutants"
	judge
	[ "$status" = 0 ]
	grep -q '^mutants  *3 of 3 tried: 2 noticed, 0 not, 1 not and explained' <<<"$out"
	printf 'survived\tio_uring/a.c\t2\tf\tdrop: y;\t1 tests reach it\n' >>"$notes/mutants"
	judge
	[ "$status" = 1 ]
	grep -qx ' *unnoticed io_uring/a.c:2: f: drop: y;' <<<"$out"
	rm "$notes/mutants"
	echo 'io_uring/a.c:7:1: warning: old [-Wx]' >"$notes/warnings.before"
	echo 'io_uring/a.c:9:3: warning: old [-Wx]' >"$notes/warnings.after"
	judge
	[ "$status" = 0 ]
	echo 'io_uring/a.c:11:3: warning: old [-Wx]' >>"$notes/warnings.after"
	judge
	[ "$status" = 1 ]
	grep -q '1 new warning' <<<"$out"
	: >"$notes/warnings.after"
	cp "$notes/facts" "$notes/few"
	printf 'focus\t3 trials, 40 seeds, 1 failed\nexplored\ta_trial_b\t7\tit broke\n' >>"$notes/facts"
	judge
	[ "$status" = 1 ]
	grep -q '^  focus  *by schedules that switch at its lines: 3 trials, 40 seeds, 1 failed' <<<"$out"
	grep -qx '  fails  *a_trial_b, seed 7: it broke' <<<"$out"
	grep -q '^verdict  *not clean: 1 trial fails by schedules that switch at its lines, and not without it' <<<"$out"
	grep -q '    a_trial_b: it broke' "$notes/reply"
	mv "$notes/few" "$notes/facts"
	printf 'unknown\tone was not run to its end\n' >>"$notes/facts"
	judge
	[ "$status" = 2 ]
	printf 'step\t2\tx.c:1: error: no\n' >>"$notes/facts"
	judge
	[ "$status" = 1 ]
	grep -q 'patch 2 alone does not compile: x.c:1: error: no' <<<"$out"
}

@test "review: that it could not be written is no finding" {
	# Pins: status 2, also for a mistake of our own.
	notes_of
	mkdir "$notes/reply"
	judge
	fails 'cannot write the review'
	[ "$status" = 2 ]
	rmdir "$notes/reply"
	sed -i '/^took/d' "$notes/facts"
	judge
	[ "$status" = 2 ]
}

@test "review: a wrong version, for real" {
	# Pins: the test that fails with it, and the line that it adds.
	real_clone
	T=task_work BUDGET=1 PATCH=$repo/tests/wrong/cancel-create-once/order-reversed.patch try scripts/review.sh
	[ "$status" = 1 ]
	grep -q ' fails  *task_work\.' <<<"$out"
	grep -q '^verdict  *not clean: .* that passed without it fail' <<<"$out"
	grep -q ' reach  *kernel/task_work.c:' <<<"$out"
	[ -z "$(git -C "$tree" diff --name-only HEAD -- kernel/task_work.c)" ]
}

@test "review: patches that do not build, for real" {
	# Pins: the first error of a patch; one of a series that builds only with the next; a suite that was made for other code.
	real_clone
	cp -r "$tree/io_uring" "$BATS_TEST_TMPDIR/io_uring"
	git -C "$BATS_TEST_TMPDIR" init -q .
	edit_of()
	{
		sed -i "$1" "$BATS_TEST_TMPDIR/io_uring/nop.c"
		git -C "$BATS_TEST_TMPDIR" diff --no-ext-diff -- io_uring/nop.c >"$BATS_TEST_TMPDIR/$2.diff"
		git -C "$BATS_TEST_TMPDIR" add io_uring/nop.c
	}
	git -C "$BATS_TEST_TMPDIR" add io_uring/nop.c
	edit_of 's/nop->fd = -1;/nop->fd = NOP_NONE;/' 1
	edit_of 's/^struct io_nop {/#define NOP_NONE\t(-1)\n\n&/' 2
	PATCH=$BATS_TEST_TMPDIR/1.diff try scripts/review.sh
	[ "$status" = 1 ]
	grep -q '^verdict  *not clean: it does not compile: io_uring/nop.c:[0-9]*:[0-9]*: error: ' <<<"$out"
	T=mpscq BUDGET=60 PATCH="$BATS_TEST_TMPDIR/1.diff $BATS_TEST_TMPDIR/2.diff" try scripts/review.sh
	[ "$status" = 1 ]
	grep -q 'patch 1 alone does not compile: io_uring/nop.c' <<<"$out"
}
