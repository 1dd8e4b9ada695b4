// SPDX-License-Identifier: GPL-2.0
/*
 * Who runs.
 *
 * The tasks of a trial have one CPU between them, and each is to behave as if it
 * had one of its own. So at a point any of them may be switched to, whatever the
 * present one holds; it stays runnable, and goes on from there when its turn comes.
 * Those that sleep, or wait for a lock that another one holds, are no candidates.
 *
 * All others, such as kworkers and the thread of the KUnit case, go first: if one
 * is runnable when the scheduler has to pick, it runs to its end. They see no
 * points, and nothing is drawn at random for them, so that a seed means the same
 * whatever else the boot has done. But one that spins waits for a task of ours: then
 * one of these goes on.
 *
 * What of the kernel takes it for granted that it has the only CPU asks
 * explore_atomic(): whether a task was switched away from that may hold a lock, be
 * an RCU reader, or have stores that others do not see.
 */

struct waiter {
	struct task_struct *task;
	raw_spinlock_t *lock;
	rwlock_t *rwlock;		/* if both are NULL, explore_nr_atomic */
	struct waiter *next;
};

static struct waiter *waiters;
int explore_nr_atomic;
/* not ours, and not to be picked now */
static struct task_struct *spinner;

static struct explorer *find(struct task_struct *p)
{
	int i;

	for (i = 0; i < ex.nr; i++)
		if (ex.task[i].task == p && !ex.task[i].left)
			return &ex.task[i];
	return NULL;
}

static struct explorer *find_current(void)
{
	if (!ex.on)
		return NULL;
	if (ex.last && ex.last->task == current && !ex.last->left)
		return ex.last;
	return find(current);
}

static bool must_wait(const struct waiter *w)
{
	if (w->rwlock)
		return w->rwlock->owner_cpu != -1;
	return w->lock ? raw_spin_is_locked(w->lock) : explore_nr_atomic;
}

static bool can_run(struct task_struct *p)
{
	struct waiter *w;

	if (p->on_rq != TASK_ON_RQ_QUEUED || p->se.sched_delayed)
		return false;
	for (w = waiters; w; w = w->next)
		if (w->task == p && must_wait(w))
			return false;
	return true;
}

/* Workers are called iou-wrk-PID and iou-sqp-PID, from when they first run. */
static void see_name(struct explorer *task)
{
	if (!ex.scenario || task->left)
		return;
	strscpy(task->name, task->task->comm);
	if (str_has_prefix(task->name, "iou-"))
		task->name[strlen("iou-wrk")] = '\0';
}

/* see_dead - a task that is not to be looked at any more: nothing holds it for us */
static void see_dead(struct task_struct *p)
{
	struct explorer *task = find(p);

	if (!task || READ_ONCE(p->__state) != TASK_DEAD)
		return;
	see_name(task);
	task->left = true;
}

/* candidates - a bit for each of our tasks that can run */
static unsigned long candidates(void)
{
	unsigned long can = 0, clock = 0;
	int i;

	for (i = 0; i < ex.nr; i++)
		if (!ex.task[i].left && can_run(ex.task[i].task)) {
			if (is_clock(&ex.task[i]))
				clock = BIT(i);
			else
				can |= BIT(i);
		}
	return clock && clock_can_go(can) ? can | clock : can;
}

/* somebody_else - a task that is not ours and can run, or NULL */
static struct task_struct *somebody_else(struct cfs_rq *cfs)
{
	struct sched_entity *se = cfs->curr;
	struct rb_node *node = rb_first_cached(&cfs->tasks_timeline);

	/* the running one is not in the tree */
	for (;;) {
		if (se && task_of(se) != spinner && !find(task_of(se)) &&
		    can_run(task_of(se)))
			return task_of(se);
		if (!node)
			return NULL;
		se = rb_entry(node, struct sched_entity, run_node);
		node = rb_next(node);
	}
}

/*
 * goes_on - whether the one that ran last does. In a scenario the scheduler also picks
 * because of the clock, and after others have run, which must not change a seed.
 */
static bool goes_on(const struct explorer *last)
{
	if (!ex.scenario || !last || last->left || !can_run(last->task))
		return false;
	return ++ex.stays < STAYS;
}

/* explore_pick - whom the scheduler is to run, or NULL: let it choose */
struct task_struct *explore_pick(struct rq *rq)
{
	struct explorer *next = ex.next;
	struct task_struct *p;
	unsigned long can;

	take_back();
	if (ex.on && ex.scenario)
		see_dead(rq->curr);
	/* who has slept, has seen what was done before it was woken */
	if (ex.on && !next)
		waits_for_reads(find_current());
	if (!ex.on || rq->nr_running != rq->cfs.h_nr_queued)
		return NULL;
	p = somebody_else(&rq->cfs);
	if (p)
		return p;
	if (!next && goes_on(ex.last)) {
		next = ex.last;
	} else if (!next || !can_run(next->task)) {
		can = candidates();
		if (!can)
			return NULL;
		next = choose_waiting(can);
		record_pick(next, can);
		trace_pick(next);
	}
	ex.next = NULL;
	spinner = NULL;
	if (ex.last != next) {
		ex.row = 0;
		ex.yields = 0;
	}
	ex.last = next;
	return next->task;
}

/* give_way - let others run; the task may be in whatever context a task can be */
static void give_way(void)
{
	struct explorer *me = find_current();
	/* no grace period may end while stores of this one are held */
	bool atomic = preempt_count() || irqs_disabled() || (me && me->nr_held);

	explore_nr_atomic += atomic;
	if (me)
		me->switching = true;
	explore_schedule();
	if (me)
		me->switching = false;
	explore_nr_atomic -= atomic;
}

static void switch_to_task(struct explorer *me, struct explorer *next)
{
	record_switch(me, next);
	trace_switch(me, next);
	hold(me);
	empty_log();
	ex.switches++;
	ex.next = next;
	give_way();
	come_in(me);
	empty_log();
}

/* relax_for - a pick, not a switch: there was no point from which to go on */
static void relax_for(struct explorer *next, unsigned long can)
{
	record_pick(next, can);
	trace_pick(next);
	empty_log();
	ex.switches++;
	ex.next = next;
	give_way();
	empty_log();
}

static void wait_for(raw_spinlock_t *lock, rwlock_t *rwlock)
{
	struct waiter waiter = { current, lock, rwlock, waiters };
	struct waiter **w;

	/* but for the clock's, which is as good as a task */
	if (preempt_count() & (NMI_MASK | HARDIRQ_MASK | SOFTIRQ_OFFSET) &&
	    !is_clock(find_current()))
		give_up("an interrupt waits for a lock of a task");
	waiters = &waiter;
	while (must_wait(&waiter)) {
		give_way();
		if (must_wait(&waiter) && !candidates())
			give_up("deadlock");
	}
	for (w = &waiters; *w != &waiter; w = &(*w)->next)
		;
	*w = waiter.next;
}

void explore_wait_lock(raw_spinlock_t *lock)
{
	/* What a task that has the lock already does wrong, others say. */
	if (ex.on && lock->owner != current)
		wait_for(lock, NULL);
}

/* explore_wait_rwlock - until there is no writer, who may wait for a spinlock */
void explore_wait_rwlock(rwlock_t *lock)
{
	if (ex.on && lock->owner != current)
		wait_for(NULL, lock);
}

void explore_wait_atomic(void)
{
	if (explore_nr_atomic)
		wait_for(NULL, NULL);
}

static void join(struct task_struct *p, const char *name)
{
	struct explorer *task = &ex.task[ex.nr];

	if (ex.nr == EXPLORE_TASKS)
		give_up("too many tasks");
	*task = (struct explorer){ .task = p, .pid = p->pid };
	/* A reference would hide that somebody else lacks one: see_dead(). */
	if (!ex.scenario)
		get_task_struct(p);
	strscpy(task->name, name);
	task->prio = random_below(~0ULL);
	task->since = nr_pasts;
	/* user code runs before its first point, and sees what others have done */
	task->waits = ex.scenario;
	ex.nr++;
}

/* explore_new_task - what a task of ours creates is ours as well */
void explore_new_task(struct task_struct *p)
{
	if (find_current() && !ex.draining && !find(p))
		join(p, ex.scenario ? p->comm : "worker");
}
