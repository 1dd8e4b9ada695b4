/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What scenarios share: KTAP, simulated time, children, and looks into /proc.
 * A scenario states its plan, then one result a behaviour. What is only a
 * means to that goes through must(), which ends it: init fails the rest.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __noreturn	__attribute__((noreturn))
#define __printf(f, a)	__attribute__((format(printf, f, a)))

/* What liburing's headers may lack: Debian 12 has 2.3. */
#ifndef IORING_ASYNC_CANCEL_USERDATA
#define IORING_ASYNC_CANCEL_USERDATA	(1U << 4)
#define IORING_ASYNC_CANCEL_OP		(1U << 5)
#endif
#ifndef IORING_SETUP_TASKRUN_FLAG
#define IORING_SETUP_TASKRUN_FLAG	(1U << 9)
#endif
enum {
	OP_WAITID		= 50,
	OP_FUTEX_WAIT		= 51,
};

#define MS	1000000LL
#define SEC	(1000 * MS)

#define must(x) ({							\
	__typeof__(x) __ret = (x);					\
									\
	if ((long)__ret < 0) {						\
		printf("# %s:%d: %s: %s\n", __FILE__, __LINE__, #x,	\
		       strerror((long)__ret == -1 ? errno : -(int)(long)__ret)); \
		exit(1);						\
	}								\
	__ret; })

static unsigned int nr_results;

static inline void plan(unsigned int nr)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%u\n", nr);
}

static inline void __noreturn skip_all(const char *reason)
{
	printf("1..0 # SKIP %s\n", reason);
	exit(0);
}

static inline void __printf(2, 3)
ok(bool good, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("%s %u - ", good ? "ok" : "not ok", ++nr_results);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
}

/* For a feature that this kernel lacks, or a race that can end either way with several CPUs. */
static inline void __printf(2, 3)
skip(const char *reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("ok %u - ", ++nr_results);
	vprintf(fmt, ap);
	printf(" # SKIP %s\n", reason);
	va_end(ap);
}

/*
 * Whether this kernel has the global function @name. To try it would not tell
 * a kernel that lacks it from one where it fails.
 */
static inline bool has_function(const char *name)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	char symbol[128];
	bool found = false;

	while (!found && f && fscanf(f, "%*s %*c %127s%*[^\n]", symbol) == 1)
		found = !strcmp(symbol, name);
	if (f)
		fclose(f);
	return found;
}

static inline bool is_smp(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN) > 1;
}

/* Whether a seed decides who runs: tests/explore/. */
static inline bool is_explored(void)
{
	return getenv("explored");
}

/* Simulated time, in ns. */
static inline long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static inline void nap(long long ns)
{
	struct timespec ts = { .tv_sec = ns / SEC, .tv_nsec = ns % SEC };

	while (nanosleep(&ts, &ts))
		;
}

/* For what takes less than @ns: more where time is real. */
static inline long long allow(long long ns)
{
	return is_smp() ? ns + 5 * SEC : ns;
}

/*
 * Sleeps until @cond holds, and says whether it did within @limit. Never spin:
 * time moves only while all tasks sleep. The longer it takes, the less exact:
 * what is free are the naps, not the looks.
 */
#define wait_exactly(cond, limit) ({					\
	long long __start = now(), __end = __start + (limit);		\
	bool __held;							\
									\
	while (!(__held = (cond)) && now() < __end)			\
		nap(MS + (now() - __start) / 16);			\
	__held; })

/* The same, for what will hold, on a machine that does other things as well. */
#define wait_until(cond, limit) wait_exactly(cond, (limit) * (is_smp() ? 4 : 1))

typedef void (*thread_fn)(pid_t tid);

/*
 * Calls @fn, if any, for each thread of @pid whose name starts with @name:
 * "iou-wrk-", "iou-sqp-". Returns how many there are.
 */
static inline int for_each_thread(pid_t pid, const char *name, thread_fn fn)
{
	char path[300], comm[64];
	struct dirent *d;
	int nr = 0;
	DIR *dir;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/comm", pid, d->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fgets(comm, sizeof(comm), f) && !strncmp(comm, name, strlen(name))) {
			nr++;
			if (fn)
				fn(atoi(d->d_name));
		}
		fclose(f);
	}
	if (dir)
		closedir(dir);
	return nr;
}

static inline int count_threads(pid_t pid)
{
	return for_each_thread(pid, "", NULL);
}

static inline int count_workers(pid_t pid)
{
	return for_each_thread(pid, "iou-wrk-", NULL);
}

/*
 * SCHED_FIFO would not do: the fair server, a deadline task, can run all others
 * before it for 50 ms, and with time-travel=inf-cpu those do not pass.
 */
static inline void set_deadline(pid_t tid, long long ns)
{
	/* struct sched_attr, which not every libc has */
	struct {
		__u32 size, policy;
		__u64 flags;
		__s32 nice;
		__u32 priority;
		__u64 runtime, deadline, period;
	} attr = {
		.size = sizeof(attr),
		.policy = SCHED_DEADLINE,
		.flags = SCHED_FLAG_RESET_ON_FORK,
		.runtime = ns / 10,
		.deadline = ns,
		.period = ns,
	};

	must(syscall(SYS_sched_setattr, tid, &attr, 0));
}

/* Run before all other tasks; children do not inherit this. */
static inline void go_first(pid_t tid)
{
	set_deadline(tid, MS);
}

/*
 * Exec and ring exit signal the workers that are busy, and look again, with
 * nothing but cond_resched() in between. With time-travel=inf-cpu no tick ever
 * ends that loop: a worker must preempt it as it wakes up.
 */
static inline void workers_go_first(void)
{
	for_each_thread(getpid(), "iou-wrk-", go_first);
}

/*
 * Ends this thread alone. exit_group() and SIGKILL reach the io-wq workers of
 * a process as well, and interrupt them whatever io-wq does.
 */
static inline void __noreturn exit_thread(void)
{
	syscall(SYS_exit, 0);
	abort();
}

/* Reaps @pid, and says whether it ended within @limit. */
static inline bool reaped(pid_t pid, int *status, long long limit)
{
	return wait_until(waitpid(pid, status, WNOHANG) == pid, limit);
}

/* With several CPUs, some time after the signal. */
static inline bool stopped(pid_t pid)
{
	char path[32], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fscanf(f, "%*d %*s %c", &state) != 1)
		state = 0;
	fclose(f);
	return state == 'T';
}

static inline bool readable(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	return poll(&pfd, 1, 0) == 1;
}

/* Whether all readers of the pipe that @fd writes to are gone. */
static inline bool readers_gone(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };

	return poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLERR);
}

/* Whether all writers of the pipe that @fd reads from are gone. */
static inline bool writers_gone(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLHUP);
}

static inline struct io_uring_sqe *get_sqe(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe) {
		puts("# the submission queue is full");
		exit(1);
	}
	return sqe;
}

/*
 * Whether work is queued that the task of the ring has not run yet, for a ring
 * made with IORING_SETUP_TASKRUN_FLAG. To look does not run it.
 */
static inline bool work_queued(const struct io_uring *ring)
{
	/* IORING_SQ_TASKRUN */
	return __atomic_load_n(ring->sq.kflags, __ATOMIC_ACQUIRE) & (1U << 2);
}

/*
 * What requests have come to, by their user data, which is small: the last
 * result, and how many there were. One ring at a time, or distinct numbers.
 */
#define NR_OUTCOMES	64
#define PENDING		0x7fffffff

static struct {
	int res;
	unsigned int nr;
} outcomes[NR_OUTCOMES];

static inline void collect(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;

	io_uring_get_events(ring);
	while (!io_uring_peek_cqe(ring, &cqe)) {
		if (cqe->user_data < NR_OUTCOMES) {
			outcomes[cqe->user_data].res = cqe->res;
			outcomes[cqe->user_data].nr++;
		}
		io_uring_cqe_seen(ring, cqe);
	}
}

/* The result of request @ud, which is then forgotten. Waits for it, if needed. */
static inline int outcome(struct io_uring *ring, unsigned int ud)
{
	if (!wait_exactly((collect(ring), outcomes[ud].nr), SEC / 2))
		return PENDING;
	outcomes[ud].nr = 0;
	return outcomes[ud].res;
}

/* How many results request @ud has had, forgotten now. */
static inline unsigned int count_outcomes(struct io_uring *ring, unsigned int ud)
{
	unsigned int nr;

	collect(ring);
	nr = outcomes[ud].nr;
	outcomes[ud].nr = 0;
	return nr;
}

/* How many messages have come back to @sender because their task is gone. */
static inline int dead_letters(struct io_uring *sender)
{
	struct io_uring_cqe *cqe;
	static int nr;

	while (!io_uring_peek_cqe(sender, &cqe)) {
		nr += cqe->res == -EOWNERDEAD;
		io_uring_cqe_seen(sender, cqe);
	}
	return nr;
}

/* liburing keeps its own tail, and does not know what other tasks have submitted. */
static inline void resync(struct io_uring *ring)
{
	ring->sq.sqe_tail = *ring->sq.ktail;
	ring->sq.sqe_head = ring->sq.sqe_tail;
}

static inline void submit_as(struct io_uring *ring, struct io_uring_sqe *sqe, unsigned int ud)
{
	sqe->user_data = ud;
	must(io_uring_submit(ring));
}

/*
 * A read that blocks its worker for as long as the pipe @in is empty. io-wq
 * would arm poll for IORING_OP_READ, and go on; splice it cannot poll for.
 */
static inline void prep_blocking_read(struct io_uring_sqe *sqe, int in, int out)
{
	io_uring_prep_splice(sqe, in, -1, out, -1, 1, 0);
	sqe->flags = IOSQE_ASYNC;
}

#endif
