/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that the suites are built into.
 */
#ifndef KUNIT_COMPAT_H
#define KUNIT_COMPAT_H

#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/version.h>

#ifndef kzalloc_obj
#define kzalloc_obj(obj, ...) kzalloc(sizeof(obj), GFP_KERNEL)
#endif

/* What the fix cancel-create-once replaces: a walk for each match. */
#ifdef KUNIT_NO_MATCH_ALL
static struct callback_head *
task_work_cancel_match_all(struct task_struct *task,
			   bool (*match)(struct callback_head *, void *data),
			   void *data)
{
	struct callback_head *found = NULL, **tail = &found;

	while ((*tail = task_work_cancel_match(task, match, data)))
		tail = &(*tail)->next;
	return found;
}
#endif

/* 6.12 and 7.3 are known; the line is where io-wq has workers per acct. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)

/* The caller of io_wq_create() says what to do with the work. */
#define IO_WQ_DATA_FNS				\
	.do_work = io_wq_submit_work,		\
	.put_work = io_wq_put_work,		\
	.free_work = io_wq_free_work,

/* A worker is unbound unless it has a flag set, and on a list of its io_wq. */
#define io_worker_set_acct(worker, acct)	((void)(acct))
#define io_wq_all_list(wq)			(&(wq)->all_list)
#define io_init_new_worker(wq, acct, worker, tsk) \
	io_init_new_worker(wq, worker, tsk)

#define io_wq_set_exit_on_idle(wq, enable) \
	kunit_skip(current->kunit_test, "workers don't exit on idle here")

/* Handlers of task_work look for themselves whether they are to cancel. */
#define DEFINE_TW_FUNC(name, fn)				\
static void name(struct io_kiocb *req, struct io_tw_state *ts)	\
{								\
	fn(req, io_should_terminate_tw(req->ctx));		\
}

#define io_ring_alloc_rings(ctx, params)	\
	io_allocate_scq_urings(ctx, params)
#define io_ring_set_task_complete(ctx)		\
	((ctx)->task_complete = (ctx)->lockless_cq = true)
#define io_ring_activate_poll(ctx)		((ctx)->poll_activated = true)
#define io_task_alloc_tctx(tsk, ctx)		\
	io_uring_alloc_task_context(tsk, ctx)
#define io_req_set_task(req, tsk)		((req)->task = (tsk))
#define io_run_some_local_work(ctx, max)	io_run_local_work(ctx, 1)

/* An llist has no entries that are there and can't be reached yet. */
#define kunit_skip_without_mpscq(test)		\
	kunit_skip(test, "local work is an llist here")
#define io_local_work_half_push(ctx, node)	((struct llist_node *)NULL)

#else

#define IO_WQ_DATA_FNS
#define io_worker_set_acct(worker, to)		((worker)->acct = (to))
#define io_wq_all_list(wq)			(&io_get_acct(wq, false)->all_list)

#define DEFINE_TW_FUNC(name, fn)				\
static void name(struct io_tw_req tw_req, io_tw_token_t tw)	\
{								\
	fn(tw_req.req, tw.cancel);				\
}

#define io_ring_alloc_rings(ctx, params) ({				\
	struct io_ctx_config __config = { .p = *(params) };		\
									\
	io_prepare_config(&__config) ?:					\
		io_allocate_scq_urings(ctx, &__config); })
#define io_ring_set_task_complete(ctx)		\
	((ctx)->int_flags |= IO_RING_F_TASK_COMPLETE | IO_RING_F_LOCKLESS_CQ)
#define io_ring_activate_poll(ctx)		\
	((ctx)->int_flags |= IO_RING_F_POLL_ACTIVATED)
#define io_task_alloc_tctx(tsk, ctx)		\
	PTR_ERR_OR_ZERO((tsk)->io_uring = io_uring_alloc_task_context(tsk, ctx))
#define io_req_set_task(req, tsk)		((req)->tctx = (tsk)->io_uring)
#define io_run_some_local_work(ctx, max)	io_run_local_work(ctx, 1, max)

#define kunit_skip_without_mpscq(test)
/* The first half of mpscq_push(): returns what is to be linked to @node. */
#define io_local_work_half_push(ctx, node)	\
	((node)->next = NULL, xchg(&(ctx)->work_list.tail, node))

#endif

#endif
