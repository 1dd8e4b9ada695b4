// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the heads of functions in C sources of kernel style, for place.c. A compiler's parser would need each tree's own flags and
 * headers, before there are any.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"

#define MAX_NESTED_IFS 64

bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* skip_quoted - behind the comment, string or character that starts at @s, or @s if none does */
static const char *skip_quoted(const char *s)
{
	char quote = *s;

	if (s[0] == '/' && s[1] == '*') {
		const char *end = strstr(s + 2, "*/");

		return end ? end + 2 : s + strlen(s);
	}
	if (s[0] == '/' && s[1] == '/')
		return s + strcspn(s, "\n");
	if (quote != '"' && quote != '\'')
		return s;
	for (s++; *s && *s != quote; s++)
		if (*s == '\\' && s[1])
			s++;
	return *s ? s + 1 : s;
}

/*
 * parameter - append the name of the parameter from @s to @end to @args.
 *
 * That is what (* stands before, or else the last word that is no attribute. Return: false if it has no name.
 */
static bool parameter(const char *s, const char *end, char *args)
{
	const char *name = NULL, *t;
	size_t len = 0, last;
	int words = 0, nested = 0;

	t = memmem(s, end - s, "(*", 2);
	if (t) {
		for (t += 2; t < end && !is_word(*t); t++)
			;
		for (name = t; t < end && is_word(*t); t++)
			len++;
		words = 2;
	} else {
		for (t = s; t < end;) {
			nested += (*t == '(' || *t == '[') - (*t == ')' || *t == ']');
			if (*t == '*')
				len = 0;
			if (!is_word(*t) || nested) {
				t++;
				continue;
			}
			for (last = 0; t < end && is_word(*t); t++)
				last++;
			words++;
			if (last > 2 && !strncmp(t - last, "__", 2))
				continue;
			name = t - last;
			len = last;
		}
	}
	if (words == 1 && len == 4 && !strncmp(name, "void", 4))
		return true;
	if (words < 2 || !len)
		return false;
	sprintf(args + strlen(args), ", %.*s", (int)len, name);
	return true;
}

/*
 * parameters - ", a, b" for "(int a, char *b)"
 * @s, @end: what is between the brackets
 *
 * Return: NULL if one of them has no name.
 */
static char *parameters(const char *s, const char *end)
{
	char *text = format("%.*s", (int)(end - s), s);
	char *args = calloc(1, 3 * strlen(text) + 3);
	char *from = text, *t = text;
	int nested = 0;

	if (!args)
		fail("no memory");
	while (*t) {
		const char *past = *t == '/' ? skip_quoted(t) : t;

		if (past == t)
			t++;
		while (t < past)
			*t++ = ' ';
	}
	for (t = text;; t++) {
		nested += (*t == '(') - (*t == ')');
		if (*t && (*t != ',' || nested))
			continue;
		if (!parameter(from, t, args))
			return NULL;
		from = t + 1;
		if (!*t)
			return args;
	}
}

static struct stub *stub_of(struct source *src, const char *word, size_t len)
{
	for (int i = 0; i < src->nr_stubs; i++)
		if (strlen(src->stubs[i].function) == len && !strncmp(src->stubs[i].function, word, len))
			return &src->stubs[i];
	return NULL;
}

/* Where the scan of a source is. An #else goes back to the nesting that its #if has seen. */
struct scan {
	int braces, brackets;
	int ifs;
	struct {
		int braces, brackets;
	} at_if[MAX_NESTED_IFS];
};

/* directive - follow the preprocessor line at @s; return: whether it is an #include outside of any #if and function */
static bool directive(struct scan *scan, const char *s, const char *name)
{
	s += 1 + strspn(s + 1, " \t");
	if (!strncmp(s, "if", 2)) {
		if (scan->ifs == MAX_NESTED_IFS)
			fail("%s: more than %d nested #if", name, MAX_NESTED_IFS);
		scan->at_if[scan->ifs].braces = scan->braces;
		scan->at_if[scan->ifs++].brackets = scan->brackets;
	} else if (!strncmp(s, "el", 2) && scan->ifs) {
		scan->braces = scan->at_if[scan->ifs - 1].braces;
		scan->brackets = scan->at_if[scan->ifs - 1].brackets;
	} else if (!strncmp(s, "endif", 5) && scan->ifs) {
		scan->ifs--;
	}
	return !strncmp(s, "include", 7) && !scan->ifs && !scan->braces;
}

int find_places(struct source *src, const char *text, struct place *places, struct place *include)
{
	struct scan scan = {};
	const char *s = text, *word = NULL, *open = NULL, *close = NULL, *t;
	struct stub *stub = NULL;
	bool start = true;		/* of a line */
	size_t len = 0;
	int line = 1, nr = 0;

	while (*s) {
		t = s;
		if (start && *s == '#') {
			bool is_include = directive(&scan, s, src->name) && !nr;

			while (*t && *t != '\n') {
				const char *q = skip_quoted(t);

				t = q != t ? q : t[0] == '\\' && t[1] ? t + 2 : t + 1;
			}
			if (*t)
				t++;
			for (; s < t; s++)
				line += *s == '\n';
			if (is_include)
				*include = (struct place){ .at = s - text, .line = line };
			continue;
		}
		t = skip_quoted(s);
		if (t != s) {
			for (; s < t; s++)
				line += *s == '\n';
			continue;
		}
		start = *s == '\n' || (start && isspace((unsigned char)*s));
		line += *s == '\n';
		if (is_word(*s)) {
			for (word = s; is_word(*s);)
				s++;
			len = s - word;
			continue;
		}
		switch (*s) {
		case '(':
			if (!scan.braces && !scan.brackets++ && !stub && word) {
				stub = stub_of(src, word, len);
				open = s + 1;
				close = NULL;
			} else if (scan.braces) {
				scan.brackets++;
			}
			break;
		case ')':
			if (!--scan.brackets && !scan.braces && stub && !close)
				close = s;
			break;
		case ';':
		case '=':
			if (!scan.braces && !scan.brackets)
				stub = NULL;
			break;
		case '{':
			if (!scan.braces++ && stub && close && nr < MAX) {
				places[nr].stub = stub;
				places[nr].args = parameters(open, close);
				places[nr].at = s + 1 - text;
				places[nr++].line = line;
				if (!places[nr - 1].args)
					fail("%s:%d: a parameter of %s() has no name, or they are variable", src->name, line,
					     stub->function);
				stub->found = true;
			}
			stub = NULL;
			break;
		case '}':
			scan.braces--;
			break;
		}
		if (!isspace((unsigned char)*s))
			word = NULL;
		s++;
	}
	return nr;
}
