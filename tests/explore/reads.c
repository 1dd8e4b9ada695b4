// SPDX-License-Identifier: GPL-2.0
/*
 * Early reads: what a task reads may be what memory held a while ago.
 *
 * That is how a read looks that was satisfied before one that comes before it in the
 * program. Each store of the others is remembered, with the value that it replaced.
 * A task that reads there can be given that value, if memory had it at any time since
 * the task has last waited for all its reads: since then it could have read it. With
 * weak memory only; x86 reads in order. As explore_access() comes before the access,
 * the old value is put there for it, and the new one again at the next point, or
 * whatever else comes first.
 *
 * All of this moves the beginning of that time to now:
 *
 *   - smp_rmb(), smp_load_acquire(), smp_mb(), read-modify-writes, but for those that
 *     are no more than a release;
 *   - any spin_lock() or spin_unlock(), calls of functions.h, mutexes among them,
 *     cpu_relax(), sleep;
 *   - the begin or end of a section that preemption is off in, once somebody waits for
 *     RCU: a reader sees what was done before the grace period that ended before.
 *
 * And no read
 *
 *   - of the object to which a pointer leads is earlier than that of the pointer: that is
 *     an address dependency, which orders them;
 *   - sees less than the task has seen, or done, there before;
 *   - is early where somebody has written who is not explored;
 *   - is early in memory that is free: nobody has to lend to a bug that KASAN shows.
 *     Nor does what another object had there before reach its successor: KASAN keeps
 *     freed objects for longer than a seed takes, and who finds a page has read, or
 *     allocated, where it is.
 *
 * What xa_load() and fget() return counts as a pointer that was read then. An address
 * dependency by an index, a[i], is not seen: such a read can come too early here, which
 * is a false alarm. What orders more than it has to, a lock above all, hides bugs.
 */

#define PASTS 64

/* A store, in the order in which others could see them. */
struct past {
	struct access at;
	u64 old, new;
	u16 seen;	/* by these tasks, or what came after it */
	u8 by;
	unsigned int point;
};

static struct past pasts[PASTS];
/* of all that were; the last PASTS of them are there */
static unsigned int nr_pasts;
/* the last one's value is in memory only once the task has gone on */
static bool past_pending;
static bool rcu_used;

/* A value that is there for one read only. */
static struct {
	struct access at;
	u64 early, real;
	bool on;
} lent;

static struct past *past(unsigned int nr)
{
	return &pasts[nr % PASTS];
}

/* since_start - which of all that were is the first one that is there */
static unsigned int since_start(void)
{
	return nr_pasts - min(nr_pasts, PASTS);
}

static void remember(struct explorer *by, const struct access *at, unsigned int point,
		     u64 old, u64 new, bool pending)
{
	*past(nr_pasts++) = (struct past){ *at, old, new, 0, number(by), point };
	past_pending = pending;
}

/* forget_past - a store of @by is held: it counts from when it comes in */
static void forget_past(const struct explorer *by, unsigned int point)
{
	unsigned int i;

	for (i = nr_pasts; i-- > since_start();)
		if (past(i)->by == number(by) && past(i)->point == point)
			past(i)->at = (struct access){};
}

static void settle_past(void)
{
	struct past *last = past(nr_pasts - 1);

	if (past_pending)
		last->new = load(&last->at);
	past_pending = false;
}

/* take_back - the read is done */
static void take_back(void)
{
	if (lent.on && load(&lent.at) == lent.early)
		put(&lent.at, lent.real);
	lent.on = false;
}

/* read_all - no read from here on is earlier than this */
static void read_all(struct explorer *me)
{
	me->since = nr_pasts;
	me->nr_deps = 0;
	me->waits = false;
}

/* waits_for_reads - as read_all(), once the task goes on */
static void waits_for_reads(struct explorer *me)
{
	if (me && !me->switching)
		me->waits = true;
}

/* go_on - @me has come to its next point */
static void go_on(struct explorer *me)
{
	if (me->waits || (rcu_used && me->count != preempt_count()))
		read_all(me);
	me->count = preempt_count();
}

static bool same_object(unsigned long a, unsigned long b)
{
	struct slab *slab;

	if (a == b)
		return true;
	if (b < PAGE_SIZE || !virt_addr_valid((void *)a) || !virt_addr_valid((void *)b))
		return false;
	slab = virt_to_slab((void *)a);
	if (!slab)
		return a - b + PAGE_SIZE < 2 * PAGE_SIZE;
	return slab == virt_to_slab((void *)b) &&
	       nearest_obj(slab->slab_cache, slab, (void *)a) ==
	       nearest_obj(slab->slab_cache, slab, (void *)b);
}

static void depend_on(struct explorer *me, u64 value)
{
	if (value < PAGE_SIZE)
		return;
	if (me->nr_deps == EXPLORE_DEPS)
		read_all(me);
	me->dep[me->nr_deps].value = value;
	me->dep[me->nr_deps++].since = nr_pasts;
}

/* since_when - @me could have done @me->at then, and not before */
static unsigned int since_when(const struct explorer *me)
{
	unsigned int since = max(me->since, since_start());
	int i;

	for (i = 0; i < me->nr_deps; i++)
		if (me->dep[i].since > since &&
		    same_object(me->at.addr, me->dep[i].value))
			since = me->dep[i].since;
	return since;
}

/* within - whether @a is a part of @b, or all of it */
static bool within(const struct access *a, const struct access *b)
{
	return a->addr >= b->addr && a->addr + a->size <= b->addr + b->size;
}

/* log_read - the task is about to do @me->at: choose what it finds there */
static void log_read(struct explorer *me)
{
	unsigned int i, oldest;
	struct past *can[PASTS], *early = NULL;
	int k = 0, nr = 0;
	u64 now = 0;

	if (ex.memory != EXPLORE_WEAK || ex.draining || ex.algo == ALGO_NONE)
		return;
	if (me->at.size == sizeof(now))
		now = load(&me->at);
	if (me->at.type & KCSAN_ACCESS_COMPOUND)
		depend_on(me, now);
	if (me->at.type & (KCSAN_ACCESS_WRITE | KCSAN_ACCESS_ATOMIC))
		return;
	/* atomic_fetch_or() and others read first, and go on if it is still so */
	if (me->updates == me->at.addr) {
		waits_for_reads(me);
		return;
	}
	oldest = since_when(me);
	for (i = nr_pasts; i-- > oldest;) {
		struct past *p = past(i);

		if (!overlap(&p->at, &me->at))
			continue;
		if (p->by == number(me) || p->seen & BIT(number(me)) ||
		    !within(&p->at, nr ? &can[0]->at : &me->at))
			break;
		can[nr++] = p;
	}
	if (nr && ex.algo == ALGO_LIST)
		k = replay_early(me, can, nr);
	else if (nr)
		k = likely_in_focus(me->at.ip) ? random_below(nr) : nr;
	if (k < nr)
		early = can[k];
	/* After the draws: what memory holds differs from boot to boot. */
	if (early) {
		lent.real = load(&early->at);
		if (early->old == lent.real || can[0]->new != lent.real ||
		    inaccessible(me->at.addr))
			early = NULL;
	}
	if (!early) {
		if (nr)
			can[0]->seen |= BIT(number(me));
		depend_on(me, now);
		return;
	}
	if (k + 1 < nr)
		can[k + 1]->seen |= BIT(number(me));
	record_early(me, early);
	trace_early(me, early, lent.real);
	lent.at = early->at;
	lent.early = early->old;
	lent.on = true;
	put(&lent.at, lent.early);
	if (me->at.size == sizeof(now))
		depend_on(me, load(&me->at));
}

static void start_reads(void)
{
	nr_pasts = 0;
	past_pending = false;
	rcu_used = false;
	lent.on = false;
}
