// SPDX-License-Identifier: GPL-2.0
/*
 * Trials of local task_work, included at the end of io_uring/tw.c, behind its suite:
 * the queue with many producers, the waiter that must not sleep with work in it, and
 * the ring that exits.
 */
#include "compat.h"
#include "explore.h"
#include "wait.h"

#define MQX_PRODUCERS 2
#define MQX_PUSHES 2
#define MQX_NR (MQX_PRODUCERS * MQX_PUSHES)

struct mqx_node {
	struct llist_node node;
	int nr;
};

static struct mqx {
	struct mpscq q;
	struct llist_node *head;
	struct mqx_node node[MQX_NR];
	int popped[MQX_NR];
	int was_empty[MQX_PRODUCERS], emptied;
} mqx;

static void mqx_producer(void *data)
{
	int i, by = (long)data, first = by * MQX_PUSHES;

	for (i = first; i < first + MQX_PUSHES; i++)
		mqx.was_empty[by] += mpscq_push(&mqx.q, &mqx.node[i].node);
}

static void mqx_consumer(void *data)
{
	int nr = 0, patience = 1000;

	while (nr < MQX_NR && patience) {
		struct llist_node *node = mpscq_pop(&mqx.q, &mqx.head);

		if (!node) {
			/* each time somebody else gets on */
			cpu_relax();
			patience--;
			continue;
		}
		mqx.popped[nr++] = container_of(node, struct mqx_node, node)->nr;
		mqx.emptied += mpscq_pop_emptied(&mqx.q, mqx.head);
	}
}

/* Each once, those of a producer in order; who finds it empty has emptied it. */
static void tw_trial_mpscq(struct kunit *test)
{
	explore_each_seed(test) {
		int i, last[MQX_PRODUCERS] = { -1, -1 };

		memset(&mqx, 0, sizeof(mqx));
		mpscq_init(&mqx.q, &mqx.head);
		for (i = 0; i < MQX_NR; i++)
			mqx.node[i].nr = i;
		explore_run(test, { "one", mqx_producer, (void *)0L },
				  { "other", mqx_producer, (void *)1L },
				  { "consumer", mqx_consumer });
		for (i = 0; i < MQX_NR; i++) {
			int nr = mqx.popped[i], by = nr / MQX_PUSHES;

			KUNIT_EXPECT_GT(test, nr, last[by]);
			last[by] = nr;
		}
		KUNIT_EXPECT_TRUE(test, mpscq_empty(&mqx.q));
		KUNIT_EXPECT_EQ(test, mqx.was_empty[0] + mqx.was_empty[1],
				mqx.emptied);
	}
}

static struct twx {
	struct io_ring_ctx *ctx;
	struct io_kiocb req;
	bool timed_out;
} twx;

/* As io_cqring_wait(), which has more to it: any time-out is a wake-up lost. */
static void twx_waiter(void *data)
{
	struct io_ring_ctx *ctx = twx.ctx;

	WRITE_ONCE(ctx->submitter_task, current);
	io_cq_wait_arm(ctx, 1);
	if (!io_local_work_pending(ctx))
		twx.timed_out = !schedule_timeout(HZ);
	__set_current_state(TASK_RUNNING);
	atomic_set(&ctx->cq_wait_nr, IO_CQ_WAKE_INIT);
	/* the adder may not have linked it yet */
	while (!mpscq_pop(&ctx->work_list, &ctx->work_head))
		cpu_relax();
}

static void twx_adder(void *data)
{
	io_req_local_work_add(&twx.req, (long)data);
}

static void twx_run(struct kunit *test, long flags)
{
	struct io_ring_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	explore_needs_wait_arm(test);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	explore_each_seed(test) {
		memset(&twx, 0, sizeof(twx));
		twx.ctx = ctx;
		twx.req.ctx = ctx;
		ctx->submitter_task = NULL;
		mpscq_init(&ctx->work_list, &ctx->work_head);
		atomic_set(&ctx->cq_wait_nr, IO_CQ_WAKE_INIT);
		explore_run(test, { "waiter", twx_waiter },
				  { "adder", twx_adder, (void *)flags });
		KUNIT_EXPECT_FALSE(test, twx.timed_out);
	}
}

static void tw_trial_wait(struct kunit *test)
{
	twx_run(test, 0);
}

static void tw_trial_wait_lazy(struct kunit *test)
{
	twx_run(test, IOU_F_TWQ_LAZY_WAKE);
}

static void twx_producer(void *data)
{
	struct twq *twq = ((struct kunit *)data)->priv;

	io_req_local_work_add(&twq->req[2].req, 0);
	io_req_local_work_add(&twq->req[3].req, 0);
}

static void twx_drain(void *data)
{
	struct twq *twq = ((struct kunit *)data)->priv;

	io_cancel_local_task_work(twq->ctx[0]);
}

/*
 * A ring that exits runs what is left, while somebody still adds to it: all that was
 * there before, and the rest then or in the next pass, each once and in order.
 */
static void tw_trial_drain(struct kunit *test)
{
	struct twq *twq = test->priv;
	struct io_ring_ctx *ctx = twq->ctx[0];

	explore_each_seed(test) {
		mpscq_init(&ctx->work_list, &ctx->work_head);
		memset(twq->ran, 0, sizeof(twq->ran));
		io_req_local_work_add(&twq->req[0].req, 0);
		io_req_local_work_add(&twq->req[1].req, 0);
		explore_run(test, { "drain", twx_drain, test },
				  { "producer", twx_producer, test });
		KUNIT_EXPECT_EQ(test, strncmp(twq->ran, "AB", 2), 0);
		twx_drain(test);
		KUNIT_EXPECT_STREQ(test, twq->ran, "ABCD");
		KUNIT_EXPECT_TRUE(test, mpscq_empty(&ctx->work_list));
	}
}

static struct evx {
	unsigned int in_ring, counted;
} evx;

static void evx_poster(void *data)
{
	struct io_ring_ctx *ctx = data;

	ctx->cached_cq_tail++;
	/* as io_commit_cqring() */
	smp_store_release(&ctx->rings->cq.tail, ctx->cached_cq_tail);
}

static void evx_waiter(void *data)
{
	struct io_ring_ctx *ctx = data;

	rcu_read_lock();
	evx.in_ring = __io_cqring_events_user(ctx);
	evx.counted = io_cqring_events(ctx);
	rcu_read_unlock();
}

/* Who has seen a CQE in the ring, counts it. */
static void tw_trial_events(struct kunit *test)
{
	struct twq *twq = test->priv;
	struct io_ring_ctx *ctx = twq->ctx[0];

	explore_each_seed(test) {
		ctx->cached_cq_tail = 0;
		ctx->rings->cq.tail = 0;
		explore_run(test, { "poster", evx_poster, ctx },
				  { "waiter", evx_waiter, ctx });
		KUNIT_EXPECT_GE(test, evx.counted, evx.in_ring);
	}
}

#include "litmus.c"

static struct kunit_case tw_trials[] = {
	KUNIT_CASE(tw_trial_mpscq),
	KUNIT_CASE(tw_trial_wait),
	KUNIT_CASE(tw_trial_wait_lazy),
	KUNIT_CASE(tw_trial_drain),
	KUNIT_CASE(tw_trial_events),
#include "litmus_cases.h"
	{}
};

static struct kunit_suite tw_trial_suite = {
	.name = "tw-trial",
	.init = tw_test_init,
	.test_cases = tw_trials,
};

kunit_test_suite(tw_trial_suite);
