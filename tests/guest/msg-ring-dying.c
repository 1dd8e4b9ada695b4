// SPDX-License-Identifier: GPL-2.0
/*
 * Messages for a DEFER_TASKRUN ring that is going away: they are queued on it
 * as local work that its task never runs. The last reference to the ring is
 * the sender's, or its task's (cancel-local-directly).
 *
 * The same messages arrive if the task does run them.
 *
 * about io_msg_ring
 * about io_msg_data_remote
 * about io_msg_remote_post
 * about io_cancel_local_task_work
 * about io_ring_exit_work
 */
#include "scenario.h"

#define NR_MSGS 32

static struct io_uring ring;
static int file[2], go[2], told[2];

/* Sends messages from number @from on. Returns how many the ring has taken. */
static unsigned int send_from(struct io_uring *mine, int from)
{
	struct io_uring_cqe *cqe;
	unsigned int taken = 0;

	for (int i = from; i < from + NR_MSGS; i++)
		io_uring_prep_msg_ring(get_sqe(mine), ring.ring_fd, i, i, 0);
	must(io_uring_submit_and_wait(mine, NR_MSGS));
	while (!io_uring_peek_cqe(mine, &cqe)) {
		taken += !cqe->res;
		io_uring_cqe_seen(mine, cqe);
	}
	return taken;
}

/* Sends some, and once the other end of @go is closed as many again. */
static void __noreturn sender(void)
{
	struct io_uring mine;
	unsigned int taken;
	char c;

	close(file[1]);
	close(go[1]);
	must(io_uring_queue_init(NR_MSGS, &mine, 0));
	taken = send_from(&mine, 0);
	must(write(told[1], &taken, sizeof(taken)));
	must(read(go[0], &c, 1));
	taken += send_from(&mine, NR_MSGS);
	_exit(taken != 2 * NR_MSGS);
}

static pid_t start(const char *how)
{
	unsigned int taken = 0;
	pid_t pid;

	must(pipe(file));
	must(pipe(go));
	must(pipe(told));
	must(io_uring_queue_init(2 * NR_MSGS, &ring, IORING_SETUP_SINGLE_ISSUER |
				 IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG));
	must(io_uring_register_files(&ring, &file[0], 1));
	close(file[0]);
	pid = must(fork());
	if (!pid)
		sender();
	close(go[0]);
	close(told[1]);
	must(read(told[0], &taken, sizeof(taken)));
	close(told[0]);
	ok(taken == NR_MSGS && work_queued(&ring) && !io_uring_cq_ready(&ring),
	   "%s: %u messages are queued, and not run", how, taken);
	return pid;
}

static void try(const char *how, bool sender_last)
{
	pid_t pid = start(how);
	long long start = now();
	int status = -1;

	if (sender_last)
		io_uring_queue_exit(&ring);
	close(go[1]);
	ok(reaped(pid, &status, 10 * SEC) && status == 0, "%s: the sender is done", how);
	if (!sender_last) {
		ok(!readers_gone(file[1]), "%s: the ring is there yet", how);
		io_uring_queue_exit(&ring);
	}
	ok(wait_until(readers_gone(file[1]), 10 * SEC), "%s: the ring is gone", how);
	ok(now() - start < allow(SEC / 2), "%s: in no time: %lld ms", how, (now() - start) / MS);
	close(file[1]);
}

/* How many messages have arrived, in the order in which they were sent. */
static int arrived(void)
{
	struct io_uring_cqe *cqe;
	int nr = 0;

	io_uring_get_events(&ring);
	while (!io_uring_peek_cqe(&ring, &cqe)) {
		if (cqe->user_data != (__u64)nr || cqe->res != nr)
			break;
		nr++;
		io_uring_cqe_seen(&ring, cqe);
	}
	return nr;
}

static void run_them(void)
{
	pid_t pid = start("run");
	int status = -1, nr;

	close(go[1]);
	ok(reaped(pid, &status, 10 * SEC) && status == 0, "run: the sender is done");
	nr = arrived();
	ok(nr == 2 * NR_MSGS && !work_queued(&ring), "run: each arrives, in order: %d", nr);
	io_uring_queue_exit(&ring);
	ok(wait_until(readers_gone(file[1]), 10 * SEC), "run: the ring is gone");
	close(file[1]);
}

int main(void)
{
	plan(13);
	run_them();
	try("sender last", true);
	try("owner last", false);
	return 0;
}
