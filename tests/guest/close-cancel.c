// SPDX-License-Identifier: GPL-2.0
/*
 * A ring closed by a task that lives on, with a poll, a timeout, a poll-armed
 * read, and busy and pending io-wq work: ring exit cancels them all, and takes
 * no data afterwards (cancel-create-once: the io-wq outlives the ring;
 * cancel-local-directly: ring exit has nothing to flush or wait for).
 *
 * about io_read
 * about io_poll_add
 * about io_timeout
 * about io_ring_ctx_wait_and_kill
 * about io_ring_exit_work
 * about io_uring_try_cancel_iowq
 * about io_poll_remove_all
 */
#include "scenario.h"

#define NR_WORKERS	4
#define NR_REQS		8

#define READ		1

static int in[2], kept[2], sink[2];

static void try(const char *how, unsigned int flags)
{
	struct __kernel_timespec hour = { .tv_sec = 3600 };
	unsigned int max[2] = { 1, NR_WORKERS };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	long long start;
	char buf, c = 0;

	must(pipe(in));
	must(pipe(kept));
	must(pipe(sink));
	must(io_uring_queue_init(4 * NR_REQS, &ring, flags));
	must(io_uring_register_iowq_max_workers(&ring, max));
	must(io_uring_register_files(&ring, &sink[1], 1));
	for (int i = 0; i < NR_REQS; i++) {
		prep_blocking_read(get_sqe(&ring), in[0], sink[1]);
		sqe = get_sqe(&ring);
		io_uring_prep_read(sqe, kept[0], &buf, 1, -1);
		sqe->user_data = READ;
		io_uring_prep_poll_add(get_sqe(&ring), in[0], POLLIN);
	}
	sqe = get_sqe(&ring);
	io_uring_prep_timeout(sqe, &hour, 0, 0);
	must(io_uring_submit(&ring));
	ok(wait_until(count_workers(getpid()) == NR_WORKERS, SEC), "%s: workers are busy", how);
	nap(10 * MS);
	must(write(kept[1], "x", 1));
	ok(outcome(&ring, READ) == 1, "%s: a read takes what we write", how);
	nap(10 * MS);
	collect(&ring);
	ok(!outcomes[0].nr && !outcomes[READ].nr, "%s: all else is in flight", how);
	workers_go_first();

	start = now();
	close(in[0]);
	close(sink[1]);
	io_uring_queue_exit(&ring);
	ok(wait_until(readers_gone(in[1]), 10 * SEC), "%s: the requests are gone", how);
	ok(wait_until(writers_gone(sink[0]), 10 * SEC), "%s: the ring is gone", how);
	ok(now() - start < allow(SEC / 2), "%s: in no time: %lld ms", how, (now() - start) / MS);
	must(write(kept[1], "x", 1));
	nap(20 * MS);
	must(fcntl(kept[0], F_SETFL, O_NONBLOCK));
	ok(read(kept[0], &c, 1) == 1 && c == 'x', "%s: no request takes what we write", how);
	ok(wait_until(count_workers(getpid()) <= 1, 20 * SEC), "%s: idle workers retire", how);
	close(in[1]);
	close(sink[0]);
	close(kept[0]);
	close(kept[1]);
}

int main(void)
{
	plan(16);
	try("plain", 0);
	try("defer", IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	return 0;
}
