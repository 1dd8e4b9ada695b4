// SPDX-License-Identifier: GPL-2.0
/*
 * Which points matter.
 *
 * Most of what a task touches nobody else does, and a switch there is none that the
 * others could tell from one at the next point. Seed 0 has no switches, and shows
 * which places in the code touch memory that two tasks use, one of them to write. At
 * those a task can be switched away from, at calls, where stores could be held, and
 * at places that seed 0 did not get to. But for each fourth seed, which takes all
 * points, as what seed 0 shows is one schedule of many.
 *
 * This is about what is drawn at random. Points have their numbers whether they
 * matter or not, and a list is followed wherever it leads.
 */

#define LEARN_LOG2 13
#define LEARN_MAX BIT(LEARN_LOG2)

struct learned {
	unsigned long key;	/* address of the code, or that of 8 bytes */
	u16 tasks, writers;	/* of the latter */
	bool matters;		/* of the former */
};

static struct {
	struct learned site[LEARN_MAX], place[LEARN_MAX];
	struct {
		u16 site, place;
		bool near;	/* the focus */
	} seen[LEARN_MAX];
	int nr_seen, nr_calls, nr_near_calls;
	bool on, known;
} learn;

static struct learned *learned(struct learned *table, unsigned long key, bool add)
{
	unsigned long i = hash_long(key, LEARN_LOG2), n;

	for (n = 0; n < LEARN_MAX; n++, i = (i + 1) % LEARN_MAX) {
		if (!table[i].key && add)
			table[i].key = key;
		if (table[i].key == key)
			return &table[i];
		if (!table[i].key)
			break;
	}
	return NULL;
}

static void start_learning(void)
{
	memset(&learn, 0, sizeof(learn));
	ex.choices_of_seed_0 = 0;
	ex.near_of_seed_0 = 0;
	learn.on = true;
}

static void learn_point(struct explorer *me)
{
	struct learned *site, *place;

	if (!learn.on)
		return;
	if (me->at.type & ACCESS_CALL) {
		learn.nr_calls++;
		learn.nr_near_calls += near_focus(me);
		return;
	}
	site = learned(learn.site, me->at.ip, true);
	place = learned(learn.place, me->at.addr >> 3, true);
	if (!site || !place || learn.nr_seen == LEARN_MAX) {
		/* too long to be learned */
		learn.on = false;
		return;
	}
	place->tasks |= BIT(number(me));
	if (me->at.type & KCSAN_ACCESS_WRITE)
		place->writers |= BIT(number(me));
	learn.seen[learn.nr_seen].near = near_focus(me);
	learn.seen[learn.nr_seen].site = site - learn.site;
	learn.seen[learn.nr_seen++].place = place - learn.place;
}

static void end_learning(void)
{
	int i;

	if (!learn.on) {
		pr_err("explore: seed 0 has more than %lu points: a switch can come at any\n",
		       LEARN_MAX);
		ex.choices_of_seed_0 = ex.choices;
		ex.near_of_seed_0 = ex.near;
		return;
	}
	learn.on = false;
	learn.known = true;
	for (i = 0; i < learn.nr_seen; i++) {
		struct learned *place = &learn.place[learn.seen[i].place];

		if (place->writers && !is_power_of_2(place->tasks))
			learn.site[learn.seen[i].site].matters = true;
	}
	ex.choices_of_seed_0 = learn.nr_calls;
	ex.near_of_seed_0 = learn.nr_near_calls;
	for (i = 0; i < learn.nr_seen; i++) {
		bool matters = learn.site[learn.seen[i].site].matters;

		ex.choices_of_seed_0 += matters;
		ex.near_of_seed_0 += matters && learn.seen[i].near;
	}
}

static bool matters(struct explorer *me)
{
	struct learned *site;

	if (ex.all_points || !learn.known || nr_logged ||
	    me->at.type & ACCESS_CALL)
		return true;
	site = learned(learn.site, me->at.ip, false);
	return !site || site->matters;
}
