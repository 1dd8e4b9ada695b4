// SPDX-License-Identifier: GPL-2.0
/*
 * Record and replay. A schedule is a list of what was not the default, which is
 * that a task goes on while it can, that otherwise the first of the tasks does
 * that can, and that stores are seen at once. The items, with commas between:
 *
 *	1:34>0		at its 34th point, task 1 was switched away from, to task 0
 *	1:34>0!30!32	and of its stores, those of points 30 and 32 were held
 *	1:34~2		after its 34th point task 1 could not go on, or spins, and task
 *			2 did
 *	1:34<0.28	at its 34th point, task 1 read what was there before task 0
 *			stored at its 28th, though that had been seen by others
 *
 * Tasks are counted from 0, in the order in which they were created, points from 1.
 * With the same build the list gives the same schedule, whatever ran before. With
 * fewer items it is a schedule as well: that is how it is minimised. Items that do
 * not fit, since the task does not get there, or the other one cannot run, or the
 * store was not made or changed nothing, are passed over, counted and named.
 *
 * The points are those of one build, so @ and a hash of its code come first.
 */

static struct event events[EXPLORE_EVENTS];
static int nr_events;
static bool events_lost;

/* the list that is replayed, and what of it has come up */
static struct event listed[EXPLORE_EVENTS];
static bool listed_used[EXPLORE_EVENTS];
static u16 listed_late[EXPLORE_EVENTS];	/* a bit for each that was held */
static u32 listed_build;		/* or 0 */
static int nr_events_listed;
static int nr_listed;	/* with the stores */
static struct event *listed_now;

static int number(const struct explorer *task)
{
	return task ? task - ex.task : 0;
}

static void record(struct explorer *me, struct explorer *to, bool forced)
{
	if (nr_events == EXPLORE_EVENTS) {
		events_lost = true;
		return;
	}
	events[nr_events++] = (struct event){
		.task = number(me),
		.to = number(to),
		.forced = forced,
		.point = me ? me->points : 0,
	};
}

static void record_switch(struct explorer *me, struct explorer *to)
{
	record(me, to, true);
}

static void record_pick(struct explorer *to, unsigned long can)
{
	if (to != nth(can, 0))
		record(ex.last, to, false);
}

/* record_held - the last switch has held this store */
static void record_held(const struct store *store)
{
	struct event *e = &events[nr_events - 1];
	int i;

	if (!events_lost)
		e->held[e->nr_held++] = store->point;
	for (i = 0; listed_now && i < listed_now->nr_held; i++)
		if (listed_now->held[i] == store->point)
			listed_late[listed_now - listed] |= BIT(i);
}

static struct event *replay_find(struct explorer *me, bool forced, bool early)
{
	int i;

	for (i = 0; i < nr_events_listed; i++) {
		struct event *e = &listed[i];

		if (!listed_used[i] && e->task == number(me) &&
		    e->point == (me ? me->points : 0) && e->forced == forced &&
		    e->early == early)
			return e;
	}
	return NULL;
}

static struct explorer *replay_to(struct event *e, unsigned long can)
{
	if (!e || e->to >= ex.nr || !(can & BIT(e->to)))
		return NULL;
	listed_used[e - listed] = true;
	return &ex.task[e->to];
}

static struct explorer *replay_switch(struct explorer *me, unsigned long can)
{
	listed_now = replay_find(me, true, false);
	return replay_to(listed_now, can) ?: me;
}

static struct explorer *replay_pick(unsigned long can)
{
	return replay_to(replay_find(ex.last, false, false), can) ?: nth(can, 0);
}

static bool replay_holds(const struct store *store)
{
	int i;

	for (i = 0; listed_now && i < listed_now->nr_held; i++)
		if (listed_now->held[i] == store->point)
			return true;
	return false;
}

/* unfit - how many switches and stores of an item have not come up */
static int unfit(const struct event *e)
{
	int i = e - listed;

	return listed_used[i] ? e->nr_held - hweight16(listed_late[i]) : 1 + e->nr_held;
}

static void record_early(struct explorer *me, const struct past *store)
{
	struct event *e = &events[nr_events];

	record(me, &ex.task[store->by], false);
	if (events_lost)
		return;
	e->early = true;
	e->held[0] = store->point;
}

/* replay_early - which of @can is not seen, or @nr */
static int replay_early(struct explorer *me, struct past **can, int nr)
{
	struct event *e = replay_find(me, false, true);
	int i;

	for (i = 0; e && i < nr; i++) {
		if (can[i]->by == e->to && can[i]->point == e->held[0]) {
			listed_used[e - listed] = true;
			return i;
		}
	}
	return nr;
}

static int replay_unused(void)
{
	int i, nr = 0;

	for (i = 0; i < nr_events_listed; i++)
		nr += unfit(&listed[i]);
	return nr;
}

static void print_unfit(void)
{
	static char line[400];
	int i, j, len = 0;

	for (i = 0; i < nr_events_listed; i++) {
		struct event *e = &listed[i];

		if (!unfit(e))
			continue;
		len += scnprintf(line + len, sizeof(line) - len, " %u:%u%c%u",
				 e->task, e->point,
				 e->forced ? '>' : e->early ? '<' : '~', e->to);
		if (e->early)
			len += scnprintf(line + len, sizeof(line) - len, ".%u",
					 e->held[0]);
		for (j = 0; j < e->nr_held; j++)
			if (!listed_used[i] || !(listed_late[i] & BIT(j)))
				len += scnprintf(line + len, sizeof(line) - len,
						 "!%u", e->held[j]);
	}
	if (len == sizeof(line) - 1)
		strscpy(line + len - 4, " ...", 5);
	if (len)
		pr_err("explore: of the list, %d of %d did not fit:%s\n",
		       replay_unused(), nr_listed, line);
}

/* build_hash - of the code: the same sources and compiler give the same points */
static u32 build_hash(void)
{
	const u64 *p = (const u64 *)ALIGN((unsigned long)_stext, sizeof(*p));
	static u64 hash;

	if (hash)
		return hash >> 32;
	for (; (char *)(p + 1) <= _etext; p++)
		hash = rol64(hash ^ *p, 29) * 0x9e3779b97f4a7c15;
	return hash >> 32;
}

/* print_build - the list may be one of another build, in which it means nothing */
static void print_build(void)
{
	pr_err("explore: build %08x\n", build_hash());
	if (listed_build && listed_build != build_hash())
		pr_err("explore: the list is of another build, %08x; this is %08x\n",
		       listed_build, build_hash());
}

static const char *parse_number(const char *s, unsigned int *nr)
{
	if (!isdigit(*s))
		return NULL;
	for (*nr = 0; isdigit(*s); s++)
		*nr = 10 * *nr + *s - '0';
	return s;
}

static const char *parse_event(const char *s, struct event *e)
{
	unsigned int nr;

	*e = (struct event){ };
	s = parse_number(s, &nr);
	e->task = nr;
	if (!s || nr >= EXPLORE_TASKS || *s++ != ':')
		return NULL;
	s = parse_number(s, &e->point);
	if (!s || (*s != '>' && *s != '~' && *s != '<'))
		return NULL;
	e->forced = *s == '>';
	e->early = *s == '<';
	s = parse_number(s + 1, &nr);
	e->to = nr;
	if (!s || nr >= EXPLORE_TASKS)
		return NULL;
	if (e->early)
		return *s == '.' ? parse_number(s + 1, &e->held[0]) : NULL;
	while (*s == '!' && e->forced && e->nr_held < EXPLORE_STORES) {
		s = parse_number(s + 1, &e->held[e->nr_held++]);
		if (!s)
			return NULL;
	}
	return s;
}

/*
 * parse_list - whether @s is a list, or the path of a file with one; "none" is the
 * empty one
 */
static bool parse_list(const char *s)
{
	if (*s == '/')
		s = text_in_file(s);
	nr_listed = 0;
	nr_events_listed = 0;
	listed_build = 0;
	if (*s == '@') {
		char hash[9];

		if (strnlen(s, 10) < 10 || s[9] != ',')
			return false;
		memcpy(hash, s + 1, 8);
		hash[8] = '\0';
		if (kstrtou32(hash, 16, &listed_build))
			return false;
		s += 10;
	}
	if (!strcmp(s, "none"))
		return true;
	while (nr_events_listed < EXPLORE_EVENTS) {
		struct event *e = &listed[nr_events_listed++];

		s = parse_event(s, e);
		nr_listed += 1 + e->nr_held;
		if (!s || !*s)
			return s;
		if (*s++ != ',')
			return false;
	}
	return false;
}

/* A line of the kernel's log is not as long as a list can be. */
#define LIST_LINE 800

static void print_list(void)
{
	static char line[LIST_LINE + 200];
	const char *op = "=";
	int i, j, len;

	len = sprintf(line, "@%08x,%s", build_hash(), nr_events ? "" : "none");
	for (i = 0; i < nr_events; i++) {
		struct event *e = &events[i];

		len += sprintf(line + len, "%s%u:%u%c%u", i ? "," : "", e->task,
			       e->point, e->forced ? '>' : e->early ? '<' : '~',
			       e->to);
		if (e->early)
			len += sprintf(line + len, ".%u", e->held[0]);
		for (j = 0; j < e->nr_held; j++)
			len += sprintf(line + len, "!%u", e->held[j]);
		if (len < LIST_LINE)
			continue;
		pr_err("explore: list%s%s\n", op, line);
		op = "+=";
		len = 0;
	}
	if (len)
		pr_err("explore: list%s%s\n", op, line);
	if (events_lost)
		pr_err("explore: the list is longer than %d items, and not whole\n",
		       EXPLORE_EVENTS);
}

static void start_record(void)
{
	nr_events = 0;
	events_lost = false;
	listed_now = NULL;
	memset(listed_used, 0, sizeof(listed_used));
	memset(listed_late, 0, sizeof(listed_late));
}
