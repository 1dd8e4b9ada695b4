// SPDX-License-Identifier: GPL-2.0
/*
 * A process that goes away with io-wq full, both of its kinds of worker busy
 * and more work pending (cancel-create-once).
 *
 * Three ways: it exits once every worker is blocked; it exits before any has
 * run, so that they look for help while it tears them down; it is killed with
 * a worker's creation callback in its task_work list, between the entries that
 * MSG_RING puts there. A task in vfork() runs no task_work, which is how that
 * list gets filled.
 */
#include "scenario.h"
#include <sys/stat.h>

#define NR_WORKERS	4	/* of each kind */
#define NR_REQS		32	/* of each kind */
#define NR_MSGS		64
#define FIFO		"/tmp/exit-full-wq"

static int in[2], sink[2];
static struct io_uring ring;

/* FIFO opens are bounded work, reads of a pipe are not. */
static void fill(unsigned int flags)
{
	unsigned int max[2] = { NR_WORKERS, NR_WORKERS };

	close(in[1]);
	must(io_uring_queue_init(2 * NR_REQS, &ring, flags));
	must(io_uring_register_iowq_max_workers(&ring, max));
	for (int i = 0; i < NR_REQS; i++) {
		struct io_uring_sqe *sqe = get_sqe(&ring);

		io_uring_prep_openat(sqe, AT_FDCWD, FIFO, O_RDONLY, 0);
		sqe->flags = IOSQE_ASYNC;
		sqe = get_sqe(&ring);
		prep_blocking_read(sqe, in[0], sink[1]);
	}
}

static void __attribute__((noreturn)) exit_when_full(void)
{
	fill(0);
	must(io_uring_submit(&ring));
	if (!wait_until(count_workers(getpid()) == 2 * NR_WORKERS, SEC))
		_exit(1);
	nap(10 * MS);
	_exit(0);
}

static void __attribute__((noreturn)) exit_at_once(void)
{
	fill(0);
	must(io_uring_submit(&ring));
	_exit(0);
}

/* Sends in[0] to the ring of the task that waits in vfork(), and kills it. */
static void __attribute__((noreturn)) send_and_kill(void)
{
	static struct io_uring sender;

	must(io_uring_queue_init(NR_MSGS, &sender, 0));
	must(io_uring_register_files(&sender, in, 1));
	for (int i = 0; i < NR_MSGS; i++) {
		struct io_uring_sqe *sqe;

		/* the workers block, and ask for others, half way */
		if (i == NR_MSGS / 2) {
			must(io_uring_submit(&sender));
			nap(10 * MS);
		}
		sqe = get_sqe(&sender);
		io_uring_prep_rw(IORING_OP_MSG_RING, sqe, ring.ring_fd,
				 (void *)(long)IORING_MSG_SEND_FD, 0, 0);
		sqe->file_index = i + 1;
	}
	must(io_uring_submit(&sender));
	must(kill(getppid(), SIGKILL));
	_exit(0);
}

static void __attribute__((noreturn)) killed_in_vfork(void)
{
	fill(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	must(io_uring_register_files_sparse(&ring, NR_MSGS));
	must(io_uring_submit(&ring));
	if (!vfork())
		send_and_kill();
	_exit(1);
}

static void try(const char *how, void (*fn)(void), int want)
{
	int status = -1;
	long long end;
	pid_t pid;
	bool gone;

	must(pipe(in));
	pid = must(fork());
	if (!pid)
		fn();
	close(in[0]);
	gone = reaped(pid, &status, 30 * SEC);
	end = now();
	ok(gone && status == want, "%s: reaped, status %d", how, status);
	ok(wait_until(readers_gone(in[1]), SEC), "%s: the pipe is released", how);
	ok(open(FIFO, O_WRONLY | O_NONBLOCK) < 0 && errno == ENXIO,
	   "%s: nobody reads the FIFO", how);
	ok(now() - end < SEC / 10, "%s: in no time", how);
	close(in[1]);
}

int main(void)
{
	long long start = now();

	plan(13);
	must(pipe(sink));
	must(mkfifo(FIFO, 0600));
	try("exit when full", exit_when_full, 0);
	try("exit at once", exit_at_once, 0);
	try("killed in vfork", killed_in_vfork, SIGKILL);
	ok(now() - start < SEC, "all of it took %lld ms", (now() - start) / MS);
	unlink(FIFO);
	return 0;
}
