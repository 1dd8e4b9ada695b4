// SPDX-License-Identifier: GPL-2.0
/*
 * A task that goes away with io-wq full, both of its kinds of worker busy and
 * more work pending (cancel-create-once; exit-per-link).
 *
 * The last way holds the task in its exit, by ptrace, where it runs no
 * task_work: the workers block, and queue creation callbacks, among entries
 * that MSG_RING puts on the same list. Teardown then has to find them there.
 *
 * about io_openat
 * about io_msg_ring
 * about io_msg_fd_remote
 * about io_wq_create_worker
 * about io_wq_exit_start
 */
#include "compat.h"
#include "scenario.h"
#include <sys/ptrace.h>
#include <sys/stat.h>

#define NR_WORKERS	4	/* of each kind */
#define NR_REQS		32	/* of each kind */
#define NR_MSGS		64
#define FIFO		"/tmp/exit-full-wq"

static int in[2], sink[2];
static struct io_uring ring;
static bool bounded = true;

/*
 * FIFO opens are bounded work, reads of a pipe are not. All of them are in
 * flight for as long as nobody writes.
 */
static void submit(void)
{
	unsigned int max[2] = { NR_WORKERS, NR_WORKERS };

	must(io_uring_register_iowq_max_workers(&ring, max));
	for (int i = 0; i < NR_REQS; i++) {
		struct io_uring_sqe *sqe;

		if (bounded) {
			sqe = get_sqe(&ring);
			io_uring_prep_openat(sqe, AT_FDCWD, FIFO, O_RDONLY, 0);
			sqe->flags = IOSQE_ASYNC;
		}
		prep_blocking_read(get_sqe(&ring), in[0], sink[1]);
	}
	if (must(io_uring_submit(&ring)) != (1 + bounded) * NR_REQS)
		_exit(1);
}

static bool in_flight(void)
{
	return !io_uring_cq_ready(&ring);
}

static void fill(void)
{
	must(io_uring_queue_init(2 * NR_REQS, &ring, 0));
	submit();
	if (!wait_until(count_workers(getpid()) == (1 + bounded) * NR_WORKERS, SEC))
		_exit(1);
	nap(10 * MS);
	if (!in_flight())
		_exit(1);
}

static void __noreturn exit_when_full(void)
{
	fill();
	_exit(0);
}

static void __noreturn thread_exit_when_full(void)
{
	fill();
	exit_thread();
}

static void __noreturn exit_at_once(void)
{
	must(io_uring_queue_init(2 * NR_REQS, &ring, 0));
	submit();
	if (!in_flight())
		_exit(1);
	exit_thread();
}

static void __noreturn exit_on_hold(void)
{
	must(ptrace(PTRACE_TRACEME, 0, 0, 0));
	must(raise(SIGSTOP));
	/* makes this task the submitter of a ring that its parent made */
	must(io_uring_enable_rings(&ring));
	submit();
	exit_thread();
}

static void check(const char *how, pid_t pid)
{
	long long start = now();
	int status = -1;

	ok(reaped(pid, &status, 30 * SEC) && status == 0, "%s: reaped", how);
	if (ring.ring_fd)
		io_uring_queue_exit(&ring);
	ok(wait_until(readers_gone(in[1]), SEC), "%s: the pipe is released", how);
	ok(open(FIFO, O_WRONLY | O_NONBLOCK) < 0 && errno == ENXIO,
	   "%s: nobody reads the FIFO", how);
	ok(now() - start < allow(SEC / 5), "%s: in no time: %lld ms", how, (now() - start) / MS);
	close(in[1]);
}

static pid_t start(void (*fn)(void))
{
	pid_t pid;

	must(pipe(in));
	pid = must(fork());
	if (!pid) {
		close(in[1]);
		fn();
	}
	close(in[0]);
	return pid;
}

static bool stopped_by(pid_t pid, int event)
{
	int status;

	return wait_until(waitpid(pid, &status, WNOHANG) == pid, SEC) &&
	       status >> 8 == event;
}

/* Slot 0 of @sender goes to the ring, through task_work of its submitter. */
static void send_fds(struct io_uring *sender, int from, int nr)
{
	for (int i = from; i < from + nr; i++) {
		struct io_uring_sqe *sqe = get_sqe(sender);

		io_uring_prep_rw(IORING_OP_MSG_RING, sqe, ring.ring_fd,
				 (void *)(long)IORING_MSG_SEND_FD, 0, 0);
		sqe->file_index = i + 1;
	}
	if (must(io_uring_submit(sender)) != nr)
		exit(1);
}

static void on_hold(void)
{
	struct io_uring sender;
	pid_t pid;
	int nr;

	must(io_uring_queue_init(2 * NR_REQS, &ring, IORING_SETUP_R_DISABLED |
				 IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN));
	must(io_uring_register_files_sparse(&ring, NR_MSGS));
	must(io_uring_queue_init(NR_MSGS, &sender, 0));
	must(io_uring_register_files(&sender, &sink[0], 1));

	pid = start(exit_on_hold);
	if (!stopped_by(pid, SIGSTOP))
		exit(1);
	must(ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL));
	must(ptrace(PTRACE_CONT, pid, 0, 0));
	ok(stopped_by(pid, SIGTRAP | PTRACE_EVENT_EXIT << 8), "on hold: stopped in exit");
	send_fds(&sender, 0, NR_MSGS / 2);
	nap(10 * MS);
	send_fds(&sender, NR_MSGS / 2, NR_MSGS / 2);
	/* one may be created while another one blocks already */
	nr = count_workers(pid);
	ok(is_smp() ? nr >= 1 + bounded : nr == 1 + bounded, "on hold: %d workers need more", nr);
	ok(in_flight() && !io_uring_cq_ready(&sender),
	   "on hold: all requests and messages are in flight");
	must(ptrace(PTRACE_CONT, pid, 0, 0));
	check("on hold", pid);
	wait_until((nr = dead_letters(&sender)) == NR_MSGS, SEC);
	ok(nr == NR_MSGS, "on hold: every message comes back: %d", nr);
	io_uring_queue_exit(&sender);
}

int main(void)
{
	plan(20);
	must(pipe(sink));
	must(mkfifo(FIFO, 0600));
	check("exit when full", start(exit_when_full));
	/* or else bounded work that is started in the exit of a thread may never end */
	bounded = EXIT_NOTIFIES;
	check("thread exit when full", start(thread_exit_when_full));
	check("exit at once", start(exit_at_once));
	on_hold();
	return 0;
}
