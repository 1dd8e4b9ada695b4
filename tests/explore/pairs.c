// SPDX-License-Identifier: GPL-2.0
/*
 * Coverage of schedules: pairs of a write by one task, and a read by another that
 * saw it. A pair that never came is an order of the two that was not tried, so how
 * many there are, and whether new ones still come, says more than how many seeds ran.
 *
 *	60041f3a>600a7c66:2831@17	seen in 2831 seeds, the first of them 17: what was
 *					written before 60041f3a, and read before 600a7c66
 *	60041f3a!600a7c66:12@96		the read came later, and saw an older value: the
 *					store was held
 *
 * Those are addresses of the calls, as in traces. A write is the last one to its
 * place until somebody else writes there; a place is told by where it begins. What
 * is not instrumented writes unseen. An update that has changed nothing, such as an
 * exchange that failed, is a read only.
 */

#define PAIRS_LOG2 12
#define PAIRS_MAX BIT(PAIRS_LOG2)
#define PLACES_LOG2 13
#define PLACES_MAX BIT(PLACES_LOG2)

struct pair {
	unsigned long write, read;
	bool late;
	unsigned int run, nr;	/* the last run that had it, and how many have */
	u64 first;
};

/* the last write to a place */
struct written {
	unsigned long addr;
	unsigned int run;	/* of another one: it is free */
	unsigned long ip;
	unsigned int point;
	u8 task;
	u16 saw, missed;	/* the tasks that read there since */
};

static struct pair pairs[PAIRS_MAX];
static struct written places[PLACES_MAX];
static unsigned int pairs_run, pairs_nr, pairs_lost;

/* an update, until it is known whether it has changed anything */
static struct {
	struct written *place;
	struct written next;
	struct access at;
	u64 before;
} updated;

static struct written *written_at(unsigned long addr)
{
	unsigned long i = hash_long(addr, PLACES_LOG2), n;

	for (n = 0; n < PLACES_MAX; n++, i = (i + 1) % PLACES_MAX) {
		if (places[i].run != pairs_run)
			places[i] = (struct written){ addr, pairs_run };
		if (places[i].addr == addr)
			return &places[i];
	}
	return NULL;
}

static struct pair *pair_of(unsigned long write, unsigned long read, bool late)
{
	unsigned long i = hash_long(write + 31 * read + late, PAIRS_LOG2), n;

	for (n = 0; n < PAIRS_MAX; n++, i = (i + 1) % PAIRS_MAX) {
		struct pair *p = &pairs[i];

		if (!p->write) {
			*p = (struct pair){ .write = write, .read = read,
					    .late = late };
			pairs_nr++;
		}
		if (p->write == write && p->read == read && p->late == late)
			return p;
	}
	return NULL;
}

static void count_pair(const struct written *w, unsigned long read, bool late,
		       u64 seed)
{
	struct pair *p = pair_of(w->ip, read, late);

	if (!p) {
		pairs_lost++;
	} else if (p->run != pairs_run) {
		p->run = pairs_run;
		p->first = p->nr++ ? min(p->first, seed) : seed;
	}
}

static void settle_update(void)
{
	if (updated.place && load(&updated.at) != updated.before)
		*updated.place = updated.next;
	updated.place = NULL;
}

/* is_late - whether another one holds a store where @me reads */
static bool is_late(struct explorer *me)
{
	int t, i;

	for (t = 0; t < ex.nr; t++)
		for (i = 0; &ex.task[t] != me && i < ex.task[t].nr_held; i++)
			if (ex.task[t].held[i].held &&
			    overlap(&ex.task[t].held[i].at, &me->at))
				return true;
	return false;
}

static void pair_read(struct explorer *me, struct written *w, u64 seed)
{
	bool late = lent.on || is_late(me);
	u16 *tasks = late ? &w->missed : &w->saw;

	if (!w->ip || w->task == number(me) || *tasks & BIT(number(me)))
		return;
	*tasks |= BIT(number(me));
	count_pair(w, me->at.ip, late, seed);
	if (!late)
		trace_saw(me, w->task, w->point, w->ip);
}

/* pair_access - @me is about to do @me->at */
static void pair_access(struct explorer *me, u64 seed)
{
	bool update = me->at.type & KCSAN_ACCESS_COMPOUND;
	struct written *w, next;

	w = written_at(me->at.addr);
	if (!w) {
		pairs_lost++;
		return;
	}
	if (update || !(me->at.type & KCSAN_ACCESS_WRITE))
		pair_read(me, w, seed);
	if (!(me->at.type & KCSAN_ACCESS_WRITE))
		return;
	next = (struct written){ me->at.addr, pairs_run, me->at.ip, me->points,
				 number(me) };
	if (!update || me->at.size > sizeof(updated.before)) {
		*w = next;
		return;
	}
	updated.place = w;
	updated.next = next;
	updated.at = me->at;
	updated.before = load(&me->at);
}

static void start_pairs(void)
{
	updated.place = NULL;
	pairs_run++;
}

/* forget_pairs - those of another trial */
static void forget_pairs(void)
{
	memset(pairs, 0, sizeof(pairs));
	pairs_nr = 0;
	pairs_lost = 0;
}

static void print_pairs(void)
{
	static char line[LIST_LINE + 80];
	int i, len = 0;

	for (i = 0; i < PAIRS_MAX; i++) {
		struct pair *p = &pairs[i];

		if (!p->nr)
			continue;
		len += sprintf(line + len, " %lx%c%lx:%u@%llu", p->write,
			       p->late ? '!' : '>', p->read, p->nr, p->first);
		if (len < LIST_LINE)
			continue;
		pr_err("explore: pairs%s\n", line);
		len = 0;
	}
	if (len)
		pr_err("explore: pairs%s\n", line);
	if (pairs_lost)
		pr_err("explore: %u times there was no room for a pair\n",
		       pairs_lost);
}
