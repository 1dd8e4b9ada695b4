// SPDX-License-Identifier: GPL-2.0
/*
 * Points: where the explorer is called, before each access, barrier and call by
 * which tasks can meet (hooks.h has how, functions.h which calls). At a point another
 * task may be chosen; after that the access is done, as the task finds things then.
 *
 * No point, though KASAN looks at the access:
 *
 *   - who is not of the trial, or in an interrupt, but for the clock's (clock.c);
 *   - a plain access to the task's own stack, and to its thread_info, which has
 *     the preempt_count that a switch saves and restores;
 *   - where interrupts were disabled by hand: that is what data of this CPU has
 *     for a lock, of which there would be one copy a CPU. Spinlocks that disable
 *     interrupts do it elsewhere;
 *   - with the runqueue locked.
 */

static bool irqs_off_by_hand;

static bool private(const struct access *at)
{
	if (at->addr - (unsigned long)current_thread_info() <
	    sizeof(struct thread_info))
		return true;
	return !(at->type & (KCSAN_ACCESS_ATOMIC | ACCESS_VOLATILE)) &&
	       at->addr - (unsigned long)task_stack_page(current) < THREAD_SIZE;
}

static struct explorer *who_is_here(void)
{
	struct explorer *me = find_current();
	int not_in = NMI_MASK | HARDIRQ_MASK | SOFTIRQ_OFFSET;

	if (is_clock(me))
		not_in &= ~HARDIRQ_MASK;
	if (irqs_off_by_hand || preempt_count() & not_in ||
	    raw_spin_is_locked(&this_rq()->__lock))
		return NULL;
	return me;
}

/*
 * pass_time - a tick, as a task has gone on for long. In simulated time the SQPOLL thread
 * would spin for ever. A timer's handler cannot wait for a lock, though.
 */
static void pass_time(void)
{
	if (explore_nr_atomic || preempt_count() || irqs_disabled())
		return;
	ex.row = 0;
	empty_log();
	time_travel_ndelay(TICK_NSEC);
	/* Others go first, if any have become runnable. */
	give_way();
}

static void count_point(struct explorer *me)
{
	if (ex.points < LIVELOCK / 2)
		me->half = me->points;
	if (ex.points++ == LIVELOCK)
		give_up("livelock");
	ex.stays = 0;
	ex.spins = 0;
	if (ex.scenario && ++ex.row >= ROW)
		pass_time();
}

static void point(struct explorer *me, const struct access *at)
{
	struct explorer *next;

	settle();
	me->at = *at;
	me->points++;
	count_point(me);
	ex.hash = hash_64(((u64)ex.hash << 32) ^ (at->ip + number(me)), 32);
	see_focus(me);
	trace_point(me);
	learn_point(me);
	if (ex.draining || (ex.algo != ALGO_LIST && !matters(me)))
		return;
	ex.choices++;
	ex.near += near_focus(me);
	next = choose(me, candidates());
	if (next != me)
		switch_to_task(me, next);
}

static void access(const void *ptr, unsigned long size, int type,
		   unsigned long ip)
{
	struct access at = { (unsigned long)ptr, size, type, ip };
	struct explorer *me = who_is_here();

	take_back();
	if (type & KCSAN_ACCESS_ASSERT)
		return;
	if (me && !private(&at)) {
		go_on(me);
		point(me, &at);
		meet_held(me);
		settle_update();
		log_access(me);
		log_read(me);
		pair_access(me, seed_now());
		if (type & KCSAN_ACCESS_COMPOUND && !me->released)
			waits_for_reads(me);
		me->released = false;
		me->updates = type & KCSAN_ACCESS_COMPOUND ? at.addr : 0;
	}
#ifdef CONFIG_KASAN
	if (!kasan_check_range((void *)ptr, size, type & KCSAN_ACCESS_WRITE, ip) &&
	    ex.on && ++ex.nr_bad == BAD_MAX)
		give_up(look_at_log() ?: "KASAN");
#endif
}

void explore_access(const void *ptr, unsigned long size, int type)
{
	access(ptr, size, type, _RET_IP_);
}

void explore_barrier(enum explore_barrier barrier)
{
	struct access at = { .type = ACCESS_CALL, .ip = _RET_IP_ };
	struct explorer *me = who_is_here();

	take_back();
	if (!me)
		return;
	go_on(me);
	/* What was stored can be held up to here, and no further. */
	if (barrier != EXPLORE_RMB)
		point(me, &at);
	barrier_passed(barrier);
	if (barrier == EXPLORE_MB || barrier == EXPLORE_RMB)
		read_all(me);
	me->released = barrier == EXPLORE_RELEASE;
}

/* spin - who is not ours has to wait, and does it by looking again and again */
static void spin(void)
{
	if (!ex.on || find_current() || in_interrupt() || irqs_off_by_hand ||
	    ++ex.spins < STAYS)
		return;
	if (ex.spins > LIVELOCK)
		give_up("a task that is not explored spins");
	if (!candidates())
		return;
	spinner = current;
	give_way();
	spinner = NULL;
}

static void let_others(struct explorer *me)
{
	unsigned long can = candidates() & ~BIT(me - ex.task);

	ex.yields = 0;
	if (can)
		relax_for(choose_waiting(can), can);
}

/*
 * explore_relax - cpu_relax(): somebody else has to do something first. That is no
 * switch of ours, but has a number like a point: a list must know one from the next.
 */
void explore_relax(void)
{
	struct explorer *me = who_is_here();

	barrier();
	take_back();
	waits_for_reads(me);
	if (!me) {
		spin();
		return;
	}
	me->points++;
	count_point(me);
	settle();
	let_others(me);
}

bool explore_need_resched(void)
{
	return need_resched() && !find_current();
}

/* explore_call - a function of functions.h is about to be called */
__visible void explore_call(unsigned long ip, void *function)
{
	struct access at = { (unsigned long)function, 0, ACCESS_CALL, ip };
	struct explorer *me = who_is_here();

	take_back();
	if (!me) {
		if (function == __cond_resched)
			spin();
		return;
	}
	go_on(me);
	point(me, &at);
	explore_flush();
	/* exit looks again and again whether its workers are done, and yields in between */
	if (function == __cond_resched && ++ex.yields >= STAYS)
		let_others(me);
	if (function == call_rcu || function == kvfree_call_rcu ||
	    function == synchronize_rcu)
		rcu_used = true;
}

/* Pass on the six registers that can hold arguments. The seventh aligns the stack. */
#define EXPLORE(f)							\
	".weak " #f "\n"						\
	".globl explored_" #f "\n"					\
	"explored_" #f ":\n"						\
	"push %rax\n push %rdi\n push %rsi\n push %rdx\n"		\
	"push %rcx\n push %r8\n push %r9\n"				\
	"mov 56(%rsp), %rdi\n"						\
	"mov $" #f ", %rsi\n"						\
	"call explore_call\n"						\
	"pop %r9\n pop %r8\n pop %rcx\n"				\
	"pop %rdx\n pop %rsi\n pop %rdi\n pop %rax\n"		\
	"jmp " #f "\n"
asm(".pushsection .text\n"
#include "functions.h"
	/* and back */
	".popsection\n");
#undef EXPLORE

/* found - @p was read where nothing is instrumented: no read behind it is earlier */
static void *found(void *p)
{
	struct explorer *me = who_is_here();

	if (me)
		depend_on(me, (unsigned long)p);
	return p;
}

__visible void *explored_xa_load(struct xarray *xa, unsigned long index)
{
	return found(xa_load(xa, index));
}

__visible void *explored_xa_find(struct xarray *xa, unsigned long *index,
				 unsigned long max, xa_mark_t filter)
{
	return found(xa_find(xa, index, max, filter));
}

__visible void *explored_xa_find_after(struct xarray *xa, unsigned long *index,
				       unsigned long max, xa_mark_t filter)
{
	return found(xa_find_after(xa, index, max, filter));
}

__visible struct file *explored_fget(unsigned int fd)
{
	return found(fget(fd));
}

__visible void explored_block_signals(void)
{
	block_signals();
	irqs_off_by_hand = true;
}

__visible void explored_unblock_signals(void)
{
	irqs_off_by_hand = false;
	unblock_signals();
}

__visible int explored_um_set_signals(int enable)
{
	irqs_off_by_hand = !enable;
	return um_set_signals(enable);
}

/* What gcc calls, by the size of the access. */
#define EXPLORE_TSAN(size)						\
void __tsan_unaligned_read##size(void *p) __alias(__tsan_read##size);	\
void __tsan_unaligned_write##size(void *p) __alias(__tsan_write##size);	\
void __tsan_unaligned_volatile_read##size(void *p)			\
	__alias(__tsan_volatile_read##size);				\
void __tsan_unaligned_volatile_write##size(void *p)			\
	__alias(__tsan_volatile_write##size);			\
__visible void __tsan_read##size(void *p)				\
{									\
	access(p, size, 0, _RET_IP_);					\
}									\
__visible void __tsan_write##size(void *p)				\
{									\
	access(p, size, KCSAN_ACCESS_WRITE, _RET_IP_);			\
}									\
__visible void __tsan_volatile_read##size(void *p)			\
{									\
	access(p, size, ACCESS_VOLATILE, _RET_IP_);			\
}									\
__visible void __tsan_volatile_write##size(void *p)			\
{									\
	access(p, size, ACCESS_VOLATILE | KCSAN_ACCESS_WRITE, _RET_IP_); \
}

EXPLORE_TSAN(1)
EXPLORE_TSAN(2)
EXPLORE_TSAN(4)
EXPLORE_TSAN(8)
EXPLORE_TSAN(16)

__visible void __tsan_read_range(void *p, size_t size)
{
	access(p, size, 0, _RET_IP_);
}

__visible void __tsan_write_range(void *p, size_t size)
{
	access(p, size, KCSAN_ACCESS_WRITE, _RET_IP_);
}

__visible void __tsan_init(void)
{
}
