// SPDX-License-Identifier: GPL-2.0
/*
 * Timers that fire though somebody could run.
 *
 * Time is simulated, and stands still while anybody runs: a timer would never meet a
 * task. A trial that wants it to has one more thread, explore_clock(), which lets time
 * jump to the next of the trial's timers: what its tasks sleep for in
 * schedule_timeout(), and the hrtimers that they start. That the clock is chosen is a
 * switch like any other. What the timer does then is done by the clock, as if by the
 * interrupt of one more CPU: its function can be switched away from as well, so that
 * others find it running.
 *
 * Timers of the rest of the kernel expire on the way, as they do in idle, and cannot
 * be chosen: a seed would mean something else after another one.
 */

#define CLOCK_TIMERS 8
/* farther than any timer of a trial, nearer than the end of its patience */
#define CLOCK_HORIZON (60LL * NSEC_PER_SEC)

static struct {
	struct explorer *task;
	long jumps;		/* while somebody else can run */
	bool jumping;
	struct {
		struct hrtimer *timer;
		ktime_t due;
		unsigned long ip;
	} timer[CLOCK_TIMERS];
	int nr;
} ex_clock;

/* read_clock - which takes time, unless interrupts are off */
static ktime_t read_clock(void)
{
	unsigned long flags;
	ktime_t now;

	local_irq_save(flags);
	now = ktime_get();
	local_irq_restore(flags);
	return now;
}

static bool is_clock(const struct explorer *task)
{
	return task && task == ex_clock.task;
}

/* next_due - when the first timer of the trial expires, and whose it is */
static ktime_t next_due(unsigned long *ip)
{
	ktime_t due = KTIME_MAX;
	int i;

	for (i = 0; i < ex.nr; i++) {
		if (ex.task[i].alarm && ex.task[i].alarm < due) {
			due = ex.task[i].alarm;
			*ip = ex.task[i].alarm_ip;
		}
	}
	for (i = 0; i < ex_clock.nr; i++) {
		if (ex_clock.timer[i].due < due) {
			due = ex_clock.timer[i].due;
			*ip = ex_clock.timer[i].ip;
		}
	}
	return due;
}

/* clock_can_go - whether the clock is one of those that can be chosen, as @others are */
static bool clock_can_go(unsigned long others)
{
	unsigned long ip;

	if (ex_clock.jumping || threads.nr_running <= 1)
		return true;
	return (ex_clock.jumps > 0 || !others) && next_due(&ip) != KTIME_MAX;
}

static void forget_timer(struct hrtimer *timer)
{
	int i;

	for (i = 0; i < ex_clock.nr; i++) {
		if (ex_clock.timer[i].timer == timer) {
			ex_clock.timer[i] = ex_clock.timer[--ex_clock.nr];
			return;
		}
	}
}

static void jump_to(ktime_t due, unsigned long ip)
{
	unsigned long others = candidates() & ~BIT(ex_clock.task - ex.task);
	ktime_t now = read_clock();
	int i;

	/* All that is due then: who has expired may be freed. */
	for (i = 0; i < ex.nr; i++)
		if (ex.task[i].alarm <= due)
			ex.task[i].alarm = 0;
	for (i = ex_clock.nr - 1; i >= 0; i--)
		if (ex_clock.timer[i].due <= due)
			ex_clock.timer[i] = ex_clock.timer[--ex_clock.nr];
	ex_clock.jumps -= !!others;
	ex_clock.task->at = (struct access){ .type = ACCESS_CALL, .ip = ip };
	trace_timer(ex_clock.task);
	ex_clock.jumping = true;
	/* and 1 us, as the hrtimer is rounded up */
	time_travel_ndelay(max(due - now, 0) + NSEC_PER_USEC);
	ex_clock.jumping = false;
}

/*
 * explore_clock - a thread of a trial: its timers fire
 *
 * @data: how often they may while somebody else can run; it has no say in it otherwise.
 */
void explore_clock(void *data)
{
	while (threads.nr_running > 1) {
		unsigned long ip;
		ktime_t due = next_due(&ip);

		if (due != KTIME_MAX)
			jump_to(due, ip);
		else
			schedule_timeout_uninterruptible(1);
		/* As one that waits: who comes next is a pick. */
		ex_clock.task->points++;
		explore_schedule();
	}
}

static void start_clock(const struct explore_thread *thread, int nr)
{
	int i;

	memset(&ex_clock, 0, sizeof(ex_clock));
	for (i = 0; i < nr; i++) {
		if (thread[i].fn == explore_clock) {
			ex_clock.task = &ex.task[i];
			ex_clock.jumps = (long)thread[i].data;
		}
	}
}

/* What hooks.h has instead of the functions without explored_. */

__visible long explored_schedule_timeout(long timeout)
{
	struct explorer *me = who_is_here();
	long left;

	explore_call(_RET_IP_, schedule_timeout);
	if (me && ex_clock.task && timeout < CLOCK_HORIZON / TICK_NSEC) {
		/* Timers of the wheel are late by up to an eighth, and a tick. */
		me->alarm = read_clock() + (timeout + timeout / 4 + 2) * TICK_NSEC;
		me->alarm_ip = _RET_IP_;
	}
	left = schedule_timeout(timeout);
	if (me)
		me->alarm = 0;
	return left;
}

__visible void explored_hrtimer_start_range_ns(struct hrtimer *timer, ktime_t time,
					       u64 range, enum hrtimer_mode mode)
{
	struct explorer *me = who_is_here();
	unsigned long flags;
	ktime_t left;

	explore_call(_RET_IP_, hrtimer_start_range_ns);
	hrtimer_start_range_ns(timer, time, range, mode);
	if (!me || !ex_clock.task)
		return;
	forget_timer(timer);
	local_irq_save(flags);
	left = hrtimer_expires_remaining(timer);
	local_irq_restore(flags);
	if (left > CLOCK_HORIZON)
		return;
	if (ex_clock.nr == CLOCK_TIMERS)
		give_up("too many timers");
	ex_clock.timer[ex_clock.nr].timer = timer;
	ex_clock.timer[ex_clock.nr].due = read_clock() + left;
	ex_clock.timer[ex_clock.nr++].ip = (unsigned long)ACCESS_PRIVATE(timer, function) + 1;
}

__visible int explored_hrtimer_try_to_cancel(struct hrtimer *timer)
{
	int ret;

	explore_call(_RET_IP_, hrtimer_try_to_cancel);
	ret = hrtimer_try_to_cancel(timer);
	if (ret >= 0)
		forget_timer(timer);
	return ret;
}

/* hrtimer_cancel() would spin until the function has returned, and nobody else runs. */
__visible int explored_hrtimer_cancel(struct hrtimer *timer)
{
	int ret;

	explore_call(_RET_IP_, hrtimer_cancel);
	while ((ret = hrtimer_try_to_cancel(timer)) < 0)
		explore_relax();
	forget_timer(timer);
	return ret;
}
