# SPDX-License-Identifier: GPL-2.0
# What is wrong around us: HOME, build/ of another user, make -f from elsewhere, conflicts in KDIR, missing packages.

load helper

setup()
{
	clone
}

# no_work: steps that say that they were taken.
no_work()
{
	printf '%s\n' '#!/bin/sh' 'echo "work was done" >&2; exit 9' | tee scripts/build.sh scripts/lib/tree.sh >scripts/lib/fetch.sh
}

@test "errors: HOME is not set" {
	# Pins: no unset variable; the cache is in build/.
	unset HOME XDG_CACHE_HOME
	try scripts/who.sh
	fails 'AT= names no place'
	printf '%s\n' '#!/bin/sh' '. "$(dirname "$0")/common.sh"' 'echo "$cache"' >scripts/lib/cache.sh
	try sh scripts/lib/cache.sh
	works
	[ "$out" = "$top/build/.cache/umring" ]
}

@test "errors: build/ belongs to another user, or the disk is read-only" {
	# Pins: one line that names directory and owner, before any work, from each verb.
	no_work
	mkdir build
	as=
	if [ "$(id -u)" = 0 ]; then
		chmod -R a+rX "$BATS_TEST_TMPDIR"
		chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test"
		as='setpriv --reuid 65534 --clear-groups --'
	else
		chmod a-w build
	fi
	for verb in all check test run shell gdb liburing watch coverage patch-coverage who prove review mutants tree patches bench clean \
		bisect; do
		rm -rf "$BATS_TEST_TMPDIR/tmp"
		mkdir -m 777 "$BATS_TEST_TMPDIR/tmp"
		: >"$BATS_TEST_TMPDIR/err"
		ended=0
		AT=a:1 TMPDIR=$BATS_TEST_TMPDIR/tmp $as "scripts/$verb.sh" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || ended=$?
		status=$ended err=$(cat "$BATS_TEST_TMPDIR/err")
		echo "$verb: $status $err"
		fails "cannot write to $top/build, which "
	done
	chmod u+w build
}

@test "errors: make -f from elsewhere" {
	# Pins: every verb and variable, from any directory, of a clone at any path; a relative path is relative to that directory.
	mv "$top" "$BATS_TEST_TMPDIR/a clone"
	enter "$BATS_TEST_TMPDIR/a clone"
	printf '%s\n' '#!/bin/sh' '. "$(dirname "$0")/lib/common.sh"' 'echo "$T in $KDIR $KERNEL_TARBALL"' >scripts/test.sh
	printf '#!/bin/sh\n' >scripts/build.sh
	mkdir -p "$BATS_TEST_TMPDIR/there/mine"
	cd "$BATS_TEST_TMPDIR/there"
	try make -f "$top/Makefile" test "T=io-* 'x" KDIR=mine KERNEL_TARBALL=my.tar
	works
	[ "$out" = "io-* 'x in $BATS_TEST_TMPDIR/there/mine $BATS_TEST_TMPDIR/there/my.tar" ]
	try make -f '../a clone/Makefile' help
	works
	grep -q '^watch ' <<<"$out"
	# Another clone that this one is in is none of its business.
	cp -r "$top/." .
	echo 'echo "the wrong one"' >>scripts/test.sh
	try make -f "$top/Makefile" test T=x KDIR=mine
	works
	[ "$out" = "x in $BATS_TEST_TMPDIR/there/mine " ]
	try make -f ./Makefile test T=x
	works
	grep -q 'the wrong one' <<<"$out"
	echo 'X := 1' >"$BATS_TEST_TMPDIR/more.mk"
	MAKEFILES=$BATS_TEST_TMPDIR/more.mk try make help
	works
	rm -r scripts
	try make -f ../a\ clone/Makefile test FLAVOR=smp
	[ "$status" = 2 ]
	grep -q 'did you mean FLAVOUR' <<<"$err"
}

@test "errors: KDIR in the middle of a merge with conflicts" {
	# Pins: one line that names the file, before any work; bisect stops there; a file that was resolved is none.
	kdir=$BATS_TEST_TMPDIR/mine
	kernel_tree "$kdir"
	git -C "$kdir" init -q
	git -C "$kdir" config user.name a
	git -C "$kdir" config user.email a
	git -C "$kdir" add -A -f
	git -C "$kdir" commit -qm base
	git -C "$kdir" checkout -q -b other
	sed -i 's/line 5;/theirs;/' "$kdir/io_uring/io-wq.c"
	git -C "$kdir" commit -qam other
	git -C "$kdir" checkout -q -
	sed -i 's/line 5;/ours;/' "$kdir/io_uring/io-wq.c"
	git -C "$kdir" commit -qam ours
	git -C "$kdir" merge -q other >"$BATS_TEST_TMPDIR/merge" 2>&1 || :
	export KDIR=$kdir
	try scripts/lib/tree.sh
	fails "KDIR=$kdir has conflicts of a merge in io_uring/io-wq.c: resolve them first"
	[ "$status" = 2 ]
	printf '#!/bin/sh\n' >scripts/deps.sh
	try scripts/bisect.sh
	[ "$status" = 128 ]
	grep -q 'stop: .*conflicts of a merge in io_uring/io-wq.c' <<<"$out"
	sed -i '/^[<=>]\{7\}/d' "$kdir/io_uring/io-wq.c"
	try scripts/lib/tree.sh
	! grep -q conflicts <<<"$err" || false
}

@test "errors: packages that are missing are said before any work" {
	# Pins: each verb asks for what it needs beyond the base, and for that, first.
	no_work
	printf '%s\n' '#!/bin/sh' 'case "$*" in *"$LACKS"*) echo "deps: error: missing packages, type: $*" >&2; exit 2 ;; esac' >scripts/deps.sh
	LACKS=inotify-tools try scripts/watch.sh
	fails 'missing packages' inotify-tools
	LACKS=shellcheck try scripts/check.sh
	fails 'missing packages' shellcheck
	LACKS=lcov try scripts/coverage.sh
	fails 'missing packages' lcov
	# As if there were no libclang.
	sed -i 's,/usr/lib/llvm-,/nowhere/llvm-,' scripts/mutants.sh
	LACKS=libclang-dev try scripts/mutants.sh
	fails 'missing packages' libclang-dev
}
