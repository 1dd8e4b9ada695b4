/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of init share. */
#ifndef PID1_H
#define PID1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __noreturn	__attribute__((noreturn))
#define __printf(f, a)	__attribute__((format(printf, f, a)))

#define SCENARIOS	"/scenario"
#define SUITES		"/sys/kernel/debug/kunit"
#define PROGRAMS	"/program"

/* The exit status of ./linux, as far as init decides it: see ../README.md. */
enum { PASSED, FAILED, NO_VERDICT };

/* How the child ends if there is no program to become. As in a shell. */
#define NOT_STARTED	127

enum kind { SUITE, SCENARIO, PROGRAM };

struct test {
	char name[256];
	enum kind kind;

	unsigned int planned, seen;
	bool failed;
	bool killed;		/* init has killed what the test left behind */
	bool nested_failed;	/* the results of the case to come have a `not ok` */
	char skip[256];		/* the reason, with its '#' */

	char line[1024];	/* output of a scenario, as yet without '\n' */
	size_t len;
	bool overlong;		/* the rest of this line is dropped */

	/* of a program only */
	char last[256];		/* its last line that is not empty */
	size_t taken, logged;	/* bytes of output, and of the kernel's log */
	bool flooded;		/* either is too much */
	bool skips;		/* it exited with the status of skip= */
};

static inline bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

/* init.c */

/* Power off with NO_VERDICT, after a line on the console that says why. */
void __noreturn __printf(1, 2)
die(const char *fmt, ...);

/* Write @s to a file that exists. Returns 0, or -1 with errno. */
int write_file(const char *path, const char *s);

/* The first line of a file, without its '\n'. False if there is none. */
bool read_word(const char *path, char *buf, int size);

/* Die if the output could not be written. */
void check_stdout(void);

/* Be the scenario that argv[0] names. Returns its exit status. */
int scenario_main(int argc, char **argv);

/* words.c */

/* Die if the command line has a word that neither the kernel nor init knows. */
void check_words(char **args, char **env);

/* The limit for a scenario in seconds, @def unless limit= sets it. */
int limit_or(int def);

/* The exit status with which a program is skipped, 0 unless skip= sets it. */
int skip_status(void);

/* ktap.c */

/* A diagnostic, and the test has failed. */
void __printf(2, 3)
fail(struct test *t, const char *fmt, ...);

/* @n bytes of a scenario's output. */
void take_output(struct test *t, const char *buf, size_t n);

/* End of output: take a last line that has no '\n'. */
void end_output(struct test *t);

/* What KUnit has left in debugfs. */
void take_suite_results(struct test *t);

/* The result of @t as number @nr of all. Returns whether it passed. */
bool report(struct test *t, unsigned int nr);

/* program.c */

/* Whether the initrd has brought this program. */
bool has_program(const char *name);

/* Be the program of @t. */
void __noreturn exec_program(const struct test *t);

/* As take_output(), end_output() and report(). */
void take_program_output(struct test *t, const char *buf, size_t n);
void end_program_output(struct test *t);
bool report_program(struct test *t, unsigned int nr);

/* Whether @status is the one of skip=; then @t is skipped. */
bool program_skips(struct test *t, int status);

/* shell.c */

/* Run a shell to its end. Returns its exit status, as another shell would. */
int run_shell(const char *path);

/* devices.c */

/* Nodes, mounts and the like, as far as the kernel has them. */
void set_up_system(void);

/* tasks.c */

/* Remember which tasks there are: no test has left these. */
void note_tasks(void);

/* The name of process @pid, a zombie's too, in @buf. */
void name_task(int pid, char *buf, int size);

/* How many tasks there are that were not noted and should be gone. */
unsigned int tasks_left(void);

/* Fail @t for each of them, with its stack. */
void report_tasks_left(struct test *t);

/* The stacks of those, and of all that wait uninterruptibly. */
void print_stacks(void);

/* log.c */

/* Opens the kernel log at its start. Returns its descriptor, or -1. */
int open_log(void);

/* Fail @t for each line so far that tells of a bug, and if there are too many. */
void take_log(struct test *t);

/* Fail @t for each line since the last check that tells of a bug. */
void check_log(struct test *t);

/* Fail @t for what kmemleak finds, if it's there. Call linger() first. */
void check_leaks(struct test *t);

/* Whether kmemleak is there. */
bool has_kmemleak(void);

/* run.c */

/* Give what a test leaves behind time to show: 6 s if that costs nothing, else 0.1 s. */
void linger(void);

/* Run @t to its end, and see what it leaves behind. */
void run(struct test *t);

/* explore.c */

/* Whether the command line has seeds, and the kernel takes them. */
bool explores(void);

/* The same by many schedules: a seed, a process of the scenario. */
void explore(struct test *t);

#endif
