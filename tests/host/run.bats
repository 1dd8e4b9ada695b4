# SPDX-License-Identifier: GPL-2.0
# run.sh, and what init makes of a program: the kernel that is built runs C, binaries and scripts, each of which ends in one way.

load helper

setup()
{
	built_clone
}

# c NAME STATEMENT: NAME.c, a program that does this.
c()
{
	printf '%s\n' '#include <fcntl.h>' '#include <stdio.h>' '#include <stdlib.h>' '#include <string.h>' '#include <unistd.h>' \
		'int main(int argc, char **argv)' '{' "	$2" '}' >"$1.c"
}

# run_it VARIABLE=VALUE...: make run, in the real clone.
run_it()
{
	try env "$@" "$top/scripts/run.sh"
}

# judged NAME REASON: it failed as a test does, for that reason.
judged()
{
	[ "$status" = 1 ]
	[ -z "$err" ]
	grep -q "^NOT OK $1 " <<<"$out"
	grep -q "$2" <<<"$out"
	grep -q "^not ok 1 $1\$" "$programs/ktap"
	grep -qE 'failed: 1|crashed: 1|errors: 1' "$programs/summary"
}

# refused TEXT...: nothing was run, and one line says why.
refused()
{
	[ "$status" = 2 ]
	fails "$@"
}

@test "run: a C program, and what it finds" {
	# Pins: no warning stops it; arguments, files in /tmp and at a path, devices; its output as it comes; KTAP that it prints is
	# none; results of tests are left alone.
	mkdir dir && echo in-dir >dir/f && echo data >data
	c hello 'char b[80]; int unused; for (int i = 1; i < argc; i++) puts(argv[i]);
	printf("ok 1 x\nBail out!\nnot ok 2 - y\n# Subtest: z\n1..7\n\033[1m\nhalf");
	puts(fgets(b, 80, fopen("/tmp/data", "r"))); puts(fgets(b, 80, fopen("/etc/dir/f", "r")));
	return open("/dev/full", 1) < 0 || open("/dev/urandom", 0) < 0 || strcmp(getenv("HOME"), getcwd(b, 80));'
	run_it PROG=hello.c 'ARGV=one *' 'FILES=data dir:/etc/dir'
	works
	diff - <(sed '1d; s/  *[0-9]* ms$//' <<<"$out" | sed '$d') <<-'END'
		one
		*
		ok 1 x
		Bail out!
		not ok 2 - y
		# Subtest: z
		1..7
		\x1b[1m
		halfdata

		in-dir

		ok     hello                    exited with 0
	END
	[ "$(cat "$programs/hello/verdict")" = passed ]
	grep -q 'testcase name="hello"' "$programs/junit.xml"
	[ ! -e "$results" ]
}

@test "run: coverage and make who" {
	# Pins: COVERAGE=1 is the table of that run alone, without floors, and the verdict that of the program; make who names it
	# beside tests, make coverage does not count it.
	cd "$top"
	instrumented
	mv "$objdir/linux" "$objdir/left"
	printf '%s\n' '#!/bin/sh' '"${0%/*}/left" left' 'printf "%s\n" "KTAP version 1" 1..1 "not ok 1 quiet"; exit 1' >"$objdir/linux"
	chmod +x "$objdir/linux"
	echo 'int main(void) { return 3; }' >quiet.c
	UMRING_PWD=$top run_it PROG=quiet.c COVERAGE=1
	judged quiet failed
	grep -qE '^io_uring/io-wq.c:left +100.0 % of ' <<<"$out"
	! grep -q '!' <<<"$out" || false
	mkdir -p "$results/test/gcov"
	cp -r "$programs/quiet/." "$results/test"
	AT=io_uring/io-wq.c:left CASES=0 try scripts/who.sh
	works
	[ "$(sed -n 's/  *1$//p' <<<"$out")" = $'  programs/quiet\n  test' ]
	try scripts/coverage.sh
	grep -q 'default, 1 runs' "$work/coverage-default/html/index.html"
	run_it PROG=quiet.c COVERAGE=yes
	refused 'COVERAGE=yes'
}

@test "run: several sources, CFLAGS, and gcc's own messages" {
	# Pins: CFLAGS come last; they do not reach the kernel's build, nor do make's. What gcc says is shown.
	printf 'int f(void) { return N; }\n' >b.c
	c a 'int f(void), unused; return f();'
	run_it 'PROG=a.c b.c' 'CFLAGS=-DN=9 -Wall' 'MAKEFLAGS= -- CFLAGS=-DN'
	[ "$status" = 1 ]
	grep -q 'exited with status 9' <<<"$out"
	grep -q 'a.c:.*unused variable' <<<"$err"
	run_it PROG=b.c
	[ "$status" = 2 ]
	grep -q "b.c:1:.*error: .*N" <<<"$err"
	[ "$(tail -n 1 <<<"$err")" = 'run: error: PROG=b.c does not compile' ]
}

@test "run: paths and arguments with blanks" {
	# Pins: PROG= and FILES= that are one file take it as it is; of several words, quotes keep one together, in CFLAGS= and ARGV= too.
	mkdir "a dir" && echo data >"a dir/my data" && printf 'int f(void) { return *TEXT; }\n' >"a dir/b.c"
	c "my prog" 'int f(void); return argc != 3 || strcmp(argv[1], "two  words") || *argv[2] || access("/tmp/d", F_OK) || f();'
	run_it PROG="'my prog.c' a\ dir/b.c" ARGV="'two  words' ''" FILES='"a dir/my data:/tmp/d"' "CFLAGS='-DTEXT=\" \"+32'"
	judged my_prog 'exited with status 1'
	run_it PROG="'my prog.c' a\ dir/b.c" ARGV="'two  words' ''" FILES='"a dir/my data:/tmp/d"' "CFLAGS='-DTEXT=\"\"'"
	works
	cp /bin/true "a dir/it's"
	run_it PROG="a dir/it's" FILES="my prog.c"
	refused "my prog.c has a blank in its name, which cannot be packed: name it '" "my prog.c:/tmp/NAME'"
	mv "my prog.c" "a dir"
	run_it PROG="a dir/it's" FILES="a dir/b.c"
	works
	run_it PROG="a dir/it's" ARGV="it's"
	refused "ARGV=it's: a quote is not closed"
	run_it PROG="a' dir"
	refused "PROG=a' dir: a quote is not closed"
	run_it PROG="a dir/b.c a"
	refused "PROG=a: no such file"
}

@test "run: threads, static and dynamic" {
	# Pins: a dynamic program has its libraries along, also the one that pthread_exit() loads, and one from LD_LIBRARY_PATH.
	printf '%s\n' '#include <pthread.h>' 'int f(void);' 'void *t(void *p) { pthread_exit(p); }' \
		'int main(void) { pthread_t p; return pthread_create(&p, 0, t, 0) || pthread_join(p, 0) || f(); }' >t.c
	echo 'int f(void) { return 0; }' >f.c
	run_it 'PROG=t.c f.c'
	works
	gcc -shared -fPIC -o libf.so f.c
	gcc -pthread -o dynamic t.c -L. -lf
	run_it PROG=dynamic LD_LIBRARY_PATH="$PWD"
	works
	run_it PROG=dynamic
	refused dynamic 'needs libf.so, which is not here'
}

@test "run: a script" {
	# Pins: its interpreter goes along, also one that env looks for; one that is not here is named.
	printf '%s\n' '#!/bin/sh' 'echo "$0 $1"; exit 4' >s.sh
	run_it PROG=s.sh ARGV=x
	judged s.sh 'exited with status 4'
	grep -qx '/program/s.sh x' <<<"$out"
	printf '%s\n' '#!/usr/bin/env sh' 'echo hi' >e
	run_it PROG=e
	works
	printf '%s\n' '#!/no/such' >n
	run_it PROG=n
	refused 'needs the interpreter /no/such'
}

@test "run: what is no program" {
	# Pins: one line each: no file, a directory, text, another machine's program, 32 bits, too many, none at all; FILES too.
	mkdir d && echo text >text && echo 'int main(void) { return 0; }' >ok.c
	run_it PROG=
	refused 'PROG= names no program'
	run_it PROG=nosuch.c
	refused 'PROG=nosuch.c: no such file'
	run_it PROG=d
	refused 'PROG=d is a directory'
	run_it PROG=text
	refused 'neither C (*.c), nor an ELF program, nor a script'
	gcc -o bin ok.c
	cp bin arm && printf '\xb7' | dd of=arm bs=1 seek=18 conv=notrunc status=none
	run_it PROG=arm
	refused 'arm is a program for ELF64 AArch64, this kernel runs ELF64 X86-64 only'
	cp bin x32 && printf '\x01' | dd of=x32 bs=1 seek=4 conv=notrunc status=none
	run_it PROG=x32
	refused 'this kernel runs ELF64 X86-64 only'
	run_it 'PROG=bin text'
	refused 'more than one file'
	run_it PROG=ok.c FILES=nosuch
	refused 'nosuch: no such file'
	run_it PROG=ok.c FILES=text:/
	refused 'no absolute path to put'
}

@test "run: how a program can end" {
	# Pins: status, signal, a skip, a daemon, and one that never ends, with where it waits, are judged within LIMIT.
	c status 'return 42;'
	run_it PROG=status.c
	judged status 'exited with status 42'
	c segv '*(volatile int *)0 = 1;'
	run_it PROG=segv.c
	judged segv 'killed by signal 11, SIGSEGV'
	c skip 'puts("no such device"); return 77;'
	run_it PROG=skip.c ARGS=skip=77
	works
	grep -q '^skip   skip .*: no such device ' <<<"$out"
	c daemon 'daemon(0, 0); for (;;) pause();'
	run_it PROG=daemon.c
	judged daemon 'left behind: daemon, task '
	c endless 'for (;;) pause();'
	run_it PROG=endless.c LIMIT=2
	judged endless 'still running after 2 s'
	grep -A 1 'task endless, state S, in' <<<"$out" | grep -q 'sys_pause+'
	c spin 'for (;;);'
	run_it PROG=spin.c LIMIT=1
	judged spin 'still running after 1 s'
	run_it PROG=spin.c LIMIT=1 ENDLESS=1
	works
	grep -q '^ok     spin  *endless: ended after 1 s ' <<<"$out"
	run_it PROG=status.c ENDLESS=1
	judged status 'exited with status 42'
	c gone 'unlink(argv[0]); return chdir("/") || rmdir("/tmp/x");'
	run_it PROG=gone.c
	judged gone 'exited with status 1'
}

@test "run: a program that takes too much" {
	# Pins: memory, output and the kernel's log: each ends, and says why.
	c memory 'for (;;) memset(malloc(1 << 20), 1, 1 << 20);'
	run_it PROG=memory.c ARGS=mem=48M
	judged memory 'kernel log: Out of memory: Killed process'
	c output 'for (;;) puts("and so on and so on and so on and so on and so on and so on and so on and so on");'
	run_it PROG=output.c
	[ "$status" = 1 ]
	grep -q 'more than 1 MiB of output: ended' <<<"$out"
	[ "$(stat -c %s "$programs/ktap")" -lt 3000000 ]
	c log 'for (int fd = open("/dev/kmsg", 1); ; ) write(fd, "<7>and so on and so on and so on\n", 33);'
	run_it PROG=log.c ARGS='printk.devkmsg=on loglevel=4'
	[ "$status" = 1 ]
	grep -qE 'more than 4 MiB of kernel log: ended|the kernel log overran' <<<"$out"
}

@test "run: a program that panics the kernel" {
	# Pins: that run has crashed, and what the kernel said is shown; a hang of the kernel itself is stopped by the time.
	c panic 'return 0;'
	printf '%s\n' '#!/bin/sh' 'echo "KTAP version 1"; echo "Kernel panic - not syncing: oh" >&2; exit 134' >"$objdir/linux"
	run_it PROG=panic.c
	judged panic 'crashed: exit status 134'
	grep -q 'Kernel panic - not syncing: oh' <<<"$out"
}

@test "run: an initrd that is missing" {
	# Pins: an end of its own: no verdict, and the line that the kernel gives.
	echo 'int main(void) { return 0; }' >ok.c
	run_it PROG=ok.c
	works
	# Nor is a program anywhere else.
	try timeout 60 "$objdir/linux" initrd="$programs/ok.cpio" program=../init
	[ "$status" = 2 ]
	rm "$programs/ok.cpio"
	echo "ok $programs/ok.cpio" >list
	JOBS=1 me=run objdir=$objdir tree=$tree results=$programs work=$work try /usr/bin/python3 -S -B "$top/scripts/lib/run.py" --programs list
	[ "$status" = 1 ]
	grep -q '^NOT OK ok  *ended with no verdict: exit status 125' <<<"$out"
	grep -q "Cannot load the initrd '$programs/ok.cpio'" <<<"$out"
}
