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
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "place.h"

struct source sources[MAX];
int nr_sources;
const char *tree, *out, *suites;
static const char *named;
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

void missing(const char *fmt, ...)
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

char *read_file(const char *path)
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

bool exists(const char *dir, const char *file)
{
	return !access(format("%s/%s", dir, file), R_OK);
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
