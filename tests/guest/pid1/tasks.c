// SPDX-License-Identifier: GPL-2.0
/* Which tasks a test leaves behind. */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>

#include "pid1.h"

struct task {
	int pid, tid, ppid;
	char comm[80], state;
	unsigned long long start;	/* since boot, in clock ticks */
};

/* The tasks that there were before the test: a thread ID can come again. */
static struct noted {
	int tid;
	unsigned long long start;
} *noted;
static unsigned int nr_noted;

static bool read_task(struct task *task)
{
	char path[64], buf[512], *comm, *end, *rest;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", task->pid, task->tid);
	if (!read_word(path, buf, sizeof(buf)))
		return false;
	comm = strchr(buf, '(');
	end = strrchr(buf, ')');
	if (!comm || !end || sscanf(end + 1, " %c %d", &task->state, &task->ppid) != 2)
		return false;
	*end = '\0';
	/* proc(5): @rest is at the blank before field 3; starttime is field 22 */
	rest = end + 1;
	for (int i = 3; rest && i < 22; i++)
		rest = strchr(rest + 1, ' ');
	task->start = rest ? strtoull(rest, NULL, 10) : 0;
	snprintf(task->comm, sizeof(task->comm), "%s", comm + 1);
	return true;
}

void name_task(int pid, char *buf, int size)
{
	struct task task = { .pid = pid, .tid = pid };

	snprintf(buf, size, "%s", read_task(&task) ? task.comm : "?");
}

typedef unsigned int (*task_fn)(struct task *task, void *data);

/* The sum of what @fn returns. */
static unsigned int walk_tasks(task_fn fn, void *data)
{
	DIR *proc = opendir("/proc"), *threads;
	struct dirent *p, *d;
	unsigned int sum = 0;
	char path[64];

	if (!proc)
		die("/proc: %m");
	while ((p = readdir(proc))) {
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
	closedir(proc);
	return sum;
}

static unsigned int note(struct task *task, void *data)
{
	(void)data;
	noted = realloc(noted, (nr_noted + 1) * sizeof(*noted));
	if (!noted)
		die("realloc: %m");
	noted[nr_noted++] = (struct noted){ task->tid, task->start };
	return 0;
}

void note_tasks(void)
{
	nr_noted = 0;
	walk_tasks(note, NULL);
}

static bool is_noted(const struct task *task)
{
	for (unsigned int i = 0; i < nr_noted; i++)
		if (noted[i].tid == task->tid && noted[i].start == task->start)
			return true;
	return false;
}

/*
 * The threads of the workqueues' pools come and go as the kernel wants. They
 * are named by CPU or pool: kworker/0:1, kworker/u5:0, kworker/dying. A rescuer,
 * kworker/R-name, is that of one workqueue, which somebody has made.
 */
static bool is_pool_worker(const struct task *task)
{
	const char *s = task->comm;

	if (task->ppid != 2 || !starts(s, "kworker/"))
		return false;
	s += strlen("kworker/");
	return isdigit((unsigned char)*s) || (*s == 'u' && isdigit((unsigned char)s[1])) ||
	       !strcmp(s, "dying");
}

/*
 * Processes, kernel threads, io-wq workers and SQPOLL threads (which are
 * threads, of a kernel thread when a suite made them), and a ring whose exit
 * work has not ended.
 */
static unsigned int is_left(struct task *task, void *data)
{
	(void)data;
	if (is_pool_worker(task))
		return !!strstr(task->comm, "+iou_exit");
	return task->tid != 1 && !is_noted(task);
}

unsigned int tasks_left(void)
{
	return walk_tasks(is_left, NULL);
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

void print_stacks(void)
{
	walk_tasks(print_stack, NULL);
}

static unsigned int report_left(struct task *task, void *t)
{
	if (is_left(task, NULL))
		fail(t, "left behind: %s, task %d of %d", task->comm, task->tid, task->pid);
	return 0;
}

void report_tasks_left(struct test *t)
{
	walk_tasks(report_left, t);
	print_stacks();
}
