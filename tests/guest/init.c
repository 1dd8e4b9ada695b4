// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1 of the test kernel. Runs the KUnit suites and the scenarios that the
 * kernel's command line names, writes KTAP, and leaves the verdict in
 * /proc/exitcode, which UML makes its own exit status.
 *
 * What is silent has failed: a plan that is missing or not fulfilled, a task
 * left behind, a line in the kernel log that tells of a bug, a word or a name
 * that means nothing. README.md has the exit statuses.
 */
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

#include "help.h"
#include "pid1/pid1.h"

static struct test *tests;
static unsigned int nr_tests;

static bool has_verdict;

static void set_verdict(int verdict)
{
	char s[16];

	snprintf(s, sizeof(s), "%d\n", verdict);
	if (write_file("/proc/exitcode", s))
		die("/proc/exitcode: %m");
	has_verdict = true;
}

void die(const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	dprintf(2, "init: %s\n", line);
	tcdrain(2);
	if (has_verdict) {
		write_file("/proc/exitcode", "2\n");
		reboot(RB_POWER_OFF);
	}
	/* The kernel panics, and that is no verdict either. */
	_exit(NO_VERDICT);
}

int write_file(const char *path, const char *s)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t ret;

	if (fd < 0)
		return -1;
	ret = write(fd, s, strlen(s));
	close(fd);
	return ret == (ssize_t)strlen(s) ? 0 : -1;
}

bool read_word(const char *path, char *buf, int size)
{
	FILE *f = fopen(path, "re");
	bool ret;

	buf[0] = '\0';
	if (!f)
		return false;
	ret = fgets(buf, size, f);
	buf[strcspn(buf, "\n")] = '\0';
	fclose(f);
	return ret;
}

/* Selection */

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void add_test(const char *name, enum kind kind)
{
	struct test *t;

	tests = realloc(tests, (nr_tests + 1) * sizeof(*tests));
	if (!tests)
		die("realloc: %m");
	t = &tests[nr_tests++];
	memset(t, 0, sizeof(*t));
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->kind = kind;
}

static unsigned int add_tests(const char *path, const char *glob, enum kind kind)
{
	unsigned int nr = nr_tests;
	struct dirent **d;
	int n;

	n = scandir(path, &d, visible, alphasort);
	for (int i = 0; i < n; i++)
		if (!fnmatch(glob, d[i]->d_name, 0))
			add_test(d[i]->d_name, kind);
	return nr_tests - nr;
}

/* KUnit has filtered its suites already. */
static void select_tests(void)
{
	const char *glob = getenv("scenario"), *program = getenv("program");
	bool suites, scenarios = glob;
	char filter[256];

	suites = read_word("/sys/module/kunit/parameters/filter_glob", filter, sizeof(filter)) &&
		 strcmp(filter, "(null)");
	if (!suites && !scenarios && !program) {
		/* KUnit can be off, or not built; then ask for scenarios only */
		suites = true;
		scenarios = true;
		snprintf(filter, sizeof(filter), "*");
	}
	if (suites && !add_tests(SUITES, "*", SUITE))
		die("no suite matches kunit.filter_glob=%s: list=1 names them", filter);
	if (scenarios && !add_tests(SCENARIOS, glob ?: "*", SCENARIO))
		die("no scenario matches scenario=%s: list=1 names them", glob ?: "*");
	if (program && !has_program(program))
		die("program=%s: " PROGRAMS "/%s is no file of a cpio that initrd= names",
		    program, program);
	if (program)
		add_test(program, PROGRAM);
}

/* Set up */

static void mount_all(void)
{
	if (mount("proc", "/proc", "proc", 0, NULL))
		die("/proc: %m");
	set_verdict(NO_VERDICT);
	if (mount("sysfs", "/sys", "sysfs", 0, NULL))
		die("/sys: %m");
	/* without it there are no suites to be seen */
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
}

static void open_ktap(const char *path)
{
	struct termios tio;
	int fd;

	if (path) {
		fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
		if (fd < 0 || dup2(fd, 1) < 0)
			die("ktap=%s: %m", path);
		close(fd);
	}
	if (!tcgetattr(1, &tio)) {
		tio.c_oflag &= ~OPOST;
		tcsetattr(1, TCSANOW, &tio);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
}

void check_stdout(void)
{
	if (fflush(stdout) || ferror(stdout))
		die("cannot write results: is stdout closed, or is there no space left?");
}

static void on_sigchld(int sig)
{
	(void)sig;
}

static void __noreturn power_off(int verdict)
{
	check_stdout();
	tcdrain(1);
	set_verdict(verdict);
	reboot(RB_POWER_OFF);
	die("reboot: %m");
}

#define WORD(name)
#define SCENARIO(name, main)	int main();
#include "scenarios.h"
#undef SCENARIO

static const struct {
	const char *name;
	int (*main)();
} scenarios[] = {
#define SCENARIO(name, main)	{ name, main },
#include "scenarios.h"
};

/* /scenario/<name> is this program, too: see the Makefile. */
int scenario_main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');

	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++)
		if (slash && !strcmp(slash + 1, scenarios[i].name))
			return scenarios[i].main(argc, argv);
	fputs("init: for PID 1 of a test kernel\n", stderr);
	return NO_VERDICT;
}

int main(int argc, char **argv)
{
	static const char * const kinds[] = { "suite", "scenario", "program" };
	struct test early = { .name = "init", .planned = 1, .seen = 1 };
	bool ok = true;
	sigset_t chld;

	if (getpid() != 1)
		return scenario_main(argc, argv);

	mount_all();
	if (argc > 1 && !strcmp(argv[1], "-h")) {
		open_ktap(getenv("ktap"));
		fputs(linux_help, stdout);
		power_off(PASSED);
	}
	check_words(argv + 1, environ);
	/* It wants the terminal for itself. */
	if (getenv("shell")) {
		set_up_system();
		power_off(run_shell(getenv("shell")));
	}
	open_ktap(getenv("ktap"));
	signal(SIGCHLD, on_sigchld);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);

	select_tests();
	if (getenv("program"))
		set_up_system();
	if (getenv("list")) {
		for (unsigned int i = 0; i < nr_tests; i++)
			printf("%s %s\n", kinds[tests[i].kind], tests[i].name);
		power_off(PASSED);
	}

	puts("KTAP version 1");
	open_log();
	if (has_kmemleak())
		linger();
	check_leaks(&early);
	check_log(&early);
	/* What is wrong before the first test is a result of its own. */
	printf("1..%u\n", nr_tests + early.failed);
	if (early.failed)
		report(&early, 1);

	for (unsigned int i = 0; i < nr_tests; i++) {
		if (tests[i].kind == SCENARIO && explores())
			explore(&tests[i]);
		else
			run(&tests[i]);
		ok &= report(&tests[i], i + 1 + early.failed);
	}
	power_off(ok && !early.failed ? PASSED : FAILED);
}
