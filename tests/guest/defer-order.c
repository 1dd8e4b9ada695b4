// SPDX-License-Identifier: GPL-2.0
/*
 * A DEFER_TASKRUN ring goes away with local task_work that its task never ran.
 * pins cancel-local-directly: each entry is run once, in the order of the queue.
 *
 * The memory of the ring is this program's, and outlives it: NO_MMAP. Each poll
 * has a pipe of its own, so that the order of the queue is that of the writes.
 *
 * about io_poll_add
 * about io_poll_wake
 * about io_cancel_local_task_work
 * about io_uring_release
 */
#include "compat.h"
#include "scenario.h"
#include <sys/mman.h>

#define NR_POLLS	8
#define PAGE		4096

#ifndef IORING_SETUP_NO_MMAP
#define IORING_SETUP_NO_MMAP	(1U << 14)
#endif

static void *page(void)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p == MAP_FAILED ? -1 : 0);
	return p;
}

int main(void)
{
	struct io_uring_params p = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
			 IORING_SETUP_NO_MMAP | IORING_SETUP_TASKRUN_FLAG,
	};
	static const int order[NR_POLLS] = { 3, 0, 7, 1, 6, 2, 5, 4 };
	struct io_uring_sqe *sqes = page();
	char *rings = page(), got[NR_POLLS + 1] = "", want[NR_POLLS + 1] = "";
	unsigned int *tail, *array, *flags;
	int pipes[NR_POLLS][2], fd;
	bool all;

	plan(4);
	/* .user_addr, the last member of each, where older headers have none */
	*((__u64 *)(&p.cq_off + 1) - 1) = (unsigned long)rings;
	*((__u64 *)(&p.sq_off + 1) - 1) = (unsigned long)sqes;
	fd = must(syscall(__NR_io_uring_setup, NR_POLLS, &p));
	array = (void *)(rings + p.sq_off.array);
	for (int i = 0; i < NR_POLLS; i++) {
		must(pipe(pipes[i]));
		io_uring_prep_poll_add(&sqes[i], pipes[i][0], POLLIN);
		sqes[i].user_data = i;
		array[i] = i;
	}
	*(unsigned int *)(rings + p.sq_off.tail) = NR_POLLS;
	must(syscall(__NR_io_uring_enter, fd, NR_POLLS, 0, 0, NULL, 0));
	for (int i = 0; i < NR_POLLS; i++) {
		must(write(pipes[order[i]][1], "x", 1));
		close(pipes[order[i]][0]);
		want[i] = '0' + order[i];
	}
	nap(20 * MS);
	tail = (void *)(rings + p.cq_off.tail);
	flags = (void *)(rings + p.sq_off.flags);
	/* IORING_SQ_TASKRUN */
	ok(*flags & (1U << 2) && !*tail, "completions are queued, and not run");
	close(fd);
	all = wait_until(__atomic_load_n(tail, __ATOMIC_ACQUIRE) == NR_POLLS, SEC);
	ok(all, "each is run: %u of %d", *tail, NR_POLLS);
	for (unsigned int i = 0; i < *tail && i < NR_POLLS; i++) {
		struct io_uring_cqe *cqe = (void *)(rings + p.cq_off.cqes);

		got[i] = '0' + cqe[i].user_data;
	}
	if (WITHOUT_CANCEL_LOCAL)
		skip("without cancel-local-directly", "in the order of the queue");
	else
		ok(!strcmp(got, want), "in the order of the queue: %s, should be %s", got, want);
	ok(wait_until(readers_gone(pipes[0][1]), SEC), "the polls are gone");
	return 0;
}
