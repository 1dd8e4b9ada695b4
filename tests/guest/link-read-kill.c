// SPDX-License-Identifier: GPL-2.0
/*
 * A process killed, or a thread that exits, while io-wq runs the first of a
 * chain of linked requests.
 * pins exit-per-link: the later links are cancelled and never start.
 *
 * The first link blocks its worker on an empty pipe, and is interrupted. The
 * second would write to another pipe, and the rest would block again. When it
 * is a thread that exits, nobody is left to interrupt them.
 */
#include "scenario.h"

#define NR_READS 8

static void __noreturn child(const int *in, const int *out, bool leave)
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
	nap(50 * MS);
	if (leave)
		exit_thread();
	for (;;)
		pause();
}

static void try(const char *how, bool leave)
{
	int in[2], out[2], status = 0;
	long long start;
	pid_t pid;
	bool gone;
	char c;

	must(pipe(in));
	must(pipe(out));
	pid = must(fork());
	if (!pid)
		child(in, out, leave);
	close(in[0]);
	close(out[1]);

	nap(40 * MS);
	ok(count_workers(pid) == 1, "%s: one worker has the chain", how);
	nap(20 * MS);

	start = now();
	if (!leave)
		must(kill(pid, SIGKILL));
	gone = reaped(pid, &status, 20 * SEC);
	ok(gone && status == (leave ? 0 : SIGKILL), "%s: reaped", how);
	ok(now() - start < allow(SEC / 10), "%s: in no time: %lld ms", how, (now() - start) / MS);
	if (!gone)
		must(kill(pid, SIGKILL));
	if (is_smp() && !leave)
		skip("the worker may be interrupted before exit begins",
		     "%s: the second link never ran", how);
	else
		ok(read(out[0], &c, 1) == 0, "%s: the second link never ran", how);
	ok(wait_until(readers_gone(in[1]), SEC), "%s: the pipe is released", how);
	close(in[1]);
	close(out[0]);
}

int main(void)
{
	plan(10);
	try("kill", false);
	try("thread exit", true);
	return 0;
}
