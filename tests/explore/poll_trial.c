// SPDX-License-Identifier: GPL-2.0
/*
 * A trial of poll, included at the end of io_uring/poll.c: what it waits for comes while
 * it is cancelled. Whoever of them is first, owns the request and queues its task_work.
 */
#include "compat.h"
#include "explore.h"

#if KUNIT_HAS_MPSCQ
#include "wait.h"

static struct pox {
	struct io_ring_ctx *ctx;
	struct io_kiocb req;
	struct wait_queue_head head;
} pox;

static void pox_start(void)
{
	struct io_ring_ctx *ctx = pox.ctx;
	struct io_poll *poll = io_kiocb_to_cmd(&pox.req, struct io_poll);

	memset(ctx, 0, sizeof(*ctx));
	ctx->flags = IORING_SETUP_DEFER_TASKRUN;
	ctx->submitter_task = current;
	atomic_set(&ctx->cq_wait_nr, IO_CQ_WAKE_INIT);
	mpscq_init(&ctx->work_list, &ctx->work_head);
	memset(&pox.req, 0, sizeof(pox.req));
	init_waitqueue_head(&pox.head);
	pox.req.ctx = ctx;
	pox.req.opcode = IORING_OP_POLL_ADD;
	pox.req.flags = REQ_F_SINGLE_POLL;
	io_init_poll_iocb(poll, EPOLLIN | EPOLLONESHOT);
	poll->head = &pox.head;
	poll->wait.private = &pox.req;
	add_wait_queue(&pox.head, &poll->wait);
}

static void pox_waker(void *data)
{
	struct io_poll *poll = io_kiocb_to_cmd(&pox.req, struct io_poll);

	/* as __wake_up() would, which is not explored */
	spin_lock_irq(&pox.head.lock);
	if (!list_empty(&poll->wait.entry))
		io_poll_wake(&poll->wait, 0, 0, poll_to_key(EPOLLIN));
	spin_unlock_irq(&pox.head.lock);
}

static void pox_canceller(void *data)
{
	io_poll_cancel_req(&pox.req);
}

static void poll_trial_cancel(struct kunit *test)
{
	pox.ctx = kunit_kzalloc(test, sizeof(*pox.ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pox.ctx);
	explore_each_seed(test) {
		int nr = 0;

		pox_start();
		explore_run(test, { "waker", pox_waker },
				  { "canceller", pox_canceller });
		while (nr < 2 && mpscq_pop(&pox.ctx->work_list, &pox.ctx->work_head))
			nr++;
		KUNIT_EXPECT_EQ(test, nr, 1);
		KUNIT_EXPECT_TRUE(test, mpscq_empty(&pox.ctx->work_list));
		KUNIT_EXPECT_TRUE(test, atomic_read(&pox.req.poll_refs) &
				  IO_POLL_CANCEL_FLAG);
	}
}

#else

static void poll_trial_cancel(struct kunit *test)
{
	kunit_skip(test, "rings keep their task_work in another way here");
}

#endif

static struct kunit_case poll_trials[] = {
	KUNIT_CASE(poll_trial_cancel),
	{}
};

static struct kunit_suite poll_trial_suite = {
	.name = "poll-trial",
	.test_cases = poll_trials,
};

kunit_test_suite(poll_trial_suite);
