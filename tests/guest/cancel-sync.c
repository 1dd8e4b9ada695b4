// SPDX-License-Identifier: GPL-2.0
/*
 * IORING_REGISTER_SYNC_CANCEL: what it finds is gone when it returns, or it
 * says why it did not wait for that: a time-out, a signal, an argument. Work
 * that is running is what it waits for, as exit does (exit-per-link,
 * cancel-create-once).
 *
 * about io_sync_cancel
 * about __io_sync_cancel
 * about io_run_task_work_sig
 */
#include "compat.h"
#include "scenario.h"

#define ALL	IORING_ASYNC_CANCEL_ALL
#define FD	IORING_ASYNC_CANCEL_FD
#define ANY	IORING_ASYNC_CANCEL_ANY
#define FIXED	IORING_ASYNC_CANCEL_FD_FIXED
#define OP	IORING_ASYNC_CANCEL_OP

/* liburing 2.3 has no opcode */
struct sync_cancel {
	__u64 addr;
	__s32 fd;
	__u32 flags;
	struct __kernel_timespec timeout;
	__u8 opcode;
	__u8 pad[7];
	__u64 pad2[3];
};

static struct io_uring ring;
static int a[2], b[2];

static int sync_cancel(const struct sync_cancel *arg, unsigned int nr)
{
	int ret = syscall(__NR_io_uring_register, ring.ring_fd,
			  24 /* IORING_REGISTER_SYNC_CANCEL */, arg, nr);

	return ret < 0 ? -errno : ret;
}

static int cancel(unsigned int flags, __u64 data, int fd, long long limit)
{
	struct sync_cancel arg = {
		.addr = data, .fd = fd, .flags = flags,
		.timeout = { .tv_sec = -1, .tv_nsec = -1 },
	};

	if (limit >= 0) {
		arg.timeout.tv_sec = limit / SEC;
		arg.timeout.tv_nsec = limit % SEC;
	}
	return sync_cancel(&arg, 1);
}

static void poll_on(int fd, unsigned int ud)
{
	struct io_uring_sqe *sqe = get_sqe(&ring);

	io_uring_prep_poll_add(sqe, fd, POLLIN);
	submit_as(&ring, sqe, ud);
}

static void errors(void)
{
	struct sync_cancel arg = { .addr = 1 };

	poll_on(a[0], 1);
	ok(sync_cancel(NULL, 1) == -EINVAL, "no argument");
	ok(sync_cancel(&arg, 2) == -EINVAL, "two arguments");
	ok(sync_cancel((void *)8, 1) == -EFAULT, "an argument that is not there");
	arg.flags = 1U << 6;
	ok(sync_cancel(&arg, 1) == -EINVAL, "a flag that there is not");
	arg.flags = 0;
	arg.pad[6] = 1;
	ok(sync_cancel(&arg, 1) == -EINVAL, "what is reserved");
	arg.pad[6] = 0;
	arg.pad2[2] = 1;
	ok(sync_cancel(&arg, 1) == -EINVAL, "the rest of what is reserved");
	arg.pad2[2] = 0;
	ok(cancel(FD, 1, 1000, -1) == -EBADF, "a file that is not open");
	ok(cancel(FD | FIXED, 1, 1000, -1) == -EBADF, "a slot that there is not");
	ok(cancel(FD | FIXED, 1, 1, -1) == -EBADF, "a slot that is empty");
	ok(sync_cancel(&arg, 1) == 0 && outcome(&ring, 1) == -ECANCELED, "none of them cancelled");
}

static void found(void)
{
	struct sync_cancel arg = { .flags = OP | ALL, .opcode = IORING_OP_POLL_ADD };
	struct io_uring_sqe *sqe;
	int ret;

	poll_on(a[0], 1);
	poll_on(a[0], 1);
	poll_on(b[0], 2);
	ok(cancel(0, 3, 0, -1) == -ENOENT, "by user data: none");
	ok(cancel(0, 1, 0, -1) == 0 && count_outcomes(&ring, 1) == 1, "by user data: one");
	ret = cancel(FD | ALL, 0, b[0], -1);
	ok(ret == 1 && outcome(&ring, 2) == -ECANCELED, "all of a file: %d", ret);
	sqe = get_sqe(&ring);
	io_uring_prep_poll_add(sqe, 0, POLLIN);
	sqe->flags = IOSQE_FIXED_FILE;
	submit_as(&ring, sqe, 3);
	ret = cancel(FD | FIXED, 0, 0, -1);
	ok(!ret && outcome(&ring, 3) == -ECANCELED, "by registered file: %d", ret);
	poll_on(b[0], 2);
	ret = sync_cancel(&arg, 1);
	ok(ret == 2 && outcome(&ring, 1) == -ECANCELED && outcome(&ring, 2) == -ECANCELED,
	   "all of an opcode: %d", ret);
	ok(cancel(ANY, 0, 0, -1) == 0, "any: none");
}

/*
 * In io-wq. A worker that is interrupted must go first: 7.3 looks again at
 * once, and for as long as the request is there.
 */
static void block(unsigned int ud)
{
	struct io_uring_sqe *sqe = get_sqe(&ring);

	prep_blocking_read(sqe, a[0], b[1]);
	submit_as(&ring, sqe, ud);
	must(!wait_until(count_workers(getpid()) == 1, SEC) ? -ETIME : 0);
	nap(MS);
	workers_go_first();
}

static bool gone(unsigned int ud)
{
	/* without a look that would let it go on */
	bool posted = *ring.cq.khead != *ring.cq.ktail;

	return posted && outcome(&ring, ud) < 0;
}

/* It may have looked twice, and not found what had ended by then. */
static bool cancelled(int ret)
{
	return !ret || (!CANCEL_RUNNING && ret == -ENOENT);
}

static void interrupt_running(void)
{
	struct sync_cancel past = { .addr = 1, .fd = -1, .timeout = { .tv_sec = -1, .tv_nsec = 5 } };
	int ret;

	block(1);
	ret = cancel(0, 1, 0, -1);
	ok(cancelled(ret) && gone(1), "running: interrupted, and gone on return: %d", ret);
	block(1);
	ret = cancel(FD | FIXED, 0, 0, SEC);
	ok(cancelled(ret) && gone(1), "running: by registered file, in time: %d", ret);
	block(1);
	ret = cancel(FD, 0, b[1], 0);
	ok(cancelled(ret) || ret == -ETIME, "running: in no time: %d", ret);
	ok(outcome(&ring, 1) < 0, "running: is cancelled all the same");
	block(1);
	ret = sync_cancel(&past, 1);
	ok(cancelled(ret) || ret == -ETIME, "running: in a time that has passed: %d", ret);
	ok(outcome(&ring, 1) < 0, "running: is cancelled then, too");
}

static volatile sig_atomic_t nr_sigio;

static void on_sigio(int sig)
{
	nr_sigio += sig == SIGIO;
}

/*
 * Two of the same user data. The first is interrupted, and what is linked to
 * it raises a signal; the second is in a pipe whose lock another task holds,
 * which waits for a terminal, and hears nothing.
 */
static void signalled(void)
{
	unsigned int max[2] = { 1, 2 };
	int deaf[2], tell[2], tty, ret, status;
	struct io_uring_sqe *sqe;
	pid_t pid;

	must(pipe(deaf));
	must(pipe(tell));
	must(fcntl(tell[0], F_SETOWN, getpid()));
	must(fcntl(tell[0], F_SETFL, O_ASYNC));
	must(signal(SIGIO, on_sigio) == SIG_ERR ? -1 : 0);
	must(io_uring_register_iowq_max_workers(&ring, max));
	tty = must(open("/dev/tty1", O_RDWR | O_NOCTTY));
	pid = must(fork());
	if (!pid)
		_exit(splice(tty, NULL, deaf[1], NULL, 1, 0) != 1);
	nap(MS);
	sqe = get_sqe(&ring);
	prep_blocking_read(sqe, a[0], b[1]);
	sqe->flags |= IOSQE_IO_HARDLINK;
	sqe->user_data = 1;
	sqe = get_sqe(&ring);
	io_uring_prep_write(sqe, tell[1], "x", 1, -1);
	submit_as(&ring, sqe, 2);
	nap(MS);
	sqe = get_sqe(&ring);
	prep_blocking_read(sqe, deaf[0], b[1]);
	submit_as(&ring, sqe, 1);
	nap(MS);
	workers_go_first();
	ret = cancel(0, 1, 0, -1);
	ok(ret == -EINTR && nr_sigio == 1, "signal: ends the wait: %d", ret);
	ok(count_outcomes(&ring, 1) == 1, "signal: one of two is cancelled");
	must(kill(pid, SIGKILL));
	ok(reaped(pid, &status, SEC), "signal: the lock is free");
	ok(outcome(&ring, 1) < 0, "signal: and the other cancelled");
	close(tty);
}

int main(void)
{
	int slots[2] = { -1, -1 };
	unsigned int max[2] = { 1, 1 };

	if (is_smp())
		skip_all("the order is certain on one CPU only");
	plan(26);
	must(pipe(a));
	must(pipe(b));
	must(io_uring_queue_init(16, &ring, 0));
	must(io_uring_register_iowq_max_workers(&ring, max));
	slots[0] = b[1];
	must(io_uring_register_files(&ring, slots, 2));
	errors();
	found();
	interrupt_running();
	signalled();
	io_uring_queue_exit(&ring);
	return 0;
}
