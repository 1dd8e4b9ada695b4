// SPDX-License-Identifier: GPL-2.0
/*
 * Trials that end badly on purpose, by some seeds: what is said of that is tested by
 * scripts/lib/ends.sh, which builds a kernel with them. Others have none of this.
 */
#include <os.h>

static DEFINE_RAW_SPINLOCK(ends_a);
static DEFINE_RAW_SPINLOCK(ends_b);
static DECLARE_COMPLETION(ends_never);
static int ends_x, ends_y;
static bool ends_raced;

static void ends_a_b(void *unused)
{
	raw_spin_lock(&ends_a);
	raw_spin_lock(&ends_b);
	raw_spin_unlock(&ends_b);
	raw_spin_unlock(&ends_a);
}

static void ends_b_a(void *unused)
{
	raw_spin_lock(&ends_b);
	raw_spin_lock(&ends_a);
	raw_spin_unlock(&ends_a);
	raw_spin_unlock(&ends_b);
}

static void ends_trial_deadlock(struct kunit *test)
{
	explore_each_seed(test)
		explore_run(test, { "one", ends_a_b }, { "other", ends_b_a });
}

/* Who comes second does @bad, if somebody came in between. */
static void ends_race(void *bad)
{
	WRITE_ONCE(ends_x, ends_x + 1);
	if (READ_ONCE(ends_x) == 2 && !READ_ONCE(ends_y))
		((void (*)(void))bad)();
	WRITE_ONCE(ends_y, 1);
}

static void ends_run(struct kunit *test, void (*bad)(void))
{
	explore_each_seed(test) {
		ends_x = 0;
		ends_y = 0;
		explore_run(test, { "one", ends_race, bad },
				  { "other", ends_race, bad });
	}
}

static void ends_spin(void)
{
	while (READ_ONCE(ends_x) < 3)
		cpu_relax();
}

static void ends_trial_livelock(struct kunit *test)
{
	ends_run(test, ends_spin);
}

static void ends_wait(void)
{
	wait_for_completion(&ends_never);
}

static void ends_trial_hang(struct kunit *test)
{
	ends_run(test, ends_wait);
}

static void ends_oops(void)
{
	WRITE_ONCE(*(int *)8, 1);
}

static void ends_trial_oops(struct kunit *test)
{
	ends_run(test, ends_oops);
}

/* without a word */
static void ends_die(void)
{
	os_kill_process(os_getpid(), 0);
}

static void ends_trial_dies(struct kunit *test)
{
	ends_run(test, ends_die);
}

static void ends_count(void *nr)
{
	int i;

	for (i = 0; i < (long)nr; i++)
		WRITE_ONCE(ends_x, READ_ONCE(ends_x) + 1);
}

/* 20000 is more than lists and traces have room for, 1000 more than command lines. */
static void ends_trial_long(struct kunit *test)
{
	explore_each_seed(test) {
		ends_x = 0;
		explore_run(test, { "one", ends_count, (void *)20000 },
				  { "other", ends_count, (void *)20000 });
		KUNIT_EXPECT_EQ(test, ends_x, 40000);
	}
}

static void ends_trial_longish(struct kunit *test)
{
	explore_each_seed(test) {
		ends_x = 0;
		explore_run(test, { "one", ends_count, (void *)1000 },
				  { "other", ends_count, (void *)1000 });
		KUNIT_EXPECT_EQ(test, ends_x, 2000);
	}
}

static void ends_note(void)
{
	ends_raced = true;
}

/* It ends the case at once. */
static void ends_trial_assert(struct kunit *test)
{
	explore_each_seed(test) {
		ends_x = 0;
		ends_y = 0;
		ends_raced = false;
		explore_run(test, { "one", ends_race, ends_note },
				  { "other", ends_race, ends_note });
		KUNIT_ASSERT_FALSE(test, ends_raced);
	}
}

static struct kunit_case ends_trials[] = {
	KUNIT_CASE(ends_trial_deadlock),
	KUNIT_CASE(ends_trial_livelock),
	KUNIT_CASE(ends_trial_hang),
	KUNIT_CASE(ends_trial_oops),
	KUNIT_CASE(ends_trial_dies),
	KUNIT_CASE(ends_trial_long),
	KUNIT_CASE(ends_trial_longish),
	KUNIT_CASE(ends_trial_assert),
	{}
};

static struct kunit_suite ends_trial_suite = {
	.name = "ends-trial",
	.test_cases = ends_trials,
};

kunit_test_suite(ends_trial_suite);
