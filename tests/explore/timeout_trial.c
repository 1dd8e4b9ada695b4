// SPDX-License-Identifier: GPL-2.0
/*
 * Trials of timeouts, included at the end of io_uring/timeout.c: one that fires while
 * it is cancelled, or flushed as its events have come. It is completed once, by
 * whoever takes it off the list.
 */
#include "compat.h"
#include "explore.h"

#if KUNIT_HAS_MPSCQ
#include "wait.h"

#define TOX_NS (100 * NSEC_PER_USEC)

static struct tox {
	struct io_ring_ctx *ctx;
	struct io_kiocb req;
	struct io_timeout_data data;
	int cancelled;
} tox;

/* tox_alloc - the ring of this case, for all its seeds */
static void tox_alloc(struct kunit *test)
{
	tox.ctx = kunit_kzalloc(test, sizeof(*tox.ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tox.ctx);
}

static void tox_start(u32 off)
{
	struct io_timeout *timeout = io_kiocb_to_cmd(&tox.req, struct io_timeout);
	struct io_ring_ctx *ctx = tox.ctx;

	memset(&tox, 0, sizeof(tox));
	tox.ctx = ctx;
	ctx->flags = IORING_SETUP_DEFER_TASKRUN;
	ctx->submitter_task = current;
	ctx->cached_cq_tail = 0;
	ctx->cq_last_tm_flush = 0;
	atomic_set(&ctx->cq_timeouts, 0);
	atomic_set(&ctx->cq_wait_nr, IO_CQ_WAKE_INIT);
	spin_lock_init(&ctx->completion_lock);
	raw_spin_lock_init(&ctx->timeout_lock);
	INIT_LIST_HEAD(&ctx->timeout_list);
	mpscq_init(&ctx->work_list, &ctx->work_head);
	tox.req.ctx = ctx;
	tox.req.opcode = IORING_OP_TIMEOUT;
	tox.req.async_data = &tox.data;
	tox.data.req = &tox.req;
	tox.data.time = TOX_NS;
	tox.data.mode = HRTIMER_MODE_REL;
	timeout->off = off;
	hrtimer_setup(&tox.data.timer, io_timeout_fn, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL);
	tox.cancelled = -ENOENT;
}

/* One of them has it: it is off the list, and its completion is queued once. */
static void tox_end(struct kunit *test)
{
	struct io_ring_ctx *ctx = tox.ctx;
	bool left = hrtimer_cancel(&tox.data.timer) == 1;
	int nr = 0;

	KUNIT_EXPECT_EQ(test, list_empty(&ctx->timeout_list), !left);
	/* whether one that was cancelled counts differs between kernels */
	if (tox.cancelled)
		KUNIT_EXPECT_EQ(test, atomic_read(&ctx->cq_timeouts), !left);
	while (nr < 2 && mpscq_pop(&ctx->work_list, &ctx->work_head))
		nr++;
	KUNIT_EXPECT_EQ(test, nr, !left);
	KUNIT_EXPECT_TRUE(test, mpscq_empty(&ctx->work_list));
	if (!tox.cancelled)
		KUNIT_EXPECT_EQ(test, tox.req.cqe.res, -ECANCELED);
}

static void tox_armer(void *data)
{
	io_timeout(&tox.req, 0);
}

static void tox_canceller(void *data)
{
	struct io_ring_ctx *ctx = tox.ctx;
	struct io_cancel_data cd = { .ctx = ctx };

	spin_lock(&ctx->completion_lock);
	tox.cancelled = io_timeout_cancel(ctx, &cd);
	spin_unlock(&ctx->completion_lock);
}

/* It fires while it is cancelled. */
static void timeout_trial_cancel(struct kunit *test)
{
	tox_alloc(test);
	explore_each_seed(test) {
		tox_start(0);
		explore_run(test, { "armer", tox_armer },
				  { "canceller", tox_canceller },
				  { "clock", explore_clock, (void *)1L });
		tox_end(test);
	}
}

static void tox_flusher(void *data)
{
	WRITE_ONCE(tox.ctx->cached_cq_tail, 1);
	io_flush_timeouts(tox.ctx);
}

/* It fires while what it counts has come. */
static void timeout_trial_flush(struct kunit *test)
{
	tox_alloc(test);
	explore_each_seed(test) {
		tox_start(1);
		explore_run(test, { "armer", tox_armer },
				  { "flusher", tox_flusher },
				  { "canceller", tox_canceller },
				  { "clock", explore_clock, (void *)1L });
		tox_end(test);
	}
}

#else

static void timeout_trial_cancel(struct kunit *test)
{
	kunit_skip(test, "rings keep their task_work in another way here");
}

static void timeout_trial_flush(struct kunit *test)
{
	kunit_skip(test, "rings keep their task_work in another way here");
}

#endif

static struct kunit_case timeout_trials[] = {
	KUNIT_CASE(timeout_trial_cancel),
	KUNIT_CASE(timeout_trial_flush),
	{}
};

static struct kunit_suite timeout_trial_suite = {
	.name = "timeout-trial",
	.test_cases = timeout_trials,
};

kunit_test_suite(timeout_trial_suite);
