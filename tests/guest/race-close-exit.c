// SPDX-License-Identifier: GPL-2.0
/*
 * One process closes a ring while another one that has used it exits, each with
 * requests in it: all are cancelled, and the ring goes.
 *
 * about io_wq_enqueue
 * about io_ring_ctx_wait_and_kill
 */
#include "scenario.h"

static int in[2], sink[2], ready[2];

static void use(struct io_uring *ring)
{
	io_uring_prep_poll_add(get_sqe(ring), in[0], POLLIN);
	prep_blocking_read(get_sqe(ring), in[0], sink[1]);
	must(io_uring_submit(ring));
}

int main(void)
{
	struct io_uring ring;
	int status = -1;
	pid_t pid;
	char c;

	plan(2);
	must(pipe(in));
	must(pipe(sink));
	must(pipe(ready));
	must(io_uring_queue_init(8, &ring, 0));
	pid = must(fork());
	if (!pid) {
		use(&ring);
		must(write(ready[1], "x", 1));
		_exit(0);
	}
	close(in[0]);
	must(read(ready[0], &c, 1));
	io_uring_queue_exit(&ring);
	ok(reaped(pid, &status, 30 * SEC) && !status, "the other process is gone");
	ok(wait_until(readers_gone(in[1]), 30 * SEC), "and so are all requests");
	return 0;
}
