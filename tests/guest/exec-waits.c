// SPDX-License-Identifier: GPL-2.0
/*
 * exec with a request in flight that no cancel finds: a file on its way to a
 * ring whose task is stopped. exec cancels what it can, then sleeps until that
 * task has dealt with the message, and no longer, whatever other rings it has
 * (cancel-local-directly: exec with the last request in flight put by another
 * task).
 *
 * about io_poll_add
 * about io_msg_ring
 * about io_msg_fd_remote
 * about io_msg_install_complete
 */
#include "compat.h"
#include "scenario.h"

static int in[2], told[2];
static struct io_uring ring;

static void __noreturn sender(bool sqpoll, bool defer, char *self)
{
	char fd[16], *argv[] = { self, fd, NULL };
	struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL };
	struct io_uring_params d = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	};
	struct io_uring mine, other;
	struct io_uring_sqe *sqe;

	must(io_uring_queue_init(8, &mine, 0));
	must(io_uring_register_files(&mine, &in[0], 1));
	if (sqpoll)
		must(io_uring_queue_init_params(8, &other, &p));
	if (defer) {
		must(io_uring_queue_init_params(8, &other, &d));
		io_uring_prep_poll_add(get_sqe(&other), in[0], POLLIN);
		must(io_uring_submit(&other));
	}
	nap(5 * MS);
	must(kill(getppid(), SIGSTOP));
	must(wait_until(stopped(getppid()), SEC) ? 0 : -ETIME);
	io_uring_prep_poll_add(get_sqe(&mine), in[0], POLLIN);
	sqe = get_sqe(&mine);
	/* IORING_MSG_SEND_FD, of slot 0 to slot 0 */
	io_uring_prep_rw(IORING_OP_MSG_RING, sqe, ring.ring_fd, (void *)1, 0, 0);
	sqe->file_index = 1;
	must(io_uring_submit(&mine));
	/* the polls and the message are in flight */
	if (io_uring_cq_ready(&mine) || (defer && io_uring_cq_ready(&other)))
		_exit(1);
	snprintf(fd, sizeof(fd), "%d", told[1]);
	execv(self, argv);
	_exit(127);
}

static void try_exec(const char *how, bool sqpoll, bool defer, char *self)
{
	long long start = now(), at = 0;
	int status = -1, slot = -1;
	pid_t pid, helper;

	must(pipe2(in, O_CLOEXEC));
	must(pipe(told));
	must(io_uring_queue_init(8, &ring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN));
	must(io_uring_register_files(&ring, &slot, 1));
	pid = must(fork());
	if (!pid)
		sender(sqpoll, defer, self);
	close(told[1]);
	helper = must(fork());
	if (!helper) {
		nap(SEC / 2);
		/* asleep in exec: only the message is left, and what goes with the old image */
		status = count_threads(pid) != 1 + (sqpoll && EXEC_CANCELS_FIRST) ||
			  readable(told[0], POLLIN);
		must(kill(getppid(), SIGCONT));
		_exit(status);
	}
	must(read(told[0], &at, sizeof(at)));
	ok(at - start >= SEC / 2, "%s: exec waits for the message: %lld ms", how, (at - start) / MS);
	ok(at - start < SEC / 2 + SEC / 10, "%s: and no longer", how);
	ok(outcome(&ring, 0) == 0, "%s: which has come", how);
	ok(reaped(pid, &status, SEC) && !status, "%s: the new image ends", how);
	ok(waitpid(helper, &status, 0) == helper && !status, "%s: still, when that is dealt with", how);
	close(in[0]);
	ok(!readers_gone(in[1]), "%s: the file is ours", how);
	io_uring_queue_exit(&ring);
	ok(wait_until(readers_gone(in[1]), SEC), "%s: and the last to hold it", how);
	close(in[1]);
	close(told[0]);
}

int main(int argc, char **argv)
{
	long long at = now();

	if (argc > 1)
		return write(atoi(argv[1]), &at, sizeof(at)) != sizeof(at);
	if (is_smp())
		skip_all("the order is certain on one CPU only");
	plan(21);
	try_exec("a message", false, false, argv[0]);
	try_exec("and a defer ring", false, true, argv[0]);
	try_exec("and a thread", true, false, argv[0]);
	return 0;
}
