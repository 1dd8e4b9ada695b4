// SPDX-License-Identifier: GPL-2.0
/*
 * Trials of task_work, included at the end of kernel/task_work.c: a walk that takes
 * matches off the list, against those who add, run and walk at the same time. Each
 * work must end up in one place: found, run, or still there.
 */
#include "explore.h"

#define TWX_NR 4

struct twx {
	struct task_struct *task;	/* whose list it is */
	struct callback_head work[TWX_NR];
	struct callback_head *found[2];
	int ran[TWX_NR];
};

static struct twx twx;

static void twx_match(struct callback_head *cb)
{
	twx.ran[cb - twx.work]++;
}

static void twx_other(struct callback_head *cb)
{
	twx.ran[cb - twx.work]++;
}

static bool twx_is_match(struct callback_head *cb, void *data)
{
	return cb->func == twx_match;
}

static bool twx_is_any(struct callback_head *cb, void *data)
{
	return true;
}

static void twx_add(int nr, task_work_func_t func)
{
	init_task_work(&twx.work[nr], func);
	task_work_add(twx.task, &twx.work[nr], TWA_NONE);
}

static void twx_walker(void *data)
{
	struct callback_head **found = data;

	*found = task_work_cancel_match_all(twx.task, twx_is_match, NULL);
}

static void twx_adder(void *data)
{
	twx_add(2, twx_other);
	twx_add(3, twx_other);
}

static int twx_count(struct callback_head *cb, struct callback_head *work)
{
	int nr = 0;

	for (; cb; cb = cb->next)
		nr += cb == work;
	return nr;
}

/* How often is work @nr where it may be? */
static void twx_expect(struct kunit *test, int nr, int found, int left)
{
	struct callback_head *work = &twx.work[nr];
	int here = twx_count(twx.found[0], work) + twx_count(twx.found[1], work);

	KUNIT_EXPECT_EQ(test, here, found);
	KUNIT_EXPECT_EQ(test, twx_count(twx.task->task_works, work), left);
}

static void twx_start(void)
{
	memset(&twx, 0, sizeof(twx));
	twx.task = current;
	twx_add(0, twx_other);
	twx_add(1, twx_match);
}

static void twx_end(void)
{
	task_work_cancel_match_all(twx.task, twx_is_any, NULL);
}

/* The match is the head, where adders push without the walker's lock. */
static void task_work_trial_walk_add(struct kunit *test)
{
	explore_each_seed(test) {
		twx_start();
		explore_run(test, { "walker", twx_walker, &twx.found[0] },
				  { "adder", twx_adder });
		twx_expect(test, 0, 0, 1);
		twx_expect(test, 1, 1, 0);
		twx_expect(test, 2, 0, 1);
		twx_expect(test, 3, 0, 1);
		twx_end();
	}
}

/* Two walks at once: one of them finds it. */
static void task_work_trial_walk_walk(struct kunit *test)
{
	explore_each_seed(test) {
		twx_start();
		explore_run(test, { "walker", twx_walker, &twx.found[0] },
				  { "other", twx_walker, &twx.found[1] },
				  { "adder", twx_adder });
		twx_expect(test, 0, 0, 1);
		twx_expect(test, 1, 1, 0);
		twx_expect(test, 2, 0, 1);
		twx_end();
	}
}

static void twx_owner(void *data)
{
	WRITE_ONCE(twx.task, current);
	twx_add(0, twx_match);
	twx_add(1, twx_match);
	task_work_run();
}

static void twx_late_walker(void *data)
{
	while (!READ_ONCE(twx.task))
		cpu_relax();
	twx_walker(data);
}

/* The task runs its list while it is walked: a match is run, or found. */
static void task_work_trial_walk_run(struct kunit *test)
{
	int i;

	explore_each_seed(test) {
		memset(&twx, 0, sizeof(twx));
		explore_run(test, { "owner", twx_owner },
				  { "walker", twx_late_walker, &twx.found[0] });
		for (i = 0; i < 2; i++)
			KUNIT_EXPECT_EQ(test, twx.ran[i] +
					twx_count(twx.found[0], &twx.work[i]), 1);
	}
}

static struct kunit_case task_work_trials[] = {
	KUNIT_CASE(task_work_trial_walk_add),
	KUNIT_CASE(task_work_trial_walk_walk),
	KUNIT_CASE(task_work_trial_walk_run),
	{}
};

static struct kunit_suite task_work_trial_suite = {
	.name = "task_work-trial",
	.test_cases = task_work_trials,
};

kunit_test_suite(task_work_trial_suite);

#ifdef EXPLORE_ENDS
#include "ends_trial.c"
#endif
