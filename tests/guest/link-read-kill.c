// SPDX-License-Identifier: GPL-2.0
/*
 * A process killed, or a thread that exits, while io-wq runs the first of a
 * chain of linked requests.
 * pins exit-per-link: the later links are cancelled and never start.
 *
 * The first link blocks its worker on an empty pipe, and is interrupted. The
 * second would write to another pipe, and the rest would block again. When it
 * is a thread that exits, nobody is left to interrupt them.
 *
 * If the first link gets its byte, the second is what runs next.
 *
 * about io_splice
 * about io_write
 * about io_wq_exit_start
 */
#include "compat.h"
#include "scenario.h"

#define NR_READS 8

enum how { KILL, EXIT, FEED };

static void __noreturn child(const int *in, const int *out, enum how how)
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
	if (how == EXIT)
		exit_thread();
	for (;;)
		pause();
}

static const char * const names[] = { "kill", "thread exit", "feed" };

static void try(enum how how)
{
	const char *name = names[how];
	int in[2], out[2], status = 0;
	char got[2] = "";
	long long start;
	pid_t pid;
	bool gone;

	if (WITHOUT_EXIT_PER_LINK && how == EXIT) {
		for (int i = 0; i < 5; i++)
			skip("without exit-per-link", "%s", name);
		return;
	}
	must(pipe(in));
	must(pipe(out));
	pid = must(fork());
	if (!pid)
		child(in, out, how);
	close(in[0]);
	close(out[1]);

	nap(40 * MS);
	ok(count_workers(pid) == 1, "%s: one worker has the chain", name);
	nap(20 * MS);
	if (how == FEED) {
		must(write(in[1], "1", 1));
		nap(is_smp() ? SEC / 2 : 20 * MS);
	}

	start = now();
	if (how != EXIT)
		must(kill(pid, SIGKILL));
	gone = reaped(pid, &status, 20 * SEC);
	ok(gone && status == (how == EXIT ? 0 : SIGKILL), "%s: reaped", name);
	ok(now() - start < allow(SEC / 10), "%s: in no time: %lld ms", name, (now() - start) / MS);
	if (!gone)
		must(kill(pid, SIGKILL));
	if (how == FEED)
		ok(read(out[0], got, 2) == 2 && got[0] == '1' && got[1] == 'x',
		   "%s: the second link has run", name);
	else if (WITHOUT_EXIT_PER_LINK)
		skip("without exit-per-link", "%s: the second link never ran", name);
	else if (is_smp() && how == KILL)
		skip("the worker may be interrupted before exit begins",
		     "%s: the second link never ran", name);
	else
		ok(read(out[0], got, 2) == 0, "%s: the second link never ran", name);
	ok(wait_until(readers_gone(in[1]), SEC), "%s: the pipe is released", name);
	close(in[1]);
	close(out[0]);
}

int main(void)
{
	plan(15);
	try(FEED);
	try(KILL);
	try(EXIT);
	return 0;
}
