// SPDX-License-Identifier: GPL-2.0
/*
 * Trials of io-wq, included at the end of io_uring/io-wq.c, behind its suite, whose
 * items and stubs they use: workers that are asked for, go to sleep and leave, while
 * work comes, the io_wq exits, and others look at them.
 */
#include "compat.h"
#include "explore.h"

/* Work that waits is done at once: in simulated time nothing else takes any. */
#define WQX_PATIENCE (HZ / 2)
/* But with a clock: its idle workers time out two or three times. */
#define WQX_CLOCK_PATIENCE (40 * HZ)

static struct wqx {
	struct kunit *test;
	struct io_wq *wq, *other;
	struct io_worker dummy;
	bool in_time[3];
	long patience;
	bool overslept;
	struct completion go, third;
	int seen;
} wqx;

static void wqx_start(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	int i;

	memset(&wqx, 0, sizeof(wqx));
	wqx.test = test;
	wqx.patience = WQX_PATIENCE;
	init_completion(&wqx.go);
	reinit_completion(&iowq->started);
	for (i = 0; i < IOWQ_ITEMS; i++) {
		item[i].ran = 0;
		item[i].cancelled = 0;
		item[i].freed = 0;
		item[i].then = NULL;
	}
	atomic_set(&iowq->running, 0);
	atomic_set(&iowq->most_running, 0);
	atomic_set(&iowq->nr_started, 0);
	memset(iowq->order, 0, sizeof(iowq->order));
	wqx.wq = iowq_create_wq(test, iowq->task);
	iowq_init_worker(&wqx.dummy, wqx.wq);
}

/* With nothing queued: an exit of the io_wq would hide it. */
static void wqx_end(struct kunit *test)
{
	struct iowq *iowq = test->priv;

	KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, NULL);
	iowq->task->task_works = NULL;
	iowq_put_wq(test, wqx.wq);
}

static void wqx_asker(void *data)
{
	iowq_queue_cb(&wqx.dummy);
}

static void wqx_exiter(void *data)
{
	io_wq_exit_start(wqx.wq);
}

/* Whoever comes last takes the callback off: the asker's late look, or the walk. */
static void io_wq_trial_ask_exit(struct kunit *test)
{
	explore_each_seed(test) {
		wqx_start(test);
		explore_run(test, { "asker", wqx_asker },
				  { "exiter", wqx_exiter });
		iowq_expect_idle(test, &wqx.dummy);
		iowq_expect_acct(test, wqx.wq, 0, 0, 1);
		wqx_end(test);
	}
}

/* Two ask for the same worker: one callback is queued, and all that the other took is back. */
static void io_wq_trial_ask_twice(struct kunit *test)
{
	struct callback_head *cb = &wqx.dummy.create_work;
	struct iowq *iowq = test->priv;

	explore_each_seed(test) {
		wqx_start(test);
		explore_run(test, { "asker", wqx_asker },
				  { "other", wqx_asker });
		KUNIT_EXPECT_PTR_EQ(test, iowq->task->task_works, cb);
		KUNIT_EXPECT_PTR_EQ(test, cb->next, NULL);
		cb->next = NULL;
		KUNIT_EXPECT_EQ(test, refcount_read(&wqx.dummy.ref), 2);
		iowq_expect_acct(test, wqx.wq, 1, 0, 2);
		io_wq_cancel_tw_create(wqx.wq);
		iowq_expect_idle(test, &wqx.dummy);
		wqx_end(test);
	}
}

/* From now on we create the workers that it asks for, while we wait. */
static void wqx_own(struct io_wq *wq)
{
	put_task_struct(wq->task);
	wq->task = get_task_struct(current);
}

static void wqx_enqueue(struct io_wq *wq, int nr)
{
	struct iowq *iowq = wqx.test->priv;
	long left;

	wqx_own(wq);
	io_wq_enqueue(wq, &iowq->item[nr].req.work);
	for (;;) {
		left = wait_for_completion_interruptible_timeout(&iowq->started,
								 wqx.patience);
		if (left >= 0)
			break;
		iowq_run_owner();
	}
	wqx.in_time[nr] = left;
}

static void wqx_enqueuer(void *data)
{
	wqx_enqueue(wqx.wq, 0);
	wqx_enqueue(wqx.wq, 1);
}

/* The worker is done with one item and goes to sleep when the next one comes. */
static void io_wq_trial_enqueue_idle(struct kunit *test)
{
	explore_each_seed(test) {
		wqx_start(test);
		explore_run(test, { "enqueuer", wqx_enqueuer });
		KUNIT_EXPECT_TRUE(test, wqx.in_time[0]);
		KUNIT_EXPECT_TRUE(test, wqx.in_time[1]);
		wqx_end(test);
		iowq_expect_items(test, "RR");
	}
}

static void wqx_retirer(void *data)
{
	explore_retire_idle(wqx.wq);
}

static void wqx_retire_enqueuer(void *data)
{
	wqx_enqueue(wqx.wq, 0);
	explore_until_retires();
	wqx_enqueue(wqx.wq, 1);
}

/* It leaves for good, having nothing to do, when the next one comes. */
static void io_wq_trial_enqueue_retire(struct kunit *test)
{
	if (!KUNIT_HAS_WORKER_RETIRE)
		explore_known(test, "a worker leaves while work comes");
	explore_each_seed(test) {
		wqx_start(test);
		explore_retires_from(wqx.wq);
		explore_run(test, { "enqueuer", wqx_retire_enqueuer },
				  { "retirer", wqx_retirer });
		KUNIT_EXPECT_TRUE(test, wqx.in_time[0]);
		KUNIT_EXPECT_TRUE(test, wqx.in_time[1]);
		wqx_end(test);
		iowq_expect_items(test, "RR");
	}
}

static bool wqx_no_match(struct io_wq_work *work, void *data)
{
	wqx.seen++;
	return false;
}

static void wqx_canceller(void *data)
{
	explore_until_retires();
	io_wq_cancel_cb(wqx.wq, wqx_no_match, NULL, true);
}

static void wqx_enqueue_one(void *data)
{
	wqx_enqueue(wqx.wq, 0);
}

/* Somebody looks at each worker, and one of them leaves and is freed. */
static void io_wq_trial_cancel_retire(struct kunit *test)
{
	explore_each_seed(test) {
		wqx_start(test);
		explore_retires_from(wqx.wq);
		explore_run(test, { "enqueuer", wqx_enqueue_one },
				  { "retirer", wqx_retirer },
				  { "canceller", wqx_canceller });
		KUNIT_EXPECT_TRUE(test, wqx.in_time[0]);
		wqx_end(test);
		iowq_expect_items(test, "R");
	}
}

static void wqx_wait(struct iowq_item *item)
{
	wait_for_completion(&wqx.go);
}

static void wqx_two(void *data)
{
	struct iowq *iowq = wqx.test->priv;

	iowq->item[0].then = wqx_wait;
	io_wq_enqueue(wqx.wq, &iowq->item[0].req.work);
	io_wq_enqueue(wqx.wq, &iowq->item[1].req.work);
	wqx.in_time[0] = wait_for_completion_timeout(&iowq->started,
						     WQX_PATIENCE);
	complete(&wqx.go);
	io_wq_exit_start(wqx.wq);
	rcu_read_lock();
	io_wq_for_each_worker(wqx.wq, io_wq_worker_wake, NULL);
	rcu_read_unlock();
}

/*
 * A worker asks for another one, since it sleeps with work pending. Then it is free
 * to exit, and so is the io_wq: the callback is given back to a worker that only
 * waits for that to be freed.
 */
static void io_wq_trial_asked_exit(struct kunit *test)
{
	explore_each_seed(test) {
		wqx_start(test);
		explore_run(test, { "exiter", wqx_two });
		KUNIT_EXPECT_TRUE(test, wqx.in_time[0]);
		wqx_end(test);
	}
}

static bool wqx_match(struct io_wq_work *work, void *data)
{
	return true;
}

static void wqx_until_told(struct iowq_item *item)
{
	while (!signal_pending(current))
		schedule_timeout_interruptible(HZ);
	/* only the read of the signal comes before, which orders no other */
	smp_rmb();
	wqx.seen = atomic_read(&item->req.work.flags) & IO_WQ_WORK_CANCEL;
}

static void wqx_cancel_one(void *data)
{
	struct iowq *iowq = wqx.test->priv;

	iowq->item[0].then = wqx_until_told;
	wqx_enqueue(wqx.wq, 0);
	io_wq_cancel_cb(wqx.wq, wqx_match, NULL, false);
}

/* Work that is told to stop finds that it is cancelled. */
static void io_wq_trial_cancel_running(struct kunit *test)
{
	explore_each_seed(test) {
		wqx_start(test);
		explore_run(test, { "canceller", wqx_cancel_one });
		KUNIT_EXPECT_NE(test, wqx.seen, 0);
		wqx_end(test);
		iowq_expect_items(test, "R");
	}
}

static void wqx_three(void *data)
{
	struct iowq *iowq = wqx.test->priv;
	int i;

	iowq->item[0].then = wqx_wait;
	for (i = 0; i < 3; i++) {
		atomic_or(IO_WQ_WORK_CONCURRENT, &iowq->item[i].req.work.flags);
		wqx_enqueue(wqx.wq, i);
	}
	complete(&wqx.go);
	wqx_exiter(NULL);
	rcu_read_lock();
	io_wq_for_each_worker(wqx.wq, io_wq_worker_wake, NULL);
	rcu_read_unlock();
}

/* An idle worker, of two, has slept for long enough, and leaves, when work comes. */
static void io_wq_trial_enqueue_timeout(struct kunit *test)
{
	int i;

	if (!KUNIT_HAS_WORKER_RETIRE)
		explore_known(test, "a worker leaves while work comes");
	explore_each_seed(test) {
		wqx_start(test);
		wqx.patience = WQX_CLOCK_PATIENCE;
		explore_run(test, { "enqueuer", wqx_three },
				  { "clock", explore_clock, (void *)2L });
		for (i = 0; i < 3; i++)
			KUNIT_EXPECT_TRUE(test, wqx.in_time[i]);
		wqx_end(test);
	}
}

#include "io-wq_hash.c"
#include "io-wq_work.c"

static struct kunit_case io_wq_trials[] = {
	KUNIT_CASE(io_wq_trial_ask_exit),
	KUNIT_CASE(io_wq_trial_ask_twice),
	KUNIT_CASE(io_wq_trial_enqueue_idle),
	KUNIT_CASE(io_wq_trial_enqueue_retire),
	KUNIT_CASE(io_wq_trial_cancel_retire),
	KUNIT_CASE(io_wq_trial_asked_exit),
	KUNIT_CASE(io_wq_trial_cancel_running),
	KUNIT_CASE(io_wq_trial_hash),
	KUNIT_CASE(io_wq_trial_hash_exit),
	KUNIT_CASE(io_wq_trial_hash_two),
	KUNIT_CASE(io_wq_trial_enqueue_timeout),
	KUNIT_CASE(io_wq_trial_exit_sleeper),
	KUNIT_CASE(io_wq_trial_cancel_complete),
	{}
};

static struct kunit_suite io_wq_trial_suite = {
	.name = "io-wq-trial",
	.init = io_wq_test_init,
	.exit = io_wq_test_exit,
	.test_cases = io_wq_trials,
};

kunit_test_suite(io_wq_trial_suite);
