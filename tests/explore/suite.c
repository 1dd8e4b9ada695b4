// SPDX-License-Identifier: GPL-2.0
/*
 * Suites: with explore= a case that is marked with KUNIT_CASE_EXPLORED() is a trial. For
 * each seed a thread of its own, "test", runs the suite's init, the case, and the suite's
 * exit, as a test of its own. From the case on it is explored, and so are the workers and
 * kthreads that it creates. Of a case with parameters, each seed takes the next one.
 * Without explore= all cases run as ever.
 *
 * What KUnit does for the case by itself is not explored: the suite's init before the
 * first seed, and its exit after the last.
 */

/* A case may sleep for minutes. */
#define CASE_HANG (10 * HANG)

struct suite_case {
	const struct kunit_suite *suite;
	struct kunit_case of;	/* as the suite has it */
};

static struct {
	struct suite_case *table;
	int nr;
	const struct suite_case *now;
	int nr_params;
	int nr_run;		/* seeds that were not skipped */
	int most_tasks;		/* that have come to points in one seed */
	struct kunit test;	/* of this seed */
	bool running;
	bool over;		/* nothing of the case is left to do */
} suite;

static const void *next_param(const void *param)
{
	char desc[KUNIT_PARAM_DESC_SIZE];

#if KUNIT_HAS_PARAM_TEST
	return suite.now->of.generate_params(&suite.test, param, desc);
#else
	return suite.now->of.generate_params(param, desc);
#endif
}

static int count_params(void)
{
	const void *param = NULL;
	int nr = 0;

	if (suite.now->of.generate_params)
		while ((param = next_param(param)))
			nr++;
	return nr;
}

static const void *param_of(u64 seed)
{
	int n = suite.nr_params ? seed % suite.nr_params : -1;
	const void *param = NULL;

	while (n-- >= 0)
		param = next_param(param);
	return param;
}

static int run_seed(void *unused)
{
	const struct kunit_suite *of = suite.now->suite;
	struct kunit *test = &suite.test;

	if (of->init)
		KUNIT_ASSERT_EQ(test, 0, of->init(test));
	join(current, "test");
	start_clock(NULL, 0);
	suite.running = true;
	ex.on = true;
	explore_nr_stores = 1;
	suite.now->of.run_case(test);
	suite.over = true;
	if (of->exit)
		of->exit(test);
	/* Its last stores can be late, too. */
	explore_call(_RET_IP_, run_seed);
	ex.task[0].left = true;
	return 0;
}

/* exit_suite - an assertion has ended the case, or it is skipped */
static void exit_suite(struct kunit *test)
{
	ex.draining = true;
	current->kunit_test = &suite.test;
	if (suite.now->suite->exit)
		suite.now->suite->exit(&suite.test);
	current->kunit_test = test;
}

static void see_tasks(void)
{
	int i, nr = 0;

	for (i = 0; i < ex.nr; i++)
		nr += ex.task[i].points > 0;
	suite.most_tasks = max(suite.most_tasks, nr);
}

static void explore_test(struct kunit *test)
{
	struct task_struct *task;
	struct completion *gone;

	kunit_init_test(&suite.test, test->name, NULL);
	suite.test.param_value = param_of(tr.seed);
	suite.over = false;
	start_schedule();
	task = kthread_create(run_seed, NULL, "test");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	task->kunit_test = &suite.test;
	/* It is forgotten when the thread exits. */
	gone = task->vfork_done;
	wake_up_process(task);
	if (!wait_for_completion_timeout(gone, CASE_HANG))
		give_up("hung");
	put_task_struct(task);
	if (!suite.over)
		exit_suite(test);
	end_tasks(1);
	suite.running = false;
	see_tasks();
	kunit_cleanup(&suite.test);
	if (suite.test.status == KUNIT_SKIPPED && !suite.nr_params && tr.warming)
		kunit_skip(test, "%s", suite.test.status_comment);
	if (suite.test.status == KUNIT_SKIPPED && !suite.nr_params)
		KUNIT_FAIL(test, "seed %llu is skipped, though seed 0 was not: %s",
			   tr.seed, suite.test.status_comment);
	suite.nr_run += suite.test.status != KUNIT_SKIPPED;
	if (suite.test.status == KUNIT_FAILURE)
		kunit_set_failure(test);
}

static void explore_case(struct kunit *test)
{
	suite.now = suite.table;
	while (suite.now->of.name != test->name)
		suite.now++;
	suite.nr_params = count_params();
	suite.most_tasks = 0;
	suite.nr_run = 0;
	explore_each_seed(test) {
		explore_test(test);
		if (tr.nr == suite.nr_params && suite.most_tasks < 2)
			kunit_skip(test, "it has no second task, so there is nothing to explore");
	}
	if (!suite.nr_run)
		kunit_skip(test, "%s", suite.test.status_comment);
}

/* explored_kthread_create_on_node - what a case creates is explored as well */
__visible __printf(4, 5) struct task_struct *
explored_kthread_create_on_node(int (*fn)(void *data), void *data, int node,
				const char *format, ...)
{
	char name[TASK_COMM_LEN];
	struct task_struct *task;
	va_list args;

	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	task = kthread_create_on_node(fn, data, node, "%s", name);
	if (!IS_ERR(task) && suite.running && find_current() && !ex.draining)
		join(task, name);
	return task;
}

static bool is_fit(const struct kunit_suite *of, const struct kunit_case *c)
{
	if (unfit_too)
		return !strstr(of->name, "-trial");
	return !strcmp(c->module_name, KUNIT_EXPLORED);
}

/* mark_cases - with explore=, before any suite runs */
static int __init mark_cases(void)
{
	struct kunit_suite * const *s;
	struct kunit_case *c;
	int nr = 0;

	if (!seeds)
		return 0;
	for (s = __kunit_suites_start; s < __kunit_suites_end; s++)
		kunit_suite_for_each_test_case((*s), c)
			nr += is_fit(*s, c);
	suite.table = kcalloc(nr, sizeof(*suite.table), GFP_KERNEL);
	if (!suite.table)
		return -ENOMEM;
	for (s = __kunit_suites_start; s < __kunit_suites_end; s++) {
		kunit_suite_for_each_test_case((*s), c) {
			if (!is_fit(*s, c))
				continue;
			suite.table[suite.nr++] = (struct suite_case){ *s, *c };
			c->run_case = explore_case;
			c->generate_params = NULL;
		}
	}
	return 0;
}
late_initcall(mark_cases);
