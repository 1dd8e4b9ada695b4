// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for rings, included at the end of io_uring/io_uring.c: leftovers of
 * a ring that is closed, orphans of its submitter, and what is polled for. The
 * work of ring exit is in io_uring_kunit_exit.c.
 */
#include "io_uring_kunit.h"

static const struct ring_submitter {
	const char *desc;
	bool dead;
} ring_submitters[] = {
	{ "live submitter", false },
	{ "dead submitter", true },
};

KUNIT_ARRAY_PARAM_DESC(ring_submitters, ring_submitters, desc);

/* A ring with so many leftovers, of a submitter that is alive or has exited. */
static struct ring *ring_with_leftovers(struct kunit *test, int nr)
{
	const struct ring_submitter *submitter = test->param_value;
	struct ring *ring = ring_create(test, IORING_SETUP_DEFER_TASKRUN);

	ring_items(test, nr);
	KUNIT_ASSERT_STREQ(test, ring->ran, "");
	if (submitter && submitter->dead)
		ring_submitter_exit(ring);
	KUNIT_ASSERT_STREQ(test, ring->ran, "");
	return ring;
}

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
	const struct ring_submitter *submitter = test->param_value;
	struct ring *ring = ring_with_leftovers(test, RING_NR);
	int i, direct = 0;

	ring_close(ring);
	ring_wait_freed(ring);
	for (i = 0; i < RING_NR; i++) {
		direct += !strcmp(ring->item[i].by, RING_EXIT);
		KUNIT_EXPECT_STREQ(test, ring->item[i].by, RING_EXIT);
	}
	if (submitter->dead)
		kunit_info(test, "figure cancel-local-directly: %d of %d leftovers run by ring exit itself\n",
			   direct, RING_NR);
}

/*
 * cancel-local-directly: leftovers run in cancel mode, with ->uring_lock held,
 * after percpu_ref_kill(), and at once: no delayed work is scheduled (the last of
 * these holds without it as well).
 */
static void io_uring_test_leftovers_mode(struct kunit *test)
{
	struct ring *ring = ring_with_leftovers(test, RING_NR);
	unsigned long start;
	int i;

	kunit_one_cpu(test);
	schedule_timeout_uninterruptible(1);
	start = jiffies;
	ring_close(ring);
	ring_wait_freed(ring);
	for (i = 0; i < RING_NR; i++) {
		KUNIT_EXPECT_EQ(test, ring->item[i].ran, 1);
		KUNIT_EXPECT_TRUE(test, ring->item[i].cancel);
		KUNIT_EXPECT_TRUE(test, ring->item[i].locked);
		KUNIT_EXPECT_TRUE(test, ring->item[i].dying);
		KUNIT_EXPECT_EQ(test, ring->item[i].when - start, 0);
	}
}

/* cancel-local-directly: the ring is freed, and no request or task is kept. */
static void io_uring_test_leftovers_freed(struct kunit *test)
{
	struct ring *ring = ring_with_leftovers(test, RING_NR);
	struct io_uring_task *tctx = ring->task->io_uring;
	int usage = refcount_read(&ring->task->usage);

	kunit_one_cpu(test);
	KUNIT_EXPECT_EQ(test, percpu_counter_sum(&tctx->inflight), RING_NR);
	ring_close(ring);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
	KUNIT_EXPECT_EQ(test, percpu_counter_sum(&tctx->inflight), 0);
	/* one for each request, and that of the ring */
	if (!ring->task->exit_state)
		KUNIT_EXPECT_EQ(test, refcount_read(&ring->task->usage),
				usage - RING_NR - 1);
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

	kunit_one_cpu(test);
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

/*
 * pins cancel-local-directly: links that the flush adds are cancelled, last: at
 * once, or in the next pass where the drain doesn't look again after its flush.
 */
static void io_uring_test_leftovers_flush_adds(struct kunit *test)
{
	struct ring *ring = ring_with_leftovers(test, 2);
	struct io_ring_ctx *ctx = ring->ctx;
	struct ring_item *item = ring->item, *next = &ring->item[2];
	struct io_uring_cqe *cqes = ctx->rings->cqes;
	int i;

	kunit_one_cpu(test);
	/* the next of the first one's link; its task_work is the kernel's */
	ring_item(test);
	item->req->link = next->req;
	item->req->flags |= REQ_F_HARDLINK;
	percpu_ref_get(&ctx->refs);
	ring_close(ring);
	schedule_timeout_uninterruptible(2);
	KUNIT_EXPECT_EQ(test, READ_ONCE(ctx->rings->cq.tail),
			IO_DRAIN_LOOKS_AGAIN ? 3 : 2);
	schedule_timeout_uninterruptible(RING_INTERVAL);
	KUNIT_EXPECT_EQ(test, READ_ONCE(ctx->rings->cq.tail), 3);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, cqes[i].res, item[i].name);
	KUNIT_EXPECT_EQ(test, cqes[2].user_data, (unsigned long)next);
	KUNIT_EXPECT_EQ(test, cqes[2].res, -EFAULT);
	percpu_ref_put(&ctx->refs);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
}

/* pins cancel-local-directly: ring exit also runs work added while it waits. */
static void io_uring_test_leftovers_late(struct kunit *test)
{
	const struct ring_submitter *submitter = test->param_value;
	struct ring *ring = ring_create(test, IORING_SETUP_DEFER_TASKRUN);
	int i;

	for (i = 0; i < 3; i++)
		ring_item(test);
	if (submitter->dead)
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
	struct ring *ring;
	struct ring_item *late;

	kunit_one_cpu(test);
	ring = ring_with_leftovers(test, 3);
	late = ring_item(test);
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

	kunit_one_cpu(test);
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

/* The close comes first, but the task that runs it has to wait for the lock. */
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

	kunit_one_cpu(test);
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

static void ring_look(struct ring *ring)
{
	ring->posted = strlen(ring->ran);
}

/* Wakes a thread of higher priority, which runs as soon as it is let. */
static void ring_then_wake(struct ring_item *item)
{
	ring_complete(item);
	complete(&item->ring->go);
}

/*
 * cancel-local-directly: others get the CPU between two leftovers, where the
 * drain reschedules; they don't get the lock.
 */
static void io_uring_test_leftovers_resched(struct kunit *test)
{
	struct ring *ring = ring_with_leftovers(test, RING_NR);

	kunit_one_cpu(test);
	ring->item[0].then = ring_then_wake;
	ring->submitter = ring_look;
	sched_set_fifo(ring->task);
	ring_close(ring);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
	KUNIT_EXPECT_STREQ(test, ring->ran, RING_NAMES);
	KUNIT_EXPECT_EQ(test, ring->posted, IO_DRAIN_RESCHEDS ? 1 : RING_NR);
}

/* cancel-local-directly: a task that exits runs itself what it still can. */
static void io_uring_test_exiting(struct kunit *test)
{
	struct ring *ring = ring_create(test, 0);
	int i;

	ring_items(test, 4);
	ring_submitter_exit(ring);
	KUNIT_EXPECT_STREQ(test, ring->ran, "abcd");
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_STREQ(test, ring->item[i].by, "a task");
		KUNIT_EXPECT_TRUE(test, ring->item[i].cancel);
		KUNIT_EXPECT_TRUE(test, ring->item[i].locked);
	}
	KUNIT_EXPECT_EQ(test, READ_ONCE(ring->ctx->rings->cq.tail), 4);
}

/* cancel-local-directly: orphans of a dead task run from a work item of its. */
static void io_uring_test_orphans(struct kunit *test)
{
	struct ring *ring = ring_create(test, 0);
	int i, usage;

	kunit_one_cpu(test);
	for (i = 0; i < 4; i++)
		ring_item(test);
	ring_submitter_exit(ring);
	/* its last switch has let go of it */
	rcu_barrier();
	usage = refcount_read(&ring->task->usage);
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
	/* the work item holds it, too, and so does each request */
	KUNIT_EXPECT_EQ(test, ring->item[0].usage, usage + 1);
	KUNIT_EXPECT_EQ(test, refcount_read(&ring->task->usage), usage - 4);
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

/* References as a task has them that expects to make some more requests. */
static void ring_cache_refs(struct ring *ring, int nr)
{
	struct io_uring_task *tctx = ring->task->io_uring;

	tctx->cached_refs += nr;
	percpu_counter_add(&tctx->inflight, nr);
	refcount_add(nr, &ring->task->usage);
}

/* cancel-local-directly: running orphans leaves cached references alone. */
static void io_uring_test_orphans_refs(struct kunit *test)
{
	struct ring *ring;
	struct io_uring_task *tctx;
	struct ring_item *item;

	kunit_one_cpu(test);
	ring = ring_create(test, 0);
	tctx = ring->task->io_uring;
	item = ring_item(test);
	ring_submitter_exit(ring);
	ring_cache_refs(ring, 3);
	/* exec cancels for good, and waits for all requests with this set */
	atomic_inc(&tctx->in_cancel);
	ring_add(item);
	schedule_timeout_uninterruptible(HZ);
	KUNIT_EXPECT_EQ(test, item->ran, 1);
	KUNIT_EXPECT_EQ(test, tctx->cached_refs, 3);
	KUNIT_EXPECT_EQ(test, percpu_counter_sum(&tctx->inflight), 3);
	atomic_dec(&tctx->in_cancel);
	io_uring_drop_tctx_refs(ring->task);
}

static void ring_run_in_cancel(struct ring *ring)
{
	struct io_uring_task *tctx = current->io_uring;

	atomic_inc(&tctx->in_cancel);
	ring_cache_refs(ring, 3);
	tctx_task_work(&tctx->task_work);
	ring->posted = tctx->cached_refs;
	atomic_dec(&tctx->in_cancel);
}

/* cancel-local-directly: the owner drops them, while it waits for requests. */
static void io_uring_test_own_refs(struct kunit *test)
{
	struct ring *ring;
	struct io_uring_task *tctx;
	struct ring_item *item;

	kunit_one_cpu(test);
	ring = ring_create(test, 0);
	tctx = ring->task->io_uring;
	item = ring_item(test);
	ring_add(item);
	ring->posted = -1;
	ring->submitter = ring_run_in_cancel;
	complete(&ring->go);
	schedule_timeout_uninterruptible(2);
	KUNIT_EXPECT_EQ(test, item->ran, 1);
	KUNIT_EXPECT_EQ(test, ring->posted, 0);
	KUNIT_EXPECT_EQ(test, percpu_counter_sum(&tctx->inflight), 0);
}

/*
 * cancel-local-directly: race: who added an orphan may not be done with its
 * task yet when the work item has run it; the task is kept for a grace period.
 */
static void io_uring_test_orphans_grace(struct kunit *test)
{
	struct ring_item *item;
	unsigned long before;
	struct ring *ring;

	if (!IO_FALLBACK_WAITS)
		kunit_skip(test, "put_task_struct() waits here");
	kunit_tiny_rcu(test);
	ring = ring_create(test, 0);
	item = ring_item(test);
	ring_submitter_exit(ring);
	rcu_barrier();
	/* as if somebody else had run it */
	ring_add(item);
	schedule_timeout_uninterruptible(HZ);
	KUNIT_EXPECT_EQ(test, item->ran, 1);
	get_task_struct(ring->task);
	sched_set_fifo(current);
	before = get_state_synchronize_rcu();
	io_tctx_fallback_work(&ring->task->io_uring->fallback_work);
	KUNIT_EXPECT_TRUE(test, poll_state_synchronize_rcu(before));
	sched_set_normal(current, 0);
}

/* cancel-local-directly: while the work item is queued the task is held once. */
static void io_uring_test_orphans_queued(struct kunit *test)
{
	struct ring *ring;
	struct ring_item *a, *b;
	int usage;

	kunit_one_cpu(test);
	ring = ring_create(test, 0);
	a = ring_item(test);
	b = ring_item(test);
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

static const struct ring_defer {
	const char *desc;
	unsigned int flags;
} ring_defers[] = {
	{ "plain", 0 },
	{ "defer", IORING_SETUP_DEFER_TASKRUN },
};

KUNIT_ARRAY_PARAM_DESC(ring_defers, ring_defers, desc);

/* Ring exit polls for requests that complete only by polling, until they do. */
static void io_uring_test_iopoll(struct kunit *test)
{
	const struct ring_defer *defer = test->param_value;
	struct ring *ring = ring_create(test, IORING_SETUP_IOPOLL |
					defer->flags);
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
	/* another task waits for the CPU, and then for the lock */
	complete(&ring->go);
	set_tsk_need_resched(current);
	return 1;
}

/* A ring with two requests that are polled, and leftovers after them. */
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

/* cancel-local-directly: polled requests are reaped, then leftovers run. */
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

/* cancel-local-directly: it does not spin on requests that are not ready. */
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

/* cancel-local-directly: others get the CPU and the lock while it reaps. */
static void io_uring_test_polled_resched(struct kunit *test)
{
	struct ring *ring = ring_polled(test, IORING_SETUP_IOPOLL);

	kunit_one_cpu(test);
	ring->submitter = ring_look_locked;
	sched_set_fifo(ring->task);
	io_iopoll_try_reap_events(ring->ctx);
	KUNIT_EXPECT_EQ(test, strlen(ring->ran), 2 + IO_REAP_RUNS_LOCAL);
	KUNIT_EXPECT_EQ(test, ring->posted, 1);
}

static void ring_drop_refs_stub(struct task_struct *task)
{
	struct ring *ring = current->kunit_test->priv;

	kunit_call_real(io_uring_drop_tctx_refs(task));
	if (READ_ONCE(current->__state) == TASK_INTERRUPTIBLE && !ring->polls++)
		ring->before_sleep(ring);
}

static void ring_wake_canceller(struct work_struct *work)
{
	struct ring *ring = container_of(work, struct ring, later.work);

	wake_up(&ring->canceller->wait);
}

/*
 * This task, which is the submitter of a ring, cancels all its requests. What is
 * to happen in between does so after it is set to sleep, and without a wake-up:
 * whoever does it has looked for sleepers before. Return: how long it took.
 */
static unsigned long ring_cancel(struct kunit *test, struct ring *ring,
				 void (*before_sleep)(struct ring *ring))
{
	unsigned long start = jiffies;

	ring->before_sleep = before_sleep;
	kunit_activate_static_stub(test, io_uring_drop_tctx_refs,
				   ring_drop_refs_stub);
	/* it is woken up in the end, if nothing else does it */
	INIT_DELAYED_WORK(&ring->later, ring_wake_canceller);
	schedule_delayed_work(&ring->later, HZ);
	io_uring_cancel_generic(true, NULL);
	start = jiffies - start;
	cancel_delayed_work_sync(&ring->later);
	KUNIT_EXPECT_GE(test, ring->polls, 1);
	return start;
}

/* A ring of this task, with one request that nothing can be done about. */
static struct ring *ring_of_canceller(struct kunit *test)
{
	struct ring *ring = ring_create(test, IORING_SETUP_DEFER_TASKRUN);

	put_task_struct(ring->ctx->submitter_task);
	ring->ctx->submitter_task = get_task_struct(current);
	KUNIT_ASSERT_EQ(test, 0, __io_uring_add_tctx_node(ring->ctx));
	ring->canceller = current->io_uring;
	percpu_counter_inc(&ring->canceller->inflight);
	return ring;
}

static void ring_seen(struct ring *ring)
{
	percpu_counter_dec(&ring->canceller->inflight);
}

/* io_uring_cancel_generic: race: what completes before it sleeps is seen. */
static void io_uring_test_cancel_seen(struct kunit *test)
{
	struct ring *ring = ring_of_canceller(test);

	KUNIT_EXPECT_LT(test, ring_cancel(test, ring, ring_seen), HZ / 2);
}

static void ring_push(struct ring *ring)
{
	struct ring_item *item = &ring->item[0];

	io_local_work_push(ring->ctx, &item->req->io_task_work.node);
}

static void ring_complete_seen(struct ring_item *item)
{
	ring_seen(item->ring);
	ring_complete(item);
}

/* io_uring_cancel_generic: race: so is local work, which completes a request. */
static void io_uring_test_cancel_late_work(struct kunit *test)
{
	struct ring *ring = ring_of_canceller(test);

	ring_item(test)->then = ring_complete_seen;
	KUNIT_EXPECT_LT(test, ring_cancel(test, ring, ring_push), HZ / 2);
	KUNIT_EXPECT_STREQ(test, ring->ran, "a");
	KUNIT_EXPECT_STREQ(test, ring->item[0].by, "a task");
}

#include "io_uring_kunit_exit.c"

static int io_uring_test_init(struct kunit *test)
{
	struct ring *ring;

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
	kunit_skip_lacking(test);
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
	KUNIT_CASE(io_uring_test_leftovers_resched),
	KUNIT_CASE(io_uring_test_exiting),
	KUNIT_CASE(io_uring_test_orphans),
	KUNIT_CASE(io_uring_test_orphans_exit),
	KUNIT_CASE(io_uring_test_orphans_refs),
	KUNIT_CASE(io_uring_test_own_refs),
	KUNIT_CASE(io_uring_test_orphans_grace),
	KUNIT_CASE(io_uring_test_orphans_queued),
	KUNIT_CASE(io_uring_test_cancel_no_wq),
	KUNIT_CASE(io_uring_test_cancel_seen),
	KUNIT_CASE(io_uring_test_cancel_late_work),
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
	KUNIT_CASE_EXPLORED(io_uring_test_exit_sqpoll_work),
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
