// SPDX-License-Identifier: GPL-2.0
/*
 * The thread of IORING_SETUP_SQPOLL rings: its process killed, exec'ed and
 * exited with requests in flight, in poll and in the thread's own io-wq; shared
 * by two rings, one of which is closed. It cancels what is its own, and nothing is left of it
 * (cancel-create-once: the io-wq of a thread that never leaves the kernel;
 * cancel-local-directly: such requests have their task_work run by the thread).
 *
 * A thread that has been woken spins until jiffies move, which they don't as
 * long as it does. So from then on nobody sleeps for a time, but only for what
 * the thread does; and the process ends without closing its rings.
 *
 * about io_sq_offload_create
 * about io_attach_sq_data
 * about io_read
 * about io_poll_add
 * about io_timeout
 * about io_sq_thread_stop
 * about io_uring_cancel_generic
 */
#include "scenario.h"

static int in[2], sink[2], kept[2];

static pid_t thread;

static void thread_goes_last(pid_t tid)
{
	thread = tid;
	must(sched_setscheduler(tid, SCHED_IDLE, &(struct sched_param){}));
}

/* A worker has its name from the thread until it gets to run: now, before us. */
static void worker_goes_first(pid_t tid)
{
	if (tid != thread)
		set_deadline(tid, MS / 2);
}

static pid_t fork_first(void)
{
	pid_t pid = must(fork());

	if (!pid)
		go_first(0);
	return pid;
}

/* Until the thread has taken what is submitted, and @nr completions are there. */
static void hand_over(struct io_uring *ring, unsigned int nr)
{
	/* a timeout ends a wait early */
	do {
		must(io_uring_submit_and_wait(ring, nr));
	} while (io_uring_cq_ready(ring) < nr);
}

static int count_sqpoll(pid_t pid)
{
	return for_each_thread(pid, "iou-sqp-", NULL);
}

static int open_ring(struct io_uring *ring, unsigned int flags, int wq_fd)
{
	struct io_uring_params p = {
		.flags = IORING_SETUP_SQPOLL | flags,
		.sq_thread_idle = 1,
		.wq_fd = wq_fd,
	};
	int ret = io_uring_queue_init_params(16, ring, &p);

	/*
	 * A new thread sleeps until there is something to do. Its workers get
	 * our deadline of now, and one of their own only once that has passed,
	 * by the scheduler's clock, which ticks every 10 ms.
	 */
	if (!ret && !(flags & IORING_SETUP_ATTACH_WQ)) {
		nap(20 * MS);
		for_each_thread(getpid(), "iou-sqp-", thread_goes_last);
	}
	return ret;
}

static void errors(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SQ_AFF };
	struct io_uring ring, plain;
	int ret;

	must(io_uring_queue_init(4, &plain, 0));
	ok(io_uring_queue_init_params(4, &ring, &p) == -EINVAL, "affinity of no thread");
	p.flags |= IORING_SETUP_SQPOLL;
	p.sq_thread_cpu = 100;
	ok(io_uring_queue_init_params(4, &ring, &p) == -EINVAL, "a CPU that does not exist");
	ok(open_ring(&ring, IORING_SETUP_ATTACH_WQ, 1000) == -ENXIO, "attach to no file");
	ok(open_ring(&ring, IORING_SETUP_ATTACH_WQ, 0) == -EINVAL, "attach to no ring");
	ret = open_ring(&ring, IORING_SETUP_ATTACH_WQ, plain.ring_fd);
	ok(ret == -EINVAL, "attach to a ring that has no thread: %d", ret);
	ok(wait_until(!count_sqpoll(getpid()), SEC), "no thread is left");
	io_uring_queue_exit(&plain);
}

/* Never used: the thread sleeps from the start. */
static void try_unused(void)
{
	struct io_uring ring, other;
	int status = -1;
	pid_t pid;

	must(open_ring(&ring, 0, 0));
	nap(MS);
	ok(count_sqpoll(getpid()) == 1, "unused: a thread");
	io_uring_queue_exit(&ring);
	ok(wait_until(!count_sqpoll(getpid()), SEC), "unused: close ends it");

	pid = fork_first();
	if (!pid) {
		must(open_ring(&ring, IORING_SETUP_R_DISABLED, 0));
		for (;;)
			pause();
	}
	nap(MS);
	/* it is asleep, and its process is another */
	must(kill(pid, SIGKILL));
	ok(reaped(pid, &status, SEC) && status == SIGKILL, "unused: killed");

	must(open_ring(&ring, 0, 0));
	pid = fork_first();
	if (!pid) {
		must(open_ring(&other, IORING_SETUP_ATTACH_WQ, ring.ring_fd));
		nap(MS);
		exit(count_sqpoll(getpid()) != 1);
	}
	ok(reaped(pid, &status, SEC) && !status, "unused: another process attaches to its own thread");
	io_uring_queue_exit(&ring);
	ok(wait_until(!count_sqpoll(getpid()), SEC), "unused: the first one's ends");
}

/* All of it but a nop stays in flight. */
static void arm(struct io_uring *ring)
{
	static struct __kernel_timespec hour = { .tv_sec = 3600 };
	static char buf;

	prep_blocking_read(get_sqe(ring), in[0], sink[1]);
	io_uring_prep_read(get_sqe(ring), kept[0], &buf, 1, -1);
	io_uring_prep_poll_add(get_sqe(ring), in[0], POLLIN);
	io_uring_prep_timeout(get_sqe(ring), &hour, 0, 0);
	io_uring_prep_nop(get_sqe(ring));
	hand_over(ring, 1);
	for_each_thread(getpid(), "iou-", worker_goes_first);
}

static void pipes(void)
{
	must(pipe2(in, O_CLOEXEC));
	must(pipe2(sink, O_CLOEXEC));
	must(pipe(kept));
}

static void check_gone(const char *how)
{
	char c = 0;

	ok(wait_until(readers_gone(in[1]), SEC), "%s: the requests are gone", how);
	must(write(kept[1], "x", 1));
	nap(20 * MS);
	must(fcntl(kept[0], F_SETFL, O_NONBLOCK));
	ok(read(kept[0], &c, 1) == 1 && c == 'x', "%s: no request takes what we write", how);
	close(in[1]);
	close(sink[0]);
	close(kept[0]);
	close(kept[1]);
}

/* Cancel requests are the thread's: all of its own are found. */
static unsigned int cancel_any(struct io_uring *ring, unsigned int nr)
{
	struct io_uring_sqe *sqe = get_sqe(ring);

	io_uring_prep_rw(IORING_OP_ASYNC_CANCEL, sqe, -1, NULL, 0, 0);
	sqe->cancel_flags = IORING_ASYNC_CANCEL_ANY;
	hand_over(ring, nr);
	return io_uring_cq_ready(ring);
}

static int ran(const struct io_uring *ring, unsigned int nr)
{
	return io_uring_cq_ready(ring) == nr && count_sqpoll(getpid()) == 1 &&
	       count_workers(getpid()) == 1;
}

/* It is the thread's io-wq that has the work of both rings. */
static int close_one(struct io_uring *ring)
{
	struct pollfd pfd;
	struct io_uring other;
	int own[2], good;

	must(pipe(own));
	must(open_ring(&other, IORING_SETUP_ATTACH_WQ, ring->ring_fd));
	prep_blocking_read(get_sqe(&other), own[0], sink[1]);
	io_uring_prep_nop(get_sqe(&other));
	hand_over(&other, 1);
	arm(ring);
	close(own[0]);
	good = count_workers(getpid()) == 2 && !readers_gone(own[1]);
	io_uring_queue_exit(&other);
	pfd.fd = own[1];
	pfd.events = 0;
	must(poll(&pfd, 1, -1));
	/* the other one's go on until they are cancelled, by the same thread */
	good &= count_sqpoll(getpid()) == 1 && io_uring_cq_ready(ring) == 1;
	return good && cancel_any(ring, 6) == 6;
}

enum how { KILL, EXEC, EXIT, CANCEL, SHARED, CLOSE };

static void __noreturn child(enum how how, char *self)
{
	char image[] = "image", *argv[] = { self, image, NULL };
	struct io_uring ring, other;
	int good;

	must(open_ring(&ring, 0, 0));
	must(fcntl(ring.ring_fd, F_SETFD, 0));
	if (how == CLOSE)
		_exit(!close_one(&ring));
	if (how == SHARED) {
		must(open_ring(&other, IORING_SETUP_ATTACH_WQ, ring.ring_fd));
		io_uring_prep_poll_add(get_sqe(&other), sink[0], POLLIN);
		io_uring_prep_nop(get_sqe(&other));
		hand_over(&other, 1);
	}
	arm(&ring);
	good = ran(&ring, 1);
	switch (how) {
	case KILL:
		if (good)
			kill(getpid(), SIGKILL);
		break;
	case EXEC:
		if (good)
			execv(self, argv);
		break;
	case SHARED:
		/* of one ring only; the other polls on */
		good &= cancel_any(&ring, 6) == 6 && io_uring_cq_ready(&other) == 1;
		must(write(sink[1], "x", 1));
		hand_over(&other, 2);
		_exit(!(good && ran(&other, 2)));
	case CANCEL:
		_exit(!(good && cancel_any(&ring, 6) == 6));
	case EXIT:
		_exit(!good);
	case CLOSE:
		break;
	}
	_exit(127);
}

static void try_end(const char *name, enum how how, char *self)
{
	int status = -1;
	long long start = now();
	bool gone;
	pid_t pid;

	pipes();
	pid = fork_first();
	if (!pid)
		child(how, self);
	close(in[0]);
	close(sink[1]);
	if (how == EXEC) {
		nap(50 * MS);
		ok(!count_sqpoll(pid) && count_threads(pid) == 1, "%s: the new image has no thread", name);
		check_gone(name);
		ok(!waitpid(pid, &status, WNOHANG), "%s: while it runs", name);
		ok(reaped(pid, &status, SEC) && !status, "%s: and it ends", name);
		return;
	}
	gone = reaped(pid, &status, SEC);
	ok(gone && status == (how == KILL ? SIGKILL : 0), "%s: reaped: %d", name, status);
	ok(now() - start < allow(SEC / 10), "%s: in no time", name);
	check_gone(name);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		nap(SEC / 2);
		return 0;
	}
	if (is_smp())
		skip_all("the order is certain on one CPU only");
	plan(36);
	go_first(0);
	errors();
	try_unused();
	try_end("kill", KILL, argv[0]);
	try_end("exec", EXEC, argv[0]);
	try_end("exit", EXIT, argv[0]);
	try_end("cancel", CANCEL, argv[0]);
	try_end("shared", SHARED, argv[0]);
	try_end("close", CLOSE, argv[0]);
	return 0;
}
