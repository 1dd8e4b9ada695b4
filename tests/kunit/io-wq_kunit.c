// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for io-wq, included at the end of io_uring/io-wq.c
 *
 * The io_wq of a test belongs to a thread that never runs, so that what is on
 * its task_work list stays there. Tests that need creation callbacks to run
 * have an io_wq of their own instead, of the thread that runs the test.
 *
 * There are two kinds of worker here: dummies, which no thread is behind, and
 * whose callbacks the test queues on their behalf; and real ones. The threads
 * of the latter inherit ->kunit_test, and hence the static stubs.
 */
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched/sysctl.h>
#include <linux/sched/task.h>
#include "kunit_compat.h"

#define IOWQ_NR 8
#define IOWQ_ITEMS 6
#define IOWQ_PROBES (16 * IOWQ_NR)
/* how long to wait for what should be there already */
#define IOWQ_PATIENCE (20 * HZ)

struct iowq_item {
	struct io_kiocb req;
	struct iowq_item *link;
	struct task_struct *task;
	unsigned int msecs;
	void (*then)(struct iowq_item *item); /* once it runs */
	bool kept; /* somebody else has a reference */
	int ran, cancelled, freed;
};

struct iowq {
	struct kunit *test;
	struct io_wq *wq;
	struct task_struct *task;
	struct kmem_cache *cache;
	struct io_ring_ctx *ctx;
	struct iowq_item *item;
	struct completion started;
	struct callback_head work[3]; /* unrelated ones */

	/* dummies, in the order of their creation */
	struct io_worker *dummy[IOWQ_NR];
	int nr_dummies;
	bool freed[IOWQ_NR];
	void *probe[IOWQ_PROBES];
	int nr_probes;

	/* what the stubs do, each for the dummy that it is about */
	struct io_worker *at;
	void (*then)(struct iowq *iowq, struct io_worker *worker);
	struct io_worker *next;
	int cancels;

	/* of a match function, and those for the head of the list */
	int calls, walks;

	/* items, by letters, in the order in which they were started */
	char order[IOWQ_ITEMS + 1];
	int running, most_running;

	/* what create_io_thread() returns, one after the other, if not 0 */
	const int *errs;
	int creations, retired;
};

static struct io_wq_hash *iowq_create_hash(struct kunit *test)
{
	struct io_wq_hash *hash = kzalloc_obj(*hash);

	KUNIT_ASSERT_NOT_NULL(test, hash);
	refcount_set(&hash->refs, 1);
	init_waitqueue_head(&hash->wait);
	return hash;
}

static struct io_wq *iowq_create_wq(struct kunit *test,
				    struct task_struct *task)
{
	struct io_wq_data data = { .task = task, IO_WQ_DATA_FNS };
	struct io_wq *wq;

	data.hash = iowq_create_hash(test);
	wq = io_wq_create(IOWQ_NR, &data);
	io_wq_put_hash(data.hash);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, wq);
	return wq;
}

/* true once @refs references are left, in IOWQ_PATIENCE steps */
static bool iowq_wait_refs(struct io_wq *wq, int refs)
{
	int i;

	for (i = 0; i < IOWQ_PATIENCE; i++) {
		if (atomic_read(&wq->worker_refs) == refs)
			return true;
		schedule_timeout_uninterruptible(1);
	}
	return false;
}

/* io_wq_put_and_exit() that doesn't wait for ever if references are off */
static void iowq_put_wq(struct kunit *test, struct io_wq *wq)
{
	io_wq_exit_start(wq);
	rcu_read_lock();
	io_wq_for_each_worker(wq, io_wq_worker_wake, NULL);
	rcu_read_unlock();
	if (!iowq_wait_refs(wq, 1)) {
		KUNIT_FAIL(test, "worker_refs is %d, should be 1",
			   atomic_read(&wq->worker_refs));
		atomic_set(&wq->worker_refs, 1);
	}
	io_wq_put_and_exit(wq);
}

static void iowq_expect_acct(struct kunit *test, struct io_wq *wq, int running,
			     int workers, int refs)
{
	struct io_wq_acct *acct = io_get_acct(wq, false);

	KUNIT_EXPECT_EQ(test, atomic_read(&acct->nr_running), running);
	KUNIT_EXPECT_EQ(test, acct->nr_workers, workers);
	KUNIT_EXPECT_EQ(test, atomic_read(&wq->worker_refs), refs);
}

/* As create_io_worker() sets it up. */
static void iowq_init_worker(struct io_worker *worker, struct io_wq *wq)
{
	refcount_set(&worker->ref, 1);
	worker->wq = wq;
	io_worker_set_acct(worker, io_get_acct(wq, false));
	raw_spin_lock_init(&worker->lock);
	init_completion(&worker->ref_done);
	INIT_DELAYED_WORK(&worker->work, io_workqueue_create);
}

/* A worker that there won't be a thread for. */
static struct io_worker *iowq_dummy(struct kunit *test, struct io_wq *wq)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker;

	KUNIT_ASSERT_LT(test, iowq->nr_dummies, IOWQ_NR);
	worker = kmem_cache_zalloc(iowq->cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, worker);
	iowq_init_worker(worker, wq);
	iowq->dummy[iowq->nr_dummies++] = worker;
	return worker;
}

/* What io_wq_dec_running() does for a worker that goes to sleep. */
static bool iowq_queue_cb(struct io_worker *worker)
{
	struct io_wq_acct *acct = io_wq_get_acct(worker);

	atomic_inc(&acct->nr_running);
	atomic_inc(&worker->wq->worker_refs);
	return io_queue_worker_create(worker, acct, create_worker_cb);
}

/* What io_wq_create_worker() and a failing create_io_thread() lead to. */
static bool iowq_queue_cont(struct io_worker *worker)
{
	struct io_wq_acct *acct = io_wq_get_acct(worker);

	acct->nr_workers++;
	atomic_inc(&acct->nr_running);
	atomic_inc(&worker->wq->worker_refs);
	return io_queue_worker_create(worker, acct, create_worker_cont);
}

/* The same as iowq_queue_cb(), of a worker that is past its first look. */
static void iowq_requeue_late(struct io_worker *worker)
{
	refcount_inc(&worker->ref);
	set_bit(0, &worker->create_state);
	atomic_inc(&io_wq_get_acct(worker)->nr_running);
	atomic_inc(&worker->wq->worker_refs);
	init_task_work(&worker->create_work, create_worker_cb);
	task_work_add(worker->wq->task, &worker->create_work, TWA_SIGNAL);
}

static void iowq_func(struct callback_head *cb)
{
}

static void iowq_add(struct kunit *test, struct callback_head *cb)
{
	struct iowq *iowq = test->priv;

	init_task_work(cb, iowq_func);
	KUNIT_ASSERT_EQ(test, 0, task_work_add(iowq->task, cb, TWA_NONE));
}

/*
 * How often a dummy has been freed. A freed object is the first to be handed
 * out again, and one that is freed twice is handed out twice. The probes are
 * kept, so that they still are what they were the next time.
 */
static int iowq_times_freed(struct kunit *test, struct io_worker *worker)
{
	struct iowq *iowq = test->priv;
	int i, times = 0;

	for (i = 0; i < 2 * IOWQ_NR && iowq->nr_probes < IOWQ_PROBES; i++)
		iowq->probe[iowq->nr_probes++] =
			kmem_cache_alloc(iowq->cache, GFP_KERNEL);
	for (i = 0; i < iowq->nr_probes; i++)
		times += iowq->probe[i] == worker;
	for (i = 0; i < iowq->nr_dummies; i++)
		if (iowq->dummy[i] == worker)
			iowq->freed[i] = times;
	return times;
}

static void iowq_free_probes(struct iowq *iowq)
{
	int i, j;

	for (i = 0; i < iowq->nr_probes; i++) {
		for (j = 0; j < i; j++)
			if (iowq->probe[j] == iowq->probe[i])
				break;
		if (j == i)
			kmem_cache_free(iowq->cache, iowq->probe[i]);
	}
}

/* The callback is back with a worker that stays. */
static void iowq_expect_idle(struct kunit *test, struct io_worker *worker)
{
	KUNIT_EXPECT_FALSE(test, test_bit(0, &worker->create_state));
	KUNIT_EXPECT_EQ(test, refcount_read(&worker->ref), 1);
}

static void iowq_expect_freed(struct kunit *test, struct io_worker *worker)
{
	struct iowq *iowq = test->priv;
	int i;

	if (!IS_ENABLED(CONFIG_KASAN)) {
		KUNIT_EXPECT_EQ(test, iowq_times_freed(test, worker), 1);
		return;
	}
	/*
	 * KASAN hands no freed object out again. It reports one that is freed
	 * twice, and kmem_cache_destroy() one that isn't freed.
	 */
	for (i = 0; i < iowq->nr_dummies; i++)
		iowq->freed[i] |= iowq->dummy[i] == worker;
}

static void iowq_expect_kept(struct kunit *test, struct io_worker *worker)
{
	if (IS_ENABLED(CONFIG_KASAN)) /* reports the free in io_wq_test_exit() */
		return;
	KUNIT_EXPECT_EQ(test, iowq_times_freed(test, worker), 0);
}

static void iowq_real_cancel_cb(struct io_worker *worker)
{
	struct kunit *test = current->kunit_test;

	current->kunit_test = NULL;
	io_worker_cancel_cb(worker);
	current->kunit_test = test;
}

static void iowq_cancel_cb_stub(struct io_worker *worker)
{
	struct iowq *iowq = current->kunit_test->priv;

	iowq->cancels++;
	iowq_real_cancel_cb(worker);
	if (worker == iowq->at) {
		iowq->at = iowq->next;
		iowq->next = NULL;
		iowq->then(iowq, worker);
	}
}

static bool iowq_real_match(bool (*match)(struct callback_head *, void *data),
			    struct callback_head *cb, void *data)
{
	struct kunit *test = current->kunit_test;
	struct iowq *iowq = test->priv;
	bool ret;

	iowq->calls++;
	iowq->walks += cb == iowq->task->task_works;
	current->kunit_test = NULL;
	ret = match(cb, data);
	current->kunit_test = test;
	return ret;
}

static bool iowq_work_match_stub(struct callback_head *cb, void *data)
{
	return iowq_real_match(io_task_work_match, cb, data);
}

static bool iowq_worker_match_stub(struct callback_head *cb, void *data)
{
	return iowq_real_match(io_task_worker_match, cb, data);
}

static bool iowq_worker_get_stub(struct io_worker *worker)
{
	struct kunit *test = current->kunit_test;
	struct iowq *iowq = test->priv;
	bool ret;

	if (worker == iowq->at) {
		iowq->at = NULL;
		iowq->then(iowq, worker);
	}
	current->kunit_test = NULL;
	ret = io_worker_get(worker);
	current->kunit_test = test;
	return ret;
}

/* io_wq_create, io_wq_put_and_exit: no worker is needed for it. */
static void io_wq_test_create(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_wq *wq = iowq->wq;

	iowq_expect_acct(test, wq, 0, 0, 1);
	KUNIT_EXPECT_EQ(test, io_get_acct(wq, true)->max_workers, IOWQ_NR);
	KUNIT_EXPECT_PTR_EQ(test, wq->task, iowq->task);
	KUNIT_EXPECT_FALSE(test, test_bit(IO_WQ_BIT_EXIT, &wq->state));
	io_wq_exit_start(wq);
	KUNIT_EXPECT_TRUE(test, test_bit(IO_WQ_BIT_EXIT, &wq->state));
	iowq_expect_acct(test, wq, 0, 0, 1);
}

/* io_queue_worker_create: queued once, whatever the worker asks for. */
static void io_wq_test_queue_once(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);

	KUNIT_EXPECT_TRUE(test, iowq_queue_cb(worker));
	KUNIT_EXPECT_FALSE(test, iowq_queue_cb(worker));
	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, &worker->create_work);
	KUNIT_EXPECT_PTR_EQ(test, worker->create_work.next, NULL);
	KUNIT_EXPECT_TRUE(test, test_bit(0, &worker->create_state));
	KUNIT_EXPECT_EQ(test, refcount_read(&worker->ref), 2);
	iowq_expect_acct(test, iowq->wq, 1, 0, 2);
}

/* io_queue_worker_create: nothing is queued once the exit bit is set. */
static void io_wq_test_queue_exit(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);

	io_wq_exit_start(iowq->wq);
	KUNIT_EXPECT_FALSE(test, iowq_queue_cb(worker));
	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, NULL);
	iowq_expect_idle(test, worker);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
}

/* io_queue_worker_create: the owner is past its last task_work_run(). */
static void io_wq_test_queue_dead(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);
	struct task_struct *task;

	/* the list of a thread that is gone is the sentinel */
	task = kthread_create(kthread_worker_fn, NULL, "io-wq_kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	get_task_struct(task);
	kthread_stop(task);
	swap(iowq->wq->task, task);
	KUNIT_EXPECT_FALSE(test, iowq_queue_cb(worker));
	io_wq_cancel_tw_create(iowq->wq);
	swap(iowq->wq->task, task);
	KUNIT_EXPECT_NOT_NULL(test, task->task_works);
	put_task_struct(task);
	iowq_expect_idle(test, worker);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
}

/* cancel-create-once: all of both kinds are taken off, the rest is left. */
static void io_wq_test_cancel_tw_create(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_wq *other = iowq_create_wq(test, iowq->task);
	struct io_worker *cb[2], *cont[2], *theirs;
	struct callback_head *work = iowq->work;
	int i;

	iowq_add(test, &work[0]);
	for (i = 0; i < 2; i++) {
		cb[i] = iowq_dummy(test, iowq->wq);
		KUNIT_EXPECT_TRUE(test, iowq_queue_cb(cb[i]));
		cont[i] = iowq_dummy(test, iowq->wq);
		KUNIT_EXPECT_TRUE(test, iowq_queue_cont(cont[i]));
		iowq_add(test, &work[i + 1]);
	}
	theirs = iowq_dummy(test, other);
	KUNIT_EXPECT_TRUE(test, iowq_queue_cb(theirs));
	iowq_expect_acct(test, iowq->wq, 4, 2, 5);

	io_wq_cancel_tw_create(iowq->wq);

	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
	for (i = 0; i < 2; i++) {
		iowq_expect_idle(test, cb[i]);
		iowq_expect_kept(test, cb[i]);
		iowq_expect_freed(test, cont[i]);
	}
	iowq_expect_acct(test, other, 1, 0, 2);
	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, &theirs->create_work);
	KUNIT_EXPECT_PTR_EQ(test, theirs->create_work.next, &work[2]);
	KUNIT_EXPECT_PTR_EQ(test, work[2].next, &work[1]);
	KUNIT_EXPECT_PTR_EQ(test, work[1].next, &work[0]);
	KUNIT_EXPECT_PTR_EQ(test, work[0].next, NULL);

	iowq_put_wq(test, other);
	iowq_expect_idle(test, theirs);
	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, &work[2]);
}

/* cancel-create-once: each kind gives back what it alone had taken. */
static void io_wq_test_cancel_accounting(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);

	KUNIT_EXPECT_TRUE(test, iowq_queue_cb(worker));
	iowq_expect_acct(test, iowq->wq, 1, 0, 2);
	io_wq_cancel_tw_create(iowq->wq);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
	iowq_expect_idle(test, worker);

	/* and it may be queued again */
	KUNIT_EXPECT_TRUE(test, iowq_queue_cb(worker));
	io_wq_cancel_tw_create(iowq->wq);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
	iowq_expect_idle(test, worker);
	iowq_expect_kept(test, worker);

	worker = iowq_dummy(test, iowq->wq);
	KUNIT_EXPECT_TRUE(test, iowq_queue_cont(worker));
	iowq_expect_acct(test, iowq->wq, 1, 1, 2);
	io_wq_cancel_tw_create(iowq->wq);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
	iowq_expect_freed(test, worker);
}

/* cancel-create-once: the way by which a retried creation is queued. */
static void io_wq_test_cancel_retry(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);

	io_wq_get_acct(worker)->nr_workers++;
	atomic_inc(&io_wq_get_acct(worker)->nr_running);
	atomic_inc(&worker->wq->worker_refs);
	queue_create_worker_retry(worker);
	flush_delayed_work(&worker->work);
	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, &worker->create_work);
	iowq_expect_acct(test, iowq->wq, 1, 1, 2);
	io_wq_exit_start(iowq->wq);
	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, NULL);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
	iowq_expect_freed(test, worker);
}

static void iowq_then_requeue(struct iowq *iowq, struct io_worker *worker)
{
	iowq_requeue_late(worker);
}

/* cancel-create-once: an owner requeues when its bit clears: ->next is lost. */
static void io_wq_test_cancel_requeued(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker[3];
	int i;

	for (i = 0; i < 3; i++) {
		worker[i] = iowq_dummy(test, iowq->wq);
		KUNIT_EXPECT_TRUE(test, iowq_queue_cb(worker[i]));
	}
	/*
	 * The list is empty when the first callback is given back, so that its
	 * ->next becomes NULL. One that is read after that ends the loop.
	 */
	iowq->at = worker[2];
	iowq->then = iowq_then_requeue;
	kunit_activate_static_stub(test, io_worker_cancel_cb,
				   iowq_cancel_cb_stub);
	io_wq_exit_start(iowq->wq);

	KUNIT_EXPECT_PTR_EQ(test, iowq->at, NULL);
	KUNIT_EXPECT_EQ(test, iowq->cancels, 4);
	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, NULL);
	for (i = 0; i < 3; i++)
		iowq_expect_idle(test, worker[i]);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
}

/*
 * The exiting worker was waiting for this reference. The next user of its
 * memory is a worker that is created by create_worker_cont().
 */
static void iowq_then_reuse(struct iowq *iowq, struct io_worker *worker)
{
	KUNIT_EXPECT_TRUE(iowq->test,
			  try_wait_for_completion(&worker->ref_done));
	memset(worker, 0, sizeof(*worker));
	worker->create_work.func = create_worker_cont;
}

/* cancel-create-once: an exiting worker is freed when its reference drops. */
static void io_wq_test_cancel_freed(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *exiting, *last;

	last = iowq_dummy(test, iowq->wq);
	KUNIT_EXPECT_TRUE(test, iowq_queue_cb(last));
	exiting = iowq_dummy(test, iowq->wq);
	KUNIT_EXPECT_TRUE(test, iowq_queue_cb(exiting));
	io_worker_release(exiting);

	iowq->at = exiting;
	iowq->then = iowq_then_reuse;
	kunit_activate_static_stub(test, io_worker_cancel_cb,
				   iowq_cancel_cb_stub);
	io_wq_exit_start(iowq->wq);

	KUNIT_EXPECT_EQ(test, iowq->cancels, 2);
	iowq_expect_kept(test, exiting);
	iowq_expect_idle(test, last);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
}

static void iowq_then_queue_other(struct iowq *iowq, struct io_worker *worker)
{
	iowq_requeue_late(iowq->dummy[worker == iowq->dummy[0] ? 1 : 2]);
}

/* cancel-create-once: io_wq_exit_start() walks until there is none left. */
static void io_wq_test_cancel_again(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	int i;

	for (i = 0; i < 3; i++)
		iowq_dummy(test, iowq->wq);
	iowq_add(test, &iowq->work[0]);
	KUNIT_EXPECT_TRUE(test, iowq_queue_cb(iowq->dummy[0]));
	/* the second one turns up behind the first walk, the third the next */
	iowq->at = iowq->dummy[0];
	iowq->next = iowq->dummy[1];
	iowq->then = iowq_then_queue_other;
	kunit_activate_static_stub(test, io_worker_cancel_cb,
				   iowq_cancel_cb_stub);
	io_wq_exit_start(iowq->wq);

	KUNIT_EXPECT_EQ(test, iowq->cancels, 3);
	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, &iowq->work[0]);
	KUNIT_EXPECT_PTR_EQ(test, iowq->work[0].next, NULL);
	for (i = 0; i < 3; i++)
		iowq_expect_idle(test, iowq->dummy[i]);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
}

#define IOWQ_COST_N 100000
#define IOWQ_COST_K 100

/* @k callbacks at the tail, and @n unrelated works before them */
static void iowq_cancel_cost(struct kunit *test, struct callback_head *work,
			     int n, struct io_worker *worker, int k)
{
	struct iowq *iowq = test->priv;
	int i;

	for (i = 0; i < k; i++) {
		iowq_init_worker(&worker[i], iowq->wq);
		iowq_requeue_late(&worker[i]);
	}
	for (i = 0; i < n; i++) {
		init_task_work(&work[i], iowq_func);
		task_work_add(iowq->task, &work[i], TWA_NONE);
	}
	iowq->calls = 0;
	iowq->walks = 0;
	io_wq_cancel_tw_create(iowq->wq);
	kunit_info(test, "cost cancel-create-once: %d %d %d %d\n", n, k,
		   iowq->calls, iowq->walks);
	KUNIT_EXPECT_EQ(test, iowq->calls, n + k + n);
	KUNIT_EXPECT_EQ(test, iowq->walks, 2);
	if (n == 1000 && k == 100)
		kunit_info(test, "figure cancel-create-once: %d calls, %d locks\n",
			   iowq->calls, iowq->walks);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
	iowq->task->task_works = NULL;
}

/* pins cancel-create-once: a walk for all of them, and one that finds none. */
static void io_wq_test_cancel_cost(struct kunit *test)
{
	struct callback_head *work;
	struct io_worker *worker;
	int n, k;

	worker = kunit_kcalloc(test, IOWQ_COST_K, sizeof(*worker), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, worker);
	work = kvcalloc(IOWQ_COST_N, sizeof(*work), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, work);
	kunit_activate_static_stub(test, io_task_work_match,
				   iowq_work_match_stub);
	for (n = 100; n <= IOWQ_COST_N; n *= 10)
		for (k = 1; k <= IOWQ_COST_K; k *= 10)
			iowq_cancel_cost(test, work, n, worker, k);
	kvfree(work);
}

static void iowq_then_exit_start(struct iowq *iowq, struct io_worker *worker)
{
	KUNIT_EXPECT_FALSE(iowq->test,
			   test_bit(IO_WQ_BIT_EXIT, &worker->wq->state));
	io_wq_exit_start(worker->wq);
}

/* cancel-create-once: exit starts between the two looks of an adder. */
static void io_wq_test_late_arrival(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *early = iowq_dummy(test, iowq->wq);
	struct io_worker *late = iowq_dummy(test, iowq->wq);

	iowq_add(test, &iowq->work[0]);
	KUNIT_EXPECT_TRUE(test, iowq_queue_cb(early));
	iowq->at = late;
	iowq->then = iowq_then_exit_start;
	kunit_activate_static_stub(test, io_worker_get, iowq_worker_get_stub);
	KUNIT_EXPECT_TRUE(test, iowq_queue_cb(late));

	KUNIT_EXPECT_PTR_EQ(test, iowq->at, NULL);
	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, &iowq->work[0]);
	iowq_expect_idle(test, early);
	iowq_expect_idle(test, late);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
}

/* cancel-create-once: the same for a worker that is to be freed. */
static void io_wq_test_late_arrival_cont(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *late = iowq_dummy(test, iowq->wq);

	iowq->at = late;
	iowq->then = iowq_then_exit_start;
	kunit_activate_static_stub(test, io_worker_get, iowq_worker_get_stub);
	KUNIT_EXPECT_TRUE(test, iowq_queue_cont(late));

	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, NULL);
	iowq_expect_freed(test, late);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
}

static void iowq_wait_started(struct kunit *test)
{
	struct iowq *iowq = test->priv;

	KUNIT_EXPECT_NE(test, 0,
			wait_for_completion_timeout(&iowq->started,
						    IOWQ_PATIENCE));
}

static int iowq_put_thread(void *data)
{
	struct iowq *iowq = data;

	io_wq_put_and_exit(iowq->wq);
	complete(&iowq->started);
	return 0;
}

/* cancel-create-once: added after exit start, and its adder has yet to look. */
static void io_wq_test_exit_workers_late(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);
	struct io_wq *wq = iowq->wq;
	struct task_struct *tsk;

	iowq_add(test, &iowq->work[0]);
	io_wq_exit_start(wq);
	iowq_requeue_late(worker);
	tsk = kthread_run(iowq_put_thread, iowq, "io-wq_kunit_put");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, tsk);
	if (!wait_for_completion_timeout(&iowq->started, IOWQ_PATIENCE)) {
		KUNIT_FAIL(test, "the exit waits for a callback");
		complete(&wq->worker_done);
		wait_for_completion(&iowq->started);
	}
	iowq_expect_idle(test, worker);
	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, &iowq->work[0]);
	/* one for io_wq_test_exit() */
	iowq->wq = iowq_create_wq(test, iowq->task);
}

static int iowq_exit_thread(void *data)
{
	struct io_worker *worker = data;
	struct iowq *iowq = current->kunit_test->priv;

	set_mask_bits(&worker->flags, 0,
		      BIT(IO_WORKER_F_UP) | BIT(IO_WORKER_F_RUNNING));
	iowq->then(iowq, worker);
	io_worker_exit(worker);
	return 0;
}

/* A real worker that calls @then, and then exits. */
static struct io_worker *
iowq_exit_worker(struct kunit *test,
		 void (*then)(struct iowq *iowq, struct io_worker *worker))
{
	struct iowq *iowq = test->priv;
	struct io_wq_acct *acct = io_get_acct(iowq->wq, false);
	struct io_worker *worker;
	struct task_struct *tsk;

	worker = kzalloc_obj(*worker);
	KUNIT_ASSERT_NOT_NULL(test, worker);
	refcount_set(&worker->ref, 1);
	worker->wq = iowq->wq;
	io_worker_set_acct(worker, acct);
	raw_spin_lock_init(&worker->lock);
	init_completion(&worker->ref_done);
	iowq->then = then;

	tsk = create_io_thread(iowq_exit_thread, worker, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, tsk);
	acct->nr_workers++;
	atomic_inc(&acct->nr_running);
	atomic_inc(&iowq->wq->worker_refs);
	io_init_new_worker(iowq->wq, acct, worker, tsk);
	return worker;
}

static void iowq_then_queue_cb(struct iowq *iowq, struct io_worker *worker)
{
	KUNIT_EXPECT_TRUE(iowq->test, iowq_queue_cb(worker));
	KUNIT_EXPECT_TRUE(iowq->test, iowq_queue_cb(iowq->dummy[1]));
	complete(&iowq->started);
}

/* cancel-create-once: a worker takes its own callback along, and no other. */
static void io_wq_test_worker_exit_queued(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *before = iowq_dummy(test, iowq->wq);
	struct io_worker *after = iowq_dummy(test, iowq->wq);

	iowq_add(test, &iowq->work[0]);
	KUNIT_EXPECT_TRUE(test, iowq_queue_cb(before));
	iowq_exit_worker(test, iowq_then_queue_cb);
	iowq_wait_started(test);

	/* if it doesn't, it waits for ever for the reference of the callback */
	KUNIT_EXPECT_TRUE(test, iowq_wait_refs(iowq->wq, 3));
	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, &after->create_work);
	KUNIT_EXPECT_PTR_EQ(test, after->create_work.next,
			    &before->create_work);
	KUNIT_EXPECT_PTR_EQ(test, before->create_work.next, &iowq->work[0]);
	KUNIT_EXPECT_TRUE(test, test_bit(0, &before->create_state));
	KUNIT_EXPECT_TRUE(test, test_bit(0, &after->create_state));
	KUNIT_EXPECT_TRUE(test, list_empty(io_wq_all_list(iowq->wq)));
	iowq_expect_acct(test, iowq->wq, 2, 1, 3);
}

/*
 * Something that the match function would say yes to, although the bit is
 * clear. It stays if nobody asks.
 */
static void iowq_then_add_unmarked(struct iowq *iowq, struct io_worker *worker)
{
	init_task_work(&worker->create_work, create_worker_cb);
	task_work_add(iowq->task, &worker->create_work, TWA_NONE);
}

/* pins cancel-create-once: a worker that queued nothing doesn't walk the list. */
static void io_wq_test_worker_exit_not_queued(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct callback_head *head;
	struct io_worker *worker;

	iowq_add(test, &iowq->work[0]);
	kunit_activate_static_stub(test, io_worker_cancel_cb,
				   iowq_cancel_cb_stub);
	kunit_activate_static_stub(test, io_task_worker_match,
				   iowq_worker_match_stub);
	worker = iowq_exit_worker(test, iowq_then_add_unmarked);
	KUNIT_EXPECT_TRUE(test, iowq_wait_refs(iowq->wq, 1));

	/* its memory is gone: compare it, but don't look at it */
	head = xchg(&iowq->task->task_works, NULL);
	KUNIT_EXPECT_PTR_EQ(test, head, &worker->create_work);
	KUNIT_EXPECT_EQ(test, iowq->calls, 0);
	KUNIT_EXPECT_EQ(test, iowq->cancels, 0);
	iowq_expect_acct(test, iowq->wq, 0, 1, 1);
}

static void iowq_submit_work_stub(struct io_wq_work *work)
{
	struct iowq_item *item = container_of(work, struct iowq_item, req.work);
	struct iowq *iowq = current->kunit_test->priv;

	item->task = current;
	if (atomic_read(&work->flags) & IO_WQ_WORK_CANCEL) {
		item->cancelled++;
		return;
	}
	item->ran++;
	iowq->order[strlen(iowq->order)] = 'a' + (item - iowq->item);
	iowq->most_running = max(iowq->most_running, ++iowq->running);
	complete(&iowq->started);
	if (item->then)
		item->then(item);
	if (item->msecs)
		schedule_timeout_interruptible(msecs_to_jiffies(item->msecs));
	iowq->running--;
}

static bool iowq_put_work_stub(struct io_wq_work *work,
			       struct io_wq_work **linked)
{
	struct iowq_item *item = container_of(work, struct iowq_item, req.work);

	*linked = item->link ? &item->link->req.work : NULL;
	return !item->kept;
}

static void iowq_free_work_stub(struct io_wq_work *work)
{
	container_of(work, struct iowq_item, req.work)->freed++;
}

static struct iowq_item *iowq_items(struct kunit *test, unsigned int flags,
				    unsigned int msecs)
{
	struct iowq *iowq = test->priv;
	int i;

	kunit_activate_static_stub(test, io_wq_submit_work,
				   iowq_submit_work_stub);
	kunit_activate_static_stub(test, io_wq_put_work, iowq_put_work_stub);
	kunit_activate_static_stub(test, io_wq_free_work, iowq_free_work_stub);
	for (i = 0; i < IOWQ_ITEMS; i++) {
		iowq->item[i].req.ctx = iowq->ctx;
		iowq->item[i].msecs = msecs;
		atomic_set(&iowq->item[i].req.work.flags, flags);
	}
	return iowq->item;
}

/* Each item as a letter: R for ran, C cancelled, - neither, 2 more than once. */
static void iowq_expect_items(struct kunit *test, const char *want)
{
	struct iowq *iowq = test->priv;
	char got[IOWQ_ITEMS + 1] = "";
	int i;

	for (i = 0; want[i]; i++) {
		struct iowq_item *item = &iowq->item[i];

		got[i] = '-';
		if (item->ran + item->cancelled > 1)
			got[i] = '2';
		else if (item->ran)
			got[i] = 'R';
		else if (item->cancelled)
			got[i] = 'C';
		KUNIT_EXPECT_EQ(test, item->freed, 1);
	}
	KUNIT_EXPECT_STREQ(test, got, want);
}

/* io_wq_enqueue: a worker is created, runs the work, and then the next one. */
static void io_wq_test_worker(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);

	io_wq_enqueue(iowq->wq, &item->req.work);
	iowq_expect_acct(test, iowq->wq, 1, 1, 2);
	iowq_wait_started(test);
	schedule_timeout_uninterruptible(2);
	iowq_expect_items(test, "R");
	KUNIT_EXPECT_EQ(test, item->task->flags & PF_IO_WORKER, PF_IO_WORKER);
	/* idle, and not counted as running */
	iowq_expect_acct(test, iowq->wq, 0, 1, 2);

	io_wq_enqueue(iowq->wq, &item[1].req.work);
	iowq_wait_started(test);
	KUNIT_EXPECT_PTR_EQ(test, item[1].task, item[0].task);
	iowq_expect_items(test, "RR");
	iowq_expect_acct(test, iowq->wq, 0, 1, 2);
}

/* io_wq_enqueue: once the exit bit is set, a chain is cancelled on the spot. */
static void io_wq_test_enqueue_exit(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);

	item[0].link = &item[1];
	io_wq_exit_start(iowq->wq);
	io_wq_enqueue(iowq->wq, &item->req.work);
	iowq_expect_items(test, "CC");
	KUNIT_EXPECT_PTR_EQ(test, item[1].task, current);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
}

/* io_wq_set_exit_on_idle: idle workers leave, and all counts are as before. */
static void io_wq_test_exit_on_idle(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);

	io_wq_enqueue(iowq->wq, &item->req.work);
	iowq_wait_started(test);
	schedule_timeout_uninterruptible(2);
	io_wq_set_exit_on_idle(iowq->wq, true);
	KUNIT_EXPECT_TRUE(test, iowq_wait_refs(iowq->wq, 1));
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
}

/*
 * An io_wq of this thread, with one worker that sleeps in its first item, which
 * has made it ask for another worker: the second item is pending.
 */
static struct io_wq *iowq_sleeping_worker(struct kunit *test)
{
	struct io_wq *wq = iowq_create_wq(test, current);
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 3000);

	io_wq_enqueue(wq, &item[0].req.work);
	io_wq_enqueue(wq, &item[1].req.work);
	iowq_wait_started(test);
	iowq_expect_acct(test, wq, 1, 1, 3);
	KUNIT_EXPECT_TRUE(test, task_work_pending(current));
	return wq;
}

/* create_worker_cb: run by the owner, it creates the worker asked for. */
static void io_wq_test_create_worker_cb(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_wq *wq = iowq_sleeping_worker(test);
	struct iowq_item *item = iowq->item;

	clear_notify_signal();
	task_work_run();
	iowq_wait_started(test);
	KUNIT_EXPECT_EQ(test, item[1].ran, 1);
	KUNIT_EXPECT_PTR_NE(test, item[0].task, item[1].task);
	iowq_expect_acct(test, wq, 0, 2, 3);
	iowq_put_wq(test, wq);
	iowq_expect_items(test, "RR");
}

/* cancel-create-once: exit starts with the callback of a real worker queued. */
static void io_wq_test_exit_start_queued(struct kunit *test)
{
	struct io_wq *wq = iowq_sleeping_worker(test);

	io_wq_exit_start(wq);
	KUNIT_EXPECT_FALSE(test, task_work_pending(current));
	iowq_expect_acct(test, wq, 0, 1, 2);
	iowq_put_wq(test, wq);
	clear_notify_signal();
	/* the worker gets to the second item, as it is its last look */
	iowq_expect_items(test, "RC");
}

/* create_io_thread() fails with -ERESTARTNOINTR, to be tried again in 5 ms. */
static void iowq_enqueue_no_thread(struct io_wq *wq, struct io_wq_work *work)
{
	allow_signal(SIGUSR1);
	send_sig(SIGUSR1, current, 1);
	io_wq_enqueue(wq, work);
	flush_signals(current);
	disallow_signal(SIGUSR1);
}

/* create_worker_cont: a creation that a signal interrupted is retried. */
static void io_wq_test_create_worker_cont(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_wq *wq = iowq_create_wq(test, current);
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	int i;

	iowq_enqueue_no_thread(wq, &item->req.work);
	iowq_expect_acct(test, wq, 1, 1, 2);
	KUNIT_EXPECT_FALSE(test, task_work_pending(current));
	for (i = 0; i < IOWQ_PATIENCE && !task_work_pending(current); i++)
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_EQ(test, item->ran, 0);
	clear_notify_signal();
	task_work_run();
	iowq_wait_started(test);
	schedule_timeout_uninterruptible(1);
	iowq_expect_items(test, "R");
	iowq_expect_acct(test, wq, 0, 1, 2);
	iowq_put_wq(test, wq);
	KUNIT_EXPECT_EQ(test, iowq->item[0].freed, 1);
}

/* cancel-create-once: exit starts while a retried creation is queued. */
static void io_wq_test_exit_start_cont(struct kunit *test)
{
	struct io_wq *wq = iowq_create_wq(test, current);
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	int i;

	iowq_enqueue_no_thread(wq, &item->req.work);
	for (i = 0; i < IOWQ_PATIENCE && !task_work_pending(current); i++)
		schedule_timeout_uninterruptible(1);
	io_wq_exit_start(wq);
	clear_notify_signal();
	KUNIT_EXPECT_FALSE(test, task_work_pending(current));
	iowq_expect_acct(test, wq, 0, 0, 1);
	iowq_put_wq(test, wq);
	iowq_expect_items(test, "C");
}

static const struct iowq_chain {
	const char *desc;
	unsigned int flags;
	int nr;
	bool linked, hashed, exit;
	unsigned int msecs;
	const char *want;
	int least;
} iowq_chains[] = {
	{ "three unbound links", IO_WQ_WORK_UNBOUND, 3, .linked = true,
	  .exit = true, .msecs = 3000, .want = "RCC" },
	{ "three unbound links, no exit", IO_WQ_WORK_UNBOUND, 3, .linked = true,
	  .msecs = 200, .want = "RRR", .least = 600 },
	{ "three bounded links", 0, 3, .linked = true, .exit = true,
	  .msecs = 3000, .want = "RRR" },
	{ "unbound, then hashed links", IO_WQ_WORK_UNBOUND, 3, .linked = true,
	  .hashed = true, .exit = true, .msecs = 3000, .want = "RCC" },
	{ "one unbound item", IO_WQ_WORK_UNBOUND, 1, .exit = true,
	  .msecs = 3000, .want = "R" },
	{ "one bounded item", 0, 1, .exit = true, .msecs = 3000, .want = "R" },
	{ "two unbound items, no link", IO_WQ_WORK_UNBOUND, 2, .exit = true,
	  .msecs = 3000, .want = "RC" },
};

static void iowq_chain_desc(const struct iowq_chain *chain, char *desc)
{
	strscpy(desc, chain->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(iowq_chains, iowq_chains, iowq_chain_desc);

/* pins exit-per-link: the exit bit is sampled for each item of a chain. */
static void io_wq_test_exit_per_link(struct kunit *test)
{
	const struct iowq_chain *chain = test->param_value;
	struct iowq *iowq = test->priv;
	struct io_wq *wq = iowq_create_wq(test, iowq->task);
	struct iowq_item *item = iowq_items(test, chain->flags, chain->msecs);
	ktime_t start;
	s64 took_ms;
	int i;

	/* one worker does it all */
	io_get_acct(wq, false)->max_workers = 1;
	io_get_acct(wq, true)->max_workers = 1;
	for (i = 0; i < chain->nr; i++) {
		if (i && chain->hashed)
			io_wq_hash_work(&item[i].req.work, test);
		if (i && chain->linked)
			item[i - 1].link = &item[i];
	}
	for (i = 0; i < (chain->linked ? 1 : chain->nr); i++)
		io_wq_enqueue(wq, &item[i].req.work);
	iowq_wait_started(test);

	start = ktime_get();
	if (!chain->exit)
		while (!READ_ONCE(item[chain->nr - 1].freed) &&
		       ktime_ms_delta(ktime_get(), start) < 60 * MSEC_PER_SEC)
			schedule_timeout_uninterruptible(1);
	iowq_put_wq(test, wq);
	took_ms = ktime_ms_delta(ktime_get(), start);
	/* simulated time, but 300 ms are enough for a real processor as well */
	KUNIT_EXPECT_GE(test, took_ms, chain->least);
	KUNIT_EXPECT_LT(test, took_ms, chain->least + 300);
	if (chain == iowq_chains)
		kunit_info(test,
			   "figure exit-per-link: %lld ms from exit to done\n",
			   took_ms);
	iowq_expect_items(test, chain->want);
}

static void iowq_enqueue(struct kunit *test, struct io_wq *wq, const char *s)
{
	struct iowq *iowq = test->priv;

	for (; *s; s++)
		io_wq_enqueue(wq, &iowq->item[*s - 'a'].req.work);
}

/* A worker that has just been created is as good as a free one: let it start. */
static void iowq_enqueue_slowly(struct kunit *test, const char *s)
{
	struct iowq *iowq = test->priv;

	for (; *s; s++) {
		io_wq_enqueue(iowq->wq, &iowq->item[*s - 'a'].req.work);
		schedule_timeout_idle(msecs_to_jiffies(20));
	}
}

/* 'X' and 'Y' are hashed, '-' isn't. X is bucket 0, as if it had no hash. */
static void iowq_hash(struct iowq_item *item, char hash)
{
	if (hash != '-')
		io_wq_hash_work(&item->req.work, (void *)(hash - 'X' + 0L));
}

static void iowq_sleep(unsigned int msecs)
{
	schedule_timeout_idle(msecs_to_jiffies(msecs));
}

static void iowq_then_stopped(struct iowq_item *item)
{
	struct kunit *test = current->kunit_test;

	KUNIT_EXPECT_FALSE(test, io_wq_worker_stopped());
	iowq_sleep(100);
	KUNIT_EXPECT_TRUE(test, io_wq_worker_stopped());
}

/* io_wq_worker_stopped: tells running work that the exit has started. */
static void io_wq_test_worker_stopped(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);

	item->then = iowq_then_stopped;
	iowq_enqueue(test, iowq->wq, "a");
	iowq_wait_started(test);
	io_wq_exit_start(iowq->wq);
	KUNIT_EXPECT_TRUE(test, iowq_wait_refs(iowq->wq, 1));
	iowq_expect_items(test, "R");
}

/* io_wq_enqueue: work that is marked for cancel doesn't get to a worker. */
static void io_wq_test_enqueue_cancelled(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_CANCEL, 0);

	iowq_enqueue(test, iowq->wq, "a");
	iowq_expect_items(test, "C");
	KUNIT_EXPECT_PTR_EQ(test, item->task, current);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
}

/* io_wq_put_work: work that somebody else has a reference of isn't freed. */
static void io_wq_test_work_kept(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);

	item[0].kept = true;
	iowq_enqueue(test, iowq->wq, "a");
	iowq_wait_started(test);
	iowq_sleep(20);
	KUNIT_EXPECT_EQ(test, item[0].freed, 0);
	item[1].kept = true;
	io_wq_exit_start(iowq->wq);
	iowq_enqueue(test, iowq->wq, "b");
	KUNIT_EXPECT_EQ(test, item[1].cancelled, 1);
	KUNIT_EXPECT_EQ(test, item[1].freed, 0);
}

/* io_wq_max_workers: says what it was, 0 changes nothing, RLIMIT_NPROC caps. */
static void io_wq_test_max_workers(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct rlimit *rlimit = &current->signal->rlim[RLIMIT_NPROC];
	struct rlimit saved = *rlimit;
	struct io_wq_acct *unbound = io_get_acct(iowq->wq, false);
	struct io_wq_acct *bound = io_get_acct(iowq->wq, true);
	int count[2] = { 3, 0 };

	rlimit->rlim_cur = 20;
	unbound->max_workers = 7;
	KUNIT_EXPECT_EQ(test, 0, io_wq_max_workers(iowq->wq, count));
	KUNIT_EXPECT_EQ(test, count[0], IOWQ_NR);
	KUNIT_EXPECT_EQ(test, count[1], 7);
	KUNIT_EXPECT_EQ(test, bound->max_workers, 3);
	KUNIT_EXPECT_EQ(test, unbound->max_workers, 7);

	count[0] = 0;
	count[1] = 21;
	KUNIT_EXPECT_EQ(test, 0, io_wq_max_workers(iowq->wq, count));
	KUNIT_EXPECT_EQ(test, count[0], 3);
	KUNIT_EXPECT_EQ(test, count[1], 7);
	KUNIT_EXPECT_EQ(test, bound->max_workers, 3);
	KUNIT_EXPECT_EQ(test, unbound->max_workers, 20);
	*rlimit = saved;
}

/* io_wq_enqueue: concurrent work gets a worker each, up to the limit. */
static void io_wq_test_limit(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	unsigned int flags = IO_WQ_WORK_UNBOUND | IO_WQ_WORK_CONCURRENT;

	iowq_items(test, flags, 200);
	io_get_acct(iowq->wq, false)->max_workers = 2;
	iowq_enqueue_slowly(test, "abc");
	iowq_expect_acct(test, iowq->wq, 0, 2, 3);
	KUNIT_EXPECT_STREQ(test, iowq->order, "ab");
	/* at the limit, the third one has to wait */
	iowq_sleep(600);
	iowq_expect_items(test, "RRR");
	KUNIT_EXPECT_EQ(test, iowq->most_running, 2);
	iowq_expect_acct(test, iowq->wq, 0, 2, 3);
}

static void iowq_then_enqueue_two(struct iowq_item *item)
{
	struct kunit *test = current->kunit_test;
	struct io_worker *worker = current->worker_private;

	/* if this one doesn't sleep, it will get to it */
	iowq_enqueue(test, worker->wq, "b");
	iowq_expect_acct(test, worker->wq, 1, 1, 2);
	atomic_or(IO_WQ_WORK_CONCURRENT, &item[2].req.work.flags);
	iowq_enqueue(test, worker->wq, "c");
	iowq_expect_acct(test, worker->wq, 2, 2, 3);
}

/* IO_WQ_WORK_CONCURRENT: doesn't wait for the worker that is running. */
static void io_wq_test_concurrent(struct kunit *test)
{
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	struct iowq *iowq = test->priv;

	item->then = iowq_then_enqueue_two;
	iowq_enqueue(test, iowq->wq, "a");
	iowq_sleep(50);
	iowq_expect_items(test, "RRR");
}

/* io_wq_put_and_exit: what no worker has got to by the end is cancelled. */
static void io_wq_test_destroy_pending(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_wq *wq = iowq_create_wq(test, iowq->task);
	struct io_wq_acct *acct = io_get_acct(wq, false);

	iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	/* as if there was a worker already */
	acct->max_workers = 1;
	acct->nr_workers = 1;
	iowq_enqueue(test, wq, "ab");
	acct->nr_workers = 0;
	iowq_sleep(20);
	KUNIT_EXPECT_EQ(test, iowq->item[0].freed, 0);
	iowq_expect_acct(test, wq, 0, 0, 1);
	iowq_put_wq(test, wq);
	iowq_expect_items(test, "CC");
}

static void iowq_run_owner(void)
{
	clear_notify_signal();
	task_work_run();
}

/* create_worker_cb: no worker is created in excess of the limit. */
static void io_wq_test_create_cb_limit(struct kunit *test)
{
	struct io_wq *wq = iowq_create_wq(test, current);
	struct io_worker *worker = iowq_dummy(test, wq);
	struct iowq *iowq = test->priv;

	iowq_items(test, IO_WQ_WORK_UNBOUND, 3000);
	io_get_acct(wq, false)->max_workers = 1;
	iowq_enqueue(test, wq, "a");
	iowq_wait_started(test);
	KUNIT_EXPECT_TRUE(test, iowq_queue_cb(worker));
	iowq_expect_acct(test, wq, 1, 1, 3);
	iowq_run_owner();
	iowq_expect_acct(test, wq, 0, 1, 2);
	iowq_expect_idle(test, worker);
	iowq_put_wq(test, wq);
	KUNIT_EXPECT_STREQ(test, iowq->order, "a");
}

/* create_worker_cb: an idle worker does as well as a new one, since 6.15. */
static void io_wq_test_create_cb_free(struct kunit *test)
{
	struct io_wq *wq = iowq_create_wq(test, current);
	struct io_worker *worker = iowq_dummy(test, wq);

	iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	iowq_enqueue(test, wq, "a");
	iowq_wait_started(test);
	iowq_sleep(20);
	iowq_expect_acct(test, wq, 0, 1, 2);
	KUNIT_EXPECT_TRUE(test, iowq_queue_cb(worker));
	iowq_run_owner();
	iowq_sleep(20);
	iowq_expect_acct(test, wq, 0, 1 + IO_WQ_CREATE_CB_ALWAYS,
			 2 + IO_WQ_CREATE_CB_ALWAYS);
	iowq_expect_idle(test, worker);
	iowq_put_wq(test, wq);
}

/* io_queue_worker_create: a worker that is past its last reference can't. */
static void io_wq_test_queue_gone(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);

	refcount_set(&worker->ref, 0);
	KUNIT_EXPECT_FALSE(test, iowq_queue_cb(worker));
	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, NULL);
	KUNIT_EXPECT_FALSE(test, test_bit(0, &worker->create_state));
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
}

static bool iowq_found_all(struct io_worker *worker, void *data)
{
	struct io_worker **found = data;

	found[!!found[0]] = worker;
	return false;
}

static bool iowq_found_first(struct io_worker *worker, void *data)
{
	iowq_found_all(worker, data);
	return true;
}

/* io_wq_for_each_worker: not those that exit, or have no thread; until told. */
static void io_wq_test_for_each(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct list_head *list = io_wq_all_list(iowq->wq);
	struct io_worker *found[2] = {};
	int i;

	for (i = 0; i < 4; i++) {
		struct io_worker *worker = iowq_dummy(test, iowq->wq);

		worker->task = i == 1 ? NULL : iowq->task;
		list_add_tail(&worker->all_list, list);
	}
	refcount_set(&iowq->dummy[0]->ref, 0);
	io_wq_for_each_worker(iowq->wq, iowq_found_first, found);
	KUNIT_EXPECT_PTR_EQ(test, found[0], iowq->dummy[2]);
	KUNIT_EXPECT_PTR_EQ(test, found[1], NULL);
	found[0] = NULL;
	io_wq_for_each_worker(iowq->wq, iowq_found_all, found);
	KUNIT_EXPECT_PTR_EQ(test, found[0], iowq->dummy[2]);
	KUNIT_EXPECT_PTR_EQ(test, found[1], iowq->dummy[3]);
	for (i = 2; i < 4; i++)
		KUNIT_EXPECT_EQ(test, refcount_read(&iowq->dummy[i]->ref), 1);
	INIT_LIST_HEAD(list);
}

/* The scheduler's hooks: a worker that is up is counted once as running. */
static void io_wq_test_sched_hooks(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);
	struct task_struct *tsk = kunit_kzalloc(test, sizeof(*tsk), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, tsk);
	/* on its way out, it isn't a worker any more */
	io_wq_worker_running(tsk);
	io_wq_worker_sleeping(tsk);
	/* not there yet */
	tsk->worker_private = worker;
	io_wq_worker_running(tsk);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
	io_wq_worker_sleeping(tsk);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);

	set_bit(IO_WORKER_F_UP, &worker->flags);
	io_wq_worker_running(tsk);
	io_wq_worker_running(tsk);
	iowq_expect_acct(test, iowq->wq, 1, 0, 1);
	io_wq_worker_sleeping(tsk);
	io_wq_worker_sleeping(tsk);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, NULL);
}

static const struct iowq_defer {
	const char *desc;
	const char *queued;
	char cur;
	bool asks;
} iowq_defers[] = {
	{ "same hash", "X", 'X', false },
	{ "same hash at the head", "XY", 'X', false },
	{ "another hash at the head", "YX", 'X', true },
	{ "not hashed at the head", "-X", 'X', true },
	{ "sleeping work not hashed", "X", '-', true },
	{ "neither hashed", "-", '-', true },
};

static void iowq_defer_desc(const struct iowq_defer *defer, char *desc)
{
	strscpy(desc, defer->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(iowq_defers, iowq_defers, iowq_defer_desc);

static void iowq_then_queue(struct iowq_item *item)
{
	const struct iowq_defer *defer = current->kunit_test->param_value;
	struct io_worker *worker = current->worker_private;
	int i;

	for (i = 0; defer->queued[i]; i++)
		io_wq_enqueue(worker->wq, &item[i + 1].req.work);
}

/*
 * io_wq_dec_running: a worker that goes to sleep asks for another one, unless,
 * on newer kernels, that one would only stall on the hash of the first.
 */
static void io_wq_test_sleep_hashed(struct kunit *test)
{
	const struct iowq_defer *defer = test->param_value;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 50);
	struct io_wq *wq = iowq_create_wq(test, current);
	int i;

	item->then = iowq_then_queue;
	iowq_hash(item, defer->cur);
	for (i = 0; defer->queued[i]; i++)
		iowq_hash(&item[i + 1], defer->queued[i]);
	iowq_enqueue(test, wq, "a");
	iowq_wait_started(test);
	KUNIT_EXPECT_EQ(test, task_work_pending(current),
			defer->asks || IO_WQ_ASKS_ALWAYS);
	/* whoever does it, it gets done */
	iowq_sleep(300);
	iowq_expect_items(test, defer->queued[1] ? "RRR" : "RR");
	iowq_put_wq(test, wq);
	iowq_run_owner();
}

/* io_wq_hash_work: one at a time with one hash, at once with several. */
static void io_wq_test_hash_serial(struct kunit *test)
{
	unsigned int flags = IO_WQ_WORK_UNBOUND | IO_WQ_WORK_CONCURRENT;
	struct iowq_item *item = iowq_items(test, flags, 100);
	struct iowq *iowq = test->priv;
	struct io_wq_acct *acct = io_get_acct(iowq->wq, false);
	int i;

	for (i = 0; i < 4; i++)
		iowq_hash(&item[i], i == 3 ? 'Y' : 'X');
	iowq_enqueue(test, iowq->wq, "a");
	iowq_wait_started(test);
	/* the second worker finds nothing that it may run */
	iowq_enqueue(test, iowq->wq, "b");
	iowq_sleep(20);
	KUNIT_EXPECT_STREQ(test, iowq->order, "a");
	KUNIT_EXPECT_TRUE(test, test_bit(IO_ACCT_STALLED_BIT, &acct->flags));
	/* more work means another look */
	iowq_enqueue(test, iowq->wq, "cd");
	iowq_sleep(20);
	KUNIT_EXPECT_STREQ(test, iowq->order, "ad");
	iowq_sleep(500);
	KUNIT_EXPECT_STREQ(test, iowq->order, "adbc");
	iowq_expect_items(test, "RRRR");
	KUNIT_EXPECT_EQ(test, iowq->most_running, 2);
	KUNIT_EXPECT_FALSE(test, test_bit(IO_ACCT_STALLED_BIT, &acct->flags));
}

/* io_wq_hash_wake: who has the hash, of another task, wakes all that stall. */
static void io_wq_test_hash_wake(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_wq_data data = {
		.task = iowq->task, .hash = iowq->wq->hash, IO_WQ_DATA_FNS
	};
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 100);
	struct io_wq *other = io_wq_create(IOWQ_NR, &data);
	int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	for (i = 0; i < 3; i++)
		iowq_hash(&item[i], 'X');
	/* with the one more that is bound, both kinds of worker stall */
	atomic_andnot(IO_WQ_WORK_UNBOUND, &item[2].req.work.flags);
	iowq_enqueue(test, iowq->wq, "a");
	iowq_wait_started(test);
	iowq_enqueue(test, other, "bc");
	iowq_sleep(50);
	KUNIT_EXPECT_STREQ(test, iowq->order, "a");
	KUNIT_EXPECT_TRUE(test, wq_has_sleeper(&data.hash->wait));
	iowq_sleep(300);
	KUNIT_EXPECT_EQ(test, strlen(iowq->order), 3);
	KUNIT_EXPECT_EQ(test, iowq->most_running, 1);
	KUNIT_EXPECT_FALSE(test, wq_has_sleeper(&data.hash->wait));
	iowq_put_wq(test, other);
	iowq_expect_items(test, "RRR");
}

/* Whoever has the hash lets go of it before the worker is on the wait queue. */
static bool iowq_wait_on_hash_stub(struct io_wq *wq, unsigned int hash)
{
	struct kunit *test = current->kunit_test;
	bool ret;

	clear_bit(hash, &wq->hash->map);
	current->kunit_test = NULL;
	ret = io_wait_on_hash(wq, hash);
	current->kunit_test = test;
	return ret;
}

/* io_wait_on_hash: a hash that is free by now is nothing to wait for. */
static void io_wq_test_hash_unstalled(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_wq_data data = {
		.task = iowq->task, .hash = iowq->wq->hash, IO_WQ_DATA_FNS
	};
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	struct io_wq *other = io_wq_create(IOWQ_NR, &data);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	iowq_hash(&item[0], 'X');
	iowq_hash(&item[1], 'X');
	set_bit(io_get_work_hash(&item->req.work), &data.hash->map);
	iowq_enqueue(test, other, "a");
	iowq_sleep(20);
	KUNIT_EXPECT_TRUE(test, wq_has_sleeper(&data.hash->wait));
	kunit_activate_static_stub(test, io_wait_on_hash,
				   iowq_wait_on_hash_stub);
	iowq_enqueue(test, iowq->wq, "b");
	iowq_sleep(20);
	iowq_expect_items(test, "RR");
	KUNIT_EXPECT_EQ(test, data.hash->map, 0);
	KUNIT_EXPECT_FALSE(test, wq_has_sleeper(&data.hash->wait));

	/* the same with nobody else waiting */
	iowq_hash(&item[2], 'X');
	set_bit(io_get_work_hash(&item->req.work), &data.hash->map);
	iowq_enqueue(test, iowq->wq, "c");
	iowq_sleep(20);
	iowq_expect_items(test, "RRR");
	KUNIT_EXPECT_EQ(test, data.hash->map, 0);
	iowq_put_wq(test, other);
}

/* io_worker_handle_work: a hashed link is queued, and waits for its hash. */
static void io_wq_test_link_hashed(struct kunit *test)
{
	unsigned int flags = IO_WQ_WORK_UNBOUND | IO_WQ_WORK_CONCURRENT;
	struct iowq_item *item = iowq_items(test, flags, 0);
	struct iowq *iowq = test->priv;

	item[0].msecs = 200;
	item[1].msecs = 100;
	iowq_hash(&item[0], 'Y');
	iowq_hash(&item[2], 'Y');
	item[1].link = &item[2];
	iowq_enqueue_slowly(test, "ab");
	iowq_sleep(120);
	KUNIT_EXPECT_STREQ(test, iowq->order, "ab");
	KUNIT_EXPECT_EQ(test, item[1].freed, 1);
	iowq_sleep(150);
	iowq_expect_items(test, "RRR");
}

/* io_worker_handle_work: work without a hash lets go of nobody's hash. */
static void io_wq_test_hash_others(struct kunit *test)
{
	unsigned int flags = IO_WQ_WORK_UNBOUND | IO_WQ_WORK_CONCURRENT;
	struct iowq_item *item = iowq_items(test, flags, 200);
	struct iowq *iowq = test->priv;

	if (IO_WQ_NO_HASH_IS_0)
		kunit_skip(test, "it lets go of the first bucket here");
	iowq_hash(&item[0], 'X');
	iowq_hash(&item[2], 'X');
	item[1].msecs = 50;
	iowq_enqueue_slowly(test, "ab");
	iowq_sleep(60);
	iowq_enqueue_slowly(test, "c");
	KUNIT_EXPECT_EQ(test, item[1].freed, 1);
	KUNIT_EXPECT_STREQ(test, iowq->order, "ab");
	iowq_sleep(500);
	iowq_expect_items(test, "RRR");
}

static const struct iowq_removal {
	const char *desc;
	const char *hashes; /* of b, c, ..., a is what the worker runs */
	char cancel;
	const char *order;
} iowq_removals[] = {
	{ "head of a hash", "XXX", 'b', "acdf" },
	{ "middle of a hash", "XXX", 'c', "abdf" },
	{ "tail of a hash", "XXX", 'd', "abcf" },
	{ "tail of a hash, one without behind it", "XX-", 'c', "abfd" },
	{ "all of a hash", "X", 'b', "af" },
	{ "all of a hash, behind another", "YX", 'c', "abf" },
	{ "all of a hash, behind one without", "-X", 'c', "abf" },
	{ "all of a hash, between two without", "-X-", 'c', "abdf" },
	{ "one without a hash", "-X-", 'b', "acfd" },
	{ "last one, no hash", "X-", 'c', "abf" },
	{ "none, hashes are kept together", "XYX", 0, "abdfc" },
};

static void iowq_removal_desc(const struct iowq_removal *removal, char *desc)
{
	strscpy(desc, removal->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(iowq_removals, iowq_removals, iowq_removal_desc);

/* io_wq_cancel_cb: the rest of the list is as if that work had never been. */
static void io_wq_test_remove_pending(struct kunit *test)
{
	const struct iowq_removal *removal = test->param_value;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 50);
	struct iowq *iowq = test->priv;
	struct io_wq_work *work = NULL;
	int i;

	io_get_acct(iowq->wq, false)->max_workers = 1;
	iowq_enqueue(test, iowq->wq, "a");
	iowq_wait_started(test);
	for (i = 0; removal->hashes[i]; i++) {
		iowq_hash(&item[i + 1], removal->hashes[i]);
		io_wq_enqueue(iowq->wq, &item[i + 1].req.work);
	}
	if (removal->cancel) {
		work = &item[removal->cancel - 'a'].req.work;
		KUNIT_EXPECT_EQ(test, IO_WQ_CANCEL_OK,
				io_wq_cancel_cb(iowq->wq, io_wq_work_match_item,
						work, false));
		KUNIT_EXPECT_EQ(test, item[removal->cancel - 'a'].freed, 1);
	}
	iowq_hash(&item[5], 'X');
	iowq_enqueue(test, iowq->wq, "f");
	iowq_sleep(600);
	KUNIT_EXPECT_STREQ(test, iowq->order, removal->order);
}

static bool iowq_match(struct io_wq_work *work, void *data)
{
	struct iowq_item *item = container_of(work, struct iowq_item, req.work);
	struct iowq *iowq = current->kunit_test->priv;

	return strchr(data, 'a' + (item - iowq->item));
}

static const struct iowq_match {
	const char *desc;
	char *match;
	bool all;
	enum io_wq_cancel ret;
	/* C: cancelled, F: running or next, and flagged, -: left alone */
	const char *want;
	bool hashed;
} iowq_matches[] = {
	{ "none", "", false, IO_WQ_CANCEL_NOTFOUND, "-----" },
	{ "none of all", "", true, IO_WQ_CANCEL_NOTFOUND, "-----" },
	{ "pending", "b", false, IO_WQ_CANCEL_OK, "-C---" },
	{ "pending, bounded", "d", false, IO_WQ_CANCEL_OK, "---C-" },
	{ "the first pending one", "be", false, IO_WQ_CANCEL_OK, "-C---" },
	{ "the first pending one, bounded first", "bd", false,
	  IO_WQ_CANCEL_OK, "---C-" },
	{ "all pending ones", "bde", true, IO_WQ_CANCEL_OK, "-C-CC" },
	{ "running", "a", false, IO_WQ_CANCEL_RUNNING, "F----" },
	{ "running, bounded", "c", false, IO_WQ_CANCEL_RUNNING, "--F--" },
	{ "all running ones", "ac", true, IO_WQ_CANCEL_RUNNING, "F-F--" },
	{ "pending before running", "ab", false, IO_WQ_CANCEL_OK, "-C---" },
	{ "pending and running", "ab", true, IO_WQ_CANCEL_RUNNING, "FC---" },
	{ "all", "abcde", true, IO_WQ_CANCEL_RUNNING, "FCFCC" },
	{ "next of a hash", "c", false, IO_WQ_CANCEL_RUNNING, "--F--", true },
	{ "one of the next", "bcd", false, IO_WQ_CANCEL_RUNNING, "-F---", true },
	{ "all of the next", "bd", true, IO_WQ_CANCEL_RUNNING, "-F-F-", true },
	{ "running, not the next", "abc", false, IO_WQ_CANCEL_RUNNING, "F----",
	  true },
	{ "running and next", "abe", true, IO_WQ_CANCEL_RUNNING, "FF--F", true },
};

static void iowq_match_desc(const struct iowq_match *match, char *desc)
{
	strscpy(desc, match->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(iowq_matches, iowq_matches, iowq_match_desc);

/* Which items have the flag or have been cancelled, in the letters above. */
static void iowq_expect_flagged(struct kunit *test, const char *want)
{
	struct iowq *iowq = test->priv;
	char got[IOWQ_ITEMS + 1] = "";
	int i;

	for (i = 0; want[i]; i++) {
		struct iowq_item *item = &iowq->item[i];

		if (item->cancelled)
			got[i] = 'C';
		else
			got[i] = atomic_read(&item->req.work.flags) &
				 IO_WQ_WORK_CANCEL ? 'F' : '-';
	}
	KUNIT_EXPECT_STREQ(test, got, want);
}

/* io_wq_cancel_cb: what is pending goes, what runs is flagged and signalled. */
static void io_wq_test_match(struct kunit *test)
{
	const struct iowq_match *match = test->param_value;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 300);
	struct iowq *iowq = test->priv;
	int i;

	kunit_simulated_time(test);
	io_get_acct(iowq->wq, false)->max_workers = 1;
	io_get_acct(iowq->wq, true)->max_workers = 1;
	if (match->hashed) {
		/* one worker takes them all at once */
		for (i = 0; i < 5; i++)
			iowq_hash(&item[i], 'X');
	} else {
		atomic_andnot(IO_WQ_WORK_UNBOUND, &item[2].req.work.flags);
		atomic_andnot(IO_WQ_WORK_UNBOUND, &item[3].req.work.flags);
	}
	iowq_enqueue(test, iowq->wq, "abcde");
	iowq_sleep(20);
	KUNIT_EXPECT_STREQ(test, iowq->order, match->hashed ? "a" : "ac");

	KUNIT_EXPECT_EQ(test, match->ret,
			io_wq_cancel_cb(iowq->wq, iowq_match, match->match,
					match->all));
	iowq_expect_flagged(test, match->want);
	for (i = 0; i < 5; i++)
		item[i].msecs = 0;
	/* what is flagged while it runs is interrupted, what is next fails */
	iowq_sleep(20);
	KUNIT_EXPECT_EQ(test, item[0].freed, match->want[0] == 'F');
	iowq_sleep(500);
	for (i = 0; i < 5; i++) {
		bool ran = match->want[i] == '-' ||
			   strchr(match->hashed ? "a" : "ac", 'a' + i);

		KUNIT_EXPECT_EQ(test, item[i].ran, ran);
		KUNIT_EXPECT_EQ(test, item[i].cancelled, !ran);
		KUNIT_EXPECT_EQ(test, item[i].freed, 1);
	}
}

/* WORKER_IDLE_TIMEOUT: all workers but one leave, if nothing happens. */
static void io_wq_test_idle_exit(struct kunit *test)
{
	unsigned int flags = IO_WQ_WORK_UNBOUND | IO_WQ_WORK_CONCURRENT;
	struct iowq *iowq = test->priv;

	kunit_simulated_time(test);
	iowq_items(test, flags, 100);
	iowq_enqueue_slowly(test, "abc");
	iowq_sleep(4900);
	iowq_expect_acct(test, iowq->wq, 0, 3, 4);
	iowq_sleep(300);
	iowq_expect_acct(test, iowq->wq, 0, 1, 2);
	iowq_sleep(20000);
	iowq_expect_acct(test, iowq->wq, 0, 1, 2);
	iowq_enqueue(test, iowq->wq, "d");
	iowq_sleep(200);
	iowq_expect_items(test, "RRRR");
}

static const struct iowq_retire {
	const char *desc;
	unsigned int max_workers;
	int workers;
} iowq_retires[] = {
	{ "there is room, it stays", 2, 2 },
	{ "its place is taken, it leaves", 1, 1 },
};

static void iowq_retire_desc(const struct iowq_retire *retire, char *desc)
{
	strscpy(desc, retire->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(iowq_retires, iowq_retires, iowq_retire_desc);

/* Work is queued just after a worker has decided to leave. */
static bool iowq_retire_stub(struct io_wq_acct *acct, struct io_worker *worker)
{
	struct kunit *test = current->kunit_test;
	const struct iowq_retire *retire = test->param_value;
	struct iowq *iowq = test->priv;
	bool ret;

	if (!iowq->retired++) {
		acct->max_workers = retire->max_workers;
		iowq_enqueue(test, worker->wq, "c");
	}
	current->kunit_test = NULL;
	ret = io_worker_retire(acct, worker);
	current->kunit_test = test;
	return ret;
}

/* io_worker_retire: one that leaves doesn't leave work behind, nor its count. */
static void io_wq_test_retire(struct kunit *test)
{
	unsigned int flags = IO_WQ_WORK_UNBOUND | IO_WQ_WORK_CONCURRENT;
	const struct iowq_retire *retire = test->param_value;
	struct iowq_item *item = iowq_items(test, flags, 100);
	struct iowq *iowq = test->priv;

	kunit_simulated_time(test);
	item[1].msecs = 1000;
	iowq_enqueue_slowly(test, "ab");
	kunit_activate_static_stub(test, io_worker_retire, iowq_retire_stub);
	iowq_sleep(5300);
	KUNIT_EXPECT_EQ(test, iowq->retired, 1);
	iowq_expect_items(test, "RRR");
	iowq_expect_acct(test, iowq->wq, 0, retire->workers,
			 retire->workers + 1);
}

static void iowq_func_enqueue(struct callback_head *cb)
{
	struct kunit *test = current->kunit_test;
	struct io_worker *worker = current->worker_private;

	iowq_enqueue(test, worker->wq, "b");
}

static const struct iowq_notify {
	const char *desc;
	enum task_work_notify_mode mode;
} iowq_notifies[] = {
	{ "woken up", TWA_NONE },
	{ "notified as if it went to user mode", TWA_RESUME },
	{ "notified by signal", TWA_SIGNAL },
};

static void iowq_notify_desc(const struct iowq_notify *notify, char *desc)
{
	strscpy(desc, notify->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(iowq_notifies, iowq_notifies, iowq_notify_desc);

/* An idle worker runs its task_work, and work that this queues, and stays. */
static void io_wq_test_worker_task_work(struct kunit *test)
{
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	const struct iowq_notify *notify = test->param_value;
	struct iowq *iowq = test->priv;

	iowq_enqueue(test, iowq->wq, "a");
	iowq_sleep(20);
	init_task_work(&iowq->work[0], iowq_func_enqueue);
	KUNIT_EXPECT_EQ(test, 0, task_work_add(item->task, &iowq->work[0],
					       notify->mode));
	wake_up_process(item->task);
	iowq_sleep(20);
	iowq_expect_items(test, "RR");
	KUNIT_EXPECT_PTR_EQ(test, item[0].task, item[1].task);
	iowq_expect_acct(test, iowq->wq, 0, 1, 2);
}

static struct task_struct *
iowq_create_io_thread_stub(int (*fn)(void *), void *arg, int node)
{
	struct kunit *test = current->kunit_test;
	struct iowq *iowq = test->priv;
	struct task_struct *tsk;

	iowq->creations++;
	if (*iowq->errs)
		return ERR_PTR(*iowq->errs++);
	/* the thread inherits ->kunit_test, which hence has to stay */
	kunit_deactivate_static_stub(test, create_io_thread);
	tsk = create_io_thread(fn, arg, node);
	kunit_activate_static_stub(test, create_io_thread,
				   iowq_create_io_thread_stub);
	return tsk;
}

#define IOWQ_ERRS 8

static const struct iowq_failure {
	const char *desc;
	int errs[IOWQ_ERRS];
	bool fatal; /* the owner has been killed */
	int creations;
	const char *want;
	bool others; /* not the first worker */
} iowq_failures[] = {
	{ "EAGAIN once", { -EAGAIN }, .creations = 2, .want = "R" },
	{ "EAGAIN up to the limit", { -EAGAIN, -EAGAIN, -EAGAIN },
	  .creations = 4, .want = "R" },
	{ "EAGAIN once too often",
	  { -EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN },
	  .creations = 4, .want = "C" },
	{ "ERESTARTSYS", { -ERESTARTSYS }, .creations = 2, .want = "R" },
	{ "ERESTARTNOINTR", { -ERESTARTNOINTR, -ERESTARTNOINTR },
	  .creations = 3, .want = "R" },
	{ "ERESTARTNOHAND", { -ERESTARTNOHAND }, .creations = 2, .want = "R" },
	{ "ENOMEM", { -ENOMEM }, .creations = 1, .want = "C" },
	{ "EAGAIN, then ENOMEM", { -EAGAIN, -ENOMEM }, .creations = 2,
	  .want = "C" },
	{ "EAGAIN, killed", { -EAGAIN }, .fatal = true, .creations = 1,
	  .want = "C" },
	{ "ENOMEM, not the first worker", { -ENOMEM }, .creations = 1,
	  .want = "RR", .others = true },
	{ "EAGAIN, then ENOMEM, not the first worker", { -EAGAIN, -ENOMEM },
	  .creations = 2, .want = "RR", .others = true },
};

static void iowq_failure_desc(const struct iowq_failure *failure, char *desc)
{
	strscpy(desc, failure->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(iowq_failures, iowq_failures, iowq_failure_desc);

/*
 * create_io_worker, create_worker_cont: what may pass is retried. For good, all
 * work is cancelled if there is no other worker, else it is left to that one.
 */
static void io_wq_test_create_fails(struct kunit *test)
{
	const struct iowq_failure *failure = test->param_value;
	unsigned int flags = IO_WQ_WORK_UNBOUND | IO_WQ_WORK_CONCURRENT;
	struct iowq_item *item = iowq_items(test, flags, 0);
	struct iowq *iowq = test->priv;
	struct io_wq *wq;
	int i;

	kunit_simulated_time(test);
	wq = iowq_create_wq(test, current);
	if (failure->others) {
		item[0].msecs = 100;
		iowq_enqueue(test, wq, "a");
		iowq_wait_started(test);
	}
	iowq->errs = failure->errs;
	kunit_activate_static_stub(test, create_io_thread,
				   iowq_create_io_thread_stub);
	if (failure->fatal) {
		sigaddset(&current->pending.signal, SIGKILL);
		set_thread_flag(TIF_SIGPENDING);
	}
	iowq_enqueue(test, wq, failure->others ? "b" : "a");
	if (failure->fatal)
		flush_signals(current);
	for (i = 0; i < 30; i++) {
		iowq_sleep(10);
		iowq_run_owner();
	}
	KUNIT_EXPECT_EQ(test, iowq->creations, failure->creations);
	iowq_expect_items(test, failure->want);
	i = *failure->want == 'R';
	iowq_expect_acct(test, wq, 0, i, 1 + i);
	iowq_put_wq(test, wq);
}

/* io_workqueue_create: a retry that is due after the exit has started is void. */
static void io_wq_test_retry_exit(struct kunit *test)
{
	struct io_wq *wq = iowq_create_wq(test, current);

	iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	iowq_enqueue_no_thread(wq, &((struct iowq *)test->priv)->item->req.work);
	iowq_expect_acct(test, wq, 1, 1, 2);
	io_wq_exit_start(wq);
	iowq_sleep(100);
	KUNIT_EXPECT_FALSE(test, task_work_pending(current));
	KUNIT_EXPECT_EQ(test, atomic_read(&wq->worker_refs), 1);
	iowq_put_wq(test, wq);
	iowq_expect_items(test, "C");
}

/* io_wq_create: what was taken is given back if it fails. */
static void io_wq_test_create_error(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_wq_data data = { .task = iowq->task, IO_WQ_DATA_FNS };
	int users = refcount_read(&iowq->task->usage);
	enum cpuhp_state online = io_wq_online;
	struct io_wq *wq;

	data.hash = iowq_create_hash(test);
	/* a state that takes no instances */
	io_wq_online = CPUHP_OFFLINE;
	wq = io_wq_create(1, &data);
	io_wq_online = online;
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(wq), -EINVAL);
	KUNIT_EXPECT_EQ(test, refcount_read(&data.hash->refs), 1);
	KUNIT_EXPECT_EQ(test, refcount_read(&iowq->task->usage), users);
	io_wq_put_hash(data.hash);
}

static const struct iowq_hung {
	const char *desc;
	unsigned long timeout;
	unsigned int busy;
	bool warns;
} iowq_hungs[] = {
	{ "less than half the hung task time-out", 120, 50 },
	{ "more than half the hung task time-out", 120, 70 },
	{ "no hung task time-out", 0, 70 },
	{ "more than IO_URING_EXIT_WAIT_MAX", 620, 640, true },
};

static void iowq_then_busy(struct iowq_item *item)
{
	const struct iowq_hung *hung = current->kunit_test->param_value;
	ktime_t start = ktime_get();

	while (ktime_ms_delta(ktime_get(), start) < hung->busy * MSEC_PER_SEC)
		iowq_sleep(1000);
}

static void iowq_hung_desc(const struct iowq_hung *hung, char *desc)
{
	strscpy(desc, hung->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(iowq_hungs, iowq_hungs, iowq_hung_desc);

/* io_wq_exit_workers: waits for work that takes no signal, in several turns. */
static void io_wq_test_exit_waits(struct kunit *test)
{
	const struct iowq_hung *hung = test->param_value;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	unsigned long secs = sysctl_hung_task_timeout_secs;
	struct iowq *iowq = test->priv;
	ktime_t start = ktime_get();

	kunit_simulated_time(test);
	if (hung->warns && !IO_WQ_EXIT_WARNS)
		kunit_skip(test, "no matter how long it takes, here");
	item->then = iowq_then_busy;
	iowq_enqueue(test, iowq->wq, "a");
	iowq_wait_started(test);
	io_wq_exit_start(iowq->wq);
	sysctl_hung_task_timeout_secs = hung->timeout;
	if (hung->warns)
		kunit_warning_suppress(test)
			io_wq_exit_workers(iowq->wq);
	else
		io_wq_exit_workers(iowq->wq);
	sysctl_hung_task_timeout_secs = secs;
	secs = ktime_ms_delta(ktime_get(), start) / MSEC_PER_SEC;
	KUNIT_EXPECT_GE(test, secs, hung->busy);
	KUNIT_EXPECT_LE(test, secs, hung->busy + 1);
	iowq_expect_items(test, "R");

	/* and then it is over, the owner is let go of once */
	KUNIT_EXPECT_PTR_EQ(test, iowq->wq->task, NULL);
	io_wq_exit_workers(iowq->wq);
	iowq_late_exit_on_idle(iowq->wq);
	io_wq_destroy(iowq->wq);
	iowq->wq = iowq_create_wq(test, iowq->task);
}

/* io_wq_set_exit_on_idle: undone before it takes effect, workers stay. */
static void io_wq_test_exit_on_idle_undone(struct kunit *test)
{
	struct iowq *iowq = test->priv;

	iowq_items(test, IO_WQ_WORK_UNBOUND, 100);
	iowq_enqueue(test, iowq->wq, "a");
	iowq_wait_started(test);
	/* asking twice is the same as once */
	io_wq_set_exit_on_idle(iowq->wq, true);
	io_wq_set_exit_on_idle(iowq->wq, true);
	io_wq_set_exit_on_idle(iowq->wq, false);
	iowq_sleep(1000);
	iowq_expect_items(test, "R");
	iowq_expect_acct(test, iowq->wq, 0, 1, 2);
}

/* io_wq_cpu_affinity: the CPUs of the workers to come, NULL for all of them. */
static void io_wq_test_affinity(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_uring_task *tctx;
	cpumask_var_t mask;

	tctx = kunit_kzalloc(test, sizeof(*tctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tctx);
	KUNIT_ASSERT_TRUE(test, zalloc_cpumask_var(&mask, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, -EINVAL, io_wq_cpu_affinity(NULL, mask));
	KUNIT_EXPECT_EQ(test, -EINVAL, io_wq_cpu_affinity(tctx, mask));

	tctx->io_wq = iowq->wq;
	KUNIT_EXPECT_EQ(test, 0, io_wq_cpu_affinity(tctx, mask));
	KUNIT_EXPECT_TRUE(test, cpumask_empty(iowq->wq->cpu_mask));
	KUNIT_EXPECT_EQ(test, 0, io_wq_cpu_affinity(tctx, NULL));
	KUNIT_EXPECT_TRUE(test, cpumask_equal(iowq->wq->cpu_mask,
					      cpu_possible_mask));
	/* no such CPU; on one processor there may be no bit for that */
	cpumask_setall(mask);
	cpumask_andnot(mask, mask, cpu_possible_mask);
	if (!cpumask_empty(mask))
		KUNIT_EXPECT_EQ(test, -EINVAL, io_wq_cpu_affinity(tctx, mask));
	KUNIT_EXPECT_TRUE(test, cpumask_equal(iowq->wq->cpu_mask,
					      cpu_possible_mask));
	free_cpumask_var(mask);
}

/* An idle worker on a CPU that it shouldn't be on leaves, even as the last. */
static void io_wq_test_affinity_idle(struct kunit *test)
{
	struct iowq *iowq = test->priv;

	kunit_simulated_time(test);
	iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	iowq_enqueue(test, iowq->wq, "a");
	iowq_sleep(1000);
	cpumask_clear(iowq->wq->cpu_mask);
	iowq_sleep(3900);
	iowq_expect_acct(test, iowq->wq, 0, 1, 2);
	iowq_sleep(300);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
}

/* CPU hotplug: one that goes is no longer for workers, one that comes is. */
static void io_wq_test_hotplug(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct hlist_node *node = &iowq->wq->cpuhp_node;
	int cpu = cpumask_first(cpu_online_mask);

	iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	iowq_enqueue(test, iowq->wq, "a");
	iowq_sleep(20);
	KUNIT_EXPECT_TRUE(test, cpumask_test_cpu(cpu, iowq->wq->cpu_mask));
	KUNIT_EXPECT_EQ(test, 0, io_wq_cpu_offline(cpu, node));
	KUNIT_EXPECT_FALSE(test, cpumask_test_cpu(cpu, iowq->wq->cpu_mask));
	KUNIT_EXPECT_EQ(test, 0, io_wq_cpu_online(cpu, node));
	KUNIT_EXPECT_TRUE(test, cpumask_test_cpu(cpu, iowq->wq->cpu_mask));
}

static void iowq_then_queue_behind(struct iowq *iowq, struct io_worker *worker)
{
	KUNIT_EXPECT_TRUE(iowq->test, iowq_queue_cb(worker));
	iowq_add(iowq->test, &iowq->work[0]);
	complete(&iowq->started);
}

/* cancel-create-once: a worker's callback may be behind what isn't io-wq's. */
static void io_wq_test_worker_exit_behind(struct kunit *test)
{
	struct iowq *iowq = test->priv;

	iowq_exit_worker(test, iowq_then_queue_behind);
	iowq_wait_started(test);
	KUNIT_EXPECT_TRUE(test, iowq_wait_refs(iowq->wq, 1));
	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, &iowq->work[0]);
	KUNIT_EXPECT_PTR_EQ(test, iowq->work[0].next, NULL);
	iowq_expect_acct(test, iowq->wq, 0, 1, 1);
}

/* Off the list, but the owner isn't done with it. */
static void iowq_then_run_cb(struct iowq *iowq, struct io_worker *worker)
{
	KUNIT_EXPECT_TRUE(iowq->test, iowq_queue_cb(worker));
	iowq->task->task_works = NULL;
	complete(&iowq->started);
}

/* cancel-create-once: a worker waits for its callback that the owner runs. */
static void io_wq_test_worker_exit_running(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_exit_worker(test, iowq_then_run_cb);

	iowq_wait_started(test);
	iowq_sleep(1000);
	iowq_expect_acct(test, iowq->wq, 1, 1, 3);
	KUNIT_EXPECT_FALSE(test, list_empty(io_wq_all_list(iowq->wq)));
	/* create_worker_cb() ends with this */
	io_worker_cancel_cb(worker);
	KUNIT_EXPECT_TRUE(test, iowq_wait_refs(iowq->wq, 1));
	KUNIT_EXPECT_TRUE(test, list_empty(io_wq_all_list(iowq->wq)));
	iowq_expect_acct(test, iowq->wq, 0, 1, 1);
}

/* io_wq_enqueue: a worker that exits isn't taken for a free one. */
static void io_wq_test_free_exiting(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);

	iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	refcount_set(&worker->ref, 0);
	hlist_nulls_add_head_rcu(&worker->nulls_node,
				 io_wq_free_list(iowq->wq));
	iowq_enqueue(test, iowq->wq, "a");
	iowq_sleep(20);
	hlist_nulls_del_rcu(&worker->nulls_node);
	iowq_expect_items(test, "R");
	iowq_expect_acct(test, iowq->wq, 0, 1, 2);
}

/* A worker doesn't leave as long as its request for another is pending. */
static void io_wq_test_idle_queued(struct kunit *test)
{
	struct io_wq *wq;

	kunit_simulated_time(test);
	wq = iowq_sleeping_worker(test);
	/* it may leave, though it is the last one */
	cpumask_clear(wq->cpu_mask);
	iowq_sleep(20000);
	iowq_expect_items(test, "RR");
	iowq_expect_acct(test, wq, 1, 1, 3);
	iowq_run_owner();
	iowq_sleep(6000);
	iowq_expect_acct(test, wq, 0, 0, 1);
	iowq_put_wq(test, wq);
}

static void iowq_func_sleep(struct callback_head *cb)
{
	iowq_func_enqueue(cb);
	iowq_sleep(100);
}

/* io_wq_dec_running: a worker may sleep when it has no work as well. */
static void io_wq_test_sleep_no_work(struct kunit *test)
{
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	struct io_wq *wq = iowq_create_wq(test, current);
	struct iowq *iowq = test->priv;

	iowq_enqueue(test, wq, "a");
	iowq_sleep(20);
	init_task_work(&iowq->work[0], iowq_func_sleep);
	task_work_add(item->task, &iowq->work[0], TWA_NONE);
	wake_up_process(item->task);
	iowq_sleep(20);
	KUNIT_EXPECT_TRUE(test, task_work_pending(current));
	iowq_sleep(200);
	iowq_expect_items(test, "RR");
	iowq_put_wq(test, wq);
	iowq_run_owner();
}

/* io_get_next_work: several hashes are taken, and work of each is waiting. */
static void io_wq_test_hash_two(struct kunit *test)
{
	unsigned int flags = IO_WQ_WORK_UNBOUND | IO_WQ_WORK_CONCURRENT;
	struct iowq_item *item = iowq_items(test, flags, 200);
	struct iowq *iowq = test->priv;
	int i;

	for (i = 0; i < 4; i++)
		iowq_hash(&item[i], i & 1 ? 'Y' : 'X');
	item[0].msecs = 400;
	iowq_enqueue_slowly(test, "abcd");
	KUNIT_EXPECT_STREQ(test, iowq->order, "ab");
	iowq_sleep(200);
	KUNIT_EXPECT_STREQ(test, iowq->order, "abd");
	iowq_sleep(600);
	iowq_expect_items(test, "RRRR");
	KUNIT_EXPECT_EQ(test, iowq->most_running, 2);
}

/* What is wrong is said once in the kernel log, and is survived each time. */
static void io_wq_test_warnings(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_wq_data data = { .task = iowq->task, IO_WQ_DATA_FNS };
	int i;

	/* this may skip: nothing is there to be freed yet */
	kunit_warning_suppress(test) {
		data.hash = iowq_create_hash(test);
		for (i = 0; i < 2; i++) {
			/* an io_wq without bounded workers can't do anything */
			KUNIT_EXPECT_EQ(test, -EINVAL,
					PTR_ERR_OR_ZERO(io_wq_create(0, &data)));
			/* not for the likes of us */
			KUNIT_EXPECT_TRUE(test, io_wq_worker_stopped());
			/* io_wq_exit_start() comes first */
			io_wq_put_and_exit(iowq_create_wq(test, iowq->task));
		}
		KUNIT_EXPECT_EQ(test, refcount_read(&data.hash->refs), 1);
		io_wq_put_hash(data.hash);
	}
}

/*
 * What mutants.sh found that no case above noticed.
 */

/* io_worker_exit: nothing leads to a worker any more, or from its task to it. */
static void io_wq_test_worker_exit_forgotten(struct kunit *test)
{
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	struct iowq *iowq = test->priv;

	iowq_enqueue(test, iowq->wq, "a");
	iowq_sleep(20);
	get_task_struct(item->task);
	KUNIT_EXPECT_FALSE(test, hlist_nulls_empty(io_wq_free_list(iowq->wq)));
	io_wq_exit_start(iowq->wq);
	rcu_read_lock();
	io_wq_for_each_worker(iowq->wq, io_wq_worker_wake, NULL);
	rcu_read_unlock();
	KUNIT_EXPECT_TRUE(test, iowq_wait_refs(iowq->wq, 1));
	KUNIT_EXPECT_TRUE(test, hlist_nulls_empty(io_wq_free_list(iowq->wq)));
	KUNIT_EXPECT_TRUE(test, list_empty(io_wq_all_list(iowq->wq)));
	KUNIT_EXPECT_NULL(test, item->task->worker_private);
	put_task_struct(item->task);
}

static enum io_wq_cancel iowq_cancel(struct io_wq *wq, struct iowq_item *item)
{
	return io_wq_cancel_cb(wq, io_wq_work_match_item, &item->req.work,
			       false);
}

static void iowq_func_cancel(struct callback_head *cb)
{
	struct iowq *iowq = current->kunit_test->priv;

	KUNIT_EXPECT_EQ(iowq->test, iowq_cancel(iowq->wq, iowq->item),
			IO_WQ_CANCEL_RUNNING);
}

/* io_wq_cancel_cb: finds work that is off the list, and not started yet. */
static void io_wq_test_cancel_taken(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker;

	iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	iowq_enqueue(test, iowq->wq, "a");
	worker = list_first_entry_or_null(io_wq_all_list(iowq->wq),
					  struct io_worker, all_list);
	KUNIT_ASSERT_NOT_NULL(test, worker);
	/* it is run between the two */
	init_task_work(&iowq->work[0], iowq_func_cancel);
	KUNIT_EXPECT_EQ(test, 0, task_work_add(worker->task, &iowq->work[0],
					       TWA_SIGNAL));
	iowq_sleep(20);
	iowq_expect_items(test, "C");
}

static bool iowq_put_done_stub(struct io_wq_work *work,
			       struct io_wq_work **linked)
{
	struct iowq_item *item = container_of(work, struct iowq_item, req.work);
	struct iowq *iowq = current->kunit_test->priv;

	KUNIT_EXPECT_EQ(iowq->test, iowq_cancel(iowq->wq, item),
			IO_WQ_CANCEL_NOTFOUND);
	return iowq_put_work_stub(work, linked);
}

static void iowq_free_done_stub(struct io_wq_work *work)
{
	struct iowq_item *item = container_of(work, struct iowq_item, req.work);
	struct iowq *iowq = current->kunit_test->priv;

	if (item->link)
		KUNIT_EXPECT_EQ(iowq->test, iowq_cancel(iowq->wq, item->link),
				IO_WQ_CANCEL_RUNNING);
	iowq_free_work_stub(work);
}

/* io_wq_cancel_cb: work that is done isn't found; its link is, from then on. */
static void io_wq_test_cancel_done(struct kunit *test)
{
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	struct iowq *iowq = test->priv;

	kunit_activate_static_stub(test, io_wq_put_work, iowq_put_done_stub);
	kunit_activate_static_stub(test, io_wq_free_work, iowq_free_done_stub);
	item[0].link = &item[1];
	iowq_enqueue(test, iowq->wq, "a");
	iowq_sleep(20);
	iowq_expect_items(test, "RC");
}

static void iowq_then_state(struct iowq_item *item)
{
	KUNIT_EXPECT_EQ(current->kunit_test, READ_ONCE(current->__state),
			TASK_RUNNING);
}

/* A worker is about to sleep each time that it looks for work; work isn't. */
static void io_wq_test_work_state(struct kunit *test)
{
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);

	item[0].then = iowq_then_state;
	item[1].then = iowq_then_state;
	iowq_enqueue_slowly(test, "ab");
	iowq_expect_items(test, "RR");
}

/* A link of hashed work doesn't take the place of the next in the hash. */
static void io_wq_test_hash_and_link(struct kunit *test)
{
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	struct iowq *iowq = test->priv;

	iowq_hash(&item[0], 'X');
	iowq_hash(&item[1], 'X');
	item[0].link = &item[2];
	iowq_enqueue(test, iowq->wq, "ab");
	iowq_sleep(50);
	iowq_expect_items(test, "RRR");
	KUNIT_EXPECT_STREQ(test, iowq->order, "abc");
}

static void iowq_then_enqueue_c(struct iowq_item *item)
{
	struct io_worker *worker = current->worker_private;

	iowq_enqueue(current->kunit_test, worker->wq, "c");
}

/* A hash is taken for as long as any of the work that was taken with it runs. */
static void io_wq_test_hash_rest(struct kunit *test)
{
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 100);
	struct iowq *iowq = test->priv;
	int i;

	for (i = 0; i < 3; i++)
		iowq_hash(&item[i], 'X');
	atomic_or(IO_WQ_WORK_CONCURRENT, &item[2].req.work.flags);
	item[1].then = iowq_then_enqueue_c;
	iowq_enqueue(test, iowq->wq, "ab");
	iowq_sleep(500);
	iowq_expect_items(test, "RRR");
	KUNIT_EXPECT_STREQ(test, iowq->order, "abc");
	KUNIT_EXPECT_EQ(test, iowq->most_running, 1);
}

/* A worker that starts as the exit does cancels all that is pending. */
static void io_wq_test_exit_takes_all(struct kunit *test)
{
	struct io_wq *wq = iowq_create_wq(test, current);
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);

	iowq_enqueue(test, wq, "abc");
	iowq_put_wq(test, wq);
	iowq_expect_items(test, "CCC");
	KUNIT_EXPECT_PTR_NE(test, item[0].task, current);
	KUNIT_EXPECT_PTR_EQ(test, item[1].task, item[0].task);
	KUNIT_EXPECT_PTR_EQ(test, item[2].task, item[0].task);
}

/* io_wq_put_and_exit: the owner and the CPU hotplug list are let go of. */
static void io_wq_test_put_leaves_nothing(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	int usage = refcount_read(&iowq->task->usage);
	struct io_wq *wq = iowq_create_wq(test, iowq->task);
	struct io_wq *newer = iowq_create_wq(test, iowq->task);

	KUNIT_EXPECT_EQ(test, refcount_read(&iowq->task->usage), usage + 2);
	KUNIT_EXPECT_PTR_EQ(test, newer->cpuhp_node.next, &wq->cpuhp_node);
	iowq_put_wq(test, wq);
	KUNIT_EXPECT_PTR_EQ(test, newer->cpuhp_node.next,
			    &iowq->wq->cpuhp_node);
	iowq_put_wq(test, newer);
	KUNIT_EXPECT_EQ(test, refcount_read(&iowq->task->usage), usage);
}

/* io_wq_set_exit_on_idle: idle workers leave at once, not when they time out. */
static void io_wq_test_exit_on_idle_now(struct kunit *test)
{
	struct iowq *iowq = test->priv;

	iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	iowq_enqueue_slowly(test, "a");
	io_wq_set_exit_on_idle(iowq->wq, true);
	iowq_sleep(50);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
}

static bool iowq_match_all(struct io_wq_work *work, void *data)
{
	return true;
}

/* io_wq_cancel_cb: what runs, and what is to be run with it, counts as running. */
static void io_wq_test_cancel_rest(struct kunit *test)
{
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 3000);
	struct iowq *iowq = test->priv;

	iowq_hash(&item[0], 'X');
	iowq_hash(&item[1], 'X');
	iowq_enqueue(test, iowq->wq, "ab");
	iowq_wait_started(test);
	KUNIT_EXPECT_EQ(test, io_wq_cancel_cb(iowq->wq, iowq_match_all, NULL,
					      true),
			IO_WQ_CANCEL_RUNNING);
	iowq_sleep(50);
	iowq_expect_items(test, "RC");
}

/* create_worker_cont: if there won't be a worker, all that waits is cancelled. */
static void io_wq_test_create_fails_all(struct kunit *test)
{
	static const int errs[] = { -EAGAIN, -ENOMEM, 0 };
	struct iowq *iowq = test->priv;
	struct io_wq *wq = iowq_create_wq(test, current);

	iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	iowq->errs = errs;
	kunit_activate_static_stub(test, create_io_thread,
				   iowq_create_io_thread_stub);
	iowq_enqueue(test, wq, "abc");
	iowq_sleep(50);
	KUNIT_EXPECT_TRUE(test, task_work_pending(current));
	iowq_run_owner();
	iowq_expect_items(test, "CCC");
	KUNIT_EXPECT_EQ(test, iowq->creations, 2);
	iowq_expect_acct(test, wq, 0, 0, 1);
	iowq_put_wq(test, wq);
}

static bool iowq_count_one(struct io_worker *worker, void *data)
{
	++*(int *)data;
	return true;
}

/* io_wq_for_each_worker: the first to say so ends it, for all accounts. */
static void io_wq_test_ends_all(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_wq_acct *bound = io_get_acct(iowq->wq, true);
	struct io_worker *worker[2];
	int i, calls = 0;

	for (i = 0; i < 2; i++) {
		worker[i] = iowq_dummy(test, iowq->wq);
		worker[i]->task = iowq->task;
		io_worker_set_acct(worker[i], bound);
	}
	list_add(&worker[0]->all_list, io_wq_all_list(iowq->wq));
	io_wq_acct_list_add(worker[1], bound);
	io_wq_for_each_worker(iowq->wq, iowq_count_one, &calls);
	KUNIT_EXPECT_EQ(test, calls, 1);
	for (i = 0; i < 2; i++)
		list_del(&worker[i]->all_list);
}

/* io_task_worker_match: only the callback that this worker has queued itself. */
static void io_wq_test_worker_match(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);
	struct io_worker *other = iowq_dummy(test, iowq->wq);

	init_task_work(&worker->create_work, create_worker_cb);
	KUNIT_EXPECT_TRUE(test, io_task_worker_match(&worker->create_work,
						     worker));
	KUNIT_EXPECT_FALSE(test, io_task_worker_match(&worker->create_work,
						      other));
	init_task_work(&worker->create_work, create_worker_cont);
	KUNIT_EXPECT_FALSE(test, io_task_worker_match(&worker->create_work,
						      worker));
}

static void iowq_then_minute(struct iowq_item *item)
{
	int i;

	for (i = 0; i < 60; i++)
		iowq_sleep(1000);
}

/* io_wq_exit_workers: no turn of the wait alarms the hung task watchdog. */
static void io_wq_test_exit_turns(struct kunit *test)
{
	unsigned long secs = sysctl_hung_task_timeout_secs;
	struct iowq *iowq = test->priv;
	unsigned long turns;
	struct io_wq *wq;

	kunit_simulated_time(test);
	if (!IO_WQ_EXIT_WARNS)
		kunit_skip(test, "it waits in one turn here");
	wq = iowq_create_wq(test, iowq->task);
	iowq_items(test, IO_WQ_WORK_UNBOUND, 0)->then = iowq_then_minute;
	iowq_enqueue(test, wq, "a");
	iowq_wait_started(test);
	io_wq_exit_start(wq);
	sysctl_hung_task_timeout_secs = 20;
	turns = current->nvcsw;
	io_wq_put_and_exit(wq);
	turns = current->nvcsw - turns;
	sysctl_hung_task_timeout_secs = secs;
	KUNIT_EXPECT_GE(test, turns, 6);
	KUNIT_EXPECT_LE(test, turns, 12);
	iowq_expect_items(test, "R");
}

static int io_wq_test_init(struct kunit *test)
{
	struct iowq *iowq;

	kunit_one_processor(test);
	iowq = kunit_kzalloc(test, sizeof(*iowq), GFP_KERNEL);
	if (!iowq)
		return -ENOMEM;
	iowq->test = test;
	init_completion(&iowq->started);
	iowq->ctx = kunit_kzalloc(test, sizeof(*iowq->ctx), GFP_KERNEL);
	iowq->item = kunit_kcalloc(test, IOWQ_ITEMS, sizeof(*iowq->item),
				   GFP_KERNEL);
	if (!iowq->ctx || !iowq->item)
		return -ENOMEM;
	iowq->cache = kmem_cache_create("io-wq_kunit", sizeof(struct io_worker),
					0, SLAB_NO_MERGE, NULL);
	if (!iowq->cache)
		return -ENOMEM;
	/* never woken, so that nobody else touches its ->task_works */
	iowq->task = kthread_create(kthread_worker_fn, NULL, "io-wq_kunit");
	if (IS_ERR(iowq->task)) {
		kmem_cache_destroy(iowq->cache);
		return PTR_ERR(iowq->task);
	}
	iowq->wq = iowq_create_wq(test, iowq->task);
	test->priv = iowq;
	return 0;
}

static void io_wq_test_exit(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	int i;

	if (!iowq)
		return;
	iowq_put_wq(test, iowq->wq);
	iowq->task->task_works = NULL;
	kthread_stop(iowq->task);
	for (i = 0; i < iowq->nr_dummies; i++)
		if (!iowq->freed[i])
			kmem_cache_free(iowq->cache, iowq->dummy[i]);
	iowq_free_probes(iowq);
	kmem_cache_destroy(iowq->cache);
}

static struct kunit_case io_wq_test_cases[] = {
	KUNIT_CASE(io_wq_test_create),
	KUNIT_CASE(io_wq_test_queue_once),
	KUNIT_CASE(io_wq_test_queue_exit),
	KUNIT_CASE(io_wq_test_queue_dead),
	KUNIT_CASE(io_wq_test_cancel_tw_create),
	KUNIT_CASE(io_wq_test_cancel_accounting),
	KUNIT_CASE(io_wq_test_cancel_retry),
	KUNIT_CASE(io_wq_test_cancel_requeued),
	KUNIT_CASE(io_wq_test_cancel_freed),
	KUNIT_CASE(io_wq_test_cancel_again),
	KUNIT_CASE(io_wq_test_cancel_cost),
	KUNIT_CASE(io_wq_test_late_arrival),
	KUNIT_CASE(io_wq_test_late_arrival_cont),
	KUNIT_CASE(io_wq_test_exit_workers_late),
	KUNIT_CASE(io_wq_test_worker_exit_queued),
	KUNIT_CASE(io_wq_test_worker_exit_not_queued),
	KUNIT_CASE(io_wq_test_worker),
	KUNIT_CASE(io_wq_test_enqueue_exit),
	KUNIT_CASE(io_wq_test_exit_on_idle),
	KUNIT_CASE(io_wq_test_create_worker_cb),
	KUNIT_CASE(io_wq_test_exit_start_queued),
	KUNIT_CASE(io_wq_test_create_worker_cont),
	KUNIT_CASE(io_wq_test_exit_start_cont),
	KUNIT_CASE_PARAM(io_wq_test_exit_per_link, iowq_chains_gen_params),
	KUNIT_CASE(io_wq_test_worker_stopped),
	KUNIT_CASE(io_wq_test_enqueue_cancelled),
	KUNIT_CASE(io_wq_test_work_kept),
	KUNIT_CASE(io_wq_test_max_workers),
	KUNIT_CASE(io_wq_test_limit),
	KUNIT_CASE(io_wq_test_concurrent),
	KUNIT_CASE(io_wq_test_destroy_pending),
	KUNIT_CASE(io_wq_test_create_cb_limit),
	KUNIT_CASE(io_wq_test_create_cb_free),
	KUNIT_CASE(io_wq_test_queue_gone),
	KUNIT_CASE(io_wq_test_for_each),
	KUNIT_CASE(io_wq_test_sched_hooks),
	KUNIT_CASE_PARAM(io_wq_test_sleep_hashed, iowq_defers_gen_params),
	KUNIT_CASE(io_wq_test_hash_serial),
	KUNIT_CASE(io_wq_test_hash_wake),
	KUNIT_CASE(io_wq_test_hash_unstalled),
	KUNIT_CASE(io_wq_test_link_hashed),
	KUNIT_CASE(io_wq_test_hash_others),
	KUNIT_CASE_PARAM(io_wq_test_remove_pending, iowq_removals_gen_params),
	KUNIT_CASE_PARAM(io_wq_test_match, iowq_matches_gen_params),
	KUNIT_CASE(io_wq_test_idle_exit),
	KUNIT_CASE_PARAM(io_wq_test_retire, iowq_retires_gen_params),
	KUNIT_CASE_PARAM(io_wq_test_worker_task_work, iowq_notifies_gen_params),
	KUNIT_CASE_PARAM(io_wq_test_create_fails, iowq_failures_gen_params),
	KUNIT_CASE(io_wq_test_retry_exit),
	KUNIT_CASE(io_wq_test_create_error),
	KUNIT_CASE_PARAM_ATTR(io_wq_test_exit_waits, iowq_hungs_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE(io_wq_test_exit_on_idle_undone),
	KUNIT_CASE(io_wq_test_affinity),
	KUNIT_CASE(io_wq_test_affinity_idle),
	KUNIT_CASE(io_wq_test_hotplug),
	KUNIT_CASE(io_wq_test_worker_exit_behind),
	KUNIT_CASE(io_wq_test_worker_exit_running),
	KUNIT_CASE(io_wq_test_free_exiting),
	KUNIT_CASE(io_wq_test_idle_queued),
	KUNIT_CASE(io_wq_test_sleep_no_work),
	KUNIT_CASE(io_wq_test_hash_two),
	KUNIT_CASE(io_wq_test_warnings),
	KUNIT_CASE(io_wq_test_worker_exit_forgotten),
	KUNIT_CASE(io_wq_test_cancel_taken),
	KUNIT_CASE(io_wq_test_cancel_done),
	KUNIT_CASE(io_wq_test_work_state),
	KUNIT_CASE(io_wq_test_hash_and_link),
	KUNIT_CASE(io_wq_test_hash_rest),
	KUNIT_CASE(io_wq_test_exit_takes_all),
	KUNIT_CASE(io_wq_test_put_leaves_nothing),
	KUNIT_CASE(io_wq_test_exit_on_idle_now),
	KUNIT_CASE(io_wq_test_cancel_rest),
	KUNIT_CASE(io_wq_test_create_fails_all),
	KUNIT_CASE(io_wq_test_ends_all),
	KUNIT_CASE(io_wq_test_worker_match),
	KUNIT_CASE_SLOW(io_wq_test_exit_turns),
	{}
};

static struct kunit_suite io_wq_test_suite = {
	.name = "io-wq",
	.init = io_wq_test_init,
	.exit = io_wq_test_exit,
	.test_cases = io_wq_test_cases,
};

kunit_test_suite(io_wq_test_suite);
