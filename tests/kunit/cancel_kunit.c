// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for io_uring's cancel code, included at the end of
 * io_uring/cancel.c: which requests are meant, and what is not accepted. What
 * comes of it takes requests in flight, and is left to the scenarios.
 */
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/fdtable.h>
#include "kunit_compat.h"

#define ALL IORING_ASYNC_CANCEL_ALL
#define FD IORING_ASYNC_CANCEL_FD
#define ANY IORING_ASYNC_CANCEL_ANY
#define FIXED IORING_ASYNC_CANCEL_FD_FIXED
#define USERDATA IORING_ASYNC_CANCEL_USERDATA
#define OP IORING_ASYNC_CANCEL_OP

#define CANCEL_NR 5

/*
 * The request looked for has 1 for its user data, its file and its opcode, and
 * belongs to the ring looked at. Lower case is for what differs.
 */
static const struct cancel_match {
	const char *desc;
	unsigned int flags;
	const char *request; /* Ring, User data, File, Opcode */
	bool want;
} cancel_matches[] = {
	{ "user data", 0, "RUfo", true },
	{ "other user data", 0, "RuFO", false },
	{ "user data, all", ALL, "RUfo", true },
	{ "other user data, all", ALL, "RuFO", false },
	{ "other ring", 0, "rUFO", false },
	{ "other ring, any", ANY, "rUFO", false },
	{ "any", ANY, "Rufo", true },
	{ "file", FD, "RuFo", true },
	{ "other file", FD, "RUfO", false },
	{ "file, all", FD | ALL, "RuFo", true },
	{ "fixed file", FD | FIXED, "RuFo", true },
	{ "other fixed file", FD | FIXED, "RUfO", false },
	{ "opcode", OP, "RufO", true },
	{ "other opcode", OP, "RUFo", false },
	{ "opcode, all", OP | ALL, "RufO", true },
	{ "file and opcode", FD | OP, "RuFO", true },
	{ "file and other opcode", FD | OP, "RUFo", false },
	{ "other file and opcode", FD | OP, "RUfO", false },
	{ "file and user data", FD | USERDATA, "RUFo", true },
	{ "file and other user data", FD | USERDATA, "RuFO", false },
	{ "opcode and user data", OP | USERDATA, "RUfO", true },
	{ "opcode and other user data", OP | USERDATA, "RuFO", false },
	{ "file, opcode and user data", FD | OP | USERDATA, "RUFO", true },
	{ "file, opcode and other user data", FD | OP | USERDATA, "RuFO",
	  false },
	{ "just user data", USERDATA, "RUfo", true },
	{ "just other user data", USERDATA, "RuFO", false },
};

KUNIT_ARRAY_PARAM_DESC(cancel_matches, cancel_matches, desc);

struct cancel_test {
	struct io_ring_ctx *ctx;
	struct io_kiocb req[CANCEL_NR];
	struct hlist_head list;
	const char *stays;
	char called[2 * CANCEL_NR];
};

/* io_cancel_req_match: all that is asked for has to be right, nothing else. */
static void cancel_test_match(struct kunit *test)
{
	const struct cancel_match *match = test->param_value;
	struct cancel_test *t = test->priv;
	struct io_cancel_data cd = {
		.ctx = t->ctx, .data = 1, .file = (struct file *)1, .opcode = 1,
		.flags = match->flags, .seq = 1,
	};
	struct io_kiocb *req = t->req;

	req->ctx = strchr(match->request, 'R') ? t->ctx : NULL;
	req->cqe.user_data = strchr(match->request, 'U') ? 1 : 2;
	req->file = strchr(match->request, 'F') ? cd.file : NULL;
	req->opcode = strchr(match->request, 'O') ? 1 : 2;
	KUNIT_EXPECT_EQ(test, match->want, io_cancel_req_match(req, &cd));

	/* what is to find them all doesn't find one twice, another one does */
	if (match->want) {
		bool once = match->flags & (ALL | ANY);

		KUNIT_EXPECT_EQ(test, !once, io_cancel_req_match(req, &cd));
		cd.seq++;
		KUNIT_EXPECT_TRUE(test, io_cancel_req_match(req, &cd));
	}
}

/* io_cancel_cb: what io-wq runs can be found again where it may park itself. */
static void cancel_test_match_wq(struct kunit *test)
{
	struct cancel_test *t = test->priv;
	struct io_cancel_data cd = { .ctx = t->ctx, .data = 1, .flags = ALL,
				     .seq = 1 };
	struct io_kiocb *req = t->req;

	KUNIT_EXPECT_FALSE(test, io_cancel_cb(&req->work, &cd));
	req->cqe.user_data = 1;
	KUNIT_EXPECT_TRUE(test, io_cancel_cb(&req->work, &cd));
	KUNIT_EXPECT_EQ(test, IO_CANCEL_WQ_AGAIN, io_cancel_req_match(req, &cd));
	KUNIT_EXPECT_FALSE(test, io_cancel_req_match(req, &cd));
	/* has been dealt with elsewhere */
	KUNIT_EXPECT_FALSE(test, io_cancel_cb(&req->work, &cd));
	/* if one is enough, it isn't kept track of */
	cd.flags = 0;
	KUNIT_EXPECT_TRUE(test, io_cancel_cb(&req->work, &cd));
	KUNIT_EXPECT_TRUE(test, io_cancel_cb(&req->work, &cd));
}

/* io_async_cancel_one: a task that has no io_wq has nothing to cancel there. */
static void cancel_test_no_wq(struct kunit *test)
{
	struct cancel_test *t = test->priv;
	struct io_cancel_data cd = { .ctx = t->ctx };
	struct io_uring_task *tctx;

	tctx = kunit_kzalloc(test, sizeof(*tctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tctx);
	KUNIT_EXPECT_EQ(test, -ENOENT, io_async_cancel_one(NULL, &cd));
	KUNIT_EXPECT_EQ(test, -ENOENT, io_async_cancel_one(tctx, &cd));
}

/* io_uring_try_cancel_iowq: tasks that have no io_wq, or none any more. */
static void cancel_test_no_wq_of_ring(struct kunit *test)
{
	struct cancel_test *t = test->priv;
	struct io_uring_task *tctx, *old = current->io_uring;
	struct io_tctx_node node = { .task = current };

	tctx = kunit_kzalloc(test, sizeof(*tctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tctx);
	io_ring_init_tctx_lock(t->ctx);
	INIT_LIST_HEAD(&t->ctx->tctx_list);
	KUNIT_EXPECT_FALSE(test, io_uring_try_cancel_iowq(t->ctx));
	list_add(&node.ctx_node, &t->ctx->tctx_list);
	current->io_uring = NULL;
	KUNIT_EXPECT_FALSE(test, io_uring_try_cancel_iowq(t->ctx));
	current->io_uring = tctx;
	KUNIT_EXPECT_FALSE(test, io_uring_try_cancel_iowq(t->ctx));
	current->io_uring = old;
	KUNIT_EXPECT_FALSE(test, mutex_is_locked(&t->ctx->uring_lock));
}

/* io_cancel_defer_files: nothing is cancelled of what another task waits for. */
static void cancel_test_defer_other(struct kunit *test)
{
	struct cancel_test *t = test->priv;
	io_req_owner *us = (io_req_owner *)t, *them = (io_req_owner *)test;
	struct io_defer_entry de[2] = {
		{ .req = &t->req[0] }, { .req = &t->req[1] },
	};
	int i;

	INIT_LIST_HEAD(&t->ctx->defer_list);
	for (i = 0; i < 2; i++) {
		io_req_owner_of(&t->req[i]) = them;
		list_add_tail(&de[i].list, &t->ctx->defer_list);
	}
	KUNIT_EXPECT_FALSE(test, io_cancel_defer_files(t->ctx, us, true));
	KUNIT_EXPECT_PTR_EQ(test, t->ctx->defer_list.next, &de[0].list);
	KUNIT_EXPECT_PTR_EQ(test, t->ctx->defer_list.prev, &de[1].list);
}

/* io_try_cancel: a task asks for its own requests, or it is said once. */
static void cancel_test_other_task(struct kunit *test)
{
	struct cancel_test *t = test->priv;
	struct io_ring_ctx *ctx = t->ctx;
	struct io_cancel_data cd = { .ctx = ctx, .data = 1 };
	struct io_uring_task *tctx;
	int i;

	tctx = kunit_kzalloc(test, sizeof(*tctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tctx);
	ctx->cancel_table.hash_bits = 1;
	ctx->cancel_table.hbs = kunit_kcalloc(test, 2, sizeof(*ctx->cancel_table.hbs),
					      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx->cancel_table.hbs);
	INIT_LIST_HEAD(&ctx->timeout_list);
	spin_lock_init(&ctx->completion_lock);
	io_ring_init_timeout_lock(ctx);
	kunit_warning_suppress(test)
		for (i = 0; i < 2; i++)
			KUNIT_EXPECT_EQ(test, -ENOENT,
					io_try_cancel(tctx, &cd, 0));
}

/* io_cancel_ctx_cb: a ring that goes takes its own requests along. */
static void cancel_test_ctx_cb(struct kunit *test)
{
	struct cancel_test *t = test->priv;

	kunit_skip_without_cancel_fns(test);
	KUNIT_EXPECT_TRUE(test, io_cancel_ctx_cb(&t->req->work, t->ctx));
	KUNIT_EXPECT_FALSE(test, io_cancel_ctx_cb(&t->req->work, t));
}

static const struct cancel_prep {
	const char *desc;
	struct io_uring_sqe sqe;
	u64 req_flags;
	int ret;
} cancel_preps[] = {
	{ "user data", { .addr = 7 } },
	{ "file", { .addr = 7, .cancel_flags = FD, .fd = 5 } },
	{ "opcode", { .cancel_flags = OP, .len = IORING_OP_READ } },
	{ "the last opcode", { .cancel_flags = OP, .len = IORING_OP_LAST - 1 } },
	{ "any", { .cancel_flags = ANY } },
	{ "all there is",
	  { .cancel_flags = ALL | FD | FIXED | USERDATA | OP, .fd = 5 } },
	{ "length without opcode", { .len = IORING_OP_LAST } },
	{ "provided buffers", {}, REQ_F_BUFFER_SELECT, .ret = -EINVAL },
	{ "offset", { .off = 1 }, .ret = -EINVAL },
	{ "splice file", { .splice_fd_in = 1 }, .ret = -EINVAL },
	{ "unknown flag", { .cancel_flags = 1U << 31 }, .ret = -EINVAL },
	{ "any and file", { .cancel_flags = ANY | FD }, .ret = -EINVAL },
	{ "any and opcode", { .cancel_flags = ANY | OP }, .ret = -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(cancel_preps, cancel_preps, desc);

/* io_async_cancel_prep: takes what it can do, and nothing that it can't. */
static void cancel_test_prep(struct kunit *test)
{
	const struct cancel_prep *prep = test->param_value;
	struct cancel_test *t = test->priv;
	struct io_kiocb *req = t->req;
	struct io_cancel *cancel = io_kiocb_to_cmd(req, struct io_cancel);

	req->flags = prep->req_flags;
	KUNIT_EXPECT_EQ(test, prep->ret, io_async_cancel_prep(req, &prep->sqe));
	if (prep->ret)
		return;
	KUNIT_EXPECT_EQ(test, cancel->addr, prep->sqe.addr);
	KUNIT_EXPECT_EQ(test, cancel->flags, prep->sqe.cancel_flags);
	if (cancel->flags & FD)
		KUNIT_EXPECT_EQ(test, cancel->fd, prep->sqe.fd);
	if (cancel->flags & OP)
		KUNIT_EXPECT_EQ(test, cancel->opcode, prep->sqe.len);
}

/* io_async_cancel_prep: an opcode that there isn't; it was cut off before. */
static void cancel_test_prep_opcode(struct kunit *test)
{
	struct io_uring_sqe sqe = { .cancel_flags = OP };
	struct cancel_test *t = test->priv;
	int ret = IO_CANCEL_ANY_OPCODE ? 0 : -EINVAL;

	sqe.len = IORING_OP_LAST;
	KUNIT_EXPECT_EQ(test, ret, io_async_cancel_prep(t->req, &sqe));
	sqe.len = 256 + IORING_OP_READ;
	KUNIT_EXPECT_EQ(test, ret, io_async_cancel_prep(t->req, &sqe));
}

static const struct cancel_fd {
	const char *desc;
	unsigned int flags;
	u64 req_flags;
} cancel_fds[] = {
	{ "file", FD },
	{ "fixed file", FD | FIXED },
	{ "fixed file, by the request's flag", FD, REQ_F_FIXED_FILE },
};

KUNIT_ARRAY_PARAM_DESC(cancel_fds, cancel_fds, desc);

static const struct file_operations cancel_fops;

/* io_async_cancel: a file that isn't there fails the request, and its links. */
static void cancel_test_bad_fd(struct kunit *test)
{
	const struct cancel_fd *fd = test->param_value;
	struct cancel_test *t = test->priv;
	struct io_kiocb *req = t->req;
	struct io_cancel *cancel = io_kiocb_to_cmd(req, struct io_cancel);
	bool fixed = fd->req_flags || fd->flags & FIXED;
	struct file *file;

	cancel->flags = fd->flags;
	cancel->fd = get_unused_fd_flags(O_CLOEXEC);
	KUNIT_ASSERT_GE(test, cancel->fd, 0);
	/* that one is no fixed file */
	if (fixed) {
		file = anon_inode_getfile("[cancel_kunit]", &cancel_fops, NULL,
					  O_RDWR);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
		fd_install(cancel->fd, file);
	}
	req->flags = fd->req_flags;
	mutex_lock(&t->ctx->uring_lock);
	io_async_cancel(req, 0);
	mutex_unlock(&t->ctx->uring_lock);
	KUNIT_EXPECT_EQ(test, req->cqe.res, -EBADF);
	KUNIT_EXPECT_TRUE(test, req->flags & REQ_F_FAIL);
	KUNIT_EXPECT_EQ(test, !!(req->flags & REQ_F_FIXED_FILE), fixed);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->ctx->cancel_seq), 1);
	if (fixed)
		close_fd(cancel->fd);
	else
		put_unused_fd(cancel->fd);
}

/* io_match_task_safe: of that task, and if not all, what holds a ring's file. */
static void cancel_test_match_task(struct kunit *test)
{
	struct cancel_test *t = test->priv;
	struct io_kiocb *req = t->req;
	io_req_owner *us = (io_req_owner *)t, *them = (io_req_owner *)test;

	io_req_owner_of(req) = us;
	io_ring_init_timeout_lock(t->ctx);
	KUNIT_EXPECT_TRUE(test, io_match_task_safe(req, us, true));
	KUNIT_EXPECT_TRUE(test, io_match_task_safe(req, NULL, true));
	KUNIT_EXPECT_FALSE(test, io_match_task_safe(req, them, true));
	KUNIT_EXPECT_FALSE(test, io_match_task_safe(req, us, false));

	/* what is behind it in the chain counts as well */
	req[0].link = &req[1];
	req[1].link = &req[2];
	KUNIT_EXPECT_FALSE(test, io_match_task_safe(req, us, false));
	req[2].flags |= REQ_F_INFLIGHT;
	KUNIT_EXPECT_TRUE(test, io_match_task_safe(req, us, false));
	KUNIT_EXPECT_TRUE(test, io_match_task_safe(req, NULL, false));
	KUNIT_EXPECT_FALSE(test, io_match_task_safe(req, them, false));
	/* and if a time-out is part of it */
	req[0].flags |= REQ_F_LINK_TIMEOUT;
	KUNIT_EXPECT_TRUE(test, io_match_task_safe(req, us, false));
	req[2].flags = 0;
	KUNIT_EXPECT_FALSE(test, io_match_task_safe(req, us, false));
}

static bool cancel_called(struct io_kiocb *req)
{
	struct cancel_test *t = current->kunit_test->priv;
	char name = 'a' + (req - t->req);

	t->called[strlen(t->called)] = name;
	if (strchr(t->stays, name))
		return false;
	hlist_del_init(&req->hash_node);
	return true;
}

/* All five, in order; b and d have the user data looked for. */
static void cancel_fill(struct cancel_test *t)
{
	int i;

	INIT_HLIST_HEAD(&t->list);
	memset(t->called, 0, sizeof(t->called));
	t->stays = "";
	for (i = CANCEL_NR - 1; i >= 0; i--) {
		t->req[i].cqe.user_data = i & 1;
		t->req[i].cancel_seq_set = false;
		hlist_add_head(&t->req[i].hash_node, &t->list);
	}
}

/* io_cancel_remove: the first match, or all, as many as it could get. */
static void cancel_test_remove(struct kunit *test)
{
	struct cancel_test *t = test->priv;
	struct io_cancel_data cd = { .ctx = t->ctx, .data = 1, .seq = 1 };
	unsigned int unlocked = IO_URING_F_UNLOCKED;

	kunit_skip_without_cancel_fns(test);
	cancel_fill(t);
	KUNIT_EXPECT_EQ(test, 1, io_cancel_remove(t->ctx, &cd, unlocked,
						  &t->list, cancel_called));
	KUNIT_EXPECT_STREQ(test, t->called, "b");
	KUNIT_EXPECT_EQ(test, 1, io_cancel_remove(t->ctx, &cd, unlocked,
						  &t->list, cancel_called));
	KUNIT_EXPECT_STREQ(test, t->called, "bd");
	KUNIT_EXPECT_EQ(test, -ENOENT,
			io_cancel_remove(t->ctx, &cd, unlocked, &t->list,
					 cancel_called));

	cancel_fill(t);
	cd.flags = ALL;
	KUNIT_EXPECT_EQ(test, 2, io_cancel_remove(t->ctx, &cd, unlocked,
						  &t->list, cancel_called));
	KUNIT_EXPECT_STREQ(test, t->called, "bd");

	/* too late for some of them, or for all */
	cancel_fill(t);
	t->stays = "b";
	KUNIT_EXPECT_EQ(test, 1, io_cancel_remove(t->ctx, &cd, unlocked,
						  &t->list, cancel_called));
	cancel_fill(t);
	t->stays = "bd";
	KUNIT_EXPECT_EQ(test, -ENOENT,
			io_cancel_remove(t->ctx, &cd, unlocked, &t->list,
					 cancel_called));
	KUNIT_EXPECT_STREQ(test, t->called, "bd");
	KUNIT_EXPECT_FALSE(test, mutex_is_locked(&t->ctx->uring_lock));
}

/* io_cancel_remove_all: each one of that task is taken off, and cancelled. */
static void cancel_test_remove_all(struct kunit *test)
{
	struct cancel_test *t = test->priv;
	io_req_owner *us = (io_req_owner *)t, *them = (io_req_owner *)test;
	int i;

	kunit_skip_without_cancel_fns(test);
	for (i = 0; i < CANCEL_NR; i++)
		io_req_owner_of(&t->req[i]) = i == 2 ? them : us;
	cancel_fill(t);
	mutex_lock(&t->ctx->uring_lock);
	KUNIT_EXPECT_TRUE(test, io_cancel_remove_all(t->ctx, us, &t->list, true,
						     cancel_called));
	KUNIT_EXPECT_STREQ(test, t->called, "abde");
	KUNIT_EXPECT_PTR_EQ(test, t->list.first, &t->req[2].hash_node);
	KUNIT_EXPECT_FALSE(test, io_cancel_remove_all(t->ctx, us, &t->list,
						      true, cancel_called));
	/* off the list, though it was too late */
	t->stays = "c";
	KUNIT_EXPECT_FALSE(test, io_cancel_remove_all(t->ctx, NULL, &t->list,
						      true, cancel_called));
	KUNIT_EXPECT_TRUE(test, hlist_empty(&t->list));
	KUNIT_EXPECT_STREQ(test, t->called, "abdec");
	mutex_unlock(&t->ctx->uring_lock);
}

static int cancel_test_init(struct kunit *test)
{
	struct cancel_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	int i;

	if (!t)
		return -ENOMEM;
	t->ctx = kunit_kzalloc(test, sizeof(*t->ctx), GFP_KERNEL);
	if (!t->ctx)
		return -ENOMEM;
	mutex_init(&t->ctx->uring_lock);
	for (i = 0; i < CANCEL_NR; i++) {
		t->req[i].ctx = t->ctx;
		io_req_owner_of(&t->req[i]) = io_req_owner_current;
	}
	test->priv = t;
	kunit_skip_lacking(test);
	return 0;
}

static struct kunit_case cancel_test_cases[] = {
	KUNIT_CASE_PARAM(cancel_test_match, cancel_matches_gen_params),
	KUNIT_CASE(cancel_test_match_wq),
	KUNIT_CASE(cancel_test_no_wq),
	KUNIT_CASE(cancel_test_no_wq_of_ring),
	KUNIT_CASE(cancel_test_defer_other),
	KUNIT_CASE(cancel_test_other_task),
	KUNIT_CASE(cancel_test_ctx_cb),
	KUNIT_CASE_PARAM(cancel_test_prep, cancel_preps_gen_params),
	KUNIT_CASE(cancel_test_prep_opcode),
	KUNIT_CASE_PARAM(cancel_test_bad_fd, cancel_fds_gen_params),
	KUNIT_CASE(cancel_test_match_task),
	KUNIT_CASE(cancel_test_remove),
	KUNIT_CASE(cancel_test_remove_all),
	{}
};

static struct kunit_suite cancel_test_suite = {
	.name = "cancel",
	.init = cancel_test_init,
	.test_cases = cancel_test_cases,
};

kunit_test_suite(cancel_test_suite);
