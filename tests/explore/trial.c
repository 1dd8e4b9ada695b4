// SPDX-License-Identifier: GPL-2.0
/*
 * The loop of a trial over its seeds, and what is printed of it: README.md has that.
 *
 * Before the first seed the trial runs once as seed 0, without switches, late stores or
 * early reads, to learn which points matter, and how many there are.
 */

/* in simulated time: nobody of a trial should sleep for as long */
#define HANG (100 * HZ)

static struct {
	const char *kind, *name;	/* "trial" or "scenario" */
	u64 first, last, seed;
	bool running, warming, over, failed;
	unsigned int nr, nr_failed, points, switches;
	unsigned int focused, nr_focused;	/* points in focus, seeds with any */
	long long start;
	const char *wrong;	/* with the command line */
} tr;

static struct {
	const struct explore_thread *thread[EXPLORE_TASKS];
	int nr_running;
	struct completion done;
} threads;

static void print_failure(const char *why)
{
	int i;

	for (i = 0; i < ex.nr; i++)
		see_name(&ex.task[i]);
	pr_err("explore: %s %s seed %llu failed: %s; algo=%s points=%u switches=%u\n",
	       tr.kind, tr.name, tr.seed, why, algos[ex.algo],
	       ex.points, ex.switches);
	print_list();
	print_trace();
}

static u64 seed_now(void)
{
	return tr.seed;
}

static void __noreturn give_up(const char *why)
{
	panic("explore: %s%s", why, who_spins());
}

/* Whatever has ended the boot, say at which seed. */
static int say_seed(struct notifier_block *nb, unsigned long event, void *why)
{
	if (!tr.running)
		return NOTIFY_DONE;
	tr.running = false;
	/* To print is to take locks. Who has them does not matter any more. */
	ex.on = false;
	print_failure(why + str_has_prefix(why, "explore: "));
	print_tasks();
	if (list && !tr.warming)
		print_unfit();
	return NOTIFY_DONE;
}

static struct notifier_block panic_block = {
	.notifier_call = say_seed,
	.priority = INT_MAX,
};

static int __init watch_panics(void)
{
	return atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
}
late_initcall(watch_panics);

static void print_summary(void)
{
	if (tr.over)
		return;
	tr.over = true;
	pr_err("explore: %s %s: %u seeds, %u failed, %u points, %u switches, %lld ns\n",
	       tr.kind, tr.name, tr.nr, tr.nr_failed, tr.points,
	       tr.switches, os_nsecs() - tr.start);
	if (focus_ranges)
		pr_err("explore: focus: %u of %u points, in %u of %u seeds\n",
		       tr.focused, tr.points, tr.nr_focused, tr.nr);
	if (!list)
		print_pairs();
	else
		print_unfit();
}

static enum algo algo_of(u64 seed)
{
	int i;

	if (list && !tr.warming)
		return ALGO_LIST;
	if (!seed)
		return ALGO_NONE;
	i = match_string(algos, ALGO_LIST, algo_name);
	if (i >= 0)
		return i;
	random_state = ~seed;
	switch (random_below(4)) {
	case 0:
		return ALGO_PCT;
	case 1:
		return ALGO_POS;
	default:
		return ALGO_BURSTS;
	}
}

static void end_of_case(void *test)
{
	/* An assertion has ended the case, if one is running. */
	if (tr.running)
		explore_judge(test);
	if (tr.failed)
		kunit_set_failure(test);
	print_summary();
}

static void start_seeds(const char *kind, const char *name)
{
	memset(&tr, 0, sizeof(tr));
	tr.kind = kind;
	tr.name = name;
	tr.start = os_nsecs();
	tr.wrong = look_at_words(&tr.first, &tr.last);
	tr.warming = true;
	/* hrtimers are exact from the second tick of the boot on */
	schedule_timeout_uninterruptible(3);
	start_learning();
	forget_pairs();
	print_build();
	if (list)
		tr.last = tr.first;
	look_at_log();
	if (tr.wrong)
		pr_err("explore: error: %s\n", tr.wrong);
}

void explore_known(struct kunit *test, const char *bug)
{
	if (!known_too)
		kunit_skip(test, "a known bug, for ARGS=explore.known=1: %s", bug);
}

/* next_seed - whether there is one more; it is the one that runs now */
static bool next_seed(void)
{
	if (tr.wrong || tr.over || (tr.failed && !keep_on))
		return false;
	if (tr.warming) {
		tr.seed = 0;
	} else {
		tr.seed = tr.nr + tr.first;
		if (tr.seed > tr.last)
			return false;
		tr.nr++;
	}
	tr.running = true;
	return true;
}

/* judge - whether the seed has failed; @why so, beside what the log has */
static bool judge(const char *why)
{
	bool warming = tr.warming;

	why = look_at_log() ?: why;
	/* All the seeds together may take as long as they like. */
	reset_hung_task_detector();
	tr.running = false;
	if (print_hash)
		pr_err("explore: %s %s seed %llu: %u points, %u switches, hash %08x\n",
		       tr.kind, tr.name, tr.seed, ex.points, ex.switches, ex.hash);
	if (warming) {
		tr.warming = false;
		end_learning();
	} else {
		tr.points += ex.points;
		tr.focused += ex.focused;
		tr.nr_focused += !!ex.focused;
		tr.switches += ex.switches;
	}
	if (why) {
		tr.failed = true;
		tr.nr_failed++;
		print_failure(why);
	} else if ((list && !warming) || (print_hash && trace_wanted > 1)) {
		print_trace();
	}
	return why;
}

void explore_first(struct kunit *test)
{
	start_seeds("trial", test->name);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, end_of_case, test));
	if (tr.wrong)
		KUNIT_FAIL(test, "%s", tr.wrong);
}

bool explore_seed(struct kunit *test)
{
	return next_seed();
}

void explore_judge(struct kunit *test)
{
	bool failed = test->status == KUNIT_FAILURE;

	/* A message without a newline can be read once another one follows. */
	if (failed)
		pr_notice("explore: end of a seed\n");
	if (judge(failed ? "an expectation" : NULL)) {
		kunit_set_failure(test);
		if (keep_on)
			test->status = KUNIT_SUCCESS;
	}
	look_at_log();
}

static void start_schedule(void)
{
	ex.algo = algo_of(tr.seed);
	ex.nr = 0;
	ex.last = NULL;
	ex.next = NULL;
	ex.points = 0;
	ex.switches = 0;
	ex.choices = 0;
	ex.focused = 0;
	ex.near = 0;
	ex.row = 0;
	ex.stays = 0;
	ex.nr_bad = 0;
	ex.yields = 0;
	ex.spins = 0;
	ex.hash = 0;
	ex.draining = false;
	empty_log();
	irqs_off_by_hand = false;
	start_record();
	start_reads();
	start_trace();
	start_algo(tr.seed, ex.algo, depth);
}

static int run_thread(void *data)
{
	const struct explore_thread **thread = data;

	(*thread)->fn((*thread)->data);
	/* Its last stores can be late, too. */
	explore_call(_RET_IP_, (*thread)->fn);
	ex.task[thread - threads.thread].left = true;
	if (!--threads.nr_running)
		complete(&threads.done);
	return 0;
}

static void end_tasks(int nr)
{
	int i, patience = HANG;

	ex.draining = true;
	for (i = 0; i < ex.nr; i++)
		while ((i < nr ? !READ_ONCE(ex.task[i].task->exit_state) :
				 !ex.task[i].left && can_run(ex.task[i].task))) {
			if (!patience--)
				give_up("a task does not come to rest");
			schedule_timeout_uninterruptible(1);
		}
	ex.on = false;
	explore_nr_stores = 0;
	for (i = 0; i < ex.nr; i++)
		put_task_struct(ex.task[i].task);
}

void explore_threads(struct kunit *test, const struct explore_thread *thread,
		     int nr)
{
	int i;

	KUNIT_ASSERT_LE(test, nr, EXPLORE_TASKS);
	start_schedule();
	init_completion(&threads.done);
	threads.nr_running = nr;
	for (i = 0; i < nr; i++) {
		struct task_struct *p;

		threads.thread[i] = &thread[i];
		p = kthread_create(run_thread, &threads.thread[i], "%s",
				   thread[i].name);
		KUNIT_ASSERT_FALSE(test, IS_ERR(p));
		p->kunit_test = test;
		join(p, thread[i].name);
	}
	start_clock(thread, nr);
	ex.on = true;
	explore_nr_stores = 1;
	for (i = 0; i < nr; i++)
		wake_up_process(ex.task[i].task);
	if (!wait_for_completion_timeout(&threads.done, HANG))
		give_up("hung");
	end_tasks(nr);
}
