// SPDX-License-Identifier: GPL-2.0
/*
 * A scenario in flavour explore, by the seeds of explore= on the command line. Here is
 * the loop over them; who runs is up to the kernel: tests/explore/scenario.c.
 *
 * A seed has to mean the same wherever the loop begins. So each starts at the same time
 * between two ticks, once the last one's tasks and timers are gone, in a process that
 * is a copy of init; and its output goes to a file, where nobody waits for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pid1.h"

#define EXPLORER	"/sys/module/explore/parameters/scenario"
#define OUTPUT		"/tmp/.explored"
/* as the kernel prints it */
#define EXPLORE_ERROR	"explore: error: "

/* In simulated time: nobody of a scenario should sleep for as long. */
#define HANG		100
/* between two ticks, which come every 10 ms */
#define START_EACH_NS	50000000L
#define START_NS	3000000L

/* Whether the command line has a word that starts so. */
static bool told(const char *start)
{
	char line[4096], *word, *rest = line;

	read_word("/proc/cmdline", line, sizeof(line));
	while ((word = strsep(&rest, " ")))
		if (starts(word, start))
			return true;
	return false;
}

bool explores(void)
{
	return (told("explore=") || told("explore.list=")) && !access(EXPLORER, F_OK);
}

/* False if the kernel says that this seed has failed. */
static bool tell_explorer(const char *word, const char *more)
{
	char s[300];

	snprintf(s, sizeof(s), "%s %s", word, more);
	s[strcspn(s, "\n")] = '\0';
	if (!more[0])
		s[strlen(word)] = '\0';
	if (!write_file(EXPLORER, s))
		return true;
	if (errno != EBADMSG)
		die(EXPLORER ": %s: %m", s);
	return false;
}

static void __noreturn child(const char *name, int out)
{
	char path[300], *argv[] = { path, NULL };
	sigset_t none;

	snprintf(path, sizeof(path), SCENARIOS "/%s", name);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGCHLD, SIG_DFL);
	setsid();
	dup2(open("/dev/null", O_RDWR | O_CLOEXEC), 0);
	dup2(out, 1);
	dup2(out, 2);
	prctl(PR_SET_NAME, name);
	setenv("explored", "1", 1);
	if (chdir("/tmp"))
		_exit(NOT_STARTED);
	tell_explorer("run", "");
	exit(scenario_main(1, argv));
}

/* Reaps all. Returns the status of @main, or that of one that it left behind and that is not 0. */
static int wait_for_all(pid_t main)
{
	int status, main_status = 0, other_status = 0;
	struct timespec limit = { .tv_sec = HANG };
	sigset_t chld;
	pid_t pid;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	for (;;) {
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == main)
				main_status = status;
			else if (status)
				other_status = status;
		if (pid < 0)
			return main_status ?: other_status;
		if (sigtimedwait(&chld, NULL, &limit) < 0 && errno == EAGAIN)
			tell_explorer("hung", "");
	}
}

/* Why the output is not that of a success; empty if it is. In its first run the scenario may skip all that it has. */
static const char *judge(struct test *t, FILE *out, int status, bool may_skip)
{
	static char why[200], line[200];
	const char *skip;
	unsigned int planned = 0, seen = 0;

	why[0] = '\0';
	line[0] = '\0';
	rewind(out);
	while (fgets(line, sizeof(line), out)) {
		skip = strstr(line, "# SKIP");
		if (!planned && sscanf(line, "1..%u", &planned) == 1 && !planned && skip && may_skip)
			snprintf(t->skip, sizeof(t->skip), "%.*s", (int)strcspn(skip, "\n"), skip);
		seen += starts(line, "ok ");
		if (starts(line, "not ok ") && !why[0])
			snprintf(why, sizeof(why), "%s", line);
	}
	if (!why[0] && status)
		snprintf(why, sizeof(why), "%s %d: %s", WIFEXITED(status) ? "exited with status" : "killed by signal",
			 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), line);
	if (!why[0] && !t->skip[0] && (!planned || seen != planned))
		snprintf(why, sizeof(why), "%u results of %u", seen, planned);
	return why;
}

/* So that what the last seed has left is done, and the next one starts at the same time. */
static void settle(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_nsec += 2 * START_EACH_NS - ts.tv_nsec % START_EACH_NS + START_NS;
	if (ts.tv_nsec >= 1000000000L) {
		ts.tv_nsec -= 1000000000L;
		ts.tv_sec++;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static bool run_seed(struct test *t, FILE *out, bool first)
{
	const char *why;
	pid_t pid;

	if (ftruncate(fileno(out), 0))
		die(OUTPUT ": %m");
	settle();
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die("fork: %m");
	if (!pid)
		child(t->name, fileno(out));
	why = judge(t, out, wait_for_all(pid), first);
	settle();
	return tell_explorer("end", why);
}

void explore(struct test *t)
{
	static const char unfit[] = "it counts on who runs when, as all but race-* do";
	unsigned int nr = 0;
	char seed[32];
	FILE *out;

	if (!starts(t->name, "race-") && !told("explore.unfit=1")) {
		snprintf(t->skip, sizeof(t->skip), "# SKIP %s", unfit);
		fprintf(stderr, EXPLORE_ERROR "scenario %s is not fit: %s\n", t->name, unfit);
		return;
	}
	t->planned = 1;
	t->seen = 1;
	out = fopen(OUTPUT, "w+e");
	if (!out)
		die(OUTPUT ": %m");
	/* Each process writes at the end. */
	fcntl(fileno(out), F_SETFL, O_APPEND);
	note_tasks();
	tell_explorer("first", t->name);
	while (!t->skip[0] && read_word(EXPLORER, seed, sizeof(seed))) {
		if (!run_seed(t, out, !nr++))
			fail(t, "seed %s: the kernel's log has more", seed);
	}
	fclose(out);
	if (!nr)
		fail(t, "no seed was run");
	linger();
	if (tasks_left())
		report_tasks_left(t);
	check_leaks(t);
	check_log(t);
}
