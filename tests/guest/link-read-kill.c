// SPDX-License-Identifier: GPL-2.0
/*
 * A process killed while io-wq runs the first of a chain of linked requests:
 * the later links are cancelled and never start (exit-per-link).
 *
 * The first link blocks its worker on an empty pipe, and is interrupted. The
 * second would write to another pipe, and the rest would block again, with
 * nobody left to interrupt them.
 */
#include "scenario.h"

#define NR_READS 8

static void __attribute__((noreturn)) child(const int *in, const int *out)
{
	struct io_uring ring;
	struct io_uring_sqe *sqe;

	close(in[1]);
	close(out[0]);
	must(io_uring_queue_init(NR_READS + 2, &ring, 0));
	for (int i = 0; i <= NR_READS; i++) {
		sqe = get_sqe(&ring);
		if (i == 1)
			io_uring_prep_write(sqe, out[1], "x", 1, -1);
		else
			prep_blocking_read(sqe, in[0], out[1]);
		sqe->flags = IOSQE_ASYNC | (i < NR_READS ? IOSQE_IO_HARDLINK : 0);
	}
	must(io_uring_submit(&ring));
	for (;;)
		pause();
}

int main(void)
{
	int in[2], out[2], status = 0;
	long long killed;
	char c;
	pid_t pid;

	plan(5);
	must(pipe(in));
	must(pipe(out));
	pid = must(fork());
	if (!pid)
		child(in, out);
	close(in[0]);
	close(out[1]);

	ok(wait_until(count_workers(pid) == 1, SEC), "one worker has the chain");
	nap(10 * MS);

	killed = now();
	must(kill(pid, SIGKILL));
	ok(reaped(pid, &status, 20 * SEC) && WIFSIGNALED(status), "killed and reaped");
	ok(now() - killed < SEC / 10, "in no time: %lld ms", (now() - killed) / MS);
	ok(read(out[0], &c, 1) == 0, "the second link never ran");
	ok(wait_until(readers_gone(in[1]), SEC), "the pipe is released");
	return 0;
}
