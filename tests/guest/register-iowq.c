// SPDX-License-Identifier: GPL-2.0
/*
 * What a ring says of the io-wq of its tasks: affinity and how many workers,
 * for tasks that use the ring already and for those that come later. A limit
 * holds for workers that are busy at exit, and those are cancelled as they
 * would be without (cancel-create-once: a worker is created only within it).
 *
 * about io_register_iowq_aff
 * about io_unregister_iowq_aff
 * about io_wq_cpu_affinity
 * about io_register_iowq_max_workers
 * about io_wq_max_workers
 */
#include "scenario.h"

static struct io_uring ring;
static int in[2], sink[2];

static int reg(unsigned int op, void *arg, unsigned int nr)
{
	int ret = syscall(__NR_io_uring_register, ring.ring_fd, op, arg, nr);

	return ret < 0 ? -errno : ret;
}

static int set_max(unsigned int bounded, unsigned int unbounded, unsigned int *max)
{
	max[0] = bounded;
	max[1] = unbounded;
	return io_uring_register_iowq_max_workers(&ring, max);
}

static void block(int nr)
{
	while (nr--)
		prep_blocking_read(get_sqe(&ring), in[0], sink[1]);
	must(io_uring_submit(&ring));
}

static void try_affinity(void)
{
	cpu_set_t one, none;
	int status = -1;
	pid_t pid;

	CPU_ZERO(&none);
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	ok(!reg(IORING_REGISTER_IOWQ_AFF, &one, sizeof(one)), "affinity: a CPU that exists");
	ok(!reg(IORING_REGISTER_IOWQ_AFF, &none, 1), "affinity: none");
	ok(reg(IORING_REGISTER_IOWQ_AFF, NULL, 8) == -EINVAL &&
	   reg(IORING_REGISTER_IOWQ_AFF, &one, 0) == -EINVAL, "affinity: no argument");
	ok(reg(IORING_REGISTER_IOWQ_AFF, (void *)8, 8) == -EFAULT, "affinity: no such memory");
	ok(!reg(IORING_UNREGISTER_IOWQ_AFF, NULL, 0), "affinity: back to what it was");
	ok(reg(IORING_UNREGISTER_IOWQ_AFF, &one, 1) == -EINVAL, "affinity: back, with an argument");
	pid = must(fork());
	if (!pid)
		_exit(reg(IORING_REGISTER_IOWQ_AFF, &one, sizeof(one)) != -EINVAL);
	ok(reaped(pid, &status, SEC) && !status, "affinity: of a task without io-wq");
}

static void max_workers(void)
{
	struct rlimit limit, two = { .rlim_cur = 2 };
	unsigned int max[2], was;

	ok(reg(IORING_REGISTER_IOWQ_MAX_WORKERS, max, 1) == -EINVAL &&
	   reg(IORING_REGISTER_IOWQ_MAX_WORKERS, NULL, 2) == -EINVAL, "limits: it takes two");
	ok(reg(IORING_REGISTER_IOWQ_MAX_WORKERS, (void *)8, 2) == -EFAULT, "limits: no such memory");
	ok(set_max(-1U, 0, max) == -EINVAL, "limits: too many");
	must(set_max(0, 0, max));
	ok(max[0] && max[1], "limits: told, and left alone: %u and %u", max[0], max[1]);
	was = max[0];
	must(set_max(was + 1, 5, max));
	must(set_max(0, 0, max));
	ok(max[0] == was + 1 && max[1] == 5, "limits: set");
	must(getrlimit(RLIMIT_NPROC, &limit));
	two.rlim_max = limit.rlim_max;
	must(setrlimit(RLIMIT_NPROC, &two));
	must(set_max(0, 4, max));
	must(setrlimit(RLIMIT_NPROC, &limit));
	must(set_max(0, 0, max));
	ok(max[1] == 2, "limits: at most as many as RLIMIT_NPROC: %u", max[1]);
}

/* Its own io-wq comes into being with the limits of the ring. */
static void later_task(bool use_first)
{
	const char *how = use_first ? "a task of before" : "a later task";
	unsigned int max[2];
	int go[2], status = -1, nr;
	pid_t pid;
	char c;

	must(set_max(0, 1, max));
	must(pipe(go));
	pid = must(fork());
	if (!pid) {
		close(go[1]);
		resync(&ring);
		if (use_first) {
			io_uring_prep_nop(get_sqe(&ring));
			must(io_uring_submit(&ring));
		}
		must(read(go[0], &c, 1));
		block(6);
		for (;;)
			pause();
	}
	nap(MS);
	must(set_max(0, 3, max));
	close(go[1]);
	close(go[0]);
	ok(wait_until(count_workers(pid) == 3, SEC), "%s: has as many workers as the ring says", how);
	nap(SEC / 10);
	nr = count_workers(pid);
	ok(nr == 3, "%s: and no more: %d", how, nr);
	must(kill(pid, SIGKILL));
	ok(reaped(pid, &status, SEC), "%s: is killed", how);
}

int main(void)
{
	plan(21);
	must(pipe(in));
	must(pipe(sink));
	must(io_uring_queue_init(16, &ring, 0));
	try_affinity();
	max_workers();
	later_task(false);
	later_task(true);
	io_uring_queue_exit(&ring);
	ok(!count_workers(getpid()), "no worker of the parent's came to be");
	close(in[0]);
	ok(wait_until(readers_gone(in[1]), SEC), "nothing holds the pipe");
	return 0;
}
