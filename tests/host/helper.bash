# SPDX-License-Identifier: GPL-2.0
# Read by each *.bats: a copy of the project to break, small stand-ins for a kernel, and checks of how a command ended.
# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2123

repo=$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)
kernel=$(basename -a "$repo"/patches/*/ | sort -V | tail -n 1)

unset FILE focus SEEDS SEED ALGO DEPTH MEMORY LIST KERNEL FLAVOUR KDIR KERNEL_TARBALL FIX T AT PATCH RANGE BUDGET LIMIT RUNS JOBS EVERY SURVIVORS CASES PARTIAL LIBURING PROG ARGV FILES CFLAGS COVERAGE ENDLESS HOST HOSTS JOBS_FILE RESULTS UMRING_SSH BREAK GDB VARIANT UMRING_LOCKED UMRING_PWD MAKEFLAGS MAKELEVEL MFLAGS PYTHONDONTWRITEBYTECODE

# A developer's configuration, and a hook that calls us, change nothing here.
# shellcheck disable=SC2046
unset XDG_CONFIG_HOME $(git rev-parse --local-env-vars)
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1

# clone [DIR]: copy the project there, without build/, and cd to the copy; $work is its build directory.
clone()
{
	mkdir -p "${1:-$BATS_TEST_TMPDIR/clone}"
	enter "${1:-$BATS_TEST_TMPDIR/clone}"
	(cd "$repo" && cp -a Makefile scripts patches uml-config tests coverage "$top")
}

enter()
{
	export HOME=$BATS_TEST_TMPDIR XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
	top=$1
	work=$top/build/$kernel
	tree=$work/tree
	objdir=$tree/um-default
	results=$work/results-default
	cd "$top" || return
}

# fake NAME: put a program of that name first in PATH; its text comes on stdin.
fake()
{
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/$1"
	chmod +x "$BATS_TEST_TMPDIR/bin/$1"
	case $PATH in
	"$BATS_TEST_TMPDIR/bin":*) ;;
	*) PATH=$BATS_TEST_TMPDIR/bin:$PATH ;;
	esac
}

# without NAME: a PATH that lacks this program.
without()
{
	mkdir "$BATS_TEST_TMPDIR/without"
	ln -s /usr/bin/* "$BATS_TEST_TMPDIR/without"
	rm "$BATS_TEST_TMPDIR/without/$1"
	PATH=$BATS_TEST_TMPDIR/without
}

# try COMMAND...: run it and set $status, $out and $err. It must leave no temporary files behind.
try()
{
	status=0
	mkdir -p "$BATS_TEST_TMPDIR/tmp"
	TMPDIR=$BATS_TEST_TMPDIR/tmp "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" </dev/null 3>&- || status=$?
	out=$(cat "$BATS_TEST_TMPDIR/out")
	err=$(cat "$BATS_TEST_TMPDIR/err")
	printf '%s\n' "\$ $*" "status: $status" "out: $out" "err: $err"
	rmdir "$BATS_TEST_TMPDIR/tmp"
}

# fails TEXT...: check that it failed with one line on stderr that has each TEXT in it.
fails()
{
	[ "$status" -ne 0 ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/err")" = 1 ]
	for text; do
		[[ $err == *"$text"* ]] || { echo "not said: $text"; return 1; }
	done
}

# works: check that it succeeded with nothing on stderr.
works()
{
	[ "$status" = 0 ]
	[ -z "$err" ]
}

# built_clone: a copy of the project with the kernel that is built, and a build.sh that has nothing to do.
built_clone()
{
	local from=$repo/build/$kernel/tree
	[ -f "$from/um-default/built" ] || skip "no kernel is built: make kernel"
	clone
	# The flags of a program are not for the kernel.
	printf '%s\n' '#!/bin/sh' 'exit ${CFLAGS:+1} ${MAKEFLAGS:+1}' >scripts/build.sh
	mkdir -p "$tree/tools/testing" "$objdir/guest"
	cp -r "$from/tools/testing/kunit" "$tree/tools/testing"
	cp --reflink=auto "$from/um-default/linux" "$from/um-default/.config" "$objdir"
	cp "$from/um-default/guest/gen_init_cpio" "$objdir/guest"
	programs=$work/programs-default
	mkdir "$BATS_TEST_TMPDIR/here"
	export UMRING_PWD=$BATS_TEST_TMPDIR/here
	cd "$UMRING_PWD" || return
}

# instrumented: a linux that gcc instruments, and its sources and .config. Its first argument says which way it goes.
instrumented()
{
	mkdir -p "$tree/io_uring" "$tree/kernel" "$objdir/io_uring" "$objdir/kernel"
	cat >"$tree/io_uring/io-wq.c" <<-'END'
		int seen;
		void left(void)
		{
			seen = 1;
		}
		void right(void)
		{
			seen = 2;
			seen = 3;
			seen = 4;
		}
	END
	cat >"$tree/kernel/task_work.c" <<-'END'
		void left(void);
		void right(void);
		int main(int argc, char **argv)
		{
			if (argc > 1 && argv[1][0] == 'l')
				left();
			else
				right();
			return 0;
		}
	END
	{
		echo CONFIG_GCOV=y
		echo "CONFIG_GCC_VERSION=$(gcc -dumpversion)0000"
	} >"$objdir/.config"
	printf '%s\n' 'io_uring/io-wq.c 0 0 0' 'io_uring/io-wq.c:left 0 0 0' 'io_uring/io-wq.c:right 0 0 0' \
		'kernel/task_work.c 0 0 0' 'counted io_uring/ kernel/task_work.c' >coverage/targets
	compile
}

# compile OPTION...: that linux, from its sources as they are.
compile()
{
	(
		cd "$objdir" || return
		for o in io_uring/io-wq kernel/task_work; do
			PWD=/proc/self/cwd gcc --coverage -I.. "$@" -c -o $o.o ../$o.c
		done
		gcc --coverage -o linux io_uring/io-wq.o kernel/task_work.o
	)
	stat -L -c "%i %s %.Y" "$objdir/linux" >"$objdir/linux.id"
}

# one_fix SED: the program with a fix that this makes of its io-wq.c, built.
one_fix()
{
	instrumented
	cp -r "$tree/io_uring" "$BATS_TEST_TMPDIR/unpatched"
	patch fix-a io_uring/io-wq.c "$1"
	(cd "$tree" && git apply "$patches/fix-a.patch")
	compile
}

# run_linux NAME WAY: a run of it, as test.sh leaves it.
run_linux()
{
	mkdir -p "$results/$1/gcov"
	cp "$objdir/linux.id" "$results/$1"
	GCOV_PREFIX=$results/$1/gcov GCOV_PREFIX_STRIP=3 "$objdir/linux" "$2"
}

# kernel_tree DIR: the smallest directory that is taken for a kernel tree.
kernel_tree()
{
	mkdir -p "$1/arch/um" "$1/io_uring" "$1/kernel"
	echo 'obj-y += kernel/ io_uring/' >"$1/Kbuild"
	printf '%s\n' 'VERSION = 7' 'PATCHLEVEL = 3' 'SUBLEVEL = 9' 'all:' >"$1/Makefile"
	echo 'config UML' >"$1/arch/um/Kconfig"
	seq 100 | sed 's/.*/line &;/' | tee "$1/io_uring/io-wq.c" >"$1/kernel/task_work.c"
}

# tarball: a source package of such a tree for KERNEL_TARBALL.
tarball()
{
	kernel_tree "$BATS_TEST_TMPDIR/src"
	tar -C "$BATS_TEST_TMPDIR" -cf "$BATS_TEST_TMPDIR/src.tar" src
	export KERNEL_TARBALL=$BATS_TEST_TMPDIR/src.tar
}

# no_patches, patch NAME FILE SED: the series of the clone, and one more patch to such a tree in it.
no_patches()
{
	patches=$top/patches/$kernel
	rm -r "$top/patches"
	mkdir -p "$patches"
	: >"$patches/series"
	kernel_tree "$BATS_TEST_TMPDIR/unpatched"
}

patch()
{
	{
		printf '%s\n' 'From: Ann Other <ann@example.org>' 'Date: Tue, 3 Nov 2026 10:00:00 +0100' \
			"Subject: [PATCH] $1: do it" '' 'It has to be done.' '---'
		sed "$3" "$BATS_TEST_TMPDIR/unpatched/$2" |
			diff -u --label "a/$2" --label "b/$2" "$BATS_TEST_TMPDIR/unpatched/$2" - || :
	} >"$patches/$1.patch"
	grep -qx "$1.patch" "$patches/series" || echo "$1.patch" >>"$patches/series"
}

# sums DIR: contents and metadata of all its files, except atimes.
sums()
{
	find "$1" -printf '%p %y %m %s %T@ %C@\n' | sort
	find "$1" -type f -exec sha256sum {} + | sort
}

# interrupt SECONDS FILE COMMAND...: start it as from a terminal, press Ctrl-C once FILE, a glob, is there, and set $status; after SECONDS more
# it is ended, and $status is 137. A shell's children in the background would not hear of SIGINT.
interrupt()
{
	status=0
	/usr/bin/python3 - "$@" <<-'END' || status=$?
		import glob, os, signal, subprocess, sys, time
		seconds, file, *command = sys.argv[1:]
		group = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True,
		                         preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
		for _ in range(600):
		    if glob.glob(file):
		        break
		    time.sleep(0.05)
		os.killpg(group.pid, signal.SIGINT)
		try:
		    ended = group.wait(float(seconds))
		except subprocess.TimeoutExpired:
		    os.killpg(group.pid, signal.SIGKILL)
		    ended = 137
		sys.exit(ended if ended >= 0 else 128 - ended)
	END
}

# wait_for COMMAND...: until it works, for 30 s.
wait_for()
{
	for _ in $(seq 300); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	echo "waited for nothing: $*"
	return 1
}

# real_clone: go to the one copy of the project with a kernel that is built, the same for all tests. Its path has a space,
# so it builds in the cache directory.
real_clone()
{
	[ -f "$repo/build/$kernel/tree/um-default/built" ] || skip "no kernel is built: make kernel"
	real="$BATS_RUN_TMPDIR/a clone"
	mkdir -p "$real"
	enter "$real"
	export XDG_CACHE_HOME=$BATS_RUN_TMPDIR/cache
	work=$XDG_CACHE_HOME/umring/build-$(printf %s "$top" | cksum | cut -d ' ' -f 1)/$kernel
	tree=$work/tree
	objdir=$tree/um-default
	results=$work/results-default
	[ ! -e "$BATS_RUN_TMPDIR/real.done" ] || return 0
	(clone "$real")
	real_tree "$repo/build/$kernel/tree"
	touch "$BATS_RUN_TMPDIR/real.done"
}

# real_tree FROM: copy the build, and of the sources those that it was made from and what Kbuild and Kconfig read.
real_tree()
{
	mkdir -p "$tree/.git/objects/info"
	(
		cd "$1" || return
		find . \( -name .git -o -path './um-*' -o -path ./Documentation \) -prune -o -type f ! -name '*.[chS]' -print
		find arch/um arch/x86 include io_uring kernel scripts usr -name '*.[chS]' -printf './%p\n'
		grep -rhoE --include='.*.cmd' '\.\./[^ ]+\.[chS]' um-default | grep -v /tests/ | sed 's,^\.,,; :a; s,/[^/.][^/]*/\.\./,/,; ta'
		find Documentation -name 'Kconfig*' -printf './%p\n'
	) | sort -u >"$BATS_RUN_TMPDIR/sources"
	tar -C "$1" --format=posix -cf - -T "$BATS_RUN_TMPDIR/sources" 2>/dev/null | tar -C "$tree" -xf -
	cp -a --reflink=auto "$1/um-default" "$tree"
	find "$1/.git" -mindepth 1 -maxdepth 1 ! -name objects -exec cp -a -t "$tree/.git" {} +
	echo "$1/.git/objects" >"$tree/.git/objects/info/alternates"
}

# fake_explorer CASE: in a clone: flavour explore with one trial, whose case is the canary; each variant has the stand-in $objdir/linux.
fake_explorer()
{
	objdir=$tree/um-explore
	results=$work/results-explore
	mkdir -p "$objdir" tests/explore/bugs
	echo CONFIG_EXPLORE=y >"$objdir/.config"
	echo '#!/bin/sh' >scripts/build.sh
	rm -f tests/explore/*_trial.c tests/guest/*.c
	touch tests/explore/some_trial.c
	printf '%s\n' 'It is wrong.' "trial: $1" >tests/explore/bugs/no-retry.patch
	cat >scripts/lib/variant.sh <<-'END'
		variant_new()
		{
			mkdir -p "$(variant_dir "$1")/tree/um-$FLAVOUR"
			cp "$objdir/linux" "$objdir/.config" "$(variant_dir "$1")/tree/um-$FLAVOUR"
		}
		variant_patch() { :; }
		variant_build() { [ ! -e "$top/broken" ] || { say "it does not build" >&2; return 1; }; }
	END
}
