/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the cases for rings share.
 *
 * The ring of a test has no file and no user: the test fills in its requests,
 * whose task_work is its own, and closes it. The task that they belong to is a
 * thread that sleeps until it is told to do something, or has exited already.
 * It never gets to run task_work, unless the test makes it do so.
 */
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/kallsyms.h>
#include <linux/kthread.h>
#include <linux/sched/sysctl.h>
#include <linux/sched/task.h>
#include "kunit_compat.h"

#define RING_NR 8
#define RING_NAMES "abcdefgh"
#define RING_EXIT "io_ring_exit_work"
/* how long to wait for what should be there already */
#define RING_PATIENCE (20 * HZ)
/* 50 ms, and a timer ends with the jiffy that it is set for */
#define RING_INTERVAL (HZ / 20 + 1)

struct ring_item {
	struct ring *ring;
	struct io_kiocb *req;
	char name;
	int ran;
	bool cancel, locked, dying;
	int usage;			/* of the task, when it ran */
	char by[KSYM_NAME_LEN];		/* the function of the work item */
	unsigned long when;
	void (*then)(struct ring_item *item);
};

/* Another task that uses the ring, and runs its task_work as soon as it can. */
struct ring_user {
	struct ring *ring;
	struct task_struct *task;
	struct completion ready;
	int runs;
	void (*then)(struct ring_user *user);	/* after its first run */
	struct mutex *lock;
	int runs_of_all;
};

#define RING_USERS 2
#define RING_WORKS 4

struct ring {
	struct io_ring_ctx *ctx;
	struct task_struct *task;
	const struct cred *creds;
	struct completion go, reached;
	void (*submitter)(struct ring *ring);
	bool closed;

	struct ring_item item[RING_NR];
	int nr;
	char ran[4 * RING_NR];

	/* what a poller saw when it was first told of completions */
	struct wait_queue_entry poller;
	int wakes;
	bool locked;
	unsigned int posted;
	int polls, spins;

	struct ring_user user[RING_USERS];
	struct io_tctx_node node;
	struct io_sq_data sqd;
	struct io_kiocb work[RING_WORKS];
	unsigned long cancelled_at;

	/* of the task of the test, while it cancels its requests */
	struct io_uring_task *canceller;
	void (*before_sleep)(struct ring *ring);
	struct delayed_work later;
};

static bool ring_locked(struct io_ring_ctx *ctx)
{
	unsigned long owner = atomic_long_read(&ctx->uring_lock.owner);

	return (owner & ~7UL) == (unsigned long)current;
}

static void ring_ran(struct io_kiocb *req, bool cancel)
{
	struct ring_item *item = (void *)(unsigned long)req->cqe.user_data;
	struct work_struct *work = current_work();
	struct ring *ring = item->ring;
	size_t len = strlen(ring->ran);

	if (len < sizeof(ring->ran) - 1)
		ring->ran[len] = item->name;
	item->ran++;
	item->cancel = cancel;
	item->locked = ring_locked(req->ctx);
	item->dying = percpu_ref_is_dying(&req->ctx->refs);
	item->usage = refcount_read(&ring->task->usage);
	item->when = jiffies;
	snprintf(item->by, sizeof(item->by), "%ps", work ? work->func : NULL);
	if (!work)
		strscpy(item->by, "a task");
	if (item->then) {
		item->then(item);
	} else {
		io_req_set_res(req, item->name, 0);
		io_req_complete_defer(req);
	}
}

DEFINE_TW_FUNC(ring_func, ring_ran)

/* for ->then */
static void ring_complete(struct ring_item *item)
{
	io_req_set_res(item->req, item->name, 0);
	io_req_complete_defer(item->req);
}

static void ring_add(struct ring_item *item)
{
	io_req_task_work_add(item->req);
}

static int ring_thread(void *data)
{
	struct ring *ring = data;

	wait_for_completion(&ring->go);
	if (ring->submitter)
		ring->submitter(ring);
	while (!kthread_should_stop())
		schedule_timeout_uninterruptible(HZ);
	return 0;
}

/* A ring as io_uring_create() makes it, of a task that only has a tctx. */
static struct ring *ring_create(struct kunit *test, unsigned int flags)
{
	struct io_uring_params p = {
		.sq_entries = RING_NR,
		.cq_entries = 2 * RING_NR,
		.flags = flags | IORING_SETUP_SINGLE_ISSUER |
			 IORING_SETUP_NO_SQARRAY,
	};
	struct ring *ring = test->priv;
	struct io_ring_ctx *ctx;
	struct cred *creds;

	ctx = io_ring_ctx_alloc(&p);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	KUNIT_ASSERT_EQ(test, 0, io_ring_alloc_rings(ctx, &p));
	if (flags & IORING_SETUP_DEFER_TASKRUN)
		io_ring_set_task_complete(ctx);
	ctx->notify_method = TWA_SIGNAL;
	/* freeing the ring puts them, nothing else looks at them */
	creds = prepare_creds();
	KUNIT_ASSERT_NOT_NULL(test, creds);
	ring->creds = get_cred(creds);
	ctx->sq_creds = creds;
	ring->ctx = ctx;
	KUNIT_ASSERT_EQ(test, 0, io_task_alloc_tctx(ring->task, ctx));
	ctx->submitter_task = get_task_struct(ring->task);
	return ring;
}

static struct ring_item *ring_item(struct kunit *test)
{
	struct ring *ring = test->priv;
	struct ring_item *item = &ring->item[ring->nr];
	struct io_kiocb *req;
	bool got;

	KUNIT_ASSERT_LT(test, ring->nr, RING_NR);
	mutex_lock(&ring->ctx->uring_lock);
	got = io_alloc_req(ring->ctx, &req);
	mutex_unlock(&ring->ctx->uring_lock);
	KUNIT_ASSERT_TRUE(test, got);
	item->ring = ring;
	item->name = RING_NAMES[ring->nr++];
	item->req = req;
	req->ctx = ring->ctx;
	req->opcode = IORING_OP_NOP;
	req->flags = 0;
	req->file = NULL;
	req->async_data = NULL;
	req->link = NULL;
	req->cqe.user_data = (unsigned long)item;
	req->io_task_work.func = ring_func;
	io_req_set_task(req, ring->task);
	percpu_counter_inc(&ring->task->io_uring->inflight);
	get_task_struct(ring->task);
	return item;
}

static void ring_items(struct kunit *test, int nr)
{
	while (nr--)
		ring_add(ring_item(test));
}

static void ring_close(struct ring *ring)
{
	ring->closed = true;
	io_ring_ctx_wait_and_kill(ring->ctx);
}

static bool ring_freed(struct ring *ring)
{
	return atomic_long_read(&ring->creds->usage) == 1;
}

static bool ring_wait_freed(struct ring *ring)
{
	int i;

	for (i = 0; i < RING_PATIENCE && !ring_freed(ring); i++)
		schedule_timeout_uninterruptible(1);
	return ring_freed(ring);
}

/* On return the thread is past its last task_work, as every task that is dead. */
static void ring_submitter_exit(struct ring *ring)
{
	if (ring->task->exit_state)
		return;
	complete(&ring->go);
	kthread_stop(ring->task);
	while (!READ_ONCE(ring->task->exit_state))
		schedule_timeout_uninterruptible(1);
}

static int ring_poller_wake(struct wait_queue_entry *wqe, unsigned int mode,
			    int sync, void *key)
{
	struct ring *ring = container_of(wqe, struct ring, poller);

	if (!ring->wakes++) {
		ring->locked = ring_locked(ring->ctx);
		ring->posted = READ_ONCE(ring->ctx->rings->cq.tail);
	}
	return 0;
}
