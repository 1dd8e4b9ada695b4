// SPDX-License-Identifier: GPL-2.0
/*
 * Included by io-wq_kunit.c: work, from io_wq_enqueue() to its end or cancel,
 * hashes, limits, idle workers, and which CPUs they may use.
 */

/* io_wq_enqueue: a worker is created, runs the work, and then the next one. */
static void io_wq_test_worker(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);

	kunit_one_cpu(test);
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

/* io_wq_set_exit_on_idle: idle workers leave, and all counts are as before. */
static void io_wq_test_exit_on_idle(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);

	kunit_one_cpu(test);
	io_wq_enqueue(iowq->wq, &item->req.work);
	iowq_wait_started(test);
	schedule_timeout_uninterruptible(2);
	io_wq_set_exit_on_idle(iowq->wq, true);
	KUNIT_EXPECT_TRUE(test, iowq_wait_refs(iowq->wq, 1));
	iowq_expect_acct(test, iowq->wq, 0, 0, 1);
}

/* A worker that has just been created is as good as a free one: let it start. */
static void iowq_enqueue_slowly(struct kunit *test, const char *s)
{
	struct iowq *iowq = test->priv;

	kunit_one_cpu(test);
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

	kunit_one_cpu(test);
	item->then = iowq_then_stopped;
	iowq_enqueue(test, iowq->wq, "a");
	iowq_wait_asleep(test);
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

	kunit_one_cpu(test);
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
	char behind[sizeof(iowq->wq->wait)];
	int count[3] = { 3, 0, 99 };

	memcpy(behind, &iowq->wq->wait, sizeof(behind));
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

	/* RLIMIT_NPROC was 0 when the io_wq was created */
	unbound->max_workers = 0;
	count[0] = 21;
	count[1] = 0;
	KUNIT_EXPECT_EQ(test, 0, io_wq_max_workers(iowq->wq, count));
	KUNIT_EXPECT_EQ(test, count[0], 3);
	KUNIT_EXPECT_EQ(test, count[1], 0);
	KUNIT_EXPECT_EQ(test, bound->max_workers, 20);
	KUNIT_EXPECT_EQ(test, unbound->max_workers, 0);
	/* there are two of them, and nothing behind them is touched */
	KUNIT_EXPECT_EQ(test, count[2], 99);
	KUNIT_EXPECT_MEMEQ(test, &iowq->wq->wait, behind, sizeof(behind));
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
	KUNIT_EXPECT_EQ(test, atomic_read(&iowq->most_running), 2);
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

	kunit_one_cpu(test);
	item->then = iowq_then_enqueue_two;
	iowq_enqueue(test, iowq->wq, "a");
	iowq_sleep(50);
	iowq_expect_items(test, "RRR");
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

/* io_wq_dec_running: only the last one that runs asks, when it goes to sleep. */
static void io_wq_test_sleep_others_run(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	struct io_worker *worker;
	struct task_struct *tsk;
	int i;

	tsk = kunit_kcalloc(test, 2, sizeof(*tsk), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tsk);
	for (i = 0; i < 2; i++) {
		worker = iowq_dummy(test, iowq->wq);
		set_bit(IO_WORKER_F_UP, &worker->flags);
		if (IO_WQ_SLEEP_NEEDS_WORK)
			worker->cur_work = &item[1].req.work;
		tsk[i].worker_private = worker;
		io_wq_worker_running(&tsk[i]);
	}
	iowq_enqueue(test, iowq->wq, "a");
	io_wq_worker_sleeping(&tsk[0]);
	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, NULL);
	iowq_expect_acct(test, iowq->wq, 1, 0, 1);
	io_wq_worker_sleeping(&tsk[1]);
	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, &worker->create_work);
	iowq_expect_acct(test, iowq->wq, 1, 0, 2);
}

static const struct iowq_defer {
	const char *desc;
	const char *queued;
	char cur;
	bool asks;
} iowq_defers[] = {
	{ "same hash", "X", 'X', false },
	{ "same hash, another bucket", "Y", 'Y', false },
	{ "same hash at the head", "XY", 'X', false },
	{ "another hash at the head", "YX", 'X', true },
	{ "not hashed at the head", "-X", 'X', true },
	{ "sleeping work not hashed", "X", '-', true },
	{ "neither hashed", "-", '-', true },
};

KUNIT_ARRAY_PARAM_DESC(iowq_defers, iowq_defers, desc);

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

	kunit_one_cpu(test);
	item->then = iowq_then_queue;
	iowq_hash(item, defer->cur);
	for (i = 0; defer->queued[i]; i++)
		iowq_hash(&item[i + 1], defer->queued[i]);
	iowq_enqueue(test, wq, "a");
	iowq_wait_asleep(test);
	KUNIT_EXPECT_EQ(test, task_work_pending(current),
			defer->asks || IO_WQ_ASKS_ALWAYS);
	/* either worker may do it */
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

	kunit_one_cpu(test);
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
	KUNIT_EXPECT_EQ(test, atomic_read(&iowq->most_running), 2);
	KUNIT_EXPECT_FALSE(test, test_bit(IO_ACCT_STALLED_BIT, &acct->flags));
}

/* Another io_wq that shares the hash, as those of the tasks of a ring do. */
static struct io_wq *iowq_create_other(struct kunit *test)
{
	struct iowq *iowq = test->priv;

	return iowq_create_wq_hash(test, iowq->task, iowq->wq->hash);
}

/* io_wq_hash_wake: another task's worker with the hash wakes all that stall. */
static void io_wq_test_hash_wake(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	unsigned int flags = IO_WQ_WORK_UNBOUND | IO_WQ_WORK_CONCURRENT;
	struct iowq_item *item = iowq_items(test, flags, 100);
	struct io_wq *other = iowq_create_other(test);
	int i;

	for (i = 0; i < 4; i++)
		iowq_hash(&item[i], i & 1 ? 'Y' : 'X');
	/* the last one is bound, so that both kinds of worker stall */
	item[1].msecs = 200;
	atomic_andnot(IO_WQ_WORK_UNBOUND, &item[3].req.work.flags);
	iowq_enqueue_slowly(test, "ab");
	iowq_enqueue(test, other, "cd");
	iowq_sleep(20);
	KUNIT_EXPECT_STREQ(test, iowq->order, "ab");
	KUNIT_EXPECT_TRUE(test, wq_has_sleeper(&iowq->wq->hash->wait));
	iowq_sleep(100);
	/* woken as well, the bound one stalls again */
	KUNIT_EXPECT_STREQ(test, iowq->order, "abc");
	KUNIT_EXPECT_TRUE(test, wq_has_sleeper(&iowq->wq->hash->wait));
	iowq_sleep(300);
	KUNIT_EXPECT_STREQ(test, iowq->order, "abcd");
	KUNIT_EXPECT_EQ(test, atomic_read(&iowq->most_running), 2);
	KUNIT_EXPECT_FALSE(test, wq_has_sleeper(&iowq->wq->hash->wait));
	iowq_put_wq(test, other);
	iowq_expect_items(test, "RRRR");
}

/* io_wq_exit_workers: an io_wq that waits for the hash of another one leaves. */
static void io_wq_test_exit_stalled(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 100);
	struct io_wq *other = iowq_create_other(test);
	struct io_worker *found[2] = {};

	iowq_hash(&item[0], 'X');
	iowq_hash(&item[1], 'X');
	iowq_enqueue_slowly(test, "a");
	iowq_enqueue(test, other, "b");
	iowq_sleep(20);
	KUNIT_EXPECT_TRUE(test, wq_has_sleeper(&iowq->wq->hash->wait));
	/* what else is on that wait queue isn't taken for a worker */
	io_wq_for_each_worker(other, iowq_found_all, found);
	KUNIT_EXPECT_NOT_NULL(test, found[0]);
	KUNIT_EXPECT_NULL(test, found[1]);
	iowq_put_wq(test, other);
	KUNIT_EXPECT_FALSE(test, wq_has_sleeper(&iowq->wq->hash->wait));
	iowq_sleep(200);
	iowq_expect_items(test, "RC");
}

/* The hash is released before the worker is on the wait queue. */
static bool iowq_wait_on_hash_stub(struct io_wq *wq, unsigned int hash)
{
	struct kunit *test = current->kunit_test;
	bool ret;

	clear_bit(hash, &wq->hash->map);
	kunit_call_real(ret = io_wait_on_hash(wq, hash));
	KUNIT_EXPECT_TRUE(test, ret);
	KUNIT_EXPECT_TRUE(test, list_empty(&wq->wait.entry));
	return ret;
}

/* io_wait_on_hash: a hash that is free by now is nothing to wait for. */
static void io_wq_test_hash_unstalled(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	struct io_wq *other = iowq_create_other(test);

	kunit_one_cpu(test);
	iowq_hash(&item[0], 'X');
	iowq_hash(&item[1], 'X');
	set_bit(io_get_work_hash(&item->req.work), &iowq->wq->hash->map);
	iowq_enqueue(test, other, "a");
	iowq_sleep(20);
	KUNIT_EXPECT_TRUE(test, wq_has_sleeper(&iowq->wq->hash->wait));
	kunit_activate_static_stub(test, io_wait_on_hash,
				   iowq_wait_on_hash_stub);
	iowq_enqueue(test, iowq->wq, "b");
	iowq_sleep(20);
	iowq_expect_items(test, "RR");
	KUNIT_EXPECT_EQ(test, iowq->wq->hash->map, 0);
	KUNIT_EXPECT_FALSE(test, wq_has_sleeper(&iowq->wq->hash->wait));

	/* the same without another waiter */
	iowq_hash(&item[2], 'X');
	set_bit(io_get_work_hash(&item->req.work), &iowq->wq->hash->map);
	iowq_enqueue(test, iowq->wq, "c");
	iowq_sleep(20);
	iowq_expect_items(test, "RRR");
	KUNIT_EXPECT_EQ(test, iowq->wq->hash->map, 0);
	iowq_put_wq(test, other);
}

static enum io_wq_cancel iowq_cancel(struct io_wq *wq, struct iowq_item *item)
{
	return io_wq_cancel_cb(wq, io_wq_work_match_item, &item->req.work,
			       false);
}

/* The same, and then the work that needs it is cancelled. */
static bool iowq_wait_then_cancel_stub(struct io_wq *wq, unsigned int hash)
{
	struct iowq *iowq = current->kunit_test->priv;
	bool ret = iowq_wait_on_hash_stub(wq, hash);

	KUNIT_EXPECT_EQ(iowq->test, iowq_cancel(wq, &iowq->item[1]),
			IO_WQ_CANCEL_OK);
	return ret;
}

/* io_get_next_work: a worker that finds a hash free wakes its other waiters. */
static void io_wq_test_hash_unstalled_others(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	struct io_wq *other = iowq_create_other(test);

	kunit_one_cpu(test);
	iowq_hash(&item[0], 'X');
	iowq_hash(&item[1], 'X');
	set_bit(io_get_work_hash(&item->req.work), &iowq->wq->hash->map);
	iowq_enqueue(test, other, "a");
	iowq_sleep(20);
	kunit_activate_static_stub(test, io_wait_on_hash,
				   iowq_wait_then_cancel_stub);
	iowq_enqueue(test, iowq->wq, "b");
	iowq_sleep(20);
	iowq_expect_items(test, "RC");
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

/* io_worker_handle_work: work without a hash does not release any hash. */
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
	{ "all of a hash, behind another, before one without", "YX-", 'c',
	  "abdf" },
	{ "all of a hash, behind one without", "-X", 'c', "abf" },
	{ "all of a hash, between two without", "-X-", 'c', "abdf" },
	{ "one without a hash", "-X-", 'b', "acfd" },
	{ "last one, no hash", "X-", 'c', "abf" },
	{ "none, hashes are kept together", "XYX", 0, "abdfc" },
};

KUNIT_ARRAY_PARAM_DESC(iowq_removals, iowq_removals, desc);

/* io_wq_cancel_cb: the rest of the list is as if that work had never been. */
static void io_wq_test_remove_pending(struct kunit *test)
{
	const struct iowq_removal *removal = test->param_value;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 50);
	struct iowq *iowq = test->priv;
	struct io_wq_work *work = NULL;
	int i;

	kunit_one_cpu(test);
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

KUNIT_ARRAY_PARAM_DESC(iowq_matches, iowq_matches, desc);

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
	if (match->hashed && strchr(match->want + 1, 'F'))
		kunit_skip_without_next_work(test);
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
	/* the timer wheel may round 5 s up by 640 ms */
	iowq_sleep(1000);
	iowq_expect_acct(test, iowq->wq, 0, 1, 2);
	iowq_sleep(20000);
	iowq_expect_acct(test, iowq->wq, 0, 1, 2);
	/* it has been busy since it timed out, and is as good as a new one */
	iowq_enqueue_slowly(test, "de");
	iowq_sleep(500);
	iowq_expect_items(test, "RRRRR");
	iowq_expect_acct(test, iowq->wq, 0, 2, 3);
}

static const struct iowq_retire {
	const char *desc;
	unsigned int max_workers;
	int workers;
} iowq_retires[] = {
	{ "there is room, it stays", 2, 2 },
	{ "its place is taken, it leaves", 1, 1 },
};

KUNIT_ARRAY_PARAM_DESC(iowq_retires, iowq_retires, desc);

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
	kunit_call_real(ret = io_worker_retire(acct, worker));
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
	kunit_skip_without_retire(test);
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

KUNIT_ARRAY_PARAM_DESC(iowq_notifies, iowq_notifies, desc);

/* An idle worker runs its task_work, and work that this queues, and stays. */
static void io_wq_test_worker_task_work(struct kunit *test)
{
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	const struct iowq_notify *notify = test->param_value;
	struct iowq *iowq = test->priv;

	kunit_one_cpu(test);
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

static void iowq_then_woken(struct iowq_item *item)
{
	struct iowq *iowq = current->kunit_test->priv;

	while (schedule_timeout_uninterruptible(HZ / 2))
		iowq->calls++;
}

/* io_wq_set_exit_on_idle: undone before it takes effect, workers stay. */
static void io_wq_test_exit_on_idle_undone(struct kunit *test)
{
	struct iowq *iowq = test->priv;

	kunit_one_cpu(test);
	iowq_items(test, IO_WQ_WORK_UNBOUND, 0)->then = iowq_then_woken;
	iowq_enqueue(test, iowq->wq, "a");
	iowq_wait_asleep(test);
	io_wq_set_exit_on_idle(iowq->wq, true);
	iowq_sleep(10);
	KUNIT_EXPECT_EQ(test, iowq->calls, 1);
	/* asking twice is the same as once: nobody is woken again */
	io_wq_set_exit_on_idle(iowq->wq, true);
	iowq_sleep(10);
	KUNIT_EXPECT_EQ(test, iowq->calls, 1);
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
	/* no such CPU; with one CPU there may be no bit for it */
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

/* io_wq_enqueue: a worker that exits isn't taken for a free one. */
static void io_wq_test_free_exiting(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct io_worker *worker = iowq_dummy(test, iowq->wq);

	kunit_one_cpu(test);
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
	if (IO_WQ_REQUEST_STAYS)
		iowq_expect_acct(test, wq, 1, 1, 3);
	else
		iowq_expect_acct(test, wq, 0, -IO_WQ_CANCEL_CB_SLOT, 1);
	iowq_run_owner();
	iowq_sleep(6000);
	iowq_expect_acct(test, wq, 0, -IO_WQ_CANCEL_CB_SLOT, 1);
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

	kunit_one_cpu(test);
	iowq_enqueue(test, wq, "a");
	iowq_sleep(20);
	init_task_work(&iowq->work[0], iowq_func_sleep);
	task_work_add(item->task, &iowq->work[0], TWA_NONE);
	wake_up_process(item->task);
	iowq_sleep(20);
	KUNIT_EXPECT_EQ(test, task_work_pending(current),
			!IO_WQ_SLEEP_NEEDS_WORK);
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
	KUNIT_EXPECT_EQ(test, atomic_read(&iowq->most_running), 2);
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

	kunit_one_cpu(test);
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

static bool iowq_done_put(struct io_wq_work *work,
			       struct io_wq_work **linked)
{
	struct iowq_item *item = container_of(work, struct iowq_item, req.work);
	struct iowq *iowq = current->kunit_test->priv;

	KUNIT_EXPECT_EQ(iowq->test, iowq_cancel(iowq->wq, item),
			IO_WQ_CANCEL_NOTFOUND);
	return iowq_item_put(work, linked);
}

static void iowq_done_free(struct io_wq_work *work)
{
	struct iowq_item *item = container_of(work, struct iowq_item, req.work);
	struct iowq *iowq = current->kunit_test->priv;

	if (item->link)
		KUNIT_EXPECT_EQ(iowq->test, iowq_cancel(iowq->wq, item->link),
				IO_WQ_CANCEL_RUNNING);
	iowq_item_free(work);
}
DEFINE_IO_WQ_END(iowq_done)

/* io_wq_cancel_cb: work that is done isn't found; its link is, from then on. */
static void io_wq_test_cancel_done(struct kunit *test)
{
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	struct iowq *iowq = test->priv;

	kunit_one_cpu(test);
	kunit_skip_without_put_work(test);
	io_wq_stub_end(test, iowq_done);
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

	kunit_one_cpu(test);
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

	kunit_one_cpu(test);
	for (i = 0; i < 3; i++)
		iowq_hash(&item[i], 'X');
	atomic_or(IO_WQ_WORK_CONCURRENT, &item[2].req.work.flags);
	item[1].then = iowq_then_enqueue_c;
	iowq_enqueue(test, iowq->wq, "ab");
	iowq_sleep(500);
	iowq_expect_items(test, "RRR");
	KUNIT_EXPECT_STREQ(test, iowq->order, "abc");
	KUNIT_EXPECT_EQ(test, atomic_read(&iowq->most_running), 1);
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

	kunit_one_cpu(test);
	kunit_skip_without_next_work(test);
	iowq_hash(&item[0], 'X');
	iowq_hash(&item[1], 'X');
	iowq_enqueue(test, iowq->wq, "ab");
	iowq_wait_asleep(test);
	KUNIT_EXPECT_EQ(test, io_wq_cancel_cb(iowq->wq, iowq_match_all, NULL,
					      true),
			IO_WQ_CANCEL_RUNNING);
	iowq_sleep(50);
	iowq_expect_items(test, "RC");
}

/* io_wq_cancel_cb: all that runs is cancelled, of several workers as well. */
static void io_wq_test_cancel_workers(struct kunit *test)
{
	unsigned int flags = IO_WQ_WORK_UNBOUND | IO_WQ_WORK_CONCURRENT;
	struct iowq *iowq = test->priv;

	iowq_items(test, flags, 3000);
	iowq_enqueue_slowly(test, "abc");
	KUNIT_EXPECT_EQ(test, atomic_read(&iowq->most_running), 3);
	KUNIT_EXPECT_EQ(test, io_wq_cancel_cb(iowq->wq, iowq_match, "ac", true),
			IO_WQ_CANCEL_RUNNING);
	iowq_expect_flagged(test, "F-F");
	iowq_sleep(20);
	KUNIT_EXPECT_EQ(test, atomic_read(&iowq->running), 1);
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
