// SPDX-License-Identifier: GPL-2.0
/*
 * Messages to a DEFER_TASKRUN ring while its task exits: each is taken, or comes back,
 * and the ring goes once its last user has.
 *
 * about io_msg_ring
 * about io_ring_exit_work
 */
#include "scenario.h"

#define NR_MSGS 2

static int file[2], go[2], ready[2];

static void __noreturn sender(int fd)
{
	struct io_uring_cqe *cqe;
	struct io_uring mine;
	int bad = 0;
	char c;

	must(io_uring_queue_init(4, &mine, 0));
	must(write(ready[1], "x", 1));
	must(read(go[0], &c, 1));
	for (int i = 0; i < NR_MSGS; i++) {
		io_uring_prep_msg_ring(get_sqe(&mine), fd, i, i, 0);
		must(io_uring_submit_and_wait(&mine, 1));
		must(io_uring_peek_cqe(&mine, &cqe));
		bad += cqe->res && cqe->res != -EOWNERDEAD;
		io_uring_cqe_seen(&mine, cqe);
	}
	_exit(bad);
}

static void __noreturn owner(void)
{
	struct io_uring ring;
	char c;

	must(io_uring_queue_init(4, &ring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN));
	must(io_uring_register_files(&ring, &file[0], 1));
	/* init reaps the other one */
	if (!must(fork()))
		sender(ring.ring_fd);
	must(read(ready[0], &c, 1));
	must(write(go[1], "x", 1));
	_exit(0);
}

int main(void)
{
	int status = -1;
	pid_t pid;

	plan(2);
	must(pipe(file));
	must(pipe(go));
	must(pipe(ready));
	pid = must(fork());
	if (!pid)
		owner();
	close(file[0]);
	ok(reaped(pid, &status, 30 * SEC) && !status, "the owner is gone");
	ok(wait_until(readers_gone(file[1]), 30 * SEC), "and so is the ring");
	return 0;
}
