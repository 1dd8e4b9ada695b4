// SPDX-License-Identifier: GPL-2.0
/*
 * exec with requests in flight: they are cancelled, their workers are gone and
 * their files released before the new image runs (cancel-create-once: none is
 * created after io_wq_exit_start(); cancel-local-directly: exec with the last
 * request in flight).
 *
 * The new image is this program again, with the numbers of what it inherits. It
 * inherits the rings as well, so that only exec itself cancels their requests.
 *
 * about io_read
 * about io_poll_add
 * about io_timeout
 * about io_uring_cancel_generic
 * about io_wq_exit_start
 * about io_poll_remove_all
 */
#include "scenario.h"

#define NR_WORKERS	4
#define NR_REQS		8
#define READ		1

static int in[2], kept[2], sink[2];

static void arm(struct io_uring *ring, unsigned int flags)
{
	struct __kernel_timespec hour = { .tv_sec = 3600 };
	unsigned int max[2] = { 1, NR_WORKERS };
	struct io_uring_sqe *sqe;
	static char buf;

	must(io_uring_queue_init(4 * NR_REQS, ring, flags));
	must(fcntl(ring->ring_fd, F_SETFD, 0));
	must(io_uring_register_iowq_max_workers(ring, max));
	for (int i = 0; i < NR_REQS; i++) {
		/* in io-wq, a few of them running */
		sqe = get_sqe(ring);
		prep_blocking_read(sqe, in[0], sink[1]);
		/* armed for poll */
		sqe = get_sqe(ring);
		io_uring_prep_read(sqe, kept[0], &buf, 1, -1);
		sqe->user_data = READ;
		sqe = get_sqe(ring);
		io_uring_prep_poll_add(sqe, in[0], POLLIN);
	}
	sqe = get_sqe(ring);
	io_uring_prep_timeout(sqe, &hour, 0, 0);
	must(io_uring_submit(ring));
}

static int before(char *self)
{
	char arg[4][32], *argv[] = { self, arg[0], arg[1], arg[2], arg[3], NULL };
	struct io_uring ring, defer;

	plan(8);
	must(pipe2(in, O_CLOEXEC));
	must(pipe2(sink, O_CLOEXEC));
	must(pipe(kept));
	must(fcntl(in[1], F_SETFD, 0));
	arm(&ring, 0);
	arm(&defer, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	ok(wait_until(count_workers(getpid()) == NR_WORKERS, SEC), "workers are busy");
	nap(10 * MS);
	must(write(kept[1], "x", 1));
	nap(10 * MS);
	collect(&ring);
	collect(&defer);
	ok(outcomes[READ].nr == 1 && outcomes[READ].res == 1, "one read takes what we write");
	ok(!outcomes[0].nr, "all else is in flight");
	workers_go_first();

	snprintf(arg[0], sizeof(arg[0]), "%d", in[1]);
	snprintf(arg[1], sizeof(arg[1]), "%d", kept[0]);
	snprintf(arg[2], sizeof(arg[2]), "%d", kept[1]);
	snprintf(arg[3], sizeof(arg[3]), "%lld", now());
	return execv(self, argv);
}

int main(int argc, char **argv)
{
	int workers = count_workers(getpid());
	int threads = count_threads(getpid());
	bool released;
	char c = 0;

	if (argc != 5)
		return before(argv[0]);

	setvbuf(stdout, NULL, _IOLBF, 0);
	nr_results = 3;
	in[1] = atoi(argv[1]);
	kept[0] = atoi(argv[2]);
	kept[1] = atoi(argv[3]);
	ok(workers == 0, "the new image has no worker");
	ok(threads == 1, "and one thread");
	ok(now() - atoll(argv[4]) < allow(SEC / 10), "exec took no time");
	released = wait_until(readers_gone(in[1]), SEC);
	ok(released, "the pipe is released");
	must(write(kept[1], "x", 1));
	nap(20 * MS);
	must(fcntl(kept[0], F_SETFL, O_NONBLOCK));
	ok(read(kept[0], &c, 1) == 1 && c == 'x', "no request of the old one takes what we write");
	return 0;
}
