// SPDX-License-Identifier: GPL-2.0
/*
 * KTAP. A test's output becomes its subtest. Only results that follow its plan
 * are passed on as results, so the KTAP of init is always well-formed.
 */
#include <stdarg.h>
#include <stdlib.h>

#include "pid1.h"

void fail(struct test *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("# %s: ", t->name);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
	t->failed = true;
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* A deeper level's result counts through the result that it belongs to. */
static void take_nested(struct test *t, const char *s)
{
	if (starts(s, "not ok"))
		t->nested_failed = true;
}

static void take_line(struct test *t, const char *s)
{
	bool not = starts(s, "not ");
	const char *res = s + (not ? 4 : 0), *skip;
	unsigned int nr;

	if (starts(s, "KTAP version") || starts(s, "# Subtest:"))
		return;
	/* It may come at any level, and after the plan is fulfilled. */
	if (starts(skip_blanks(s), "Bail out!"))
		fail(t, "%s", skip_blanks(s));
	if (!t->planned && !t->skip[0] && sscanf(s, "1..%u", &nr) == 1) {
		skip = strstr(s, "# SKIP");
		if (nr) {
			printf("    KTAP version 1\n    # Subtest: %s\n    1..%u\n", t->name, nr);
			t->planned = nr;
		} else if (skip) {
			snprintf(t->skip, sizeof(t->skip), "%s", skip);
		}
	} else if (sscanf(res, "ok %u", &nr) == 1) {
		if (nr != t->seen + 1 || nr > t->planned) {
			fail(t, "not in the plan: %s", s);
			return;
		}
		if (t->nested_failed && !not)
			fail(t, "it has a result that is not ok: %s", s);
		t->nested_failed = false;
		t->seen++;
		t->failed |= not;
		printf("    %s\n", s);
	} else {
		/* a deeper level, a diagnostic, or something else */
		take_nested(t, skip_blanks(s));
		printf("    %s%s\n", s[0] == '#' || s[0] == ' ' ? "" : "# ", s);
	}
}

static void end_line(struct test *t)
{
	t->line[t->len] = '\0';
	t->len = 0;
	t->overlong = false;
	take_line(t, t->line);
}

void take_output(struct test *t, const char *buf, size_t n)
{
	if (t->kind == PROGRAM) {
		take_program_output(t, buf, n);
		return;
	}
	for (; n--; buf++) {
		if (*buf == '\n') {
			end_line(t);
		} else if (t->len == sizeof(t->line) - 1) {
			/* What follows must not pass for a line of its own. */
			if (!t->overlong)
				fail(t, "a line of more than %zu characters", t->len);
			t->overlong = true;
		} else if (*buf) {
			t->line[t->len++] = *buf;
		} else {
			/* It would hide the rest of the line. */
			fail(t, "a NUL byte in the output");
			t->line[t->len++] = '?';
		}
	}
}

static void end_nesting(struct test *t)
{
	if (t->nested_failed)
		fail(t, "a result that is not ok, and none that it belongs to");
	t->nested_failed = false;
}

void end_output(struct test *t)
{
	if (t->kind == PROGRAM) {
		end_program_output(t);
		return;
	}
	if (t->len)
		end_line(t);
	end_nesting(t);
}

/* debugfs shows a suite as a plan of one, its subtest, and the result. */
void take_suite_results(struct test *t)
{
	char path[512], *line = NULL, *skip;
	bool result = false;
	size_t size = 0;
	ssize_t len;
	FILE *f;

	snprintf(path, sizeof(path), SUITES "/%s/results", t->name);
	f = fopen(path, "re");
	while (f && (len = getline(&line, &size, f)) > 0) {
		if (memchr(line, '\0', len))
			fail(t, "a NUL byte in the output");
		line[strcspn(line, "\n")] = '\0';
		if (starts(line, "    ")) {
			take_line(t, line + 4);
		} else if (starts(line, "#")) {
			puts(line);
		} else if (starts(line, "ok 1 ") || starts(line, "not ok 1 ")) {
			t->failed |= line[0] == 'n';
			skip = strstr(line, "# SKIP");
			if (skip)
				snprintf(t->skip, sizeof(t->skip), "%s", skip);
			result = true;
		}
	}
	if (!result)
		fail(t, "no result in %s", path);
	end_nesting(t);
	if (f)
		fclose(f);
	free(line);
}

bool report(struct test *t, unsigned int nr)
{
	if (t->kind == PROGRAM)
		return report_program(t, nr);
	if (!t->planned && !t->skip[0])
		fail(t, "no plan");
	if (t->seen < t->planned)
		fail(t, "%u results of %u", t->seen, t->planned);
	while (t->seen < t->planned)
		printf("    not ok %u - no result\n", ++t->seen);
	printf("%s %u %s%s%s\n", t->failed ? "not ok" : "ok", nr, t->name,
	       t->skip[0] && !t->failed ? " " : "", t->failed ? "" : t->skip);
	check_stdout();
	return !t->failed;
}
