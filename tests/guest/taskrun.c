// SPDX-License-Identifier: GPL-2.0
/*
 * Work that waits for its task: a ring tells of it by a flag, by eventfd and
 * by poll, before a completion is there; a wait runs as much as it needs, and
 * wakes up when there is that much (cancel-local-directly: the work list that
 * ring exit takes over, in all the states it can be in).
 *
 * about io_poll_add
 * about io_msg_ring
 * about io_eventfd_register
 * about io_eventfd_signal
 * about io_uring_poll
 * about io_cqring_wait
 * about io_ctx_mark_taskrun, where there is one
 */
#include "compat.h"
#include "scenario.h"
#include <sys/eventfd.h>

#define SQ_TASKRUN	(1U << 2)
#define NR_POLLS	30

#ifndef IORING_SETUP_TASKRUN_FLAG
#define IORING_SETUP_TASKRUN_FLAG	(1U << 9)
#endif

static struct io_uring ring;
static int a[2];

static bool flag_up(void)
{
	return __atomic_load_n(ring.sq.kflags, __ATOMIC_ACQUIRE) & SQ_TASKRUN;
}

static void open_ring(unsigned int flags)
{
	must(pipe(a));
	must(io_uring_queue_init(64, &ring, flags));
	must(io_uring_register_files(&ring, &a[0], 1));
}

/* Work that waits is not to keep the ring. */
static void close_ring(const char *what)
{
	close(a[0]);
	io_uring_queue_exit(&ring);
	ok(wait_until(readers_gone(a[1]), SEC), "%s: the ring is gone", what);
	close(a[1]);
}

static void poll_pipe(int nr)
{
	for (int i = 0; i < nr; i++)
		io_uring_prep_poll_add(get_sqe(&ring), a[0], POLLIN);
	must(io_uring_submit(&ring));
}

/* A task that is stopped runs nothing. */
static void try_coop(void)
{
	int status = -1;
	pid_t pid, parent = getpid();

	open_ring(IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG);
	poll_pipe(1);
	pid = must(fork());
	if (!pid) {
		bool before, then;

		must(kill(parent, SIGSTOP));
		must(wait_until(stopped(parent), SEC) ? 0 : -ETIME);
		before = flag_up();
		must(write(a[1], "x", 1));
		then = flag_up() && !io_uring_cq_ready(&ring);
		must(kill(parent, SIGCONT));
		nap(10 * MS);
		_exit(before + 2 * !then + 4 * flag_up() + 8 * !io_uring_cq_ready(&ring));
	}
	must(reaped(pid, &status, SEC) ? 0 : -ETIME);
	ok(!status, "coop: the flag is up until it has run: %d", WEXITSTATUS(status));
	close_ring("coop");
}

static void defer_flag(void)
{
	unsigned int nr;

	open_ring(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
		  IORING_SETUP_TASKRUN_FLAG);
	poll_pipe(NR_POLLS);
	ok(!flag_up(), "defer: no work, no flag");
	must(write(a[1], "x", 1));
	ok(flag_up() && !io_uring_cq_ready(&ring), "defer: the flag is up");
	must(syscall(__NR_io_uring_enter, ring.ring_fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0));
	nr = io_uring_cq_ready(&ring);
	/* 6.12 runs all */
	ok(nr >= 1 && flag_up() == (nr < NR_POLLS), "defer: a wait for one may leave some: %u", nr);
	must(syscall(__NR_io_uring_enter, ring.ring_fd, 0, NR_POLLS, IORING_ENTER_GETEVENTS, NULL, 0));
	ok(io_uring_cq_ready(&ring) == NR_POLLS && !flag_up(), "defer: a wait for all, none");
	io_uring_cq_advance(&ring, NR_POLLS);

	poll_pipe(2);
	io_uring_prep_poll_add(get_sqe(&ring), a[0], POLLIN);
	must(io_uring_submit_and_wait(&ring, 3));
	ok(io_uring_cq_ready(&ring) == 3, "defer: submit and wait");
	close_ring("defer");

	open_ring(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
		  IORING_SETUP_TASKRUN_FLAG);
	poll_pipe(NR_POLLS);
	must(write(a[1], "x", 1));
	io_uring_prep_nop(get_sqe(&ring));
	must(io_uring_submit_and_wait(&ring, NR_POLLS));
	ok(io_uring_cq_ready(&ring) >= NR_POLLS, "defer: submit, and wait for more than one batch");
	poll_pipe(NR_POLLS);
	close_ring("defer, with work");
}

static void defer_eventfd(void)
{
	int fd = eventfd(0, EFD_NONBLOCK);

	open_ring(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	if (fd < 0) {
		skip("there is no eventfd here", "eventfd: nothing yet");
		skip("there is no eventfd here", "eventfd: work to run");
		close_ring("eventfd");
		return;
	}
	must(io_uring_register_eventfd(&ring, fd));
	poll_pipe(1);
	ok(!readable(fd, POLLIN), "eventfd: nothing yet");
	must(write(a[1], "x", 1));
	ok(wait_until(readable(fd, POLLIN), SEC) && !io_uring_cq_ready(&ring), "eventfd: work to run");
	close_ring("eventfd");
	close(fd);
}

/* Exits with 0 once @fd is readable, which it isn't at first. */
static pid_t poller(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	pid_t pid = must(fork());

	if (pid)
		return pid;
	if (poll(&pfd, 1, 0))
		_exit(1);
	_exit(poll(&pfd, 1, 10000) == 1 && pfd.revents & POLLIN ? 0 : 2);
}

static void __noreturn message(void)
{
	struct io_uring mine;

	must(io_uring_queue_init(4, &mine, 0));
	io_uring_prep_msg_ring(get_sqe(&mine), ring.ring_fd, 7, 7, 0);
	must(io_uring_submit(&mine));
	_exit(0);
}

static bool ends(pid_t pid)
{
	int status = -1;

	return reaped(pid, &status, SEC) && !status;
}

static void try_polled(const char *how, bool disabled, bool by_message)
{
	pid_t pid, sender;
	char c;

	open_ring(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
		  (disabled ? IORING_SETUP_R_DISABLED : 0));
	pid = poller(ring.ring_fd);
	nap(10 * MS);
	if (disabled)
		must(io_uring_enable_rings(&ring));
	poll_pipe(1);
	nap(10 * MS);
	ok(waitpid(pid, NULL, WNOHANG) == 0, "polled, %s: nothing yet", how);
	if (by_message) {
		sender = must(fork());
		if (!sender)
			message();
		ok(ends(sender), "polled, %s: sent", how);
	} else {
		must(write(a[1], "x", 1));
	}
	if (LOCAL_WAKES_POLL) {
		ok(ends(pid) && !io_uring_cq_ready(&ring), "polled, %s: work to run", how);
	} else {
		must(kill(pid, SIGKILL));
		must(waitpid(pid, NULL, 0));
		skip("work to run wakes up nobody here", "polled, %s", how);
	}
	pid = poller(ring.ring_fd);
	ok(!ends(pid), "polled, %s: and again, at once", how);
	if (!by_message) {
		must(read(a[0], &c, 1));
		collect(&ring);
		poll_pipe(1);
		must(write(a[1], "x", 1));
	}
	ok(readable(ring.ring_fd, POLLIN), "polled, %s: and for later work", how);
	close_ring(how);
}

/* Messages, 20 ms apart, for a task that waits for all. */
static void try_lazy(bool forced)
{
	const char *how = forced ? "with a poll" : "messages";
	long long start = now();
	pid_t pid;

	open_ring(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	/* as part of a link it has to wake up its task */
	io_uring_prep_poll_add(get_sqe(&ring), a[0], POLLIN);
	if (forced) {
		ring.sq.sqes[0].flags = IOSQE_IO_LINK;
		io_uring_prep_nop(get_sqe(&ring));
	}
	must(io_uring_submit(&ring));
	pid = must(fork());
	if (!pid) {
		struct io_uring mine;

		must(io_uring_queue_init(4, &mine, 0));
		for (int i = 0; i < 3 - forced; i++) {
			nap(20 * MS);
			if (forced && i == 1) {
				must(write(a[1], "x", 1));
				continue;
			}
			io_uring_prep_msg_ring(get_sqe(&mine), ring.ring_fd, 7, i, 0);
			must(io_uring_submit(&mine));
		}
		_exit(0);
	}
	must(syscall(__NR_io_uring_enter, ring.ring_fd, 0, 3, IORING_ENTER_GETEVENTS, NULL, 0));
	ok(io_uring_cq_ready(&ring) == 3, "wait, %s: for three", how);
	ok(now() - start < allow(80 * MS), "wait, %s: and no longer", how);
	ok(ends(pid), "wait, %s: sent", how);
	close_ring(how);
}

int main(void)
{
	plan(37);
	try_coop();
	defer_flag();
	defer_eventfd();
	try_polled("poll", false, false);
	try_polled("message", false, true);
	try_polled("disabled at first", true, false);
	try_lazy(false);
	try_lazy(true);
	return 0;
}
