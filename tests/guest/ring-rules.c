// SPDX-License-Identifier: GPL-2.0
/*
 * Who may do what with a ring: disabled, restricted, with one issuer, with the
 * credentials of another. What is refused leaves nothing in flight, and a ring
 * that was never enabled goes away as any other (cancel-local-directly: a
 * DEFER_TASKRUN ring that has no task yet).
 *
 * about io_register_enable_rings
 * about io_register_restrictions
 * about io_register_restrictions_task, where there is one
 * about io_restriction_clone, where there is one
 * about __io_uring_fork, where there is one
 * about io_check_restriction
 * about io_register_personality
 * about io_unregister_personality
 * about io_uring_poll
 * about io_poll_add
 * about io_ring_exit_work
 */
#include "compat.h"
#include "scenario.h"

static int marker[2];

static int reg(int fd, unsigned int op, void *arg, unsigned int nr)
{
	int ret = syscall(__NR_io_uring_register, fd, op, arg, nr);

	return ret < 0 ? -errno : ret;
}

static int nop(struct io_uring *ring, unsigned int flags, int personality)
{
	struct io_uring_sqe *sqe = get_sqe(ring);
	int ret;

	io_uring_prep_nop(sqe);
	sqe->flags = flags;
	sqe->personality = personality;
	sqe->user_data = 1;
	ret = io_uring_submit(ring);
	return ret < 0 ? ret : outcome(ring, 1);
}

static void open_ring(struct io_uring *ring, unsigned int flags)
{
	must(io_uring_queue_init(4, ring, flags));
	must(pipe(marker));
	must(io_uring_register_files(ring, &marker[0], 1));
	close(marker[0]);
}

static void close_ring(struct io_uring *ring, const char *what)
{
	io_uring_queue_exit(ring);
	ok(wait_until(readers_gone(marker[1]), SEC), "%s: the ring is gone", what);
	close(marker[1]);
}

static void try_disabled(void)
{
	struct io_uring ring;
	int status = -1, ret;
	pid_t pid;

	open_ring(&ring, IORING_SETUP_R_DISABLED);
	io_uring_prep_nop(get_sqe(&ring));
	ok(io_uring_submit(&ring) == -EBADFD, "disabled: takes nothing");
	close_ring(&ring, "disabled");

	open_ring(&ring, IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER |
			 IORING_SETUP_DEFER_TASKRUN);
	/* before there is a task to tell */
	ok(!readable(ring.ring_fd, POLLIN), "disabled: nothing to poll for");
	close_ring(&ring, "disabled, defer");

	open_ring(&ring, IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER |
			 IORING_SETUP_DEFER_TASKRUN);
	ok(reg(ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, marker, 1) == -EINVAL, "enable: an argument");
	must(io_uring_enable_rings(&ring));
	ret = io_uring_enable_rings(&ring);
	ok(ret == -EBADFD, "enable: once: %d", ret);
	ok(nop(&ring, 0, 0) == 0, "enabled: it runs");
	io_uring_prep_nop(get_sqe(&ring));
	must(io_uring_submit(&ring));
	ok(readable(ring.ring_fd, POLLIN), "enabled: something to poll for");
	collect(&ring);
	pid = must(fork());
	if (!pid) {
		io_uring_prep_nop(get_sqe(&ring));
		ret = io_uring_submit(&ring);
		_exit(ret != -EEXIST || reg(ring.ring_fd, IORING_UNREGISTER_FILES, NULL, 0) != -EEXIST);
	}
	ok(reaped(pid, &status, SEC) && !status, "enabled: for one task only");
	close_ring(&ring, "enabled");
}

static struct io_uring_restriction rules[] = {
	{ .opcode = IORING_RESTRICTION_REGISTER_OP, .register_op = IORING_REGISTER_ENABLE_RINGS },
	{ .opcode = IORING_RESTRICTION_REGISTER_OP, .register_op = IORING_UNREGISTER_FILES },
	{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_NOP },
	{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_POLL_ADD },
	{ .opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED, .sqe_flags = IOSQE_ASYNC | IOSQE_FIXED_FILE },
	{ .opcode = IORING_RESTRICTION_SQE_FLAGS_REQUIRED, .sqe_flags = IOSQE_FIXED_FILE },
};

static void try_restricted(void)
{
	const unsigned int op = IORING_REGISTER_RESTRICTIONS, fixed = IOSQE_FIXED_FILE;
	struct io_uring_restriction bad[] = {
		{ .opcode = 77 },
		{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = 255 },
		{ .opcode = IORING_RESTRICTION_REGISTER_OP, .register_op = 255 },
	};
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	open_ring(&ring, IORING_SETUP_R_DISABLED);
	ok(reg(ring.ring_fd, op, NULL, 1) == -EINVAL && reg(ring.ring_fd, op, rules, 1000) == -EINVAL &&
	   reg(ring.ring_fd, op, (void *)8, 1) == -EFAULT, "restrict: arguments");
	ok(reg(ring.ring_fd, op, &bad[0], 1) == -EINVAL && reg(ring.ring_fd, op, &bad[1], 1) == -EINVAL &&
	   reg(ring.ring_fd, op, &bad[2], 1) == -EINVAL, "restrict: rules there are not");
	ok(!reg(ring.ring_fd, op, rules, 6), "restrict");
	ok(reg(ring.ring_fd, op, rules, 6) == -EBUSY, "restrict: once");
	must(io_uring_enable_rings(&ring));
	ok(reg(ring.ring_fd, op, rules, 6) < 0, "restrict: not once it is enabled");
	ok(nop(&ring, fixed, 0) == 0, "restricted: what is allowed");
	ok(nop(&ring, 0, 0) == -EACCES, "restricted: without a flag that is required");
	ok(nop(&ring, fixed | IOSQE_IO_LINK, 0) == -EACCES, "restricted: a flag");
	sqe = get_sqe(&ring);
	io_uring_prep_read(sqe, 0, NULL, 0, 0);
	sqe->flags = fixed;
	submit_as(&ring, sqe, 2);
	ok(outcome(&ring, 2) == -EACCES, "restricted: an opcode");
	ok(reg(ring.ring_fd, IORING_REGISTER_PERSONALITY, NULL, 0) == -EACCES, "restricted: a registration");
	sqe = get_sqe(&ring);
	io_uring_prep_poll_add(sqe, 0, POLLIN);
	sqe->flags = fixed;
	submit_as(&ring, sqe, 3);
	nap(MS);
	ok(!count_outcomes(&ring, 3), "restricted: a poll is allowed, and in flight");
	close_ring(&ring, "restricted, a poll in flight");
}

/* Of a task, for each ring that it and its children make from now on. */
static void try_restricted_task(void)
{
	struct {
		__u16 flags, nr;
		__u32 resv[3];
		struct io_uring_restriction rules[3];
	} arg = {
		.nr = 3,
		.rules = { rules[0], rules[2], { .opcode = IORING_RESTRICTION_REGISTER_OP,
						 .register_op = IORING_REGISTER_FILES } },
	};
	const unsigned int op = IORING_REGISTER_RESTRICTIONS;
	struct io_uring ring;
	int ret, status = -1;
	bool ended;
	pid_t pid;

	arg.flags = 1;
	ret = reg(-1, op, &arg, 1);
	arg.flags = 0;
	if (ret == -EBADF) {
		for (int i = 0; i < 6; i++)
			skip("this kernel restricts rings only", "task");
		return;
	}
	ok(ret == -EINVAL, "task: a flag");
	arg.resv[2] = 1;
	ok(reg(-1, op, &arg, 1) == -EINVAL && reg(-1, op, &arg, 2) == -EINVAL &&
	   reg(-1, op, (void *)8, 1) == -EFAULT, "task: arguments");
	arg.resv[2] = 0;
	ok(!reg(-1, op, &arg, 1), "task: restrict");
	ok(reg(-1, op, &arg, 1) < 0, "task: once");
	pid = must(fork());
	if (!pid) {
		must(io_uring_queue_init(4, &ring, 0));
		if (nop(&ring, 0, 0))
			_exit(1);
		io_uring_prep_poll_add(get_sqe(&ring), marker[1], POLLIN);
		must(io_uring_submit(&ring));
		nap(MS);
		if (ring.cq.cqes[1].res != -EACCES)
			_exit(2);
		if (reg(ring.ring_fd, IORING_REGISTER_PERSONALITY, NULL, 0) != -EACCES)
			_exit(3);
		ret = reg(-1, 31 /* IORING_REGISTER_SEND_MSG_RING */, NULL, 0);
		_exit(ret == (BLIND_RESTRICTED ? -EACCES : -EINVAL) ? 0 : 4);
	}
	ended = reaped(pid, &status, SEC);
	ok(ended && !status, "task: its child is, too: %d", WEXITSTATUS(status));
	must(io_uring_queue_init(4, &ring, 0));
	ok(reg(ring.ring_fd, IORING_REGISTER_PERSONALITY, NULL, 0) == -EACCES, "task: is");
	io_uring_queue_exit(&ring);
}

/* Registered credentials go with the ring. */
static void try_personality(void)
{
	struct io_uring ring;
	int id;

	open_ring(&ring, 0);
	id = io_uring_register_personality(&ring);
	ok(id > 0 && nop(&ring, 0, id) == 0, "personality: used");
	ok(nop(&ring, 0, id + 1) == -EINVAL, "personality: none such");
	ok(!io_uring_unregister_personality(&ring, id) &&
	   io_uring_unregister_personality(&ring, id) == -EINVAL, "personality: let go, once");
	ok(reg(ring.ring_fd, IORING_REGISTER_PERSONALITY, marker, 1) == -EINVAL &&
	   reg(ring.ring_fd, IORING_UNREGISTER_PERSONALITY, marker, 1) == -EINVAL,
	   "personality: arguments");
	must(io_uring_register_personality(&ring));
	must(io_uring_register_personality(&ring));
	close_ring(&ring, "personality");
}

int main(void)
{
	plan(33);
	try_disabled();
	try_restricted();
	try_personality();
	try_restricted_task();
	return 0;
}
