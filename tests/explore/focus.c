// SPDX-License-Identifier: GPL-2.0
/*
 * Where to look: explore.focus= names call sites, those of the lines of a change.
 *
 * It is FROM-TO, hexadecimal and joined by commas: code from FROM up to TO without it,
 * in their order. Or the path of a file of the host that has it. A point is in focus if
 * the hook's call returns there. A switch parts what a task has just done from what it
 * does next, and holds what it has stored. So what the algorithms (algo.c) take for near
 * are points in focus, the task's next one after these, and those at which a store that
 * was in focus could be late.
 */

#define FOCUS_MAX 4096

static struct {
	struct {
		unsigned long from, to;
	} range[FOCUS_MAX];
	int nr;
} focus;

static const char *parse_address(const char *s, unsigned long *at)
{
	if (!isxdigit(*s))
		return NULL;
	for (*at = 0; isxdigit(*s); s++)
		*at = 16 * *at + (isdigit(*s) ? *s - '0' : tolower(*s) - 'a' + 10);
	return s;
}

static bool parse_focus(const char *s)
{
	unsigned long last = 0;

	if (*s == '/')
		s = text_in_file(s);
	for (focus.nr = 0; focus.nr < FOCUS_MAX; s++) {
		unsigned long from, to;

		s = parse_address(s, &from);
		if (!s || *s != '-')
			return false;
		s = parse_address(s + 1, &to);
		if (!s || from < last || to <= from)
			return false;
		last = to;
		focus.range[focus.nr].from = from;
		focus.range[focus.nr++].to = to;
		if (*s != ',')
			return !*s;
	}
	return false;
}

static bool in_focus(unsigned long ip)
{
	int low = 0, high = focus.nr;

	while (low < high) {
		int i = (low + high) / 2;

		if (ip < focus.range[i].from)
			high = i;
		else if (ip >= focus.range[i].to)
			low = i + 1;
		else
			return true;
	}
	return false;
}

/* see_focus - @me has come to its next point */
static void see_focus(struct explorer *me)
{
	if (!focus.nr)
		return;
	me->was_in_focus = me->in_focus;
	me->in_focus = in_focus(me->at.ip);
	ex.focused += me->in_focus;
}

static bool near_focus(const struct explorer *me)
{
	int i, nr = focus.nr && me == find_current() ? nr_logged : 0;

	for (i = 0; i < nr; i++)
		if (in_focus(log_of_stores[i].at.ip))
			return true;
	return me->in_focus || me->was_in_focus;
}

/* likely_in_focus - true or false; in focus more often true, and elsewhere less */
static bool likely_in_focus(unsigned long ip)
{
	if (!ex.focus)
		return random_below(2);
	return random_below(4) < (in_focus(ip) ? 3 : 1);
}
