// SPDX-License-Identifier: GPL-2.0
/*
 * place [-k] TREE OUT SUITES NAMED [SOURCE...]
 *
 * Makes OUT/io_uring/x.c and OUT/kernel/x.c, copies of sources in TREE that
 *
 *   - have KUNIT_STATIC_STUB_REDIRECT() at the head of the functions that SUITES/stubs names;
 *   - include their suite, SUITES/x_kunit.c, at the end. They name SUITES by NAMED, a path relative to OUT;
 *   - if OUT/.config has CONFIG_EXPLORE, include their trials as well, SUITES/../explore/x_trial.c.
 *
 * Kbuild prefers a source in the build directory OUT to the one in TREE, which stays as it is: what is committed there makes a
 * patch without stubs. #line keeps the line numbers of TREE for the compiler, gdb and gcov. A copy is only written if it differs
 * from the last. With SOURCE, only these are made. Without, OUT/placed lists what was made, OUT/suites which suite is in which
 * object, and old copies that are not wanted any more go.
 *
 * With -k, for a tree that nobody made SUITES for, what the tree does not have is said and left out: sources, functions, and
 * the suites that OUT/left-out names, which do not compile.
 *
 * A line of SUITES/stubs is a source and a function in it, and # starts a comment. A ? after either: there are trees without it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "place.h"

static struct source sources[MAX];
static int nr_sources;
static const char *tree, *out, *suites, *named;
static bool keep_going;

void fail(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "build: error: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

/* missing - fail, or with -k say what is missing and go on */
static void __attribute__((format(printf, 1, 2))) missing(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, keep_going ? "build: note: " : "build: error: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	if (!keep_going)
		exit(2);
}

char *format(const char *fmt, ...)
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
		optional = cut_mark(function);
		src->stubs[src->nr_stubs++] = (struct stub){
			.function = format("%s", function),
			.line = nr,
			.optional = optional,
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

/* left_out - whether OUT/left-out has a line of this suite */
static bool left_out(const char *suite)
{
	char *text = read_file(format("%s/left-out", out)), *line = format("%s\t", suite), *s;
	size_t len = strlen(line);

	for (s = text; s && *s; s += strcspn(s, "\n"), s += *s == '\n')
		if (!strncmp(s, line, len))
			return true;
	return false;
}

static bool exists(const char *dir, const char *file)
{
	return !access(format("%s/%s", dir, file), R_OK);
}

/* source_of - the source that our @file is for, or NULL if it does not have this @end */
static char *source_of(const char *file, const char *end)
{
	int len = strlen(file) - strlen(end);
	char *name;

	if (file[0] == '.' || len <= 0 || strcmp(file + len, end))
		return NULL;
	name = format("kernel/%.*s.c", len, file);
	return exists(tree, name) ? name : format("io_uring/%.*s.c", len, file);
}

/* find_trials - each has a source in this tree, or is for another one */
static void find_trials(void)
{
	char *config = read_file(format("%s/.config", out)), *dir = format("%s/../explore", suites);
	struct dirent *e;
	DIR *d;

	if (!config || !strstr(config, "\nCONFIG_EXPLORE=y\n"))
		return;
	d = opendir(dir);
	if (!d)
		fail("cannot read %s: %s", dir, strerror(errno));
	while ((e = readdir(d))) {
		char *name = source_of(e->d_name, "_trial.c");

		/* it takes what its suite has */
		if (name && exists(tree, name) && !left_out(format("%.*s_kunit.c", (int)(strstr(e->d_name, "_trial.c") - e->d_name), e->d_name)))
			get_source(name)->trial = format("%s", e->d_name);
	}
	closedir(d);
}

static void find_suites(void)
{
	DIR *d = opendir(suites);
	struct dirent *e;

	if (!d)
		fail("cannot read %s: %s", suites, strerror(errno));
	while ((e = readdir(d))) {
		char *name = source_of(e->d_name, "_kunit.c");
		struct source *src;

		if (!name || included(e->d_name))
			continue;
		src = get_source(name);
		if (!left_out(e->d_name))
			src->suite = format("%s/%s", suites, e->d_name);
		if (!exists(tree, name) && !src->optional)
			missing("tests/kunit/%s: the kernel has no %s and no kernel/%s to test (if some have, add it to tests/kunit/stubs with a ? behind it)",
			     e->d_name, name, strchr(name, '/') + 1);
	}
	closedir(d);
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

/* from - the suites, as the copy of @src has to name them, so that a build can be moved */
static const char *from(struct source *src)
{
	char *up = format("%s", "");

	if (*named == '/')
		return named;
	for (const char *s = src->name; (s = strchr(s, '/')); s++)
		up = format("%s../", up);
	return format("%s%s", up, named);
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
			missing("%s has no function %s, which tests/kunit/stubs:%d names", src->name,
				src->stubs[i].function, src->stubs[i].line);
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
			(int)(p->at - done), text + done, p->stub->function, p->args, from(src), p->line);
		done = p->at;
	}
	fputs(text + done, f);
	if (src->suite)
		fprintf(f, "\n#include \"%s%s\"\n", from(src), strrchr(src->suite, '/'));
	if (src->trial)
		fprintf(f, "\n#include \"%s/../explore/%s\"\n", from(src), src->trial);
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
	keep_going = argc > 1 && !strcmp(argv[1], "-k");
	argc -= keep_going;
	argv += keep_going;
	if (argc < 5) {
		fprintf(stderr, "usage: place [-k] TREE OUT SUITES NAMED [SOURCE...]\n");
		return 2;
	}
	tree = argv[1];
	out = argv[2];
	suites = argv[3];
	named = argv[4];
	read_stubs();
	find_suites();
	find_trials();
	for (int i = 0; i < nr_sources; i++) {
		if (!wanted(&sources[i], argc - 5, argv + 5))
			continue;
		if (exists(tree, sources[i].name))
			make_copy(&sources[i]);
		else if (!sources[i].optional && sources[i].nr_stubs)
			missing("tests/kunit/stubs:%d: the kernel has no %s", sources[i].stubs[0].line, sources[i].name);
	}
	if (argc == 5)
		write_lists();
	return 0;
}
