/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that the suites are built into, a block a
 * feature, and what a case needs that a flavour may not have. The file features
 * says how KUNIT_HAS_* is found out.
 */
#ifndef KUNIT_COMPAT_H
#define KUNIT_COMPAT_H

#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <generated/kunit_has.h>
#include <generated/kunit_lacks.h>
#include "explored.h"

#ifndef kzalloc_obj
#define kzalloc_obj(obj, ...) kzalloc(sizeof(obj), GFP_KERNEL)
#endif

/* Skip the case where it needs something that this tree lacks. */
#define kunit_skip_without(what) \
	kunit_skip(current->kunit_test, "there is no " what " here")

/* For each suite's init: skip the cases that are about a fix that is not there. */
static inline void kunit_skip_lacking(struct kunit *test)
{
	static const struct {
		const char *name, *fix;
	} lacking[] = { KUNIT_LACKING { NULL } };
	int i;

	for (i = 0; lacking[i].name; i++)
		if (!strcmp(lacking[i].name, test->name))
			kunit_skip(test, "without %s", lacking[i].fix);
}

/* The fix cancel-create-once adds it. */
#if !KUNIT_HAS_MATCH_ALL
static inline struct callback_head *
task_work_cancel_match_all(struct task_struct *task,
			   bool (*match)(struct callback_head *, void *data),
			   void *data)
{
	kunit_skip_without("task_work_cancel_match_all()");
	return NULL;
}
#endif

/* The fix cancel-local-directly adds it; 6.12 has it in io_uring.c. */
#if KUNIT_HAS_MPSCQ && !KUNIT_HAS_CANCEL_LOCAL
#define io_cancel_local_task_work(ctx) \
	kunit_skip_without("io_cancel_local_task_work()")
#endif

/* Task_work of a dead task runs from a work item of the task; or else of a ring. */
#if !KUNIT_HAS_TCTX_FALLBACK
#define io_tctx_fallback_work(work) \
	kunit_skip_without("io_tctx_fallback_work()")
#endif

/* A tctx is freed after a grace period, or by kfree(). */
#if KUNIT_HAS_TCTX_RCU
#define io_tctx_rcu(tctx)			(&(tctx)->rcu)
#else
#define io_tctx_rcu(tctx) ({						\
	kunit_skip_without("grace period");				\
	(struct rcu_head *)(tctx); })
#endif

/* For a stub: call the real function. Without ->kunit_test it isn't redirected. */
#define kunit_call_real(call) do {			\
	struct kunit *__test = current->kunit_test;	\
							\
	current->kunit_test = NULL;			\
	call;						\
	current->kunit_test = __test;			\
} while (0)

/*
 * For kunit_activate_static_stub(): flavour explore calls create_io_thread() by another
 * name (tests/explore/hooks.h), which has no stub.
 */
#ifdef CONFIG_EXPLORE
struct task_struct *kunit_create_io_thread(int (*fn)(void *data), void *data,
					   int node) asm("create_io_thread");
#else
#define kunit_create_io_thread			create_io_thread
#endif

/* Skips a case that takes minutes where time is not simulated. */
static inline void kunit_simulated_time(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_UML_TIME_TRAVEL_SUPPORT))
		kunit_skip(test, "takes too long in real time");
}

/*
 * Skips a case that says when a task runs, on the only CPU: not before the test
 * sleeps, or at once if its priority is higher.
 */
static inline void kunit_one_cpu(struct kunit *test)
{
	if (num_online_cpus() > 1)
		kunit_skip(test, "needs to be on the only CPU");
}

/*
 * Skip a case that checks whether a grace period has passed: but for one CPU, one
 * can end at any time.
 */
static inline void kunit_tiny_rcu(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_TINY_RCU))
		kunit_skip(test, "grace periods end at any time");
}

#ifndef kunit_warning_suppress
static inline void kunit_no_suppress(struct kunit *test)
{
	kunit_skip(test, "warnings aren't suppressed here");
}

#define kunit_warning_suppress(test) \
	for (kunit_no_suppress(test); ; )
#endif

/* io_wq_create() is told which functions handle work, or io-wq has io_uring's. */
#if KUNIT_HAS_WQ_DATA_FNS
#define IO_WQ_DATA_FNS				\
	.do_work = io_wq_submit_work,		\
	IO_WQ_PUT_WORK_FN			\
	.free_work = io_wq_free_work,
#else
#define IO_WQ_DATA_FNS
#endif

/*
 * A worker puts work, goes on to what is linked to it, and then frees it; or
 * io_wq_free_work() does both, and returns the link. io_wq_stub_end() has NAME_put()
 * and NAME_free() stand in for these.
 */
#if KUNIT_HAS_PUT_WORK
#define IO_WQ_PUT_WORK_FN	.put_work = io_wq_put_work,
#define DEFINE_IO_WQ_END(name)
#define io_wq_stub_end(test, name) do {					\
	kunit_activate_static_stub(test, io_wq_put_work, name##_put);	\
	kunit_activate_static_stub(test, io_wq_free_work, name##_free);	\
} while (0)
#define kunit_skip_without_put_work(test)
#else
#define IO_WQ_PUT_WORK_FN
#define DEFINE_IO_WQ_END(name)						\
static struct io_wq_work *name##_end(struct io_wq_work *work)		\
{									\
	struct io_wq_work *linked = NULL;				\
									\
	if (name##_put(work, &linked))					\
		name##_free(work);					\
	return linked;							\
}
#define io_wq_stub_end(test, name) \
	kunit_activate_static_stub(test, io_wq_free_work, name##_end)
#define kunit_skip_without_put_work(test)	\
	kunit_skip(test, "work is freed before its link can be found")
#endif

/* A worker that leaves looks for work once more. */
#if KUNIT_HAS_WORKER_RETIRE
#define kunit_skip_without_retire(test)		((void)(test))
#else
#define kunit_skip_without_retire(test)		\
	kunit_skip(test, "there is no io_worker_retire() here")
struct io_worker;
struct io_wq_acct;
static inline bool io_worker_retire(struct io_wq_acct *acct,
				    struct io_worker *worker)
{
	return false;
}
#endif

/* What a worker is to run next, of one hash, can be cancelled. */
static inline void kunit_skip_without_next_work(struct kunit *test)
{
	if (!KUNIT_HAS_NEXT_WORK)
		kunit_skip_without("next_work");
}

/* The exit of a ring leaves a user alone for a while that is cancelling. */
static inline void kunit_skip_without_exit_in_cancel(struct kunit *test)
{
	if (!KUNIT_HAS_EXIT_IN_CANCEL)
		kunit_skip(test, "exit never stops telling a task that cancels");
}

/* Local work wakes up those who poll the ring; or only what it completes does. */
static inline void kunit_skip_without_wake_poll(struct kunit *test)
{
	if (!KUNIT_HAS_LOCAL_WAKES_POLL)
		kunit_skip_without("io_local_work_wake_poll()");
}

/*
 * io-wq: each acct has its own lists of workers, and a worker points to its
 * acct. In older trees the lists are the io_wq's, and a flag marks bound workers.
 */
#if KUNIT_HAS_ACCT_WORKERS
#define io_worker_set_acct(worker, to)		((worker)->acct = (to))
#define io_wq_all_list(wq)			(&io_get_acct(wq, false)->all_list)
#define io_wq_free_list(wq)			(&io_get_acct(wq, false)->free_list)
#define io_wq_acct_list_add(worker, acct) \
	list_add(&(worker)->all_list, &(acct)->all_list)
#define IO_INIT_NEW_WORKER_ARGS					\
	struct io_wq *wq, struct io_wq_acct *acct,		\
	struct io_worker *worker, struct task_struct *tsk
#else
#define io_worker_set_acct(worker, acct)	((void)(acct))
#define io_wq_all_list(wq)			(&(wq)->all_list)
#define io_wq_free_list(wq)			(&(wq)->free_list)
#define io_wq_acct_list_add(worker, acct) \
	list_add(&(worker)->all_list, io_wq_all_list((worker)->wq))
#define IO_INIT_NEW_WORKER_ARGS \
	struct io_wq *wq, struct io_worker *worker, struct task_struct *tsk
#define io_init_new_worker(wq, acct, worker, tsk) \
	io_init_new_worker(wq, worker, tsk)
#endif

#if KUNIT_HAS_EXIT_ON_IDLE
#define iowq_late_exit_on_idle(wq) ({				\
	io_wq_set_exit_on_idle(wq, true);			\
	test_bit(IO_WQ_BIT_EXIT_ON_IDLE, &(wq)->state); })
#else
#define io_wq_set_exit_on_idle(wq, enable) \
	kunit_skip(current->kunit_test, "workers don't exit on idle here")
#define iowq_late_exit_on_idle(wq)		false
#endif

/* create_worker_cb() creates a worker even if one is idle. */
#define IO_WQ_CREATE_CB_ALWAYS			(!KUNIT_HAS_ACCT_FREE_FIRST)
/* A sleeping worker asks for another one whatever the next work is. */
#define IO_WQ_ASKS_ALWAYS			(!KUNIT_HAS_HASH_DEFER)
/* An exit that takes minutes is worth a warning. */
#define IO_WQ_EXIT_WARNS			KUNIT_HAS_EXIT_WARNS
/* The exit of a task takes creation callbacks off as it starts, or as it ends. */
#define IO_WQ_EXIT_START_WALKS			KUNIT_HAS_EXIT_START_WALKS
/* A callback that is cancelled gives a slot back that it never took. */
#define IO_WQ_CANCEL_CB_SLOT			(!KUNIT_HAS_CANCEL_CB_SLOT)
/* Bounded work that is started once the exit has begun is notified of it. */
#define IO_WQ_EXIT_NOTIFIES			KUNIT_HAS_EXIT_NOTIFIES
/* A worker that sleeps looks for work, and asks, only if it has work itself. */
#define IO_WQ_SLEEP_NEEDS_WORK			KUNIT_HAS_SLEEP_NEEDS_WORK
/* A worker doesn't time out as long as it waits for another one. */
#define IO_WQ_REQUEST_STAYS			KUNIT_HAS_REQUEST_STAYS
/* Work without a hash clears the bit of the first bucket when it is done. */
#define IO_WQ_NO_HASH_IS_0			(!KUNIT_HAS_NO_HASH)
/* What io-wq runs can be found again where it parks itself. */
#define IO_CANCEL_WQ_AGAIN			KUNIT_HAS_CANCEL_WQ_AGAIN
/* A cancellation sleeps, whatever local work there is for other tasks. */
#define IO_CANCEL_OWN_LOCAL			KUNIT_HAS_CANCEL_OWN_LOCAL
/* The opcode to cancel is cut off, and not looked at. */
#define IO_CANCEL_ANY_OPCODE			(!KUNIT_HAS_CANCEL_OP_32)
/* The rings that wait for a grace period before they are freed. */
#define IO_EXIT_GRACE_FLAGS	(IORING_SETUP_DEFER_TASKRUN |		\
				 (KUNIT_HAS_EXIT_GRACE_SQPOLL ? IORING_SETUP_SQPOLL : 0))
/* Reaping what is polled for runs what is left of local work, too. */
#define IO_REAP_RUNS_LOCAL			KUNIT_HAS_REAP_RUNS_LOCAL
/* The drain of leftovers goes on with what its flush has added. */
#define IO_DRAIN_LOOKS_AGAIN			(!KUNIT_HAS_MPSCQ)
/* It may reschedule after each one. */
#define IO_DRAIN_RESCHEDS			(!KUNIT_HAS_MPSCQ)
/* The work item for orphans waits for a grace period, or put_task_struct() does. */
#define IO_FALLBACK_WAITS			KUNIT_HAS_PUT_TASK_AT_ONCE

/* The list of a ring's users has a lock of its own, or uses uring_lock. */
#if KUNIT_HAS_TCTX_LOCK
#define io_ring_init_tctx_lock(ctx)		mutex_init(&(ctx)->tctx_lock)
#define io_ring_tctx_lock(ctx)			(&(ctx)->tctx_lock)
#else
#define io_ring_init_tctx_lock(ctx)
#define io_ring_tctx_lock(ctx)			(&(ctx)->uring_lock)
#endif

/* Ring state is bits in int_flags, or separate fields. */
#if KUNIT_HAS_INT_FLAGS
#define io_ring_set_iowq_limits_set(ctx) \
	((ctx)->int_flags |= IO_RING_F_IOWQ_LIMITS_SET)
#define io_ring_set_task_complete(ctx)		\
	((ctx)->int_flags |= IO_RING_F_TASK_COMPLETE | IO_RING_F_LOCKLESS_CQ)
#define io_ring_activate_poll(ctx)		\
	((ctx)->int_flags |= IO_RING_F_POLL_ACTIVATED)
#else
#define io_ring_set_iowq_limits_set(ctx)	((ctx)->iowq_limits_set = true)
#define io_ring_set_task_complete(ctx)		\
	((ctx)->task_complete = (ctx)->lockless_cq = true)
#define io_ring_activate_poll(ctx)		((ctx)->poll_activated = true)
#endif

#define io_ring_set_iowq_limits(ctx, bounded, unbounded) do {	\
	(ctx)->iowq_limits[0] = (bounded);			\
	(ctx)->iowq_limits[1] = (unbounded);			\
	io_ring_set_iowq_limits_set(ctx);			\
} while (0)

/* A request points to its io_uring_task, or to its task. */
#if KUNIT_HAS_REQ_TCTX
typedef struct io_uring_task io_req_owner;
#define io_req_owner_of(req)			((req)->tctx)
#define io_req_owner_current			(current->io_uring)
#define io_req_set_task(req, tsk)		((req)->tctx = (tsk)->io_uring)
#else
typedef struct task_struct io_req_owner;
#define io_req_owner_of(req)			((req)->task)
#define io_req_owner_current			current
#define io_req_set_task(req, tsk)		((req)->task = (tsk))
#endif

#if KUNIT_HAS_RAW_TIMEOUT_LOCK
#define io_ring_init_timeout_lock(ctx) \
	raw_spin_lock_init(&(ctx)->timeout_lock)
#else
#define io_ring_init_timeout_lock(ctx)		spin_lock_init(&(ctx)->timeout_lock)
#endif

/*
 * cancel.c has these functions. In older trees each type of request has its own
 * code, or io_uring.c does. A skip ends the thread, so skip before taking a lock.
 */
#if KUNIT_HAS_CANCEL_FNS
#define kunit_skip_without_cancel_fns(test)
#else
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
#endif

/* Handlers of task_work are told whether they are to cancel, or look themselves. */
#if KUNIT_HAS_TW_REQ
#define DEFINE_TW_FUNC(name, fn)				\
static void name(struct io_tw_req tw_req, io_tw_token_t tw)	\
{								\
	fn(tw_req.req, tw.cancel);				\
}
#else
#define DEFINE_TW_FUNC(name, fn)				\
static void name(struct io_kiocb *req, struct io_tw_state *ts)	\
{								\
	fn(req, io_should_terminate_tw(req->ctx));		\
}
#endif

#if KUNIT_HAS_CTX_CONFIG
#define io_ring_alloc_rings(ctx, params) ({				\
	struct io_ctx_config __config = { .p = *(params) };		\
									\
	io_prepare_config(&__config) ?:					\
		io_allocate_scq_urings(ctx, &__config); })
#else
#define io_ring_alloc_rings(ctx, params)	\
	io_allocate_scq_urings(ctx, params)
#endif

/*
 * The caller says whether it is the SQPOLL thread, and always has a tctx. Or else
 * a task that has none can be passed.
 */
#if KUNIT_HAS_TRY_CANCEL_SQPOLL
#define io_ring_try_cancel(ctx, owner)		\
	io_uring_try_cancel_requests(ctx, owner, true, false)
#define io_ring_try_cancel_no_tctx(ctx)		((void)(ctx), false)
#else
#define io_ring_try_cancel(ctx, owner)		\
	io_uring_try_cancel_requests(ctx, owner, true)
#define io_ring_try_cancel_no_tctx(ctx)		\
	io_uring_try_cancel_requests(ctx, &init_task, true)
#endif

#if KUNIT_HAS_ALLOC_TCTX_PTR
#define io_task_alloc_tctx(tsk, ctx)		\
	PTR_ERR_OR_ZERO((tsk)->io_uring = io_uring_alloc_task_context(tsk, ctx))
#else
#define io_task_alloc_tctx(tsk, ctx)		\
	io_uring_alloc_task_context(tsk, ctx)
#endif

#if KUNIT_HAS_LOCAL_WORK_MAX
#define io_run_some_local_work(ctx, max)	io_run_local_work(ctx, 1, max)
#else
#define io_run_some_local_work(ctx, max)	io_run_local_work(ctx, 1)
#endif

#if KUNIT_HAS_IOPOLL_NODE
#define io_ring_add_iopoll(ctx, req)		\
	list_add_tail(&(req)->iopoll_node, &(ctx)->iopoll_list)
#else
#define io_ring_add_iopoll(ctx, req)		\
	wq_list_add_tail(&(req)->comp_list, &(ctx)->iopoll_list)
#endif

/*
 * Local work is an mpscq or an llist. Only in an mpscq can an entry be queued and
 * not yet reachable.
 */
#if KUNIT_HAS_MPSCQ
#define kunit_skip_without_mpscq(test)
#define io_local_work_init(ctx)			\
	mpscq_init(&(ctx)->work_list, &(ctx)->work_head)
#define io_local_work_push(ctx, node)		mpscq_push(&(ctx)->work_list, node)
/* The first half of mpscq_push(): returns what is to be linked to @node. */
#define io_local_work_half_push(ctx, node)	\
	((node)->next = NULL, xchg(&(ctx)->work_list.tail, node))
#else
#define kunit_skip_without_mpscq(test)		\
	kunit_skip(test, "local work is an llist here")
#define io_local_work_init(ctx)			init_llist_head(&(ctx)->work_llist)
#define io_local_work_push(ctx, node)		llist_add(node, &(ctx)->work_llist)
#define io_local_work_half_push(ctx, node)	((struct llist_node *)NULL)
#endif

#endif
