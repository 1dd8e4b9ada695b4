/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the cases for io-wq share: io_wqs, workers, and work that says what
 * became of it.
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
#include <linux/poison.h>
#include <linux/sched/sysctl.h>
#include <linux/sched/task.h>
#include "kunit_compat.h"

#define IOWQ_NR 8
#define IOWQ_ITEMS 6
#define IOWQ_WQS 3
/* so that a freed dummy can be told; KASAN has poison of its own */
#define IOWQ_CACHE_FLAGS						\
	(IS_ENABLED(CONFIG_KASAN) ? SLAB_NO_MERGE :			\
	 SLAB_NO_MERGE | SLAB_POISON | SLAB_CONSISTENCY_CHECKS)
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
	/* each io_wq; io_wq_test_exit() puts those that the case has not put */
	struct io_wq *wqs[IOWQ_WQS];
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

	/* a stub that is called for @at calls @then; @next is @at after that */
	struct io_worker *at;
	void (*then)(struct iowq *iowq, struct io_worker *worker);
	struct io_worker *next;
	int cancels;
	/* called once, after the next task_work_add() */
	void (*then_added)(struct iowq *iowq, struct io_worker *worker);

	/* iowq_ref_put_stub() overwrites the io_wq at this many references */
	int last_ref;
	int gone, gone_running, gone_workers;
	struct io_worker *exiting; /* iowq_release_stub() poisons it */

	/* when iowq_run_queue_stub() queues work, and since when it counts */
	const struct iowq_look *look;
	ktime_t look_from;

	/* calls of a match function, and walks: calls for the list head */
	int calls, walks;

	/* items, by letters, in the order in which they were started */
	char order[IOWQ_ITEMS + 1];
	atomic_t nr_started, running, most_running;

	/* errors for create_io_thread() to return, up to a 0 */
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

static struct io_wq *iowq_create_wq_hash(struct kunit *test,
					 struct task_struct *task,
					 struct io_wq_hash *hash)
{
	struct io_wq_data data = { .task = task, .hash = hash, IO_WQ_DATA_FNS };
	struct io_wq *wq = io_wq_create(IOWQ_NR, &data);
	struct iowq *iowq = test->priv;
	int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, wq);
	for (i = 0; i < IOWQ_WQS && iowq->wqs[i]; i++)
		;
	KUNIT_ASSERT_LT(test, i, IOWQ_WQS);
	iowq->wqs[i] = wq;
	return wq;
}

static struct io_wq *iowq_create_wq(struct kunit *test,
				    struct task_struct *task)
{
	struct io_wq_hash *hash = iowq_create_hash(test);
	struct io_wq *wq = iowq_create_wq_hash(test, task, hash);

	io_wq_put_hash(hash);
	return wq;
}

/* The case frees it itself. */
static struct io_wq *iowq_forget(struct kunit *test, struct io_wq *wq)
{
	struct iowq *iowq = test->priv;
	int i;

	for (i = 0; i < IOWQ_WQS; i++)
		if (iowq->wqs[i] == wq)
			iowq->wqs[i] = NULL;
	return wq;
}

/* Wait, at most IOWQ_PATIENCE jiffies, until @refs references are left. */
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
	if (!IO_WQ_EXIT_START_WALKS)
		io_wq_cancel_tw_create(wq);
	rcu_read_lock();
	io_wq_for_each_worker(wq, io_wq_worker_wake, NULL);
	rcu_read_unlock();
	if (!iowq_wait_refs(wq, 1)) {
		KUNIT_FAIL(test, "worker_refs is %d, should be 1",
			   atomic_read(&wq->worker_refs));
		atomic_set(&wq->worker_refs, 1);
	}
	io_wq_put_and_exit(iowq_forget(test, wq));
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
	if (!iowq->cache)
		iowq->cache = kmem_cache_create("io-wq_kunit", sizeof(*worker),
						0, IOWQ_CACHE_FLAGS, NULL);
	KUNIT_ASSERT_NOT_NULL(test, iowq->cache);
	worker = kmem_cache_zalloc(iowq->cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, worker);
	iowq_init_worker(worker, wq);
	iowq->dummy[iowq->nr_dummies++] = worker;
	return worker;
}

static void iowq_wait_started(struct kunit *test)
{
	struct iowq *iowq = test->priv;

	KUNIT_EXPECT_NE(test, 0,
			wait_for_completion_timeout(&iowq->started,
						    IOWQ_PATIENCE));
}

static void iowq_sleep(unsigned int msecs)
{
	schedule_timeout_idle(msecs_to_jiffies(msecs));
}

/* Until the item that is to be started next has gone to sleep, too. */
static void iowq_wait_asleep(struct kunit *test)
{
	iowq_wait_started(test);
	iowq_sleep(10);
}

/* Nothing but a signal shortens it, wherever a wake-up for the worker comes from. */
static void iowq_item_sleep(unsigned int msecs)
{
	long left = msecs_to_jiffies(msecs);

	while (left && !signal_pending(current))
		left = schedule_timeout_interruptible(left);
}

/* Two workers may do so at once. */
static void iowq_note_start(struct iowq *iowq, const struct iowq_item *item)
{
	int nr = atomic_inc_return(&iowq->nr_started);
	int running = atomic_inc_return(&iowq->running);
	int most = atomic_read(&iowq->most_running);

	if (nr <= IOWQ_ITEMS)
		iowq->order[nr - 1] = 'a' + (item - iowq->item);
	while (running > most &&
	       !atomic_try_cmpxchg(&iowq->most_running, &most, running))
		;
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
	iowq_note_start(iowq, item);
	complete(&iowq->started);
	if (item->then)
		item->then(item);
	iowq_item_sleep(item->msecs);
	atomic_dec(&iowq->running);
}

static bool iowq_item_put(struct io_wq_work *work,
			       struct io_wq_work **linked)
{
	struct iowq_item *item = container_of(work, struct iowq_item, req.work);

	*linked = item->link ? &item->link->req.work : NULL;
	return !item->kept;
}

static void iowq_item_free(struct io_wq_work *work)
{
	container_of(work, struct iowq_item, req.work)->freed++;
}
DEFINE_IO_WQ_END(iowq_item)

static struct iowq_item *iowq_items(struct kunit *test, unsigned int flags,
				    unsigned int msecs)
{
	struct iowq *iowq = test->priv;
	int i;

	kunit_activate_static_stub(test, io_wq_submit_work,
				   iowq_submit_work_stub);
	io_wq_stub_end(test, iowq_item);
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

/*
 * An io_wq of this thread, with one worker that sleeps in its first item, which
 * has made it ask for another worker: the second item is pending.
 */
static struct io_wq *iowq_sleeping_worker(struct kunit *test)
{
	struct iowq_item *item;
	struct io_wq *wq;

	kunit_one_cpu(test);
	item = iowq_items(test, IO_WQ_WORK_UNBOUND, 3000);
	wq = iowq_create_wq(test, current);
	io_wq_enqueue(wq, &item[0].req.work);
	io_wq_enqueue(wq, &item[1].req.work);
	iowq_wait_asleep(test);
	iowq_expect_acct(test, wq, 1, 1, 3);
	KUNIT_EXPECT_TRUE(test, task_work_pending(current));
	return wq;
}

static void iowq_enqueue(struct kunit *test, struct io_wq *wq, const char *s)
{
	struct iowq *iowq = test->priv;

	for (; *s; s++)
		io_wq_enqueue(wq, &iowq->item[*s - 'a'].req.work);
}

static void iowq_run_owner(void)
{
	clear_notify_signal();
	task_work_run();
}
