// SPDX-License-Identifier: GPL-2.0
/*
 * explore.trace=1: what happened in a seed that failed, or in a list that is
 * replayed: a line a switch, a pick of another task than the last, a store that was
 * held, when it came in, a read that did not see it, and one that saw what another
 * task has written. The lines are kept until the tasks have ended: to print is to
 * take locks.
 */

#define TRACE_LINES 4096

enum trace_kind {
	TRACE_POINT, TRACE_SWITCH, TRACE_PICK, TRACE_STORE, TRACE_IN, TRACE_MISSED,
	TRACE_SAW, TRACE_TIMER, TRACE_EARLY,
};

struct trace {
	enum trace_kind kind;
	u8 task, other;
	unsigned int point;		/* of @task */
	unsigned int other_point;	/* TRACE_MISSED, TRACE_SAW: where it was stored */
	unsigned long other_ip;
	struct access at;
	u64 old, new;
};

static struct trace *trace;
static int nr_trace;
static unsigned int trace_lost;
static unsigned int trace_wanted;
module_param_named(trace, trace_wanted, uint, 0444);

static struct trace *trace_line(enum trace_kind kind, struct explorer *me,
				unsigned int point, const struct access *at)
{
	struct trace *t;

	if (!trace)
		return NULL;
	/* what was read is no reason for switches not to be told */
	if (nr_trace >= (kind == TRACE_SAW ? TRACE_LINES / 2 : TRACE_LINES)) {
		trace_lost++;
		return NULL;
	}
	t = &trace[nr_trace++];
	*t = (struct trace){
		.kind = kind, .task = number(me), .point = point, .at = *at,
	};
	return t;
}

static void trace_point(struct explorer *me)
{
	if (trace_wanted > 1)
		trace_line(TRACE_POINT, me, me->points, &me->at);
}

static void trace_timer(struct explorer *me)
{
	trace_line(TRACE_TIMER, me, me->points, &me->at);
}

static void trace_switch(struct explorer *me, struct explorer *to)
{
	struct trace *t = trace_line(TRACE_SWITCH, me, me->points, &me->at);

	if (t)
		t->other = number(to);
}

static void trace_pick(struct explorer *to)
{
	struct explorer *last = ex.last ?: to;
	struct trace *t = trace_line(TRACE_PICK, last, last->points, &last->at);

	if (t)
		t->other = number(to);
}

static void trace_store(struct explorer *me, const struct store *store)
{
	struct trace *t = trace_line(TRACE_STORE, me, store->point, &store->at);

	if (t) {
		t->old = store->old;
		t->new = store->new;
	}
}

static void trace_in(struct explorer *of, const struct store *store)
{
	trace_line(TRACE_IN, of, store->point, &store->at);
}

/* trace_saw - @me is about to read what that task has written */
static void trace_saw(struct explorer *me, int task, unsigned int point,
		      unsigned long ip)
{
	struct trace *t = trace_line(TRACE_SAW, me, me->points, &me->at);

	if (t) {
		t->other = task;
		t->other_point = point;
		t->other_ip = ip;
		if (me->at.size <= sizeof(t->new))
			t->new = load(&me->at);
	}
}

static void trace_missed(struct explorer *me, struct explorer *of,
			 const struct store *store)
{
	struct trace *t = trace_line(TRACE_MISSED, me, me->points, &me->at);

	if (t) {
		t->other = number(of);
		t->other_point = store->point;
		t->old = store->old;
		t->new = store->new;
	}
}

static void trace_early(struct explorer *me, const struct past *store, u64 now)
{
	struct trace *t = trace_line(TRACE_EARLY, me, me->points, &me->at);

	if (t) {
		t->other = store->by;
		t->other_point = store->point;
		t->old = store->old;
		t->new = now;
	}
}

static const char *what(const struct access *at)
{
	if (at->type & ACCESS_CALL)
		return at->addr ? "call" : "barrier";
	if (at->type & KCSAN_ACCESS_COMPOUND)
		return "update";
	return at->type & KCSAN_ACCESS_WRITE ? "write" : "read";
}

/* place_of - the access and what it is to */
static void place_of(const struct access *at, char *of, size_t size)
{
	if (at->type & ACCESS_CALL && at->addr)
		snprintf(of, size, "%s %ps", what(at), (void *)at->addr);
	else if (at->addr)
		snprintf(of, size, "%s 0x%lx+%lu", what(at), at->addr, at->size);
	else
		strscpy(of, what(at), size);
}

/* print_tasks - where those are that have not ended */
static void print_tasks(void)
{
	char of[80];
	int i;

	for (i = 0; i < ex.nr; i++) {
		struct explorer *me = &ex.task[i];

		place_of(&me->at, of, sizeof(of));
		if (!me->left)
			pr_err("explore: at %d:%u %s/%d ip=0x%lx %pS %s\n", i,
			       me->points, me->name, me->pid, me->at.ip,
			       (void *)me->at.ip, of);
	}
}

static void print_trace(void)
{
	static const char * const name[] = {
		[TRACE_POINT] = "point", [TRACE_SWITCH] = "switch",
		[TRACE_PICK] = "pick", [TRACE_STORE] = "late",
		[TRACE_IN] = "in", [TRACE_MISSED] = "missed",
		[TRACE_SAW] = "saw", [TRACE_TIMER] = "timer",
		[TRACE_EARLY] = "early",
	};
	char of[80], more[80];
	int i;

	for (i = 0; i < nr_trace; i++) {
		struct trace *t = &trace[i];
		struct explorer *me = &ex.task[t->task], *o = &ex.task[t->other];
		const char *when = "";

		more[0] = '\0';
		place_of(&t->at, of, sizeof(of));
		switch (t->kind) {
		case TRACE_SWITCH:
		case TRACE_PICK:
			when = t->kind == TRACE_SWITCH ? "before " : "after ";
			snprintf(more, sizeof(more), " to %u %s/%d", t->other,
				 o->name, o->pid);
			break;
		case TRACE_STORE:
			snprintf(more, sizeof(more), " old=0x%llx new=0x%llx",
				 t->old, t->new);
			break;
		case TRACE_MISSED:
		case TRACE_EARLY:
			snprintf(more, sizeof(more),
				 " saw=0x%llx late=0x%llx of %u:%u", t->old,
				 t->new, t->other, t->other_point);
			break;
		case TRACE_SAW:
			snprintf(more, sizeof(more),
				 " saw=0x%llx of %u:%u ip=0x%lx", t->new,
				 t->other, t->other_point, t->other_ip);
			break;
		default:
			break;
		}
		pr_err("explore: %s %u:%u %s/%d ip=0x%lx %pS %s%s%s\n",
		       name[t->kind], t->task, t->point, me->name, me->pid,
		       t->at.ip, (void *)t->at.ip, when, of, more);
	}
	if (trace_lost)
		pr_err("explore: the trace is cut, %u lines of it are not here\n",
		       trace_lost);
}

static void start_trace(void)
{
	nr_trace = 0;
	trace_lost = 0;
	start_pairs();
	if (trace_wanted && !trace)
		trace = kvmalloc_array(TRACE_LINES, sizeof(*trace), GFP_KERNEL);
}
