// SPDX-License-Identifier: GPL-2.0
/*
 * Included by io-wq_kunit.c: pairs of statements that must not be swapped. Each
 * case lets the other side run between the two, from a stub of a function that
 * is called there.
 */

/* What the memory of an io_wq holds once it has been freed. */
#define IOWQ_GONE 1000

/*
 * The last reference that a function drops may be the last one of all, and the
 * owner then frees the io_wq. Here it only overwrites it.
 */
static void iowq_ref_put_stub(struct io_wq *wq)
{
	struct iowq *iowq = current->kunit_test->priv;
	struct io_wq_acct *acct = io_get_acct(wq, false);

	kunit_call_real(io_worker_ref_put(wq));
	if (atomic_read(&wq->worker_refs) != iowq->last_ref || iowq->gone++)
		return;
	iowq->gone_running = atomic_xchg(&acct->nr_running, IOWQ_GONE);
	iowq->gone_workers = acct->nr_workers;
	acct->nr_workers = IOWQ_GONE;
	set_bit(IO_WQ_BIT_EXIT, &wq->state);
}

/* The worker frees itself as soon as it has its last reference back. */
static void iowq_release_stub(struct io_worker *worker)
{
	struct iowq *iowq = current->kunit_test->priv;

	if (worker == iowq->exiting)
		KUNIT_EXPECT_FALSE(iowq->test,
				   test_bit(0, &worker->create_state));
	kunit_call_real(io_worker_release(worker));
	if (worker == iowq->exiting) {
		KUNIT_EXPECT_TRUE(iowq->test,
				  try_wait_for_completion(&worker->ref_done));
		memset(worker, POISON_FREE, sizeof(*worker));
		iowq->exiting = NULL;
	}
}

/*
 * Overwrite the io_wq once @last_ref references are left, and @exiting once it is
 * released.
 */
static void iowq_watch(struct kunit *test, int last_ref,
		       struct io_worker *exiting)
{
	struct iowq *iowq = test->priv;

	iowq->last_ref = last_ref;
	iowq->gone = 0;
	iowq->exiting = exiting;
	kunit_activate_static_stub(test, io_worker_ref_put, iowq_ref_put_stub);
	kunit_activate_static_stub(test, io_worker_release, iowq_release_stub);
}

/* The counts were these when the reference was dropped, and nobody looked since. */
static void iowq_expect_gone(struct kunit *test, int running, int workers)
{
	struct iowq *iowq = test->priv;
	struct io_wq_acct *acct = io_get_acct(iowq->wq, false);

	kunit_deactivate_static_stub(test, io_worker_ref_put);
	kunit_deactivate_static_stub(test, io_worker_release);
	KUNIT_EXPECT_EQ(test, iowq->gone, 1);
	KUNIT_EXPECT_EQ(test, iowq->gone_running, running);
	KUNIT_EXPECT_EQ(test, iowq->gone_workers, workers);
	iowq_expect_acct(test, iowq->wq, IOWQ_GONE, IOWQ_GONE, iowq->last_ref);
	atomic_set(&acct->nr_running, running);
	acct->nr_workers = workers;
	clear_bit(IO_WQ_BIT_EXIT, &iowq->wq->state);
}

static void iowq_expect_poison(struct kunit *test, struct io_worker *worker)
{
	KUNIT_EXPECT_NULL(test, memchr_inv(worker, POISON_FREE,
					   sizeof(*worker)));
}

/* A worker that waits for the reference of its callback, to exit. */
static struct io_worker *iowq_exiting(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);

	KUNIT_EXPECT_TRUE(test, iowq_queue_cb(worker));
	iowq->task->task_works = NULL;
	io_worker_release(worker);
	return worker;
}

/* io_worker_cancel_cb: the counts, then the io_wq, the bit, then the worker. */
static void io_wq_test_cancel_cb_order(struct kunit *test)
{
	struct io_worker *worker = iowq_exiting(test);
	struct iowq *iowq = test->priv;

	iowq_watch(test, 1, worker);
	io_worker_cancel_cb(worker);
	iowq_expect_gone(test, 0, -IO_WQ_CANCEL_CB_SLOT);
	io_get_acct(iowq->wq, false)->nr_workers = 0;
	iowq_expect_poison(test, worker);

	worker = iowq_dummy(test, iowq->wq);
	KUNIT_EXPECT_TRUE(test, iowq_queue_cont(worker));
	iowq->task->task_works = NULL;
	iowq_watch(test, 1, NULL);
	io_worker_cancel_cb(worker);
	iowq_expect_gone(test, 0, 0);
}

/* create_worker_cb: the same order, if no worker is needed. */
static void io_wq_test_create_cb_order(struct kunit *test)
{
	struct io_worker *worker = iowq_exiting(test);
	struct iowq *iowq = test->priv;

	io_get_acct(iowq->wq, false)->max_workers = 0;
	iowq_watch(test, 1, worker);
	create_worker_cb(&worker->create_work);
	iowq_expect_gone(test, 0, 0);
	iowq_expect_poison(test, worker);
}

static void iowq_cont_put_stub(struct io_wq *wq)
{
	struct iowq *iowq = current->kunit_test->priv;

	KUNIT_EXPECT_EQ(iowq->test, iowq->item[0].cancelled, 1);
	iowq_ref_put_stub(wq);
}

/* create_worker_cont: the counts and the pending work, and then the io_wq. */
static void io_wq_test_create_cont_order(struct kunit *test)
{
	static const int errs[] = { -ENOMEM, 0 };
	struct iowq *iowq = test->priv;
	struct io_wq_acct *acct = io_get_acct(iowq->wq, false);
	struct io_worker *worker = iowq_dummy(test, iowq->wq);

	KUNIT_EXPECT_TRUE(test, iowq_queue_cont(worker));
	iowq->task->task_works = NULL;
	iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	acct->max_workers = 1;
	iowq_enqueue(test, iowq->wq, "a");
	iowq->errs = errs;
	kunit_activate_static_stub(test, kunit_create_io_thread,
				   iowq_create_io_thread_stub);
	iowq_watch(test, 1, NULL);
	kunit_activate_static_stub(test, io_worker_ref_put, iowq_cont_put_stub);
	create_worker_cont(&worker->create_work);
	iowq_expect_gone(test, 0, 0);
	iowq_expect_freed(test, worker);
	iowq_expect_items(test, "C");
}

/* The work is due at once, finds that the exit has started, and frees it. */
static void iowq_retry_stub(struct io_worker *worker)
{
	struct iowq *iowq = current->kunit_test->priv;

	set_bit(IO_WQ_BIT_EXIT, &worker->wq->state);
	KUNIT_EXPECT_FALSE(iowq->test,
			   io_queue_worker_create(worker,
						  io_wq_get_acct(worker),
						  create_worker_cont));
	memset(worker, POISON_FREE, sizeof(*worker));
}

/* create_worker_cont: the retry is the last that it has to do with the worker. */
static void io_wq_test_retry_order(struct kunit *test)
{
	static const int errs[] = { -EAGAIN, 0 };
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);

	KUNIT_EXPECT_TRUE(test, iowq_queue_cont(worker));
	iowq->task->task_works = NULL;
	iowq->errs = errs;
	kunit_activate_static_stub(test, kunit_create_io_thread,
				   iowq_create_io_thread_stub);
	kunit_activate_static_stub(test, queue_create_worker_retry,
				   iowq_retry_stub);
	create_worker_cont(&worker->create_work);
	iowq_expect_poison(test, worker);
	KUNIT_EXPECT_EQ(test, iowq->creations, 1);
	iowq_expect_acct(test, iowq->wq, 0, 1, 1);
}

static void iowq_init_new_worker_stub(IO_INIT_NEW_WORKER_ARGS)
{
	struct iowq *iowq = current->kunit_test->priv;

	kunit_call_real(io_init_new_worker(wq, acct, worker, tsk));
	if (iowq->calls++)
		return;
	iowq_sleep(20);
	KUNIT_EXPECT_STREQ(iowq->test, iowq->order, "a");
	KUNIT_EXPECT_TRUE(iowq->test, task_work_pending(current));
}

/* create_worker_cont: the new worker may ask for another one at once. */
static void io_wq_test_create_cont_asks(struct kunit *test)
{
	struct io_wq *wq = iowq_create_wq(test, current);
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 100);
	struct iowq *iowq = test->priv;

	kunit_one_cpu(test);
	iowq_enqueue_no_thread(wq, &item->req.work);
	iowq_enqueue(test, wq, "b");
	iowq_sleep(50);
	KUNIT_EXPECT_TRUE(test, task_work_pending(current));
	kunit_activate_static_stub(test, io_init_new_worker,
				   iowq_init_new_worker_stub);
	iowq_run_owner();
	KUNIT_EXPECT_GE(test, iowq->calls, 1);
	iowq_sleep(200);
	iowq_put_wq(test, wq);
	iowq_expect_items(test, "RR");
}

static int iowq_task_work_add_stub(struct task_struct *task,
				   struct callback_head *work,
				   enum task_work_notify_mode notify)
{
	struct iowq *iowq = current->kunit_test->priv;
	void (*then)(struct iowq *iowq, struct io_worker *worker);
	int ret;

	kunit_call_real(ret = task_work_add(task, work, notify));
	then = iowq->then_added;
	iowq->then_added = NULL;
	if (then)
		then(iowq, container_of(work, struct io_worker, create_work));
	return ret;
}

/* The owner is done with the callback, and drops the reference of its own. */
static void iowq_then_cancelled(struct iowq *iowq, struct io_worker *worker)
{
	io_wq_exit_start(worker->wq);
	KUNIT_EXPECT_EQ(iowq->test, atomic_read(&worker->wq->worker_refs), 2);
	KUNIT_EXPECT_EQ(iowq->test, refcount_read(&worker->ref), 1);
	iowq->cancels++;
}

/* io_queue_worker_create: it keeps the io_wq until after its second look. */
static void io_wq_test_queue_order(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);

	if (!IO_WQ_EXIT_START_WALKS)
		kunit_skip(test, "an exit takes nothing off as it starts");
	iowq->then_added = iowq_then_cancelled;
	kunit_activate_static_stub(test, task_work_add,
				   iowq_task_work_add_stub);
	KUNIT_EXPECT_TRUE(test, iowq_queue_cb(worker));
	KUNIT_EXPECT_EQ(test, iowq->cancels, 1);
	iowq_expect_idle(test, worker);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
	clear_bit(IO_WQ_BIT_EXIT, &iowq->wq->state);

	/* the stub sets the exit bit with the last put: it must not be looked at */
	iowq_watch(test, 2, NULL);
	KUNIT_EXPECT_TRUE(test, iowq_queue_cb(worker));
	iowq_expect_gone(test, 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, &worker->create_work);
}

/* io_queue_worker_create: the same if it can't, and the counts come first. */
static void io_wq_test_queue_dead_order(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);

	iowq->task->task_works = iowq_dead_works(test);
	iowq_watch(test, 1, NULL);
	KUNIT_EXPECT_FALSE(test, iowq_queue_cb(worker));
	iowq_expect_gone(test, 0, 0);
	iowq->task->task_works = NULL;
	iowq_expect_idle(test, worker);

	set_bit(0, &worker->create_state);
	iowq_watch(test, 1, NULL);
	KUNIT_EXPECT_FALSE(test, iowq_queue_cb(worker));
	iowq_expect_gone(test, 0, 0);
}

/* io_queue_worker_create: if the bit is set, the callback is left alone. */
static void io_wq_test_queue_owned(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);

	KUNIT_EXPECT_TRUE(test, iowq_queue_cb(worker));
	io_wq_get_acct(worker)->nr_workers++;
	KUNIT_EXPECT_FALSE(test, iowq_queue_cont(worker));
	KUNIT_EXPECT_TRUE(test, worker->create_work.func == create_worker_cb);
	KUNIT_EXPECT_EQ(test, refcount_read(&worker->ref), 2);
	io_wq_get_acct(worker)->nr_workers -= 2;
	io_wq_cancel_tw_create(iowq->wq);
	iowq_expect_acct(test, iowq->wq, 0, -IO_WQ_CANCEL_CB_SLOT, 1);
}

static void iowq_exit_put_stub(struct io_wq *wq)
{
	struct iowq *iowq = current->kunit_test->priv;

	KUNIT_EXPECT_TRUE(iowq->test, list_empty(io_wq_all_list(wq)));
	KUNIT_EXPECT_NULL(iowq->test, current->worker_private);
	iowq_ref_put_stub(wq);
}

static void iowq_then_nothing(struct iowq *iowq, struct io_worker *worker)
{
}

/* io_worker_exit: the last that it touches of the io_wq is its reference. */
static void io_wq_test_worker_exit_order(struct kunit *test)
{
	kunit_one_cpu(test);
	iowq_watch(test, 1, NULL);
	kunit_activate_static_stub(test, io_worker_ref_put, iowq_exit_put_stub);
	iowq_exit_worker(test, iowq_then_nothing);
	iowq_sleep(50);
	iowq_expect_gone(test, 0, 1);
}

static void iowq_then_refused(struct iowq *iowq, struct io_worker *worker)
{
	KUNIT_EXPECT_FALSE(iowq->test, iowq_queue_cb(iowq->dummy[1]));
	iowq->calls++;
}

/* cancel-create-once: the exit bit is set before the list is walked. */
static void io_wq_test_exit_start_order(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);
	struct io_worker *late = iowq_dummy(test, iowq->wq);

	KUNIT_EXPECT_TRUE(test, iowq_queue_cb(worker));
	iowq->at = worker;
	iowq->then = iowq_then_refused;
	kunit_activate_static_stub(test, io_worker_cancel_cb,
				   iowq_cancel_cb_stub);
	io_wq_exit_start(iowq->wq);
	KUNIT_EXPECT_EQ(test, iowq->calls, 1);
	KUNIT_EXPECT_EQ(test, iowq->cancels, 1);
	iowq_expect_idle(test, late);
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
}

static void iowq_then_run_owner(struct iowq *iowq, struct io_worker *worker)
{
	KUNIT_EXPECT_TRUE(iowq->test, task_work_pending(current));
	iowq_run_owner();
	iowq->calls++;
}

/*
 * The exit starts between the first look of an adder and its push, and the owner
 * runs its task_work before the adder looks again.
 */
static struct io_worker *
iowq_run_late(struct kunit *test, struct io_wq *wq,
	      bool (*queue)(struct io_worker *worker))
{
	static const int errs[] = { -EINTR, 0 };
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, wq);

	iowq->at = worker;
	iowq->then = iowq_then_exit_start;
	iowq->then_added = iowq_then_run_owner;
	iowq->errs = errs;
	kunit_activate_static_stub(test, io_worker_get, iowq_worker_get_stub);
	kunit_activate_static_stub(test, task_work_add,
				   iowq_task_work_add_stub);
	kunit_activate_static_stub(test, kunit_create_io_thread,
				   iowq_create_io_thread_stub);
	KUNIT_EXPECT_TRUE(test, queue(worker));
	KUNIT_EXPECT_EQ(test, iowq->calls, 1);
	KUNIT_EXPECT_EQ(test, iowq->creations, 0);
	iowq_expect_acct(test, wq, 0, 0, 1);
	return worker;
}

/* pins cancel-create-once: once the exit has started, no callback creates. */
static void io_wq_test_run_late(struct kunit *test)
{
	struct io_wq *wq = iowq_create_wq(test, current);

	iowq_expect_idle(test, iowq_run_late(test, wq, iowq_queue_cb));
	iowq_put_wq(test, wq);
}

/* pins cancel-create-once: nor does a callback that retries. */
static void io_wq_test_run_late_cont(struct kunit *test)
{
	struct io_wq *wq = iowq_create_wq(test, current);

	iowq_expect_freed(test, iowq_run_late(test, wq, iowq_queue_cont));
	iowq_put_wq(test, wq);
}

/* The worker that has been woken runs, before the caller goes on. */
static void iowq_woken_stub(struct io_worker *worker)
{
	struct iowq *iowq = current->kunit_test->priv;

	kunit_call_real(io_worker_release(worker));
	if (worker == iowq->at) {
		iowq->at = NULL;
		rcu_read_unlock();
		iowq_sleep(20);
		rcu_read_lock();
	}
}

/* io_wq_enqueue: a worker is woken up once there is something to find. */
static void io_wq_test_enqueue_order(struct kunit *test)
{
	struct iowq *iowq = test->priv;

	kunit_simulated_time(test);
	iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	iowq_enqueue_slowly(test, "a");
	iowq->at = list_first_entry_or_null(io_wq_all_list(iowq->wq),
					    struct io_worker, all_list);
	KUNIT_ASSERT_NOT_NULL(test, iowq->at);
	kunit_activate_static_stub(test, io_worker_release, iowq_woken_stub);
	iowq_enqueue_slowly(test, "b");
	KUNIT_EXPECT_NULL(test, iowq->at);
	iowq_expect_items(test, "RR");
	iowq_expect_acct(test, iowq->wq, 0, 1, 2);
}

/* Work is queued just after a look at the work list that finds nothing. */
static const struct iowq_look {
	const char *desc;
	unsigned int msecs; /* the first such look after that, */
	int running; /* with so many workers counted as running */
} iowq_looks[] = {
	{ "after the work is done", 0, 1 },
	{ "before it sleeps", 0, 0 },
	{ "after the sleep has timed out", 5000, 1 },
	{ "before it leaves", 5000, 0 },
};

KUNIT_ARRAY_PARAM_DESC(iowq_looks, iowq_looks, desc);

static bool iowq_run_queue_stub(struct io_wq_acct *acct)
{
	struct iowq *iowq = current->kunit_test->priv;
	const struct iowq_look *look = iowq->look;
	bool ret;

	kunit_call_real(ret = io_acct_run_queue(acct));
	if (ret || !look || acct != io_get_acct(iowq->wq, false) ||
	    atomic_read(&acct->nr_running) != look->running ||
	    ktime_ms_delta(ktime_get(), iowq->look_from) < look->msecs)
		return ret;
	iowq->look = NULL;
	iowq_enqueue(iowq->test, iowq->wq, "b");
	return false;
}

static void iowq_set_look(struct kunit *test, const struct iowq_look *look)
{
	struct iowq *iowq = test->priv;

	iowq->look = look;
	iowq->look_from = ktime_get();
	kunit_activate_static_stub(test, io_acct_run_queue,
				   iowq_run_queue_stub);
}

/* Or else nobody would ask for another worker when this one sleeps. */
static void iowq_then_counted(struct iowq_item *item)
{
	struct iowq *iowq = current->kunit_test->priv;
	struct io_wq_acct *acct = io_get_acct(iowq->wq, false);

	KUNIT_EXPECT_EQ(iowq->test, atomic_read(&acct->nr_running), 1);
}

/* io_wq_worker: work that is queued after one of its looks isn't left behind. */
static void io_wq_test_looks(struct kunit *test)
{
	const struct iowq_look *look = test->param_value;
	struct iowq *iowq = test->priv;

	kunit_simulated_time(test);
	if (!look->msecs && !look->running && IO_WQ_SLEEP_NEEDS_WORK)
		kunit_skip(test, "a worker without work does not look then");
	if (look->msecs)
		kunit_skip_without_retire(test);
	iowq_items(test, IO_WQ_WORK_UNBOUND, 0)[1].then = iowq_then_counted;
	/* the only worker may leave as well */
	cpumask_clear(iowq->wq->cpu_mask);
	iowq_set_look(test, look);
	iowq_enqueue(test, iowq->wq, "a");
	iowq_sleep(look->msecs + 100);
	KUNIT_EXPECT_NULL(test, iowq->look);
	iowq_expect_items(test, "RR");
	iowq_expect_acct(test, iowq->wq, 0, 1, 2);
}

/* io_wq_dec_running: the same for the look of a worker whose work sleeps. */
static void io_wq_test_sleep_look(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);
	struct task_struct *tsk = kunit_kzalloc(test, sizeof(*tsk), GFP_KERNEL);
	struct iowq_item *item;

	kunit_one_cpu(test);
	KUNIT_ASSERT_NOT_NULL(test, tsk);
	item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	set_bit(IO_WORKER_F_UP, &worker->flags);
	if (IO_WQ_SLEEP_NEEDS_WORK)
		worker->cur_work = &item[0].req.work;
	tsk->worker_private = worker;
	io_wq_worker_running(tsk);
	/* it doesn't count any more when it looks */
	iowq_set_look(test, &iowq_looks[1]);
	io_wq_worker_sleeping(tsk);
	KUNIT_EXPECT_NULL(test, iowq->look);
	iowq_sleep(20);
	KUNIT_EXPECT_STREQ(test, iowq->order, "b");
}

static int iowq_hash_wake_stub(struct wait_queue_entry *wait, unsigned int mode,
			       int sync, void *key)
{
	struct io_wq *wq = container_of(wait, struct io_wq, wait);
	struct iowq *iowq = current->kunit_test->priv;
	int ret;

	/* if the bit were set, the worker would wait again, with nothing to wake it */
	KUNIT_EXPECT_EQ(iowq->test, wq->hash->map, 0);
	iowq->calls++;
	kunit_call_real(ret = io_wq_hash_wake(wait, mode, sync, key));
	return ret;
}

/* io_worker_handle_work: the hash is free before those that wait are told. */
static void io_wq_test_hash_wake_order(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 100);
	struct io_wq *other = iowq_create_other(test);

	iowq_hash(&item[0], 'X');
	iowq_hash(&item[1], 'X');
	kunit_activate_static_stub(test, io_wq_hash_wake, iowq_hash_wake_stub);
	iowq_enqueue_slowly(test, "a");
	iowq_enqueue(test, other, "b");
	iowq_sleep(20);
	KUNIT_EXPECT_TRUE(test, wq_has_sleeper(&iowq->wq->hash->wait));
	iowq_sleep(300);
	iowq_expect_items(test, "RR");
	KUNIT_EXPECT_EQ(test, iowq->calls, 1);
	iowq_put_wq(test, other);
}

static bool iowq_wait_then_queue_stub(struct io_wq *wq, unsigned int hash)
{
	struct iowq *iowq = current->kunit_test->priv;
	bool ret;

	if (!iowq->calls++)
		iowq_enqueue(iowq->test, wq, "c");
	kunit_call_real(ret = io_wait_on_hash(wq, hash));
	return ret;
}

/* io_get_next_work: work that is queued as it gives up is looked at. */
static void io_wq_test_stall_order(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 50);
	struct io_wq *other = iowq_create_other(test);

	kunit_one_cpu(test);
	iowq_hash(&item[0], 'X');
	iowq_hash(&item[1], 'X');
	item[2].msecs = 0;
	kunit_activate_static_stub(test, io_wait_on_hash,
				   iowq_wait_then_queue_stub);
	iowq_enqueue(test, iowq->wq, "a");
	iowq_wait_started(test);
	iowq_enqueue(test, other, "b");
	iowq_sleep(200);
	KUNIT_EXPECT_STREQ(test, iowq->order, "acb");
	iowq_put_wq(test, other);
	iowq_expect_items(test, "RRR");
}
