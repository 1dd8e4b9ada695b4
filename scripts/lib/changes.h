/* SPDX-License-Identifier: GPL-2.0 */
/* The changes that mutate.c lists. A source is parsed first, see source.h. */
#ifndef CHANGES_H
#define CHANGES_H

#include <clang-c/Index.h>
#include <stdbool.h>

enum kind { COMPOUND, STATEMENT, JUMP, DECLARATION, LOCK, UNLOCK, LABEL, OTHER };

/* A statement, from offset s up to e; its text is in one line. */
struct stmt {
	CXCursor cursor;
	enum kind kind;
	unsigned int s, e;
	char *text;
};

/* changes_in: those that follow are in this function. */
void changes_in(const char *function);

/* any_changes: whether there has been one in it. */
bool any_changes(void);

/* change: print that in n, the text from offset p up to q becomes new. Changes of the same name in a function are counted. */
void change(const struct stmt *n, unsigned int p, unsigned int q, const char *new, char *name);

/*
 * tokens: print the changes of operators, numbers and calls in a statement or condition. What is negated as a whole needs no
 * negated parts.
 */
void tokens(const struct stmt *n, bool negated);

#endif
