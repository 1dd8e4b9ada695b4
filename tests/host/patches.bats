# SPDX-License-Identifier: GPL-2.0
# patches.sh: the commits of build/<kernel>/tree, written back to patches/<kernel>.

load helper

setup()
{
	clone
	no_patches
	patch first io_uring/io-wq.c 's/line 10;/line ten;/'
	echo '# what comes next' >>"$patches/series"
	patch second kernel/task_work.c 's/line 20;/line twenty;/'
	tarball
	scripts/lib/tree.sh >/dev/null
	unset KERNEL_TARBALL
	git -C "$tree" config user.name 'Ed Itor'
	git -C "$tree" config user.email ed@example.org
	# As git writes it, and not as this test has.
	scripts/patches.sh >/dev/null
}

teardown()
{
	chmod -R u+w "$BATS_TEST_TMPDIR"
}

edit()
{
	sed -i "s/$1/$2/" "$tree/io_uring/io-wq.c"
}

commit()
{
	git -C "$tree" commit -qa -m "$1" -m 'It has to be done too.'
}

series()
{
	paste -sd ';' "$patches/series"
}

@test "patches: no change in the tree is no change in patches/" {
	sums "$patches" >before
	try scripts/patches.sh
	works
	[ -z "$out" ]
	sums "$patches" | cmp before -
	[ "$(series)" = 'first.patch;# what comes next;second.patch' ]
}

@test "patches: the comment behind a patch stays, as those above it" {
	sed -i 's/^first.patch$/&\t# wanted: a suite/' "$patches/series"
	edit 'line 30;' 'line thirty;'
	commit 'io-wq: a third: thing'
	try scripts/patches.sh
	works
	[ "$(series)" = $'first.patch\t# wanted: a suite;# what comes next;second.patch;io-wq-a-third-thing.patch' ]
}

@test "patches: a new commit is a patch at the end, and the next make leaves it alone" {
	edit 'line 30;' 'line thirty;'
	commit 'io-wq: a third: thing'
	try scripts/patches.sh
	works
	[ "$(series)" = 'first.patch;# what comes next;second.patch;io-wq-a-third-thing.patch' ]
	grep -qx 'From: Ed Itor <ed@example.org>' "$patches/io-wq-a-third-thing.patch"
	grep -qx '+line thirty;' "$patches/io-wq-a-third-thing.patch"
	head=$(git -C "$tree" rev-parse HEAD)
	try scripts/lib/tree.sh
	works
	[ -z "$out" ]
	[ "$(git -C "$tree" rev-parse HEAD)" = "$head" ]
}

@test "patches: the patches written give the same tree again" {
	edit 'line 30;' 'line thirty;'
	commit 'third'
	scripts/patches.sh
	cat "$tree"/io_uring/* "$tree"/kernel/* >"$BATS_TEST_TMPDIR/was"
	rm -rf build
	tarball
	scripts/lib/tree.sh
	cat "$tree"/io_uring/* "$tree"/kernel/* | cmp "$BATS_TEST_TMPDIR/was" -
}

@test "patches: a commit that was changed keeps the name of its file" {
	edit 'line 31;' 'line one-and-thirty;'
	git -C "$tree" commit -qa --amend -C HEAD
	before=$(sha256sum <"$patches/first.patch")
	try scripts/patches.sh
	works
	[ "$out" = "patches: writing patches/$kernel/second.patch" ]
	grep -qx '+line one-and-thirty;' "$patches/second.patch"
	[ "$(sha256sum <"$patches/first.patch")" = "$before" ]
}

@test "patches: commits in another order are a series in that order" {
	git -C "$tree" reset -q --hard base
	git -C "$tree" cherry-pick series >/dev/null
	git -C "$tree" cherry-pick series~1 >/dev/null
	try scripts/patches.sh
	works
	[ "$(series)" = '# what comes next;second.patch;first.patch' ]
}

@test "patches: a commit that is dropped, and its file that is not" {
	git -C "$tree" reset -q --hard HEAD~1
	try scripts/patches.sh
	works
	[[ $out == *"no commit for patches/$kernel/second.patch any more"* ]]
	[ "$(series)" = 'first.patch;# what comes next' ]
	[ -f "$patches/second.patch" ]
}

@test "patches: edits that are not committed are said to be left out" {
	edit 'line 30;' 'line thirty;'
	sums "$patches" >before
	try scripts/patches.sh
	works
	[[ $out == *"edits that are not committed are left out"* ]]
	sums "$patches" | cmp before -
	grep -q 'line thirty;' "$tree/io_uring/io-wq.c"
}

@test "patches: two commits with one subject" {
	edit 'line 30;' 'line thirty;'
	commit 'first: do it'
	sums "$patches" >before
	try scripts/patches.sh
	fails "two commits have the subject of first.patch"
	sums "$patches" | cmp before -
}

@test "patches: in the middle of a rebase" {
	# Pins: half a series is not written.
	sums "$patches" >before
	edit 'line 50;' 'line fifty;'
	commit io-wq: a third thing
	git -C "$tree" rebase -q --exec false series~1 || :
	try scripts/patches.sh
	fails "a rebase is under way"
	sums "$patches" | cmp before -
	git -C "$tree" rebase --abort
}

@test "patches: a merge, no commit at all, no tree, and KDIR" {
	sums "$patches" >before
	git -C "$tree" checkout -q -b side series~1
	edit 'line 50;' 'line fifty;'
	commit side
	git -C "$tree" merge -q -m both series
	try scripts/patches.sh
	fails "has a merge commit"
	git -C "$tree" reset -q --hard base
	try scripts/patches.sh
	fails "is at its base"
	KDIR=$tree try scripts/patches.sh
	fails "not from KDIR"
	rm -rf build
	try scripts/patches.sh
	fails "there is no tree of $kernel"
	sums "$patches" | cmp before -
}

@test "patches: no space left" {
	sed -i 's/line \([0-9]*\);/line number \1;/' "$tree/io_uring/io-wq.c"
	commit 'a long one'
	sums "$patches" >before
	try sh -c 'trap "" XFSZ; ulimit -f 2; scripts/patches.sh'
	[ "$status" -ne 0 ]
	[[ $err == *"no space left"* ]]
	sums "$patches" | cmp before -
}

@test "patches: a directory that cannot be written" {
	[ "$(id -u)" != 0 ] || skip "root writes anywhere"
	edit 'line 30;' 'line thirty;'
	commit third
	chmod a-w "$patches"
	try scripts/patches.sh
	fails "cannot write to"
}
