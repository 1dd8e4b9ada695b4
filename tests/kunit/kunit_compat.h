/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that the suites are built into, what some
 * flavour cannot run, and how suites are compiled.
 */
#ifndef KUNIT_COMPAT_H
#define KUNIT_COMPAT_H

#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/version.h>
#include <generated/kunit_has.h>

#ifndef kzalloc_obj
#define kzalloc_obj(obj, ...) kzalloc(sizeof(obj), GFP_KERNEL)
#endif

/* What the fix cancel-create-once replaces: a walk for each match. */
#ifdef KUNIT_NO_MATCH_ALL
static inline struct callback_head *
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

/* What the fix cancel-local-directly replaces: a list for delayed work. */
#ifdef KUNIT_NO_CANCEL_LOCAL
#define io_cancel_local_task_work(ctx) do {		\
	io_move_task_work_from_local(ctx);		\
	flush_delayed_work(&(ctx)->fallback_work);	\
} while (0)
#endif

/* In a stub: @call, of the function that the stub stands in for. */
#define kunit_call_real(call) do {			\
	struct kunit *__test = current->kunit_test;	\
							\
	current->kunit_test = NULL;			\
	call;						\
	current->kunit_test = __test;			\
} while (0)

/* Skips a case that takes minutes where time is not simulated. */
static inline void kunit_simulated_time(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_UML_TIME_TRAVEL_SUPPORT))
		kunit_skip(test, "takes too long in real time");
}

/* What could come out otherwise, were another processor to join in. */
static inline void kunit_one_processor(struct kunit *test)
{
	if (num_online_cpus() > 1)
		kunit_skip(test, "needs to be on the only processor");
}

#ifndef kunit_warning_suppress
static inline void kunit_no_suppress(struct kunit *test)
{
	kunit_skip(test, "warnings aren't suppressed here");
}

#define kunit_warning_suppress(test) \
	for (kunit_no_suppress(test); ; )
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
#define iowq_late_exit_on_idle(wq)		false
#define io_wq_free_list(wq)			(&(wq)->free_list)
#define io_wq_acct_list_add(worker, acct) \
	list_add(&(worker)->all_list, io_wq_all_list((worker)->wq))

/* create_worker_cb() creates a worker if another one is idle as well. */
#define IO_WQ_CREATE_CB_ALWAYS 1
/* A sleeping worker asks for another one whatever the next work is. */
#define IO_WQ_ASKS_ALWAYS 1
/* An exit that takes minutes is worth a warning. */
#define IO_WQ_EXIT_WARNS 0
/* Work without a hash clears the bit of the first bucket when it is done. */
#define IO_WQ_NO_HASH_IS_0 1

#define io_ring_init_tctx_lock(ctx)
#define io_ring_tctx_lock(ctx)			(&(ctx)->uring_lock)
#define io_ring_set_iowq_limits(ctx, bounded, unbounded) do {	\
	(ctx)->iowq_limits[0] = (bounded);			\
	(ctx)->iowq_limits[1] = (unbounded);			\
	(ctx)->iowq_limits_set = true;				\
} while (0)

/* A request belongs to a task, not to what io_uring keeps for it. */
typedef struct task_struct io_req_owner;
#define io_req_owner_of(req)			((req)->task)
#define io_req_owner_current			current
#define io_ring_init_timeout_lock(ctx)		spin_lock_init(&(ctx)->timeout_lock)
/* The opcode to cancel is cut off, and not looked at. */
#define IO_CANCEL_ANY_OPCODE 1
/*
 * Each kind of request has code of its own for this, or io_uring.c has it. A
 * skip ends the thread, so it comes before a lock is taken.
 */
#define kunit_skip_without_cancel_fns(test)	\
	kunit_skip(test, "no such function here")
#define io_cancel_ctx_cb(...)			kunit_elsewhere(__VA_ARGS__)
#define io_cancel_remove(...)			kunit_elsewhere(__VA_ARGS__)
#define io_cancel_remove_all(...)		kunit_elsewhere(__VA_ARGS__)
#define io_cancel_defer_files(...)		kunit_elsewhere(__VA_ARGS__)
#define io_uring_try_cancel_iowq(...)		kunit_elsewhere(__VA_ARGS__)
#define io_defer_entry				kunit_defer_entry
struct io_defer_entry {
	struct list_head list;
	struct io_kiocb *req;
};

static inline int kunit_elsewhere(void *unused, ...)
{
	return 0;
}

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
#define io_ring_try_cancel(ctx, owner)		\
	io_uring_try_cancel_requests(ctx, owner, true)
#define io_ring_try_cancel_no_tctx(ctx)		\
	io_uring_try_cancel_requests(ctx, &init_task, true)
#define io_task_alloc_tctx(tsk, ctx)		\
	io_uring_alloc_task_context(tsk, ctx)
#define io_req_set_task(req, tsk)		((req)->task = (tsk))
#define io_run_some_local_work(ctx, max)	io_run_local_work(ctx, 1)

/* A ring that is polled runs its leftovers elsewhere. */
#define IO_REAP_RUNS_LOCAL 0
#define io_ring_add_iopoll(ctx, req)		\
	wq_list_add_tail(&(req)->comp_list, &(ctx)->iopoll_list)

/* An llist has no entries that are there and can't be reached yet. */
#define kunit_skip_without_mpscq(test)		\
	kunit_skip(test, "local work is an llist here")
#define io_local_work_half_push(ctx, node)	((struct llist_node *)NULL)
#define io_local_work_init(ctx)			init_llist_head(&(ctx)->work_llist)
#define io_local_work_push(ctx, node)		llist_add(node, &(ctx)->work_llist)

#else

#define IO_WQ_DATA_FNS
#define io_worker_set_acct(worker, to)		((worker)->acct = (to))
#define io_wq_all_list(wq)			(&io_get_acct(wq, false)->all_list)
#define io_wq_free_list(wq)			(&io_get_acct(wq, false)->free_list)
#define io_wq_acct_list_add(worker, acct) \
	list_add(&(worker)->all_list, &(acct)->all_list)
#define iowq_late_exit_on_idle(wq) ({				\
	io_wq_set_exit_on_idle(wq, true);			\
	test_bit(IO_WQ_BIT_EXIT_ON_IDLE, &(wq)->state); })
#define IO_WQ_CREATE_CB_ALWAYS 0
#define IO_WQ_ASKS_ALWAYS 0
#define IO_WQ_EXIT_WARNS 1
#define IO_WQ_NO_HASH_IS_0 0

#define io_ring_init_tctx_lock(ctx)		mutex_init(&(ctx)->tctx_lock)
#define io_ring_tctx_lock(ctx)			(&(ctx)->tctx_lock)
#define io_ring_set_iowq_limits(ctx, bounded, unbounded) do {	\
	(ctx)->iowq_limits[0] = (bounded);			\
	(ctx)->iowq_limits[1] = (unbounded);			\
	(ctx)->int_flags |= IO_RING_F_IOWQ_LIMITS_SET;		\
} while (0)

typedef struct io_uring_task io_req_owner;
#define io_req_owner_of(req)			((req)->tctx)
#define io_req_owner_current			(current->io_uring)
#define io_ring_init_timeout_lock(ctx) \
	raw_spin_lock_init(&(ctx)->timeout_lock)
#define IO_CANCEL_ANY_OPCODE 0
#define kunit_skip_without_cancel_fns(test)

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
#define io_ring_try_cancel(ctx, owner)		\
	io_uring_try_cancel_requests(ctx, owner, true, false)
#define io_ring_try_cancel_no_tctx(ctx)		((void)(ctx), false)
#define io_task_alloc_tctx(tsk, ctx)		\
	PTR_ERR_OR_ZERO((tsk)->io_uring = io_uring_alloc_task_context(tsk, ctx))
#define io_req_set_task(req, tsk)		((req)->tctx = (tsk)->io_uring)
#define io_run_some_local_work(ctx, max)	io_run_local_work(ctx, 1, max)

#define IO_REAP_RUNS_LOCAL 1
#define io_ring_add_iopoll(ctx, req)		\
	list_add_tail(&(req)->iopoll_node, &(ctx)->iopoll_list)

#define kunit_skip_without_mpscq(test)
#define io_local_work_init(ctx)			\
	mpscq_init(&(ctx)->work_list, &(ctx)->work_head)
#define io_local_work_push(ctx, node)		mpscq_push(&(ctx)->work_list, node)
/* The first half of mpscq_push(): returns what is to be linked to @node. */
#define io_local_work_half_push(ctx, node)	\
	((node)->next = NULL, xchg(&(ctx)->work_list.tail, node))

#endif

/*
 * A suite is compiled each time that the source under test is, and takes longer
 * than that. Less so when it is hardly optimized, which only the source needs:
 * but then the compiler does not see what the kernel's build-time checks want
 * it to see.
 */
#pragma GCC optimize("Og")
#undef __compiletime_assert
#define __compiletime_assert(condition, msg, prefix, suffix)	((void)0)
#define io_kiocb_cmd_sz_check(size)				((void)0)

#endif
