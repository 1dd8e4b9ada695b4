// SPDX-License-Identifier: GPL-2.0
/*
 * mutate SOURCE: list what can be changed in the functions of a C source, one place at a time.
 *
 * A change is a line of fields with a tab between them: its number, the first and last line of
 * the statement, the function, a name for the change that does not depend on lines, and the
 * edit: offset and length of what is replaced, and the new text, in which \n, \t and \\ stand
 * for these characters. No edit changes the number of lines. Each function has a line as well,
 * with 0 as its number, its first and last line, and why there is nothing to change in it, if
 * so.
 *
 * Runs in the build directory, and parses with the flags in Kbuild's .cmd file of the object.
 * An error of the parser is an error here, so that no function is missed in silence.
 *
 * Functions, statements and operators come from libclang's syntax tree, which says where each
 * starts in this file. What comes from the argument of a macro has its own place. What comes
 * from its body starts where the macro is used, and is left alone. Ends are found by token:
 * libclang gets them wrong for a macro in the argument of another one (seen with 14).
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "source.h"

/* What is before and behind an operand of && or ||, but for these two. */
#define STARTS " ( [ { ; , ? : return = += -= |= &= "
#define ENDS " ) ] } ; , ? : "

enum kind { COMPOUND, STATEMENT, JUMP, DECLARATION, LOCK, UNLOCK, LABEL, OTHER };

/* A statement, from offset s up to e; its text is in one line. */
struct stmt {
	CXCursor cursor;
	enum kind kind;
	unsigned int s, e;
	char *text;
};

struct list {
	struct stmt *at;
	int nr;
};

static int nr_changes;

/* Of the function at hand. */
static const char *function;
static char **names;
static int nr_names;
static struct list locks, unlocks;

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

static void add(struct list *list, struct stmt n)
{
	list->at = grow(list->at, list->nr, sizeof(n));
	list->at[list->nr++] = n;
}

/* change: in n, the text from p up to q becomes new. */
static void change(const struct stmt *n, unsigned int p, unsigned int q, const char *new,
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
		from -= isalnum(text[tok[from - 1].s]) || text[tok[from - 1].s] == '_';
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

/* tokens: of a statement or condition. What is negated as a whole needs no negated parts. */
static void tokens(const struct stmt *n, bool negated)
{
	size_t i;
	int t;

	for (t = token_at(n->s); t < nr_tok && tok[t].s < n->e; t++) {
		if (isdigit(text[tok[t].s])) {
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

/* start: where this is in the file, or the macro that has it in its body. */
static unsigned int start(CXCursor cursor)
{
	unsigned int p;

	clang_getFileLocation(clang_getRangeStart(clang_getCursorExtent(cursor)), NULL, NULL, NULL,
			      &p);
	return p;
}

static enum CXChildVisitResult add_child(CXCursor cursor, CXCursor parent, CXClientData list)
{
	add(list, (struct stmt){ .cursor = cursor, .s = start(cursor) });
	return CXChildVisit_Continue;
}

static struct list children(CXCursor cursor)
{
	struct list list = { };

	clang_visitChildren(cursor, add_child, &list);
	return list;
}

/* operators: note those that have two operands in this file. */
static enum CXChildVisitResult operators(CXCursor cursor, CXCursor parent, CXClientData data)
{
	enum CXCursorKind kind = clang_getCursorKind(cursor);

	if (kind == CXCursor_BinaryOperator || kind == CXCursor_CompoundAssignOperator ||
	    kind == CXCursor_ConditionalOperator) {
		struct list sides = children(cursor);
		int t = token_at(sides.at[1].s) - 1;

		if (t > 0 && sides.at[0].s < tok[t].s && !is(t, " , ( "))
			tok[t].binary = true;
	}
	return CXChildVisit_Recurse;
}

/* simple: a statement without another in it. */
static void simple(struct stmt *n, bool last)
{
	bool is_decl = clang_getCursorKind(n->cursor) == CXCursor_DeclStmt;
	const char *t = n->text;

	if (is_decl && strncmp(t, "guard(", 6)) {
		n->kind = DECLARATION;
		if (strchr(t, '='))
			tokens(n, false);
		return;
	}
	n->kind = OTHER;
	if (matches(t, "^(;|KUNIT_|BUILD_BUG_ON|lockdep_|WARN_ON|pr_|might_sleep)"))
		return;
	if (matches(t, "^[a-z_]*lock(_irq|_irqsave|_irqrestore|_bh)?\\(") &&
	    !matches(t, "^(try|clear_bit|test_and)")) {
		n->kind = matches(t, "^[a-z_]*unlock") ? UNLOCK : LOCK;
		add(n->kind == LOCK ? &locks : &unlocks, *n);
		return;
	}
	if (!is_decl)
		n->kind = matches(t, "^(return|goto|break|continue)[ ;]") ? JUMP : STATEMENT;
	/* Without its last return, a function with a value does not compile. */
	if (!last || !matches(t, "^return [^;]"))
		change(n, n->s, n->e, ";", fmt("drop: %s", t));
	if (matches(t, "^return -E[A-Z]+;$"))
		change(n, n->s, n->e, "return 0;", fmt("'%.*s' to '0' in: %s", (int)strlen(t) - 8, t + 7, t));
	tokens(n, false);
}

/* condition: that of the keyword at token t. */
static void condition(int t)
{
	int close = bracket(t + 1, 1), from = t + 2, to = close - 1;
	struct stmt head = { .s = tok[t].s, .e = tok[close].e };

	if (is(t, " for ")) {
		from = operand_end(from, " ; ") + 2;
		to = operand_end(from, " ; ");
	}
	if (!is(t, " switch ") && from <= to)
		change(&head, tok[from].s, tok[to].e, fmt("!(%s)", raw(tok[from].s, tok[to].e)),
		       fmt("negate: %s (%s)", flat(tok[t].s, tok[t].e), flat(tok[from].s, tok[to].e)));
	tokens(&head, !is(t, " switch "));
}

static void block(struct list kids, bool outer);

/* find_body: the first statement behind a macro that is the head of a loop. */
static enum CXChildVisitResult find_body(CXCursor cursor, CXCursor parent, CXClientData data)
{
	struct stmt *body = data;

	if (start(cursor) < body->s)
		return CXChildVisit_Recurse;
	*body = (struct stmt){ .cursor = cursor, .s = start(cursor) };
	return CXChildVisit_Break;
}

/*
 * in_macro: a statement that seems to start in an argument is a macro that starts with its
 * argument.
 */
static unsigned int in_macro(CXCursor cursor)
{
	unsigned int p;

	clang_getExpansionLocation(clang_getRangeStart(clang_getCursorExtent(cursor)), NULL, NULL,
				   NULL, &p);
	return p;
}

/*
 * statement: change it, and find its kind, end and text. The last of a function is its last
 * statement.
 */
static void statement(struct stmt *n, bool last)
{
	enum CXCursorKind kind = clang_getCursorKind(n->cursor);
	struct list kids = children(n->cursor);
	struct stmt body;
	int t, close, i;

	if (is(token_at(n->s) - 1, " ( , "))
		n->s = in_macro(n->cursor);
	t = token_at(n->s);
	close = is(t + 1, " ( ") ? bracket(t + 1, 1) : t;
	body.s = tok[close].e;
	n->kind = COMPOUND;
	if (is(t, " { ")) {
		block(kids, false);
		n->e = tok[bracket(t, 1)].e;
	} else if (is(t, " do ")) {
		statement(&kids.at[0], false);
		t = token_at(kids.at[0].e);
		condition(t);
		n->e = tok[bracket(t + 1, 1) + 1].e;
	} else if (is(t, " if for while switch ")) {
		condition(t);
		for (i = 0; i < kids.nr; i++) {
			if (kids.at[i].s < body.s)
				continue;
			statement(&kids.at[i], false);
			n->e = kids.at[i].e;
		}
	} else if ((kind == CXCursor_ForStmt || kind == CXCursor_IfStmt) && !is(close + 1, " ; ")) {
		tokens(&(struct stmt){ .s = n->s, .e = body.s }, false);
		clang_visitChildren(n->cursor, find_body, &body);
		statement(&body, false);
		n->e = body.e;
	} else {
		n->e = tok[operand_end(t, " ; ") + 1].e;
		n->text = flat(n->s, n->e);
		simple(n, last);
	}
	n->text = flat(n->s, n->e);
}

/* opening: as much of a compound statement as names it. */
static char *opening(const char *t)
{
	return fmt(strchr(t, '{') ? "%.*s{...}" : "%.*s", (int)strcspn(t, "{"), t);
}

/* neighbours: change the order of two statements. */
static void neighbours(const struct stmt *a, const struct stmt *b)
{
	struct stmt both = { .s = a->s, .e = b->e };
	char *name;

	if (b->kind == UNLOCK && (a->kind <= JUMP || a->kind == OTHER) &&
	    !matches(a->text, "unlock|return|goto"))
		name = fmt("early: %s before: %s", b->text, opening(a->text));
	else if (a->kind == LOCK && (b->kind <= JUMP || b->kind == OTHER) &&
		 !matches(b->text, "unlock|return|goto"))
		name = fmt("late: %s after: %s", a->text, opening(b->text));
	else if (a->kind == STATEMENT && b->kind == STATEMENT)
		name = fmt("swap: %s with: %s", a->text, b->text);
	else
		return;
	change(&both, a->s, b->e,
	       fmt("%s%s%s", raw(b->s, b->e), raw(a->e, b->s), raw(a->s, a->e)), name);
}

static bool is_label(enum CXCursorKind kind)
{
	return kind == CXCursor_LabelStmt || kind == CXCursor_CaseStmt || kind == CXCursor_DefaultStmt;
}

/* block: the statements in it. The outer one is that of the function. */
static void block(struct list kids, bool outer)
{
	struct stmt prev = { .kind = LABEL };
	int i;

	for (i = 0; i < kids.nr; i++) {
		struct stmt n = kids.at[i];

		while (is_label(clang_getCursorKind(n.cursor))) {
			struct list of = children(n.cursor);

			n = of.at[of.nr - 1];
			prev.kind = LABEL;
		}
		statement(&n, outer && i == kids.nr - 1);
		neighbours(&prev, &n);
		prev = n;
	}
}

/* not_taken: drop each lock, with what releases it before it is taken again in the function. */
static void not_taken(void)
{
	struct stmt *l, *u;

	for (l = locks.at; l < locks.at + locks.nr; l++) {
		char *lock = strstr(l->text, "lock"), *irq = strstr(l->text, "_irqsave("), *new = ";";
		int before = lock - l->text, name = irq ? irq - lock : 0;
		char *release = irq ? fmt("%.*sun%.*s_irqrestore%s", before, l->text, name, lock, irq + 8) :
				      fmt("%.*sun%s", before, l->text, lock);
		unsigned int again = strlen(text), done = l->e;

		for (u = locks.at + locks.nr - 1; u > l; u--)
			if (!strcmp(u->text, l->text))
				again = u->s;
		for (u = unlocks.at; u < unlocks.at + unlocks.nr; u++) {
			if (strcmp(u->text, release) || u->s < done || u->s > again)
				continue;
			new = fmt("%s%s;", new, raw(done, u->s));
			done = u->e;
		}
		change(l, l->s, done, new, fmt("not taken: %s", l->text));
	}
}

static enum CXChildVisitResult definition(CXCursor cursor, CXCursor parent, CXClientData data)
{
	const char *why = "its body is in a macro";
	int before = nr_changes, t;
	struct stmt body;
	struct list kids;
	CXFile in;

	clang_getFileLocation(clang_getCursorLocation(cursor), &in, NULL, NULL, NULL);
	if (clang_getCursorKind(cursor) != CXCursor_FunctionDecl || !clang_isCursorDefinition(cursor) ||
	    !clang_File_isEqual(in, file))
		return CXChildVisit_Continue;
	function = clang_getCString(clang_getCursorSpelling(cursor));
	nr_names = locks.nr = unlocks.nr = 0;
	kids = children(cursor);
	body = kids.at[kids.nr - 1];
	t = token_at(body.s);
	body.e = body.s;
	if (is(t, " { ")) {
		clang_visitChildren(body.cursor, operators, NULL);
		block(children(body.cursor), true);
		not_taken();
		body.e = tok[bracket(t, 1)].e;
		why = fmt("nothing of the kind in: %.60s", flat(body.s, body.e));
	}
	printf("0\t%u\t%u\t%s\t%s\n", line_of(body.s), line_of(body.e), function,
	       nr_changes > before ? "" : why);
	return CXChildVisit_Continue;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		die("usage: mutate SOURCE");
	parse(argv[1]);
	clang_visitChildren(clang_getTranslationUnitCursor(tu), definition, NULL);
	return 0;
}
