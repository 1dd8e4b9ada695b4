// SPDX-License-Identifier: GPL-2.0
/* A C source as libclang parses it and as text; source.h has what is called from outside. */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "source.h"

CXTranslationUnit tu;
CXFile file;
struct token *tok;
int nr_tok;
char *text;
static char *code;		/* the text with blanks for comments and directives */

void die(const char *fmt, ...)
{
	va_list ap;

	fputs("mutate: error: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

char *fmt(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		die("no memory");
	va_end(ap);
	return s;
}

void *grow(void *p, int nr, size_t len)
{
	if (nr & (nr - 1))
		return p;
	p = realloc(p, (nr ? 2 * nr : 1) * len);
	if (!p)
		die("no memory");
	return p;
}

bool matches(const char *s, const char *pattern)
{
	regex_t re;
	bool found;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
		die("regcomp: %s", pattern);
	found = !regexec(&re, s, 0, NULL, 0);
	regfree(&re);
	return found;
}

char *raw(unsigned int s, unsigned int e)
{
	return fmt("%.*s", (int)(e - s), text + s);
}

char *flat(unsigned int s, unsigned int e)
{
	char *out = raw(s, e), *p = out;

	for (; s < e; s++) {
		if (!isspace((unsigned char)code[s]))
			*p++ = code[s];
		else if (p > out && p[-1] != ' ')
			*p++ = ' ';
	}
	p -= p > out && p[-1] == ' ';
	*p = '\0';
	return out;
}

bool is(int t, const char *words)
{
	size_t len;
	const char *w;

	if (t < 0 || t >= nr_tok)
		return false;
	len = tok[t].e - tok[t].s;
	for (w = strstr(words, " "); w && w[1]; w = strchr(w + 1, ' '))
		if (!strncmp(w + 1, text + tok[t].s, len) && w[1 + len] == ' ')
			return true;
	return false;
}

int token_at(unsigned int p)
{
	int low = 0, high = nr_tok;

	while (low < high) {
		int mid = (low + high) / 2;

		if (tok[mid].s < p)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int bracket(int t, int step)
{
	int depth = 0;

	for (; t >= 0 && t < nr_tok; t += step) {
		depth += is(t, " ( [ { ") - is(t, " ) ] } ");
		if (!depth)
			return t;
	}
	die("a brace or parenthesis is not closed");
}

int operand_start(int t, const char *starts)
{
	while (--t >= 0 && !is(t, starts))
		if (is(t, " ) ] } "))
			t = bracket(t, -1);
	return t + 1;
}

int operand_end(int t, const char *ends)
{
	for (; t < nr_tok && !is(t, ends); t++)
		if (is(t, " ( [ { "))
			t = bracket(t, 1);
	return t - 1;
}

unsigned int line_of(unsigned int p)
{
	unsigned int line = 1;

	while (p--)
		line += text[p] == '\n';
	return line;
}

static char *read_file(const char *name)
{
	FILE *f = fopen(name, "r");
	char *s = NULL;
	size_t len = 0;

	if (!f || getdelim(&s, &len, '\0', f) < 0)
		die("cannot read %s: %s", name, errno ? strerror(errno) : "empty");
	fclose(f);
	return s;
}

/* next_word: of a shell's command, without its quotes; NULL at the end. */
static char *next_word(char **command)
{
	char *p = *command + strspn(*command, " \t"), *word = p, *out = p, quote = 0;

	if (!*p || *p == ';')
		return NULL;
	for (; *p && (quote || !isspace((unsigned char)*p)); p++) {
		if (quote ? *p == quote : *p == '\'' || *p == '"')
			quote = quote ? 0 : *p;
		else
			*out++ = *p == '\\' && quote != '\'' ? *++p : *p;
	}
	*command = p + (*p != '\0');
	*out = '\0';
	return word;
}

/*
 * flags_of: put into flags what a parser needs of the command in this .cmd file; return their
 * number. clang does not know all of gcc's flags, and those for the code generator make no
 * difference here.
 */
static int flags_of(const char *cmd, const char ***flags)
{
	char *command = strstr(read_file(cmd), " := "), *word;
	bool value = false;
	int nr = 0;

	if (!command)
		die("%s holds no command", cmd);
	command[strcspn(command, "\n")] = '\0';
	for (command += strlen(" := "); (word = next_word(&command)); ) {
		if (value || matches(word, "^-([IDU]|include$|isystem$|nostdinc|std=)") ||
		    matches(word, "^-(m64|fms-extensions|fshort-wchar|funsigned-char)$")) {
			*flags = grow(*flags, nr, sizeof(**flags));
			(*flags)[nr++] = word;
			value = !value && matches(word, "^-([IDU]|include|isystem)$");
		}
	}
	return nr;
}

static void blank(unsigned int s, unsigned int e)
{
	for (; s < e; s++)
		code[s] = code[s] == '\n' ? '\n' : ' ';
}

/* scan: the tokens of the file. */
static void scan(void)
{
	CXSourceRange all = clang_getRange(clang_getLocationForOffset(tu, file, 0),
					   clang_getLocationForOffset(tu, file, strlen(text)));
	unsigned int i, nr, s, e, directive = 0, line = 0;
	CXToken *found;

	clang_tokenize(tu, all, &found, &nr);
	tok = calloc(nr + 1, sizeof(*tok));
	for (i = 0; i < nr; i++) {
		CXSourceRange range = clang_getTokenExtent(tu, found[i]);

		clang_getFileLocation(clang_getRangeStart(range), NULL, NULL, NULL, &s);
		clang_getFileLocation(clang_getRangeEnd(range), NULL, NULL, NULL, &e);
		while (memchr(text + line, '\n', s - line))
			line = strchr(text + line, '\n') + 1 - text;
		if (s >= directive && text[s] == '#' && strspn(text + line, " \t") == s - line) {
			for (directive = s; text[directive]; directive++)
				if (text[directive] == '\n' && text[directive - 1] != '\\')
					break;
			blank(s, directive);
		}
		if (clang_getTokenKind(found[i]) == CXToken_Comment)
			blank(s, e);
		else if (s >= directive)
			tok[nr_tok++] = (struct token){ .s = s, .e = e };
	}
}

void parse(const char *name)
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
	const char **flags = NULL;
	/* Not the copy of it, with stubs and hooks, that Kbuild compiles. */
	char *path = fmt("../%s", name);
	char *cmd = fmt("%.*s.%.*s.o.cmd", (int)(base - name), name, (int)strcspn(base, "."), base);
	int nr = flags_of(cmd, &flags), err;
	unsigned int i;

	text = read_file(path);
	code = fmt("%s", text);
	err = clang_parseTranslationUnit2(clang_createIndex(0, 0), path, flags, nr, NULL, 0, 0,
					  &tu);
	if (err)
		die("libclang does not parse %s: error %d", name, err);
	for (i = 0; i < clang_getNumDiagnostics(tu); i++) {
		CXDiagnostic d = clang_getDiagnostic(tu, i);

		if (clang_getDiagnosticSeverity(d) >= CXDiagnostic_Error)
			die("libclang does not parse %s: %s", name,
			    clang_getCString(clang_formatDiagnostic(d, CXDiagnostic_DisplaySourceLocation)));
	}
	file = clang_getFile(tu, path);
	scan();
}
