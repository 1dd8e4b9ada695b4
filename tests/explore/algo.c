// SPDX-License-Identifier: GPL-2.0
/*
 * Which task: the algorithms. All draw from one generator, which the seed sets.
 *
 * bursts: who runs goes on for 2^0 to 2^6 points, less in a short trial, and then any
 *         task is as good.
 * pct:    tasks have priorities, and the highest runs. At depth - 1 points of the
 *         run, drawn at its start, the running one gets one of the depth - 1 lowest.
 *         Finds a race that takes that many switches with a probability that is known.
 * pos:    each access to come has a priority of its own, drawn anew after it, and
 *         also if another task has just touched the same place.
 * mix:    half of the seeds bursts, a quarter each pct, of depth 2 to 4, and pos.
 *
 * They count the points that matter (learn.c).
 *
 * With something to look at (focus.c), three of four seeds switch most near there. The
 * fourth is as ever: the other half of a race may be elsewhere. How much less than ever
 * there is elsewhere, the seed decides: some races need a switch or two to come to such a
 * place in the right state, and for others each one elsewhere is likely to spoil it.
 *
 * bursts: near the focus a burst ends at each point, or each second, or fourth, ... on
 *         average, as the seed has it. Elsewhere they are as long as ever, or four times
 *         that, or do not end.
 * pct:    of the points that demote, one in four is counted among those near the focus,
 *         or two, or three: with none elsewhere, one task always runs to its end first.
 * pos:    elsewhere, priorities are drawn anew as ever, or each second, or none.
 *
 * Stores in focus are late more often than others, and reads there early.
 */

#define BURST_LOG2_MAX 6
#define PCT_DEPTH_MAX 8
#define CALM_MAX 2
/* A run that has taken this many times what seed 0 has is not starved any longer. */
#define PATIENCE 20

static u64 random_state;

static u64 random(void)
{
	u64 x;

	/* splitmix64 */
	x = random_state += 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

static u64 random_below(u64 n)
{
	return random() % n;
}

static unsigned int burst, burst_log2_max;
static unsigned int calm;		/* how few switches there are elsewhere */
static unsigned int odds_near;	/* that a burst goes on there, to 1 */
static unsigned int pct_points[PCT_DEPTH_MAX], pct_nr;
static bool pct_near[PCT_DEPTH_MAX];
static struct access pos_done;

static struct explorer *nth(unsigned long can, int n)
{
	while (n--)
		can &= can - 1;
	return &ex.task[__ffs(can)];
}

static struct explorer *any(unsigned long can)
{
	burst = 1 << random_below(burst_log2_max + 1);
	if (ex.focus)
		burst <<= 2 * calm;
	return nth(can, random_below(hweight_long(can)));
}

static struct explorer *highest(unsigned long can)
{
	struct explorer *best = NULL;
	int i;

	for_each_set_bit(i, &can, ex.nr)
		if (!best || ex.task[i].prio > best->prio)
			best = &ex.task[i];
	return best;
}

static bool starves(void)
{
	return ex.choices_of_seed_0 && ex.choices > PATIENCE * ex.choices_of_seed_0;
}

static bool burst_ends(const struct explorer *me)
{
	if (ex.focus && near_focus(me) && !random_below(odds_near))
		return true;
	return !(ex.focus && calm == CALM_MAX) && burst-- <= 1;
}

static struct explorer *choose_pct(struct explorer *me, unsigned long can)
{
	unsigned int i;

	for (i = 0; i < pct_nr; i++)
		if (pct_near[i] ? near_focus(me) && pct_points[i] == ex.near :
				  pct_points[i] == ex.choices)
			me->prio = i;
	return highest(can);
}

static struct explorer *choose_pos(struct explorer *me, unsigned long can)
{
	int i;

	/* @me has done what it had at its last point. */
	for_each_set_bit(i, &can, ex.nr)
		if ((&ex.task[i] == me || overlap(&ex.task[i].at, &pos_done)) &&
		    (!ex.focus || near_focus(&ex.task[i]) || random_below(CALM_MAX) >= calm))
			ex.task[i].prio = random();
	me = highest(can);
	pos_done = me->at;
	return me;
}

/* choose - who goes on, @me or another one that can */
static struct explorer *choose(struct explorer *me, unsigned long can)
{
	enum algo algo = ex.algo;

	if (algo != ALGO_NONE && algo != ALGO_LIST && starves()) {
		algo = ALGO_BURSTS;
		ex.focus = false;
	}
	switch (algo) {
	case ALGO_BURSTS:
		return burst_ends(me) ? any(can) : me;
	case ALGO_PCT:
		return choose_pct(me, can);
	case ALGO_POS:
		return choose_pos(me, can);
	case ALGO_LIST:
		return replay_switch(me, can);
	default:
		return me;
	}
}

/* choose_waiting - who goes on where nobody of ours ran, or the one that ran waits */
static struct explorer *choose_waiting(unsigned long can)
{
	if (ex.draining)
		return nth(can, 0);
	switch (ex.algo) {
	case ALGO_BURSTS:
		return any(can);
	case ALGO_PCT:
	case ALGO_POS:
		return starves() ? any(can) : highest(can);
	case ALGO_LIST:
		return replay_pick(can);
	default:
		return nth(can, 0);
	}
}

/* draw_pct_points - where the running one is to be demoted */
static void draw_pct_points(unsigned int nr)
{
	unsigned int i;

	pct_nr = min(nr, PCT_DEPTH_MAX);
	for (i = 0; i < pct_nr; i++) {
		unsigned int most = ex.choices_of_seed_0;

		pct_near[i] = ex.focus && random_below(CALM_MAX + 2) <= calm;
		if (pct_near[i])
			most = ex.near_of_seed_0;
		pct_points[i] = 1 + random_below(most ?: pct_near[i] ? 16 : 100);
	}
}

static void start_algo(u64 seed, enum algo algo, unsigned int depth)
{
	random_state = seed;
	random();
	burst = 0;
	burst_log2_max = clamp_t(int, ilog2(ex.choices_of_seed_0 | 1) - 1,
				 3, BURST_LOG2_MAX);
	pos_done = (struct access){ };
	ex.all_points = !random_below(4);
	ex.focus = focus.nr && random_below(4);
	calm = ex.focus ? random_below(CALM_MAX + 1) : 0;
	if (ex.focus)
		odds_near = 1 << random_below(min(ilog2(ex.near_of_seed_0 | 1), BURST_LOG2_MAX) + 1);
	if (algo == ALGO_PCT)
		draw_pct_points((depth ?: 2 + random_below(3)) - 1);
}
