// SPDX-License-Identifier: GPL-2.0
/*
 * A submission while the thread of an IORING_SETUP_SQPOLL ring goes to sleep: it
 * sees the new tail, or we see that it needs a wake-up. A lost one is a hang.
 *
 * The thread spins for its idle time before, and we sleep for about as long. Where time
 * stands still while it spins, it would never end.
 *
 * about io_sq_offload_create
 * about io_submit_sqes
 */
#include "scenario.h"

#define ROUNDS 3

int main(void)
{
	struct io_uring_params p = {
		.flags = IORING_SETUP_SQPOLL,
		.sq_thread_idle = 1,
	};
	struct __kernel_timespec limit = { .tv_sec = 30 };
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	if (!is_explored() && !is_smp())
		skip_all("time stands still while the thread spins");
	plan(ROUNDS);
	must(io_uring_queue_init_params(4, &ring, &p));
	for (int i = 0; i < ROUNDS; i++) {
		io_uring_prep_nop(get_sqe(&ring));
		must(io_uring_submit(&ring));
		ok(!io_uring_wait_cqe_timeout(&ring, &cqe, &limit), "%d: it is taken", i);
		io_uring_cqe_seen(&ring, cqe);
		nap(30 * MS);
	}
	return 0;
}
