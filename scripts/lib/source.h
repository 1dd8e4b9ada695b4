/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A C source as libclang parses it and as text, for mutate.c. Offsets are in bytes; an end is
 * the offset behind the last byte. Strings that are returned are never freed, as the program
 * soon ends. What fails does so by die().
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <clang-c/Index.h>
#include <stdbool.h>
#include <stddef.h>

struct token {
	unsigned int s, e;
	bool binary;		/* an operator with two operands; set by mutate.c */
};

extern CXTranslationUnit tu;
extern CXFile file;
extern struct token *tok;	/* without those of comments and directives */
extern int nr_tok;
extern char *text;

/*
 * parse: io_uring/io-wq.c, say, with the flags in Kbuild's .cmd file of its object, into the
 * variables above.
 */
void parse(const char *name);

/* die: say what is wrong, and exit with 2. */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* fmt: as sprintf(), into memory of its own. */
char *fmt(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* grow: return the array p, of nr elements of this length, with room for one more. */
void *grow(void *p, int nr, size_t len);

/* matches: whether an extended regular expression is found in s. */
bool matches(const char *s, const char *pattern);

/* raw, flat: the text from s up to e; flat is in one line and without comments and directives. */
char *raw(unsigned int s, unsigned int e);
char *flat(unsigned int s, unsigned int e);

/* line_of: counted from 1. */
unsigned int line_of(unsigned int p);

/* token_at: the first token that starts at p or behind it; nr_tok if there is none. */
int token_at(unsigned int p);

/*
 * is: whether token t is one of the words, which have blanks around each; false if there is no
 * t.
 */
bool is(int t, const char *words);

/*
 * bracket: the token that closes the bracket t, with step 1, or with step -1 that which opens
 * it.
 */
int bracket(int t, int step);

/*
 * operand_start: the first token of what is before t, back to one of these words.
 * operand_end: the last token of what starts at t, up to one of these words.
 * Both step over brackets.
 */
int operand_start(int t, const char *starts);
int operand_end(int t, const char *ends);

#endif
