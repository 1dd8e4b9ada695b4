# SPDX-License-Identifier: GPL-2.0
# gdb.sh: what it compiles with debug information, by a stand-in for variant.sh, and gdb on the kernel that is built.

load helper

setup()
{
	built_clone
	cd "$top" || return
	mkdir -p "$objdir/io_uring" "$objdir/lib/kunit" "$objdir/kernel" "$tree/io_uring" "$tree/lib/kunit" "$tree/kernel"
	for o in io_uring/io-wq io_uring/tw lib/kunit/test kernel/task_work kernel/exit kernel/fork kernel/signal kernel/kthread \
		kernel/workqueue; do
		touch "$objdir/$o.o" "$tree/$o.c"
	done
	variant=$top/build/$kernel@gdb/tree/um-default
	# A variant's objects are the kernel's, until they are compiled.
	cat >scripts/lib/variant.sh <<-'END'
		variant_new()
		{
			rm -rf "$(variant_dir gdb)"
			mkdir -p "$(variant_dir gdb)/tree/um-$FLAVOUR"
			cp -p "$objdir/linux" "$(variant_dir gdb)/tree/um-$FLAVOUR"
		}
		variant_same()
		{
			shift
			echo "$*" >"$top/compiled"
			for c; do
				mkdir -p "$(dirname "$(variant_dir gdb)/tree/um-$FLAVOUR/$c")"
				touch "$(variant_dir gdb)/tree/um-$FLAVOUR/${c%.c}.o"
			done
		}
		variant_build() { [ "$VARIANT_CFLAGS" = -g ] && [ ! -e "$top/broken" ]; }
		variant_link() { echo linked >>"$top/compiled"; }
	END
}

# gdb_it VARIABLE=VALUE...: make gdb.
gdb_it()
{
	rm -f compiled
	try env "$@" scripts/gdb.sh
}

fake_gdb()
{
	fake gdb <<<'cat "$(printf "%s\n" "$@" | sed -n "/^-x$/ { n; p }")"; printf "<%s>" "$@"; exit 5'
	fake dpkg-query <<<'echo "gdb installed"'
}

@test "gdb: what it runs, and where it stops" {
	# Pins: UML's signals are passed on, and sources are found; a suite, a case, a scenario, a program; its status is gdb's; BREAK and GDB are commands.
	fake_gdb
	gdb_it T=tctx
	[ "$status" = 5 ]
	grep -q '^handle SIGSEGV .* nostop noprint pass$' <<<"$out"
	grep -qx "directory $objdir" <<<"$out"
	grep -q "<--args><$variant/linux><kunit.filter_glob=tctx>\$" <<<"$out"
	! grep -qE '^break |<-batch>' <<<"$out" || false
	gdb_it T=tctx.tctx_test_add_node BREAK=fail
	grep -q '<kunit.filter_glob=tctx.tctx_test_add_node>$' <<<"$out"
	for f in __kunit_do_failed_assertion panic __warn '\*do_group_exit if .*'; do
		grep -qx "break $f" <<<"$out"
	done
	gdb_it T=defer-close BREAK='io_ring_exit_work io_uring/tw.c:10' GDB='run; bt' ARGS=loglevel=8
	grep -q '<-batch>.*<loglevel=8><scenario=defer-close>$' <<<"$out"
	[ "$(grep -c -e '^break io_ring_exit_work$' -e '^break io_uring/tw.c:10$' -e '^run$' -e '^ bt$' <<<"$out")" = 4 ]
	echo 'int main(void) { return 0; }' >p.c
	UMRING_PWD=$top gdb_it PROG=p.c
	grep -q "<initrd=$programs/p.cpio><program=p>\$" <<<"$out"
}

@test "gdb: compiles what is older than the kernel" {
	# Pins: all at first, nothing without an edit, and then what the edit changed; FILE adds one; a failure is no success later.
	fake_gdb
	gdb_it T=tctx
	[[ $(cat compiled) == 'io_uring/io-wq.c io_uring/tw.c lib/kunit/test.c kernel/task_work.c kernel/exit.c '* ]]
	gdb_it T=tctx
	[ ! -e compiled ]
	sleep 0.02
	touch "$objdir/io_uring/tw.o" "$objdir/linux"
	gdb_it T=tctx
	[ "$(cat compiled)" = io_uring/tw.c ]
	sleep 0.02
	touch "$objdir/io_uring/tw.o" "$objdir/linux"
	: >broken
	gdb_it T=tctx
	[ "$status" = 2 ]
	rm broken
	gdb_it T=tctx
	[[ $(cat compiled) == *io_uring/tw.c* ]]
	mkdir "$tree/fs" "$objdir/fs" && touch "$tree/fs/splice.c" "$objdir/fs/splice.o"
	gdb_it T=tctx FILE=fs/splice.c
	[[ $(cat compiled) == *' fs/splice.c' ]]
}

@test "gdb: the kernel that is built" {
	# Pins: it runs under gdb, stops where it is told, with a stack, and goes on to its end.
	command -v gdb >/dev/null || skip "no gdb here"
	gdb_it T=tctx BREAK=io_wq_exit_start GDB='run; bt 3; delete; continue'
	grep -q '^#0 .* io_wq_exit_start ' <<<"$out"
	grep -q '^#1 .* in ' <<<"$out"
	grep -q '^ok 1 tctx' <<<"$out"
	grep -q 'exited normally' <<<"$out"
}

@test "gdb: wrong input" {
	# Pins: one line each: nothing asked for, two things, no such test, a case of a scenario, a glob, no such FILE, and gdb missing.
	fake_gdb
	gdb_it T=
	fails 'make gdb takes T=suite'
	gdb_it T=tctx PROG=x
	fails 'one of the two'
	gdb_it T=nosuch
	fails 'T=nosuch is no suite'
	gdb_it T=defer-close.x
	fails 'defer-close is a scenario, which has no cases'
	gdb_it 'T=tc*'
	fails 'no glob'
	gdb_it T=tctx FILE=nosuch.c
	fails 'FILE=nosuch.c: no such file'
	gdb_it PROG=nosuch.c
	fails 'PROG=nosuch.c: no such file'
	fake dpkg-query <<<'exit 1'
	fake id <<<'echo 1000'
	gdb_it T=tctx
	fails 'missing packages' gdb
}
