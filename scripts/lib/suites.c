// SPDX-License-Identifier: GPL-2.0
/* Which sources have suites, trials or stubs, for place.c. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"

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

void read_stubs(void)
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

void find_trials(void)
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

void find_suites(void)
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
