// SPDX-License-Identifier: GPL-2.0
/*
 * A ring shared with a child that execs, or exits, with requests of its own in
 * each list there is: poll, multishot, timeout, linked timeout, futex, waitid,
 * deferred by a drain. exec cancels all of them, exit those that hold a ring
 * or an mm, and neither touches the parent's. What outlives its task completes
 * all the same, from the fallback work (cancel-local-directly: requests that
 * an exiting task leaves run from a work item of that task).
 *
 * about io_poll_add
 * about io_read
 * about io_timeout
 * about io_link_timeout_prep
 * about io_futex_wait
 * about io_waitid
 * about io_cancel_defer_files
 * about io_futex_remove_all
 * about io_waitid_remove_all
 * about io_fallback_tw
 */
#include "scenario.h"
#include <sys/prctl.h>

enum { POLL = 1, MULTI, READ, TIMEOUT, FUTEX, WAITID, LINKED, LINKED_TIMEOUT, DRAIN, NR };
enum { RING_POLL = NR, RING_LINKED, RING_LINKED_TIMEOUT };
#define THEIRS	20

static struct io_uring ring, second;
static int a[2], b[2], armed[2], go[2];
static unsigned int *futex;
static pid_t sleeper;
static struct __kernel_timespec hour = { .tv_sec = 3600 };

/* liburing 2.3 clears user_data in what prepares a request. */
#define prep(ud, name, ...) ({						\
	struct io_uring_sqe *__sqe = get_sqe(&ring);			\
									\
	io_uring_prep_##name(__sqe, ##__VA_ARGS__);			\
	__sqe->user_data = (ud);					\
	__sqe; })

static void arm(unsigned int base)
{
	static char buf;
	struct io_uring_sqe *sqe;

	prep(base + POLL, poll_add, a[0], POLLIN);
	prep(base + MULTI, poll_multishot, a[0], POLLIN);
	prep(base + READ, read, b[0], &buf, 1, -1);
	prep(base + TIMEOUT, timeout, &hour, 0, 0);
	sqe = get_sqe(&ring);
	/* FUTEX2_SIZE_U32, shared */
	io_uring_prep_rw(OP_FUTEX_WAIT, sqe, 0x02, futex, 0, 0);
	sqe->addr3 = ~0U;
	sqe->user_data = base + FUTEX;
	sqe = get_sqe(&ring);
	io_uring_prep_rw(OP_WAITID, sqe, sleeper, NULL, P_PID, 0);
	sqe->file_index = WEXITED;
	sqe->user_data = base + WAITID;
	prep(base + LINKED, poll_add, a[0], POLLIN)->flags = IOSQE_IO_LINK;
	prep(base + LINKED_TIMEOUT, link_timeout, &hour, 0);
	if (base)
		prep(base + DRAIN, nop)->flags = IOSQE_IO_DRAIN;
	must(io_uring_submit(&ring));
}

static unsigned int count(unsigned int base, int first, int last, bool cancelled)
{
	unsigned int nr = 0;

	collect(&ring);
	for (int i = first; i <= last; i++)
		nr += outcomes[base + i].nr == 1 &&
		      (!cancelled || outcomes[base + i].res == -ECANCELED);
	return nr;
}

static void leave(int sig)
{
	(void)sig;
	_exit(0);
}

/* A child for waitid, which ends with its parent, and well: init looks. */
static pid_t sleeps(void)
{
	pid_t pid = must(fork());

	if (pid)
		return pid;
	signal(SIGTERM, leave);
	must(prctl(PR_SET_PDEATHSIG, SIGTERM));
	for (;;)
		pause();
}

static void __noreturn execs(char *self)
{
	char image[] = "image", *argv[] = { self, image, NULL };
	char c = 0;

	sleeper = sleeps();
	resync(&ring);
	arm(THEIRS);
	must(write(armed[1], &c, 1));
	must(read(go[0], &c, 1));
	execv(self, argv);
	_exit(127);
}

static void through_exec(char *self)
{
	int status = -1, woken;
	char c = 0;
	pid_t pid;

	must(pipe2(armed, O_CLOEXEC));
	must(pipe2(go, O_CLOEXEC));
	arm(0);
	pid = must(fork());
	if (!pid)
		execs(self);
	must(read(armed[0], &c, 1));
	ok(count(THEIRS, POLL, DRAIN, false) == 0, "exec: the child's requests are in flight");
	must(write(go[1], &c, 1));
	/* and not only when the new image exits, after a second */
	ok(wait_until(count(THEIRS, POLL, LINKED, true) == 7, 100 * MS), "exec: each is cancelled");
	ok(wait_until(count(THEIRS, LINKED_TIMEOUT, DRAIN, false) == 2, 100 * MS),
	   "exec: with its timeout, and what was to follow");
	ok(count(0, POLL, DRAIN, false) == 0, "exec: and none of the parent's");
	ok(!waitpid(pid, &status, WNOHANG), "exec: while the new image runs");
	ok(reaped(pid, &status, 2 * SEC) && !status, "exec: and ends");

	woken = syscall(SYS_futex, futex, 1 /* FUTEX_WAKE */, 10, NULL, NULL, 0);
	ok(woken == 1 && outcome(&ring, FUTEX) == 0, "exec: one futex waits: %d", woken);
	must(kill(sleeper, SIGKILL));
	ok(outcome(&ring, WAITID) == 0, "exec: the parent hears of its child");
	must(write(b[1], "x", 1));
	ok(outcome(&ring, READ) == 1, "exec: and reads what it was to read");
	must(write(a[1], "x", 1));
	ok(outcome(&ring, POLL) == POLLIN && outcome(&ring, MULTI) == POLLIN &&
	   outcome(&ring, LINKED) == POLLIN && outcome(&ring, LINKED_TIMEOUT) == -ECANCELED,
	   "exec: and polls");
	ok(!outcomes[TIMEOUT].nr, "exec: its timeout is armed yet");
}

static void __noreturn exits(void)
{
	char buf[2];
	struct io_uring_sqe *sqe;

	resync(&ring);
	must(read(a[0], buf, 1));
	prep(THEIRS + POLL, poll_add, a[0], POLLIN);
	prep(THEIRS + READ, read, b[0], buf, 1, -1);
	prep(THEIRS + RING_POLL, poll_add, second.ring_fd, POLLIN);
	prep(THEIRS + RING_LINKED, poll_add, second.ring_fd, POLLIN)->flags = IOSQE_IO_LINK;
	prep(THEIRS + RING_LINKED_TIMEOUT, link_timeout, &hour, 0);
	prep(THEIRS + LINKED, poll_add, a[0], POLLIN)->flags = IOSQE_IO_LINK;
	prep(THEIRS + LINKED_TIMEOUT, link_timeout, &hour, 0);
	must(io_uring_submit(&ring));
	sqe = get_sqe(&second);
	io_uring_prep_poll_add(sqe, a[0], POLLIN);
	submit_as(&second, sqe, THEIRS + MULTI);
	nap(10 * MS);
	exit_thread();
}

static void exit_and_late(void)
{
	int status = -1;
	pid_t pid;

	/* 7.3 goes on with a drain that was cancelled, and defers what follows */
	io_uring_queue_exit(&ring);
	must(io_uring_queue_init(32, &ring, 0));
	memset(outcomes, 0, sizeof(outcomes));
	pid = must(fork());
	if (!pid)
		exits();
	ok(reaped(pid, &status, SEC) && !status, "exit: reaped");
	resync(&ring);
	ok(wait_until(count(THEIRS, RING_POLL, RING_LINKED, true) == 2 &&
		      count(THEIRS, RING_LINKED_TIMEOUT, RING_LINKED_TIMEOUT, false), SEC),
	   "exit: what holds a ring is cancelled");
	nap(20 * MS);
	ok(count(THEIRS, POLL, READ, false) == 0 && count(THEIRS, LINKED, LINKED_TIMEOUT, false) == 0,
	   "exit: the rest is left");
	must(write(a[1], "x", 1));
	must(write(b[1], "x", 1));
	ok(outcome(&ring, THEIRS + POLL) == -ECANCELED, "late: a poll completes as cancelled");
	ok(outcome(&ring, THEIRS + READ) == -ECANCELED, "late: a read, too, without its task's memory");
	ok(outcome(&ring, THEIRS + LINKED) == -ECANCELED &&
	   outcome(&ring, THEIRS + LINKED_TIMEOUT) != PENDING, "late: and a link with its timeout");
	ok(outcome(&second, THEIRS + MULTI) == -ECANCELED, "late: on each ring");
	ok(readable(b[0], POLLIN), "late: what would be read is there");
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		nap(SEC);
		return 0;
	}
	plan(20);
	must(pipe(a));
	must(pipe(b));
	futex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(futex == MAP_FAILED ? -1 : 0);
	sleeper = sleeps();
	must(io_uring_queue_init(32, &ring, 0));
	must(io_uring_queue_init(8, &second, 0));
	must(fcntl(ring.ring_fd, F_SETFD, 0));
	through_exec(argv[0]);
	exit_and_late();
	prep(TIMEOUT, timeout, &hour, 0, 0);
	must(io_uring_submit(&ring));
	io_uring_queue_exit(&second);
	io_uring_queue_exit(&ring);
	close(a[0]);
	ok(wait_until(readers_gone(a[1]), SEC), "the rings are gone, with a timeout in flight");
	return 0;
}
