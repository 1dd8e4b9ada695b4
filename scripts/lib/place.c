// SPDX-License-Identifier: GPL-2.0
/*
 * place TREE OUT SUITES [SOURCE...]
 *
 * Makes OUT/io_uring/x.c and OUT/kernel/x.c, copies of sources in TREE that
 *
 *   - have KUNIT_STATIC_STUB_REDIRECT() at the head of the functions that SUITES/stubs names;
 *   - include their suite, SUITES/x_kunit.c, at the end.
 *
 * Kbuild prefers a source in the build directory OUT to the one in TREE, which stays as it is: what is committed there makes a
 * patch without stubs. #line keeps the line numbers of TREE for the compiler, gdb and gcov. A copy is only written if it differs from the last. With SOURCE, only these are made. Without,
 * OUT/placed lists what was made, OUT/suites which suite is in which object, and old copies that are not wanted any more go.
 *
 * A line of SUITES/stubs is a source and a function in it, and # starts a comment. A ? after either: there are trees without it.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX 256
#define MAX_NESTED_IFS 64

struct stub {
	char *function;
	int line;		/* in SUITES/stubs */
	bool optional;
	bool found;
};

struct source {
	char *name;		/* relative to TREE */
	char *suite;		/* its path, or NULL */
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

static struct source sources[MAX];
static int nr_sources;
static const char *tree, *out, *suites;

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "build: error: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

static char *format(const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	if (vasprintf(&s, fmt, args) < 0)
		fail("no memory");
	va_end(args);
	return s;
}

/* read_file - the content of @path with a 0 behind it, or NULL if there is no such file */
static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t size = 0;
	char *text = NULL;

	if (!f && errno == ENOENT)
		return NULL;
	if (!f || (getdelim(&text, &size, '\0', f) < 0 && ferror(f)))
		fail("cannot read %s: %s", path, strerror(errno));
	fclose(f);
	return text ? text : format("%s", "");
}

static void write_file(const char *path, const char *text)
{
	char *old = read_file(path), *tmp = format("%s.tmp", path);
	FILE *f;

	if (old && !strcmp(old, text))
		return;
	f = fopen(tmp, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) || rename(tmp, path))
		fail("cannot write %s: %s", path, strerror(errno));
}

static struct source *get_source(const char *name)
{
	for (int i = 0; i < nr_sources; i++)
		if (!strcmp(sources[i].name, name))
			return &sources[i];
	if (nr_sources == MAX)
		fail("more than %d sources have suites or stubs", MAX);
	sources[nr_sources].name = format("%s", name);
	return &sources[nr_sources++];
}

/* cut_mark - whether @word ends in a question mark, which is cut off */
static bool cut_mark(char *word)
{
	size_t len = strlen(word);

	if (word[len - 1] != '?')
		return false;
	word[len - 1] = '\0';
	return true;
}

static void read_stubs(void)
{
	char *text = read_file(format("%s/stubs", suites)), *line, *next;
	char name[MAX], function[MAX], more[2];
	int nr = 0;

	for (line = text; line && *line; line = next) {
		struct source *src;
		int words;
		bool optional;

		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		nr++;
		line[strcspn(line, "#")] = '\0';
		words = sscanf(line, "%255s %255s %1s", name, function, more);
		if (words <= 0)
			continue;
		optional = cut_mark(name);
		if (words > 2 || (words == 1 && !optional))
			fail("%s/stubs:%d: a line is a source and a function", suites, nr);
		src = get_source(name);
		src->optional |= optional;
		if (words == 1)
			continue;
		if (src->nr_stubs == MAX)
			fail("%s/stubs:%d: more than %d functions", suites, nr, MAX);
		src->stubs[src->nr_stubs++] = (struct stub){
			.optional = cut_mark(function),
			.function = format("%s", function),
			.line = nr,
		};
	}
}

/* included - whether another suite includes @file, which is a part of that one then */
static bool included(const char *file)
{
	struct dirent *e;
	bool yes = false;
	char *line = format("#include \"%s\"", file);
	DIR *d = opendir(suites);

	while (!yes && (e = readdir(d))) {
		if (strlen(e->d_name) > 2 && !strcmp(e->d_name + strlen(e->d_name) - 2, ".c")) {
			char *text = read_file(format("%s/%s", suites, e->d_name));

			yes = text && strstr(text, line);
			free(text);
		}
	}
	closedir(d);
	return yes;
}

static bool exists(const char *dir, const char *file)
{
	return !access(format("%s/%s", dir, file), R_OK);
}

static void find_suites(void)
{
	static const char end[] = "_kunit.c";
	DIR *d = opendir(suites);
	struct dirent *e;

	if (!d)
		fail("cannot read %s: %s", suites, strerror(errno));
	while ((e = readdir(d))) {
		size_t len = strlen(e->d_name);
		struct source *src;
		char *name, *other;

		if (e->d_name[0] == '.' || len <= strlen(end) || strcmp(e->d_name + len - strlen(end), end) ||
		    included(e->d_name))
			continue;
		len -= strlen(end);
		name = format("io_uring/%.*s.c", (int)len, e->d_name);
		other = format("kernel/%.*s.c", (int)len, e->d_name);
		src = get_source(exists(tree, other) ? other : name);
		src->suite = format("%s/%s", suites, e->d_name);
		if (exists(tree, src->name))
			continue;
		if (!src->optional)
			fail("tests/kunit/%s: the kernel has no %s and no %s to test (if some have, add it to tests/kunit/stubs with a ? behind it)",
			     e->d_name, name, other);
	}
	closedir(d);
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* skip_blank - behind the comment, string or character that starts at @s, or @s if none does */
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

/*
 * find_places - the heads of the functions of @src that get a stub.
 * @include: set to where the stubs' header can be included: behind the last #include before the first of these functions
 *
 * Return: how many there are in @places.
 */
static int find_places(struct source *src, const char *text, struct place *places, struct place *include)
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

/* has_stub - whether @function has one already, from whoever made the tree */
static bool has_stub(const char *text, const char *function)
{
	char *call = format("KUNIT_STATIC_STUB_REDIRECT(%s", function);
	const char *s = text;

	while ((s = strstr(s, call))) {
		s += strlen(call);
		if (!is_word(*s))
			return true;
	}
	return false;
}

static void make_copy(struct source *src)
{
	char *text = read_file(format("%s/%s", tree, src->name)), *copy = NULL;
	char *path = format("%s/%s", out, src->name);
	static struct place places[MAX];
	struct place include = { .line = 1 };
	size_t size, done = 0;
	int nr = find_places(src, text, places, &include);
	FILE *f = open_memstream(&copy, &size);

	for (int i = 0; i < src->nr_stubs; i++)
		if (!src->stubs[i].found && !src->stubs[i].optional)
			fail("%s has no function %s, which tests/kunit/stubs:%d names", src->name, src->stubs[i].function,
			     src->stubs[i].line);
	fprintf(f, "#line 1 \"../%s\"\n", src->name);
	if (nr) {
		fprintf(f, "%.*s#include <kunit/static_stub.h>\n#line %d\n", (int)include.at, text, include.line);
		done = include.at;
	}
	for (int i = 0; i < nr; i++) {
		struct place *p = &places[i];

		if (has_stub(text, p->stub->function))
			continue;
		fprintf(f, "%.*s\n#define KUNIT_STUB %s%s\n#include \"%s/stub.h\"\n#line %d\n",
			(int)(p->at - done), text + done, p->stub->function, p->args, suites, p->line);
		done = p->at;
	}
	fputs(text + done, f);
	if (src->suite)
		fprintf(f, "\n#include \"%s\"\n", src->suite);
	if (fclose(f))
		fail("no memory");
	*strrchr(path, '/') = '\0';
	if (mkdir(path, 0777) && errno != EEXIST)
		fail("cannot make %s: %s", path, strerror(errno));
	write_file(format("%s/%s", out, src->name), copy);
}

/* write_lists - which copies there are, and which suites in which objects; remove the copies that are not wanted any more */
static void write_lists(void)
{
	char *list = format("%s/placed", out), *old = read_file(list), *name;
	char *placed = format("%s", ""), *in = format("%s", "");

	for (int i = 0; i < nr_sources; i++) {
		struct source *src = &sources[i];

		if (!exists(tree, src->name))
			continue;
		placed = format("%s%s\n", placed, src->name);
		if (src->suite)
			in = format("%s%.*so %s\n", in, (int)strlen(src->name) - 1, src->name, strrchr(src->suite, '/') + 1);
	}
	for (name = old ? strtok(old, "\n") : NULL; name; name = strtok(NULL, "\n"))
		if (!strstr(placed, format("%s\n", name)) && unlink(format("%s/%s", out, name)) && errno != ENOENT)
			fail("cannot remove %s/%s: %s", out, name, strerror(errno));
	write_file(list, placed);
	write_file(format("%s/suites", out), in);
}

static bool wanted(struct source *src, int nr, char **names)
{
	for (int i = 0; i < nr; i++)
		if (!strcmp(names[i], src->name))
			return true;
	return !nr;
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: place TREE OUT SUITES [SOURCE...]\n");
		return 2;
	}
	tree = argv[1];
	out = argv[2];
	suites = argv[3];
	read_stubs();
	find_suites();
	for (int i = 0; i < nr_sources; i++) {
		if (!wanted(&sources[i], argc - 4, argv + 4))
			continue;
		if (exists(tree, sources[i].name))
			make_copy(&sources[i]);
		else if (!sources[i].optional)
			fail("tests/kunit/stubs:%d: the kernel has no %s", sources[i].stubs[0].line, sources[i].name);
	}
	if (argc == 4)
		write_lists();
	return 0;
}
