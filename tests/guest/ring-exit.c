// SPDX-License-Identifier: GPL-2.0
/*
 * A ring that two tasks have used, and then closed, while both live on: ring
 * exit has each of them forget it, and waits for one that is stopped, but not
 * for one that sleeps (cancel-local-directly: the end of ring exit is what
 * frees the ring, and the file that is registered with it).
 *
 * about io_nop
 * about io_uring_release
 * about io_ring_ctx_wait_and_kill
 * about io_ring_exit_work
 * about io_tctx_exit_cb
 */
#include "scenario.h"

static int out[2], go[2], back[2];

#define NOP 1

static void use(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = get_sqe(ring);

	io_uring_prep_nop(sqe);
	submit_as(ring, sqe, NOP);
}

static void __noreturn child(struct io_uring *ring, bool stop)
{
	char c;

	use(ring);
	io_uring_queue_exit(ring);
	close(out[0]);
	close(out[1]);
	close(go[1]);
	close(back[0]);
	if (stop)
		raise(SIGSTOP);
	must(write(back[1], "x", 1));
	_exit(read(go[0], &c, 1) != 1);
}

static void try(const char *how, bool stop)
{
	struct io_uring ring;
	int status = -1;
	long long start;
	pid_t pid;
	char c;

	must(pipe(out));
	must(pipe(go));
	must(pipe(back));
	must(io_uring_queue_init(4, &ring, 0));
	must(io_uring_register_files(&ring, &out[1], 1));
	use(&ring);
	pid = must(fork());
	if (!pid)
		child(&ring, stop);
	close(out[1]);
	if (stop)
		must(waitpid(pid, &status, WUNTRACED));
	else
		must(read(back[0], &c, 1));
	nap(20 * MS);
	ok(count_outcomes(&ring, NOP) == 2 && !outcomes[NOP].res,
	   "%s: both have used the ring", how);
	ok(!writers_gone(out[0]), "%s: one of them has closed the ring", how);

	start = now();
	io_uring_queue_exit(&ring);
	if (stop) {
		nap(SEC);
		ok(!writers_gone(out[0]), "%s: waited for", how);
		must(kill(pid, SIGCONT));
		start = now();
	}
	ok(wait_until(writers_gone(out[0]), SEC), "%s: the ring is gone", how);
	ok(now() - start < allow(SEC / 20), "%s: in no time: %lld ms", how, (now() - start) / MS);
	if (stop)
		must(read(back[0], &c, 1));
	must(write(go[1], "x", 1));
	ok(reaped(pid, &status, SEC) && !status, "%s: the other task goes on, and ends", how);
	for (int i = 0; i < 2; i++) {
		close(go[i]);
		close(back[i]);
	}
	close(out[0]);
}

int main(void)
{
	plan(11);
	try("asleep", false);
	try("stopped", true);
	return 0;
}
