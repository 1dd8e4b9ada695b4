// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for io_uring's task_work, included at the end of io_uring/tw.c,
 * which only newer kernels have
 *
 * Rings and requests have just what task_work looks at. A request is a letter,
 * and its handler writes this down: upper case if it is to be cancelled.
 *
 * Tests are threads of the kernel, so that all is cancelled unless it is said
 * by whom it is run.
 */
#include <kunit/test.h>
#include <linux/ctype.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>
#include "kunit_compat.h"

#define TWQ_NR 8

struct twq_req {
	struct io_kiocb req;
	void (*then)(struct twq_req *req); /* in its handler */
};

struct twq {
	struct kunit *test;
	struct io_ring_ctx *ctx[2];
	struct io_uring_task *tctx;
	struct twq_req req[TWQ_NR];
	char ran[4 * TWQ_NR];
	struct task_struct *ran_by;

	/* a producer that has been held up, and what makes it go on */
	struct llist_node *prev, *node;
	struct task_struct *linker;
	bool takes_lock;

	struct completion done;
	struct wait_queue_entry wait;
	int wakes;
};

static void twq_func(struct io_tw_req tw_req, io_tw_token_t tw)
{
	struct twq_req *req = container_of(tw_req.req, struct twq_req, req);
	struct twq *twq = (struct twq *)(unsigned long)req->req.cqe.user_data;
	char name = 'a' + (req - twq->req);

	twq->ran[strlen(twq->ran)] = tw.cancel ? toupper(name) : name;
	twq->ran_by = current;
	KUNIT_EXPECT_TRUE(twq->test, mutex_is_locked(&req->req.ctx->uring_lock));
	if (req->then)
		req->then(req);
}

static void twq_refs_gone(struct percpu_ref *ref)
{
}

static struct io_ring_ctx *twq_ctx(struct kunit *test)
{
	struct io_ring_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->rings = kunit_kzalloc(test, sizeof(*ctx->rings), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx->rings);
	RCU_INIT_POINTER(ctx->rings_rcu, ctx->rings);
	KUNIT_ASSERT_EQ(test, 0,
			percpu_ref_init(&ctx->refs, twq_refs_gone,
					PERCPU_REF_INIT_ATOMIC, GFP_KERNEL));
	mutex_init(&ctx->uring_lock);
	mpscq_init(&ctx->work_list, &ctx->work_head);
	init_waitqueue_head(&ctx->poll_wq);
	atomic_set(&ctx->cq_wait_nr, IO_CQ_WAKE_INIT);
	ctx->submitter_task = current;
	ctx->notify_method = TWA_SIGNAL;
	return ctx;
}

/* References to the ring other than the first one. */
static long twq_refs(struct io_ring_ctx *ctx)
{
	return atomic_long_read(&ctx->refs.data->count) - 1;
}

static bool twq_locked(struct io_ring_ctx *ctx)
{
	return mutex_is_locked(&ctx->uring_lock);
}

static void twq_add(struct kunit *test, const char *names)
{
	struct twq *twq = test->priv;

	for (; *names; names++)
		__io_req_task_work_add(&twq->req[*names - 'a'].req, 0);
}

/* A push that got no further than the exchange. */
static void twq_add_half(struct twq *twq, struct mpscq *q, char name)
{
	twq->node = &twq->req[name - 'a'].req.io_task_work.node;
	twq->node->next = NULL;
	twq->prev = xchg(&q->tail, twq->node);
}

static int twq_linker(void *data)
{
	struct twq *twq = data;

	if (twq->takes_lock)
		mutex_lock(&twq->ctx[0]->uring_lock);
	WRITE_ONCE(twq->prev->next, twq->node);
	if (twq->takes_lock)
		mutex_unlock(&twq->ctx[0]->uring_lock);
	complete(&twq->done);
	return 0;
}

/*
 * The producer is a thread of higher priority: it goes on at the next occasion.
 * If there is none, the test hangs.
 */
static void twq_create_linker(struct kunit *test, bool takes_lock)
{
	struct twq *twq = test->priv;

	twq->takes_lock = takes_lock;
	twq->linker = kthread_create(twq_linker, twq, "tw_kunit_link");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, twq->linker);
	sched_set_fifo(twq->linker);
}

static void twq_defer(struct twq *twq)
{
	twq->ctx[0]->flags |= IORING_SETUP_DEFER_TASKRUN;
	twq->ctx[1]->flags |= IORING_SETUP_DEFER_TASKRUN;
}

/* tctx_task_work_run: in order, up to a limit; what is left is left in place. */
static void tw_test_run(struct kunit *test)
{
	struct twq *twq = test->priv;
	unsigned int count = 0;

	twq_add(test, "abcde");
	tctx_task_work_run(twq->tctx, 2, &count);
	KUNIT_EXPECT_EQ(test, count, 2);
	KUNIT_EXPECT_STREQ(test, twq->ran, "AB");
	/* what has been run before counts as well */
	tctx_task_work_run(twq->tctx, 3, &count);
	KUNIT_EXPECT_EQ(test, count, 3);
	KUNIT_EXPECT_STREQ(test, twq->ran, "ABC");
	tctx_task_work_run(twq->tctx, 3, &count);
	KUNIT_EXPECT_EQ(test, count, 3);
	tctx_task_work_run(twq->tctx, UINT_MAX, &count);
	KUNIT_EXPECT_EQ(test, count, 5);
	tctx_task_work_run(twq->tctx, UINT_MAX, &count);
	KUNIT_EXPECT_EQ(test, count, 5);
	KUNIT_EXPECT_STREQ(test, twq->ran, "ABCDE");
}

static void twq_then_one_locked(struct twq_req *req)
{
	struct kunit *test = current->kunit_test;
	struct twq *twq = test->priv;
	int i;

	for (i = 0; i < 2; i++) {
		bool ours = req->req.ctx == twq->ctx[i];

		KUNIT_EXPECT_EQ(test, twq_locked(twq->ctx[i]), ours);
		KUNIT_EXPECT_EQ(test, twq_refs(twq->ctx[i]), ours);
	}
}

/* tctx_task_work_run: the ring of each request is locked and held, no other. */
static void tw_test_run_rings(struct kunit *test)
{
	struct twq *twq = test->priv;
	unsigned int count = 0;
	int i;

	for (i = 0; i < 5; i++) {
		/* a and b, c, and then d and e */
		twq->req[i].req.ctx = twq->ctx[i == 2];
		twq->req[i].then = twq_then_one_locked;
	}
	twq_add(test, "abcde");
	tctx_task_work_run(twq->tctx, UINT_MAX, &count);
	KUNIT_EXPECT_STREQ(test, twq->ran, "ABCDE");
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_FALSE(test, twq_locked(twq->ctx[i]));
		KUNIT_EXPECT_EQ(test, twq_refs(twq->ctx[i]), 0);
	}
}

static void twq_then_add_next(struct twq_req *req)
{
	req->then = NULL;
	__io_req_task_work_add(&req[1].req, 0);
}

/* tctx_task_work_run: what the last handler adds is for the next run. */
static void tw_test_run_emptied(struct kunit *test)
{
	struct twq *twq = test->priv;
	unsigned int count = 0;

	twq->req[0].then = twq_then_add_next;
	twq->req[1].then = twq_then_add_next;
	twq_add(test, "a");
	tctx_task_work_run(twq->tctx, UINT_MAX, &count);
	KUNIT_EXPECT_STREQ(test, twq->ran, "A");
	KUNIT_EXPECT_EQ(test, count, 1);
	tctx_task_work_run(twq->tctx, UINT_MAX, &count);
	KUNIT_EXPECT_STREQ(test, twq->ran, "AB");
	tctx_task_work_run(twq->tctx, UINT_MAX, &count);
	KUNIT_EXPECT_STREQ(test, twq->ran, "ABC");
	KUNIT_EXPECT_TRUE(test, mpscq_empty(&twq->tctx->task_list));
	current->task_works = NULL;
}

/* Runs the producer up to where it waits for the lock. */
static void twq_then_wake_and_sleep(struct twq_req *req)
{
	struct twq *twq = current->kunit_test->priv;

	wake_up_process(twq->linker);
	schedule_timeout_uninterruptible(2);
}

static void twq_then_wake(struct twq_req *req)
{
	struct twq *twq = current->kunit_test->priv;

	wake_up_process(twq->linker);
}

/* tctx_task_work_run: lets a producer that is held up go on, and take the lock. */
static void tw_test_run_stalled(struct kunit *test)
{
	struct twq *twq = test->priv;
	unsigned int count = 0;

	kunit_one_cpu(test);
	twq_create_linker(test, true);
	twq->req[0].then = twq_then_wake_and_sleep;
	twq_add(test, "ab");
	twq_add_half(twq, &twq->tctx->task_list, 'c');
	tctx_task_work_run(twq->tctx, UINT_MAX, &count);
	KUNIT_EXPECT_STREQ(test, twq->ran, "ABC");
	KUNIT_EXPECT_EQ(test, count, 3);
	KUNIT_EXPECT_FALSE(test, twq_locked(twq->ctx[0]));
	KUNIT_EXPECT_EQ(test, twq_refs(twq->ctx[0]), 0);
	wait_for_completion(&twq->done);
}

static int twq_locker(void *data)
{
	struct twq *twq = data;

	mutex_lock(&twq->ctx[0]->uring_lock);
	twq->ran[strlen(twq->ran)] = '|';
	mutex_unlock(&twq->ctx[0]->uring_lock);
	complete(&twq->done);
	return 0;
}

/* tctx_task_work_run: lets others have the lock when it has to reschedule. */
static void tw_test_run_resched(struct kunit *test)
{
	struct twq *twq = test->priv;
	unsigned int count = 0;

	kunit_one_cpu(test);
	twq->linker = kthread_create(twq_locker, twq, "tw_kunit_lock");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, twq->linker);
	sched_set_fifo(twq->linker);
	twq->req[0].then = twq_then_wake;
	twq_add(test, "abc");
	tctx_task_work_run(twq->tctx, UINT_MAX, &count);
	KUNIT_EXPECT_STREQ(test, twq->ran, "A|BC");
	KUNIT_EXPECT_EQ(test, twq_refs(twq->ctx[0]), 0);
	wait_for_completion(&twq->done);
}

/* io_req_normal_work_add: run from task_work, which is added once. */
static void tw_test_add(struct kunit *test)
{
	struct twq *twq = test->priv;

	twq->ctx[0]->flags |= IORING_SETUP_TASKRUN_FLAG;
	twq_add(test, "a");
	KUNIT_EXPECT_PTR_EQ(test, current->task_works, &twq->tctx->task_work);
	KUNIT_EXPECT_TRUE(test, test_thread_flag(TIF_NOTIFY_SIGNAL));
	KUNIT_EXPECT_EQ(test, atomic_read(&twq->ctx[0]->rings->sq_flags),
			IORING_SQ_TASKRUN);
	clear_notify_signal();
	twq_add(test, "bc");
	KUNIT_EXPECT_PTR_EQ(test, current->task_works->next, NULL);
	KUNIT_EXPECT_FALSE(test, test_thread_flag(TIF_NOTIFY_SIGNAL));
	KUNIT_EXPECT_STREQ(test, twq->ran, "");
	task_work_run();
	KUNIT_EXPECT_STREQ(test, twq->ran, "ABC");
	KUNIT_EXPECT_EQ(test, atomic_read(&twq->ctx[0]->rings->sq_flags), 0);

	/* without the flag user space isn't told */
	twq->ctx[0]->flags = 0;
	twq_add(test, "d");
	KUNIT_EXPECT_EQ(test, atomic_read(&twq->ctx[0]->rings->sq_flags), 0);
	clear_notify_signal();
	task_work_run();
	KUNIT_EXPECT_STREQ(test, twq->ran, "ABCD");
}

/* io_req_normal_work_add: the SQPOLL thread is notified, and runs it itself. */
static void tw_test_add_sqpoll(struct kunit *test)
{
	struct twq *twq = test->priv;
	unsigned int count = 0;

	twq->ctx[0]->flags |= IORING_SETUP_SQPOLL;
	twq_add(test, "ab");
	KUNIT_EXPECT_TRUE(test, test_thread_flag(TIF_NOTIFY_SIGNAL));
	KUNIT_EXPECT_PTR_EQ(test, current->task_works, NULL);
	clear_notify_signal();
	tctx_task_work_run(twq->tctx, UINT_MAX, &count);
	KUNIT_EXPECT_STREQ(test, twq->ran, "AB");
}

static void twq_then_done(struct twq_req *req)
{
	struct twq *twq = (struct twq *)(unsigned long)req->req.cqe.user_data;

	complete(&twq->done);
}

/* cancel-local-directly: orphans of a task that exits run from a kworker. */
static void tw_test_add_exiting(struct kunit *test)
{
	struct twq *twq = test->priv;
	struct task_struct *task;
	int users;

	kunit_one_cpu(test);
	/* takes no task_work any more */
	task = kthread_create(kthread_worker_fn, NULL, "tw_kunit_gone");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	get_task_struct(task);
	kthread_stop(task);
	schedule_timeout_uninterruptible(2);
	twq->tctx->task = task;
	users = refcount_read(&task->usage);

	twq->req[2].then = twq_then_done;
	twq_add(test, "abc");
	KUNIT_EXPECT_STREQ(test, twq->ran, "");
	KUNIT_EXPECT_EQ(test, refcount_read(&task->usage), users + 1);
	/* asked for again before it got to run */
	io_fallback_tw(twq->tctx);
	KUNIT_EXPECT_EQ(test, refcount_read(&task->usage), users + 1);
	KUNIT_EXPECT_NE(test, 0, wait_for_completion_timeout(&twq->done, HZ));
	flush_work(&twq->tctx->fallback_work);
	KUNIT_EXPECT_STREQ(test, twq->ran, "ABC");
	KUNIT_EXPECT_PTR_NE(test, twq->ran_by, current);
	KUNIT_EXPECT_EQ(test, twq_refs(twq->ctx[0]), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&task->usage), users);
	twq->tctx->task = current;
	put_task_struct(task);
}

/* tctx_task_work_run: cached references go if their owner runs it to cancel. */
static void tw_test_run_in_cancel(struct kunit *test)
{
	struct twq *twq = test->priv;
	struct io_uring_task *tctx = twq->tctx, *other;
	int users = refcount_read(&current->usage);
	unsigned int count = 0;

	KUNIT_ASSERT_EQ(test, 0,
			percpu_counter_init(&tctx->inflight, 0, GFP_KERNEL));
	tctx->cached_refs = 3;
	percpu_counter_add(&tctx->inflight, 3);
	refcount_add(3, &current->usage);
	atomic_set(&tctx->in_cancel, 1);
	twq_add(test, "a");
	/* somebody else does it for the owner */
	other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, other);
	KUNIT_ASSERT_EQ(test, 0,
			percpu_counter_init(&other->inflight, 0, GFP_KERNEL));
	other->cached_refs = 1;
	current->io_uring = other;
	tctx_task_work_run(tctx, UINT_MAX, &count);
	KUNIT_EXPECT_EQ(test, tctx->cached_refs, 3);
	KUNIT_EXPECT_EQ(test, other->cached_refs, 1);
	percpu_counter_destroy(&other->inflight);
	/* the owner */
	current->io_uring = tctx;
	tctx_task_work_run(tctx, UINT_MAX, &count);
	current->io_uring = NULL;
	KUNIT_EXPECT_EQ(test, tctx->cached_refs, 0);
	KUNIT_EXPECT_EQ(test, percpu_counter_sum(&tctx->inflight), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&current->usage), users);
	percpu_counter_destroy(&tctx->inflight);
	current->task_works = NULL;
}

static int twq_waiter(void *data)
{
	struct twq *twq = data;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		schedule();
		if (!kthread_should_stop())
			twq->wakes++;
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static const struct twq_wake {
	const char *desc;
	int nr;
	unsigned int flags, req_flags;
	int nr_left, wakes;
} twq_wakes[] = {
	{ "nobody waits", IO_CQ_WAKE_INIT, 0, .nr_left = IO_CQ_WAKE_INIT },
	{ "woken up already", 0, 0, .nr_left = 0 },
	{ "not lazy", 5, 0, .nr_left = IO_CQ_WAKE_INIT, .wakes = 1 },
	{ "lazy, nobody waits", IO_CQ_WAKE_INIT, IOU_F_TWQ_LAZY_WAKE,
	  .nr_left = IO_CQ_WAKE_INIT },
	{ "lazy, too few yet", 2, IOU_F_TWQ_LAZY_WAKE, .nr_left = 1 },
	{ "lazy, enough", 1, IOU_F_TWQ_LAZY_WAKE, .nr_left = 0, .wakes = 1 },
	{ "lazy, but linked", 5, IOU_F_TWQ_LAZY_WAKE, REQ_F_LINK,
	  .nr_left = IO_CQ_WAKE_INIT, .wakes = 1 },
	{ "lazy, but hard linked", 5, IOU_F_TWQ_LAZY_WAKE, REQ_F_HARDLINK,
	  .nr_left = IO_CQ_WAKE_INIT, .wakes = 1 },
};

KUNIT_ARRAY_PARAM_DESC(twq_wakes, twq_wakes, desc);

/* io_req_local_work_add: a waiter is woken once, when there is enough. */
static void tw_test_add_local_wake(struct kunit *test)
{
	const struct twq_wake *wake = test->param_value;
	struct twq *twq = test->priv;
	struct io_ring_ctx *ctx = twq->ctx[0];
	struct task_struct *task;

	kunit_one_cpu(test);
	twq_defer(twq);
	task = kthread_run(twq_waiter, twq, "tw_kunit_wait");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	schedule_timeout_uninterruptible(2);
	ctx->submitter_task = task;
	atomic_set(&ctx->cq_wait_nr, wake->nr);
	twq->req[0].req.flags = wake->req_flags;
	__io_req_task_work_add(&twq->req[0].req, wake->flags);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->cq_wait_nr), wake->nr_left);
	schedule_timeout_uninterruptible(2);
	KUNIT_EXPECT_EQ(test, twq->wakes, wake->wakes);
	KUNIT_EXPECT_TRUE(test, io_local_work_pending(ctx));
	KUNIT_EXPECT_FALSE(test, task_work_pending(current));
	kthread_stop(task);
	KUNIT_EXPECT_STREQ(test, twq->ran, "");
}

static int twq_wake_func(struct wait_queue_entry *wait, unsigned int mode,
			 int sync, void *key)
{
	struct twq *twq = container_of(wait, struct twq, wait);

	twq->wakes++;
	KUNIT_EXPECT_EQ(twq->test, key_to_poll(key),
			EPOLLIN | EPOLL_URING_WAKE);
	return 0;
}

/* io_req_local_work_add: pollers of the ring are told of the first entry. */
static void tw_test_add_local_poll(struct kunit *test)
{
	struct twq *twq = test->priv;
	struct io_ring_ctx *ctx = twq->ctx[0];

	kunit_one_cpu(test);
	kunit_skip_without_wake_poll(test);
	twq_defer(twq);
	init_waitqueue_func_entry(&twq->wait, twq_wake_func);
	/* nobody does */
	ctx->int_flags |= IO_RING_F_POLL_ACTIVATED;
	twq_add(test, "a");
	io_run_local_work(ctx, 0, INT_MAX);
	io_req_local_work_add(&twq->req[0].req, IOU_F_TWQ_IN_WAKE);
	io_run_local_work(ctx, 0, INT_MAX);
	KUNIT_EXPECT_EQ(test, twq_refs(ctx), 0);

	add_wait_queue(&ctx->poll_wq, &twq->wait);
	twq_add(test, "ab");
	KUNIT_EXPECT_EQ(test, twq->wakes, 1);
	io_run_local_work(ctx, 0, INT_MAX);

	/* not below a wait queue's lock, that may be the one it polls with */
	io_req_local_work_add(&twq->req[0].req, IOU_F_TWQ_IN_WAKE);
	KUNIT_EXPECT_EQ(test, twq->wakes, 1);
	KUNIT_EXPECT_EQ(test, twq_refs(ctx), 1);
	io_run_local_work(ctx, 0, INT_MAX);
	io_req_local_work_add(&twq->req[0].req, IOU_F_TWQ_IN_WAKE);
	KUNIT_EXPECT_EQ(test, twq_refs(ctx), 1);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, twq->wakes, 2);
	KUNIT_EXPECT_EQ(test, twq_refs(ctx), 0);
	io_run_local_work(ctx, 0, INT_MAX);

	/* and again */
	io_req_local_work_add(&twq->req[0].req, IOU_F_TWQ_IN_WAKE);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, twq->wakes, 3);
	remove_wait_queue(&ctx->poll_wq, &twq->wait);
}

/* io_req_task_work_add_remote: only for rings that run it where they wait. */
static void tw_test_add_remote(struct kunit *test)
{
	struct twq *twq = test->priv;

	kunit_warning_suppress(test) {
		io_req_task_work_add_remote(&twq->req[0].req, 0);
		/* said once, refused each time */
		io_req_task_work_add_remote(&twq->req[0].req, 0);
	}
	KUNIT_EXPECT_TRUE(test, mpscq_empty(&twq->tctx->task_list));
	KUNIT_EXPECT_FALSE(test, task_work_pending(current));
	twq_defer(twq);
	io_req_task_work_add_remote(&twq->req[0].req, 0);
	KUNIT_EXPECT_TRUE(test, io_local_work_pending(twq->ctx[0]));
	KUNIT_EXPECT_TRUE(test, mpscq_empty(&twq->tctx->task_list));
}

/* io_run_local_work: in order, up to a limit, the flag tells of the rest. */
static void tw_test_local(struct kunit *test)
{
	struct twq *twq = test->priv;
	struct io_ring_ctx *ctx = twq->ctx[0];
	atomic_t *flags = &ctx->rings->sq_flags;

	twq_defer(twq);
	ctx->flags |= IORING_SETUP_TASKRUN_FLAG;
	KUNIT_EXPECT_EQ(test, io_run_local_work_locked(ctx, 1), 0);
	twq_add(test, "abcd");
	KUNIT_EXPECT_EQ(test, atomic_read(flags), IORING_SQ_TASKRUN);
	KUNIT_EXPECT_EQ(test, io_run_local_work(ctx, 0, 3), 3);
	KUNIT_EXPECT_STREQ(test, twq->ran, "ABC");
	KUNIT_EXPECT_EQ(test, atomic_read(flags), IORING_SQ_TASKRUN);
	KUNIT_EXPECT_EQ(test, io_run_local_work(ctx, 0, 3), 1);
	KUNIT_EXPECT_STREQ(test, twq->ran, "ABCD");
	KUNIT_EXPECT_EQ(test, atomic_read(flags), 0);
	KUNIT_EXPECT_EQ(test, io_run_local_work(ctx, 0, 3), 0);
	KUNIT_EXPECT_FALSE(test, twq_locked(ctx));

	twq_add(test, "e");
	mutex_lock(&ctx->uring_lock);
	KUNIT_EXPECT_EQ(test, io_run_local_work_locked(ctx, 1), 1);
	mutex_unlock(&ctx->uring_lock);
	KUNIT_EXPECT_STREQ(test, twq->ran, "ABCDE");

	/* without the flag user space isn't told */
	twq_defer(twq);
	ctx->flags &= ~IORING_SETUP_TASKRUN_FLAG;
	twq_add(test, "ab");
	KUNIT_EXPECT_EQ(test, io_run_local_work(ctx, 0, 1), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(flags), 0);
	KUNIT_EXPECT_EQ(test, io_run_local_work(ctx, 0, 1), 1);
}

/* io_run_local_work: goes on with work added meanwhile, until it has enough. */
static void tw_test_local_min(struct kunit *test)
{
	struct twq *twq = test->priv;
	int i;

	twq_defer(twq);
	for (i = 0; i < 4; i++)
		twq->req[i].then = twq_then_add_next;
	twq_add(test, "a");
	/* one at a time, three are enough */
	io_run_local_work(twq->ctx[0], 3, 1);
	KUNIT_EXPECT_STREQ(test, twq->ran, "ABC");
	KUNIT_EXPECT_TRUE(test, io_local_work_pending(twq->ctx[0]));
	io_run_local_work(twq->ctx[0], INT_MAX, INT_MAX);
	KUNIT_EXPECT_STREQ(test, twq->ran, "ABCDE");
	KUNIT_EXPECT_FALSE(test, io_local_work_pending(twq->ctx[0]));
}

/* io_run_local_work: only the submitter may run it. */
static void tw_test_local_submitter(struct kunit *test)
{
	struct twq *twq = test->priv;

	twq_defer(twq);
	twq_add(test, "a");
	twq->ctx[0]->submitter_task = NULL;
	kunit_warning_suppress(test) {
		KUNIT_EXPECT_EQ(test, -EEXIST,
				io_run_local_work(twq->ctx[0], 1, 1));
		KUNIT_EXPECT_EQ(test, -EEXIST,
				io_run_local_work(twq->ctx[0], 1, 1));
	}
	KUNIT_EXPECT_STREQ(test, twq->ran, "");
	KUNIT_EXPECT_FALSE(test, twq_locked(twq->ctx[0]));
	KUNIT_EXPECT_TRUE(test, io_local_work_pending(twq->ctx[0]));
}

/* io_run_local_work: lets a producer that is held up go on. */
static void tw_test_local_stalled(struct kunit *test)
{
	struct twq *twq = test->priv;

	kunit_one_cpu(test);
	twq_defer(twq);
	twq_create_linker(test, false);
	twq->req[0].then = twq_then_wake;
	twq_add(test, "ab");
	twq_add_half(twq, &twq->ctx[0]->work_list, 'c');
	io_run_local_work(twq->ctx[0], 3, 3);
	KUNIT_EXPECT_STREQ(test, twq->ran, "ABC");
	wait_for_completion(&twq->done);
}

static void twq_then_again(struct twq_req *req)
{
	if (req->req.opcode) {
		req->req.opcode--;
		__io_req_task_work_add(&req->req, 0);
	}
}

/* cancel-local-directly: cancelled in order, with the lock held, to the last. */
static void tw_test_cancel_local(struct kunit *test)
{
	struct twq *twq = test->priv;

	twq_defer(twq);
	/* whoever does it */
	twq->ctx[0]->submitter_task = NULL;
	/* b is added again by its own handler, twice */
	twq->req[1].then = twq_then_again;
	twq->req[1].req.opcode = 2;
	twq_add(test, "abcd");
	io_cancel_local_task_work(twq->ctx[0]);
	KUNIT_EXPECT_STREQ(test, twq->ran, "ABCDBB");
	KUNIT_EXPECT_FALSE(test, io_local_work_pending(twq->ctx[0]));
	KUNIT_EXPECT_FALSE(test, twq_locked(twq->ctx[0]));
	io_cancel_local_task_work(twq->ctx[0]);
	KUNIT_EXPECT_STREQ(test, twq->ran, "ABCDBB");
}

/* cancel-local-directly: a producer still adding, its request isn't left. */
static void tw_test_cancel_local_stalled(struct kunit *test)
{
	struct twq *twq = test->priv;

	twq_defer(twq);
	twq_create_linker(test, false);
	twq->req[0].then = twq_then_wake;
	twq_add(test, "ab");
	twq_add_half(twq, &twq->ctx[0]->work_list, 'c');
	io_cancel_local_task_work(twq->ctx[0]);
	KUNIT_EXPECT_STREQ(test, twq->ran, "ABC");
	wait_for_completion(&twq->done);
}

static void twq_exit_ref(void *ref)
{
	percpu_ref_exit(ref);
}

static int tw_test_init(struct kunit *test)
{
	struct twq *twq = kunit_kzalloc(test, sizeof(*twq), GFP_KERNEL);
	struct io_uring_task *tctx;
	int i;

	tctx = kunit_kzalloc(test, sizeof(*tctx), GFP_KERNEL);
	if (!twq || !tctx)
		return -ENOMEM;
	twq->test = test;
	twq->tctx = tctx;
	init_completion(&twq->done);
	tctx->task = current;
	mpscq_init(&tctx->task_list, &tctx->task_head);
	init_task_work(&tctx->task_work, tctx_task_work);
	INIT_WORK(&tctx->fallback_work, io_tctx_fallback_work);
	for (i = 0; i < 2; i++) {
		twq->ctx[i] = twq_ctx(test);
		if (kunit_add_action_or_reset(test, twq_exit_ref,
					      &twq->ctx[i]->refs))
			return -ENOMEM;
	}
	for (i = 0; i < TWQ_NR; i++) {
		struct io_kiocb *req = &twq->req[i].req;

		req->ctx = twq->ctx[0];
		req->tctx = tctx;
		req->cqe.user_data = (unsigned long)twq;
		req->io_task_work.func = twq_func;
	}
	test->priv = twq;
	kunit_skip_lacking(test);
	return 0;
}

static struct kunit_case tw_test_cases[] = {
	KUNIT_CASE(tw_test_run),
	KUNIT_CASE(tw_test_run_rings),
	KUNIT_CASE(tw_test_run_emptied),
	KUNIT_CASE_EXPLORED(tw_test_run_stalled),
	KUNIT_CASE(tw_test_run_resched),
	KUNIT_CASE(tw_test_run_in_cancel),
	KUNIT_CASE(tw_test_add),
	KUNIT_CASE(tw_test_add_sqpoll),
	KUNIT_CASE(tw_test_add_exiting),
	KUNIT_CASE_PARAM(tw_test_add_local_wake, twq_wakes_gen_params),
	KUNIT_CASE(tw_test_add_local_poll),
	KUNIT_CASE(tw_test_add_remote),
	KUNIT_CASE(tw_test_local),
	KUNIT_CASE(tw_test_local_min),
	KUNIT_CASE(tw_test_local_submitter),
	KUNIT_CASE_EXPLORED(tw_test_local_stalled),
	KUNIT_CASE(tw_test_cancel_local),
	KUNIT_CASE_EXPLORED(tw_test_cancel_local_stalled),
	{}
};

static struct kunit_suite tw_test_suite = {
	.name = "tw",
	.init = tw_test_init,
	.test_cases = tw_test_cases,
};

kunit_test_suite(tw_test_suite);

/* A header has no end that a suite could be included at. */
#include "mpscq_kunit.c"
