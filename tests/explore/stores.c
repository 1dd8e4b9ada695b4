// SPDX-License-Identifier: GPL-2.0
/*
 * Late stores: what a task has stored, and others do not see yet.
 *
 * A store is done at once, and logged with the value that it replaced. When the
 * task is switched away from, some of the stores in the log can be held: memory
 * gets the old value back, and the task that runs now reads that. When the first
 * one runs on, they come in, before it does anything else. So each store is held
 * once at most, which is enough for two tasks to miss each other's stores, and
 * nobody spins for ever.
 *
 * Which can be held is up to what the task did since:
 *
 *   - a full barrier, any spin_lock() or spin_unlock(), and a call of a function in
 *     functions.h, mutexes among them, empty the log: all in it can be seen by
 *     everybody. So does the return to user mode, where a plain store of the program
 *     can tell others;
 *   - as on x86 (tso), stores become visible in order, so that those that are held
 *     are the last ones; and read-modify-writes empty the log;
 *   - weak: any of them, as the kernel's memory model has it. But a store is not
 *     visible before those that a write barrier or a release puts before it, nor
 *     before older ones to the same place. Read-modify-writes are not held
 *     themselves, but for set_bit() and the like; those that return nothing leave
 *     the log alone.
 *
 * If another task of ours writes to a place where a store is held, those of the
 * holder come in first: its store was the earlier one. Who is not ours, and writes
 * there, has the last word as well: the store then counts as gone in before.
 *
 * An RCU grace period does not end while a store is held.
 *
 * Reads are in reads.c.
 */

static struct store log_of_stores[EXPLORE_STORES];
static int nr_logged;
/* Not 0 while tasks are explored: tell us of locks. */
int explore_nr_stores;
static unsigned int store_epoch;
/* The last in the log: its value is in memory only once the task has gone on. */
static bool store_pending;

static u64 load(const struct access *at)
{
	u64 value = 0;

	/* It may be freed, and it is the access that has to say so. */
	kasan_disable_current();
	memcpy(&value, (void *)at->addr, at->size);
	kasan_enable_current();
	return value;
}

static void put(const struct access *at, u64 value)
{
	/* little endian */
	memcpy((void *)at->addr, &value, at->size);
}

/* exchange - replace @from by @to, unless somebody else has changed it */
static bool exchange(const struct store *store, u64 from, u64 to)
{
	u64 mask = store->bits ? store->old ^ store->new : ~0ULL;
	u64 now = load(&store->at);

	if ((now ^ from) & mask)
		return false;
	put(&store->at, (now & ~mask) | (to & mask));
	return true;
}

static bool overlap(const struct access *a, const struct access *b)
{
	return a->addr < b->addr + b->size && b->addr < a->addr + a->size;
}

static void empty_log(void)
{
	nr_logged = 0;
	store_pending = false;
}

/* explore_flush - what was stored so far can be seen, and what is read is read later */
void explore_flush(void)
{
	take_back();
	waits_for_reads(find_current());
	empty_log();
}

static bool inaccessible(unsigned long addr)
{
#ifdef CONFIG_KASAN
	return !kasan_byte_accessible((void *)addr);
#else
	return false;
#endif
}

/* freed - the rest of the kernel has called what did the store, and then freed it */
static bool freed(const struct store *store)
{
	return inaccessible(store->at.addr);
}

/* settle - the task has gone on, so what it stored last is there */
static void settle(void)
{
	struct store *last = &log_of_stores[nr_logged - 1];

	settle_past();
	if (!store_pending)
		return;
	store_pending = false;
	if (freed(last))
		nr_logged--;
	else
		last->new = load(&last->at);
}

/* flush_before_epoch - something that is visible at once comes after a barrier */
static void flush_before_epoch(void)
{
	int i, nr = 0;

	for (i = 0; i < nr_logged; i++)
		if (log_of_stores[i].epoch == store_epoch)
			log_of_stores[nr++] = log_of_stores[i];
	nr_logged = nr;
}

static void barrier_passed(enum explore_barrier barrier)
{
	if (barrier == EXPLORE_MB)
		empty_log();
	else if (barrier != EXPLORE_RMB)
		store_epoch++;
}

/* log_access - the task is about to do @me->at */
static void log_access(struct explorer *me)
{
	bool atomic = me->at.type & KCSAN_ACCESS_ATOMIC;
	struct store *store;
	int i;

	if (!(me->at.type & KCSAN_ACCESS_WRITE) || ex.memory == EXPLORE_SC)
		return;
	if (me->at.size <= 8)
		remember(me, &me->at, me->points, load(&me->at), 0, true);
	if (atomic && ex.memory == EXPLORE_TSO) {
		empty_log();
		return;
	}
	if ((me->at.type & KCSAN_ACCESS_COMPOUND) || me->at.size > 8 ||
	    !is_power_of_2(me->at.size)) {
		if (ex.memory == EXPLORE_TSO)
			empty_log();
		flush_before_epoch();
		for (i = 0; i < nr_logged; i++)
			if (overlap(&log_of_stores[i].at, &me->at))
				empty_log();
		return;
	}
	if (nr_logged == EXPLORE_STORES)
		memmove(log_of_stores, log_of_stores + 1,
			--nr_logged * sizeof(*store));
	store = &log_of_stores[nr_logged++];
	*store = (struct store){
		.at = me->at,
		.point = me->points,
		.epoch = store_epoch,
		.old = load(&me->at),
		.bits = atomic,
	};
	store_pending = true;
}

/* hold - choose which stores others are not to see, and take them back */
static void hold(struct explorer *me)
{
	int i, j, first = nr_logged, nr = nr_logged;

	me->nr_held = 0;
	if (!nr)
		return;
	if (ex.algo != ALGO_LIST && random_below(2))
		first = random_below(nr);
	for (i = 0; i < nr; i++) {
		struct store *store = &log_of_stores[i];

		if (ex.algo == ALGO_LIST)
			store->held = replay_holds(store);
		else if (ex.memory == EXPLORE_TSO)
			store->held = i >= first;
		else
			store->held = i >= first && likely_in_focus(store->at.ip);
		for (j = 0; j < i; j++)
			if (log_of_stores[j].held &&
			    (ex.memory == EXPLORE_TSO ||
			     log_of_stores[j].epoch < store->epoch ||
			     overlap(&log_of_stores[j].at, &store->at)))
				store->held = true;
		/* what memory held before must not matter, to other seeds */
		if (store->held && store->new != store->old && !freed(store)) {
			me->held[me->nr_held++] = *store;
			forget_past(me, store->point);
			record_held(store);
		}
	}
	for (i = me->nr_held - 1; i >= 0; i--) {
		if (!exchange(&me->held[i], me->held[i].new, me->held[i].old))
			me->held[i].held = false;
		else
			trace_store(me, &me->held[i]);
	}
}

/* come_in - now they see them */
static void come_in(struct explorer *me)
{
	int i;

	for (i = 0; i < me->nr_held; i++) {
		if (me->held[i].held && !freed(&me->held[i]) &&
		    exchange(&me->held[i], me->held[i].old, me->held[i].new)) {
			trace_in(me, &me->held[i]);
			remember(me, &me->held[i].at, me->held[i].point,
				 me->held[i].old, me->held[i].new, false);
		}
	}
	me->nr_held = 0;
}

/* meet_held - @me is about to do its access where others may hold stores */
static void meet_held(struct explorer *me)
{
	int t, i;

	for (t = 0; t < ex.nr; t++) {
		struct explorer *of = &ex.task[t];

		for (i = 0; of != me && i < of->nr_held; i++) {
			if (!of->held[i].held ||
			    !overlap(&of->held[i].at, &me->at))
				continue;
			if (me->at.type & KCSAN_ACCESS_WRITE)
				come_in(of);
			else
				trace_missed(me, of, &of->held[i]);
		}
	}
}
