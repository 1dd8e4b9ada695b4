// SPDX-License-Identifier: GPL-2.0
/*
 * A poll request is cancelled while the file becomes readable: it ends once, as the
 * one or as the other, and the canceller is told which.
 *
 * about io_poll_add
 * about io_async_cancel
 * about io_poll_cancel
 */
#include "scenario.h"

enum { POLL, CANCEL };

int main(void)
{
	int in[2], status = -1, poll, cancel;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	pid_t pid;

	plan(4);
	must(pipe(in));
	must(io_uring_queue_init(4, &ring, 0));
	sqe = get_sqe(&ring);
	io_uring_prep_poll_add(sqe, in[0], POLLIN);
	submit_as(&ring, sqe, POLL);
	pid = must(fork());
	if (!pid)
		_exit(write(in[1], "x", 1) != 1);
	sqe = get_sqe(&ring);
	io_uring_prep_cancel64(sqe, POLL, 0);
	sqe->user_data = CANCEL;
	must(io_uring_submit_and_wait(&ring, 2));
	poll = outcome(&ring, POLL);
	cancel = outcome(&ring, CANCEL);
	ok(poll == POLLIN || poll == -ECANCELED, "the poll: %d", poll);
	ok(cancel == 0 || cancel == -ENOENT || cancel == -EALREADY, "the cancel: %d", cancel);
	ok(cancel == -ENOENT ? poll == POLLIN : true, "it has found a poll that was not over");
	ok(reaped(pid, &status, 30 * SEC) && !status && !count_outcomes(&ring, POLL), "nothing comes after");
	return 0;
}
