// SPDX-License-Identifier: GPL-2.0
/*
 * A process becomes another program while a thread of it exits, both with requests in
 * one ring: these are cancelled, and the new program runs on its own.
 *
 * about io_wq_enqueue
 * about io_uring_cancel_generic
 */
#include <pthread.h>
#include "scenario.h"

static int in[2], sink[2], ready[2];

static void *thread(void *unused)
{
	struct io_uring ring;

	must(io_uring_queue_init(4, &ring, 0));
	prep_blocking_read(get_sqe(&ring), in[0], sink[1]);
	io_uring_prep_poll_add(get_sqe(&ring), in[0], POLLIN);
	must(io_uring_submit(&ring));
	must(write(ready[1], "x", 1));
	exit_thread();
	return unused;
}

static void __noreturn child(const char *self)
{
	struct io_uring ring;
	pthread_t other;
	char c;

	must(io_uring_queue_init(4, &ring, 0));
	must(-pthread_create(&other, NULL, thread, NULL));
	prep_blocking_read(get_sqe(&ring), in[0], sink[1]);
	must(io_uring_submit(&ring));
	must(read(ready[0], &c, 1));
	if (!is_explored()) {
		/* exec looks again and again whether they are gone, and time stands still */
		nap(20 * MS);
		workers_go_first();
	}
	execl(self, self, "new", NULL);
	_exit(127);
}

int main(int argc, char **argv)
{
	int status = -1;
	pid_t pid;

	if (argc > 1)
		return count_threads(getpid()) != 1;
	plan(2);
	must(pipe2(in, O_CLOEXEC));
	must(pipe2(sink, O_CLOEXEC));
	must(pipe2(ready, O_CLOEXEC));
	pid = must(fork());
	if (!pid)
		child(argv[0]);
	close(in[0]);
	ok(reaped(pid, &status, 30 * SEC) && !status, "the new program has run, alone");
	ok(wait_until(readers_gone(in[1]), 30 * SEC), "the requests are gone");
	return 0;
}
