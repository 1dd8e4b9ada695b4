// SPDX-License-Identifier: GPL-2.0
/*
 * A task killed with io-wq full of FIFO opens and its task_work list full of
 * messages from another ring: all of it goes away, and each worker does not
 * walk the list as it exits (cancel-create-once).
 *
 * This is the report that the fix is for. The task is held by ptrace, so that
 * it runs no task_work, and is the last to run once it is killed, as it may be
 * on a busy machine. repro_workers= and repro_messages= on the kernel's command
 * line make it grow, with mem=. The cost is not judged here, but said: figures.
 *
 * about io_openat
 * about io_msg_ring
 * about io_msg_fd_remote
 * about io_wq_exit_start
 */
#include "scenario.h"
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>

#define FIFO	"/tmp/fifo-msg-exit"
#define TRACING	"/sys/kernel/tracing/"
#define BATCH	64

static struct io_uring ring;

static int size(const char *name, int def)
{
	const char *s = getenv(name);

	return s ? atoi(s) : def;
}

static void __noreturn child(int nr_workers)
{
	unsigned int max[2] = { nr_workers, nr_workers };
	const struct rlimit limit = { nr_workers + 64, nr_workers + 64 };

	/* each open has its file descriptor before it waits, and a worker */
	must(setrlimit(RLIMIT_NOFILE, &limit));
	must(setrlimit(RLIMIT_NPROC, &limit));
	/* makes this task the submitter of a ring that its parent made */
	must(io_uring_enable_rings(&ring));
	must(io_uring_register_iowq_max_workers(&ring, max));
	for (int i = 0; i < nr_workers; i++) {
		struct io_uring_sqe *sqe = get_sqe(&ring);

		io_uring_prep_openat(sqe, AT_FDCWD, FIFO, O_RDONLY, 0);
		sqe->flags = IOSQE_ASYNC;
		if (!io_uring_sq_space_left(&ring))
			must(io_uring_submit(&ring));
	}
	must(io_uring_submit(&ring));
	must(sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){}));
	for (;;)
		pause();
}

/* Slot 0 of @sender goes to the ring, through task_work of its submitter. */
static void send_fds(struct io_uring *sender, int nr)
{
	while (nr--) {
		struct io_uring_sqe *sqe = get_sqe(sender);

		io_uring_prep_rw(IORING_OP_MSG_RING, sqe, ring.ring_fd,
				 (void *)(long)IORING_MSG_SEND_FD, 0, 0);
		sqe->file_index = 1;
		if (!io_uring_sq_space_left(sender) || !nr)
			must(io_uring_submit(sender));
	}
}

static bool write_file(const char *path, const char *s)
{
	int fd = open(path, O_WRONLY | O_TRUNC);
	bool ret = fd >= 0 && write(fd, s, strlen(s)) == (ssize_t)strlen(s);

	if (fd >= 0)
		close(fd);
	return ret;
}

/* In a kernel with the irqsoff tracer. Its usual clock is jiffies here. */
static bool trace_irqs_off(void)
{
	mount("tracefs", TRACING, "tracefs", 0, NULL);
	return write_file(TRACING "trace_clock", "mono") &&
	       write_file(TRACING "current_tracer", "irqsoff") &&
	       write_file(TRACING "tracing_max_latency", "0");
}

static void print_irqs_off(void)
{
	char buf[32] = "";
	int fd = must(open(TRACING "tracing_max_latency", O_RDONLY));

	must(read(fd, buf, sizeof(buf) - 1));
	close(fd);
	buf[strcspn(buf, "\n")] = '\0';
	printf("# figure cancel-create-once: interrupts off for at most %s us\n", buf);
	write_file(TRACING "current_tracer", "nop");
}

int main(void)
{
	int nr_workers = size("repro_workers", 32);
	int nr_messages = size("repro_messages", 1000);
	struct io_uring sender;
	int sent[2], status = 0, nr;
	long long start;
	bool traced;
	pid_t pid;

	plan(6);
	must(mkfifo(FIFO, 0600));
	must(pipe(sent));
	must(io_uring_queue_init(BATCH, &ring, IORING_SETUP_R_DISABLED |
				 IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN));
	must(io_uring_register_files_sparse(&ring, 1));
	pid = must(fork());
	if (!pid)
		child(nr_workers);
	ok(wait_until(count_workers(pid) == nr_workers, 60 * SEC), "%d workers are busy",
	   nr_workers);

	must(ptrace(PTRACE_SEIZE, pid, 0, 0));
	must(ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	must(waitpid(pid, &status, 0));
	must(io_uring_queue_init(BATCH, &sender, 0));
	must(io_uring_register_files(&sender, &sent[1], 1));
	close(sent[1]);
	send_fds(&sender, nr_messages);
	nap(10 * MS);
	ok(!io_uring_cq_ready(&sender), "%d messages are queued, and not run", nr_messages);

	traced = trace_irqs_off();
	start = now();
	must(kill(pid, SIGKILL));
	ok(waitpid(pid, &status, 0) == pid && status == SIGKILL, "killed and reaped");
	printf("# figure cancel-create-once: %d workers, %d messages: reaped %lld us after the kill\n",
	       nr_workers, nr_messages, (now() - start) / 1000);
	if (traced)
		print_irqs_off();
	ok(open(FIFO, O_WRONLY | O_NONBLOCK) < 0 && errno == ENXIO, "nobody reads the FIFO");
	wait_until((nr = dead_letters(&sender)) == nr_messages, 10 * SEC);
	ok(nr == nr_messages, "every message comes back once: %d", nr);
	io_uring_queue_exit(&sender);
	io_uring_queue_exit(&ring);
	ok(wait_until(writers_gone(sent[0]), 10 * SEC), "the file that was sent is closed");
	return 0;
}
