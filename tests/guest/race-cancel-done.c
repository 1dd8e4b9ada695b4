// SPDX-License-Identifier: GPL-2.0
/*
 * A read in io-wq is cancelled while its byte comes: it ends once, with the byte or
 * without, and then somebody else can read that.
 *
 * about io_wq_enqueue
 * about io_async_cancel
 * about io_wq_cancel_cb
 */
#include "compat.h"
#include "scenario.h"

enum { READ, CANCEL };

int main(void)
{
	int in[2], sink[2], status = -1, res, cancel;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	pid_t pid;

	plan(5);
	must(pipe(in));
	must(pipe(sink));
	must(io_uring_queue_init(4, &ring, 0));
	sqe = get_sqe(&ring);
	prep_blocking_read(sqe, in[0], sink[1]);
	submit_as(&ring, sqe, READ);
	pid = must(fork());
	if (!pid)
		_exit(write(in[1], "x", 1) != 1);
	sqe = get_sqe(&ring);
	io_uring_prep_cancel64(sqe, READ, 0);
	sqe->user_data = CANCEL;
	must(io_uring_submit_and_wait(&ring, 2));
	res = outcome(&ring, READ);
	cancel = outcome(&ring, CANCEL);
	if (!RESTART_FIXUP && res == -512 /* ERESTARTSYS */)
		res = -EINTR;
	ok(res == 1 || res == -ECANCELED || res == -EINTR, "the read: %d", res);
	ok(cancel == 0 || cancel == -ENOENT || cancel == -EALREADY, "the cancel: %d", cancel);
	/* It may have been told to stop, and be gone when it is looked for once more. */
	ok(cancel || res == -ECANCELED, "they agree");
	ok(reaped(pid, &status, 30 * SEC) && !status && !count_outcomes(&ring, READ), "nothing comes after");
	ok(readable(res == 1 ? sink[0] : in[0], POLLIN), "the byte is where it should be");
	return 0;
}
