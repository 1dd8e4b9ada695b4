// SPDX-License-Identifier: GPL-2.0
/*
 * The task of a DEFER_TASKRUN ring goes to sleep, to wait for a completion, while
 * somebody adds the work that makes it: it sees the work, or is woken.
 *
 * about io_poll_add
 * about io_req_local_work_add
 * about io_cqring_wait
 */
#include "scenario.h"

#define ROUNDS 2

static int in[2], go[2];

static void __noreturn writer(void)
{
	char c;

	close(go[1]);
	while (read(go[0], &c, 1) == 1)
		must(write(in[1], "x", 1));
	_exit(0);
}

int main(void)
{
	/* the wait succeeds, too, if it finds the completion then */
	struct __kernel_timespec limit = { .tv_sec = 10 };
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	long long start;
	int status = -1;
	pid_t pid;
	char c;

	plan(ROUNDS + 1);
	must(pipe(in));
	must(pipe(go));
	must(io_uring_queue_init(4, &ring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN));
	pid = must(fork());
	if (!pid)
		writer();
	for (int i = 0; i < ROUNDS; i++) {
		io_uring_prep_poll_add(get_sqe(&ring), in[0], POLLIN);
		must(io_uring_submit(&ring));
		start = now();
		must(write(go[1], "x", 1));
		ok(!io_uring_wait_cqe_timeout(&ring, &cqe, &limit) && cqe->res == POLLIN &&
		   now() - start < 5 * SEC, "%d: woken", i);
		io_uring_cq_advance(&ring, 1);
		must(read(in[0], &c, 1));
	}
	close(go[1]);
	ok(reaped(pid, &status, 30 * SEC) && !status, "the writer is done");
	return 0;
}
