// SPDX-License-Identifier: GPL-2.0
/*
 * More trials of io-wq, included by io-wq_trial.c: what becomes of work that is
 * being done as the io_wq exits, or that others look for.
 */

/* Bounded work that sleeps until there is a signal: the exit is one. */
static void wqx_sleep(struct iowq_item *item)
{
	set_current_state(TASK_INTERRUPTIBLE);
	if (!signal_pending(current))
		wqx.overslept = !schedule_timeout(WQX_PATIENCE);
	__set_current_state(TASK_RUNNING);
	complete(&wqx.go);
}

static void wqx_enqueue_sleeper(void *data)
{
	struct iowq *iowq = wqx.test->priv;

	atomic_set(&iowq->item[0].req.work.flags, 0);
	atomic_set(&iowq->item[1].req.work.flags, 0);
	iowq->item[1].then = wqx_sleep;
	wqx_enqueue(wqx.wq, 0);
	io_wq_enqueue(wqx.wq, &iowq->item[1].req.work);
}

static void wqx_exit_all(void *data)
{
	wqx_exiter(NULL);
	rcu_read_lock();
	io_wq_for_each_worker(wqx.wq, io_wq_worker_wake, NULL);
	rcu_read_unlock();
	/* another signal, of the end of the trial, would hide it */
	wait_for_completion_timeout(&wqx.go, 2 * WQX_PATIENCE);
}

/* The task execs or exits: no work of it sleeps on, and each is run or cancelled. */
static void io_wq_trial_exit_sleeper(struct kunit *test)
{
	struct iowq *iowq = test->priv;

	if (!KUNIT_HAS_EXIT_SIGNALS)
		kunit_skip(test, "the signal of the exit can come before the work here");
	explore_each_seed(test) {
		wqx_start(test);
		explore_run(test, { "enqueuer", wqx_enqueue_sleeper },
				  { "exiter", wqx_exit_all });
		wqx_end(test);
		KUNIT_EXPECT_FALSE(test, wqx.overslept);
		KUNIT_EXPECT_EQ(test, iowq->item[0].ran + iowq->item[0].cancelled, 1);
		KUNIT_EXPECT_EQ(test, iowq->item[1].ran + iowq->item[1].cancelled, 1);
	}
}

static bool wqx_match_live(struct io_wq_work *work, void *data)
{
	struct iowq_item *item = container_of(work, struct iowq_item, req.work);

	wqx.seen += item->freed;
	return true;
}

static void wqx_cancel_live(void *data)
{
	io_wq_cancel_cb(wqx.wq, wqx_match_live, NULL, true);
}

/* Work is looked for as it completes: what has been freed is found no more. */
static void io_wq_trial_cancel_complete(struct kunit *test)
{
	struct iowq *iowq = test->priv;

	explore_each_seed(test) {
		wqx_start(test);
		explore_run(test, { "enqueuer", wqx_enqueue_one },
				  { "canceller", wqx_cancel_live });
		wqx_end(test);
		KUNIT_EXPECT_EQ(test, wqx.seen, 0);
		KUNIT_EXPECT_EQ(test, iowq->item[0].ran + iowq->item[0].cancelled, 1);
		KUNIT_EXPECT_EQ(test, iowq->item[0].freed, 1);
	}
}
