// SPDX-License-Identifier: GPL-2.0
/*
 * Multishot poll, read and timeout, armed and with a completion that is due:
 * a cancel ends each with one completion that says it is the last, and so does
 * their ring's close, their task's exit, kill, or exec that keeps the ring
 * (cancel-local-directly: the task_work that is left over would arm them
 * again).
 *
 * about io_poll_add
 * about io_read_mshot
 * about io_timeout
 * about io_async_cancel
 * about io_poll_cancel
 * about io_timeout_cancel
 * about io_ring_exit_work
 */
#include "compat.h"
#include "ways.h"
#include <sys/ioctl.h>

enum { POLL, READ, ASYNC_READ, TICK, NR, CANCEL };
enum {
	NR_PIPES		= TICK,
	OP_READ_MULTISHOT	= 49,
	TIMEOUT_MULTISHOT	= 1 << 6,
	NR_BUFS			= 16,
	DEFER			= IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
};

static const char * const names[] = { "poll", "read", "read by a worker", "timeout" };

static struct io_uring ring;
static struct __kernel_timespec period;
static int pipes[NR_PIPES][2], marker[2];

static struct {
	unsigned int more, last;
	int res;
} seen[CANCEL + 1];

static bool look(void)
{
	struct io_uring_cqe *cqe;

	io_uring_get_events(&ring);
	while (!io_uring_peek_cqe(&ring, &cqe)) {
		__typeof__(&seen[0]) s = &seen[cqe->user_data];

		if (cqe->flags & IORING_CQE_F_MORE)
			s->more++;
		else
			s->last++;
		s->res = cqe->res;
		io_uring_cqe_seen(&ring, cqe);
	}
	return true;
}

static void add_buffers(void)
{
	static char bufs[NR_BUFS];
	static struct io_uring_buf_ring *br;
	struct io_uring_buf_reg reg = { .ring_entries = NR_BUFS };

	if (!br) {
		br = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		must(br == MAP_FAILED ? -1 : 0);
	}
	memset(br, 0, 4096);
	reg.ring_addr = (unsigned long)br;
	must(io_uring_register_buf_ring(&ring, &reg, 0));
	for (int i = 0; i < NR_BUFS; i++)
		io_uring_buf_ring_add(br, &bufs[i], 1, i, NR_BUFS - 1, i);
	io_uring_buf_ring_advance(br, NR_BUFS);
}

static void read_multishot(unsigned int ud, unsigned int flags)
{
	struct io_uring_sqe *sqe = get_sqe(&ring);

	io_uring_prep_rw(OP_READ_MULTISHOT, sqe, pipes[ud][0], NULL, 0, -1);
	sqe->flags = IOSQE_BUFFER_SELECT | flags;
	sqe->user_data = ud;
}

/* Only the requests hold the pipes' read ends then, and only the ring the marker. */
static void arm(unsigned int flags, long long ns)
{
	struct io_uring_sqe *sqe;

	memset(seen, 0, sizeof(seen));
	must(io_uring_queue_init(64, &ring, flags));
	must(io_uring_register_files(&ring, &marker[0], 1));
	close(marker[0]);
	add_buffers();
	sqe = get_sqe(&ring);
	io_uring_prep_poll_multishot(sqe, pipes[POLL][0], POLLIN);
	sqe->user_data = POLL;
	read_multishot(READ, 0);
	read_multishot(ASYNC_READ, IOSQE_ASYNC);
	sqe = get_sqe(&ring);
	period.tv_sec = ns / SEC;
	period.tv_nsec = ns % SEC;
	io_uring_prep_timeout(sqe, &period, 0, TIMEOUT_MULTISHOT);
	submit_as(&ring, sqe, TICK);
	/* the worker, too */
	nap(10 * MS);
	for (int i = 0; i < NR_PIPES; i++)
		close(pipes[i][0]);
}

static void make_pipes(void)
{
	must(pipe(marker));
	for (int i = 0; i < NR_PIPES; i++)
		must(pipe(pipes[i]));
}

static void close_pipes(void)
{
	close(marker[1]);
	for (int i = 0; i < NR_PIPES; i++)
		close(pipes[i][1]);
}

static void write_pipes(void)
{
	for (int i = 0; i < NR_PIPES; i++)
		must(write(pipes[i][1], "x", 1));
}

/* How much is in the pipe, which an end of it can tell that nobody reads from. */
static int left_in(unsigned int i)
{
	int nr;

	must(ioctl(pipes[i][1], FIONREAD, &nr));
	return nr;
}

static bool pipes_free(void)
{
	return readers_gone(pipes[POLL][1]) && readers_gone(pipes[READ][1]) &&
	       readers_gone(pipes[ASYNC_READ][1]);
}

static int cancel(unsigned int ud)
{
	struct io_uring_sqe *sqe = get_sqe(&ring);

	io_uring_prep_cancel64(sqe, ud, 0);
	seen[CANCEL].last = 0;
	submit_as(&ring, sqe, CANCEL);
	must(wait_until(look() && seen[CANCEL].last, SEC) ? 0 : -ETIME);
	return seen[CANCEL].res;
}

static bool ended(unsigned int ud)
{
	return wait_until(look() && seen[ud].last, SEC) && seen[ud].last == 1 &&
	       seen[ud].res == -ECANCELED;
}

static bool all_more(void)
{
	for (int i = 0; i < NR; i++)
		if (!seen[i].more || seen[i].last)
			return false;
	return true;
}

static void try_cancel(const char *flavour, unsigned int flags)
{
	make_pipes();
	arm(flags, 10 * MS);
	write_pipes();
	ok(wait_until(look() && all_more(), SEC), "cancel, %s: each has completed, and goes on", flavour);
	for (int i = 0; i < NR; i++) {
		/* a timeout that has just fired is not found until it is armed again */
		ok(wait_until(cancel(i) == 0, SEC) && ended(i), "cancel, %s: %s", flavour, names[i]);
		if (i < NR_PIPES)
			ok(wait_until(readers_gone(pipes[i][1]), SEC), "cancel, %s: %s lets go of its file",
			   flavour, names[i]);
		ok(cancel(i) == -ENOENT, "cancel, %s: %s: once", flavour, names[i]);
	}
	nap(50 * MS);
	look();
	for (int i = 0; i < NR; i++)
		ok(seen[i].last == 1 && seen[i].res == -ECANCELED, "cancel, %s: %s: that was the last", flavour,
		   names[i]);
	io_uring_queue_exit(&ring);
	ok(wait_until(readers_gone(marker[1]), SEC), "cancel, %s: the ring is gone", flavour);
	close_pipes();
}

/* The ring runs no task_work but when it is told to: each has some when the cancel comes. */
static void try_cancel_due(void)
{
	make_pipes();
	arm(DEFER, 10 * MS);
	write_pipes();
	nap(20 * MS);
	ok(*ring.cq.ktail == 0, "cancel, due: none has completed");
	for (int i = 0; i < NR_PIPES; i++) {
		struct io_uring_sqe *sqe = get_sqe(&ring);

		io_uring_prep_cancel64(sqe, i, 0);
		sqe->user_data = CANCEL;
	}
	must(io_uring_submit(&ring));
	for (int i = 0; i < NR_PIPES; i++)
		ok(ended(i) && !seen[i].more && left_in(i) == 1, "cancel, due: %s ends, and takes nothing", names[i]);
	ok(seen[CANCEL].last == NR_PIPES && seen[CANCEL].res == 0, "cancel, due: it was found");
	ok(wait_until(cancel(TICK) == 0, SEC) && ended(TICK), "cancel, due: the timeout, once it is armed again");
	io_uring_queue_exit(&ring);
	ok(wait_until(readers_gone(marker[1]), SEC), "cancel, due: the ring is gone");
	close_pipes();
}

static void __noreturn child(unsigned int flags, bool due, int told, int go)
{
	char c;

	for (int i = 0; i < NR_PIPES; i++)
		close(pipes[i][1]);
	close(marker[1]);
	arm(flags, due ? 10 * MS : 3600 * SEC);
	must(write(told, &ring.ring_fd, sizeof(ring.ring_fd)));
	must(read(go, &c, 1));
	way->leave(&ring);
	abort();
}

static unsigned int completions(pid_t pid, int fd)
{
	unsigned int nr = 0;
	char line[300];
	FILE *f;

	snprintf(line, sizeof(line), "/proc/%d/fdinfo/%d", pid, fd);
	f = fopen(line, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CqTail: %u", &nr) == 1)
			break;
	if (f)
		fclose(f);
	return nr;
}

/* The ring lives on, and has nothing to do. */
static void in_new_image(const char *what, pid_t pid, int fd)
{
	unsigned int nr;

	ok(!readers_gone(marker[1]) && !waitpid(pid, NULL, WNOHANG), "%s: not so the ring", what);
	ok(wait_until(count_threads(pid) == 1, SEC), "%s: no worker is left", what);
	nr = completions(pid, fd);
	nap(100 * MS);
	ok(nr >= NR && completions(pid, fd) == nr, "%s: each has ended: %u completions", what, nr);
	must(kill(pid, SIGKILL));
}

static void try(const char *flavour, unsigned int flags, bool due)
{
	int told[2], go[2], fd, status = -1;
	char what[64];
	pid_t pid;

	snprintf(what, sizeof(what), "%s, %s, %s", way->name, flavour, due ? "due" : "armed");
	make_pipes();
	must(pipe(told));
	must(pipe(go));
	pid = must(fork());
	if (!pid)
		child(flags, due, told[1], go[0]);
	close(marker[0]);
	for (int i = 0; i < NR_PIPES; i++)
		close(pipes[i][0]);
	must(read(told[0], &fd, sizeof(fd)));
	if (due)
		write_pipes();
	nap(20 * MS);
	ok(!readers_gone(pipes[POLL][1]) && !readers_gone(pipes[READ][1]) &&
	   !readers_gone(pipes[ASYNC_READ][1]) && (due || !completions(pid, fd)),
	   "%s: they are armed", what);
	if (due)
		/* a DEFER_TASKRUN ring would complete them as the task asks for it */
		ok(wait_until(!completions(pid, fd) == !!flags && left_in(READ) == !!flags &&
			      left_in(ASYNC_READ) == !!flags, SEC), "%s: and what they wait for has come", what);
	must(write(go[1], "x", 1));
	ok(wait_until(pipes_free(), SEC), "%s: the requests are gone", what);
	/* exec runs what is due, and then cancels */
	if (due && flags && way->leave != exec_it)
		ok(left_in(READ) == 1 && left_in(ASYNC_READ) == 1, "%s: and take nothing", what);
	if (way->leave == exec_it)
		in_new_image(what, pid, fd);
	if (WITHOUT_CANCEL_LOCAL && due && flags && way->leave == close_it)
		skip("without cancel-local-directly", "%s: the ring is gone", what);
	else
		ok(wait_until(readers_gone(marker[1]), SEC), "%s: the ring is gone", what);
	ok(reaped(pid, &status, 4 * SEC) && status == way->status, "%s: the task is gone", what);
	close_pipes();
	close(told[0]);
	close(told[1]);
	close(go[0]);
	close(go[1]);
}

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc > 1)
		for (;;)
			pause();
	plan(128);
	try_cancel("plain", 0);
	try_cancel("defer", DEFER);
	try_cancel_due();
	for (way = ways; way < ways + ARRAY_SIZE(ways); way++) {
		for (int due = 0; due < 2; due++) {
			try("plain", 0, due);
			try("defer", DEFER, due);
		}
	}
	return 0;
}
