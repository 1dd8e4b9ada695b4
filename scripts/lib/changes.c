// SPDX-License-Identifier: GPL-2.0
/* Changes of a source, as mutate.c lists them: how one is printed, and those of operators, numbers and calls. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "changes.h"
#include "source.h"

/* What is before and behind an operand of && or ||, but for these two. */
#define STARTS " ( [ { ; , ? : return = += -= |= &= "
#define ENDS " ) ] } ; , ? : "

static int nr_changes;

/* Of the function at hand. */
static const char *function;
static char **names;
static int nr_names;

static const struct {
	const char *old, *new;
	bool binary;
} instead[] = {
	{ "<", "<=", true }, { "<=", "<", true }, { ">", ">=", true }, { ">=", ">", true },
	{ "==", "!=", true }, { "!=", "==", true }, { "+", "-", true }, { "-", "+", true },
	{ "|", "&", true }, { "<<", ">>", true }, { ">>", "<<", true },
	{ "+=", "-=", true }, { "-=", "+=", true }, { "|=", "&=", true },
	{ "++", "--", false }, { "--", "++", false },
	{ "true", "false", false }, { "false", "true", false },
	{ "test_bit", "!test_bit", false },
	{ "test_and_set_bit", "test_bit", false },
	{ "test_and_set_bit", "!test_and_set_bit", false },
	{ "test_and_set_bit_lock", "test_bit", false },
	{ "test_and_set_bit_lock", "!test_and_set_bit_lock", false },
	{ "test_and_clear_bit", "test_bit", false },
	{ "test_and_clear_bit", "!test_and_clear_bit", false },
	{ "set_bit", "clear_bit", false }, { "clear_bit", "set_bit", false },
	{ "clear_bit_unlock", "set_bit", false },
	{ "atomic_inc", "atomic_dec", false }, { "atomic_dec", "atomic_inc", false },
	{ "atomic_or", "atomic_andnot", false }, { "atomic_andnot", "atomic_or", false },
	{ "atomic_dec_and_test", "!atomic_dec_and_test", false },
	{ "refcount_dec_and_test", "!refcount_dec_and_test", false },
	{ "try_cmpxchg", "!try_cmpxchg", false },
	{ "smp_store_release", "WRITE_ONCE", false }, { "smp_load_acquire", "READ_ONCE", false },
};

void changes_in(const char *name)
{
	function = name;
	nr_names = 0;
}

bool any_changes(void)
{
	return nr_names;
}

void change(const struct stmt *n, unsigned int p, unsigned int q, const char *new,
		   char *name)
{
	int i, lines = line_of(q) - line_of(p), seen = 1;

	for (i = 0; i < nr_names; i++)
		seen += !strcmp(names[i], name);
	names = grow(names, nr_names, sizeof(*names));
	names[nr_names++] = name;
	printf("%d\t%u\t%u\t%s\t%s", ++nr_changes, line_of(n->s), line_of(n->e - 1), function,
	       name);
	if (seen > 1)
		printf(" (%d)", seen);
	printf("\t%u\t%u\t", p, q - p);
	for (; *new; new++) {
		lines -= *new == '\n';
		if (strchr("\n\t\\", *new))
			printf("\\%c", *new == '\n' ? 'n' : *new == '\t' ? 't' : '\\');
		else
			putchar(*new);
	}
	while (lines-- > 0)
		fputs("\\n", stdout);
	putchar('\n');
}

/*
 * around: the text to show the change of a token in: the operand that it is part of, or if that
 * is the token alone, the call that it is an argument of. The start of a right side comes with
 * its left side.
 */
static char *around(const struct stmt *n, int t)
{
	int from = operand_start(t, STARTS "|| && "), to = operand_end(t + 1, ENDS "|| && ");

	if (is(from - 1, " return ")) {
		from--;
	} else if (from == t && is(t - 1, " = ")) {
		from = operand_start(t, " ; { } ( , ");
	} else if (from == t && to == t && is(t - 1, " ( , ")) {
		for (from = t; !is(from, " ( "); from--)
			if (is(from, " ) "))
				from = bracket(from, -1);
		to = bracket(from, 1);
		from -= isalnum((unsigned char)text[tok[from - 1].s]) || text[tok[from - 1].s] == '_';
	}
	return flat(tok[from].s < n->s ? n->s : tok[from].s, tok[to].e);
}

static void replace(const struct stmt *n, int t, const char *new)
{
	change(n, tok[t].s, tok[t].e, new,
	       fmt("'%s' to '%s' in: %s", raw(tok[t].s, tok[t].e), new, around(n, t)));
}

/* logical: leave out either side of && or ||; in a chain of them, each part once. */
static void logical(const struct stmt *n, int t)
{
	const char *more = is(t, " && ") ? "|| && " : "|| ";
	int from = operand_start(t, fmt("%s%s", STARTS, more));
	int to = operand_end(t + 1, fmt("%s%s", ENDS, more));
	char *both = flat(tok[from].s, tok[to].e);

	if (!is(from - 1, fmt(" %s ", raw(tok[t].s, tok[t].e))))
		change(n, tok[from].s, tok[t + 1].s, "",
		       fmt("drop '%s' of: %s", flat(tok[from].s, tok[t].e), both));
	change(n, tok[t - 1].e, tok[to].e, "",
	       fmt("drop '%s' of: %s", flat(tok[t].s, tok[to].e), both));
}

static void number(const struct stmt *n, int t)
{
	char *unit;
	long is = strtol(raw(tok[t].s, tok[t].e), &unit, 10);

	if (unit[strspn(unit, "UL")])
		return;
	replace(n, t, fmt("%ld%s", is + 1, unit));
	if (is > 0)
		replace(n, t, fmt("%ld%s", is - 1, unit));
}

void tokens(const struct stmt *n, bool negated)
{
	size_t i;
	int t;

	for (t = token_at(n->s); t < nr_tok && tok[t].s < n->e; t++) {
		if (isdigit((unsigned char)text[tok[t].s])) {
			number(n, t);
		} else if (tok[t].binary && is(t, " && || ")) {
			logical(n, t);
		} else if (tok[t].binary && is(t, " ? ")) {
			unsigned int s = tok[operand_start(t, STARTS)].s, e = tok[t - 1].e;

			change(n, s, e, fmt("!(%s)", raw(s, e)), fmt("negate: %s ?", flat(s, e)));
		} else if (is(t, " ! ") && is(t - 1, " = == != , return ")) {
			int end = operand_end(t + 1, ENDS "|| && ");

			change(n, tok[t].s, tok[t].e, "",
			       fmt("drop '!' of: %s", flat(tok[t].s, tok[end].e)));
		}
		for (i = 0; i < sizeof(instead) / sizeof(*instead); i++)
			if (is(t, fmt(" %s ", instead[i].old)) &&
			    (tok[t].binary || !instead[i].binary) &&
			    !(negated && strchr("!=", *instead[i].new)))
				replace(n, t, instead[i].new);
	}
}
