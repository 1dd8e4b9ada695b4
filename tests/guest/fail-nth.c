// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever a task asks of a ring, with its first allocation failing on the way,
 * then the second, and so on until there is none left to fail: it works, or it
 * is told why not; it works the next time, and nothing is kept. Each try is by
 * a task that has not used io_uring before, so that what is kept for a task is
 * allocated as well, and goes with it (cancel-create-once: io-wq that never got
 * its first worker; cancel-local-directly: exit with requests in flight).
 *
 * about io_ringfd_register
 * about io_eventfd_register
 */
#include "compat.h"
#include "scenario.h"
#include <sys/eventfd.h>

#define FAULTS	"/sys/kernel/debug/"
#define LIMIT	1000	/* allocations that one of them makes at most */

#define NR_PIECES	9	/* more than a request has room for */

enum { WORKED, TOLD, UNTOUCHED, WRONG };

static struct io_uring ring;	/* made by the parent */
static struct __kernel_timespec soon = { .tv_nsec = MS };
static int in[2], sink[2], marker[2], event_fd, nth, make_fail;
static unsigned int ud;		/* the same for each try of it */

static void setting(const char *name, const char *value)
{
	char path[100];
	int fd;

	snprintf(path, sizeof(path), FAULTS "%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		skip_all("allocations cannot be made to fail here");
	must(write(fd, value, strlen(value)));
	close(fd);
}

/* @both: the allocation that follows fails as well. */
static void arm(int n, bool both)
{
	char s[12];

	snprintf(s, sizeof(s), "%d", n);
	must(pwrite(make_fail, both ? "1" : "0", 1, 0));
	must(pwrite(nth, s, strlen(s), 0));
}

/* Says whether something has failed. */
static bool disarm(void)
{
	char s[12] = "";

	must(pread(nth, s, sizeof(s) - 1, 0));
	arm(0, false);
	return !atoi(s);
}

static int reg(int fd, unsigned int op, void *arg, unsigned int nr)
{
	int ret = syscall(__NR_io_uring_register, fd, op, arg, nr);

	return ret < 0 ? -errno : ret;
}

/* What has been prepared is one request, or the last of several. */
static int result(struct io_uring_sqe *sqe, unsigned int flags)
{
	int ret;

	sqe->user_data = ud;
	sqe->flags = flags;
	ret = io_uring_submit(&ring);
	return ret < 0 ? ret : outcome(&ring, ud);
}

static int make_ring(unsigned int flags)
{
	struct io_uring_params p = { .flags = flags, .sq_thread_idle = 1 };
	struct io_uring mine;
	int ret = io_uring_queue_init_params(4, &mine, &p);

	if (!ret)
		io_uring_queue_exit(&mine);
	return ret;
}

static int plain(void)
{
	return make_ring(0);
}

static int defer(void)
{
	return make_ring(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SQE128);
}

static int sqpoll(void)
{
	return make_ring(IORING_SETUP_SQPOLL);
}

static int ring_fd(void)
{
	struct io_uring_rsrc_update reg_fd = { .offset = -1U, .data = ring.ring_fd };
	int ret = reg(ring.ring_fd, IORING_REGISTER_RING_FDS, &reg_fd, 1);

	if (ret == 1)
		reg_fd.data = 0;
	return ret == 1 ? reg(ring.ring_fd, IORING_UNREGISTER_RING_FDS, &reg_fd, 1) : ret;
}

/* To unregister may have been what failed, the last time. */
static int both_ways(unsigned int op, unsigned int undo, void *arg, unsigned int nr)
{
	int ret = reg(ring.ring_fd, op, arg, nr);

	return ret && ret != -EBUSY ? ret : reg(ring.ring_fd, undo, NULL, 0);
}

static int files(void)
{
	int fds[2] = { in[0], sink[1] };

	return both_ways(IORING_REGISTER_FILES, IORING_UNREGISTER_FILES, fds, 2);
}

static int buffers(void)
{
	static char buf[3 * 4096];
	struct iovec iov = { buf, sizeof(buf) };

	return both_ways(IORING_REGISTER_BUFFERS, IORING_UNREGISTER_BUFFERS, &iov, 1);
}

static int event(void)
{
	return both_ways(IORING_REGISTER_EVENTFD, IORING_UNREGISTER_EVENTFD, &event_fd, 1);
}

static int personality(void)
{
	int ret = reg(ring.ring_fd, IORING_REGISTER_PERSONALITY, NULL, 0);

	return ret < 0 ? ret : reg(ring.ring_fd, IORING_UNREGISTER_PERSONALITY, NULL, ret);
}

static int nop(void)
{
	struct io_uring_sqe *sqe = get_sqe(&ring);

	io_uring_prep_nop(sqe);
	return result(sqe, 0);
}

static int in_io_wq(void)
{
	struct io_uring_sqe *sqe = get_sqe(&ring);

	io_uring_prep_nop(sqe);
	return result(sqe, IOSQE_ASYNC);
}

/* In many pieces, and by io-wq, hashed. */
static int write_file(void)
{
	static char c[NR_PIECES];
	static struct iovec iov[NR_PIECES];
	struct io_uring_sqe *sqe = get_sqe(&ring);
	int fd, ret;

	for (int i = 0; i < NR_PIECES; i++)
		iov[i] = (struct iovec){ &c[i], 1 };
	io_uring_prep_openat(sqe, AT_FDCWD, "/tmp/fail-nth", O_CREAT | O_WRONLY, 0600);
	fd = result(sqe, 0);
	if (fd < 0)
		return fd;
	sqe = get_sqe(&ring);
	io_uring_prep_writev(sqe, fd, iov, NR_PIECES, 0);
	ret = result(sqe, IOSQE_ASYNC);
	close(fd);
	return ret;
}

/* What waits in the queue for what is before it. */
static int drain(void)
{
	struct io_uring_sqe *sqe = get_sqe(&ring);

	io_uring_prep_timeout(sqe, &soon, 0, 0);
	sqe->user_data = NR_OUTCOMES;
	sqe = get_sqe(&ring);
	io_uring_prep_nop(sqe);
	return result(sqe, IOSQE_IO_DRAIN);
}

static int link_timeout(void)
{
	struct io_uring_sqe *sqe = get_sqe(&ring);
	int ret;

	io_uring_prep_poll_add(sqe, in[0], POLLIN);
	sqe->user_data = NR_OUTCOMES;
	sqe->flags = IOSQE_IO_LINK;
	sqe = get_sqe(&ring);
	io_uring_prep_link_timeout(sqe, &soon, 0);
	ret = result(sqe, 0);
	return ret == -ETIME ? 0 : ret;
}

/* What a task may do with rings is for its children, which need not have any. */
static int restricted_fork(void)
{
	struct {
		__u16 flags, nr;
		__u32 resv[3];
		struct io_uring_restriction rules[1];
	} arg = {
		.nr = 1,
		.rules = { { .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_NOP } },
	};
	int ret = reg(-1, IORING_REGISTER_RESTRICTIONS, &arg, 1);
	pid_t pid;

	/* done already */
	if (ret && ret != -EPERM)
		return ret;
	pid = fork();
	if (!pid)
		_exit(0);
	if (pid < 0)
		return -errno;
	must(waitpid(pid, NULL, 0));
	return 0;
}

/* Exits with all of that in flight, and something to fail yet. */
static void __noreturn leave(int n)
{
	struct __kernel_timespec late = { .tv_sec = 1000 };

	io_uring_prep_poll_add(get_sqe(&ring), in[0], POLLIN);
	io_uring_prep_timeout(get_sqe(&ring), &late, 0, 0);
	prep_blocking_read(get_sqe(&ring), in[0], sink[1]);
	must(io_uring_submit(&ring));
	nap(MS);
	workers_go_first();
	arm(n, false);
	exit_thread();
}

static const struct action {
	const char *name;
	int (*fn)(void);
	unsigned int least;	/* allocations that fail, at least */
	bool both;		/* and the next one, which is made if the first fails */
	bool again;		/* by a task that has done it before */
} actions[] = {
	{ .name = "make a ring", .fn = plain, .least = 4 },
	{ .name = "make another ring", .fn = plain, .least = 4, .both = true, .again = true },
	{ .name = "make a ring that defers", .fn = defer, .least = 4 },
	{ .name = "make a ring with a thread", .fn = sqpoll, .least = 10 },
	{ .name = "register the ring", .fn = ring_fd, .least = 4 },
	{ .name = "register the ring, two fail", .fn = ring_fd, .least = 4, .both = true },
	{ .name = "register files", .fn = files, .least = 3 },
	{ .name = "register buffers", .fn = buffers, .least = 3 },
	{ .name = "register an eventfd", .fn = event, .least = 1 },
	{ .name = "register a personality", .fn = personality, .least = 1 },
	{ .name = "a request", .fn = nop, .least = 3 },
	{ .name = "a request for a worker", .fn = in_io_wq, .least = 4 },
	{ .name = "write a file", .fn = write_file, .least = 8 },
	{ .name = "drain", .fn = drain, .least = 5 },
	{ .name = "a linked timeout", .fn = link_timeout, .least = 5 },
	{ .name = "fork", .fn = restricted_fork, .least = 10 },
	{ .name = "exit", .least = 1 },
};

static int attempt(const struct action *a, int n)
{
	bool failed;
	int ret;

	nth = must(open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC));
	make_fail = must(open("/proc/thread-self/make-it-fail", O_WRONLY | O_CLOEXEC));
	ud = 1;
	if (!a->fn)
		leave(n);
	if (a->again)
		must(a->fn());
	arm(n, a->both);
	ret = a->fn();
	failed = disarm();
	if (!failed)
		return ret < 0 ? WRONG : UNTOUCHED;
	/* requests that no worker can be had for are cancelled */
	if (ret < 0 && ret != -ENOMEM && ret != -EAGAIN && ret != -ECANCELED && ret != -ENFILE) {
		printf("# %s: %d: %d\n", a->name, n, ret);
		return WRONG;
	}
	ud = 2;
	if (a->fn() < 0)
		return WRONG;
	return ret < 0 ? TOLD : WORKED;
}

/* Of a task that is a zombie yet. */
static bool untouched(pid_t pid)
{
	char path[40], s[12] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fail-nth", pid);
	fd = must(open(path, O_RDONLY | O_CLOEXEC));
	must(pread(fd, s, sizeof(s) - 1, 0));
	close(fd);
	return atoi(s);
}

static int try(const struct action *a, int n)
{
	struct io_uring_sqe *sqe;
	siginfo_t info = {};
	int status = -1;
	bool hit;
	pid_t pid;

	setting("failslab/times", "2");
	must(pipe(marker));
	must(io_uring_queue_init(8, &ring, 0));
	sqe = get_sqe(&ring);
	io_uring_prep_poll_add(sqe, marker[0], POLLIN);
	submit_as(&ring, sqe, NR_OUTCOMES);
	pid = must(fork());
	if (!pid)
		_exit(attempt(a, n));
	if (!wait_until(!waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid, 5 * SEC))
		return WRONG;
	hit = !untouched(pid);
	must(waitpid(pid, &status, 0));
	io_uring_queue_exit(&ring);
	close(marker[0]);
	if (!wait_until(readers_gone(marker[1]), SEC))
		return WRONG;
	close(marker[1]);
	if (!WIFEXITED(status))
		return WRONG;
	if (!a->fn)
		return hit ? WORKED : UNTOUCHED;
	return WEXITSTATUS(status);
}

int main(void)
{
	bool leak_seen = !access("/sys/kernel/debug/kmemleak", F_OK);

	setting("failslab/ignore-gfp-wait", "N");
	setting("failslab/verbose", "0");
	setting("failslab/task-filter", "Y");
	setting("failslab/probability", "100");
	setting("fail_page_alloc/ignore-gfp-wait", "N");
	setting("fail_page_alloc/min-order", "0");
	setting("fail_page_alloc/verbose", "0");
	must(pipe(in));
	must(pipe(sink));
	event_fd = eventfd(0, 0);
	if (event_fd < 0)
		skip_all("there is no eventfd here");
	plan(2 * ARRAY_SIZE(actions));
	for (const struct action *a = actions; a < actions + ARRAY_SIZE(actions); a++) {
		unsigned int nr[WRONG + 1] = {};
		int n = 0, ret;

		if (a->fn == restricted_fork && reg(-1, IORING_REGISTER_RESTRICTIONS, NULL, 0) == -EBADF) {
			skip("this kernel restricts rings only", "%s: nothing is kept", a->name);
			skip("this kernel restricts rings only", "%s: failures", a->name);
			continue;
		}
		/* an xa_store() that has a second try leaves nodes behind if that fails, too */
		if (a->both && !TCTX_XA_DESTROY && leak_seen) {
			skip("this kernel leaks what a failed xa_store() leaves behind", "%s: nothing is kept", a->name);
			skip("this kernel leaks what a failed xa_store() leaves behind", "%s: failures", a->name);
			continue;
		}
		do {
			ret = try(a, ++n);
			nr[ret]++;
		} while (ret != UNTOUCHED && ret != WRONG && n < LIMIT);
		/* no error is as good: not all allocations are needed */
		ok(ret == UNTOUCHED, "%s: %d of %d failures told, nothing is kept", a->name, nr[TOLD], n - 1);
		ok(nr[TOLD] + nr[WORKED] >= a->least, "%s: %d failures", a->name, n - 1);
	}
	return 0;
}
