# SPDX-License-Identifier: GPL-2.0
# tree.sh: the kernel's source as a git repository, one commit a patch; from a tar file or from the user's own tree.

load helper

setup()
{
	clone
	no_patches
	echo '# for 7.3.4' >"$patches/series"
	patch first io_uring/io-wq.c 's/line 10;/line ten;/'
	patch second kernel/task_work.c 's/line 20;/line twenty;/'
}

teardown()
{
	chmod -R u+w "$BATS_TEST_TMPDIR"
}

subjects()
{
	git -C "$tree" log --reverse --format='%an: %s' "$@" | paste -sd ';'
}

# A tree that is whole: both patches, nothing half-done, and nothing left for the next call.
whole()
{
	[ "$(subjects series)" = "umring: base: ${1:-linux-source-$kernel};Ann Other: first: do it;Ann Other: second: do it" ]
	[ -z "$(git -C "$tree" status --porcelain)" ]
	[ "$(git -C "$tree" rev-parse HEAD)" = "$(git -C "$tree" rev-parse series)" ]
	grep -q 'line ten;' "$tree/io_uring/io-wq.c"
	grep -q 'line twenty;' "$tree/kernel/task_work.c"
	[ ! -e "$tree.part" ]
	try scripts/lib/tree.sh
	works
	[ -z "$out" ]
}

# What the user did in the tree, and the state of git that goes with it.
state()
{
	git -C "$tree" rev-parse HEAD series base
	git -C "$tree" status --porcelain
	cat "$tree"/io_uring/* "$tree"/kernel/*
}

# killed_at NUMBER PROGRAM: tree.sh as it is killed, with all it has started, by its call of that number of a program.
# Fails if there were fewer calls.
killed_at()
{
	echo "$1" >"$BATS_TEST_TMPDIR/calls"
	real=$(PATH=${PATH#"$BATS_TEST_TMPDIR/bin:"} command -v "$2")
	fake "$2" <<-END
		#!/bin/sh
		left=\$((\$(cat "$BATS_TEST_TMPDIR/calls") - 1))
		echo \$left >"$BATS_TEST_TMPDIR/calls"
		[ \$left != 0 ] || kill -KILL 0
		exec $real "\$@"
	END
	(setsid -w scripts/lib/tree.sh || :) >/dev/null 2>&1 3>&-
	rm "$BATS_TEST_TMPDIR/bin/$2"
	[ "$(cat "$BATS_TEST_TMPDIR/calls")" -le 0 ]
}

# no_suites: a project whose suites stub nothing.
no_suites()
{
	rm tests/kunit/*_kunit*.c
	: >tests/kunit/stubs
	rm uml-config/*.config
	echo 'default: base' >uml-config/flavours
	: >uml-config/base.config
}

user_tree()
{
	export KDIR="$BATS_TEST_TMPDIR/my kernel"
	kernel_tree "$KDIR"
	# So old that git believes its index.
	find "$KDIR" -exec touch -d '1 hour ago' {} +
	[ "$1" = plain ] || {
		git init -q "$KDIR"
		git -C "$KDIR" add -A
		git -C "$KDIR" -c user.name=U -c user.email=u@example.org commit -qm mine
	}
	tree=$(printf '%s\n' "$top"/build/kdir-"$(printf %s "$KDIR" | cksum | cut -d ' ' -f 1)")/tree
}

@test "tree: a tar file becomes the base, and each patch a commit with its author and message" {
	# Pins: base and one commit a patch in the order of the series, in git.
	tarball
	try scripts/lib/tree.sh
	works
	whole
	[ "$(git -C "$tree" log -1 --format='%ae %b' series)" = "ann@example.org It has to be done." ]
	[ "$(git -C "$tree" log -1 --format=%aI series)" = 2026-11-03T10:00:00+01:00 ]
}

@test "tree: a tar file with xz" {
	# Pins: KERNEL_TARBALL as kernel.org and Debian have it.
	tarball
	xz "$KERNEL_TARBALL"
	KERNEL_TARBALL=$KERNEL_TARBALL.xz
	try scripts/lib/tree.sh
	works
	whole
}

@test "tree: the Debian package" {
	# Pins: the package in the cache is unpacked as it is, by no network.
	tarball
	mkdir -p deb/usr/src deb/DEBIAN "$XDG_CACHE_HOME/umring"
	xz <"$KERNEL_TARBALL" >"deb/usr/src/linux-source-$kernel.tar.xz"
	printf '%s\n' "Package: linux-source-$kernel" 'Version: 1' 'Architecture: all' 'Maintainer: m' 'Description: d' \
		>deb/DEBIAN/control
	dpkg-deb -b deb "$XDG_CACHE_HOME/umring/linux-source-${kernel}_7.3.4-1_all.deb" >/dev/null
	unset KERNEL_TARBALL
	try scripts/lib/tree.sh
	works
	whole
}

@test "tree: edits stay, staged or not or committed, as long as patches/ is the same" {
	# Pins: an edit in the tree is never overwritten by a later make.
	tarball
	scripts/lib/tree.sh
	echo 'mine();' >>"$tree/io_uring/io-wq.c"
	echo 'new();' >"$tree/io_uring/new.c"
	git -C "$tree" -c user.name=U -c user.email=u@example.org commit -qam mine
	echo 'mine();' >>"$tree/kernel/task_work.c"
	state >before
	try scripts/lib/tree.sh
	works
	state | diff before -
	[ "$(git -C "$tree" format-patch --stdout series.. | grep -c '^Subject: .*mine')" = 1 ]
}

@test "tree: a change of patches/ is taken over when there are no edits" {
	# Pins: the tree follows the series.
	tarball
	scripts/lib/tree.sh
	patch second kernel/task_work.c 's/line 20;/line zwanzig;/'
	patch third kernel/task_work.c 's/line 90;/line ninety;/'
	try scripts/lib/tree.sh
	works
	[ "$(git -C "$tree" log --oneline base..umring | wc -l)" = 3 ]
	grep -q 'line zwanzig;' "$tree/kernel/task_work.c"
	grep -q 'line ninety;' "$tree/kernel/task_work.c"
}

@test "tree: a change of patches/ under an edit stops, and the advice it gives works" {
	# Pins: if patches/ changed as well, say so and stop.
	tarball
	scripts/lib/tree.sh
	echo 'mine();' >>"$tree/io_uring/io-wq.c"
	patch third kernel/task_work.c 's/line 90;/line ninety;/'
	state >before
	try scripts/lib/tree.sh
	fails "patches/ or the base changed" "$tree holds edits of yours" "git format-patch" "reset --hard series"
	state | diff before -
	git -C "$tree" -c user.name=U -c user.email=u@example.org commit -qam mine
	state >before
	try scripts/lib/tree.sh
	fails "holds edits of yours"
	state | diff before -
	git -C "$tree" reset -q --hard series
	try scripts/lib/tree.sh
	works
	grep -q 'line ninety;' "$tree/kernel/task_work.c"
}

@test "tree: a patch that would bring a file over one of the user's is held back" {
	# Pins: a file of the user's that git does not know is not overwritten either.
	tarball
	scripts/lib/tree.sh
	echo 'mine();' >"$tree/io_uring/new.c"
	printf '%s\n' 'From: A <a@example.org>' 'Subject: [PATCH] new' '' '---' '--- /dev/null' '+++ b/io_uring/new.c' \
		'@@ -0,0 +1 @@' '+theirs();' >"$patches/new.patch"
	echo new.patch >>"$patches/series"
	for _ in 1 2; do
		try scripts/lib/tree.sh
		fails io_uring/new.c
		[ "$(cat "$tree/io_uring/new.c")" = 'mine();' ]
	done
	mv "$tree/io_uring/new.c" .
	try scripts/lib/tree.sh
	works
	[ "$(cat "$tree/io_uring/new.c")" = 'theirs();' ]
}

@test "tree: a patch that does not apply is named, with file and line, and the tree is left as it was" {
	# Pins: names the patch, file and hunk; the tree is left as it was.
	tarball
	scripts/lib/tree.sh
	state >before
	patch third io_uring/io-wq.c 's/line 50;/line fifty;/'
	sed -i 's/^ line 49;/ line 49, elsewhere;/' "$patches/third.patch"
	for _ in 1 2; do
		try scripts/lib/tree.sh
		fails "patches/$kernel/third.patch does not apply" io_uring/io-wq.c:47
		state | diff before -
	done
	patch third io_uring/io-wq.c 's/line 50;/line fifty;/'
	try scripts/lib/tree.sh
	works
}

@test "tree: the very first series has a patch that does not apply" {
	# Pins: the same with no tree to fall back on, and the base is not unpacked a second time.
	tarball
	sed -i 's/^ line 9;/ line 9, elsewhere;/' "$patches/first.patch"
	try scripts/lib/tree.sh
	fails first.patch io_uring/io-wq.c:7
	unset KERNEL_TARBALL
	patch first io_uring/io-wq.c 's/line 10;/line ten;/'
	try scripts/lib/tree.sh
	works
	whole
}

@test "tree: a patch of the series that is not there is named" {
	# Pins: a patch named in series that is missing.
	tarball
	scripts/lib/tree.sh
	state >before
	echo third.patch >>"$patches/series"
	try scripts/lib/tree.sh
	fails "patches/$kernel/series names third.patch, which does not exist"
	state | diff before -
}

@test "tree: a tar file that is not there, or not one, or not of a kernel" {
	# Pins: one line for each, and nothing of it taken for a kernel.
	KERNEL_TARBALL=/nowhere.tar try scripts/lib/tree.sh
	fails "KERNEL_TARBALL=/nowhere.tar: no such file"
	echo hello >hello.tar.xz
	KERNEL_TARBALL=hello.tar.xz try scripts/lib/tree.sh
	fails "hello.tar.xz"
	tar -cf other.tar scripts
	KERNEL_TARBALL=other.tar try scripts/lib/tree.sh
	fails "other.tar did not unpack to a whole kernel tree"
	[ ! -e "$tree" ]
	tarball
	try scripts/lib/tree.sh
	works
	whole
}

@test "tree: another tar file under a tree stops" {
	# Pins: the tree is that of KERNEL_TARBALL, and edits on another base are not lost.
	tarball
	scripts/lib/tree.sh
	state >before
	echo more >>"$BATS_TEST_TMPDIR/src/Kbuild"
	tar -C "$BATS_TEST_TMPDIR" -cf "$KERNEL_TARBALL" src
	touch -d '1 hour ago' "$KERNEL_TARBALL"
	try scripts/lib/tree.sh
	fails "$tree was not made from KERNEL_TARBALL=$KERNEL_TARBALL"
	state | diff before -
}

@test "tree: a package that is cut off, even between two files, is not taken for a whole one" {
	# Pins: half-written taken for whole: never.
	tarball
	head -c 300000 /dev/urandom >"$BATS_TEST_TMPDIR/src/kernel/last"
	tar -C "$BATS_TEST_TMPDIR" -cf "$KERNEL_TARBALL" src/Kbuild src/Makefile src/arch src/io_uring src/kernel
	xz -0 "$KERNEL_TARBALL"
	whole_tar=$KERNEL_TARBALL.xz
	export KERNEL_TARBALL=$BATS_TEST_TMPDIR/cut.tar.xz
	head -c 250000 "$whole_tar" >"$KERNEL_TARBALL"
	try scripts/lib/tree.sh
	fails "$KERNEL_TARBALL"
	# xz stops at the end of a file in the tar file, and tar has nothing to complain about.
	fake xz <<-END
		#!/bin/sh
		$(command -v xz) "\$@" | head -c \$(($(tar --block-number -tf "$whole_tar" | sed -n 's,^block \([0-9]*\): src/kernel/last,\1,p') * 512))
		exit 1
	END
	cp "$whole_tar" "$KERNEL_TARBALL"
	try scripts/lib/tree.sh
	fails "$KERNEL_TARBALL"
	rm "$BATS_TEST_TMPDIR/bin/xz"
	try scripts/lib/tree.sh
	works
	cmp "$BATS_TEST_TMPDIR/src/kernel/last" "$tree/kernel/last"
}

@test "tree: no space left while unpacking" {
	# Pins: one line says so, and the next call starts again.
	tarball
	seq 100000 >"$BATS_TEST_TMPDIR/src/kernel/big"
	tar -C "$BATS_TEST_TMPDIR" -cf "$KERNEL_TARBALL" src
	try sh -c 'trap "" XFSZ; ulimit -f 200; scripts/lib/tree.sh'
	fails "no space left" "$work"
	[ ! -e "$tree" ]
	try scripts/lib/tree.sh
	works
	whole
	cmp "$BATS_TEST_TMPDIR/src/kernel/big" "$tree/kernel/big"
}

@test "tree: no space left while git records the base" {
	# Pins: the same, later: the file fits, git's object with its header does not.
	tarball
	head -c 102400 /dev/urandom >"$BATS_TEST_TMPDIR/src/kernel/big"
	tar -C "$BATS_TEST_TMPDIR" -cf "$KERNEL_TARBALL" src
	try sh -c 'trap "" XFSZ; ulimit -f 200; scripts/lib/tree.sh'
	fails "no space left" "$work"
	[ ! -e "$tree" ]
	try scripts/lib/tree.sh
	works
	whole
}

@test "tree: killed at calls of tar and git, and started again" {
	# Pins: interrupted at any point, the next call makes the same tree.
	tarball
	for program in tar git; do
		n=0
		while killed_at $((n += 1 + (n > 2))) $program; do
			try scripts/lib/tree.sh
			works
			whole
			rm -rf build
		done
		rm -rf build
		[ $n -gt 1 ]
	done
}

@test "tree: killed at every other call of git while patches/ changes" {
	# Pins: a half-done checkout is finished by the next call, and is not taken for the user's edit.
	tarball
	scripts/lib/tree.sh
	mv build before
	patch second kernel/task_work.c 's/line 20;/line twenty;/; s/line 80;/line eighty;/'
	n=0
	cp -a before build
	while killed_at $((n += 2)) git; do
		try scripts/lib/tree.sh
		works
		whole
		grep -q 'line eighty;' "$tree/kernel/task_work.c"
		rm -rf build
		cp -a before build
	done
	[ $n -gt 5 ]
}

@test "tree: killed in the middle of git checkout" {
	# Pins: the same with one file of two written.
	tarball
	scripts/lib/tree.sh
	patch first io_uring/io-wq.c 's/line 10;/line ten;/; s/line 80;/line eighty;/'
	patch second kernel/task_work.c 's/line 20;/line twenty;/; s/line 80;/line eighty;/'
	fake git <<-END
		#!/bin/sh
		for arg; do last=\$arg; done
		case " \$* " in
		*" checkout "*) $(command -v git) -C "$tree" checkout -q \$last -- kernel/task_work.c; kill -KILL 0 ;;
		esac
		exec $(command -v git) "\$@"
	END
	(setsid -w scripts/lib/tree.sh || :) >/dev/null 2>&1 3>&-
	grep -q 'line eighty;' "$tree/kernel/task_work.c"
	rm "$BATS_TEST_TMPDIR/bin/git"
	try scripts/lib/tree.sh
	works
	whole
	grep -q 'line eighty;' "$tree/io_uring/io-wq.c"
}

@test "tree: KDIR with git: edits and new files are in the base, and KDIR is only read" {
	# Pins: uncommitted edits count, the next ones are picked up, not one byte or timestamp in KDIR changes.
	user_tree git
	echo 'edited();' >>"$KDIR/io_uring/io-wq.c"
	echo 'untracked();' >"$KDIR/io_uring/new.c"
	rm "$KDIR/Makefile"
	# Stat data in the index that is out of date is what git would want to write back.
	touch -d '2 hours ago' "$KDIR/Kbuild"
	chmod -R a-w "$KDIR"
	sums "$KDIR" >before
	try scripts/lib/tree.sh
	works
	whole "the user's tree"
	grep -q 'edited();' "$tree/io_uring/io-wq.c"
	[ -f "$tree/io_uring/new.c" ]
	[ ! -e "$tree/Makefile" ]
	sums "$KDIR" | diff before -

	chmod -R u+w "$KDIR"
	echo 'again();' >>"$KDIR/kernel/task_work.c"
	rm "$KDIR/io_uring/new.c"
	chmod -R a-w "$KDIR"
	sums "$KDIR" >before
	try scripts/lib/tree.sh
	works
	whole "the user's tree"
	grep -q 'again();' "$tree/kernel/task_work.c"
	[ ! -e "$tree/io_uring/new.c" ]
	sums "$KDIR" | diff before -
}

@test "tree: KDIR that is a work tree of another repository" {
	# Pins: git worktree add, as kernel developers have many.
	user_tree git
	git -C "$KDIR" worktree add -q --detach "$BATS_TEST_TMPDIR/second tree" 2>/dev/null
	KDIR="$BATS_TEST_TMPDIR/second tree"
	sums "$BATS_TEST_TMPDIR/my kernel" >before
	echo 'edited();' >>"$KDIR/io_uring/io-wq.c"
	sums "$KDIR" >>before
	try scripts/lib/tree.sh
	works
	{ sums "$BATS_TEST_TMPDIR/my kernel" && sums "$KDIR"; } | diff before -
	grep -q 'edited();' build/kdir-*/tree/io_uring/io-wq.c
}

@test "tree: KDIR without git" {
	# Pins: a plain tree, its edits, and that it is only read.
	user_tree plain
	chmod -R a-w "$KDIR"
	sums "$KDIR" >before
	try scripts/lib/tree.sh
	works
	whole "the user's tree"
	sums "$KDIR" | diff before -
	chmod -R u+w "$KDIR"
	echo 'edited();' >>"$KDIR/io_uring/io-wq.c"
	try scripts/lib/tree.sh
	works
	grep -q 'edited();' "$tree/io_uring/io-wq.c"
}

@test "tree: KDIR inside another project's repository is a plain tree" {
	# Pins: the repository around it is not asked, nor written.
	git init -q "$BATS_TEST_TMPDIR"
	user_tree plain
	sums "$BATS_TEST_TMPDIR/.git" >before
	try scripts/lib/tree.sh
	works
	whole "the user's tree"
	sums "$BATS_TEST_TMPDIR/.git" | diff before -
}

@test "tree: KDIR killed at every other call of git, and started again" {
	# Pins: interrupted at any point, the next call makes the same tree and KDIR is as it was.
	user_tree git
	sums "$KDIR" >before
	n=0
	while killed_at $((n += 1 + n % 2)) git; do
		try scripts/lib/tree.sh
		works
		whole "the user's tree"
		rm -rf build
	done
	[ $n -gt 5 ]
	sums "$KDIR" | diff before -
}

@test "tree: KDIR that is not there, or not a kernel" {
	# Pins: one line for each, nothing made in it.
	KDIR=/nowhere try scripts/lib/tree.sh
	fails "KDIR=/nowhere: no such directory"
	mkdir empty
	KDIR=empty try scripts/lib/tree.sh
	fails "KDIR=$top/empty is not a kernel tree"
	[ -z "$(ls -A empty)" ]
}

@test "tree: a patch that KDIR has already is passed over" {
	# Pins: an upstream tree with the fix merged builds.
	user_tree git
	sed -i 's/line 10;/line ten;/' "$KDIR/io_uring/io-wq.c"
	try scripts/lib/tree.sh
	[ "$status" = 0 ]
	[ "$err" = "tree: first.patch is in this tree already" ]
	[ "$(subjects series)" = "umring: base: the user's tree;Ann Other: second: do it" ]
}

@test "tree: a patch that does not apply to KDIR" {
	# Pins: the user's edit in KDIR that is in the way is named; after it is taken back all is well.
	user_tree git
	scripts/lib/tree.sh
	state >before
	sed -i 's/line 10;/line 10, edited;/' "$KDIR/io_uring/io-wq.c"
	try scripts/lib/tree.sh
	fails "first.patch does not apply" "$KDIR, which is 7.3.9 (the series is for 7.3.4)" io_uring/io-wq.c:7
	state | diff before -
	sed -i 's/line 10, edited;/line 10;/' "$KDIR/io_uring/io-wq.c"
	try scripts/lib/tree.sh
	works
	whole "the user's tree"
}

@test "tree: no space left for edits in KDIR" {
	# Pins: one line says so, and the next call starts again.
	user_tree git
	head -c 102400 /dev/urandom >"$KDIR/kernel/big"
	try sh -c 'trap "" XFSZ; ulimit -f 200; scripts/lib/tree.sh'
	fails "no space left" "$KDIR"
	try scripts/lib/tree.sh
	works
	whole "the user's tree"
	cmp "$KDIR/kernel/big" "$tree/kernel/big"
}

@test "tree: KDIR has had the patch before, in its history" {
	# Pins: git may not touch the objects of the user's that it would write and finds.
	user_tree git
	for line in ten 10; do
		sed -i "s/line 10;/line ten;/; \$ s/^/$line/" "$KDIR/io_uring/io-wq.c"
		git -C "$KDIR" -c user.name=U -c user.email=u@example.org commit -qam "$line"
	done
	git -C "$KDIR" checkout -q --detach HEAD~2
	patch first io_uring/io-wq.c 's/line 10;/line ten;/; $ s/^/ten/'
	sums "$KDIR" >before
	try scripts/lib/tree.sh
	works
	whole "the user's tree"
	sums "$KDIR" | diff before -
}

@test "tree: a patch that moves a file of KDIR's" {
	# Pins: patches with renames apply to a base whose objects lie in KDIR.
	user_tree git
	git -C "$KDIR" mv io_uring/io-wq.c io_uring/moved.c
	sed -i 's/line 90;/line ninety;/' "$KDIR/io_uring/moved.c"
	{ printf '%s\n' 'From: A <a@example.org>' 'Subject: [PATCH] move' '' '---' && git -C "$KDIR" diff -M HEAD; } >"$patches/third.patch"
	git -C "$KDIR" reset -q --hard
	echo third.patch >>"$patches/series"
	sed -i 1d "$patches/series"
	try scripts/lib/tree.sh
	works
	grep -q 'line ninety;' "$tree/io_uring/moved.c"
}

@test "tree: two at once" {
	# Pins: the second waits for the first and finds its work done.
	tarball
	scripts/lib/tree.sh >one 2>&1 3>&- &
	scripts/lib/tree.sh >two 2>&1 3>&-
	wait $!
	[ "$(cat one two | grep -c unpacking)" = 1 ]
	[ "$(cat one two | grep -c 'waiting for it')" = 1 ]
	whole
}

@test "tree: a git that the caller's hook is in is not touched" {
	# Pins: GIT_DIR and GIT_INDEX_FILE of a hook that calls make.
	tarball
	git init -q other
	sums other >before
	GIT_DIR=$PWD/other/.git GIT_INDEX_FILE=$PWD/other/.git/index try scripts/lib/tree.sh
	works
	sums other | diff before -
	whole
}

@test "tree: KDIR that has all patches, of which later ones change what earlier ones added" {
	# Pins: a copy of our own tree is recognised: patches are taken back from the last to the first.
	patch third io_uring/io-wq.c 's/line 11;/line eleven;/'
	sed -i 's/line 10;/line ten;/' "$patches/third.patch"
	no_suites
	tarball
	scripts/lib/tree.sh
	cp -r "$tree" "$BATS_TEST_TMPDIR/copy"
	rm -rf "$BATS_TEST_TMPDIR/copy/.git"
	unset KERNEL_TARBALL
	KDIR=$BATS_TEST_TMPDIR/copy try scripts/tree.sh
	[ "$status" = 0 ]
	[ "$(grep -c 'is in this tree already$' <<<"$out")" = 3 ]
}

@test "tree: a patch that is only wanted" {
	# Pins: where it does not apply to KDIR it is left out and named; the others go on, and it is back once it applies. For our
	# own kernel it is an error.
	no_suites
	user_tree git
	sed -i 's/^first.patch$/&\t# wanted: a suite/' "$patches/series"
	sed -i 's/line 10;/line 10, edited;/' "$KDIR/io_uring/io-wq.c"
	try scripts/lib/tree.sh
	[ "$status" = 0 ]
	[[ $err == "tree: without first.patch, which does not apply to $KDIR: patch failed: io_uring/io-wq.c:7"* ]]
	[ "$(subjects series)" = "umring: base: the user's tree;Ann Other: second: do it" ]
	try scripts/tree.sh
	[ "$status" = 1 ]
	grep -q '^first.patch  *left out: patch failed: io_uring/io-wq.c:7' <<<"$out"
	grep -q '^second.patch  *applies$' <<<"$out"
	# A fix can be there in other words.
	printf 'FIX_FIRST\tio_uring/io-wq.c\tline 10, edited\n' >tests/kunit/features
	try scripts/tree.sh
	[ "$status" = 0 ]
	grep -qx 'first.patch  *is in this tree in another form' <<<"$out"
	sed -i 's/line 10, edited;/line 10;/' "$KDIR/io_uring/io-wq.c"
	try scripts/lib/tree.sh
	works
	whole "the user's tree"
	unset KDIR
	tarball
	sed -i 's/line 10;/line 10, edited;/' "$BATS_TEST_TMPDIR/src/io_uring/io-wq.c"
	tar -C "$BATS_TEST_TMPDIR" -cf "$KERNEL_TARBALL" src
	try scripts/lib/tree.sh
	fails 'first.patch does not apply to the base'
}

@test "tree: lines of the configuration that no Kconfig file of KDIR has" {
	# Pins: a wanted one costs what it is for, a needed one everything; a line for n and Kconfig files of other machines do not count.
	no_suites
	user_tree git
	printf '%s\n' CONFIG_UML=y $'CONFIG_HOSTFS=y\t# wanted: a shell' '# CONFIG_GONE is not set' >uml-config/base.config
	try scripts/tree.sh
	[ "$status" = 1 ]
	grep -qx 'CONFIG_HOSTFS=y  *is not in this tree: without a shell' <<<"$out"
	[ "$(grep -c CONFIG_ <<<"$out")" = 1 ]
	mkdir "$KDIR/arch/arm" "$KDIR/fs"
	echo 'config MACHINE' >"$KDIR/arch/arm/Kconfig"
	echo 'menuconfig HOSTFS' >"$KDIR/fs/Kconfig.host"
	try scripts/tree.sh
	[ "$status" = 0 ]
	echo CONFIG_MACHINE=y >>uml-config/base.config
	try scripts/tree.sh
	[ "$status" = 3 ]
	grep -qx 'CONFIG_MACHINE=y  *is not in this tree: without it, flavour default cannot be built' <<<"$out"
}

@test "tree: a patch for files that differ nearby in KDIR" {
	# Pins: less context takes it, or with the files that it was made for a three-way merge.
	no_suites
	tarball
	scripts/lib/tree.sh
	unset KERNEL_TARBALL
	user_tree git
	sed -i 's/line 12;/line 12, edited;/' "$KDIR/io_uring/io-wq.c"
	for how in 'with less context' 'by a three-way merge'; do
		try scripts/tree.sh
		[ "$status" = 0 ]
		grep -q "^first.patch  *applies $how$" <<<"$out"
		grep -q 'line ten;' "$tree/io_uring/io-wq.c"
		grep -q 'line 12, edited;' "$tree/io_uring/io-wq.c"
		# As git writes it.
		old=$(git hash-object "$BATS_TEST_TMPDIR/unpatched/io_uring/io-wq.c")
		new=$(sed 's/line 10;/line ten;/' "$BATS_TEST_TMPDIR/unpatched/io_uring/io-wq.c" | git hash-object --stdin)
		sed -i "s,^--- a/.*,diff --git a/io_uring/io-wq.c b/io_uring/io-wq.c\nindex $old..$new 100644\n&," "$patches/first.patch"
	done
}

@test "tree: the series of the nearest kernel" {
	# Pins: by the Makefile of KDIR, release candidates and the step from 6.19 to 7.0 included; KERNEL= says otherwise.
	user_tree plain
	cp -r "$patches" "$top/patches/6.12"
	nearest_of()
	{
		sed -i "s/^VERSION .*/VERSION = $1/; s/^PATCHLEVEL .*/PATCHLEVEL = $2/" "$KDIR/Makefile"
		sh -c '. scripts/lib/common.sh; echo "$KERNEL"' scripts/x.sh
	}
	[ "$(nearest_of 7 3)" = "$kernel" ]
	[ "$(nearest_of 7 4)" = "$kernel" ]
	[ "$(nearest_of 6 12)" = 6.12 ]
	[ "$(nearest_of 6 16)" = 6.12 ]
	[ "$(nearest_of 6 19)" = "$kernel" ]
	[ "$(KERNEL=6.12 nearest_of 7 3)" = 6.12 ]
	sed -i 's/^SUBLEVEL .*/&\nEXTRAVERSION = -rc7/; s/line 10;/line 10, edited;/' "$KDIR/Makefile" "$KDIR/io_uring/io-wq.c"
	KERNEL=$kernel try scripts/lib/tree.sh
	fails 'which is 7.3.9-rc7'
}

@test "tree: KDIR that belongs to somebody else" {
	# Pins: git's check of the owner is for who runs what is in there; we only read it.
	[ "$(id -u)" = 0 ] || skip "needs root to give a tree away"
	user_tree git
	chown -R nobody "$KDIR"
	try scripts/lib/tree.sh
	works
	whole "the user's tree"
}
