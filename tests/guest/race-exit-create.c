// SPDX-License-Identifier: GPL-2.0
/*
 * A process exits while its workers ask it for more of them: one that goes to sleep
 * with work pending queues a callback for its process, which then does not create any
 * worker, but drops what the callback holds.
 *
 * about io_wq_enqueue
 * about io_uring_cancel_generic
 */
#include "scenario.h"

#define NR_READS 3

static int in[2], sink[2];

static void __noreturn child(void)
{
	struct io_uring ring;

	must(io_uring_queue_init(4, &ring, 0));
	for (int i = 0; i < NR_READS; i++)
		prep_blocking_read(get_sqe(&ring), in[0], sink[1]);
	must(io_uring_submit(&ring));
	_exit(0);
}

int main(void)
{
	int status = -1;
	pid_t pid;

	plan(2);
	must(pipe(in));
	must(pipe(sink));
	pid = must(fork());
	if (!pid)
		child();
	close(in[0]);
	ok(reaped(pid, &status, 30 * SEC) && !status, "the process is gone");
	ok(wait_until(readers_gone(in[1]), 30 * SEC), "and so are its requests");
	return 0;
}
