// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for io-wq, included at the end of io_uring/io-wq.c: creation of
 * workers and its cancel, their exit, and that of the io_wq. What workers do in
 * between is in io-wq_kunit_work.c.
 */
#include "io-wq_kunit.h"

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
 * SLAB_POISON says what a freed object holds. KASAN doesn't let us look, and
 * reports itself what is freed twice or not at all.
 */
static bool iowq_is_freed(struct io_worker *worker)
{
	u8 *last = (u8 *)worker + sizeof(*worker) - 1;

	return *last == POISON_END &&
	       !memchr_inv(worker, POISON_FREE, sizeof(*worker) - 1);
}

/* The callback is back with a worker that stays. */
static void iowq_expect_idle(struct kunit *test, struct io_worker *worker)
{
	KUNIT_EXPECT_FALSE(test, test_bit(0, &worker->create_state));
	KUNIT_EXPECT_EQ(test, refcount_read(&worker->ref), 1);
}

/* SLUB reports one that is freed twice. */
static void iowq_expect_freed(struct kunit *test, struct io_worker *worker)
{
	struct iowq *iowq = test->priv;
	int i;

	if (!IS_ENABLED(CONFIG_KASAN))
		KUNIT_EXPECT_TRUE(test, iowq_is_freed(worker));
	for (i = 0; i < iowq->nr_dummies; i++)
		iowq->freed[i] |= iowq->dummy[i] == worker;
}

static void iowq_expect_kept(struct kunit *test, struct io_worker *worker)
{
	if (!IS_ENABLED(CONFIG_KASAN))
		KUNIT_EXPECT_FALSE(test, iowq_is_freed(worker));
}

static void iowq_cancel_cb_stub(struct io_worker *worker)
{
	struct iowq *iowq = current->kunit_test->priv;

	iowq->cancels++;
	kunit_call_real(io_worker_cancel_cb(worker));
	if (worker == iowq->at) {
		iowq->at = iowq->next;
		iowq->next = NULL;
		iowq->then(iowq, worker);
	}
}

static bool iowq_real_match(bool (*match)(struct callback_head *, void *data),
			    struct callback_head *cb, void *data)
{
	struct iowq *iowq = current->kunit_test->priv;
	bool ret;

	iowq->calls++;
	iowq->walks += cb == iowq->task->task_works;
	kunit_call_real(ret = match(cb, data));
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
	struct iowq *iowq = current->kunit_test->priv;
	bool ret;

	if (worker == iowq->at) {
		iowq->at = NULL;
		iowq->then(iowq, worker);
	}
	kunit_call_real(ret = io_worker_get(worker));
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

/* The list of a thread that is gone: the sentinel. */
static struct callback_head *iowq_dead_works(struct kunit *test)
{
	struct callback_head *works;
	struct task_struct *task;

	task = kthread_create(kthread_worker_fn, NULL, "io-wq_kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	get_task_struct(task);
	kthread_stop(task);
	/* on another CPU it may not be past it yet */
	while (!smp_load_acquire(&task->exit_state))
		schedule_timeout_uninterruptible(1);
	works = task->task_works;
	put_task_struct(task);
	KUNIT_EXPECT_NOT_NULL(test, works);
	return works;
}

/* io_queue_worker_create: the owner is past its last task_work_run(). */
static void io_wq_test_queue_dead(struct kunit *test)
{
	struct callback_head *dead = iowq_dead_works(test);
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);

	iowq->task->task_works = dead;
	KUNIT_EXPECT_FALSE(test, iowq_queue_cb(worker));
	io_wq_cancel_tw_create(iowq->wq);
	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, dead);
	iowq->task->task_works = NULL;
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

/* cancel-create-once: a creation that is retried from the delayed work. */
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

/* queue_create_worker_retry: 5 ms later with each time that it has failed. */
static void io_wq_test_retry_delay(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);
	unsigned long start;
	int i;

	kunit_simulated_time(test);
	for (i = 1; i <= WORKER_INIT_LIMIT; i++) {
		worker->init_retries = i;
		start = jiffies;
		queue_create_worker_retry(worker);
		KUNIT_EXPECT_EQ(test, worker->work.timer.expires - start,
				msecs_to_jiffies(i * 5));
		KUNIT_EXPECT_TRUE(test, cancel_delayed_work(&worker->work));
	}
}

static void iowq_then_requeue(struct iowq *iowq, struct io_worker *worker)
{
	iowq_requeue_late(worker);
}

/* cancel-create-once: a worker requeues once its bit is clear: ->next is lost. */
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
	iowq_forget(test, wq);
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

/* create_worker_cb: run by the owner, it creates the worker asked for. */
static void io_wq_test_create_worker_cb(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_wq *wq = iowq_sleeping_worker(test);
	struct iowq_item *item = iowq->item;

	clear_notify_signal();
	task_work_run();
	iowq_wait_asleep(test);
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

	kunit_one_cpu(test);
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

	kunit_one_cpu(test);
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

/* create_worker_cb: no worker is created in excess of the limit. */
static void io_wq_test_create_cb_limit(struct kunit *test)
{
	struct io_wq *wq = iowq_create_wq(test, current);
	struct io_worker *worker = iowq_dummy(test, wq);
	struct iowq *iowq = test->priv;

	kunit_one_cpu(test);
	iowq_items(test, IO_WQ_WORK_UNBOUND, 3000);
	io_get_acct(wq, false)->max_workers = 1;
	iowq_enqueue(test, wq, "a");
	iowq_wait_asleep(test);
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

	kunit_one_cpu(test);
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
	kunit_deactivate_static_stub(test, kunit_create_io_thread);
	tsk = create_io_thread(fn, arg, node);
	kunit_activate_static_stub(test, kunit_create_io_thread,
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

KUNIT_ARRAY_PARAM_DESC(iowq_failures, iowq_failures, desc);

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
	kunit_activate_static_stub(test, kunit_create_io_thread,
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

	kunit_one_cpu(test);
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
	{ "more than IO_URING_EXIT_WAIT_MAX", 604, 610, true },
};

static void iowq_then_busy(struct iowq_item *item)
{
	const struct iowq_hung *hung = current->kunit_test->param_value;
	ktime_t start = ktime_get();

	while (ktime_ms_delta(ktime_get(), start) < hung->busy * MSEC_PER_SEC)
		iowq_sleep(1000);
}

KUNIT_ARRAY_PARAM_DESC(iowq_hungs, iowq_hungs, desc);

/* io_wq_exit_workers: waits for work that takes no signal, in several turns. */
static void io_wq_test_exit_waits(struct kunit *test)
{
	const struct iowq_hung *hung = test->param_value;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	unsigned long secs = sysctl_hung_task_timeout_secs;
	struct iowq *iowq = test->priv;
	ktime_t start = ktime_get();
	unsigned long turns;

	kunit_simulated_time(test);
	if (hung->warns && !IO_WQ_EXIT_WARNS)
		kunit_skip(test, "no matter how long it takes, here");
	item->then = iowq_then_busy;
	iowq_enqueue(test, iowq->wq, "a");
	iowq_wait_started(test);
	io_wq_exit_start(iowq->wq);
	turns = current->nvcsw;
	sysctl_hung_task_timeout_secs = hung->timeout;
	if (hung->warns)
		kunit_warning_suppress(test)
			io_wq_exit_workers(iowq->wq);
	else
		io_wq_exit_workers(iowq->wq);
	sysctl_hung_task_timeout_secs = secs;
	turns = current->nvcsw - turns;
	secs = ktime_ms_delta(ktime_get(), start) / MSEC_PER_SEC;
	KUNIT_EXPECT_GE(test, secs, hung->busy);
	KUNIT_EXPECT_LE(test, secs, hung->busy + 1);
	/* it sleeps meanwhile, and doesn't poll */
	KUNIT_EXPECT_LE(test, turns, 12);
	iowq_expect_items(test, "R");

	/* and then it is over, the owner is let go of once */
	KUNIT_EXPECT_PTR_EQ(test, iowq->wq->task, NULL);
	io_wq_exit_workers(iowq->wq);
	KUNIT_EXPECT_FALSE(test, iowq_late_exit_on_idle(iowq->wq));
	io_wq_destroy(iowq_forget(test, iowq->wq));
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

/* What is wrong is said once in the kernel log, and is survived each time. */
static void io_wq_test_warnings(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_wq_data data = { .task = iowq->task, IO_WQ_DATA_FNS };
	struct io_wq *wq;
	int i;

	/* this may skip: nothing is there to be freed yet */
	kunit_warning_suppress(test) {
		data.hash = iowq_create_hash(test);
		for (i = 0; i < 2; i++) {
			/* an io_wq without bounded workers can't do anything */
			KUNIT_EXPECT_EQ(test, -EINVAL,
					PTR_ERR_OR_ZERO(io_wq_create(0, &data)));
			/* only an io-wq worker may call it */
			KUNIT_EXPECT_TRUE(test, io_wq_worker_stopped());
			/* io_wq_exit_start() comes first */
			wq = iowq_create_wq(test, iowq->task);
			io_wq_put_and_exit(iowq_forget(test, wq));
		}
		KUNIT_EXPECT_EQ(test, refcount_read(&data.hash->refs), 1);
		io_wq_put_hash(data.hash);
	}
}

/* io_worker_exit: nothing leads to a worker any more, or from its task to it. */
static void io_wq_test_worker_exit_forgotten(struct kunit *test)
{
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	struct iowq *iowq = test->priv;

	kunit_one_cpu(test);
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

/* A worker that starts as the exit does cancels all that is pending. */
static void io_wq_test_exit_takes_all(struct kunit *test)
{
	struct io_wq *wq = iowq_create_wq(test, current);
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);

	kunit_one_cpu(test);
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

/* create_worker_cont: if there won't be a worker, all that waits is cancelled. */
static void io_wq_test_create_fails_all(struct kunit *test)
{
	static const int errs[] = { -EAGAIN, -ENOMEM, 0 };
	struct iowq *iowq = test->priv;
	struct io_wq *wq = iowq_create_wq(test, current);

	kunit_one_cpu(test);
	iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	iowq->errs = errs;
	kunit_activate_static_stub(test, kunit_create_io_thread,
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
	io_wq_put_and_exit(iowq_forget(test, wq));
	turns = current->nvcsw - turns;
	sysctl_hung_task_timeout_secs = secs;
	KUNIT_EXPECT_GE(test, turns, 6);
	KUNIT_EXPECT_LE(test, turns, 12);
	iowq_expect_items(test, "R");
}

/* io_wq_put_and_exit: idle workers leave at once, not when they time out. */
static void io_wq_test_exit_wakes(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_wq *wq = iowq_create_wq(test, iowq->task);
	unsigned long start;

	kunit_one_cpu(test);
	iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	iowq_enqueue(test, wq, "a");
	iowq_sleep(100);
	iowq_expect_items(test, "R");
	iowq_expect_acct(test, wq, 0, 1, 2);
	io_wq_exit_start(wq);
	start = jiffies;
	io_wq_put_and_exit(iowq_forget(test, wq));
	KUNIT_EXPECT_LT(test, jiffies - start, HZ);
}

#include "io-wq_kunit_work.c"
#include "io-wq_kunit_order.c"
#include "io-wq_kunit_link.c"

static int io_wq_test_init(struct kunit *test)
{
	struct iowq *iowq;

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
	/* never woken, so that nobody else touches its ->task_works */
	iowq->task = kthread_create(kthread_worker_fn, NULL, "io-wq_kunit");
	if (IS_ERR(iowq->task))
		return PTR_ERR(iowq->task);
	test->priv = iowq;
	iowq->wq = iowq_create_wq(test, iowq->task);
	kunit_skip_lacking(test);
	return 0;
}

static void io_wq_test_exit(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	int i;

	if (!iowq)
		return;
	for (i = IOWQ_WQS - 1; i >= 0; i--)
		if (iowq->wqs[i])
			iowq_put_wq(test, iowq->wqs[i]);
	iowq->task->task_works = NULL;
	kthread_stop(iowq->task);
	for (i = 0; i < iowq->nr_dummies; i++) {
		bool freed = iowq->freed[i];

		if (!IS_ENABLED(CONFIG_KASAN))
			freed = iowq_is_freed(iowq->dummy[i]);
		if (!freed)
			kmem_cache_free(iowq->cache, iowq->dummy[i]);
	}
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
	KUNIT_CASE(io_wq_test_retry_delay),
	KUNIT_CASE(io_wq_test_cancel_requeued),
	KUNIT_CASE(io_wq_test_cancel_freed),
	KUNIT_CASE(io_wq_test_cancel_again),
	KUNIT_CASE(io_wq_test_cancel_cost),
	KUNIT_CASE(io_wq_test_late_arrival),
	KUNIT_CASE(io_wq_test_late_arrival_cont),
	KUNIT_CASE_EXPLORED(io_wq_test_exit_workers_late),
	KUNIT_CASE_EXPLORED(io_wq_test_worker_exit_queued),
	KUNIT_CASE_EXPLORED(io_wq_test_worker_exit_not_queued),
	KUNIT_CASE(io_wq_test_worker),
	KUNIT_CASE(io_wq_test_enqueue_exit),
	KUNIT_CASE_EXPLORED(io_wq_test_exit_on_idle),
	KUNIT_CASE(io_wq_test_create_worker_cb),
	KUNIT_CASE(io_wq_test_exit_start_queued),
	KUNIT_CASE_EXPLORED(io_wq_test_create_worker_cont),
	KUNIT_CASE(io_wq_test_exit_start_cont),
	KUNIT_CASE_EXPLORED_PARAM(io_wq_test_exit_per_link,
				  iowq_chains_gen_params),
	KUNIT_CASE_EXPLORED(io_wq_test_exit_between_links),
	KUNIT_CASE_EXPLORED(io_wq_test_exit_in_last_link),
	KUNIT_CASE_EXPLORED(io_wq_test_worker_stopped),
	KUNIT_CASE(io_wq_test_enqueue_cancelled),
	KUNIT_CASE_EXPLORED(io_wq_test_work_kept),
	KUNIT_CASE(io_wq_test_max_workers),
	KUNIT_CASE_EXPLORED(io_wq_test_limit),
	KUNIT_CASE(io_wq_test_concurrent),
	KUNIT_CASE(io_wq_test_destroy_pending),
	KUNIT_CASE_EXPLORED(io_wq_test_create_cb_limit),
	KUNIT_CASE_EXPLORED(io_wq_test_create_cb_free),
	KUNIT_CASE(io_wq_test_queue_gone),
	KUNIT_CASE(io_wq_test_for_each),
	KUNIT_CASE(io_wq_test_sched_hooks),
	KUNIT_CASE(io_wq_test_sleep_others_run),
	KUNIT_CASE_EXPLORED_PARAM(io_wq_test_sleep_hashed,
				  iowq_defers_gen_params),
	KUNIT_CASE_EXPLORED(io_wq_test_hash_serial),
	KUNIT_CASE_EXPLORED(io_wq_test_hash_wake),
	KUNIT_CASE_EXPLORED(io_wq_test_hash_unstalled),
	KUNIT_CASE_EXPLORED(io_wq_test_hash_unstalled_others),
	KUNIT_CASE_EXPLORED(io_wq_test_exit_stalled),
	KUNIT_CASE_EXPLORED(io_wq_test_link_hashed),
	KUNIT_CASE_EXPLORED(io_wq_test_hash_others),
	KUNIT_CASE_EXPLORED_PARAM(io_wq_test_remove_pending,
				  iowq_removals_gen_params),
	KUNIT_CASE_PARAM(io_wq_test_match, iowq_matches_gen_params),
	KUNIT_CASE_EXPLORED(io_wq_test_idle_exit),
	KUNIT_CASE_PARAM(io_wq_test_retire, iowq_retires_gen_params),
	KUNIT_CASE_EXPLORED_PARAM(io_wq_test_worker_task_work,
				  iowq_notifies_gen_params),
	KUNIT_CASE_PARAM(io_wq_test_create_fails, iowq_failures_gen_params),
	KUNIT_CASE(io_wq_test_retry_exit),
	KUNIT_CASE(io_wq_test_create_error),
	KUNIT_CASE_PARAM_ATTR(io_wq_test_exit_waits, iowq_hungs_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_EXPLORED(io_wq_test_exit_on_idle_undone),
	KUNIT_CASE(io_wq_test_affinity),
	KUNIT_CASE_EXPLORED(io_wq_test_affinity_idle),
	KUNIT_CASE_EXPLORED(io_wq_test_hotplug),
	KUNIT_CASE_EXPLORED(io_wq_test_worker_exit_behind),
	KUNIT_CASE_EXPLORED(io_wq_test_worker_exit_running),
	KUNIT_CASE_EXPLORED(io_wq_test_free_exiting),
	KUNIT_CASE(io_wq_test_idle_queued),
	KUNIT_CASE_EXPLORED(io_wq_test_sleep_no_work),
	KUNIT_CASE_EXPLORED(io_wq_test_hash_two),
	KUNIT_CASE(io_wq_test_warnings),
	KUNIT_CASE_EXPLORED(io_wq_test_worker_exit_forgotten),
	KUNIT_CASE(io_wq_test_cancel_taken),
	KUNIT_CASE_EXPLORED(io_wq_test_cancel_done),
	KUNIT_CASE_EXPLORED(io_wq_test_work_state),
	KUNIT_CASE(io_wq_test_hash_and_link),
	KUNIT_CASE_EXPLORED(io_wq_test_hash_rest),
	KUNIT_CASE(io_wq_test_exit_takes_all),
	KUNIT_CASE(io_wq_test_put_leaves_nothing),
	KUNIT_CASE_EXPLORED(io_wq_test_exit_on_idle_now),
	KUNIT_CASE_EXPLORED(io_wq_test_cancel_rest),
	KUNIT_CASE_EXPLORED(io_wq_test_cancel_workers),
	KUNIT_CASE(io_wq_test_create_fails_all),
	KUNIT_CASE(io_wq_test_ends_all),
	KUNIT_CASE(io_wq_test_worker_match),
	KUNIT_CASE_SLOW(io_wq_test_exit_turns),
	KUNIT_CASE_EXPLORED(io_wq_test_exit_wakes),
	KUNIT_CASE(io_wq_test_cancel_cb_order),
	KUNIT_CASE(io_wq_test_create_cb_order),
	KUNIT_CASE(io_wq_test_create_cont_order),
	KUNIT_CASE(io_wq_test_retry_order),
	KUNIT_CASE_EXPLORED(io_wq_test_create_cont_asks),
	KUNIT_CASE(io_wq_test_queue_order),
	KUNIT_CASE(io_wq_test_queue_dead_order),
	KUNIT_CASE(io_wq_test_queue_owned),
	KUNIT_CASE(io_wq_test_worker_exit_order),
	KUNIT_CASE(io_wq_test_exit_start_order),
	KUNIT_CASE(io_wq_test_run_late),
	KUNIT_CASE(io_wq_test_run_late_cont),
	KUNIT_CASE_EXPLORED(io_wq_test_enqueue_order),
	KUNIT_CASE_EXPLORED_PARAM(io_wq_test_looks,
				  iowq_looks_gen_params),
	KUNIT_CASE_EXPLORED(io_wq_test_sleep_look),
	KUNIT_CASE_EXPLORED(io_wq_test_hash_wake_order),
	KUNIT_CASE_EXPLORED(io_wq_test_stall_order),
	{}
};

static struct kunit_suite io_wq_test_suite = {
	.name = "io-wq",
	.init = io_wq_test_init,
	.exit = io_wq_test_exit,
	.test_cases = io_wq_test_cases,
};

kunit_test_suite(io_wq_test_suite);
