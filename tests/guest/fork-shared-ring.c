// SPDX-License-Identifier: GPL-2.0
/*
 * A ring shared with a child that exits with its own requests in flight, in
 * io-wq and armed for poll: the child's workers go with it, and the parent's
 * requests go on and complete (exit-per-link, cancel-create-once: only the
 * io-wq of the task that exits is torn down).
 *
 * about io_splice
 * about io_register_iowq_max_workers
 * about io_wq_exit_start
 */
#include "scenario.h"

#define NR_WORKERS	4
#define PARENT		1
#define CHILD		2

static int in[2], sink[2], theirs[2];
static struct io_uring ring;

static void submit(int from, int nr, int who)
{
	for (int i = 0; i < nr; i++) {
		struct io_uring_sqe *sqe = get_sqe(&ring);

		prep_blocking_read(sqe, from, sink[1]);
		sqe->user_data = who;
	}
	must(io_uring_submit(&ring));
}

/* How many requests of @who have ended: by moving their byte, or not. */
static int completed(unsigned int who, bool failed)
{
	struct io_uring_cqe *cqe;
	int nr = 0;

	while (!io_uring_peek_cqe(&ring, &cqe)) {
		nr += cqe->user_data == who && (failed ? cqe->res < 0 : cqe->res == 1);
		io_uring_cqe_seen(&ring, cqe);
	}
	return nr;
}

int main(void)
{
	unsigned int max[2] = { 1, NR_WORKERS };
	int status = -1, nr = 0;
	long long start;
	pid_t pid;

	plan(6);
	must(pipe(in));
	must(pipe(theirs));
	must(pipe(sink));
	must(io_uring_queue_init(8 * NR_WORKERS, &ring, 0));
	/* of each task that uses the ring */
	must(io_uring_register_iowq_max_workers(&ring, max));
	submit(in[0], NR_WORKERS, PARENT);
	ok(wait_until(count_workers(getpid()) == NR_WORKERS, SEC), "the parent's workers are busy");

	pid = must(fork());
	if (!pid) {
		submit(theirs[0], 2 * NR_WORKERS, CHILD);
		if (!wait_until(count_workers(getpid()) == NR_WORKERS, SEC))
			_exit(1);
		_exit(0);
	}
	start = now();
	ok(reaped(pid, &status, 30 * SEC) && status == 0, "the child exits with its workers busy");
	ok(now() - start < allow(SEC), "in no time: %lld ms", (now() - start) / MS);
	nap(20 * MS);
	ok(completed(CHILD, true) == 2 * NR_WORKERS, "its requests have failed");
	ok(count_workers(getpid()) == NR_WORKERS, "the parent's workers are there");
	must(write(in[1], "xxxx", NR_WORKERS));
	wait_until((nr += completed(PARENT, false)) == NR_WORKERS, SEC);
	ok(nr == NR_WORKERS, "and its requests complete: %d", nr);
	return 0;
}
