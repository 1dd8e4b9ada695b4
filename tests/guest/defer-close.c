// SPDX-License-Identifier: GPL-2.0
/*
 * A DEFER_TASKRUN ring that goes away with local task_work queued, which its
 * task never ran: ring exit runs it in cancel mode (cancel-local-directly).
 *
 * Polls wait on one pipe. A write to it queues their completions on the ring.
 * Each is linked to a write to a second pipe, which must not happen: a request
 * that is run in cancel mode fails its link. The first pipe is released with
 * the polls, the second, a registered file, with the ring.
 *
 * If the task does run them, each poll is followed by its write.
 *
 * about io_poll_add
 * about io_poll_wake
 * about io_write
 * about io_cancel_local_task_work
 * about io_ring_exit_work
 */
#include "scenario.h"

#define NR_POLLS 16

static void arm(struct io_uring *ring, int in, int out)
{
	must(io_uring_queue_init(2 * NR_POLLS + 1, ring, IORING_SETUP_SINGLE_ISSUER |
				 IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG));
	must(io_uring_register_files(ring, &out, 1));
	for (int i = 0; i < NR_POLLS; i++) {
		struct io_uring_sqe *sqe = get_sqe(ring);

		io_uring_prep_poll_add(sqe, in, POLLIN);
		sqe->flags = IOSQE_IO_LINK;
		sqe = get_sqe(ring);
		io_uring_prep_write(sqe, 0, "x", 1, -1);
		sqe->flags = IOSQE_FIXED_FILE;
	}
	must(io_uring_submit(ring));
}

/* Completions are queued, and not run. */
static bool queued(const struct io_uring *ring)
{
	return work_queued(ring) && !io_uring_cq_ready(ring);
}

static void check(const char *how, const int *in, const int *out, long long start)
{
	char c;

	ok(wait_until(readers_gone(in[1]), 10 * SEC), "%s: the polls are gone", how);
	ok(wait_until(writers_gone(out[0]), 10 * SEC), "%s: the ring is gone", how);
	ok(now() - start < allow(SEC / 5), "%s: in no time: %lld ms", how, (now() - start) / MS);
	must(fcntl(out[0], F_SETFL, O_NONBLOCK));
	ok(read(out[0], &c, 1) == 0, "%s: no link ran", how);
	close(in[1]);
	close(out[0]);
}

static void by_close(void)
{
	struct io_uring ring;
	int in[2], out[2];
	long long start;

	must(pipe(in));
	must(pipe(out));
	arm(&ring, in[0], out[1]);
	must(write(in[1], "x", 1));
	close(in[0]);
	close(out[1]);
	nap(20 * MS);
	ok(queued(&ring) && !readers_gone(in[1]), "close: completions are queued, and not run");
	start = now();
	io_uring_queue_exit(&ring);
	check("close", in, out, start);
}

static void by_task(void)
{
	struct io_uring ring;
	int in[2], out[2];
	char buf[2 * NR_POLLS];

	must(pipe(in));
	must(pipe(out));
	arm(&ring, in[0], out[1]);
	must(write(in[1], "x", 1));
	ok(queued(&ring), "run: completions are queued");
	ok(wait_until((io_uring_get_events(&ring), io_uring_cq_ready(&ring)) == 2 * NR_POLLS, SEC),
	   "run: each poll completes, and its link");
	ok(read(out[0], buf, sizeof(buf)) == NR_POLLS, "run: each link has written");
	io_uring_queue_exit(&ring);
	close(in[0]);
	close(in[1]);
	close(out[0]);
	close(out[1]);
}

/*
 * The task that alone may run local work exits. Its requests stay with the
 * ring, which another task keeps until the end of @pass.
 */
static void by_exit(bool keep)
{
	const char *how = keep ? "exit, then close" : "exit";
	int in[2], out[2], pass[2], status = -1;
	struct io_uring ring;
	long long start;
	pid_t pid;

	must(pipe(in));
	must(pipe(out));
	must(pipe(pass));
	pid = must(fork());
	if (!pid) {
		arm(&ring, in[0], out[1]);
		close(in[0]);
		close(out[1]);
		close(pass[1]);
		if (keep && !must(fork())) {
			close(in[1]);
			_exit(read(pass[0], &status, 1));
		}
		must(write(in[1], "x", 1));
		_exit(!queued(&ring));
	}
	close(in[0]);
	close(out[1]);
	close(pass[0]);
	start = now();
	ok(reaped(pid, &status, 10 * SEC) && status == 0, "%s: reaped, completions are queued", how);
	if (keep) {
		nap(20 * MS);
		start = now();
	}
	close(pass[1]);
	check(how, in, out, start);
}

int main(void)
{
	plan(18);
	by_task();
	by_close();
	by_exit(false);
	by_exit(true);
	return 0;
}
