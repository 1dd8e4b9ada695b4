// SPDX-License-Identifier: GPL-2.0
/*
 * A submission while the thread of an IORING_SETUP_SQPOLL ring goes to sleep: it
 * sees the new tail, or we see that it needs a wake-up. A lost one is a hang.
 *
 * Explored, the thread spins for as long as its idle time and we sleep for about
 * that. Else time stands still while it spins, so that it is asleep just once, at
 * the start.
 *
 * about io_sq_offload_create
 * about io_submit_sqes
 */
#include "scenario.h"

#define ROUNDS 3

/* Or it would spin for ever. Nobody takes its name before it has run. */
static void goes_last(pid_t tid)
{
	must(sched_setscheduler(tid, SCHED_IDLE, &(struct sched_param){}));
}

static void thread_goes_last(void)
{
	nap(20 * MS);
	for_each_thread(getpid(), "iou-sqp-", goes_last);
	if (!is_smp())
		go_first(0);
}

int main(void)
{
	struct io_uring_params p = {
		.flags = IORING_SETUP_SQPOLL,
		.sq_thread_idle = 1,
	};
	struct __kernel_timespec limit = { .tv_sec = 30 };
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	plan(ROUNDS);
	must(io_uring_queue_init_params(4, &ring, &p));
	if (!is_explored())
		thread_goes_last();
	for (int i = 0; i < ROUNDS; i++) {
		io_uring_prep_nop(get_sqe(&ring));
		must(io_uring_submit(&ring));
		ok(!io_uring_wait_cqe_timeout(&ring, &cqe, &limit), "%d: it is taken", i);
		io_uring_cqe_seen(&ring, cqe);
		if (is_explored())
			nap(30 * MS);
	}
	return 0;
}
