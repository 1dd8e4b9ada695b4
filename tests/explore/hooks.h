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
 *   - functions by which tasks meet. The linker name of each is changed, for
 *     static inline callers in headers too. points.c has what is called instead:
 *     a point, and then the function. None that a suite puts a stub in for: it
 *     would name the wrong one.
 */
#ifndef EXPLORE_HOOKS_H
#define EXPLORE_HOOKS_H

#define EXPLORE_FUNCTIONS(f)						\
	f(_raw_spin_lock) f(_raw_spin_lock_bh) f(_raw_spin_lock_irq)	\
	f(_raw_spin_lock_irqsave) f(_raw_spin_unlock)			\
	f(_raw_spin_unlock_bh) f(_raw_spin_unlock_irq)			\
	f(_raw_spin_unlock_irqrestore)					\
	f(mutex_lock) f(mutex_trylock) f(mutex_unlock)			\
	f(mutex_lock_interruptible)					\
	f(wake_up_process) f(wake_up_state) f(__wake_up)		\
	f(__wake_up_locked) f(complete) f(complete_all)			\
	f(wait_for_completion) f(schedule) f(schedule_timeout)		\
	f(kfree) f(kmem_cache_free) f(kvfree_call_rcu) f(call_rcu)	\
	f(synchronize_rcu) f(fput) f(queue_work_on)			\
	f(queue_delayed_work_on) f(mod_delayed_work_on)			\
	f(kick_process) f(eventfd_signal_mask) f(kvfree)		\
	f(down_read) f(up_read) f(down_write) f(up_write)		\
	f(__cond_resched) f(io_schedule_timeout)			\
	f(percpu_ref_kill_and_confirm) f(hrtimer_cancel)		\
	f(hrtimer_try_to_cancel) f(__put_task_struct)			\
	f(finish_wait) f(prepare_to_wait) f(add_wait_queue)		\
	f(remove_wait_queue) f(prepare_to_wait_exclusive)

/* These are called where data of this CPU is used: no points until they are on again. */
#define EXPLORE_IRQ_FUNCTIONS(f)					\
	f(block_signals) f(unblock_signals) f(um_set_signals)

#ifdef __SANITIZE_THREAD__

#define EXPLORE_PRAGMA(x) _Pragma(#x)
#define EXPLORE_RENAME(f) EXPLORE_PRAGMA(redefine_extname f explored_##f)
EXPLORE_FUNCTIONS(EXPLORE_RENAME)
EXPLORE_IRQ_FUNCTIONS(EXPLORE_RENAME)

enum explore_barrier {
	EXPLORE_MB,
	EXPLORE_WMB,	/* and the part of a release that is about stores */
};

void explore_access(const volatile void *ptr, unsigned long size, int type);
void explore_barrier(enum explore_barrier barrier);
void explore_relax(void);

#include <linux/kcsan-checks.h>
#define __kcsan_check_access(ptr, size, type) explore_access(ptr, size, type)
#undef kcsan_mb
#undef kcsan_wmb
#undef kcsan_release
#define kcsan_mb()	explore_barrier(EXPLORE_MB)
#define kcsan_wmb()	explore_barrier(EXPLORE_WMB)
#define kcsan_release()	explore_barrier(EXPLORE_WMB)

#include <asm/barrier.h>
#undef smp_mb
#undef smp_wmb
#undef smp_store_mb
#undef smp_mb__before_atomic
#undef smp_mb__after_atomic
#undef smp_store_release
#define smp_mb()	explore_barrier(EXPLORE_MB)
#define smp_wmb()	explore_barrier(EXPLORE_WMB)
#define smp_store_mb(var, value) \
	do { WRITE_ONCE(var, value); smp_mb(); } while (0)
#define smp_mb__before_atomic()	smp_mb()
#define smp_mb__after_atomic()	smp_mb()
#define smp_store_release(p, v) \
	do { explore_barrier(EXPLORE_WMB); WRITE_ONCE(*p, v); } while (0)

#include <asm/processor.h>
#define cpu_relax()	explore_relax()

#endif /* __SANITIZE_THREAD__ */
#endif /* EXPLORE_HOOKS_H */
