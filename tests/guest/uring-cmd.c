// SPDX-License-Identifier: GPL-2.0
/*
 * Reads, writes and commands of a driver that cannot be cancelled once it has
 * them: a cancel finds none, the close of their ring and the exit of their task
 * leave them to the ring, which lasts until the driver is done, and exec waits
 * for them. Commands that it does not have yet are cancelled, and never run
 * (cancel-local-directly: the driver completes to a ring whose task is gone).
 *
 * about io_uring_cmd
 * about io_read
 * about io_write
 * about io_async_cancel
 * about io_ring_exit_work
 */
#include "scenario.h"
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum {
	MGR_CREATE	= 1,		/* IORING_MOCK_MGR_CMD_CREATE */
	COPY_REGBUF	= 0,		/* IORING_MOCK_CMD_COPY_REGBUF */
	NO_SUCH_COMMAND	= 77,
	CMD_FIXED	= 1 << 0,	/* IORING_URING_CMD_FIXED */
	COPY_FROM	= 1 << 0,	/* IORING_MOCK_COPY_FROM */
	NOWAIT		= 1 << 0,	/* IORING_MOCK_CREATE_F_SUPPORT_NOWAIT */
	DEFER		= IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	ENOTSUPP	= 524,
	SIZE		= 4096,
	NR		= 8,
	CANCEL		= NR,
	TIMEOUT,
	COMMAND,
	OPEN,
};

#define DELAY	(300 * MS)
#define FIFO	"/tmp/uring-cmd-fifo"

/* struct io_uring_mock_create */
struct mock_create {
	__u32 out_fd, flags;
	__u64 file_size, rw_delay_ns, resv[13];
};

static const struct way {
	const char *name;
	void (*leave)(void);
	int status;
} *way;

static const char *self;
static struct io_uring ring;
static int mgr, file, marker[2], told[2];
static char buf[SIZE];
static char *copy;	/* that parent and child see */

static struct io_uring_sqe *prep_cmd(int fd, unsigned int cmd, void *addr, unsigned int len)
{
	struct io_uring_sqe *sqe = get_sqe(&ring);

	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, fd, addr, len, 0);
	sqe->cmd_op = cmd;
	return sqe;
}

/* Of the registered buffer, to @copy. */
static struct io_uring_sqe *prep_copy(void)
{
	static struct iovec iov = { .iov_base = buf, .iov_len = SIZE };
	struct io_uring_sqe *sqe = prep_cmd(file, COPY_REGBUF, &iov, 1);

	sqe->addr3 = (unsigned long)copy;
	sqe->file_index = COPY_FROM;
	sqe->uring_cmd_flags = CMD_FIXED;
	return sqe;
}

static bool open_mgr(void)
{
	unsigned int major, minor;
	FILE *f = fopen("/sys/class/misc/io_uring_mock/dev", "re");

	if (!f)
		return false;
	must(fscanf(f, "%u:%u", &major, &minor) == 2 ? 0 : -EINVAL);
	fclose(f);
	must(mknod("/tmp/mock", S_IFCHR | 0600, makedev(major, minor)));
	mgr = must(open("/tmp/mock", O_RDWR | O_CLOEXEC));
	unlink("/tmp/mock");
	return true;
}

static void open_ring(unsigned int flags)
{
	struct iovec iov = { .iov_base = buf, .iov_len = SIZE };

	memset(outcomes, 0, sizeof(outcomes));
	must(io_uring_queue_init(32, &ring, flags));
	must(io_uring_register_files(&ring, &marker[0], 1));
	close(marker[0]);
	must(io_uring_register_buffers(&ring, &iov, 1));
}

static void make_file(unsigned int flags, long long delay)
{
	struct mock_create mc = { .flags = flags, .file_size = SIZE, .rw_delay_ns = delay };

	submit_as(&ring, prep_cmd(mgr, MGR_CREATE, &mc, sizeof(mc)), COMMAND);
	must(outcome(&ring, COMMAND));
	file = mc.out_fd;
}

/* Without NOWAIT it is a worker that gives them to the driver. */
static void submit_rw(void)
{
	for (int i = 0; i < NR; i++) {
		struct io_uring_sqe *sqe = get_sqe(&ring);

		if (i % 2)
			io_uring_prep_write(sqe, file, buf, 100 + i, 0);
		else
			io_uring_prep_read(sqe, file, buf, 100 + i, 0);
		sqe->user_data = i;
	}
	must(io_uring_submit(&ring));
	/* until no worker has them any more, either */
	nap(is_smp() ? 100 * MS : 20 * MS);
}

static int cancel(__u64 what, unsigned int flags)
{
	struct io_uring_sqe *sqe = get_sqe(&ring);

	io_uring_prep_cancel64(sqe, what, flags);
	if (flags & IORING_ASYNC_CANCEL_FD)
		sqe->fd = what;
	submit_as(&ring, sqe, CANCEL);
	return outcome(&ring, CANCEL);
}

static void close_ring(const char *what)
{
	close(file);
	io_uring_queue_exit(&ring);
	ok(wait_until(readers_gone(marker[1]), SEC), "%s: the ring is gone", what);
	close(marker[1]);
}

static void try_cancel(const char *what, unsigned int mode)
{
	struct __kernel_timespec ts = { .tv_nsec = 50 * MS };
	struct io_uring_sqe *sqe;
	bool all = true;

	must(pipe(marker));
	open_ring(0);
	make_file(mode, DELAY);
	submit_rw();
	ok(cancel(0, 0) == -ENOENT && cancel(1, 0) == -ENOENT, "cancel, %s: finds neither read nor write", what);
	ok(cancel(file, IORING_ASYNC_CANCEL_FD) == -ENOENT, "cancel, %s: nor any of the file", what);
	for (int i = 0; i < NR; i++)
		all &= outcome(&ring, i) == 100 + i && !count_outcomes(&ring, i);
	ok(all, "cancel, %s: each completes, in full", what);

	sqe = get_sqe(&ring);
	io_uring_prep_read(sqe, file, buf, 10, 0);
	sqe->flags = IOSQE_IO_LINK;
	sqe->user_data = 0;
	sqe = get_sqe(&ring);
	io_uring_prep_link_timeout(sqe, &ts, 0);
	submit_as(&ring, sqe, TIMEOUT);
	ok(outcome(&ring, TIMEOUT) < 0 && !outcomes[0].nr, "cancel, %s: a linked timeout comes first", what);
	ok(outcome(&ring, 0) == 10, "cancel, %s: and its read completes", what);
	close_ring(what);
}

/* A worker is all there is, and waits for somebody to write to the FIFO. */
static void occupy_worker(void)
{
	unsigned int max[2] = { 1, 1 };
	struct io_uring_sqe *sqe = get_sqe(&ring);

	must(io_uring_register_iowq_max_workers(&ring, max));
	io_uring_prep_openat(sqe, AT_FDCWD, FIFO, O_RDONLY, 0);
	sqe->flags = IOSQE_ASYNC;
	submit_as(&ring, sqe, OPEN);
	ok(wait_until(count_workers(getpid()) == 1, SEC), "commands: one worker");
	nap(20 * MS);
	workers_go_first();
}

static void queue_copy(void)
{
	struct io_uring_sqe *sqe = prep_copy();

	sqe->flags = IOSQE_ASYNC;
	submit_as(&ring, sqe, COMMAND);
}

static void try_commands(void)
{
	must(mkfifo(FIFO, 0600));
	must(pipe(marker));
	open_ring(0);
	make_file(NOWAIT, 0);
	memset(buf, 'x', SIZE);
	memset(copy, 0, SIZE);
	submit_as(&ring, prep_cmd(file, NO_SUCH_COMMAND, NULL, 0), COMMAND);
	ok(outcome(&ring, COMMAND) == -ENOTSUPP, "commands: one that there is not");
	submit_as(&ring, prep_copy(), COMMAND);
	ok(outcome(&ring, COMMAND) == SIZE && copy[SIZE - 1] == 'x', "commands: one that copies");
	copy[0] = 0;
	queue_copy();
	ok(outcome(&ring, COMMAND) == SIZE && copy[0] == 'x', "commands: from a worker");
	memset(copy, 0, SIZE);

	occupy_worker();
	queue_copy();
	ok(cancel(COMMAND, 0) == 0 && outcome(&ring, COMMAND) == -ECANCELED,
	   "commands: cancelled before it runs");
	queue_copy();
	ok(!count_outcomes(&ring, COMMAND), "commands: another waits for the worker");
	close_ring("commands");
	/* nobody waits for the FIFO any more, and the worker would be free */
	ok(open(FIFO, O_WRONLY | O_NONBLOCK) < 0 && errno == ENXIO, "commands: its worker is interrupted");
	nap(50 * MS);
	ok(!copy[0], "commands: none of the two has run");
	unlink(FIFO);
}

static void close_it(void)
{
	io_uring_queue_exit(&ring);
	/* longer than anybody looks */
	nap(4 * SEC);
	_exit(0);
}

static void exit_it(void)
{
	exit_thread();
}

static void kill_it(void)
{
	raise(SIGKILL);
}

static void exec_it(void)
{
	char fd[16];

	snprintf(fd, sizeof(fd), "%d", told[1]);
	must(fcntl(ring.ring_fd, F_SETFD, 0));
	must(execl(self, self, fd, NULL));
}

static const struct way ways[] = {
	{ "close", close_it, 0 },
	{ "exit", exit_it, 0 },
	{ "kill", kill_it, SIGKILL },
	{ "exec", exec_it, 0 },
};

/* A copy that comes when the write before it is done. */
static void queue_link(void)
{
	struct io_uring_sqe *sqe = get_sqe(&ring);

	io_uring_prep_write(sqe, file, buf, 100, 0);
	sqe->flags = IOSQE_IO_LINK;
	sqe->user_data = OPEN;
	sqe = prep_copy();
	sqe->user_data = COMMAND;
}

static void try_link(void)
{
	must(pipe(marker));
	open_ring(0);
	make_file(NOWAIT, DELAY);
	memset(buf, 'x', SIZE);
	memset(copy, 0, SIZE);
	queue_link();
	must(io_uring_submit(&ring));
	nap(DELAY / 2);
	ok(!count_outcomes(&ring, OPEN) && !copy[SIZE - 1],
	   "link: a copy waits for the write before it");
	ok(outcome(&ring, OPEN) == 100 && outcome(&ring, COMMAND) == SIZE && copy[SIZE - 1] == 'x',
	   "link: and runs when that is done");
	close_ring("link");
}

/* With such a copy. */
static void __noreturn child(unsigned int flags, unsigned int mode)
{
	long long at = now();

	open_ring(flags);
	close(marker[1]);
	make_file(mode, DELAY);
	memset(buf, 'x', SIZE);
	queue_link();
	submit_rw();
	must(write(told[1], &at, sizeof(at)));
	if (io_uring_cq_ready(&ring))
		_exit(1);
	way->leave();
	abort();
}

static void try(const char *flavour, unsigned int flags, unsigned int mode)
{
	long long start, at;
	int status = -1;
	char what[64];
	pid_t pid;

	snprintf(what, sizeof(what), "%s, %s, %s", way->name, flavour, mode ? "task" : "worker");
	memset(copy, 0, SIZE);
	must(pipe(marker));
	must(pipe(told));
	pid = must(fork());
	if (!pid)
		child(flags, mode);
	close(marker[0]);
	close(told[1]);
	must(read(told[0], &start, sizeof(start)));
	if (way->leave == exec_it) {
		must(read(told[0], &at, sizeof(at)));
		ok(at - start >= DELAY, "%s: exec waits for the driver", what);
		ok(at - start < DELAY + SEC / 2, "%s: and no longer: %lld ms", what, (at - start) / MS);
	} else {
		if (way->leave != close_it)
			/* in real time we may be late to see it */
			ok(reaped(pid, &status, SEC) && status == way->status &&
			   (is_smp() || now() - start < DELAY), "%s: the task is gone", what);
		nap(DELAY / 3);
		ok(!readers_gone(marker[1]) || now() - start >= DELAY, "%s: the ring is not", what);
	}
	ok(wait_until(readers_gone(marker[1]), SEC), "%s: the ring is gone", what);
	ok(now() - start >= DELAY && now() - start < DELAY + allow(SEC / 2), "%s: when the driver is done: %lld ms",
	   what, (now() - start) / MS);
	if (way->leave != exec_it)
		ok(!copy[SIZE - 1], "%s: what was to follow has not run", what);
	if (way->leave == close_it || way->leave == exec_it)
		ok(reaped(pid, &status, 5 * SEC) && status == way->status, "%s: then the task", what);
	close(marker[1]);
	close(told[0]);
}

int main(int argc, char **argv)
{
	long long at = now();

	if (argc > 1)
		return write(atoi(argv[1]), &at, sizeof(at)) != sizeof(at);
	self = argv[0];
	if (!open_mgr())
		skip_all("this kernel has no mock files");
	copy = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(copy == MAP_FAILED ? -1 : 0);
	plan(104);
	try_cancel("task", NOWAIT);
	try_cancel("worker", 0);
	try_commands();
	try_link();
	for (way = ways; way < ways + ARRAY_SIZE(ways); way++) {
		try("plain", 0, NOWAIT);
		try("defer", DEFER, NOWAIT);
		try("plain", 0, 0);
		try("defer", DEFER, 0);
	}
	return 0;
}
