// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for the exit of rings, included at the end of io_uring/io_uring.c
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
	bool cancel, locked;
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

/* A ring with so many leftovers, of a submitter that is alive or has exited. */
static struct ring *ring_with_leftovers(struct kunit *test, int nr)
{
	const bool *dead = test->param_value;
	struct ring *ring = ring_create(test, IORING_SETUP_DEFER_TASKRUN);

	ring_items(test, nr);
	KUNIT_ASSERT_STREQ(test, ring->ran, "");
	if (dead && *dead)
		ring_submitter_exit(ring);
	KUNIT_ASSERT_STREQ(test, ring->ran, "");
	return ring;
}

static const bool ring_submitters[] = { false, true };

static void ring_submitter_desc(const bool *dead, char *desc)
{
	strscpy(desc, *dead ? "dead submitter" : "live submitter",
		KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ring_submitters, ring_submitters, ring_submitter_desc);

/* pins cancel-local-directly: leftovers run once each, in queue order. */
static void io_uring_test_leftovers_order(struct kunit *test)
{
	struct ring *ring = ring_with_leftovers(test, RING_NR);

	ring_close(ring);
	ring_wait_freed(ring);
	KUNIT_EXPECT_STREQ(test, ring->ran, RING_NAMES);
}

/* pins cancel-local-directly: ring exit runs leftovers itself, no other work. */
static void io_uring_test_leftovers_by(struct kunit *test)
{
	const bool *dead = test->param_value;
	struct ring *ring = ring_with_leftovers(test, RING_NR);
	int i, direct = 0;

	ring_close(ring);
	ring_wait_freed(ring);
	for (i = 0; i < RING_NR; i++) {
		direct += !strcmp(ring->item[i].by, RING_EXIT);
		KUNIT_EXPECT_STREQ(test, ring->item[i].by, RING_EXIT);
	}
	if (*dead)
		kunit_info(test, "figure cancel-local-directly: %d of %d leftovers run by ring exit itself\n",
			   direct, RING_NR);
}

/* cancel-local-directly: leftovers run in cancel mode, ->uring_lock held. */
static void io_uring_test_leftovers_mode(struct kunit *test)
{
	struct ring *ring = ring_with_leftovers(test, RING_NR);
	int i;

	ring_close(ring);
	ring_wait_freed(ring);
	for (i = 0; i < RING_NR; i++) {
		KUNIT_EXPECT_EQ(test, ring->item[i].ran, 1);
		KUNIT_EXPECT_TRUE(test, ring->item[i].cancel);
		KUNIT_EXPECT_TRUE(test, ring->item[i].locked);
	}
}

/* cancel-local-directly: the ring is freed, and no request or task is kept. */
static void io_uring_test_leftovers_freed(struct kunit *test)
{
	struct ring *ring = ring_with_leftovers(test, RING_NR);
	struct io_uring_task *tctx = ring->task->io_uring;
	int usage = refcount_read(&ring->task->usage);

	KUNIT_EXPECT_EQ(test, percpu_counter_sum(&tctx->inflight), RING_NR);
	ring_close(ring);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
	KUNIT_EXPECT_EQ(test, percpu_counter_sum(&tctx->inflight), 0);
	/* one for each request, and that of the ring */
	if (!ring->task->exit_state)
		KUNIT_EXPECT_EQ(test, refcount_read(&ring->task->usage),
				usage - RING_NR - 1);
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

static void ring_then_reached(struct ring_item *item)
{
	ring_complete(item);
	complete(&item->ring->reached);
}

/* cancel-local-directly: all completions are flushed before the lock drops. */
static void io_uring_test_leftovers_flushed(struct kunit *test)
{
	struct ring *ring = ring_with_leftovers(test, RING_NR);
	struct io_ring_ctx *ctx = ring->ctx;

	init_waitqueue_func_entry(&ring->poller, ring_poller_wake);
	io_ring_activate_poll(ctx);
	add_wait_queue(&ctx->poll_wq, &ring->poller);
	ring->item[0].then = ring_then_reached;
	percpu_ref_get(&ctx->refs);
	ring_close(ring);
	/* first to get the lock after them */
	sched_set_fifo(current);
	wait_for_completion(&ring->reached);
	mutex_lock(&ctx->uring_lock);
	KUNIT_EXPECT_EQ(test, READ_ONCE(ctx->rings->cq.tail), RING_NR);
	mutex_unlock(&ctx->uring_lock);
	sched_set_normal(current, 0);
	KUNIT_EXPECT_EQ(test, ring->wakes, 1);
	KUNIT_EXPECT_TRUE(test, ring->locked);
	KUNIT_EXPECT_EQ(test, ring->posted, RING_NR);
	remove_wait_queue(&ctx->poll_wq, &ring->poller);
	percpu_ref_put(&ctx->refs);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
}

static void ring_then_again(struct ring_item *item)
{
	item->then = NULL;
	ring_add(item);
}

/* pins cancel-local-directly: what a handler adds again runs after the rest. */
static void io_uring_test_leftovers_again(struct kunit *test)
{
	struct ring *ring = ring_with_leftovers(test, 4);

	ring->item[1].then = ring_then_again;
	ring->item[3].then = ring_then_again;
	ring_close(ring);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
	KUNIT_EXPECT_STREQ(test, ring->ran, "abcdbd");
	KUNIT_EXPECT_STREQ(test, ring->item[1].by, RING_EXIT);
}

/* pins cancel-local-directly: links that the flush adds are cancelled, last. */
static void io_uring_test_leftovers_flush_adds(struct kunit *test)
{
	struct ring *ring = ring_with_leftovers(test, 2);
	struct io_ring_ctx *ctx = ring->ctx;
	struct ring_item *item = ring->item, *next = &ring->item[2];
	struct io_uring_cqe *cqes = ctx->rings->cqes;
	int i;

	/* the next of the first one's link; its task_work is the kernel's */
	ring_item(test);
	item->req->link = next->req;
	item->req->flags |= REQ_F_HARDLINK;
	percpu_ref_get(&ctx->refs);
	ring_close(ring);
	schedule_timeout_uninterruptible(HZ);
	KUNIT_EXPECT_EQ(test, READ_ONCE(ctx->rings->cq.tail), 3);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, cqes[i].res, item[i].name);
	KUNIT_EXPECT_EQ(test, cqes[2].user_data, (unsigned long)next);
	KUNIT_EXPECT_EQ(test, cqes[2].res, -EFAULT);
	percpu_ref_put(&ctx->refs);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
}

/* pins cancel-local-directly: ring exit runs what comes when it waits already. */
static void io_uring_test_leftovers_late(struct kunit *test)
{
	const bool *dead = test->param_value;
	struct ring *ring = ring_create(test, IORING_SETUP_DEFER_TASKRUN);
	int i;

	for (i = 0; i < 3; i++)
		ring_item(test);
	if (*dead)
		ring_submitter_exit(ring);
	ring_close(ring);
	schedule_timeout_uninterruptible(HZ);
	KUNIT_EXPECT_FALSE(test, ring_freed(ring));
	for (i = 0; i < 3; i++)
		ring_add(&ring->item[i]);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
	KUNIT_EXPECT_STREQ(test, ring->ran, "abc");
	KUNIT_EXPECT_STREQ(test, ring->item[0].by, RING_EXIT);
}

static void ring_then_sleep(struct ring_item *item)
{
	schedule_timeout_uninterruptible(HZ / 10);
	ring_complete(item);
}

/* pins cancel-local-directly: race: a producer adds while leftovers run. */
static void io_uring_test_leftovers_producer(struct kunit *test)
{
	struct ring *ring = ring_with_leftovers(test, 3);
	struct ring_item *late = ring_item(test);

	ring->item[0].then = ring_then_sleep;
	ring_close(ring);
	schedule_timeout_uninterruptible(HZ / 20);
	ring_add(late);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
	KUNIT_EXPECT_STREQ(test, ring->ran, "abcd");
	KUNIT_EXPECT_STREQ(test, late->by, RING_EXIT);
	KUNIT_EXPECT_TRUE(test, late->locked);
}

/*
 * cancel-local-directly: race: leftovers that a producer has published, and not
 * linked yet, are waited for.
 */
static void io_uring_test_leftovers_half_push(struct kunit *test)
{
	struct llist_node *node, *prev;
	struct ring_item *late;
	struct ring *ring;

	kunit_skip_without_mpscq(test);
	if (kallsyms_lookup_name("io_fallback_req_func"))
		kunit_skip(test, "ring exit runs nothing that could wake us");
	ring = ring_with_leftovers(test, 2);
	late = ring_item(test);
	node = &late->req->io_task_work.node;
	prev = io_local_work_half_push(ring->ctx, node);
	ring->item[0].then = ring_then_reached;
	ring_close(ring);
	/* the second one can't be told from the last one: we're let on the CPU */
	sched_set_fifo(current);
	wait_for_completion(&ring->reached);
	KUNIT_EXPECT_STREQ(test, ring->ran, "a");
	WRITE_ONCE(prev->next, node);
	sched_set_normal(current, 0);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
	KUNIT_EXPECT_STREQ(test, ring->ran, "abc");
	KUNIT_EXPECT_EQ(test, late->when, ring->item[0].when);
}

/* The close comes first, but the one who runs it has to wait for the lock. */
static void ring_close_and_run(struct ring *ring)
{
	ring_close(ring);
	io_run_some_local_work(ring->ctx, RING_NR / 2);
	complete(&ring->reached);
}

/* cancel-local-directly: race: the submitter runs some, ring exit the others. */
static void io_uring_test_leftovers_submitter(struct kunit *test)
{
	struct ring *ring = ring_with_leftovers(test, RING_NR);
	struct io_uring_task *tctx = ring->task->io_uring;
	int i;

	ring->item[0].then = ring_then_sleep;
	ring->submitter = ring_close_and_run;
	percpu_ref_get(&ring->ctx->refs);
	complete(&ring->go);
	wait_for_completion(&ring->reached);
	percpu_ref_put(&ring->ctx->refs);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
	KUNIT_EXPECT_STREQ(test, ring->ran, RING_NAMES);
	KUNIT_EXPECT_STREQ(test, ring->item[0].by, "a task");
	for (i = 0; i < RING_NR; i++) {
		KUNIT_EXPECT_TRUE(test, ring->item[i].cancel);
		KUNIT_EXPECT_TRUE(test, ring->item[i].locked);
	}
	/* its own references it keeps for later */
	KUNIT_EXPECT_EQ(test, percpu_counter_sum(&tctx->inflight),
			tctx->cached_refs);
}

/* cancel-local-directly: orphans of a dead task run from a work item of its. */
static void io_uring_test_orphans(struct kunit *test)
{
	struct ring *ring = ring_create(test, 0);
	int i;

	for (i = 0; i < 4; i++)
		ring_item(test);
	ring_submitter_exit(ring);
	for (i = 0; i < 4; i++)
		ring_add(&ring->item[i]);
	schedule_timeout_uninterruptible(HZ);
	KUNIT_EXPECT_STREQ(test, ring->ran, "abcd");
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_STREQ(test, ring->item[i].by,
				   "io_tctx_fallback_work");
		KUNIT_EXPECT_TRUE(test, ring->item[i].cancel);
		KUNIT_EXPECT_TRUE(test, ring->item[i].locked);
	}
	KUNIT_EXPECT_EQ(test, READ_ONCE(ring->ctx->rings->cq.tail), 4);
	KUNIT_EXPECT_EQ(test,
			percpu_counter_sum(&ring->task->io_uring->inflight), 0);
}

/* cancel-local-directly: ring exit waits for orphans that are still to come. */
static void io_uring_test_orphans_exit(struct kunit *test)
{
	struct ring *ring = ring_create(test, 0);
	struct ring_item *item = ring_item(test);

	ring_submitter_exit(ring);
	ring_close(ring);
	schedule_timeout_uninterruptible(HZ);
	KUNIT_EXPECT_FALSE(test, ring_freed(ring));
	ring_add(item);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
	KUNIT_EXPECT_STREQ(test, item->by, "io_tctx_fallback_work");
	KUNIT_EXPECT_EQ(test, item->ran, 1);
}

/* cancel-local-directly: who runs orphans leaves cached references alone. */
static void io_uring_test_orphans_refs(struct kunit *test)
{
	struct ring *ring = ring_create(test, 0);
	struct io_uring_task *tctx = ring->task->io_uring;
	struct ring_item *item = ring_item(test);

	ring_submitter_exit(ring);
	/* exec cancels for good, and waits for all requests with this set */
	atomic_inc(&tctx->in_cancel);
	ring_add(item);
	schedule_timeout_uninterruptible(HZ);
	atomic_dec(&tctx->in_cancel);
	KUNIT_EXPECT_EQ(test, item->ran, 1);
	KUNIT_EXPECT_EQ(test, tctx->cached_refs, 0);
	KUNIT_EXPECT_EQ(test, percpu_counter_sum(&tctx->inflight), 0);
}

/* cancel-local-directly: while the work item is queued the task is held once. */
static void io_uring_test_orphans_queued(struct kunit *test)
{
	struct ring *ring = ring_create(test, 0);
	struct ring_item *a = ring_item(test), *b = ring_item(test);
	int usage;

	ring_submitter_exit(ring);
	/* its last switch has let go of it */
	rcu_barrier();
	usage = refcount_read(&ring->task->usage);
	ring_add(a);
	/* somebody else gets to it first */
	tctx_task_work(&ring->task->io_uring->task_work);
	KUNIT_EXPECT_STREQ(test, ring->ran, "a");
	ring_add(b);
	schedule_timeout_uninterruptible(HZ);
	KUNIT_EXPECT_STREQ(test, ring->ran, "ab");
	KUNIT_EXPECT_EQ(test, refcount_read(&ring->task->usage), usage - 2);
}

/* Requests are cancelled for a task that has no io-wq any more. */
static void io_uring_test_cancel_no_wq(struct kunit *test)
{
	struct ring *ring = ring_create(test, IORING_SETUP_DEFER_TASKRUN);
	struct io_uring_task *tctx = ring->task->io_uring;
	struct io_ring_ctx *ctx = ring->ctx;
	struct ring_item *item = ring_item(test);
	struct io_wq *wq = tctx->io_wq;

	tctx->io_wq = NULL;
	KUNIT_EXPECT_FALSE(test,
			   io_ring_try_cancel(ctx, io_req_owner_of(item->req)));
	tctx->io_wq = wq;
	/* nor does a task that has never used io_uring */
	KUNIT_EXPECT_FALSE(test, io_ring_try_cancel_no_tctx(ctx));
	KUNIT_EXPECT_FALSE(test, mutex_is_locked(&ctx->uring_lock));
	/* what comes now wakes its task */
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->cq_wait_nr), 1);
	ring_add(item);
}

static int ring_polled_late(struct io_uring_cmd *cmd, struct io_comp_batch *iob,
		       unsigned int flags)
{
	struct io_kiocb *req = cmd_to_io_kiocb(cmd);
	struct ring_item *item = (void *)(unsigned long)req->cqe.user_data;
	struct ring *ring = item->ring;

	/* one round without any */
	if (ring->polls++ < 3)
		return 0;
	ring->ran[strlen(ring->ran)] = item->name;
	if (item->name == 'a')
		set_tsk_need_resched(current);
	io_req_set_res(req, item->name, 0);
	WRITE_ONCE(req->iopoll_completed, 1);
	return 1;
}

static const struct file_operations ring_late_fops = {
	.uring_cmd_iopoll = ring_polled_late,
};

/* Ring exit polls for what is completed only if somebody does, until it is. */
static void io_uring_test_iopoll(struct kunit *test)
{
	const bool *defer = test->param_value;
	struct ring *ring = ring_create(test, IORING_SETUP_IOPOLL |
					(*defer ? IORING_SETUP_DEFER_TASKRUN : 0));
	struct ring_item *item;
	struct file *file;
	int i;

	file = anon_inode_getfile("[io_uring_kunit]", &ring_late_fops, NULL,
				  O_RDWR);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	for (i = 0; i < 3; i++) {
		item = ring_item(test);
		item->req->opcode = IORING_OP_URING_CMD;
		item->req->file = get_file(file);
		item->req->iopoll_completed = 0;
		io_ring_add_iopoll(ring->ctx, item->req);
	}
	ring_close(ring);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
	KUNIT_EXPECT_STREQ(test, ring->ran, "abc");
	KUNIT_EXPECT_EQ(test, percpu_counter_sum(&ring->task->io_uring->inflight), 0);
	KUNIT_EXPECT_EQ(test, file_count(file), 1);
	fput(file);
}

static const bool ring_defers[] = { false, true };

static void ring_defer_desc(const bool *defer, char *desc)
{
	strscpy(desc, *defer ? "defer" : "plain", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ring_defers, ring_defers, ring_defer_desc);

static bool ring_ready;

static int ring_iopoll(struct io_uring_cmd *cmd, struct io_comp_batch *iob,
		       unsigned int flags)
{
	struct io_kiocb *req = cmd_to_io_kiocb(cmd);
	struct ring_item *item = (void *)(unsigned long)req->cqe.user_data;
	struct ring *ring = item->ring;

	ring->locked &= ring_locked(req->ctx);
	ring->polls++;
	ring->spins += !(flags & BLK_POLL_ONESHOT);
	if (!ring_ready)
		return 0;
	ring->ran[strlen(ring->ran)] = item->name;
	WRITE_ONCE(req->iopoll_completed, 1);
	/* somebody else is waiting for the processor, and then for the lock */
	complete(&ring->go);
	set_tsk_need_resched(current);
	return 1;
}

/* A ring with two requests that are polled, and leftovers behind them. */
static struct ring *ring_polled(struct kunit *test, unsigned int flags)
{
	static const struct file_operations fops = {
		.uring_cmd_iopoll = ring_iopoll,
	};
	struct ring *ring = ring_create(test, IORING_SETUP_DEFER_TASKRUN |
					flags);
	struct file *file = kunit_kzalloc(test, sizeof(*file), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, file);
	file->f_op = &fops;
	ring_ready = true;
	ring->locked = true;
	for (i = 0; i < 2 && flags; i++) {
		struct io_kiocb *req = ring_item(test)->req;

		req->opcode = IORING_OP_URING_CMD;
		req->flags = REQ_F_FIXED_FILE;
		req->file = file;
		req->iopoll_completed = 0;
		io_ring_add_iopoll(ring->ctx, req);
	}
	ring_items(test, 1);
	return ring;
}

/* cancel-local-directly: what is polled is reaped, then the leftovers run. */
static void io_uring_test_polled(struct kunit *test)
{
	struct ring *ring = ring_polled(test, IORING_SETUP_IOPOLL);

	io_iopoll_try_reap_events(ring->ctx);
	KUNIT_EXPECT_STREQ(test, ring->ran, IO_REAP_RUNS_LOCAL ? "abc" : "ab");
	KUNIT_EXPECT_EQ(test, READ_ONCE(ring->ctx->rings->cq.tail),
			2 + IO_REAP_RUNS_LOCAL);
	KUNIT_EXPECT_EQ(test, ring->item[2].cancel, IO_REAP_RUNS_LOCAL);
	KUNIT_EXPECT_TRUE(test, ring->locked);
	KUNIT_EXPECT_FALSE(test, ring_locked(ring->ctx));
}

/* cancel-local-directly: what isn't ready is left, and not spun on. */
static void io_uring_test_polled_not_ready(struct kunit *test)
{
	struct ring *ring = ring_polled(test, IORING_SETUP_IOPOLL);

	ring_ready = false;
	io_iopoll_try_reap_events(ring->ctx);
	KUNIT_EXPECT_STREQ(test, ring->ran, IO_REAP_RUNS_LOCAL ? "c" : "");
	KUNIT_EXPECT_EQ(test, READ_ONCE(ring->ctx->rings->cq.tail),
			IO_REAP_RUNS_LOCAL);
	/* each once */
	KUNIT_EXPECT_EQ(test, ring->polls, 2);
	KUNIT_EXPECT_EQ(test, ring->spins, 0);
	ring_ready = true;
}

/* cancel-local-directly: leftovers of a ring without polling aren't run here. */
static void io_uring_test_not_polled(struct kunit *test)
{
	struct ring *ring = ring_polled(test, 0);

	io_iopoll_try_reap_events(ring->ctx);
	KUNIT_EXPECT_STREQ(test, ring->ran, "");
}

static void ring_look_locked(struct ring *ring)
{
	mutex_lock(&ring->ctx->uring_lock);
	ring->posted = strlen(ring->ran);
	mutex_unlock(&ring->ctx->uring_lock);
}

/* cancel-local-directly: others get processor and lock while it is reaping. */
static void io_uring_test_polled_resched(struct kunit *test)
{
	struct ring *ring = ring_polled(test, IORING_SETUP_IOPOLL);

	ring->submitter = ring_look_locked;
	sched_set_fifo(ring->task);
	io_iopoll_try_reap_events(ring->ctx);
	KUNIT_EXPECT_EQ(test, strlen(ring->ran), 2 + IO_REAP_RUNS_LOCAL);
	KUNIT_EXPECT_EQ(test, ring->posted, 1);
}

/* On return the ring has only the references of others left. */
static void ring_kill(struct ring *ring)
{
	struct io_ring_ctx *ctx = ring->ctx;

	ring->closed = true;
	percpu_ref_kill(&ctx->refs);
	rcu_barrier();
	INIT_WORK(&ctx->exit_work, io_ring_exit_work);
}

/* Ring exit by this thread, which has the static stubs of the test. */
static void ring_exit(struct ring *ring)
{
	ring_kill(ring);
	io_ring_exit_work(&ring->ctx->exit_work);
}

/* io_ring_exit_work: looks each 50 ms for what there is to cancel. */
static void io_uring_test_exit_interval(struct kunit *test)
{
	struct ring *ring = ring_create(test, IORING_SETUP_DEFER_TASKRUN);
	struct ring_item *item = ring_item(test);
	unsigned long start;

	schedule_timeout_uninterruptible(1);
	start = jiffies;
	ring_close(ring);
	schedule_timeout_uninterruptible(1);
	ring_add(item);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
	KUNIT_EXPECT_EQ(test, item->when - start, RING_INTERVAL);
}

static void ring_add_later(struct work_struct *work)
{
	struct ring *ring = container_of(work, struct ring, later.work);

	ring_add(&ring->item[0]);
}

/* Timers of a minute end with one of these, which it has just begun or not. */
#define RING_SLOW 512
static const unsigned long ring_slows[] = { 2, RING_SLOW - 10 };

static void ring_slow_desc(const unsigned long *at, char *desc)
{
	strscpy(desc, *at == 2 ? "late" : "early", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ring_slows, ring_slows, ring_slow_desc);

static void ring_exit_slowly(struct kunit *test)
{
	struct ring *ring = ring_create(test, IORING_SETUP_DEFER_TASKRUN);
	unsigned long secs = sysctl_hung_task_timeout_secs;
	struct ring_item *item = ring_item(test);
	const unsigned long *at = test->param_value;
	unsigned long end;

	INIT_DELAYED_WORK(&ring->later, ring_add_later);
	do {
		schedule_timeout_uninterruptible(1);
		end = jiffies + 360 * HZ + RING_INTERVAL;
	} while (end % RING_SLOW - *at > 4);
	/* who waits for this test to end has to wait for that long */
	sysctl_hung_task_timeout_secs = 0;
	schedule_delayed_work(&ring->later, 310 * HZ);
	ring_exit(ring);
	sysctl_hung_task_timeout_secs = secs;
	KUNIT_EXPECT_TRUE(test, ring_freed(ring));
	KUNIT_EXPECT_EQ(test, item->when, round_up(end + 1, RING_SLOW));
}

/* io_ring_exit_work: looks once a minute, if five were not enough. */
static void io_uring_test_exit_slow(struct kunit *test)
{
	kunit_simulated_time(test);
	kunit_warning_suppress(test)
		ring_exit_slowly(test);
}

static bool ring_overflown(struct io_ring_ctx *ctx)
{
	return atomic_read(&ctx->rings->sq_flags) & IORING_SQ_CQ_OVERFLOW;
}

/* io_ring_exit_work: overflown completions are freed before all requests end. */
static void io_uring_test_exit_overflow(struct kunit *test)
{
	struct ring *ring = ring_create(test, 0);
	struct io_ring_ctx *ctx = ring->ctx;
	int i;

	for (i = 0; i < 2 * RING_NR + 3; i++)
		KUNIT_EXPECT_TRUE(test, io_post_aux_cqe(ctx, i, 0, 0));
	KUNIT_ASSERT_FALSE(test, list_empty(&ctx->cq_overflow_list));
	KUNIT_ASSERT_TRUE(test, ring_overflown(ctx));
	init_waitqueue_func_entry(&ring->poller, ring_poller_wake);
	io_ring_activate_poll(ctx);
	add_wait_queue(&ctx->poll_wq, &ring->poller);
	percpu_ref_get(&ctx->refs);
	ring_close(ring);
	schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->cq_overflow_list));
	KUNIT_EXPECT_FALSE(test, test_bit(IO_CHECK_CQ_OVERFLOW_BIT, &ctx->check_cq));
	KUNIT_EXPECT_FALSE(test, ring_overflown(ctx));
	/* none of them was posted, and it was said with the lock held */
	KUNIT_EXPECT_EQ(test, READ_ONCE(ctx->rings->cq.tail), 2 * RING_NR);
	KUNIT_EXPECT_EQ(test, ring->wakes, 1);
	KUNIT_EXPECT_TRUE(test, ring->locked);
	remove_wait_queue(&ctx->poll_wq, &ring->poller);
	KUNIT_EXPECT_FALSE(test, ring_freed(ring));
	percpu_ref_put(&ctx->refs);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
}

static const unsigned int ring_setups[] = {
	0, IORING_SETUP_DEFER_TASKRUN, IORING_SETUP_SQPOLL,
};

static void ring_setup_desc(const unsigned int *flags, char *desc)
{
	strscpy(desc, *flags & IORING_SETUP_DEFER_TASKRUN ? "defer" :
		*flags & IORING_SETUP_SQPOLL ? "sqpoll" : "plain",
		KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ring_setups, ring_setups, ring_setup_desc);

/*
 * io_ring_exit_work: race: who adds task_work to a ring without a request that
 * keeps it has a grace period for that. Other rings go without one.
 */
static void io_uring_test_exit_grace(struct kunit *test)
{
	const unsigned int *flags = test->param_value;
	struct ring *ring = ring_create(test, *flags);
	unsigned long before;

	if (!IS_ENABLED(CONFIG_TINY_RCU))
		kunit_skip(test, "grace periods end at any time");
	/* to let another task run would end a grace period, too */
	sched_set_fifo(current);
	ring_kill(ring);
	before = get_state_synchronize_rcu();
	io_ring_exit_work(&ring->ctx->exit_work);
	KUNIT_EXPECT_EQ(test, poll_state_synchronize_rcu(before), !!*flags);
	sched_set_normal(current, 0);
	KUNIT_EXPECT_TRUE(test, ring_freed(ring));
}

/* io_ring_exit_work: what an SQPOLL ring polls for is left to the thread. */
static void io_uring_test_exit_sqpoll_iopoll(struct kunit *test)
{
	struct ring *ring = ring_create(test, IORING_SETUP_IOPOLL |
					IORING_SETUP_SQPOLL);
	struct ring_item *item = ring_item(test);
	struct file *file;

	file = anon_inode_getfile("[io_uring_kunit]", &ring_late_fops, NULL,
				  O_RDWR);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	item->req->opcode = IORING_OP_URING_CMD;
	item->req->file = file;
	item->req->iopoll_completed = 0;
	io_ring_add_iopoll(ring->ctx, item->req);
	ring_close(ring);
	schedule_timeout_uninterruptible(HZ);
	KUNIT_EXPECT_EQ(test, ring->polls, 0);
	ring->polls = 3;
	io_iopoll_try_reap_events(ring->ctx);
	KUNIT_EXPECT_STREQ(test, ring->ran, "a");
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
}

/* A ring with an SQPOLL thread, which is that of the test. */
static struct ring *ring_sqpoll(struct kunit *test)
{
	struct ring *ring = ring_create(test, IORING_SETUP_SQPOLL);
	struct io_sq_data *sqd = &ring->sqd;

	/* never the last reference */
	refcount_set(&sqd->refs, 2);
	mutex_init(&sqd->lock);
	init_waitqueue_head(&sqd->wait);
	INIT_LIST_HEAD(&sqd->ctx_list);
	list_add(&ring->ctx->sqd_list, &sqd->ctx_list);
	RCU_INIT_POINTER(sqd->thread, ring->task);
	ring->ctx->sq_data = sqd;
	return ring;
}

static void ring_expect_unparked(struct kunit *test)
{
	struct ring *ring = test->priv;

	KUNIT_EXPECT_FALSE(test, mutex_is_locked(&ring->sqd.lock));
	KUNIT_EXPECT_EQ(test, atomic_read(&ring->sqd.park_pending), 0);
	KUNIT_EXPECT_EQ(test, ring->sqd.state, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&ring->sqd.ctx_list));
}

/* Work by its letter: capital for what is run, small for what is cancelled. */
static void ring_submit_work_stub(struct io_wq_work *work)
{
	struct ring *ring = current->kunit_test->priv;
	int i = container_of(work, struct io_kiocb, work) - ring->work;
	bool cancel = atomic_read(&work->flags) & IO_WQ_WORK_CANCEL;

	ring->ran[strlen(ring->ran)] = (cancel ? 'a' : 'A') + i;
	if (cancel) {
		ring->cancelled_at = jiffies;
		ring->locked &= mutex_is_locked(&ring->sqd.lock);
	} else if (!i) {
		complete(&ring->reached);
		wait_for_completion(&ring->go);
	}
}

static bool ring_put_work_stub(struct io_wq_work *work,
			       struct io_wq_work **linked)
{
	*linked = NULL;
	return true;
}

static void ring_free_work_stub(struct io_wq_work *work)
{
	struct io_kiocb *req = container_of(work, struct io_kiocb, work);
	struct ring *ring = current->kunit_test->priv;

	if (req->ctx == ring->ctx)
		percpu_ref_put(&req->ctx->refs);
}

/*
 * io_ring_exit_work: work of that ring in the io-wq of its SQPOLL thread is
 * cancelled at once and all of it, that of the others who share it is not.
 */
static void io_uring_test_exit_sqpoll_work(struct kunit *test)
{
	struct ring *ring = ring_sqpoll(test);
	struct io_wq *wq = ring->task->io_uring->io_wq;
	int i, max[2] = { 1, 1 };
	unsigned long start;

	kunit_activate_static_stub(test, io_wq_submit_work,
				   ring_submit_work_stub);
	kunit_activate_static_stub(test, io_wq_put_work, ring_put_work_stub);
	kunit_activate_static_stub(test, io_wq_free_work, ring_free_work_stub);
	KUNIT_ASSERT_EQ(test, 0, io_wq_max_workers(wq, max));
	/* the first, which keeps the one worker, and the last are another's */
	for (i = 0; i < RING_WORKS; i++) {
		struct io_kiocb *req = &ring->work[i];

		atomic_set(&req->work.flags, IO_WQ_WORK_UNBOUND);
		if (i && i < RING_WORKS - 1) {
			req->ctx = ring->ctx;
			percpu_ref_get(&ring->ctx->refs);
		}
		io_wq_enqueue(wq, &req->work);
		if (!i)
			wait_for_completion(&ring->reached);
	}
	ring->locked = true;
	start = jiffies;
	ring_exit(ring);
	KUNIT_EXPECT_STREQ(test, ring->ran, "Abc");
	KUNIT_EXPECT_EQ(test, ring->cancelled_at - start, 0);
	/* each time the thread was parked */
	KUNIT_EXPECT_TRUE(test, ring->locked);
	KUNIT_EXPECT_TRUE(test, ring_freed(ring));
	ring_expect_unparked(test);
	complete_all(&ring->go);
	schedule_timeout_uninterruptible(HZ);
	KUNIT_EXPECT_STREQ(test, ring->ran, "AbcD");
}

/* io_ring_exit_work: the SQPOLL thread may be gone, or have no io-wq. */
static void io_uring_test_exit_sqpoll_gone(struct kunit *test)
{
	const int *what = test->param_value;
	struct ring *ring = ring_sqpoll(test);
	struct io_uring_task *tctx = ring->task->io_uring;
	struct io_wq *wq = tctx->io_wq;

	if (*what == 0)
		RCU_INIT_POINTER(ring->sqd.thread, NULL);
	else if (*what == 1)
		ring->task->io_uring = NULL;
	else
		tctx->io_wq = NULL;
	ring_exit(ring);
	KUNIT_EXPECT_TRUE(test, ring_freed(ring));
	ring_expect_unparked(test);
	ring->task->io_uring = tctx;
	tctx->io_wq = wq;
}

static const int ring_gones[] = { 0, 1, 2 };

static void ring_gone_desc(const int *what, char *desc)
{
	static const char * const of[] = { "no thread", "no tctx", "no io-wq" };

	strscpy(desc, of[*what], KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ring_gones, ring_gones, ring_gone_desc);

static int ring_user_thread(void *data)
{
	struct ring_user *user = data;
	struct ring *ring = user->ring;

	if (__io_uring_add_tctx_node(ring->ctx))
		return -ENOMEM;
	complete(&user->ready);
	while (!kthread_should_stop()) {
		schedule_timeout_interruptible(HZ);
		if (io_run_task_work() && !user->runs++ && user->then)
			user->then(user);
	}
	return 0;
}

/* A ring with so many users, of which the last is the first to be told. */
static struct ring *ring_with_users(struct kunit *test, unsigned int flags)
{
	struct ring *ring = ring_create(test, flags);
	int i;

	for (i = 0; i < RING_USERS; i++) {
		struct ring_user *user = &ring->user[i];
		struct task_struct *task;

		user->ring = ring;
		init_completion(&user->ready);
		task = kthread_run(ring_user_thread, user, "io_uring_kunit");
		KUNIT_ASSERT_FALSE(test, IS_ERR(task));
		user->task = get_task_struct(task);
		KUNIT_ASSERT_TRUE(test,
				  wait_for_completion_timeout(&user->ready, HZ));
		/* nobody gets to run between its last run and the lock */
		sched_set_fifo(task);
	}
	return ring;
}

static bool ring_uses(struct ring_user *user)
{
	return !xa_empty(&user->task->io_uring->xa);
}

/* io_ring_exit_work: each task that has used the ring forgets it, at once. */
static void io_uring_test_exit_users(struct kunit *test)
{
	struct ring *ring = ring_with_users(test, 0);
	int i;

	for (i = 0; i < RING_USERS; i++)
		KUNIT_EXPECT_TRUE(test, ring_uses(&ring->user[i]));
	ring_close(ring);
	schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_TRUE(test, ring_freed(ring));
	for (i = 0; i < RING_USERS; i++) {
		KUNIT_EXPECT_EQ(test, ring->user[i].runs, 1);
		KUNIT_EXPECT_FALSE(test, ring_uses(&ring->user[i]));
	}
}

/*
 * io_ring_exit_work: a task that cancels its requests is told again each 50 ms,
 * until it is done with that. The others don't wait for it.
 */
static void io_uring_test_exit_in_cancel(struct kunit *test)
{
	struct ring *ring = ring_with_users(test, 0);
	struct ring_user *busy = &ring->user[1], *other = &ring->user[0];
	unsigned long start = jiffies;

	atomic_set(&busy->task->io_uring->in_cancel, 1);
	ring_close(ring);
	schedule_timeout_uninterruptible(RING_INTERVAL);
	KUNIT_EXPECT_FALSE(test, ring_uses(other));
	schedule_timeout_uninterruptible(HZ);
	KUNIT_EXPECT_TRUE(test, ring_uses(busy));
	KUNIT_EXPECT_FALSE(test, ring_freed(ring));
	KUNIT_EXPECT_EQ(test, other->runs, 1);
	KUNIT_EXPECT_EQ(test, busy->runs, 1 + (jiffies - start) / RING_INTERVAL);
	atomic_set(&busy->task->io_uring->in_cancel, 0);
	schedule_timeout_uninterruptible(RING_INTERVAL);
	KUNIT_EXPECT_FALSE(test, ring_uses(busy));
	KUNIT_EXPECT_TRUE(test, ring_freed(ring));
}

static const bool ring_tctx_locks[] = { false, true };

static void ring_tctx_lock_desc(const bool *tctx, char *desc)
{
	strscpy(desc, *tctx ? "tctx_lock" : "uring_lock", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ring_tctx_locks, ring_tctx_locks, ring_tctx_lock_desc);

static struct mutex *ring_lock(struct kunit *test)
{
	const bool *tctx = test->param_value;
	struct ring *ring = test->priv;

	return *tctx ? io_ring_tctx_lock(ring->ctx) : &ring->ctx->uring_lock;
}

/* io_ring_exit_work: race: users are not looked for while another has a lock. */
static void io_uring_test_exit_users_locked(struct kunit *test)
{
	struct ring *ring = ring_with_users(test, 0);
	struct mutex *lock = ring_lock(test);

	percpu_ref_get(&ring->ctx->refs);
	ring_close(ring);
	schedule_timeout_uninterruptible(1);
	mutex_lock(lock);
	percpu_ref_put(&ring->ctx->refs);
	schedule_timeout_uninterruptible(HZ);
	KUNIT_EXPECT_EQ(test, ring->user[0].runs, 0);
	KUNIT_EXPECT_EQ(test, ring->user[1].runs, 0);
	KUNIT_EXPECT_FALSE(test, task_work_pending(ring->user[1].task));
	mutex_unlock(lock);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
}

/* Who waits for the user to have run does not get the lock before. */
static void ring_user_lock(struct ring_user *user)
{
	struct ring *ring = user->ring;

	mutex_lock(user->lock);
	schedule_timeout_uninterruptible(HZ / 2);
	user->runs_of_all = ring->user[0].runs + ring->user[1].runs;
	mutex_unlock(user->lock);
}

/* io_ring_exit_work: race: the same after the first of them. */
static void io_uring_test_exit_users_relocked(struct kunit *test)
{
	struct ring *ring = ring_with_users(test, 0);

	ring->user[1].lock = ring_lock(test);
	ring->user[1].then = ring_user_lock;
	ring_close(ring);
	schedule_timeout_uninterruptible(HZ / 4);
	KUNIT_EXPECT_EQ(test, ring->user[1].runs, 1);
	KUNIT_EXPECT_FALSE(test, task_work_pending(ring->user[0].task));
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
	KUNIT_EXPECT_EQ(test, ring->user[1].runs_of_all, 1);
	KUNIT_EXPECT_EQ(test, ring->user[0].runs, 1);
}

static void ring_user_drop(struct ring_user *user)
{
	struct io_ring_ctx *ctx = user->ring->ctx;

	mutex_lock(io_ring_tctx_lock(ctx));
	list_del_init(&user->ring->node.ctx_node);
	mutex_unlock(io_ring_tctx_lock(ctx));
}

static void ring_exit_with_dead(struct ring *ring)
{
	struct io_ring_ctx *ctx = ring->ctx;

	ring_submitter_exit(ring);
	ring->node.task = ring->task;
	ring->node.ctx = ctx;
	list_add(&ring->node.ctx_node, &ctx->tctx_list);
	ring->user[1].then = ring_user_drop;
	ring_exit(ring);
}

/* io_ring_exit_work: a task that can't be told any more isn't waited for. */
static void io_uring_test_exit_dead_user(struct kunit *test)
{
	struct ring *ring = test->priv;

	kunit_warning_suppress(test) {
		ring_with_users(test, 0);
		ring_exit_with_dead(ring);
	}
	KUNIT_EXPECT_TRUE(test, list_empty(&ring->node.ctx_node));
	KUNIT_EXPECT_TRUE(test, ring_freed(ring));
	KUNIT_EXPECT_EQ(test, ring->user[0].runs, 1);
	KUNIT_EXPECT_EQ(test, ring->user[1].runs, 1);
}

static int io_uring_test_init(struct kunit *test)
{
	struct ring *ring;

	kunit_one_processor(test);
	ring = kunit_kzalloc(test, sizeof(*ring), GFP_KERNEL);
	if (!ring)
		return -ENOMEM;
	init_completion(&ring->go);
	init_completion(&ring->reached);
	ring->task = kthread_run(ring_thread, ring, "io_uring_kunit");
	if (IS_ERR(ring->task))
		return PTR_ERR(ring->task);
	get_task_struct(ring->task);
	test->priv = ring;
	return 0;
}

static void io_uring_test_exit(struct kunit *test)
{
	struct ring *ring = test->priv;
	int i;

	if (!ring)
		return;
	if (ring->creds && !ring->closed)
		ring_close(ring);
	ring_submitter_exit(ring);
	if (ring->creds) {
		if (!ring_wait_freed(ring))
			KUNIT_FAIL(test, "the ring stays");
		put_cred(ring->creds);
	}
	for (i = 0; i < RING_USERS && ring->user[i].task; i++) {
		kthread_stop(ring->user[i].task);
		put_task_struct(ring->user[i].task);
	}
	put_task_struct(ring->task);
}

static struct kunit_case io_uring_test_cases[] = {
	KUNIT_CASE_PARAM(io_uring_test_leftovers_order,
			 ring_submitters_gen_params),
	KUNIT_CASE_PARAM(io_uring_test_leftovers_by,
			 ring_submitters_gen_params),
	KUNIT_CASE_PARAM(io_uring_test_leftovers_mode,
			 ring_submitters_gen_params),
	KUNIT_CASE_PARAM(io_uring_test_leftovers_freed,
			 ring_submitters_gen_params),
	KUNIT_CASE_PARAM(io_uring_test_leftovers_flushed,
			 ring_submitters_gen_params),
	KUNIT_CASE_PARAM(io_uring_test_leftovers_again,
			 ring_submitters_gen_params),
	KUNIT_CASE_PARAM(io_uring_test_leftovers_flush_adds,
			 ring_submitters_gen_params),
	KUNIT_CASE_PARAM(io_uring_test_leftovers_late,
			 ring_submitters_gen_params),
	KUNIT_CASE_PARAM(io_uring_test_leftovers_producer,
			 ring_submitters_gen_params),
	KUNIT_CASE(io_uring_test_leftovers_half_push),
	KUNIT_CASE(io_uring_test_leftovers_submitter),
	KUNIT_CASE(io_uring_test_orphans),
	KUNIT_CASE(io_uring_test_orphans_exit),
	KUNIT_CASE(io_uring_test_orphans_refs),
	KUNIT_CASE(io_uring_test_orphans_queued),
	KUNIT_CASE(io_uring_test_cancel_no_wq),
	KUNIT_CASE_PARAM(io_uring_test_iopoll, ring_defers_gen_params),
	KUNIT_CASE(io_uring_test_polled),
	KUNIT_CASE(io_uring_test_polled_not_ready),
	KUNIT_CASE(io_uring_test_not_polled),
	KUNIT_CASE(io_uring_test_polled_resched),
	KUNIT_CASE(io_uring_test_exit_interval),
	KUNIT_CASE_PARAM_ATTR(io_uring_test_exit_slow, ring_slows_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE(io_uring_test_exit_overflow),
	KUNIT_CASE_PARAM(io_uring_test_exit_grace, ring_setups_gen_params),
	KUNIT_CASE(io_uring_test_exit_sqpoll_iopoll),
	KUNIT_CASE(io_uring_test_exit_sqpoll_work),
	KUNIT_CASE_PARAM(io_uring_test_exit_sqpoll_gone, ring_gones_gen_params),
	KUNIT_CASE(io_uring_test_exit_users),
	KUNIT_CASE(io_uring_test_exit_in_cancel),
	KUNIT_CASE_PARAM(io_uring_test_exit_users_locked,
			 ring_tctx_locks_gen_params),
	KUNIT_CASE_PARAM(io_uring_test_exit_users_relocked,
			 ring_tctx_locks_gen_params),
	KUNIT_CASE(io_uring_test_exit_dead_user),
	{}
};

static struct kunit_suite io_uring_test_suite = {
	.name = "io_uring",
	.init = io_uring_test_init,
	.exit = io_uring_test_exit,
	.test_cases = io_uring_test_cases,
};

kunit_test_suite(io_uring_test_suite);
