// SPDX-License-Identifier: GPL-2.0
/*
 * Somebody else's program, /program/<name> from the initrd: how it is started,
 * what it says, and what its exit status means. Its output is no KTAP, even if
 * it looks like it: each line becomes a diagnostic.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pid1.h"

/* In bytes; the log has its own. What goes on after that would fill a disk. */
#define OUTPUT_LIMIT	(1 << 20)

bool has_program(const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), PROGRAMS "/%s", name);
	return *name && !strchr(name, '/') && !stat(path, &st) && S_ISREG(st.st_mode);
}

/*
 * The strings in a file, each with its '\0', appended to the @nr in @list. Ends
 * with a NULL. The file can be missing.
 */
static char **add_strings(char **list, unsigned int nr, const char *path)
{
	char *s = NULL;
	size_t size = 0;
	FILE *f = fopen(path, "re");

	do {
		list = realloc(list, (nr + 2) * sizeof(*list));
		if (!list)
			die("realloc: %m");
		list[nr] = NULL;
		s = NULL;
		size = 0;
	} while (f && getdelim(&s, &size, '\0', f) > 0 && (list[nr++] = s));
	if (f)
		fclose(f);
	return list;
}

void __noreturn exec_program(const struct test *t)
{
	static const char * const env[] = {
		"PATH=/tmp:/bin:/sbin:/usr/bin:/usr/sbin:" PROGRAMS, "HOME=/tmp", "TERM=dumb",
	};
	char path[PATH_MAX], **argv = malloc(sizeof(*argv)), **envp = malloc(sizeof(env));

	if (!argv || !envp)
		die("malloc: %m");
	snprintf(path, sizeof(path), PROGRAMS "/%s", t->name);
	argv[0] = path;
	argv = add_strings(argv, 1, "/program.argv");
	memcpy(envp, env, sizeof(env));
	envp = add_strings(envp, ARRAY_SIZE(env), "/program.env");
	if (!chdir("/tmp"))
		execve(path, argv, envp);
	dprintf(2, "%s does not start: %s\n", path, strerror(errno));
	_exit(NOT_STARTED);
}

static void take_program_line(struct test *t)
{
	t->line[t->len] = '\0';
	if (t->len && t->line[t->len - 1] == '\r')
		t->line[--t->len] = '\0';
	/* The bar keeps it from looking like one of ours, or KUnit's. */
	printf("# |%s", t->len ? " " : "");
	for (const unsigned char *p = (unsigned char *)t->line; *p; p++) {
		if ((*p < ' ' && *p != '\t') || *p == 127)
			printf("\\x%02x", *p);
		else
			putchar(*p);
	}
	putchar('\n');
	if (t->len)
		snprintf(t->last, sizeof(t->last), "%.*s", (int)sizeof(t->last) - 1, t->line);
	t->len = 0;
}

void take_program_output(struct test *t, const char *buf, size_t n)
{
	if (t->flooded)
		return;
	t->taken += n;
	for (; n--; buf++) {
		if (*buf == '\n') {
			take_program_line(t);
			continue;
		}
		t->line[t->len++] = *buf ?: '?';
		/* one line becomes two */
		if (t->len == sizeof(t->line) - 1)
			take_program_line(t);
	}
	if (t->taken > OUTPUT_LIMIT) {
		fail(t, "more than %d MiB of output: ended", OUTPUT_LIMIT >> 20);
		t->flooded = true;
	}
}

void end_program_output(struct test *t)
{
	if (t->len)
		take_program_line(t);
}

bool program_skips(struct test *t, int status)
{
	if (!status || status != skip_status())
		return false;
	t->skips = true;
	return true;
}

bool report_program(struct test *t, unsigned int nr)
{
	printf("%s %u %s", t->failed ? "not ok" : "ok", nr, t->name);
	if (t->skips && !t->failed) {
		printf(" # SKIP ");
		for (const char *p = *t->last ? t->last : "it gave no reason"; *p; p++)
			putchar((unsigned char)*p < ' ' || *p == 127 ? ' ' : *p);
	}
	putchar('\n');
	check_stdout();
	return !t->failed;
}
