// SPDX-License-Identifier: GPL-2.0
/*
 * Messages for a DEFER_TASKRUN ring that is going away: they are queued on it
 * as local work that its task never runs. The last reference to the ring is
 * the sender's, or its task's (cancel-local-directly).
 */
#include "scenario.h"

#define NR_MSGS 32

static struct io_uring ring;

/* Until the other end of @go is closed, and then once more. */
static void __noreturn sender(int go)
{
	struct io_uring mine;
	char c;

	must(io_uring_queue_init(2 * NR_MSGS, &mine, 0));
	for (int i = 0; i < 2 * NR_MSGS; i++) {
		io_uring_prep_msg_ring(get_sqe(&mine), ring.ring_fd, i, i, 0);
		if (i % NR_MSGS == NR_MSGS - 1) {
			must(io_uring_submit(&mine));
			if (i < NR_MSGS)
				must(read(go, &c, 1));
		}
	}
	_exit(0);
}

static void try(const char *how, bool sender_last)
{
	int file[2], go[2], status = -1;
	long long start;
	pid_t pid;

	must(pipe(file));
	must(pipe(go));
	must(io_uring_queue_init(8, &ring, IORING_SETUP_SINGLE_ISSUER |
					   IORING_SETUP_DEFER_TASKRUN));
	must(io_uring_register_files(&ring, &file[0], 1));
	close(file[0]);
	pid = must(fork());
	if (!pid) {
		close(file[1]);
		close(go[1]);
		sender(go[0]);
	}
	close(go[0]);
	nap(20 * MS);
	ok(!io_uring_cq_ready(&ring), "%s: messages are queued, and not run", how);

	start = now();
	if (sender_last)
		io_uring_queue_exit(&ring);
	close(go[1]);
	ok(reaped(pid, &status, 10 * SEC) && status == 0, "%s: the sender is done", how);
	if (!sender_last) {
		ok(!readers_gone(file[1]), "%s: the ring is there yet", how);
		io_uring_queue_exit(&ring);
	}
	ok(wait_until(readers_gone(file[1]), 10 * SEC), "%s: the ring is gone", how);
	ok(now() - start < allow(SEC / 2), "%s: in no time: %lld ms", how, (now() - start) / MS);
	close(file[1]);
}

int main(void)
{
	plan(9);
	try("sender last", true);
	try("owner last", false);
	return 0;
}
