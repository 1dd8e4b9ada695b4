// SPDX-License-Identifier: GPL-2.0
/* One test: its process, and the tasks, leaks and log lines that it leaves. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pid1.h"

/*
 * Simulated seconds. KUnit itself limits each case of a suite to 300, but not
 * trials, which can have a million seeds. Where time is real, limit= on the
 * command line replaces the one for scenarios.
 */
#define SCENARIO_LIMIT	60		/* programs too */
#define SUITE_LIMIT	1000000
/* How long processes of a test may outlive it. */
#define SETTLE_LIMIT	10
/* After SIGKILL: long enough for the hung task detector to report. */
#define DEATH_LIMIT	250
/* A program can count on a system that has been up for a while. */
#define UPTIME		20
/* After all are gone, for timers and delayed work; kmemleak needs 5 s. */
#define LINGER		6

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void nap(int ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000L }, NULL);
}

/* Whether a sleep costs nothing. */
static bool simulated_time(void)
{
	char clock[64];

	return read_word("/sys/devices/system/clocksource/clocksource0/current_clocksource",
			 clock, sizeof(clock)) && starts(clock, "time-travel");
}

void linger(void)
{
	if (simulated_time() || has_kmemleak())
		nanosleep(&(struct timespec){ .tv_sec = LINGER }, NULL);
	else
		nap(100);
}

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
	if (t->kind == PROGRAM)
		exec_program(t);
	if (t->kind == SUITE) {
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

/*
 * @main is the test's own process, and the test ends when it exits. Other
 * children are orphans that init got.
 */
struct child {
	struct test *t;
	pid_t main;
	int fd;		/* the output, nonblocking; -1 once no writer has it open */
	bool dead;
};

/*
 * Any end but exit(0) fails the test, also that of a process it left behind. A
 * program can have reasons of its own to leave or to kill its children.
 */
static void judge(const struct child *c, const siginfo_t *info)
{
	bool exited = info->si_code == CLD_EXITED;
	const char *name = exited ? NULL : sigabbrev_np(info->si_status);
	char comm[80], how[64];

	if (c->t->killed || (exited && !info->si_status))
		return;
	snprintf(how, sizeof(how), "%s %d%s%s", exited ? "exited with status" : "killed by signal",
		 info->si_status, name ? ", SIG" : "", name ?: "");
	name_task(info->si_pid, comm, sizeof(comm));
	if (info->si_pid == c->main) {
		if (c->t->kind != PROGRAM || !exited || !program_skips(c->t, info->si_status))
			fail(c->t, "%s", how);
	} else if (c->t->kind != PROGRAM) {
		fail(c->t, "left behind: %s, task %d, %s", comm, info->si_pid, how);
	}
}

/* Take what there is of output, and reap all that can be. */
static void attend(struct child *c)
{
	siginfo_t info = {};
	char buf[4096];
	ssize_t n;

	/* A zombie has its name until it is reaped. */
	while (!waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid) {
		judge(c, &info);
		c->dead |= info.si_pid == c->main;
		waitpid(info.si_pid, NULL, 0);
		info.si_pid = 0;
	}
	/* After that, for what the dead have written. */
	while (c->fd >= 0 && (n = read(c->fd, buf, sizeof(buf))) >= 0) {
		if (n) {
			take_output(c->t, buf, n);
			continue;
		}
		close(c->fd);
		c->fd = -1;
	}
}

/* Until the test's own process is gone, time is over, or init must end it. */
static bool wait_for_main(struct child *c, int limit)
{
	time_t deadline = now() + limit;
	bool flooded = c->t->flooded;
	sigset_t none;

	sigemptyset(&none);
	for (;;) {
		struct timespec left = { .tv_sec = deadline - now() };
		struct pollfd pfds[] = {
			{ .fd = c->fd, .events = POLLIN },
			{ .fd = c->t->kind == PROGRAM && !flooded ? open_log() : -1,
			  .events = POLLIN },
		};

		attend(c);
		if (pfds[1].fd >= 0)
			take_log(c->t);
		if (c->dead || left.tv_sec <= 0 || c->t->flooded != flooded)
			return c->dead;
		/* SIGCHLD gets through nowhere else */
		ppoll(pfds, ARRAY_SIZE(pfds), &left, &none);
	}
}

/* Until all that the test has started is gone, or time is over. */
static void wait_for_all(struct child *c)
{
	time_t deadline = now() + SETTLE_LIMIT;

	do {
		nap(20);
		attend(c);
	} while ((tasks_left() || c->fd >= 0) && now() < deadline);
}

/*
 * Whether a task is left after all. What shows only while we linger has not had
 * its time yet: the exit works of rings are queued, and on a busy host they come
 * late, one after another.
 */
static bool late_is_left(struct child *c)
{
	time_t deadline = now() + SETTLE_LIMIT;
	bool left;

	linger();
	attend(c);
	/* Another look could find what was queued since, and has had no time. */
	while ((left = tasks_left()) && !c->t->killed && !simulated_time() && now() < deadline) {
		wait_for_all(c);
		linger();
		attend(c);
	}
	return left && !c->t->killed;
}

static void kill_all(struct child *c)
{
	c->t->killed = true;
	kill(-1, SIGKILL);
	nap(20);
	attend(c);
}

static struct child start(struct test *t)
{
	struct child c = { .t = t };
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		die("pipe2: %m");
	/* the writer's end blocks */
	if (fcntl(fds[1], F_SETFL, 0))
		die("fcntl: %m");
	c.fd = fds[0];
	c.main = fork();
	if (c.main < 0)
		die("fork: %m");
	if (!c.main)
		child(t, fds[1]);
	close(fds[1]);
	return c;
}

void run(struct test *t)
{
	const int limit = t->kind == SUITE ? SUITE_LIMIT : limit_or(SCENARIO_LIMIT);
	struct child c;

	if (t->kind == PROGRAM && simulated_time())
		nanosleep(&(struct timespec){ .tv_sec = UPTIME }, NULL);
	note_tasks();
	c = start(t);
	if (!wait_for_main(&c, limit)) {
		if (t->kind == PROGRAM && !t->flooded && getenv("endless")) {
			printf("# endless: ended after %d s\n", limit);
		} else if (!t->flooded) {
			fail(t, "still running after %d s", limit);
			print_stacks();
		}
		kill_all(&c);
		if (!wait_for_main(&c, DEATH_LIMIT)) {
			fail(t, "still there %d s after SIGKILL", DEATH_LIMIT);
			print_stacks();
		}
	}
	wait_for_all(&c);
	if (tasks_left()) {
		report_tasks_left(t);
		kill_all(&c);
	} else if (c.fd >= 0) {
		fail(t, "its output is still open, and no task is left");
	}
	if (late_is_left(&c))
		report_tasks_left(t);
	if (c.fd >= 0)
		close(c.fd);
	end_output(t);
	if (t->kind == SUITE)
		take_suite_results(t);
	check_leaks(t);
	check_log(t);
}
