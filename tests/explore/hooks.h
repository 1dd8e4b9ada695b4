/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included by gcc before each source that is explored (tests/kunit/Makefile).
 *
 * gcc calls __tsan_*() before plain and volatile accesses. What it does not see,
 * because it is assembler or a function elsewhere, is named here, so that no
 * header of the kernel has to change:
 *
 *   - atomics and bit operations have calls for KCSAN in them, which is off;
 *   - barriers are nothing to one CPU;
 *   - functions by which tasks meet (functions.h). The linker name of each is changed,
 *     for static inline callers in headers too. points.c has what is called instead:
 *     a point, and then the function.
 */
#ifndef EXPLORE_HOOKS_H
#define EXPLORE_HOOKS_H

enum explore_barrier {
	EXPLORE_MB,
	EXPLORE_WMB,
	EXPLORE_RELEASE,	/* an EXPLORE_WMB, and nothing more to what follows */
	EXPLORE_RMB,		/* and the part of an acquire that is about reads */
};

#ifdef __SANITIZE_THREAD__

#define EXPLORE_PRAGMA(x) _Pragma(#x)
#define EXPLORE(f) EXPLORE_PRAGMA(redefine_extname f explored_##f)
#include "functions.h"
/* These are called where data of this CPU is used: no points until they are on again. */
EXPLORE(block_signals)
EXPLORE(unblock_signals)
EXPLORE(um_set_signals)
/* and these are in clock.c */
EXPLORE(schedule_timeout)
EXPLORE(hrtimer_start_range_ns)
EXPLORE(hrtimer_cancel)
EXPLORE(hrtimer_try_to_cancel)
/* and this in suite.c */
EXPLORE(kthread_create_on_node)
/* and these, which find what is read behind them, in points.c */
EXPLORE(xa_load)
EXPLORE(xa_find)
EXPLORE(xa_find_after)
EXPLORE(fget)
#undef EXPLORE

void explore_access(const void *ptr, unsigned long size, int type);
void explore_barrier(enum explore_barrier barrier);
void explore_relax(void);

#include <linux/kcsan-checks.h>
#define __kcsan_check_access(ptr, size, type) \
	explore_access((const void *)(ptr), size, type)
#undef kcsan_mb
#undef kcsan_wmb
#undef kcsan_release
#define kcsan_mb()	explore_barrier(EXPLORE_MB)
#define kcsan_wmb()	explore_barrier(EXPLORE_WMB)
#define kcsan_release()	explore_barrier(EXPLORE_RELEASE)

#include <asm/barrier.h>
#undef smp_mb
#undef smp_wmb
#undef smp_rmb
#undef smp_load_acquire
#undef smp_store_mb
#undef smp_mb__before_atomic
#undef smp_mb__after_atomic
#undef smp_store_release
#define smp_mb()	explore_barrier(EXPLORE_MB) /* full */
#define smp_wmb()	explore_barrier(EXPLORE_WMB) /* stores */
#define smp_rmb()	explore_barrier(EXPLORE_RMB) /* reads */
#define smp_store_mb(var, value) /* the store, then full */ \
	do { WRITE_ONCE(var, value); explore_barrier(EXPLORE_MB); } while (0)
#define smp_mb__before_atomic()	explore_barrier(EXPLORE_MB) /* full */
#define smp_mb__after_atomic()	explore_barrier(EXPLORE_MB) /* full */
#define smp_store_release(p, v) \
	do { explore_barrier(EXPLORE_WMB); WRITE_ONCE(*p, v); } while (0)

#define smp_load_acquire(p) ({ /* before the reads that follow */	\
	__unqual_scalar_typeof(*p) value__ = READ_ONCE(*p);		\
									\
	explore_barrier(EXPLORE_RMB);					\
	(typeof(*p))value__;						\
})

/* Bits of a word, as set_bit(): others may see them late. All other updates look the same. */
#include <linux/atomic.h>
#undef atomic_or
#undef atomic_andnot
#define atomic_or(i, v) explore_bits(raw_atomic_or, i, v)
#define atomic_andnot(i, v) explore_bits(raw_atomic_andnot, i, v)
#define explore_bits(op, i, v) do {					\
	atomic_t *v__ = (v);						\
									\
	explore_access(v__, sizeof(*v__),				\
		       KCSAN_ACCESS_ATOMIC | KCSAN_ACCESS_WRITE);	\
	op(i, v__);							\
} while (0)

/* No more than a store, as on x86. */
#undef atomic_set
#undef atomic_long_set
#define atomic_set(v, i)	WRITE_ONCE((v)->counter, i)
#define atomic_long_set(v, i)	WRITE_ONCE((v)->counter, i)

/* The scheduler's opinion depends on what ran before, and each task has its own CPU. */
#include <linux/sched.h>
bool explore_need_resched(void);
#define need_resched()	explore_need_resched()

#include <asm/processor.h>
#define cpu_relax()	explore_relax()

#endif /* __SANITIZE_THREAD__ */
#endif /* EXPLORE_HOOKS_H */
