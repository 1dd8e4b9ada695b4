// SPDX-License-Identifier: GPL-2.0
/*
 * Timeouts expire while they are removed or moved, and one while the read that it is
 * linked to ends in io-wq: each request ends once, and what is said of it agrees.
 *
 * about io_timeout
 * about io_link_timeout_fn
 * about io_timeout_remove
 */
#include "scenario.h"

enum { TIMEOUT, READ, LINKED, UPDATE, REMOVE, NR_REQS };

/* in a tick or two, of those that take 200 points of a task; now and then as it is removed */
#define NS	(15 * MS)

static bool is_one_of(int res, int a, int b, int c)
{
	return res == a || res == b || res == c;
}

int main(void)
{
	int in[2], sink[2], status = -1, res[NR_REQS];
	struct __kernel_timespec at, later = { .tv_nsec = NS };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	unsigned int nr = 0;
	long long start;
	pid_t pid;

	plan(6);
	must(pipe(in));
	must(pipe(sink));
	must(io_uring_queue_init(8, &ring, 0));
	pid = must(fork());
	if (!pid)
		_exit(write(in[1], "x", 1) != 1);
	start = now() + NS;
	at.tv_sec = start / SEC;
	at.tv_nsec = start % SEC;
	sqe = get_sqe(&ring);
	io_uring_prep_timeout(sqe, &at, 0, IORING_TIMEOUT_ABS);
	sqe->user_data = TIMEOUT;
	sqe = get_sqe(&ring);
	prep_blocking_read(sqe, in[0], sink[1]);
	sqe->flags |= IOSQE_IO_LINK;
	sqe->user_data = READ;
	sqe = get_sqe(&ring);
	io_uring_prep_link_timeout(sqe, &at, IORING_TIMEOUT_ABS);
	submit_as(&ring, sqe, LINKED);
	sqe = get_sqe(&ring);
	io_uring_prep_timeout_update(sqe, &later, LINKED, IORING_LINK_TIMEOUT_UPDATE);
	submit_as(&ring, sqe, UPDATE);
	sqe = get_sqe(&ring);
	io_uring_prep_timeout_remove(sqe, TIMEOUT, 0);
	sqe->user_data = REMOVE;
	must(io_uring_submit_and_wait(&ring, NR_REQS));
	for (int i = 0; i < NR_REQS; i++)
		res[i] = outcome(&ring, i);
	ok(res[TIMEOUT] == (res[REMOVE] ? -ETIME : -ECANCELED), "the timeout: %d", res[TIMEOUT]);
	ok(is_one_of(res[REMOVE], 0, -ENOENT, -EALREADY), "the removal: %d", res[REMOVE]);
	ok(is_one_of(res[UPDATE], 0, -ENOENT, -EALREADY), "the update: %d", res[UPDATE]);
	ok(is_one_of(res[READ], 1, -ECANCELED, -EINTR), "the read: %d", res[READ]);
	ok(res[READ] == 1 || res[LINKED] == -ETIME || res[LINKED] == -EALREADY, "its timeout: %d", res[LINKED]);
	for (int i = 0; i < NR_REQS; i++)
		nr += count_outcomes(&ring, i);
	ok(reaped(pid, &status, 30 * SEC) && !status && !nr && readable(res[READ] == 1 ? sink[0] : in[0], POLLIN),
	   "nothing comes after, and the byte is where it should be");
	return 0;
}
