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
#include <stdio.h>
#include <string.h>
#include "changes.h"
#include "source.h"

struct list {
	struct stmt *at;
	int nr;
};

/* Of the function at hand. */
static struct list locks, unlocks;

static void add(struct list *list, struct stmt n)
{
	list->at = grow(list->at, list->nr, sizeof(n));
	list->at[list->nr++] = n;
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
	const char *function;
	int t;
	struct stmt body;
	struct list kids;
	CXFile in;

	clang_getFileLocation(clang_getCursorLocation(cursor), &in, NULL, NULL, NULL);
	if (clang_getCursorKind(cursor) != CXCursor_FunctionDecl || !clang_isCursorDefinition(cursor) ||
	    !clang_File_isEqual(in, file))
		return CXChildVisit_Continue;
	function = clang_getCString(clang_getCursorSpelling(cursor));
	changes_in(function);
	locks.nr = unlocks.nr = 0;
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
	       any_changes() ? "" : why);
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
