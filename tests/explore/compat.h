/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs for trials between the kernels that they are built into, a block a
 * feature, beside what tests/kunit/kunit_compat.h has for suites as well. A trial
 * of what a tree does not have is skipped, and says why.
 */
#ifndef EXPLORE_COMPAT_H
#define EXPLORE_COMPAT_H

#include <kunit/test.h>
#include <generated/kunit_has.h>

/* Workers leave when they are told to; or when idle for long, with no CPU of theirs. */
#if KUNIT_HAS_EXIT_ON_IDLE
#define explore_retire_idle(wq)		io_wq_set_exit_on_idle(wq, true)
#define explore_retires_from(wq)	((void)(wq))
#define explore_until_retires()
#else
#define explore_retire_idle(wq)		((void)(wq))
#define explore_retires_from(wq)	cpumask_clear((wq)->cpu_mask)
#define explore_until_retires() \
	schedule_timeout_uninterruptible(WORKER_IDLE_TIMEOUT)
#endif

/* The waiter of a ring arms itself in a function; or in io_cqring_wait(), see io_uring_trial_wait. */
static inline void explore_needs_wait_arm(struct kunit *test)
{
	if (!KUNIT_HAS_CQ_WAIT_ARM)
		kunit_skip(test, "there is no io_cq_wait_arm() here; io_uring_trial_wait is about the same");
}

#if !KUNIT_HAS_CQ_WAIT_ARM
#define io_cq_wait_arm(ctx, nr_wait)
#endif

/* A request's task is put by way of the tctx. */
#if KUNIT_HAS_REQ_TCTX
#define explore_put_task(req)		io_put_task(req)
#else
#define explore_put_task(req)		io_put_task((req)->task)
#endif

#endif
