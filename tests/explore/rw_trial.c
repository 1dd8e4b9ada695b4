// SPDX-License-Identifier: GPL-2.0
/*
 * A trial of polled reads and writes, included at the end of io_uring/rw.c: a request is
 * completed as its ring is polled.
 */
#include "compat.h"
#include "explore.h"

#if KUNIT_HAS_IOPOLL_NODE && KUNIT_HAS_INT_FLAGS

#define RWX_WANTED 4096
#define RWX_RES 42

static struct rwx {
	struct io_ring_ctx *ctx;
	struct io_rings *rings;
	struct io_kiocb *req;
	struct file *file;
} rwx;

static int rwx_iopoll(struct kiocb *kiocb, struct io_comp_batch *iob,
		      unsigned int flags)
{
	return 0;
}

static const struct file_operations rwx_fops = { .iopoll = rwx_iopoll };

static void rwx_alloc(struct kunit *test)
{
	rwx.ctx = kunit_kzalloc(test, sizeof(*rwx.ctx), GFP_KERNEL);
	rwx.rings = kunit_kzalloc(test, struct_size(rwx.rings, cqes, 2), GFP_KERNEL);
	rwx.req = kunit_kzalloc(test, sizeof(*rwx.req), GFP_KERNEL);
	rwx.file = kunit_kzalloc(test, sizeof(*rwx.file), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rwx.ctx);
	KUNIT_ASSERT_NOT_NULL(test, rwx.rings);
	KUNIT_ASSERT_NOT_NULL(test, rwx.req);
	KUNIT_ASSERT_NOT_NULL(test, rwx.file);
	rwx.file->f_op = &rwx_fops;
}

static void rwx_start(void)
{
	struct io_ring_ctx *ctx = rwx.ctx;
	struct io_kiocb *req = rwx.req;

	memset(ctx, 0, sizeof(*ctx));
	memset(req, 0, sizeof(*req));
	memset(rwx.rings, 0, struct_size(rwx.rings, cqes, 2));
	ctx->flags = IORING_SETUP_IOPOLL;
	ctx->int_flags = IO_RING_F_LOCKLESS_CQ | IO_RING_F_SYSCALL_IOPOLL;
	ctx->rings = rwx.rings;
	RCU_INIT_POINTER(ctx->rings_rcu, rwx.rings);
	ctx->cq_entries = 2;
	INIT_LIST_HEAD(&ctx->iopoll_list);
	INIT_WQ_LIST(&ctx->submit_state.compl_reqs);
	req->ctx = ctx;
	req->file = rwx.file;
	req->opcode = IORING_OP_READ;
	req->cqe.res = RWX_WANTED;
	/* one reference is ours, so that it stays */
	req->flags = REQ_F_REFCOUNT;
	atomic_set(&req->refs, 2);
	list_add(&req->iopoll_node, &ctx->iopoll_list);
}

static void rwx_completer(void *data)
{
	struct io_rw *rw = io_kiocb_to_cmd(rwx.req, struct io_rw);

	io_complete_rw_iopoll(&rw->kiocb, RWX_RES);
}

static void rwx_poller(void *data)
{
	while (!io_do_iopoll(rwx.ctx, true))
		cpu_relax();
}

/* Who sees that it is completed, sees the result. */
static void rw_trial_iopoll(struct kunit *test)
{
	rwx_alloc(test);
	explore_each_seed(test) {
		rwx_start();
		explore_run(test, { "poller", rwx_poller },
				  { "completer", rwx_completer });
		KUNIT_EXPECT_EQ(test, rwx.ctx->cached_cq_tail, 1);
		KUNIT_EXPECT_EQ(test, rwx.rings->cqes[0].res, RWX_RES);
	}
}

#else

static void rw_trial_iopoll(struct kunit *test)
{
	kunit_skip(test, "rings keep what they poll in another way here");
}

#endif

static struct kunit_case rw_trials[] = {
	KUNIT_CASE(rw_trial_iopoll),
	{}
};

static struct kunit_suite rw_trial_suite = {
	.name = "rw-trial",
	.test_cases = rw_trials,
};

kunit_test_suite(rw_trial_suite);
