// SPDX-License-Identifier: GPL-2.0
/*
 * The words of the command line. The kernel passes those it does not know to
 * init: key=value in the environment, others as arguments. A word that init does
 * not know either is a typo, and must not be ignored.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "pid1.h"

static const char * const known[] = {
	"scenario=", "program=", "skip=", "endless=", "shell=", "host=", "list=", "limit=", "ktap=",
	/* of the kernel's own making */
	"HOME=", "TERM=",
	/* UML has taken these, but leaves them on the command line in 6.12 */
	"mem=", "iomem=", "initrd=", "dtb=", "hostfs=", "uml_dir=", "xterm=", "noreboot",
	/* for UML as well, but 6.12 does not know it yet */
	"seccomp=",
#define SCENARIO(name, main)
#define WORD(name)	name "=",
#include "scenarios.h"
};

static void __noreturn refuse(const char *word)
{
	die("what is '%s'? Words are kunit.filter_glob=SUITE scenario=NAME program=NAME list=1 limit=SECONDS",
	    word);
}

static bool is_known(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strchr(known[i], '=') ? starts(word, known[i]) : !strcmp(word, known[i]))
			return true;
	return false;
}

/*
 * A word with a dot is a module's parameter. The kernel ignores it if there is
 * no such module, or it has no such parameter.
 */
static void check_parameter(const char *word)
{
	char path[512], *dot;
	char param[1100];

	snprintf(path, sizeof(path), "/sys/module/%.*s", (int)strcspn(word, "="), word);
	for (char *p = path; *p; p++)
		if (*p == '-')
			*p = '_';
	dot = strchr(path, '.');
	if (!dot || starts(word, "sysctl."))
		return;
	*dot = '\0';
	if (access(path, F_OK))
		refuse(word);
	/* Not all modules show all of theirs, but KUnit does. */
	if (!starts(word, "kunit."))
		return;
	snprintf(param, sizeof(param), "%s/parameters/%s", path, dot + 1);
	if (access(param, F_OK))
		refuse(word);
}

static long to_number(const char *name)
{
	const char *s = getenv(name);
	char *end;
	long nr;

	if (!s)
		return 0;
	errno = 0;
	nr = strtol(s, &end, 10);
	if (errno || *end || end == s || nr < 1 || nr > 1000000)
		die("%s=%s: a number from 1 on is needed", name, s);
	return nr;
}

int limit_or(int def)
{
	return to_number("limit") ?: def;
}

int skip_status(void)
{
	return to_number("skip");
}

static void goes_with(const char *word, const char *other)
{
	if (getenv(word) && !getenv(other))
		die("%s=%s means nothing without %s=", word, getenv(word), other);
}

void check_words(char **args, char **env)
{
	char line[4096], *word, *rest = line;

	for (; *args; args++)
		if (!is_known(*args))
			refuse(*args);
	for (; *env; env++)
		if (!is_known(*env))
			refuse(*env);
	limit_or(0);
	if (skip_status() > 255 || skip_status() == NOT_STARTED)
		die("skip=%s: an exit status is needed, from 1 to 255, but not %d: that is of a program that does not start",
		    getenv("skip"), NOT_STARTED);
	goes_with("skip", "program");
	goes_with("endless", "program");
	goes_with("host", "shell");
	if (to_number("list") > 1)
		die("list=%s: it is list=1 that lists suites and scenarios", getenv("list"));
	read_word("/proc/cmdline", line, sizeof(line));
	while ((word = strsep(&rest, " ")))
		check_parameter(word);
}
