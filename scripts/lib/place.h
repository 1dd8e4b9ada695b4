/* SPDX-License-Identifier: GPL-2.0 */
/* What place.c and heads.c share: the functions that get a stub, and where it goes. */
#ifndef PLACE_H
#define PLACE_H

#include <stdbool.h>
#include <stddef.h>

#define MAX 256

struct stub {
	char *function;
	int line;		/* in SUITES/stubs */
	bool optional;
	bool found;
};

struct source {
	char *name;		/* relative to TREE */
	char *suite;		/* its path, or NULL */
	char *trial;		/* its name, or NULL */
	bool optional;
	struct stub stubs[MAX];
	int nr_stubs;
};

/* Where a stub goes: behind the brace at text[at - 1]. */
struct place {
	struct stub *stub;
	char *args;
	size_t at;
	int line;		/* of the brace */
};

/* fail - print "build: error: " and the message, and exit with 2 */
void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *fmt, ...);

/* format - a new string, made as by printf(); fails if there is no memory */
char *format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* is_word - whether @c may be in an identifier */
bool is_word(char c);

/*
 * find_places - the heads of the functions of @src that get a stub
 * @text: the source
 * @places: MAX of them, which this fills in
 * @include: set to where the header of the stubs can be included: behind the last #include before the first of these functions
 *
 * Return: how many there are. Fails if a parameter of one has no name.
 */
int find_places(struct source *src, const char *text, struct place *places, struct place *include);

#endif
