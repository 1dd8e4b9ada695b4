// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for what io_uring keeps for each task, included at the end of
 * io_uring/tctx.c
 *
 * The task is the thread of the test, which hasn't used io_uring before; rings
 * have just what is looked at here.
 */
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/fdtable.h>
#include <linux/sched/task.h>
#include "cancel.h"
#include "kunit_compat.h"

#define TCTX_RINGS 3

struct tctx_test {
	struct io_ring_ctx *ctx[TCTX_RINGS];
	struct file *file;
	long refs;

	struct io_uring_task *tctx;
	struct delayed_work done;
};

static const struct file_operations tctx_fops;

static struct io_tctx_node *tctx_node(struct io_ring_ctx *ctx)
{
	return list_first_entry_or_null(&ctx->tctx_list, struct io_tctx_node,
					ctx_node);
}

/* What io_uring_cancel_generic() ends with. */
static void tctx_free(void)
{
	io_wq_exit_start(current->io_uring->io_wq);
	io_uring_clean_tctx(current->io_uring);
	__io_uring_free(current);
}

/* __io_uring_add_tctx_node: the first ring of a task, and each ring once. */
static void tctx_test_add_node(struct kunit *test)
{
	struct tctx_test *t = test->priv;
	struct io_uring_task *tctx;
	int i;

	KUNIT_EXPECT_EQ(test, 0, __io_uring_add_tctx_node(t->ctx[0]));
	tctx = current->io_uring;
	KUNIT_ASSERT_NOT_NULL(test, tctx);
	KUNIT_EXPECT_NOT_NULL(test, tctx->io_wq);
	KUNIT_EXPECT_PTR_EQ(test, tctx->last, NULL);

	KUNIT_EXPECT_EQ(test, 0, __io_uring_add_tctx_node(t->ctx[0]));
	KUNIT_EXPECT_EQ(test, 0, __io_uring_add_tctx_node(t->ctx[1]));
	KUNIT_EXPECT_PTR_EQ(test, current->io_uring, tctx);
	for (i = 0; i < 2; i++) {
		struct io_tctx_node *node = tctx_node(t->ctx[i]);

		KUNIT_EXPECT_NOT_NULL(test, node);
		if (!node)
			continue;
		KUNIT_EXPECT_TRUE(test, list_is_singular(&t->ctx[i]->tctx_list));
		KUNIT_EXPECT_PTR_EQ(test, node->task, current);
		KUNIT_EXPECT_PTR_EQ(test, node->ctx, t->ctx[i]);
	}
	KUNIT_EXPECT_TRUE(test, list_empty(&t->ctx[2]->tctx_list));

	/* hashed work of all tasks with that ring goes by the same map */
	KUNIT_EXPECT_NOT_NULL(test, t->ctx[0]->hash_map);
	KUNIT_EXPECT_EQ(test, refcount_read(&t->ctx[0]->hash_map->refs), 2);
	tctx_free();
	KUNIT_EXPECT_EQ(test, refcount_read(&t->ctx[0]->hash_map->refs), 1);
	KUNIT_EXPECT_PTR_EQ(test, current->io_uring, NULL);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->ctx[0]->tctx_list));
	KUNIT_EXPECT_TRUE(test, list_empty(&t->ctx[1]->tctx_list));
}

/* io_init_wq_offload: the next task to use the ring gets the map there is. */
static void tctx_test_hash_map(struct kunit *test)
{
	struct tctx_test *t = test->priv;
	struct io_wq_hash *hash;

	KUNIT_EXPECT_EQ(test, 0, __io_uring_add_tctx_node(t->ctx[0]));
	tctx_free();
	hash = t->ctx[0]->hash_map;
	KUNIT_EXPECT_EQ(test, 0, __io_uring_add_tctx_node(t->ctx[0]));
	KUNIT_EXPECT_PTR_EQ(test, t->ctx[0]->hash_map, hash);
	KUNIT_EXPECT_EQ(test, refcount_read(&hash->refs), 2);
	tctx_free();
}

/* __io_uring_add_tctx_node_from_submit: rings may be for one task alone. */
static void tctx_test_submit(struct kunit *test)
{
	struct tctx_test *t = test->priv;

	t->ctx[0]->flags = IORING_SETUP_SINGLE_ISSUER;
	KUNIT_EXPECT_EQ(test, -EEXIST,
			__io_uring_add_tctx_node_from_submit(t->ctx[0]));
	KUNIT_EXPECT_PTR_EQ(test, current->io_uring, NULL);

	t->ctx[0]->submitter_task = current;
	KUNIT_EXPECT_EQ(test, 0,
			__io_uring_add_tctx_node_from_submit(t->ctx[0]));
	KUNIT_EXPECT_PTR_EQ(test, current->io_uring->last, t->ctx[0]);
	/* any other ring is for everybody */
	KUNIT_EXPECT_EQ(test, 0,
			__io_uring_add_tctx_node_from_submit(t->ctx[1]));
	KUNIT_EXPECT_PTR_EQ(test, current->io_uring->last, t->ctx[1]);
	tctx_free();
}

/* __io_uring_add_tctx_node: limits set on a ring are for tasks that come later. */
static void tctx_test_limits(struct kunit *test)
{
	struct tctx_test *t = test->priv;
	int count[2] = {};

	io_ring_set_iowq_limits(t->ctx[0], 3, 5);
	KUNIT_EXPECT_EQ(test, 0, __io_uring_add_tctx_node(t->ctx[0]));
	KUNIT_EXPECT_EQ(test, 0,
			io_wq_max_workers(current->io_uring->io_wq, count));
	KUNIT_EXPECT_EQ(test, count[0], 3);
	KUNIT_EXPECT_EQ(test, count[1], 5);
	/* not for those that there are */
	io_ring_set_iowq_limits(t->ctx[1], 2, 2);
	KUNIT_EXPECT_EQ(test, 0, __io_uring_add_tctx_node(t->ctx[1]));
	memset(count, 0, sizeof(count));
	io_wq_max_workers(current->io_uring->io_wq, count);
	KUNIT_EXPECT_EQ(test, count[0], 3);
	KUNIT_EXPECT_EQ(test, count[1], 5);
	tctx_free();
}

/* io_uring_del_tctx_node: that ring is forgotten, and no other. */
static void tctx_test_del_node(struct kunit *test)
{
	struct tctx_test *t = test->priv;
	int i;

	/* nothing there */
	io_uring_del_tctx_node((unsigned long)t->ctx[0]);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, 0,
				__io_uring_add_tctx_node_from_submit(t->ctx[i]));
	io_uring_del_tctx_node((unsigned long)t->ctx[2]);

	io_uring_del_tctx_node((unsigned long)t->ctx[0]);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->ctx[0]->tctx_list));
	KUNIT_EXPECT_PTR_EQ(test, xa_load(&current->io_uring->xa,
					  (unsigned long)t->ctx[0]), NULL);
	KUNIT_EXPECT_PTR_EQ(test, current->io_uring->last, t->ctx[1]);
	KUNIT_EXPECT_NOT_NULL(test, tctx_node(t->ctx[1]));

	io_uring_del_tctx_node((unsigned long)t->ctx[1]);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->ctx[1]->tctx_list));
	KUNIT_EXPECT_PTR_EQ(test, current->io_uring->last, NULL);
	KUNIT_EXPECT_TRUE(test, xa_empty(&current->io_uring->xa));
	/* a ring that comes back */
	KUNIT_EXPECT_EQ(test, 0, __io_uring_add_tctx_node(t->ctx[0]));
	KUNIT_EXPECT_NOT_NULL(test, tctx_node(t->ctx[0]));
	tctx_free();
}

/* __io_uring_add_tctx_node: without an io_wq there is no context, nor a leak. */
static void tctx_test_alloc_fails(struct kunit *test)
{
	struct tctx_test *t = test->priv;

	/* so that no bounded worker is allowed */
	t->ctx[0]->sq_entries = 0;
	kunit_warning_suppress(test)
		KUNIT_EXPECT_EQ(test, -EINVAL,
				__io_uring_add_tctx_node(t->ctx[0]));
	KUNIT_EXPECT_PTR_EQ(test, current->io_uring, NULL);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->ctx[0]->tctx_list));
	KUNIT_EXPECT_EQ(test, refcount_read(&t->ctx[0]->hash_map->refs), 1);
	/* it is up to the ring whether it works the next time */
	t->ctx[0]->sq_entries = 8;
	KUNIT_EXPECT_EQ(test, 0, __io_uring_add_tctx_node(t->ctx[0]));
	tctx_free();
}

/* io_uring_cancel_generic: what is left of a task that exits, or calls exec. */
static void tctx_test_cancelled(struct kunit *test)
{
	struct tctx_test *t = test->priv;
	struct io_uring_task *tctx;

	KUNIT_EXPECT_EQ(test, 0, __io_uring_add_tctx_node(t->ctx[0]));
	tctx = current->io_uring;
	/* requests on rings that are gone by the time they are looked for */
	atomic_set(&tctx->inflight_tracked, 1);
	io_uring_cancel_generic(false, NULL);
	KUNIT_EXPECT_PTR_EQ(test, current->io_uring, tctx);
	KUNIT_EXPECT_PTR_EQ(test, tctx->io_wq, NULL);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->ctx[0]->tctx_list));
	KUNIT_EXPECT_EQ(test, atomic_read(&tctx->in_cancel), 1);

	/* it may yet use rings, but not io-wq */
	KUNIT_EXPECT_EQ(test, 0, __io_uring_add_tctx_node(t->ctx[1]));
	KUNIT_EXPECT_NOT_NULL(test, tctx_node(t->ctx[1]));
	KUNIT_EXPECT_PTR_EQ(test, tctx->io_wq, NULL);
	io_uring_del_tctx_node((unsigned long)t->ctx[1]);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->ctx[1]->tctx_list));

	io_uring_cancel_generic(true, NULL);
	KUNIT_EXPECT_PTR_EQ(test, current->io_uring, NULL);
	io_uring_cancel_generic(true, NULL);
	KUNIT_EXPECT_PTR_EQ(test, current->io_uring, NULL);
}

/* A request that no ring knows of is done. */
static void tctx_complete(struct work_struct *work)
{
	struct tctx_test *t = container_of(work, struct tctx_test, done.work);

	percpu_counter_dec(&t->tctx->inflight);
	atomic_dec(&t->tctx->inflight_tracked);
	wake_up(&t->tctx->wait);
}

/*
 * cancel-local-directly: race: who puts the last request of a task that calls
 * exec may not be done with the tctx yet: it is freed after a grace period.
 */
static void tctx_test_free_grace(struct kunit *test)
{
	struct tctx_test *t = test->priv;
	struct rcu_head *rcu;

	kunit_tiny_rcu(test);
	KUNIT_ASSERT_EQ(test, 0, __io_uring_add_tctx_node(t->ctx[0]));
	rcu = io_tctx_rcu(current->io_uring);
	KUNIT_EXPECT_PTR_EQ(test, rcu->func, NULL);
	/* until we sleep, no callback is run */
	tctx_free();
	KUNIT_EXPECT_PTR_NE(test, rcu->func, NULL);
}

/* io_uring_cancel_generic: sleeps until all is done, whoever else has work. */
static void tctx_test_cancel_waits(struct kunit *test)
{
	struct tctx_test *t = test->priv;
	unsigned long start = jiffies;
	struct llist_node entry;
	int i;

	for (i = 0; i < 2; i++) {
		io_local_work_init(t->ctx[i]);
		t->ctx[i]->flags = IORING_SETUP_DEFER_TASKRUN;
		KUNIT_EXPECT_EQ(test, 0, __io_uring_add_tctx_node(t->ctx[i]));
	}
	/* for another task to run */
	t->ctx[0]->submitter_task = current;
	t->ctx[1]->submitter_task = &init_task;
	if (IO_CANCEL_OWN_LOCAL)
		io_local_work_push(t->ctx[1], &entry);

	t->tctx = current->io_uring;
	percpu_counter_inc(&t->tctx->inflight);
	atomic_inc(&t->tctx->inflight_tracked);
	INIT_DELAYED_WORK(&t->done, tctx_complete);
	schedule_delayed_work(&t->done, HZ);
	io_uring_cancel_generic(false, NULL);
	KUNIT_EXPECT_GE(test, jiffies - start, HZ);
	KUNIT_EXPECT_LT(test, jiffies - start, 2 * HZ);
	KUNIT_EXPECT_EQ(test, percpu_counter_sum(&t->tctx->inflight), 0);
	__io_uring_free(current);
}

/* io_ring_add_registered_file: the first slot that is free in a range. */
static void tctx_test_registered(struct kunit *test)
{
	struct tctx_test *t = test->priv;
	struct io_uring_task *tctx;
	int i;

	tctx = kunit_kzalloc(test, sizeof(*tctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tctx);
	KUNIT_EXPECT_EQ(test, 3, io_ring_add_registered_file(tctx, t->file,
							     3, 4));
	KUNIT_EXPECT_EQ(test, -EBUSY, io_ring_add_registered_file(tctx, t->file,
								  3, 4));
	for (i = 0; i < IO_RINGFD_REG_MAX; i++)
		if (i != 3)
			KUNIT_EXPECT_EQ(test, i,
					io_ring_add_registered_file(tctx, t->file, 0,
								    IO_RINGFD_REG_MAX));
	KUNIT_EXPECT_EQ(test, -EBUSY,
			io_ring_add_registered_file(tctx, t->file, 0,
						    IO_RINGFD_REG_MAX));
	for (i = 0; i < IO_RINGFD_REG_MAX; i++)
		KUNIT_EXPECT_PTR_EQ(test, tctx->registered_rings[i], t->file);
}

/* io_uring_unreg_ringfd: each file that is registered is let go of once. */
static void tctx_test_unreg(struct kunit *test)
{
	struct tctx_test *t = test->priv;
	struct io_uring_task *tctx;
	static const int at[] = { 0, 7, IO_RINGFD_REG_MAX - 1 };
	int i;

	tctx = kunit_kzalloc(test, sizeof(*tctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tctx);
	for (i = 0; i < ARRAY_SIZE(at); i++)
		io_ring_add_registered_file(tctx, get_file(t->file), at[i],
					    at[i] + 1);
	KUNIT_EXPECT_EQ(test, file_count(t->file), t->refs + ARRAY_SIZE(at));
	current->io_uring = tctx;
	io_uring_unreg_ringfd();
	KUNIT_EXPECT_EQ(test, file_count(t->file), t->refs);
	io_uring_unreg_ringfd();
	current->io_uring = NULL;
	KUNIT_EXPECT_EQ(test, file_count(t->file), t->refs);
	for (i = 0; i < IO_RINGFD_REG_MAX; i++)
		KUNIT_EXPECT_PTR_EQ(test, tctx->registered_rings[i], NULL);
}

/* io_ring_add_registered_fd: rings only; no reference is kept if it fails. */
static void tctx_test_register_fd(struct kunit *test)
{
	struct tctx_test *t = test->priv;
	struct io_uring_task *tctx;
	int fd;

	tctx = kunit_kzalloc(test, sizeof(*tctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tctx);
	KUNIT_EXPECT_EQ(test, -EBADF,
			io_ring_add_registered_fd(tctx, -1, 0, 1));
	fd = get_unused_fd_flags(O_CLOEXEC);
	KUNIT_ASSERT_GE(test, fd, 0);
	KUNIT_EXPECT_EQ(test, -EBADF,
			io_ring_add_registered_fd(tctx, fd, 0, 1));
	fd_install(fd, get_file(t->file));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			io_ring_add_registered_fd(tctx, fd, 0, 1));
	KUNIT_EXPECT_EQ(test, file_count(t->file), t->refs + 1);
	KUNIT_EXPECT_PTR_EQ(test, tctx->registered_rings[0], NULL);
	close_fd(fd);
}

/* io_ringfd_register, io_ringfd_unregister: how many there may be at once. */
static void tctx_test_register_nr(struct kunit *test)
{
	struct tctx_test *t = test->priv;
	struct io_ring_ctx *ctx = t->ctx[0];

	mutex_lock(&ctx->uring_lock);
	KUNIT_EXPECT_EQ(test, -EINVAL, io_ringfd_register(ctx, NULL, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			io_ringfd_register(ctx, NULL, IO_RINGFD_REG_MAX + 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, io_ringfd_unregister(ctx, NULL, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			io_ringfd_unregister(ctx, NULL, IO_RINGFD_REG_MAX + 1));
	/* nor anything to unregister for a task without rings */
	KUNIT_EXPECT_EQ(test, 0, io_ringfd_unregister(ctx, NULL, 1));
	mutex_unlock(&ctx->uring_lock);
	KUNIT_EXPECT_PTR_EQ(test, current->io_uring, NULL);
}

static int tctx_test_init(struct kunit *test)
{
	struct tctx_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	int i;

	if (!t)
		return -ENOMEM;
	for (i = 0; i < TCTX_RINGS; i++) {
		struct io_ring_ctx *ctx;

		ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
		if (!ctx)
			return -ENOMEM;
		mutex_init(&ctx->uring_lock);
		io_ring_init_tctx_lock(ctx);
		INIT_LIST_HEAD(&ctx->tctx_list);
		ctx->sq_entries = 8;
		t->ctx[i] = ctx;
	}
	t->file = anon_inode_getfile("[tctx_kunit]", &tctx_fops, NULL, O_RDWR);
	if (IS_ERR(t->file))
		return PTR_ERR(t->file);
	t->refs = file_count(t->file);
	test->priv = t;
	kunit_skip_lacking(test);
	return 0;
}

static void tctx_test_exit(struct kunit *test)
{
	struct tctx_test *t = test->priv;
	int i;

	if (!t)
		return;
	for (i = 0; i < TCTX_RINGS; i++)
		if (t->ctx[i]->hash_map)
			io_wq_put_hash(t->ctx[i]->hash_map);
	fput(t->file);
}

static struct kunit_case tctx_test_cases[] = {
	KUNIT_CASE(tctx_test_add_node),
	KUNIT_CASE(tctx_test_hash_map),
	KUNIT_CASE(tctx_test_submit),
	KUNIT_CASE(tctx_test_limits),
	KUNIT_CASE(tctx_test_del_node),
	KUNIT_CASE(tctx_test_alloc_fails),
	KUNIT_CASE(tctx_test_cancelled),
	KUNIT_CASE(tctx_test_free_grace),
	KUNIT_CASE(tctx_test_cancel_waits),
	KUNIT_CASE(tctx_test_registered),
	KUNIT_CASE(tctx_test_unreg),
	KUNIT_CASE(tctx_test_register_fd),
	KUNIT_CASE(tctx_test_register_nr),
	{}
};

static struct kunit_suite tctx_test_suite = {
	.name = "tctx",
	.init = tctx_test_init,
	.exit = tctx_test_exit,
	.test_cases = tctx_test_cases,
};

kunit_test_suite(tctx_test_suite);
