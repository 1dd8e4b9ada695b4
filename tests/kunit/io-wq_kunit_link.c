// SPDX-License-Identifier: GPL-2.0
/*
 * Included by io-wq_kunit.c: chains of work, when an exit begins meanwhile.
 */

static const struct iowq_chain {
	const char *desc;
	unsigned int flags;
	int nr;
	bool linked, hashed, exit;
	unsigned int msecs;
	const char *want;
	int at, least;
} iowq_chains[] = {
	{ "three unbound links", IO_WQ_WORK_UNBOUND, 3, .linked = true,
	  .exit = true, .msecs = 3000, .want = "RCC" },
	{ "four unbound links, exit in the second", IO_WQ_WORK_UNBOUND, 4,
	  .linked = true, .exit = true, .at = 1, .msecs = 3000, .want = "RRCC" },
	{ "four unbound links, exit in the third", IO_WQ_WORK_UNBOUND, 4,
	  .linked = true, .exit = true, .at = 2, .msecs = 3000, .want = "RRRC" },
	{ "three unbound links, no exit", IO_WQ_WORK_UNBOUND, 3, .linked = true,
	  .msecs = 200, .want = "RRR", .least = 600 },
	{ "three bounded links", 0, 3, .linked = true, .exit = true,
	  .msecs = 3000, .want = "RRR" },
	{ "unbound, then hashed links", IO_WQ_WORK_UNBOUND, 3, .linked = true,
	  .hashed = true, .exit = true, .msecs = 3000, .want = "RCC" },
	{ "three unbound items of one hash", IO_WQ_WORK_UNBOUND, 3,
	  .hashed = true, .exit = true, .msecs = 3000, .want = "RCC" },
	{ "three bounded items of one hash", 0, 3,
	  .hashed = true, .exit = true, .msecs = 3000, .want = "RRR" },
	{ "one unbound item", IO_WQ_WORK_UNBOUND, 1, .exit = true,
	  .msecs = 3000, .want = "R" },
	{ "one bounded item", 0, 1, .exit = true, .msecs = 3000, .want = "R" },
	{ "two unbound items, no link", IO_WQ_WORK_UNBOUND, 2, .exit = true,
	  .msecs = 3000, .want = "RC" },
};

KUNIT_ARRAY_PARAM_DESC(iowq_chains, iowq_chains, desc);

/* As many links, one after the other, done by one worker. */
static struct io_wq *iowq_chain_wq(struct kunit *test, int nr)
{
	struct iowq *iowq = test->priv;
	struct io_wq *wq = iowq_create_wq(test, iowq->task);
	int i;

	io_get_acct(wq, false)->max_workers = 1;
	io_get_acct(wq, true)->max_workers = 1;
	for (i = 1; i < nr; i++)
		iowq->item[i - 1].link = &iowq->item[i];
	return wq;
}

/*
 * pins exit-per-link: the exit bit is sampled for each item of a chain, be it of
 * links or of one hash: unbound work is cancelled, bounded work is notified.
 */
static void io_wq_test_exit_per_link(struct kunit *test)
{
	const struct iowq_chain *chain = test->param_value;
	s64 took_ms, least = chain->least;
	struct iowq_item *item;
	struct io_wq *wq;
	ktime_t start;
	int i;

	/* or else it sleeps in each that is left, but for one that the signal may hit */
	if (chain->exit && !chain->flags && !IO_WQ_EXIT_NOTIFIES) {
		kunit_one_cpu(test);
		least = (chain->nr - 1) * chain->msecs;
	}
	item = iowq_items(test, chain->flags, chain->msecs);
	wq = iowq_chain_wq(test, chain->linked ? chain->nr : 0);
	for (i = chain->linked; chain->hashed && i < chain->nr; i++)
		io_wq_hash_work(&item[i].req.work, test);
	for (i = 0; i < (chain->linked ? 1 : chain->nr); i++)
		io_wq_enqueue(wq, &item[i].req.work);
	for (i = 0; i < chain->at; i++)
		item[i].msecs = 0;
	for (i = 0; i <= chain->at; i++)
		iowq_wait_started(test);

	start = ktime_get();
	if (!chain->exit)
		while (!READ_ONCE(item[chain->nr - 1].freed) &&
		       ktime_ms_delta(ktime_get(), start) < 60 * MSEC_PER_SEC)
			schedule_timeout_uninterruptible(1);
	iowq_put_wq(test, wq);
	took_ms = ktime_ms_delta(ktime_get(), start);
	/* simulated time, but a second is enough for a real CPU as well */
	KUNIT_EXPECT_GE(test, took_ms, least);
	KUNIT_EXPECT_LT(test, took_ms, least + 1000);
	if (chain == iowq_chains)
		kunit_info(test,
			   "figure exit-per-link: %lld ms from exit to done\n",
			   took_ms);
	iowq_expect_items(test, chain->want);
}

/* Starts the exit in the last moment before the next link is looked at. */
static void iowq_exit_free(struct io_wq_work *work)
{
	struct iowq_item *item = container_of(work, struct iowq_item, req.work);
	struct io_worker *worker = current->worker_private;

	iowq_item_free(work);
	if (item->ran)
		set_bit(IO_WQ_BIT_EXIT, &worker->wq->state);
}
#define iowq_exit_put iowq_item_put
DEFINE_IO_WQ_END(iowq_exit)

/*
 * pins exit-per-link: race: the exit begins when an item has ended, and the next
 * one of its chain has not been decided on.
 */
static void io_wq_test_exit_between_links(struct kunit *test)
{
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	struct io_wq *wq = iowq_chain_wq(test, 3);

	io_wq_stub_end(test, iowq_exit);
	io_wq_enqueue(wq, &item->req.work);
	iowq_wait_started(test);
	KUNIT_EXPECT_TRUE(test, iowq_wait_refs(wq, 1));
	iowq_put_wq(test, wq);
	iowq_expect_items(test, "RCC");
}

static void iowq_then_exit(struct iowq_item *item)
{
	struct io_worker *worker = current->worker_private;

	set_bit(IO_WQ_BIT_EXIT, &worker->wq->state);
}

/*
 * exit-per-link: race: an exit that begins after the sample and before the item
 * starts leaves the item alone.
 */
static void io_wq_test_exit_in_last_link(struct kunit *test)
{
	struct iowq_item *item = iowq_items(test, IO_WQ_WORK_UNBOUND, 0);
	struct io_wq *wq = iowq_chain_wq(test, 2);

	item[1].then = iowq_then_exit;
	io_wq_enqueue(wq, &item->req.work);
	iowq_wait_started(test);
	iowq_wait_started(test);
	KUNIT_EXPECT_TRUE(test, iowq_wait_refs(wq, 1));
	iowq_put_wq(test, wq);
	iowq_expect_items(test, "RR");
	KUNIT_EXPECT_FALSE(test, atomic_read(&item[1].req.work.flags) &
			   IO_WQ_WORK_CANCEL);
}
