// SPDX-License-Identifier: GPL-2.0
/*
 * Trials of rings and their tasks, included at the end of io_uring/io_uring.c, behind
 * its suite, whose rings they use: who waits for events while one comes, and tasks
 * that go away while others are at their requests.
 */
#include <linux/kthread.h>
#include "compat.h"
#include "explore.h"

static struct urx {
	struct kunit *test;
	struct ring *ring;
	struct ring_item *item, *other;
	struct task_struct *task;
	unsigned long took;
	int ret;
} urx;

static struct ring_item *urx_item(struct kunit *test, struct task_struct *task)
{
	struct ring *ring = test->priv;
	struct task_struct *of_ring = ring->task;
	struct ring_item *item;

	ring->task = task;
	item = ring_item(test);
	ring->task = of_ring;
	return item;
}

static struct ring *urx_start(struct kunit *test, struct task_struct *task)
{
	struct ring *ring = test->priv;
	struct io_ring_ctx *ctx = ring->ctx;

	/* Where the ring of CQEs wraps around is the same for each seed. */
	ctx->rings->cq.head = 0;
	ctx->rings->cq.tail = 0;
	ctx->cached_cq_tail = 0;
	ctx->cqe_cached = NULL;
	ctx->cqe_sentinel = NULL;
	memset(&urx, 0, sizeof(urx));
	urx.test = test;
	urx.ring = ring;
	urx.task = task;
	ring->nr = 0;
	memset(ring->ran, 0, sizeof(ring->ran));
	memset(ring->item, 0, sizeof(ring->item));
	urx.item = urx_item(test, task);
	return ring;
}

static void urx_adder(void *data)
{
	ring_add(data ? urx.other : urx.item);
}

static void urx_waiter(void *data)
{
	struct ext_arg arg = { .min_time = NSEC_PER_SEC };
	unsigned long start = jiffies;

	WRITE_ONCE(urx.ring->ctx->submitter_task, current);
	urx.ret = io_cqring_wait(urx.ring->ctx, urx.other ? 2 : 1, 0, &arg);
	urx.took = jiffies - start;
}

/* The waiter runs what comes while it goes to sleep, and does not wait it out. */
static void io_uring_trial_wait(struct kunit *test)
{
	struct ring *ring = ring_create(test, IORING_SETUP_DEFER_TASKRUN);

	explore_each_seed(test) {
		urx_start(test, ring->task);
		explore_run(test, { "waiter", urx_waiter },
				  { "adder", urx_adder });
		ring->ctx->submitter_task = ring->task;
		KUNIT_EXPECT_EQ(test, urx.ret, 0);
		KUNIT_EXPECT_LT(test, urx.took, HZ / 2);
		KUNIT_EXPECT_STREQ(test, ring->ran, "a");
	}
}

/* The same with two who add, and a waiter who wants both. */
static void io_uring_trial_wait_two(struct kunit *test)
{
	struct ring *ring = ring_create(test, IORING_SETUP_DEFER_TASKRUN);

	explore_each_seed(test) {
		urx_start(test, ring->task);
		urx.other = urx_item(test, ring->task);
		explore_run(test, { "waiter", urx_waiter },
				  { "adder", urx_adder },
				  { "other", urx_adder, urx.other });
		ring->ctx->submitter_task = ring->task;
		KUNIT_EXPECT_EQ(test, urx.ret, 0);
		KUNIT_EXPECT_LT(test, urx.took, HZ / 2);
		KUNIT_EXPECT_EQ(test, urx.item->ran + urx.other->ran, 2);
		KUNIT_EXPECT_EQ(test, strlen(ring->ran), 2);
	}
}

static void urx_putter(void *data)
{
	explore_put_task(urx.item->req);
}

/* What exec does about its requests, but for cancelling them. */
static void urx_exec(void *data)
{
	struct io_uring_task *tctx = urx.task->io_uring;
	unsigned long start = jiffies;

	atomic_inc(&tctx->in_cancel);
	wait_event_timeout(tctx->wait, !percpu_counter_sum(&tctx->inflight), HZ);
	urx.took = jiffies - start;
	atomic_dec(&tctx->in_cancel);
	__io_uring_free(urx.task);
}

static void urx_new_tctx(struct kunit *test, struct ring *ring)
{
	struct io_wq *wq;

	KUNIT_ASSERT_EQ(test, 0, io_task_alloc_tctx(ring->task, ring->ctx));
	wq = ring->task->io_uring->io_wq;
	ring->task->io_uring->io_wq = NULL;
	io_wq_exit_start(wq);
	io_wq_put_and_exit(wq);
}

static void urx_put(struct kunit *test, bool in_time)
{
	struct io_uring_task *tctx;
	struct ring *ring;

	if (!KUNIT_HAS_PUT_TASK_RCU)
		explore_known(test, "exec frees a tctx that is still looked at");
	ring = ring_create(test, 0);
	tctx = ring->task->io_uring;
	explore_each_seed(test) {
		urx_new_tctx(test, ring);
		urx_start(test, ring->task);
		explore_run(test, { "putter", urx_putter },
				  { "exec", urx_exec });
		KUNIT_EXPECT_PTR_EQ(test, ring->task->io_uring, NULL);
		if (in_time)
			KUNIT_EXPECT_LT(test, urx.took, HZ / 2);
		io_req_add_to_cache(urx.item->req, ring->ctx);
	}
	ring->task->io_uring = tctx;
}

/* The task frees its tctx as soon as somebody else has put its last request. */
static void io_uring_trial_put_exec(struct kunit *test)
{
	urx_put(test, false);
}

/*
 * Whoever puts the last request wakes the task that waits for it. But it may not, if it
 * looks whether anybody waits before the other one sees its put: there is no barrier.
 */
static void io_uring_trial_put_wakes(struct kunit *test)
{
	explore_known(test, "who puts the last request of a task may not wake it");
	urx_put(test, true);
}

static void urx_orphan_runner(void *data)
{
	io_tctx_fallback_work(&urx.task->io_uring->fallback_work);
}

/* A task that has exited, and has a tctx still. */
static struct task_struct *urx_dead_task(struct kunit *test, struct ring *ring)
{
	struct task_struct *task;

	task = kthread_create(kthread_worker_fn, NULL, "io_uring_trial");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	get_task_struct(task);
	KUNIT_ASSERT_EQ(test, 0, io_task_alloc_tctx(task, ring->ctx));
	kthread_stop(task);
	while (!READ_ONCE(task->exit_state))
		schedule_timeout_uninterruptible(1);
	return task;
}

/*
 * An orphan is run, and with it the last reference to its task goes, while the one
 * who has added it looks for somebody to run it.
 */
static void io_uring_trial_orphan(struct kunit *test)
{
	struct ring *ring;

	if (!KUNIT_HAS_TCTX_FALLBACK)
		kunit_skip(test, "orphans are run by a work item of the ring here");
	if (KUNIT_HAS_MPSCQ)
		kunit_skip(test, "nobody but the work item may run orphans here");
	ring = ring_create(test, 0);
	explore_each_seed(test) {
		/* the reference is the runner's, as if it had been queued */
		urx_start(test, urx_dead_task(test, ring));
		explore_run(test, { "adder", urx_adder },
				  { "runner", urx_orphan_runner });
		schedule_timeout_uninterruptible(1);
		KUNIT_EXPECT_STREQ(test, ring->ran, "a");
	}
}

static void urx_exiter(void *data)
{
	io_ring_exit_work(&urx.ring->ctx->exit_work);
}

/* As io_sq_thread() when it ends, and whoever has the last reference to it. */
static void urx_sqpoll_leaver(void *data)
{
	struct io_sq_data *sqd = &urx.ring->sqd;

	mutex_lock(&sqd->lock);
	RCU_INIT_POINTER(sqd->thread, NULL);
	mutex_unlock(&sqd->lock);
	put_task_struct(urx.task);
}

/* The SQPOLL thread of a ring goes away while the ring exits. */
static void io_uring_trial_exit_park(struct kunit *test)
{
	explore_each_seed(test) {
		struct ring *ring = ring_sqpoll(test);
		struct io_uring_task *tctx = ring->task->io_uring;

		memset(&urx, 0, sizeof(urx));
		urx.ring = ring;
		urx.task = urx_dead_task(test, ring);
		RCU_INIT_POINTER(ring->sqd.thread, urx.task);
		ring_kill(ring);
		explore_run(test, { "exiter", urx_exiter },
				  { "leaver", urx_sqpoll_leaver });
		KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
		ring_expect_unparked(test);
		put_cred(ring->creds);
		ring->creds = NULL;
		io_wq_exit_start(tctx->io_wq);
		io_wq_put_and_exit(tctx->io_wq);
		tctx->io_wq = NULL;
		__io_uring_free(ring->task);
	}
}

#if KUNIT_HAS_REQ_TCTX
static struct putx {
	struct task_struct *task;
	struct io_kiocb req;
} putx;

static int putx_nothing(void *data)
{
	return 0;
}

/* A task that has ended, with a request in flight that holds it, and so do we. */
static void putx_start(struct kunit *test)
{
	struct io_uring_task *tctx = kzalloc_obj(*tctx);
	struct task_struct *p;

	KUNIT_ASSERT_NOT_NULL(test, tctx);
	KUNIT_ASSERT_EQ(test, 0, percpu_counter_init(&tctx->inflight, 1, GFP_KERNEL));
	init_waitqueue_head(&tctx->wait);
	xa_init(&tctx->xa);
	p = kthread_create(putx_nothing, NULL, "dead");
	KUNIT_ASSERT_FALSE(test, IS_ERR(p));
	get_task_struct(p);
	kthread_stop(p);
	/* who has reaped it holds it, too, for a grace period */
	rcu_barrier();
	p->io_uring = tctx;
	tctx->task = p;
	get_task_struct(p);
	putx.task = p;
	putx.req.tctx = tctx;
}

static void putx_completer(void *data)
{
	io_put_task(&putx.req);
}

/* As the end of a task, which waits in io_uring_cancel_generic() before. */
static void putx_ender(void *data)
{
	struct io_uring_task *tctx = putx.task->io_uring;

	while (percpu_counter_sum(&tctx->inflight))
		cpu_relax();
	put_task_struct(putx.task);
}

/* Somebody else completes the last request, and the task goes with what it has. */
static void io_uring_trial_put_task(struct kunit *test)
{
	explore_each_seed(test) {
		putx_start(test);
		explore_run(test, { "completer", putx_completer },
				  { "ender", putx_ender });
		rcu_barrier();
	}
}

#else
static void io_uring_trial_put_task(struct kunit *test)
{
	kunit_skip(test, "a request holds its task itself here");
}
#endif

#if !KUNIT_HAS_TW_FILE
#include "litmus.c"	/* tw_trial.c has them, where there is tw.c */
#endif

static struct kunit_case io_uring_trials[] = {
	KUNIT_CASE(io_uring_trial_wait),
	KUNIT_CASE(io_uring_trial_wait_two),
	KUNIT_CASE(io_uring_trial_put_exec),
	KUNIT_CASE(io_uring_trial_put_wakes),
	KUNIT_CASE(io_uring_trial_orphan),
	KUNIT_CASE(io_uring_trial_exit_park),
	KUNIT_CASE(io_uring_trial_put_task),
#if !KUNIT_HAS_TW_FILE
#include "litmus_cases.h"
#endif
	{}
};

static struct kunit_suite io_uring_trial_suite = {
	.name = "io_uring-trial",
	.init = io_uring_test_init,
	.exit = io_uring_test_exit,
	.test_cases = io_uring_trials,
};

kunit_test_suite(io_uring_trial_suite);
