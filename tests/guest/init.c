// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1 of the test kernel. Runs the KUnit suites and the scenarios that the
 * kernel's command line names, writes KTAP, and leaves the verdict in
 * /proc/exitcode, which UML makes its own exit status.
 *
 * What is silent has failed: a plan that is missing or not fulfilled, a task
 * left behind, a line in the kernel log that tells of a bug, a name that
 * matches nothing.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __noreturn	__attribute__((noreturn))
#define __printf(f, a)	__attribute__((format(printf, f, a)))

#define SCENARIOS	"/scenario"
#define SUITES		"/sys/kernel/debug/kunit"
#define KMEMLEAK	"/sys/kernel/debug/kmemleak"

/*
 * Simulated seconds. KUnit gives each case of a suite 300 by itself. limit= on
 * the kernel's command line is that of scenarios instead, where time is real.
 */
#define SCENARIO_LIMIT	60
#define SUITE_LIMIT	2000
#define SETTLE_LIMIT	10
/* kmemleak takes what is younger than 5 s for live. */
#define LEAK_AGE	6
/* After SIGKILL: long enough for the hung task detector to have its say. */
#define DEATH_LIMIT	250

enum { PASSED, FAILED, NO_VERDICT };

struct test {
	char name[256];
	bool suite;

	unsigned int planned, seen;
	bool failed;
	char skip[256];		/* the reason, with its '#' */

	char line[1024];	/* output of a scenario, as yet without '\n' */
	size_t len;
};

static struct test *tests;
static unsigned int nr_tests;
static int kmsg = -1;

/* The kernel panics if PID 1 exits, and that is no verdict either. */
static void __noreturn die(const char *what)
{
	perror(what);
	_exit(NO_VERDICT);
}

static void __printf(2, 3)
fail(struct test *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("# %s: ", t->name);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
	t->failed = true;
}

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static int write_file(const char *path, const char *s)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t ret;

	if (fd < 0)
		return -1;
	ret = write(fd, s, strlen(s));
	close(fd);
	return ret == (ssize_t)strlen(s) ? 0 : -1;
}

static bool read_word(const char *path, char *buf, int size)
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

static void set_verdict(int verdict)
{
	char s[16];

	snprintf(s, sizeof(s), "%d\n", verdict);
	if (write_file("/proc/exitcode", s))
		die("/proc/exitcode");
}

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Tasks */

struct task {
	int pid, tid, ppid;
	char comm[80], state;
};

static bool read_task(struct task *task)
{
	char path[64], buf[512], *comm, *end;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", task->pid, task->tid);
	if (!read_word(path, buf, sizeof(buf)))
		return false;
	comm = strchr(buf, '(');
	end = strrchr(buf, ')');
	if (!comm || !end || sscanf(end + 1, " %c %d", &task->state, &task->ppid) != 2)
		return false;
	*end = '\0';
	snprintf(task->comm, sizeof(task->comm), "%s", comm + 1);
	return true;
}

typedef unsigned int (*task_fn)(struct task *task, void *data);

/* The sum of what @fn returns. */
static unsigned int for_each_task(task_fn fn, void *data)
{
	DIR *proc = opendir("/proc"), *threads;
	struct dirent *p, *d;
	unsigned int sum = 0;
	char path[64];

	while (proc && (p = readdir(proc))) {
		struct task task = { .pid = atoi(p->d_name) };

		snprintf(path, sizeof(path), "/proc/%d/task", task.pid);
		threads = task.pid ? opendir(path) : NULL;
		while (threads && (d = readdir(threads))) {
			task.tid = atoi(d->d_name);
			if (task.tid && read_task(&task))
				sum += fn(&task, data);
		}
		if (threads)
			closedir(threads);
	}
	if (proc)
		closedir(proc);
	return sum;
}

/*
 * What a suite or scenario may not leave behind: processes, io-wq workers and
 * SQPOLL threads (which are threads, of a kernel thread when a suite made
 * them), and a ring whose exit work has not ended.
 */
static unsigned int is_left(struct task *task, void *report)
{
	bool kthread = task->pid == 2 || task->ppid == 2;

	if (task->tid == 1)
		return 0;
	if (kthread && task->tid == task->pid &&
	    !starts(task->comm, "kunit_try_catch") && !strstr(task->comm, "+iou_exit"))
		return 0;
	if (report)
		fail(report, "left behind: %s, task %d of %d", task->comm, task->tid, task->pid);
	return 1;
}

static unsigned int print_stack(struct task *task, void *data)
{
	char path[64], buf[256];
	FILE *f;

	(void)data;
	/* Of idle kernel threads there are many, and they say nothing. */
	if (!is_left(task, NULL) && (task->state != 'D' && !strchr(task->comm, '+')))
		return 0;
	printf("# task %d of %d, %s, state %c\n", task->tid, task->pid, task->comm, task->state);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/stack", task->pid, task->tid);
	f = fopen(path, "re");
	while (f && fgets(buf, sizeof(buf), f))
		printf("#   %s", buf);
	if (f)
		fclose(f);
	return 1;
}

/* The kernel log */

static const char * const bugs[] = {
	"BUG:", "BUG ", "WARNING:", "Kernel panic", "Oops", "general protection",
	"Unable to handle", "Internal error", "KASAN:", "KCSAN:", "KFENCE:",
	"KMSAN:", "UBSAN:", "INFO: possible", "INFO: task", "INFO: rcu",
	"INFO: trying to register", "INFO: lockdep is turned off", "detected stall",
	"possible circular", "possible recursive", "possible deadlock",
	"inconsistent lock state", "suspicious RCU usage", "soft lockup",
	"hard LOCKUP", "blocked for more than", "refcount_t:", "list_add corruption",
	"list_del corruption", "Bad page", "double free", "new suspected memory leak",
	"io-wq is not configured", "ODEBUG:",
};

static bool is_bug(const char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(bugs); i++) {
		/* not the end of a longer word, such as DEBUG: */
		for (const char *p = s; (p = strstr(p, bugs[i])); p++)
			if (p == s || !isalnum((unsigned char)p[-1]))
				return true;
	}
	return false;
}

static void check_log(struct test *t)
{
	char rec[8193], *text;
	ssize_t n;

	/* A line without its '\n' shows only once another one follows. */
	snprintf(rec, sizeof(rec), "<6>init: end of %s\n", t->name);
	if (write_file("/dev/kmsg", rec))
		fail(t, "/dev/kmsg: %s", strerror(errno));
	for (;;) {
		n = read(kmsg, rec, sizeof(rec) - 1);
		if (n < 0 && errno == EPIPE) {
			fail(t, "the kernel log overran");
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		rec[n] = '\0';
		rec[strcspn(rec, "\n")] = '\0';
		text = strchr(rec, ';');
		if (text && is_bug(text + 1))
			fail(t, "kernel log: %s", text + 1);
	}
	if (n < 0 && errno != EAGAIN)
		fail(t, "/dev/kmsg: %s", strerror(errno));
}

/*
 * kmemleak says in the log that it has found something, and in its file what.
 * An object that changes between two scans isn't reported by the second, so
 * that it takes two to be sure. @t is to blame, and not those after it.
 */
static void check_leaks(struct test *t)
{
	char buf[256];
	FILE *f;

	if (access(KMEMLEAK, F_OK))
		return;
	nanosleep(&(struct timespec){ .tv_sec = LEAK_AGE }, NULL);
	for (int i = 0; i < 2; i++)
		if (write_file(KMEMLEAK, "scan"))
			fail(t, "kmemleak does not scan: %s", strerror(errno));
	f = fopen(KMEMLEAK, "re");
	while (f && fgets(buf, sizeof(buf), f))
		printf("# %s", buf);
	if (f)
		fclose(f);
	write_file(KMEMLEAK, "clear");
}

/*
 * KTAP. The output of a test is its subtest, but only what keeps to its plan
 * gets through as results, so that a reader can trust the form.
 */

static void take_line(struct test *t, const char *s)
{
	bool not = starts(s, "not ");
	const char *res = s + (not ? 4 : 0), *skip;
	unsigned int nr;

	if (starts(s, "KTAP version") || starts(s, "# Subtest:"))
		return;
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
		t->seen++;
		t->failed |= not;
		printf("    %s\n", s);
	} else {
		/* a deeper level, a diagnostic, or something else */
		printf("    %s%s\n", s[0] == '#' || s[0] == ' ' ? "" : "# ", s);
	}
}

static void take_output(struct test *t, const char *buf, ssize_t n)
{
	while (n-- > 0) {
		if (*buf != '\n')
			t->line[t->len++] = *buf;
		if (*buf++ == '\n' || t->len == sizeof(t->line) - 1) {
			t->line[t->len] = '\0';
			t->len = 0;
			take_line(t, t->line);
		}
	}
}

/* debugfs shows a suite as a plan of one, its subtest, and the result. */
static void take_suite_results(struct test *t)
{
	char path[512], *line = NULL, *skip;
	bool result = false;
	size_t size = 0;
	ssize_t len;
	FILE *f;

	snprintf(path, sizeof(path), SUITES "/%s/results", t->name);
	f = fopen(path, "re");
	while (f && (len = getline(&line, &size, f)) > 0) {
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
	if (f)
		fclose(f);
	free(line);
}

static bool report(struct test *t, unsigned int nr)
{
	if (!t->planned && !t->skip[0])
		fail(t, "no plan");
	if (t->seen < t->planned)
		fail(t, "%u results of %u", t->seen, t->planned);
	while (t->seen < t->planned)
		printf("    not ok %u - no result\n", ++t->seen);
	printf("%s %u %s%s%s\n", t->failed ? "not ok" : "ok", nr, t->name,
	       t->skip[0] && !t->failed ? " " : "", t->failed ? "" : t->skip);
	return !t->failed;
}

/* Running */

static void __noreturn child(struct test *t, int out)
{
	char path[512], *argv[] = { path, NULL }, *envp[8] = {};
	int null = open("/dev/null", O_RDWR);
	unsigned int nr = 0;
	sigset_t none;

	/* sizes, from the kernel's command line */
	for (char **e = environ; *e && nr < ARRAY_SIZE(envp) - 1; e++)
		if (starts(*e, "repro_"))
			envp[nr++] = *e;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGCHLD, SIG_DFL);
	setsid();
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	close(null);
	if (t->suite) {
		snprintf(path, sizeof(path), SUITES "/%s/run", t->name);
		if (!write_file(path, "1"))
			_exit(0);
	} else {
		snprintf(path, sizeof(path), SCENARIOS "/%s", t->name);
		if (!chdir("/tmp"))
			execve(path, argv, envp);
	}
	dprintf(2, "# %s: %s\n", path, strerror(errno));
	_exit(127);
}

/* Reaps all there is. Returns whether @pid was among it. */
static bool reap(pid_t pid, int *status)
{
	bool found = false;
	int s, ret;

	while ((ret = waitpid(-1, &s, WNOHANG)) > 0) {
		if (ret == pid) {
			*status = s;
			found = true;
		}
	}
	return found;
}

/* Until @pid is reaped or time is over; @fd is nonblocking. */
static bool attend(struct test *t, pid_t pid, int fd, int limit, int *status)
{
	time_t deadline = now() + limit;
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char buf[4096];
	sigset_t none;
	ssize_t n;
	bool dead;

	sigemptyset(&none);
	do {
		struct timespec left = { .tv_sec = deadline - now() };

		dead = reap(pid, status);
		while ((n = read(fd, buf, sizeof(buf))) > 0)
			take_output(t, buf, n);
		if (!n)
			pfd.fd = -1;
		if (dead)
			return true;
		/* SIGCHLD gets through nowhere else */
		ppoll(&pfd, 1, left.tv_sec > 0 ? &left : &(struct timespec){}, &none);
	} while (now() < deadline);
	return reap(pid, status);
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
}

static void run(struct test *t)
{
	const char *asked = getenv("limit");
	int limit = t->suite ? SUITE_LIMIT : asked ? atoi(asked) : SCENARIO_LIMIT;
	int fds[2], status = 0;
	time_t deadline;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		die("pipe2");
	/* the writer's end blocks */
	if (fcntl(fds[1], F_SETFL, 0))
		die("fcntl");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		child(t, fds[1]);
	close(fds[1]);

	if (!attend(t, pid, fds[0], limit, &status)) {
		fail(t, "still running after %d s", limit);
		for_each_task(print_stack, NULL);
		kill(-1, SIGKILL);
		if (!attend(t, pid, fds[0], DEATH_LIMIT, &status)) {
			fail(t, "still there %d s after SIGKILL", DEATH_LIMIT);
			for_each_task(print_stack, NULL);
		}
	} else if (WIFSIGNALED(status)) {
		fail(t, "killed by signal %d", WTERMSIG(status));
	} else if (WEXITSTATUS(status)) {
		fail(t, "exited with status %d", WEXITSTATUS(status));
	}
	close(fds[0]);
	if (t->len)
		take_output(t, "\n", 1);
	if (t->suite)
		take_suite_results(t);

	/* At least one nap, for what comes late into the log. */
	deadline = now() + SETTLE_LIMIT;
	do {
		nap();
		reap(0, NULL);
	} while (for_each_task(is_left, NULL) && now() < deadline);
	if (for_each_task(is_left, t)) {
		for_each_task(print_stack, NULL);
		kill(-1, SIGKILL);
		nap();
		reap(0, NULL);
	}
	check_leaks(t);
	check_log(t);
}

/* Selection */

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void add_test(const char *name, bool suite)
{
	struct test *t;

	tests = realloc(tests, (nr_tests + 1) * sizeof(*tests));
	if (!tests)
		die("realloc");
	t = &tests[nr_tests++];
	memset(t, 0, sizeof(*t));
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->suite = suite;
}

static unsigned int add_folder(const char *path, const char *glob, bool suite)
{
	unsigned int nr = nr_tests;
	struct dirent **d;
	int n;

	n = scandir(path, &d, visible, alphasort);
	for (int i = 0; i < n; i++)
		if (!fnmatch(glob, d[i]->d_name, 0))
			add_test(d[i]->d_name, suite);
	return nr_tests - nr;
}

static bool no_match(const char *what, const char *glob)
{
	printf("# no suite or scenario matches %s%s\n", what, glob);
	return false;
}

/*
 * The kernel hands words that it does not know to init: key=value in the
 * environment, others as arguments. Those with a dot belong to a module, and
 * KUnit has filtered its suites already.
 */
static bool select_tests(void)
{
	const char *glob = getenv("scenario");
	bool suites, scenarios = glob, ok = true;
	char filter[256];

	suites = read_word("/sys/module/kunit/parameters/filter_glob", filter, sizeof(filter)) &&
		 strcmp(filter, "(null)");
	if (!suites && !scenarios) {
		/* KUnit can be off, or not built; then ask for scenarios only */
		suites = true;
		scenarios = true;
		snprintf(filter, sizeof(filter), "*");
	}
	if (suites && !add_folder(SUITES, "*", true))
		ok = no_match("kunit.filter_glob=", filter);
	if (scenarios && !add_folder(SCENARIOS, glob ?: "*", false))
		ok = no_match("scenario=", glob ?: "*");
	return ok;
}

/* Set up */

static void mount_all(void)
{
	if (mount("proc", "/proc", "proc", 0, NULL))
		die("/proc");
	set_verdict(NO_VERDICT);
	if (mount("sysfs", "/sys", "sysfs", 0, NULL))
		die("/sys");
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
			die(path);
		close(fd);
	}
	if (!tcgetattr(1, &tio)) {
		tio.c_oflag &= ~OPOST;
		tcsetattr(1, TCSANOW, &tio);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
}

static void on_sigchld(int sig)
{
	(void)sig;
}

static void __noreturn power_off(int verdict)
{
	if (fflush(stdout) || ferror(stdout))
		verdict = NO_VERDICT;
	tcdrain(1);
	set_verdict(verdict);
	reboot(RB_POWER_OFF);
	die("reboot");
}

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
static int scenario_main(int argc, char **argv)
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
	bool list = getenv("list"), ok;
	struct test early = { .name = "init", .planned = 1, .seen = 1 };
	sigset_t chld;

	if (getpid() != 1)
		return scenario_main(argc, argv);

	mount_all();
	open_ktap(getenv("ktap"));
	signal(SIGCHLD, on_sigchld);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);

	if (list) {
		ok = select_tests();
		for (unsigned int i = 0; i < nr_tests; i++)
			printf("%s %s\n", tests[i].suite ? "suite" : "scenario", tests[i].name);
		power_off(ok ? PASSED : FAILED);
	}

	puts("KTAP version 1");
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	check_leaks(&early);
	check_log(&early);
	ok = select_tests();
	/* What is wrong before the first test is a result of its own. */
	early.failed |= !ok;
	printf("1..%u\n", nr_tests + early.failed);
	if (early.failed)
		report(&early, 1);

	for (unsigned int i = 0; i < nr_tests; i++) {
		run(&tests[i]);
		ok &= report(&tests[i], i + 1 + early.failed);
	}
	power_off(ok && !early.failed ? PASSED : FAILED);
}
