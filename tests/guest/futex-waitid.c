// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that wait for a futex, for one of two, or for a child to exit, when
 * their ring is closed and when their task exits, is killed, or calls exec and
 * keeps the ring: they wait no longer, and nothing is left of them
 * (cancel-local-directly: what wakes them is task_work of a task that goes).
 */
#include "ways.h"
#include <linux/futex.h>

enum {
	OP_FUTEX_WAITV	= 53,
	U32		= 2,	/* FUTEX2_SIZE_U32, shared */
};

static unsigned int *futex;	/* two of them */
static int marker[2], stay[2];

static void wait_futex(struct io_uring *ring, unsigned int which)
{
	struct io_uring_sqe *sqe = get_sqe(ring);

	io_uring_prep_rw(OP_FUTEX_WAIT, sqe, U32, &futex[which], 0, 0);
	sqe->addr3 = ~0U;
}

static void wait_either(struct io_uring *ring)
{
	static struct futex_waitv waitv[2];

	for (int i = 0; i < 2; i++) {
		waitv[i].uaddr = (unsigned long)&futex[i];
		waitv[i].flags = U32;
	}
	io_uring_prep_rw(OP_FUTEX_WAITV, get_sqe(ring), 0, waitv, 2, 0);
}

/* Ends when the parent closes its end of the pipe. */
static pid_t make_child(void)
{
	pid_t pid = must(fork());
	char c;

	if (pid)
		return pid;
	close(stay[1]);
	close(marker[0]);
	_exit(read(stay[0], &c, 1));
}

static void wait_child(struct io_uring *ring, pid_t pid)
{
	struct io_uring_sqe *sqe = get_sqe(ring);

	io_uring_prep_rw(OP_WAITID, sqe, pid, NULL, P_PID, 0);
	sqe->file_index = WEXITED;
}

static int wake(unsigned int which, int nr)
{
	return syscall(SYS_futex, &futex[which], FUTEX_WAKE, nr);
}

/* To wake is to end the wait: there is no look that leaves it alone. */
static void settle(void)
{
	nap(is_smp() ? SEC / 2 : 10 * MS);
}

static void __noreturn child(unsigned int flags, int go)
{
	pid_t pid = make_child();
	struct io_uring ring;
	char c;

	must(io_uring_queue_init(8, &ring, flags));
	must(io_uring_register_files(&ring, &marker[0], 1));
	close(marker[0]);
	wait_futex(&ring, 0);
	wait_futex(&ring, 0);
	wait_futex(&ring, 1);
	wait_either(&ring);
	wait_child(&ring, pid);
	if (must(io_uring_submit(&ring)) != 5)
		_exit(1);
	must(read(go, &c, 1));
	way->leave(&ring);
	abort();
}

static void try(const char *flavour, unsigned int flags)
{
	int go[2], status = -1;
	pid_t pid;

	must(pipe(marker));
	must(pipe(go));
	must(pipe(stay));
	pid = must(fork());
	if (!pid)
		child(flags, go[0]);
	close(marker[0]);
	close(stay[0]);
	settle();
	ok(wake(0, 1) == 1, "%s, %s: they wait", way->name, flavour);
	must(write(go[1], "x", 1));
	settle();
	ok(wake(0, 100) == 0 && wake(1, 100) == 0, "%s, %s: for no futex any more", way->name, flavour);
	if (way->leave == exec_it)
		must(kill(pid, SIGKILL));
	ok(reaped(pid, &status, 4 * SEC) && status == way->status, "%s, %s: the task is gone", way->name, flavour);
	ok(wait_until(readers_gone(marker[1]), SEC), "%s, %s: so is the ring", way->name, flavour);
	/* whom nobody waits for goes to init */
	close(stay[1]);
	close(marker[1]);
	close(go[0]);
	close(go[1]);
}

int main(int argc, char **argv)
{
	struct io_uring ring;
	struct io_uring_cqe *cqe;

	self = argv[0];
	if (argc > 1)
		for (;;)
			pause();
	futex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(futex == MAP_FAILED ? -1 : 0);
	must(io_uring_queue_init(8, &ring, 0));
	wait_either(&ring);
	must(io_uring_submit(&ring));
	if (!io_uring_peek_cqe(&ring, &cqe))
		skip_all("no requests that wait for a futex here");
	io_uring_queue_exit(&ring);
	plan(4 * 2 * ARRAY_SIZE(ways));
	for (way = ways; way < ways + ARRAY_SIZE(ways); way++) {
		try("plain", 0);
		try("defer", IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	}
	return 0;
}
