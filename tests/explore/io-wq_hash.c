// SPDX-License-Identifier: GPL-2.0
/*
 * Trials of hashed work, included by io-wq_trial.c. Two io_wqs have one hash, as
 * those of two tasks with one ring have: the worker of one has to wait for that of
 * the other, and to be woken by it.
 */

static void wqx_start_hashed(struct kunit *test)
{
	struct iowq *iowq = test->priv;
	int i;

	wqx_start(test);
	wqx.other = iowq_create_wq_hash(test, iowq->task, wqx.wq->hash);
	for (i = 0; i < 2; i++)
		atomic_set(&iowq->item[i].req.work.flags,
			   IO_WQ_WORK_UNBOUND | IO_WQ_WORK_HASHED);
}

static void wqx_other_enqueuer(void *data)
{
	wqx_enqueue(wqx.other, 1);
}

/* One of them is let go of the hash while the other one is about to wait for it. */
static void io_wq_trial_hash(struct kunit *test)
{
	struct iowq *iowq = test->priv;

	explore_each_seed(test) {
		wqx_start_hashed(test);
		explore_run(test, { "enqueuer", wqx_enqueue_one },
				  { "other", wqx_other_enqueuer });
		KUNIT_EXPECT_TRUE(test, wqx.in_time[0]);
		KUNIT_EXPECT_TRUE(test, wqx.in_time[1]);
		KUNIT_EXPECT_EQ(test, atomic_read(&iowq->most_running), 1);
		iowq_put_wq(test, wqx.other);
		wqx_end(test);
		iowq_expect_items(test, "RR");
	}
}

static void wqx_hash_exiter(void *data)
{
	struct iowq *iowq = wqx.test->priv;

	iowq->item[0].then = wqx_wait;
	wqx_enqueue(wqx.wq, 0);
	io_wq_enqueue(wqx.other, &iowq->item[1].req.work);
	/* its worker now waits for the hash */
	schedule_timeout_uninterruptible(2);
	complete(&wqx.go);
	io_wq_exit_start(wqx.other);
	io_wq_put_and_exit(iowq_forget(wqx.test, wqx.other));
}

/* An io_wq that waits for the hash goes away while the other one lets go of it. */
static void io_wq_trial_hash_exit(struct kunit *test)
{
	explore_each_seed(test) {
		struct iowq *iowq = test->priv;

		wqx_start_hashed(test);
		explore_run(test, { "exiter", wqx_hash_exiter });
		KUNIT_EXPECT_TRUE(test, wqx.in_time[0]);
		KUNIT_EXPECT_EQ(test, iowq->item[1].ran +
				iowq->item[1].cancelled, 1);
		wqx_end(test);
	}
}

static void wqx_third(struct iowq_item *item)
{
	complete(&wqx.third);
}

static void wqx_two_hashes(void *data)
{
	struct iowq *iowq = wqx.test->priv;
	unsigned int flags = IO_WQ_WORK_UNBOUND | IO_WQ_WORK_HASHED;
	int i;

	for (i = 1; i < 4; i += 2)
		atomic_set(&iowq->item[i].req.work.flags, flags |
			   IO_WQ_WORK_CONCURRENT | 1U << IO_WQ_HASH_SHIFT);
	atomic_set(&iowq->item[2].req.work.flags, flags | IO_WQ_WORK_CONCURRENT);
	iowq->item[0].then = wqx_wait;
	iowq->item[3].then = wqx_third;
	wqx_enqueue(wqx.other, 0);
	for (i = 1; i < 4; i++)
		io_wq_enqueue(wqx.wq, &iowq->item[i].req.work);
	wqx.in_time[1] = wait_for_completion_timeout(&wqx.third, WQX_PATIENCE);
	complete(&wqx.go);
}

/*
 * Work of a hash that is free again is not kept waiting by work before it, of one
 * that is not. But it is, if a worker that has found both taken sets the stalled bit
 * just when the other one has cleared it: that one then does not look at the list
 * again, and the first only waits for the hash that is still taken.
 */
static void io_wq_trial_hash_two(struct kunit *test)
{
	explore_known(test, "work stalls for a hash that is not its own");
	explore_each_seed(test) {
		wqx_start_hashed(test);
		init_completion(&wqx.third);
		explore_run(test, { "enqueuer", wqx_two_hashes });
		KUNIT_EXPECT_TRUE(test, wqx.in_time[0]);
		KUNIT_EXPECT_TRUE(test, wqx.in_time[1]);
		iowq_put_wq(test, wqx.other);
		wqx_end(test);
	}
}
