// SPDX-License-Identifier: GPL-2.0
/*
 * A ring that gets other sizes with requests in flight: what is complete moves
 * along, what is not completes into the new ring, or is cancelled, and the ring
 * goes away as any other (cancel-local-directly: task_work that is left over
 * has rings to complete to that are not those it was queued with).
 *
 * about io_register_resize_rings, where there is one
 * about io_poll_add
 * about io_poll_wake
 * about io_ring_exit_work
 */
#include "scenario.h"

enum {
	RESIZE_RINGS	= 33,
	DEFER		= IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
};

static int a[2], marker[2];
static struct io_uring_params p;
static struct io_uring_sqe *sqes;
static unsigned int sq_entries, cq_entries;
static char *rings;
static int fd;

static unsigned int *in_ring(unsigned int offset)
{
	return (void *)(rings + offset);
}

static unsigned int completions(void)
{
	return *in_ring(p.cq_off.tail) - *in_ring(p.cq_off.head);
}

static void map(void)
{
	sqes = mmap(NULL, sq_entries * sizeof(*sqes), PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQES);
	must(sqes == MAP_FAILED ? -1 : 0);
	rings = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_CQ_RING);
	must(rings == MAP_FAILED ? -1 : 0);
}

static void make(unsigned int flags)
{
	p = (struct io_uring_params){ .flags = flags };
	fd = must(syscall(__NR_io_uring_setup, 8, &p));
	sq_entries = p.sq_entries;
	cq_entries = p.cq_entries;
	map();
	must(syscall(__NR_io_uring_register, fd, IORING_REGISTER_FILES, marker, 1));
	close(marker[0]);
}

static int enter(unsigned int submit, unsigned int wait)
{
	return syscall(__NR_io_uring_enter, fd, submit, wait, IORING_ENTER_GETEVENTS, NULL, 0);
}

/* Polls of the pipe, with these user data. */
static void poll_pipe(unsigned int from, unsigned int nr)
{
	unsigned int tail = *in_ring(p.sq_off.tail);

	for (unsigned int i = 0; i < nr; i++, tail++) {
		unsigned int at = tail & (sq_entries - 1);

		memset(&sqes[at], 0, sizeof(*sqes));
		io_uring_prep_poll_add(&sqes[at], a[0], POLLIN);
		sqes[at].user_data = from + i;
		in_ring(p.sq_off.array)[at] = at;
	}
	*in_ring(p.sq_off.tail) = tail;
	must(enter(nr, 0) == (int)nr ? 0 : -EIO);
}

/* Both mappings are of pages that the ring has no longer. */
static int resize(unsigned int sq, unsigned int cq)
{
	struct io_uring_params new = { .flags = IORING_SETUP_CQSIZE, .sq_entries = sq, .cq_entries = cq };
	int ret = syscall(__NR_io_uring_register, fd, RESIZE_RINGS, &new, 1);

	if (ret)
		return -errno;
	munmap(sqes, sq_entries * sizeof(*sqes));
	munmap(rings, 16384);
	new.flags = p.flags;
	p = new;
	sq_entries = sq;
	cq_entries = cq;
	map();
	return 0;
}

static bool gone(void)
{
	return wait_until(readers_gone(marker[1]), SEC);
}

static void drop(const char *how)
{
	munmap(sqes, sq_entries * sizeof(*sqes));
	munmap(rings, 16384);
	close(fd);
	ok(gone(), "%s: the ring is gone", how);
	close(marker[1]);
}

static void empty_pipe(void)
{
	char c;

	must(read(a[0], &c, 1));
}

/* A bit for each that is complete, by its user data; none if one is there twice. */
static unsigned int complete(void)
{
	struct io_uring_cqe *cqes = (void *)in_ring(p.cq_off.cqes);
	unsigned int head = *in_ring(p.cq_off.head), set = 0;

	for (; head != *in_ring(p.cq_off.tail); head++) {
		unsigned int bit = 1U << cqes[head & (cq_entries - 1)].user_data;

		if (set & bit)
			return 0;
		set |= bit;
	}
	return set;
}

static void errors(void)
{
	must(pipe(marker));
	make(0);
	ok(resize(16, 16) == -EINVAL, "not a ring that completes whenever it likes");
	drop("plain");
}

static void grow_and_shrink(void)
{
	must(pipe(marker));
	make(DEFER);
	poll_pipe(0, 4);
	must(write(a[1], "x", 1));
	must(enter(0, 4));
	empty_pipe();
	poll_pipe(4, 4);
	ok(completions() == 4, "four of eight are complete");
	ok(!resize(32, 64) && *in_ring(p.cq_off.ring_entries) == 64, "grow");
	ok(complete() == 0x00f, "what was complete has moved along");
	must(write(a[1], "x", 1));
	must(enter(0, 4));
	ok(complete() == 0x0ff, "what was in flight completes into the new ring");
	ok(resize(4, 4) == -EOVERFLOW && complete() == 0x0ff, "too small for that: nothing changes");
	*in_ring(p.cq_off.head) += 6;
	ok(!resize(4, 4) && completions() == 2 && !(complete() & 0x00f), "shrink, once there is room");
	*in_ring(p.cq_off.head) += 2;
	empty_pipe();
	/* queued, and not run before the rings are others */
	poll_pipe(8, 4);
	must(write(a[1], "x", 1));
	ok(!completions() && !resize(8, 8) && !completions(), "resized with work to run");
	must(enter(0, 4));
	ok(complete() == 0xf00, "which then completes");
	empty_pipe();
	poll_pipe(12, 4);
	must(write(a[1], "x", 1));
	ok(!resize(16, 16), "resized with work that is never run");
	drop("with work left over");
	empty_pipe();
}

static void try_killed(void)
{
	int status = -1;
	pid_t pid;

	must(pipe(marker));
	pid = must(fork());
	if (!pid) {
		make(DEFER);
		close(marker[1]);
		poll_pipe(0, 4);
		must(resize(16, 16));
		must(write(a[1], "x", 1));
		raise(SIGKILL);
	}
	close(marker[0]);
	ok(reaped(pid, &status, SEC) && status == SIGKILL, "killed: with work left over");
	ok(gone(), "killed: the ring is gone");
	close(marker[1]);
}

int main(void)
{
	if (!has_function("io_register_resize_rings"))
		skip_all("this kernel does not resize rings");
	plan(16);
	must(pipe(a));
	must(pipe(marker));
	make(DEFER);
	ok(!resize(16, 16) && *in_ring(p.cq_off.ring_entries) == 16, "resized");
	drop("resized, and that is all");
	errors();
	grow_and_shrink();
	try_killed();
	return 0;
}
