// SPDX-License-Identifier: GPL-2.0
/*
 * Scenarios: what is explored are a process, and the processes, threads, workers and
 * SQPOLL threads that come of it, from system call to system call: user code has no
 * points, and runs through. They are explored until they have ended.
 *
 * The loop over the seeds is that of init (tests/guest/pid1/explore.c), which forks
 * the process for each. It reads the seed that is next, if there is one, from
 * /sys/module/explore/parameters/scenario, and writes there:
 *
 *	first NAME	a scenario begins, with seed 0
 *	run		the writer is the first process of this seed
 *	end WHY		all are gone; WHY it has failed, or nothing. The write returns
 *			-EBADMSG if it has, also if only the kernel has seen that
 *	hung		they are not, and will not be
 */

static char scenario_name[64];

static void start_scenario(void)
{
	ex.scenario = true;
	start_schedule();
	join(current, current->comm);
	start_clock(NULL, 0);
	ex.on = true;
	explore_nr_stores = 1;
}

static bool end_scenario(const char *why)
{
	bool failed;
	int i;

	ex.on = false;
	explore_nr_stores = 0;
	for (i = 0; i < ex.nr; i++)
		if (!ex.task[i].left && !(why && *why))
			why = "a task is left";
	failed = judge(why && *why ? why : NULL);
	ex.scenario = false;
	look_at_log();
	return failed;
}

static int scenario_set(const char *word, const struct kernel_param *kp)
{
	const char *rest = strchr(word, ' ');

	/* The command line has seeds, and init names scenarios. */
	if (system_state < SYSTEM_RUNNING)
		return -EINVAL;
	rest = rest ? rest + 1 : "";
	if (str_has_prefix(word, "first ")) {
		strscpy(scenario_name, rest);
		start_seeds("scenario", scenario_name);
		return 0;
	}
	if (!tr.running)
		return -EINVAL;
	if (!strcmp(word, "run"))
		start_scenario();
	else if (!strcmp(word, "hung"))
		give_up(word);
	else if (str_has_prefix(word, "end"))
		return end_scenario(rest) ? -EBADMSG : 0;
	else
		return -EINVAL;
	return 0;
}

static int scenario_get(char *buf, const struct kernel_param *kp)
{
	if (!tr.name)
		return -EINVAL;
	if (next_seed())
		return sysfs_emit(buf, "%llu\n", tr.seed);
	print_summary();
	return 0;
}

static const struct kernel_param_ops scenario_ops = {
	.set = scenario_set,
	.get = scenario_get,
};
module_param_cb(scenario, &scenario_ops, NULL, 0600);
