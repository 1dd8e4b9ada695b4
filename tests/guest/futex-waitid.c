// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that wait for a futex, for one of two, or for a child to exit, when
 * their ring is closed and when their task exits, is killed, or calls exec and
 * keeps the ring: they wait no longer, and nothing is left of them
 * (cancel-local-directly: what wakes them is task_work of a task that goes).
 * Those of a task that stays complete once what they wait for has come.
 *
 * about io_futex_wait
 * about io_futexv_wait
 * about io_waitid
 * about io_futex_wake_fn
 * about io_futex_wakev_fn
 * about io_waitid_wait
 * about io_futex_remove_all
 * about io_waitid_remove_all
 */
#include "ways.h"
#include <linux/futex.h>

enum {
	OP_FUTEX_WAITV	= 53,
	U32		= 2,	/* FUTEX2_SIZE_U32, shared */
	NR_REQS		= 5,
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

/* Whether @nr requests have completed, all of them with success. */
static bool completed(struct io_uring *ring, unsigned int nr)
{
	bool good = true;

	collect(ring);
	for (int i = 0; i < NR_REQS; i++) {
		nr -= outcomes[i].nr;
		good &= outcomes[i].res >= 0;
	}
	return good && !nr;
}

static void __noreturn child(unsigned int flags, int go)
{
	pid_t pid = make_child();
	struct io_uring ring;
	char c;

	close(stay[1]);
	must(io_uring_queue_init(8, &ring, flags));
	must(io_uring_register_files(&ring, &marker[0], 1));
	close(marker[0]);
	wait_futex(&ring, 0);
	wait_futex(&ring, 0);
	wait_futex(&ring, 1);
	wait_either(&ring);
	wait_child(&ring, pid);
	for (int i = 0; i < NR_REQS; i++)
		ring.sq.sqes[i].user_data = i;
	if (must(io_uring_submit(&ring)) != NR_REQS)
		_exit(1);
	must(read(go, &c, 1));
	if (!way)
		_exit(!wait_until(completed(&ring, NR_REQS), SEC));
	/* one has been woken, and all others wait */
	if (!completed(&ring, 1))
		_exit(1);
	way->leave(&ring);
	abort();
}

static pid_t start(unsigned int flags, int *go)
{
	int pipe_fd[2];
	pid_t pid;

	must(pipe(marker));
	must(pipe(stay));
	must(pipe(pipe_fd));
	pid = must(fork());
	if (!pid)
		child(flags, pipe_fd[0]);
	close(pipe_fd[0]);
	close(marker[0]);
	close(stay[0]);
	*go = pipe_fd[1];
	settle();
	return pid;
}

static void check_gone(const char *how, const char *flavour, pid_t pid, int expected)
{
	int status = -1;

	ok(reaped(pid, &status, 4 * SEC) && status == expected,
	   "%s, %s: the task is gone", how, flavour);
	ok(wait_until(readers_gone(marker[1]), SEC), "%s, %s: so is the ring", how, flavour);
	close(marker[1]);
}

static void stay_and_wake(const char *flavour, unsigned int flags)
{
	int go, nr;
	pid_t pid;

	way = NULL;
	pid = start(flags, &go);
	nr = wake(0, 100);
	ok(nr == 3, "woken, %s: three wait for a futex: %d", flavour, nr);
	settle();
	/* the one that waits for either has been woken, but may not have run */
	nr = wake(1, 100);
	ok(nr >= 1, "woken, %s: one waits for another: %d", flavour, nr);
	close(stay[1]);
	settle();
	must(write(go, "x", 1));
	/* with status 0 if each has completed */
	check_gone("woken", flavour, pid, 0);
	close(go);
}

static void try(const char *flavour, unsigned int flags)
{
	pid_t pid;
	int go;

	pid = start(flags, &go);
	ok(wake(0, 1) == 1, "%s, %s: they wait", way->name, flavour);
	must(write(go, "x", 1));
	settle();
	ok(wake(0, 100) == 0 && wake(1, 100) == 0, "%s, %s: for no futex any more", way->name, flavour);
	if (way->leave == exec_it)
		must(kill(pid, SIGKILL));
	check_gone(way->name, flavour, pid, way->status);
	/* whom nobody waits for goes to init */
	close(stay[1]);
	close(go);
}

int main(int argc, char **argv)
{
	const unsigned int defer = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
	struct io_uring_probe *probe;

	self = argv[0];
	if (argc > 1)
		for (;;)
			pause();
	futex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(futex == MAP_FAILED ? -1 : 0);
	probe = io_uring_get_probe();
	must(probe ? 0 : -ENOMEM);
	if (!io_uring_opcode_supported(probe, OP_FUTEX_WAITV))
		skip_all("no requests that wait for a futex here");
	io_uring_free_probe(probe);
	plan(4 * 2 * (1 + ARRAY_SIZE(ways)));
	stay_and_wake("plain", 0);
	stay_and_wake("defer", defer);
	for (way = ways; way < ways + ARRAY_SIZE(ways); way++) {
		try("plain", 0);
		try("defer", defer);
	}
	return 0;
}
