/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ways in which the task of a ring leaves it. After exec the program is run
 * again, with an argument, and stays until it is killed.
 */
#ifndef WAYS_H
#define WAYS_H

#include "scenario.h"

static const struct way {
	const char *name;
	void (*leave)(struct io_uring *ring);
	int status;
} *way;

static const char *self;

static void close_it(struct io_uring *ring)
{
	io_uring_queue_exit(ring);
	/* longer than anybody looks */
	nap(2 * SEC);
	_exit(0);
}

static void exit_it(struct io_uring *ring)
{
	(void)ring;
	exit_thread();
}

static void kill_it(struct io_uring *ring)
{
	(void)ring;
	raise(SIGKILL);
}

static void exec_it(struct io_uring *ring)
{
	must(fcntl(ring->ring_fd, F_SETFD, 0));
	must(execl(self, self, "stay", NULL));
}

static const struct way ways[] = {
	{ "close", close_it, 0 },
	{ "exit", exit_it, 0 },
	{ "kill", kill_it, SIGKILL },
	{ "exec", exec_it, SIGKILL },
};

#endif
