// SPDX-License-Identifier: GPL-2.0
/*
 * The thread of a DEFER_TASKRUN ring exits, and the ring is closed, while others complete
 * what is in it: a message comes, a poll is woken, a worker reads. Each is run once, by
 * the thread or by ring exit (cancel-local-directly), and the ring goes.
 *
 * The memory of the ring is this program's, and outlives it: NO_MMAP.
 *
 * about io_msg_ring
 * about io_poll_add
 * about io_ring_exit_work
 */
#include <pthread.h>
#include "scenario.h"

#ifndef IORING_SETUP_NO_MMAP
#define IORING_SETUP_NO_MMAP	(1U << 14)
#endif
#define PAGE			4096

enum { POLL, READ, MSG, NR_REQS };

static struct io_uring_params p;
static struct io_uring_sqe *sqes;
static int ring, in[2], sink[2], file[2], go[2], ready[2];
static pid_t pid;
static char *rings;

static void *page(void)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p == MAP_FAILED ? -1 : 0);
	return p;
}

static void set_up(void)
{
	rings = page();
	sqes = page();
	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_NO_MMAP;
	/* .user_addr, the last member of each, where older headers have none */
	*((__u64 *)(&p.cq_off + 1) - 1) = (unsigned long)rings;
	*((__u64 *)(&p.sq_off + 1) - 1) = (unsigned long)sqes;
	ring = must(syscall(__NR_io_uring_setup, 4, &p));
	must(syscall(__NR_io_uring_register, ring, IORING_REGISTER_FILES, &file[0], 1));
	io_uring_prep_poll_add(&sqes[POLL], in[0], POLLIN);
	prep_blocking_read(&sqes[READ], in[0], sink[1]);
	for (int i = 0; i < MSG; i++) {
		sqes[i].user_data = i;
		((int *)(rings + p.sq_off.array))[i] = i;
	}
	*(int *)(rings + p.sq_off.tail) = MSG;
	must(syscall(__NR_io_uring_enter, ring, MSG, 0, 0, NULL, 0));
}

static void __noreturn sender(void)
{
	struct io_uring_cqe *cqe;
	struct io_uring mine;
	char c;

	close(in[0]);
	close(file[0]);
	must(io_uring_queue_init(4, &mine, 0));
	io_uring_prep_msg_ring(get_sqe(&mine), ring, 0, MSG, 0);
	must(write(ready[1], "x", 1));
	must(read(go[0], &c, 1));
	must(io_uring_submit_and_wait(&mine, 1));
	close(ring);
	must(io_uring_peek_cqe(&mine, &cqe));
	_exit(-cqe->res);
}

static void *owner(void *unused)
{
	char c;

	set_up();
	pid = must(fork());
	if (!pid)
		sender();
	must(read(go[0], &c, 1));
	exit_thread();
	return unused;
}

/* Whether each request has completed, once. */
static bool all_once(bool sent)
{
	const struct io_uring_cqe *cqe = (void *)(rings + p.cq_off.cqes);
	int tail = *(int *)(rings + p.cq_off.tail), nr[NR_REQS] = {};

	for (int i = 0; i < tail && i < NR_REQS; i++) {
		if (cqe[i].user_data >= NR_REQS)
			return false;
		nr[cqe[i].user_data]++;
	}
	return tail == MSG + sent && nr[POLL] == 1 && nr[READ] == 1 && nr[MSG] == sent;
}

int main(void)
{
	pthread_t thread;
	int status = -1;
	char c;

	plan(3);
	must(pipe(in));
	must(pipe(sink));
	must(pipe(file));
	must(pipe(ready));
	must(pipe(go));
	must(-pthread_create(&thread, NULL, owner, NULL));
	must(read(ready[0], &c, 1));
	must(write(go[1], "xx", 2));
	must(write(in[1], "x", 1));
	close(ring);
	must(-pthread_join(thread, NULL));
	close(in[0]);
	close(file[0]);
	must(waitpid(pid, &status, 0));
	ok(!status || status == EOWNERDEAD << 8, "the message: %#x", status);
	ok(wait_until(readers_gone(in[1]) && readers_gone(file[1]), 30 * SEC), "requests and ring are gone");
	ok(all_once(!status), "each was run once");
	return 0;
}
