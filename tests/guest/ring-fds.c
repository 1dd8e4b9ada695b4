// SPDX-License-Identifier: GPL-2.0
/*
 * Registered ring files: a task may enter a ring by its slot, the slots hold
 * the rings open until they are let go, and an exit or exec lets go of them
 * (cancel-local-directly: the last reference to a ring is put by the exit of
 * its task).
 *
 * about io_ringfd_register
 * about io_ringfd_unregister
 * about io_ring_add_registered_fd
 * about io_uring_unreg_ringfd
 * about io_poll_add
 */
#include "scenario.h"

#define NR_SLOTS	16
#define ANY_SLOT	-1U

static struct io_uring ring;
static int marker[2];

static int slots(unsigned int op, struct io_uring_rsrc_update *up, unsigned int nr)
{
	int ret = syscall(__NR_io_uring_register, ring.ring_fd, op, up, nr);

	return ret < 0 ? -errno : ret;
}

static int add_to(unsigned int slot, int fd)
{
	struct io_uring_rsrc_update up = { .offset = slot, .data = fd };
	int ret = slots(IORING_REGISTER_RING_FDS, &up, 1);

	return ret == 1 ? (int)up.offset : ret;
}

static int del(unsigned int slot)
{
	struct io_uring_rsrc_update up = { .offset = slot };

	return slots(IORING_UNREGISTER_RING_FDS, &up, 1);
}

static int enter(unsigned int slot)
{
	int ret = syscall(__NR_io_uring_enter, slot, 0, 0,
			  IORING_ENTER_GETEVENTS | (1U << 4) /* REGISTERED_RING */, NULL, 0);

	return ret < 0 ? -errno : ret;
}

static void slots_of_a_task(void)
{
	struct io_uring_rsrc_update up[3] = {
		{ .offset = 3, .data = ring.ring_fd },
		{ .offset = 4, .data = ring.ring_fd },
		{ .offset = 5, .data = 1000 },
	};
	bool all = true;

	ok(add_to(7, ring.ring_fd) == 7, "the slot that is asked for");
	ok(enter(7) == 0, "is entered");
	ok(add_to(7, ring.ring_fd) == -EBUSY, "is taken");
	ok(add_to(ANY_SLOT, ring.ring_fd) == 0, "any slot: the first that is free");
	ok(add_to(NR_SLOTS, ring.ring_fd) == -EINVAL, "a slot that there is not");
	ok(add_to(1, 1000) == -EBADF, "a file that is not open");
	ok(add_to(1, marker[0]) == -EOPNOTSUPP, "a file that is no ring");
	ok(slots(IORING_REGISTER_RING_FDS, up, 0) == -EINVAL, "none");
	ok(slots(IORING_REGISTER_RING_FDS, up, NR_SLOTS + 1) == -EINVAL, "too many");
	ok(slots(IORING_REGISTER_RING_FDS, (void *)8, 1) == -EFAULT, "what is not there");
	up[0].resv = 1;
	ok(slots(IORING_REGISTER_RING_FDS, up, 1) == -EINVAL, "what is reserved");
	up[0].resv = 0;
	ok(slots(IORING_REGISTER_RING_FDS, up, 3) == 2 && !enter(3) && !enter(4) && enter(5) == -EBADF,
	   "those before the one that fails");
	for (int i = 0; i < NR_SLOTS; i++)
		add_to(ANY_SLOT, ring.ring_fd);
	ok(add_to(ANY_SLOT, ring.ring_fd) == -EBUSY, "any slot: all are taken");
	ok(enter(NR_SLOTS) < 0, "a slot that there is not is not entered");

	up[0] = (struct io_uring_rsrc_update){ .offset = NR_SLOTS };
	ok(slots(IORING_UNREGISTER_RING_FDS, up, 1) == -EINVAL, "to free: a slot that there is not");
	up[0] = (struct io_uring_rsrc_update){ .resv = 1 };
	ok(slots(IORING_UNREGISTER_RING_FDS, up, 1) == -EINVAL, "to free: what is reserved");
	up[0] = (struct io_uring_rsrc_update){ .data = 1 };
	ok(slots(IORING_UNREGISTER_RING_FDS, up, 1) == -EINVAL, "to free: a file");
	ok(slots(IORING_UNREGISTER_RING_FDS, up, 0) == -EINVAL &&
	   slots(IORING_UNREGISTER_RING_FDS, up, NR_SLOTS + 1) == -EINVAL, "to free: none, too many");
	ok(slots(IORING_UNREGISTER_RING_FDS, (void *)8, 1) == -EFAULT, "to free: what is not there");
	ok(enter(0) == 0 && del(0) == 1 && enter(0) == -EBADF && del(0) == 1,
	   "to free: a slot, and once more");
	for (int i = 1; i < NR_SLOTS; i++)
		all &= del(i) == 1 && enter(i) == -EBADF;
	ok(all, "to free: the rest");
}

/* What tells the number of the slot is read-only: it cannot be told, nor is it kept. */
static void slot_not_told(void)
{
	struct io_uring_rsrc_update *up;
	char path[] = "/tmp/ring-fds";
	int fd = must(open(path, O_RDWR | O_CREAT | O_TRUNC, 0600));
	struct io_uring_rsrc_update one = { .offset = 9, .data = ring.ring_fd };

	must(write(fd, &one, sizeof(one)));
	up = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	must(up == MAP_FAILED ? -1 : 0);
	ok(slots(IORING_REGISTER_RING_FDS, up, 1) == -EFAULT && enter(9) == -EBADF,
	   "a slot whose number cannot be told");
	munmap(up, 4096);
	close(fd);
	unlink(path);
}

/*
 * The slot is the last to hold the ring. The ring holds the pipe, and a poll
 * of the ring itself for what no ring ever has: it is in flight at exit.
 */
static void __noreturn child(bool leave, char *self)
{
	char image[] = "image", *argv[] = { self, image, NULL };
	struct io_uring_sqe *sqe;
	struct io_uring mine;

	must(io_uring_queue_init(4, &mine, 0));
	must(io_uring_register_files(&mine, &marker[0], 1));
	close(marker[0]);
	close(marker[1]);
	must(io_uring_register_ring_fd(&mine));
	sqe = get_sqe(&mine);
	io_uring_prep_poll_add(sqe, mine.ring_fd, POLLPRI);
	submit_as(&mine, sqe, 1);
	sqe = get_sqe(&mine);
	io_uring_prep_nop(sqe);
	close(mine.ring_fd);
	submit_as(&mine, sqe, 2);
	nap(20 * MS);
	if (outcome(&mine, 2) || outcomes[1].nr)
		_exit(1);
	if (leave)
		exit_thread();
	execv(self, argv);
	_exit(127);
}

static void ends(const char *how, bool leave, char *self)
{
	int status = -1;
	pid_t pid;

	must(pipe2(marker, O_CLOEXEC));
	pid = must(fork());
	if (!pid)
		child(leave, self);
	close(marker[0]);
	nap(10 * MS);
	ok(!readers_gone(marker[1]), "%s: a slot holds its ring", how);
	nap(20 * MS);
	ok(wait_until(readers_gone(marker[1]), SEC), "%s: the ring is gone", how);
	if (!leave)
		ok(!waitpid(pid, &status, WNOHANG), "%s: by then the image has not ended", how);
	ok(reaped(pid, &status, 10 * SEC) && !status, "%s: reaped", how);
	close(marker[1]);
}

int main(int argc, char **argv)
{
	int status = -1;
	pid_t pid;

	if (argc > 1) {
		nap(2 * SEC);
		return 0;
	}
	plan(30);
	must(pipe(marker));
	must(io_uring_queue_init(4, &ring, 0));
	pid = must(fork());
	if (!pid)
		_exit(del(0) != 0);
	ok(reaped(pid, &status, SEC) && !status, "a task that has not used a ring has none to free");
	slots_of_a_task();
	slot_not_told();
	close(marker[0]);
	close(marker[1]);
	ends("exit", true, argv[0]);
	ends("exec", false, argv[0]);
	io_uring_queue_exit(&ring);
	return 0;
}
