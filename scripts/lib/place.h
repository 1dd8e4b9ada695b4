/* SPDX-License-Identifier: GPL-2.0 */
/* What place.c, suites.c and heads.c share: sources, the functions of them that get a stub, and where it goes. */
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

/* What the command line of place.c names. */
extern const char *tree, *out, *suites;

/* Sources with a suite, a trial or stubs. */
extern struct source sources[MAX];
extern int nr_sources;

/* read_stubs - add the sources and functions that SUITES/stubs names; fails if a line of it cannot be read */
void read_stubs(void);

/* find_suites - add the sources that have a suite, but for those that OUT/left-out names; missing() if TREE lacks one */
void find_suites(void);

/* find_trials - in flavour explore, add the sources that have trials and are in TREE */
void find_trials(void);

/* fail - print "build: error: " and the message, and exit with 2 */
void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *fmt, ...);

/* missing - fail, or with -k say what is missing and go on */
void missing(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* read_file - the content of @path with a 0 behind it, or NULL if there is no such file; fails if it cannot be read */
char *read_file(const char *path);

/* exists - whether @file can be read in @dir */
bool exists(const char *dir, const char *file);

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
