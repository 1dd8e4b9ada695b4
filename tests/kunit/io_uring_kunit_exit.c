// SPDX-License-Identifier: GPL-2.0
/*
 * Included by io_uring_kunit.c: io_ring_exit_work(), how often it looks, what it
 * cancels, and how it tells the tasks that have used the ring.
 */

/* On return the ring has only the references of others left. */
static void ring_kill(struct ring *ring)
{
	struct io_ring_ctx *ctx = ring->ctx;

	ring->closed = true;
	percpu_ref_kill(&ctx->refs);
	rcu_barrier();
	INIT_WORK(&ctx->exit_work, io_ring_exit_work);
}

/* Ring exit by this thread, which has the static stubs of the test. */
static void ring_exit(struct ring *ring)
{
	ring_kill(ring);
	io_ring_exit_work(&ring->ctx->exit_work);
}

/* io_ring_exit_work: looks each 50 ms for what there is to cancel. */
static void io_uring_test_exit_interval(struct kunit *test)
{
	struct ring *ring;
	struct ring_item *item;
	unsigned long start;

	kunit_one_cpu(test);
	if (KUNIT_LACKS_CANCEL_LOCAL_DIRECTLY)
		kunit_skip(test, "without cancel-local-directly");
	ring = ring_create(test, IORING_SETUP_DEFER_TASKRUN);
	item = ring_item(test);
	schedule_timeout_uninterruptible(1);
	start = jiffies;
	ring_close(ring);
	schedule_timeout_uninterruptible(1);
	ring_add(item);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
	KUNIT_EXPECT_EQ(test, item->when - start, RING_INTERVAL);
}

static void ring_add_later(struct work_struct *work)
{
	struct ring *ring = container_of(work, struct ring, later.work);

	ring_add(&ring->item[0]);
}

/* Timers of a minute end with one of these, which it has just begun or not. */
#define RING_SLOW 512
static const struct ring_slow {
	const char *desc;
	unsigned long at;
} ring_slows[] = {
	{ "late", 2 },
	{ "early", RING_SLOW - 10 },
};

KUNIT_ARRAY_PARAM_DESC(ring_slows, ring_slows, desc);

static void ring_exit_slowly(struct kunit *test)
{
	struct ring *ring = ring_create(test, IORING_SETUP_DEFER_TASKRUN);
	unsigned long secs = sysctl_hung_task_timeout_secs;
	struct ring_item *item = ring_item(test);
	const struct ring_slow *slow = test->param_value;
	unsigned long end;

	INIT_DELAYED_WORK(&ring->later, ring_add_later);
	do {
		schedule_timeout_uninterruptible(1);
		end = jiffies + 360 * HZ + RING_INTERVAL;
	} while (end % RING_SLOW - slow->at > 4);
	/* the end of this test has to wait for that long */
	sysctl_hung_task_timeout_secs = 0;
	schedule_delayed_work(&ring->later, 310 * HZ);
	ring_exit(ring);
	sysctl_hung_task_timeout_secs = secs;
	KUNIT_EXPECT_TRUE(test, ring_freed(ring));
	KUNIT_EXPECT_EQ(test, item->when, round_up(end + 1, RING_SLOW));
}

/* io_ring_exit_work: looks once a minute, if five were not enough. */
static void io_uring_test_exit_slow(struct kunit *test)
{
	kunit_simulated_time(test);
	kunit_warning_suppress(test)
		ring_exit_slowly(test);
}

static bool ring_overflown(struct io_ring_ctx *ctx)
{
	return atomic_read(&ctx->rings->sq_flags) & IORING_SQ_CQ_OVERFLOW;
}

/* io_ring_exit_work: overflown completions are freed before all requests end. */
static void io_uring_test_exit_overflow(struct kunit *test)
{
	struct ring *ring = ring_create(test, 0);
	struct io_ring_ctx *ctx = ring->ctx;
	int i;

	kunit_one_cpu(test);
	for (i = 0; i < 2 * RING_NR + 3; i++)
		KUNIT_EXPECT_TRUE(test, io_post_aux_cqe(ctx, i, 0, 0));
	KUNIT_ASSERT_FALSE(test, list_empty(&ctx->cq_overflow_list));
	KUNIT_ASSERT_TRUE(test, ring_overflown(ctx));
	init_waitqueue_func_entry(&ring->poller, ring_poller_wake);
	io_ring_activate_poll(ctx);
	add_wait_queue(&ctx->poll_wq, &ring->poller);
	percpu_ref_get(&ctx->refs);
	ring_close(ring);
	schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->cq_overflow_list));
	KUNIT_EXPECT_FALSE(test, test_bit(IO_CHECK_CQ_OVERFLOW_BIT, &ctx->check_cq));
	KUNIT_EXPECT_FALSE(test, ring_overflown(ctx));
	/* none of them was posted, and it was said with the lock held */
	KUNIT_EXPECT_EQ(test, READ_ONCE(ctx->rings->cq.tail), 2 * RING_NR);
	KUNIT_EXPECT_EQ(test, ring->wakes, 1);
	KUNIT_EXPECT_TRUE(test, ring->locked);
	remove_wait_queue(&ctx->poll_wq, &ring->poller);
	KUNIT_EXPECT_FALSE(test, ring_freed(ring));
	percpu_ref_put(&ctx->refs);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
}

static const struct ring_setup {
	const char *desc;
	unsigned int flags;
} ring_setups[] = {
	{ "plain", 0 },
	{ "defer", IORING_SETUP_DEFER_TASKRUN },
	{ "sqpoll", IORING_SETUP_SQPOLL },
};

KUNIT_ARRAY_PARAM_DESC(ring_setups, ring_setups, desc);

/*
 * io_ring_exit_work: race: who adds task_work to a ring without a request that
 * keeps it has a grace period for that. Other rings go without one.
 */
static void io_uring_test_exit_grace(struct kunit *test)
{
	const struct ring_setup *setup = test->param_value;
	struct ring *ring = ring_create(test, setup->flags);
	unsigned long before;

	kunit_tiny_rcu(test);
	/* to let another task run would end a grace period, too */
	sched_set_fifo(current);
	ring_kill(ring);
	before = get_state_synchronize_rcu();
	io_ring_exit_work(&ring->ctx->exit_work);
	KUNIT_EXPECT_EQ(test, poll_state_synchronize_rcu(before),
			!!(setup->flags & IO_EXIT_GRACE_FLAGS));
	sched_set_normal(current, 0);
	KUNIT_EXPECT_TRUE(test, ring_freed(ring));
}

/* io_ring_exit_work: what an SQPOLL ring polls for is left to the thread. */
static void io_uring_test_exit_sqpoll_iopoll(struct kunit *test)
{
	struct ring *ring = ring_create(test, IORING_SETUP_IOPOLL |
					IORING_SETUP_SQPOLL);
	struct ring_item *item = ring_item(test);
	struct file *file;

	file = anon_inode_getfile("[io_uring_kunit]", &ring_late_fops, NULL,
				  O_RDWR);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	item->req->opcode = IORING_OP_URING_CMD;
	item->req->file = file;
	item->req->iopoll_completed = 0;
	io_ring_add_iopoll(ring->ctx, item->req);
	ring_close(ring);
	schedule_timeout_uninterruptible(HZ);
	KUNIT_EXPECT_EQ(test, ring->polls, 0);
	ring->polls = 3;
	io_iopoll_try_reap_events(ring->ctx);
	KUNIT_EXPECT_STREQ(test, ring->ran, "a");
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
}

/* A ring with an SQPOLL thread, which is that of the test. */
static struct ring *ring_sqpoll(struct kunit *test)
{
	struct ring *ring = ring_create(test, IORING_SETUP_SQPOLL);
	struct io_sq_data *sqd = &ring->sqd;

	/* never the last reference */
	refcount_set(&sqd->refs, 2);
	mutex_init(&sqd->lock);
	init_waitqueue_head(&sqd->wait);
	INIT_LIST_HEAD(&sqd->ctx_list);
	list_add(&ring->ctx->sqd_list, &sqd->ctx_list);
	RCU_INIT_POINTER(sqd->thread, ring->task);
	ring->ctx->sq_data = sqd;
	return ring;
}

static void ring_expect_unparked(struct kunit *test)
{
	struct ring *ring = test->priv;

	KUNIT_EXPECT_FALSE(test, mutex_is_locked(&ring->sqd.lock));
	KUNIT_EXPECT_EQ(test, atomic_read(&ring->sqd.park_pending), 0);
	KUNIT_EXPECT_EQ(test, ring->sqd.state, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&ring->sqd.ctx_list));
}

/* Work by its letter: capital for what is run, small for what is cancelled. */
static void ring_submit_work_stub(struct io_wq_work *work)
{
	struct ring *ring = current->kunit_test->priv;
	int i = container_of(work, struct io_kiocb, work) - ring->work;
	bool cancel = atomic_read(&work->flags) & IO_WQ_WORK_CANCEL;

	ring->ran[strlen(ring->ran)] = (cancel ? 'a' : 'A') + i;
	if (cancel) {
		ring->cancelled_at = jiffies;
		ring->locked &= mutex_is_locked(&ring->sqd.lock);
	} else if (!i) {
		complete(&ring->reached);
		wait_for_completion(&ring->go);
	}
}

static bool ring_work_put(struct io_wq_work *work,
			       struct io_wq_work **linked)
{
	*linked = NULL;
	return true;
}

static void ring_work_free(struct io_wq_work *work)
{
	struct io_kiocb *req = container_of(work, struct io_kiocb, work);
	struct ring *ring = current->kunit_test->priv;

	if (req->ctx == ring->ctx)
		percpu_ref_put(&req->ctx->refs);
}
DEFINE_IO_WQ_END(ring_work)

/*
 * io_ring_exit_work: work of that ring in the io-wq of its SQPOLL thread is
 * cancelled at once and all of it, that of the others who share it is not.
 */
static void io_uring_test_exit_sqpoll_work(struct kunit *test)
{
	struct ring *ring = ring_sqpoll(test);
	struct io_wq *wq = ring->task->io_uring->io_wq;
	int i, max[2] = { 1, 1 };
	unsigned long start;

	kunit_one_cpu(test);
	kunit_activate_static_stub(test, io_wq_submit_work,
				   ring_submit_work_stub);
	io_wq_stub_end(test, ring_work);
	KUNIT_ASSERT_EQ(test, 0, io_wq_max_workers(wq, max));
	/* the first, which keeps the one worker, and the last are another's */
	for (i = 0; i < RING_WORKS; i++) {
		struct io_kiocb *req = &ring->work[i];

		atomic_set(&req->work.flags, IO_WQ_WORK_UNBOUND);
		if (i && i < RING_WORKS - 1) {
			req->ctx = ring->ctx;
			percpu_ref_get(&ring->ctx->refs);
		}
		io_wq_enqueue(wq, &req->work);
		if (!i)
			wait_for_completion(&ring->reached);
	}
	ring->locked = true;
	start = jiffies;
	ring_exit(ring);
	KUNIT_EXPECT_STREQ(test, ring->ran, "Abc");
	KUNIT_EXPECT_EQ(test, ring->cancelled_at - start, 0);
	/* each time the thread was parked */
	KUNIT_EXPECT_TRUE(test, ring->locked);
	KUNIT_EXPECT_TRUE(test, ring_freed(ring));
	ring_expect_unparked(test);
	complete_all(&ring->go);
	schedule_timeout_uninterruptible(HZ);
	KUNIT_EXPECT_STREQ(test, ring->ran, "AbcD");
}

static const struct ring_gone {
	const char *desc;
	bool thread, tctx;
} ring_gones[] = {
	{ "no thread", .thread = true },
	{ "no tctx", .tctx = true },
	{ "no io-wq" },
};

KUNIT_ARRAY_PARAM_DESC(ring_gones, ring_gones, desc);

/* io_ring_exit_work: the SQPOLL thread may be gone, or have no io-wq. */
static void io_uring_test_exit_sqpoll_gone(struct kunit *test)
{
	const struct ring_gone *gone = test->param_value;
	struct ring *ring = ring_sqpoll(test);
	struct io_uring_task *tctx = ring->task->io_uring;
	struct io_wq *wq = tctx->io_wq;

	if (gone->thread)
		RCU_INIT_POINTER(ring->sqd.thread, NULL);
	else if (gone->tctx)
		ring->task->io_uring = NULL;
	else
		tctx->io_wq = NULL;
	ring_exit(ring);
	KUNIT_EXPECT_TRUE(test, ring_freed(ring));
	ring_expect_unparked(test);
	ring->task->io_uring = tctx;
	tctx->io_wq = wq;
}

static int ring_user_thread(void *data)
{
	struct ring_user *user = data;
	struct ring *ring = user->ring;

	if (__io_uring_add_tctx_node(ring->ctx))
		return -ENOMEM;
	complete(&user->ready);
	while (!kthread_should_stop()) {
		schedule_timeout_interruptible(HZ);
		if (io_run_task_work() && !user->runs++ && user->then)
			user->then(user);
	}
	return 0;
}

/* A ring with so many users, of which the last is the first to be told. */
static struct ring *ring_with_users(struct kunit *test, unsigned int flags)
{
	struct ring *ring = ring_create(test, flags);
	int i;

	for (i = 0; i < RING_USERS; i++) {
		struct ring_user *user = &ring->user[i];
		struct task_struct *task;

		user->ring = ring;
		init_completion(&user->ready);
		task = kthread_run(ring_user_thread, user, "io_uring_kunit");
		KUNIT_ASSERT_FALSE(test, IS_ERR(task));
		user->task = get_task_struct(task);
		KUNIT_ASSERT_TRUE(test,
				  wait_for_completion_timeout(&user->ready, HZ));
		/* nobody gets to run between its last run and the lock */
		sched_set_fifo(task);
	}
	return ring;
}

static bool ring_uses(struct ring_user *user)
{
	return !xa_empty(&user->task->io_uring->xa);
}

/* io_ring_exit_work: each task that has used the ring forgets it, at once. */
static void io_uring_test_exit_users(struct kunit *test)
{
	struct ring *ring = ring_with_users(test, 0);
	int i;

	kunit_one_cpu(test);
	for (i = 0; i < RING_USERS; i++)
		KUNIT_EXPECT_TRUE(test, ring_uses(&ring->user[i]));
	ring_close(ring);
	schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_TRUE(test, ring_freed(ring));
	for (i = 0; i < RING_USERS; i++) {
		KUNIT_EXPECT_EQ(test, ring->user[i].runs, 1);
		KUNIT_EXPECT_FALSE(test, ring_uses(&ring->user[i]));
	}
}

/*
 * io_ring_exit_work: a task that cancels its requests is told again each 50 ms,
 * until it is done with that. The others don't wait for it.
 */
static void io_uring_test_exit_in_cancel(struct kunit *test)
{
	struct ring *ring = ring_with_users(test, 0);
	struct ring_user *busy = &ring->user[1], *other = &ring->user[0];
	unsigned long start = jiffies;

	kunit_one_cpu(test);
	kunit_skip_without_exit_in_cancel(test);
	atomic_set(&busy->task->io_uring->in_cancel, 1);
	ring_close(ring);
	schedule_timeout_uninterruptible(RING_INTERVAL);
	KUNIT_EXPECT_FALSE(test, ring_uses(other));
	schedule_timeout_uninterruptible(HZ);
	KUNIT_EXPECT_TRUE(test, ring_uses(busy));
	KUNIT_EXPECT_FALSE(test, ring_freed(ring));
	KUNIT_EXPECT_EQ(test, other->runs, 1);
	KUNIT_EXPECT_EQ(test, busy->runs, 1 + (jiffies - start) / RING_INTERVAL);
	atomic_set(&busy->task->io_uring->in_cancel, 0);
	schedule_timeout_uninterruptible(RING_INTERVAL);
	KUNIT_EXPECT_FALSE(test, ring_uses(busy));
	KUNIT_EXPECT_TRUE(test, ring_freed(ring));
}

static const struct ring_tctx_lock {
	const char *desc;
	bool tctx;
} ring_tctx_locks[] = {
	{ "uring_lock", false },
	{ "tctx_lock", true },
};

KUNIT_ARRAY_PARAM_DESC(ring_tctx_locks, ring_tctx_locks, desc);

static struct mutex *ring_lock(struct kunit *test)
{
	const struct ring_tctx_lock *lock = test->param_value;
	struct ring *ring = test->priv;

	return lock->tctx ? io_ring_tctx_lock(ring->ctx) : &ring->ctx->uring_lock;
}

/* io_ring_exit_work: race: users are not looked for while another has a lock. */
static void io_uring_test_exit_users_locked(struct kunit *test)
{
	struct ring *ring = ring_with_users(test, 0);
	struct mutex *lock = ring_lock(test);

	kunit_one_cpu(test);
	percpu_ref_get(&ring->ctx->refs);
	ring_close(ring);
	schedule_timeout_uninterruptible(1);
	mutex_lock(lock);
	percpu_ref_put(&ring->ctx->refs);
	schedule_timeout_uninterruptible(HZ);
	KUNIT_EXPECT_EQ(test, ring->user[0].runs, 0);
	KUNIT_EXPECT_EQ(test, ring->user[1].runs, 0);
	KUNIT_EXPECT_FALSE(test, task_work_pending(ring->user[1].task));
	mutex_unlock(lock);
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
}

/* Who waits for the user to have run does not get the lock before. */
static void ring_user_lock(struct ring_user *user)
{
	struct ring *ring = user->ring;

	mutex_lock(user->lock);
	schedule_timeout_uninterruptible(HZ / 2);
	user->runs_of_all = ring->user[0].runs + ring->user[1].runs;
	mutex_unlock(user->lock);
}

/* io_ring_exit_work: race: the same after the first of them. */
static void io_uring_test_exit_users_relocked(struct kunit *test)
{
	struct ring *ring = ring_with_users(test, 0);

	kunit_one_cpu(test);
	ring->user[1].lock = ring_lock(test);
	ring->user[1].then = ring_user_lock;
	ring_close(ring);
	schedule_timeout_uninterruptible(HZ / 4);
	KUNIT_EXPECT_EQ(test, ring->user[1].runs, 1);
	KUNIT_EXPECT_FALSE(test, task_work_pending(ring->user[0].task));
	KUNIT_EXPECT_TRUE(test, ring_wait_freed(ring));
	KUNIT_EXPECT_EQ(test, ring->user[1].runs_of_all, 1);
	KUNIT_EXPECT_EQ(test, ring->user[0].runs, 1);
}

static void ring_user_drop(struct ring_user *user)
{
	struct io_ring_ctx *ctx = user->ring->ctx;

	mutex_lock(io_ring_tctx_lock(ctx));
	list_del_init(&user->ring->node.ctx_node);
	mutex_unlock(io_ring_tctx_lock(ctx));
}

static void ring_exit_with_dead(struct ring *ring)
{
	struct io_ring_ctx *ctx = ring->ctx;

	ring_submitter_exit(ring);
	ring->node.task = ring->task;
	ring->node.ctx = ctx;
	list_add(&ring->node.ctx_node, &ctx->tctx_list);
	ring->user[1].then = ring_user_drop;
	ring_exit(ring);
}

/* io_ring_exit_work: a task that can't be told any more isn't waited for. */
static void io_uring_test_exit_dead_user(struct kunit *test)
{
	struct ring *ring = test->priv;

	kunit_one_cpu(test);
	kunit_warning_suppress(test) {
		ring_with_users(test, 0);
		ring_exit_with_dead(ring);
	}
	KUNIT_EXPECT_TRUE(test, list_empty(&ring->node.ctx_node));
	KUNIT_EXPECT_TRUE(test, ring_freed(ring));
	KUNIT_EXPECT_EQ(test, ring->user[0].runs, 1);
	KUNIT_EXPECT_EQ(test, ring->user[1].runs, 1);
}
