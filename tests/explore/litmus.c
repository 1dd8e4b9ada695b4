// SPDX-License-Identifier: GPL-2.0
/*
 * Litmus tests of the explorer itself, included by tw_trial.c: what each model of
 * memory allows must be seen sooner or later, and what it forbids never. Without
 * them, nothing found could mean that nothing was looked for.
 */
#include "explore.h"

#define LITMUS_SEEDS 3000	/* some four in a thousand are odd */

static int litmus_x, litmus_y, litmus_seen[2];
static int litmus_first, litmus_second, *litmus_p;

static void litmus_store_load(int *store, int *look, int *seen, bool barrier)
{
	WRITE_ONCE(*store, 1);
	if (barrier)
		smp_mb(); /* with the one of the other thread */
	WRITE_ONCE(*seen, READ_ONCE(*look));
}

static void litmus_sb_one(void *barrier)
{
	litmus_store_load(&litmus_x, &litmus_y, &litmus_seen[0], barrier);
}

static void litmus_sb_other(void *barrier)
{
	litmus_store_load(&litmus_y, &litmus_x, &litmus_seen[1], barrier);
}

static void litmus_mp_writer(void *release)
{
	WRITE_ONCE(litmus_x, 1);
	if (release)
		smp_store_release(&litmus_y, 1); /* with the reader's acquire */
	else
		WRITE_ONCE(litmus_y, 1);
}

static void litmus_mp_reader(void *release)
{
	/* with the writer's release */
	WRITE_ONCE(litmus_seen[0], smp_load_acquire(&litmus_y));
	WRITE_ONCE(litmus_seen[1], READ_ONCE(litmus_x));
}

static void litmus_mp_unordered_reader(void *rmb)
{
	WRITE_ONCE(litmus_seen[0], READ_ONCE(litmus_y));
	if (rmb)
		smp_rmb(); /* with the writer's release */
	WRITE_ONCE(litmus_seen[1], READ_ONCE(litmus_x));
}

static void litmus_mp_plain_reader(void *unused)
{
	WRITE_ONCE(litmus_seen[0], READ_ONCE(litmus_y));
	WRITE_ONCE(litmus_seen[1], litmus_x);
}

static void litmus_releaser(void *unused)
{
	litmus_mp_writer((void *)1L);
}

static void litmus_lb_one(void *unused)
{
	WRITE_ONCE(litmus_seen[0], READ_ONCE(litmus_x));
	WRITE_ONCE(litmus_y, 1);
}

static void litmus_lb_other(void *unused)
{
	WRITE_ONCE(litmus_seen[1], READ_ONCE(litmus_y));
	WRITE_ONCE(litmus_x, 1);
}

static void litmus_publisher(void *unused)
{
	WRITE_ONCE(litmus_second, 1);
	smp_store_release(&litmus_p, &litmus_second); /* with the dependency */
}

static void litmus_follower(void *unused)
{
	int *p = READ_ONCE(litmus_p);

	WRITE_ONCE(litmus_seen[0], p == &litmus_second);
	WRITE_ONCE(litmus_seen[1], READ_ONCE(*p));
}

/* A reader whose store is late, and a writer who waits for it. */
static void litmus_rcu_reader(void *unused)
{
	rcu_read_lock();
	WRITE_ONCE(litmus_x, 1);
	WRITE_ONCE(litmus_seen[0], READ_ONCE(litmus_y));
	rcu_read_unlock();
}

static void litmus_rcu_writer(void *unused)
{
	WRITE_ONCE(litmus_y, 1);
	synchronize_rcu();
	WRITE_ONCE(litmus_seen[1], READ_ONCE(litmus_x));
}

static void litmus_twice(void *unused)
{
	WRITE_ONCE(litmus_seen[0], READ_ONCE(litmus_x));
	WRITE_ONCE(litmus_seen[1], READ_ONCE(litmus_x));
}

static int litmus_both_seen(void)
{
	return litmus_seen[0] && litmus_seen[1];
}

static int litmus_flag_seen(void)
{
	return litmus_seen[0] == 1 && !litmus_seen[1];
}

static int litmus_none_seen(void)
{
	return !litmus_seen[0] && !litmus_seen[1];
}

static void litmus(struct kunit *test, void (*one)(void *),
		   void (*other)(void *), bool ordered, int (*odd)(void),
		   enum explore_memory from)
{
	void *data = (void *)(long)ordered;
	bool allowed = !ordered && explore_memory() >= from;
	int nr = 0, nr_odd = 0;

	explore_each_seed(test) {
		litmus_x = 0;
		litmus_y = 0;
		litmus_second = 0;
		litmus_p = &litmus_first;
		memset(litmus_seen, 0, sizeof(litmus_seen));
		explore_run(test, { "one", one, data }, { "other", other, data });
		nr++;
		nr_odd += odd();
		if (!allowed)
			KUNIT_EXPECT_FALSE(test, odd());
	}
	if (allowed && nr >= LITMUS_SEEDS)
		KUNIT_EXPECT_GT(test, nr_odd, 0);
	kunit_info(test, "%d of %d", nr_odd, nr);
}

static DEFINE_RWLOCK(litmus_rwlock);
static DEFINE_RAW_SPINLOCK(litmus_lock);

static void litmus_writer(void *unused)
{
	write_lock(&litmus_rwlock);
	raw_spin_lock(&litmus_lock);
	WRITE_ONCE(litmus_x, READ_ONCE(litmus_x) + 1);
	raw_spin_unlock(&litmus_lock);
	write_unlock(&litmus_rwlock);
}

static void litmus_holder(void *unused)
{
	raw_spin_lock(&litmus_lock);
	WRITE_ONCE(litmus_y, 1);
	raw_spin_unlock(&litmus_lock);
}

/* Who has an rwlock may have to wait for a spinlock. Then the next one waits as well. */
static void tw_trial_litmus_rwlock(struct kunit *test)
{
	explore_each_seed(test) {
		litmus_x = 0;
		explore_run(test, { "holder", litmus_holder },
				  { "writer", litmus_writer },
				  { "other", litmus_writer });
		KUNIT_EXPECT_EQ(test, litmus_x, 2);
	}
}

/* Store buffering: neither sees the store of the other, but with full barriers. */
static void tw_trial_litmus_sb(struct kunit *test)
{
	litmus(test, litmus_sb_one, litmus_sb_other, false, litmus_none_seen,
	       EXPLORE_TSO);
}

static void tw_trial_litmus_sb_mb(struct kunit *test)
{
	litmus(test, litmus_sb_one, litmus_sb_other, true, litmus_none_seen,
	       EXPLORE_TSO);
}

/* Message passing: the flag is seen and the message is not, but with a release. */
static void tw_trial_litmus_mp(struct kunit *test)
{
	litmus(test, litmus_mp_writer, litmus_mp_reader, false, litmus_flag_seen,
	       EXPLORE_WEAK);
}

static void tw_trial_litmus_mp_release(struct kunit *test)
{
	litmus(test, litmus_mp_writer, litmus_mp_reader, true, litmus_flag_seen,
	       EXPLORE_WEAK);
}

/* The same, where it is the reader who may have read the message before. */
static void tw_trial_litmus_mp_early(struct kunit *test)
{
	litmus(test, litmus_releaser, litmus_mp_unordered_reader, false,
	       litmus_flag_seen, EXPLORE_WEAK);
}

static void tw_trial_litmus_mp_plain(struct kunit *test)
{
	litmus(test, litmus_releaser, litmus_mp_plain_reader, false,
	       litmus_flag_seen, EXPLORE_WEAK);
}

static void tw_trial_litmus_mp_rmb(struct kunit *test)
{
	litmus(test, litmus_releaser, litmus_mp_unordered_reader, true,
	       litmus_flag_seen, EXPLORE_WEAK);
}

/* The message is found by the pointer that was read: never the old one. */
static void tw_trial_litmus_mp_address(struct kunit *test)
{
	litmus(test, litmus_publisher, litmus_follower, true, litmus_flag_seen,
	       EXPLORE_WEAK);
}

/*
 * Load buffering: each sees the store that the other does after its read. The kernel's
 * memory model allows that; here a store comes after all reads before it.
 */
static void tw_trial_litmus_lb(struct kunit *test)
{
	litmus(test, litmus_lb_one, litmus_lb_other, true, litmus_both_seen,
	       EXPLORE_WEAK);
}

/* Either the grace period comes after the reader, or the reader after what is before it. */
static void tw_trial_litmus_rcu(struct kunit *test)
{
	litmus(test, litmus_rcu_reader, litmus_rcu_writer, true, litmus_none_seen,
	       EXPLORE_TSO);
}

/* Coherence: who has seen a store, never again finds what was there before. */
static void tw_trial_litmus_twice(struct kunit *test)
{
	litmus(test, litmus_lb_other, litmus_twice, true, litmus_flag_seen,
	       EXPLORE_WEAK);
}
