// SPDX-License-Identifier: GPL-2.0
/*
 * IORING_OP_ASYNC_CANCEL finds what it is told to find, and nothing else: by
 * user data, file, registered file, opcode, or all there is; in poll, waitid,
 * futex and timeout lists, and in io-wq, pending and running, its own and that
 * of another task (cancel-create-once, exit-per-link: what is cancelled here
 * is what exit cancels).
 *
 * about io_async_cancel
 * about io_cancel_req_match
 * about __io_waitid_cancel
 * about __io_futex_cancel
 * about io_poll_find
 * about io_timeout_cancel
 * about io_wq_cancel_pending_work
 * about io_wq_cancel_running_work
 */
#include "compat.h"
#include "scenario.h"

#define ALL	IORING_ASYNC_CANCEL_ALL
#define FD	IORING_ASYNC_CANCEL_FD
#define ANY	IORING_ASYNC_CANCEL_ANY
#define FIXED	IORING_ASYNC_CANCEL_FD_FIXED
#define DATA	IORING_ASYNC_CANCEL_USERDATA
#define OP	IORING_ASYNC_CANCEL_OP

/* user data of the cancel requests themselves */
#define CANCEL	60

static struct io_uring ring;
static int a[2], b[2], sink[2];
static unsigned int futex = 1;
static struct __kernel_timespec hour = { .tv_sec = 3600 };

static struct io_uring_sqe *cancel_sqe(unsigned int flags)
{
	struct io_uring_sqe *sqe = get_sqe(&ring);

	io_uring_prep_rw(IORING_OP_ASYNC_CANCEL, sqe, -1, NULL, 0, 0);
	sqe->cancel_flags = flags;
	return sqe;
}

static int result_of(struct io_uring_sqe *sqe)
{
	submit_as(&ring, sqe, CANCEL);
	return outcome(&ring, CANCEL);
}

/* Cancels by whatever of the three @flags ask for. */
static int cancel(unsigned int flags, __u64 data, int fd, int op)
{
	struct io_uring_sqe *sqe = cancel_sqe(flags);

	sqe->addr = data;
	sqe->fd = fd;
	sqe->len = op;
	return result_of(sqe);
}

static void poll_on(int fd, unsigned int ud)
{
	struct io_uring_sqe *sqe = get_sqe(&ring);

	io_uring_prep_poll_add(sqe, fd, POLLIN);
	submit_as(&ring, sqe, ud);
}

static void read_on(int fd, unsigned int ud)
{
	struct io_uring_sqe *sqe = get_sqe(&ring);
	static char buf;

	io_uring_prep_read(sqe, fd, &buf, 1, -1);
	submit_as(&ring, sqe, ud);
}

static void timeout(unsigned int ud)
{
	struct io_uring_sqe *sqe = get_sqe(&ring);

	io_uring_prep_timeout(sqe, &hour, 0, 0);
	submit_as(&ring, sqe, ud);
}

static void futex_wait(unsigned int ud)
{
	struct io_uring_sqe *sqe = get_sqe(&ring);

	/* FUTEX2_SIZE_U32 | FUTEX2_PRIVATE, any bit */
	io_uring_prep_rw(OP_FUTEX_WAIT, sqe, 0x82, &futex, 0, 1);
	sqe->addr3 = ~0U;
	submit_as(&ring, sqe, ud);
}

static void wait_for(pid_t pid, unsigned int ud)
{
	struct io_uring_sqe *sqe = get_sqe(&ring);

	io_uring_prep_rw(OP_WAITID, sqe, pid, NULL, P_PID, 0);
	sqe->file_index = WEXITED;
	submit_as(&ring, sqe, ud);
}

static void block(unsigned int ud)
{
	struct io_uring_sqe *sqe = get_sqe(&ring);

	prep_blocking_read(sqe, b[0], sink[1]);
	submit_as(&ring, sqe, ud);
}

static void errors(void)
{
	struct io_uring_sqe *sqe;

	poll_on(a[0], 1);
	ok(cancel(1U << 6, 1, 0, 0) == -EINVAL, "a flag that there is not is refused");
	ok(cancel(ANY | FD, 0, a[0], 0) == -EINVAL, "any, but of one file");
	ok(cancel(ANY | OP, 0, 0, IORING_OP_POLL_ADD) == -EINVAL, "any, but of one opcode");
	ok(cancel(OP, 1, 0, 255) < 0, "an opcode that there is not");
	sqe = cancel_sqe(0);
	sqe->off = 1;
	ok(result_of(sqe) == -EINVAL, "an offset is refused");
	sqe = cancel_sqe(0);
	sqe->splice_fd_in = 1;
	ok(result_of(sqe) == -EINVAL, "a second file is refused");
	sqe = cancel_sqe(0);
	sqe->flags = IOSQE_BUFFER_SELECT;
	ok(result_of(sqe) < 0, "a buffer group is refused");
	ok(cancel(FD | ALL, 0, 1000, 0) == -EBADF, "a file that is not open");
	ok(cancel(FD | FIXED, 0, 1000, 0) == -EBADF, "a slot that is not registered");
	ok(cancel(0, 1, 0, 0) == 0 && outcome(&ring, 1) == -ECANCELED, "none of them cancelled");
}

static void keys(void)
{
	struct io_uring_sqe *sqe;
	int ret;

	poll_on(a[0], 1);
	poll_on(a[0], 1);
	poll_on(b[0], 2);
	ret = cancel(0, 1, 0, 0);
	ok(!ret && count_outcomes(&ring, 1) == 1, "by user data: the first of two: %d", ret);
	ret = cancel(0, 3, 0, 0);
	ok(ret == -ENOENT, "by user data: none: %d", ret);
	poll_on(a[0], 1);
	ret = cancel(ALL, 1, 0, 0);
	ok(ret == 2 && count_outcomes(&ring, 1) == 2, "all of a user data: %d", ret);
	ret = cancel(ALL, 1, 0, 0);
	ok(!ret, "all of none: %d", ret);

	poll_on(a[0], 1);
	read_on(a[0], 1);
	timeout(1);
	ret = cancel(FD, 0, a[0], 0);
	ok(!ret && count_outcomes(&ring, 1) == 1, "by file: one of two: %d", ret);
	ret = cancel(FD | ALL, 0, a[0], 0);
	ok(ret == 1 && count_outcomes(&ring, 1) == 1, "all of a file: %d", ret);
	ret = cancel(FD | DATA, 1, b[0], 0);
	ok(ret == -ENOENT, "by file and user data: none: %d", ret);
	ret = cancel(FD | DATA, 2, b[0], 0);
	ok(!ret && outcome(&ring, 2) == -ECANCELED, "by file and user data: %d", ret);
	ret = cancel(0, 1, 0, 0);
	ok(!ret && outcome(&ring, 1) == -ECANCELED, "a file is not asked for: a timeout: %d", ret);

	sqe = get_sqe(&ring);
	io_uring_prep_poll_add(sqe, 0, POLLIN);
	sqe->flags = IOSQE_FIXED_FILE;
	submit_as(&ring, sqe, 3);
	ret = cancel(FD | FIXED, 0, 0, 0);
	ok(!ret && outcome(&ring, 3) == -ECANCELED, "by registered file: %d", ret);
	sqe = get_sqe(&ring);
	io_uring_prep_poll_add(sqe, 0, POLLIN);
	sqe->flags = IOSQE_FIXED_FILE;
	submit_as(&ring, sqe, 3);
	sqe = cancel_sqe(FD);
	sqe->fd = 0;
	sqe->flags = IOSQE_FIXED_FILE;
	ret = result_of(sqe);
	ok(!ret && outcome(&ring, 3) == -ECANCELED, "by the registered file of the request: %d", ret);

	poll_on(a[0], 4);
	read_on(a[0], 5);
	read_on(b[0], 5);
	timeout(5);
	ret = cancel(OP | ALL, 0, 0, IORING_OP_READ);
	ok(ret == 2 && count_outcomes(&ring, 5) == 2, "all of an opcode: %d", ret);
	ret = cancel(OP | DATA, 4, 0, IORING_OP_READ);
	ok(ret == -ENOENT, "by opcode and user data: none: %d", ret);
	ret = cancel(OP, 0, 0, IORING_OP_TIMEOUT);
	ok(!ret && outcome(&ring, 5) == -ECANCELED, "by opcode: a timeout: %d", ret);
	ret = cancel(OP | FD, 0, a[0], IORING_OP_POLL_ADD);
	ok(!ret && outcome(&ring, 4) == -ECANCELED, "by opcode and file: %d", ret);
}

static void lists(void)
{
	pid_t pid = must(fork());
	int ret, seen;

	/* from these two, 1 is what success has always been */
	if (!pid)
		for (;;)
			pause();
	poll_on(a[0], 1);
	wait_for(pid, 2);
	futex_wait(3);
	futex_wait(3);
	timeout(4);
	ok(cancel(0, 2, 0, 0) >= 0 && outcome(&ring, 2) == -ECANCELED, "waitid, by user data");
	ok(cancel(0, 3, 0, 0) >= 0 && count_outcomes(&ring, 3) == 1, "futex, one by user data");
	ok(cancel(0, 4, 0, 0) == 0 && outcome(&ring, 4) == -ECANCELED, "timeout, by user data");
	futex_wait(3);
	ret = cancel(ALL, 3, 0, 0);
	ok(ret > 0 && count_outcomes(&ring, 3) == 2, "futex, all of a user data: %d", ret);
	wait_for(pid, 2);
	futex_wait(3);
	futex_wait(3);
	timeout(4);
	timeout(4);
	poll_on(a[0], 1);
	ret = cancel(ANY, 0, 0, 0);
	collect(&ring);
	seen = outcomes[1].nr + outcomes[2].nr + outcomes[3].nr + outcomes[4].nr;
	/* ret is less: those of a list may count as one */
	ok(ret > 0 && seen == 7, "any: two polls, waitid, two futexes, two timeouts: %d", ret);
	for (int i = 0; i < CANCEL; i++)
		outcomes[i].nr = 0;
	ret = cancel(ANY, 0, 0, 0);
	ok(!ret, "any of none: %d", ret);
	wait_for(pid, 5);
	must(kill(pid, SIGKILL));
	ret = outcome(&ring, 5);
	ok(!ret && !count_outcomes(&ring, 2),
	   "the child's end is told to who waits, and not to what was cancelled: %d", ret);
}

static void io_wq(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring other;
	int ret;

	block(1);
	ok(wait_until(count_workers(getpid()) == 1, SEC), "io-wq: a worker runs the first");
	nap(MS);
	block(2);
	block(3);
	block(3);
	ret = cancel(0, 2, 0, 0);
	ok(!ret && outcome(&ring, 2) == -ECANCELED, "io-wq: pending: %d", ret);
	ret = cancel(FD | ALL | OP, 0, b[0], IORING_OP_READ);
	ok(!ret, "io-wq: of another opcode: %d", ret);
	ret = cancel(ALL, 3, 0, 0);
	ok(ret > 0 && count_outcomes(&ring, 3) == 2, "io-wq: all pending of a user data: %d", ret);
	ret = cancel(0, 1, 0, 0);
	ok(ret == -EALREADY, "io-wq: running: %d", ret);
	ret = outcome(&ring, 1);
	ok(ret == -EINTR || ret == -ECANCELED || (!RESTART_FIXUP && ret == -512 /* ERESTARTSYS */),
	   "io-wq: and interrupted: %d", ret);

	must(io_uring_queue_init(4, &other, 0));
	block(1);
	nap(MS);
	sqe = get_sqe(&other);
	prep_blocking_read(sqe, b[0], sink[1]);
	submit_as(&other, sqe, 7);
	block(2);
	ret = cancel(ANY, 0, 0, 0);
	ok(ret >= 0 && outcome(&ring, 2) == -ECANCELED && outcome(&ring, 1) < 0,
	   "io-wq: any, pending and running: %d", ret);
	nap(MS);
	must(write(b[1], "x", 1));
	ok(outcome(&other, 7) == 1, "io-wq: but not those of another ring");
	io_uring_queue_exit(&other);

	/* its worker is needed to run it */
	poll_on(a[0], 1);
	sqe = cancel_sqe(0);
	sqe->addr = 1;
	sqe->flags = IOSQE_ASYNC;
	ret = result_of(sqe);
	ok(!ret && outcome(&ring, 1) == -ECANCELED, "from io-wq: %d", ret);
	poll_on(a[0], 1);
	sqe = cancel_sqe(FD | FIXED | ALL);
	sqe->fd = 0;
	sqe->flags = IOSQE_ASYNC;
	ret = result_of(sqe);
	ok(ret == 1 && outcome(&ring, 1) == -ECANCELED, "from io-wq, by registered file: %d", ret);
}

/* The io-wq that has the request is another task's. */
static void of_another_task(void)
{
	int ret, status;
	pid_t pid;

	pid = must(fork());
	if (!pid) {
		block(1);
		for (;;)
			pause();
	}
	ok(wait_until(count_workers(pid) == 1, SEC), "another task's worker is busy");
	nap(MS);
	resync(&ring);
	ret = cancel(0, 9, 0, 0);
	ok(ret == -ENOENT, "theirs: none: %d", ret);
	ret = cancel(0, 1, 0, 0);
	ok(ret == -EALREADY && outcome(&ring, 1) < 0, "theirs: running: %d", ret);
	must(kill(pid, SIGKILL));
	ok(reaped(pid, &status, SEC), "they end");

	pid = must(fork());
	if (!pid) {
		block(1);
		nap(MS);
		block(1);
		for (;;)
			pause();
	}
	nap(10 * MS);
	resync(&ring);
	ret = cancel(ALL, 1, 0, 0);
	ok(ret == 1 && outcome(&ring, 1) < 0, "theirs: the io-wq of each task counts once: %d", ret);
	must(kill(pid, SIGKILL));
	ok(reaped(pid, &status, SEC), "they end, too");
}

int main(void)
{
	unsigned int max[2] = { 1, 1 };

	plan(48);
	must(pipe(a));
	must(pipe(b));
	must(pipe(sink));
	must(io_uring_queue_init(16, &ring, 0));
	must(io_uring_register_iowq_max_workers(&ring, max));
	must(io_uring_register_files(&ring, &a[0], 1));
	errors();
	keys();
	lists();
	io_wq();
	of_another_task();
	io_uring_queue_exit(&ring);
	return 0;
}
