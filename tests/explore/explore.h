/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a trial needs. It is a KUnit case in tests/explore/<source>_trial.c, which
 * is included at the end of that source in flavour explore:
 *
 *	static void foo_trial_bar(struct kunit *test)
 *	{
 *		explore_each_seed(test) {
 *			...set up...
 *			explore_run(test, { "pusher", push, &foo },
 *					  { "popper", pop, &foo });
 *			KUNIT_EXPECT_...(what holds in whatever order they ran);
 *			...free...
 *		}
 *	}
 *
 * The threads run together, and so do the io-wq workers that they create, until all
 * of the former have returned. They must not wait for ever: that ends the boot.
 * A thread { "clock", explore_clock, (void *)2L } lets timers fire though others could
 * run, twice at most. Then a time-out does not mean that nobody could.
 * Static stubs of the test are in force in them. A seed that fails ends the case,
 * so leave no trace of one that has not: the next must run as the first did.
 */
#ifndef EXPLORE_H
#define EXPLORE_H

#include <kunit/test.h>

struct explore_thread {
	const char *name;
	void (*fn)(void *data);
	void *data;
};

/* which stores others may see late; see stores.c */
enum explore_memory { EXPLORE_SC, EXPLORE_TSO, EXPLORE_WEAK };

enum explore_memory explore_memory(void);
/* Skips the trial: this kernel has the bug, and no fix yet. But for explore.known=1. */
void explore_known(struct kunit *test, const char *bug);
void explore_first(struct kunit *test);
bool explore_seed(struct kunit *test);
void explore_judge(struct kunit *test);
void explore_clock(void *data);
void explore_threads(struct kunit *test, const struct explore_thread *thread,
		     int nr);

#define explore_each_seed(test)						\
	for (explore_first(test); explore_seed(test); explore_judge(test))

#define explore_run(test, ...) do {					\
	const struct explore_thread threads__[] = { __VA_ARGS__ };	\
									\
	explore_threads(test, threads__, ARRAY_SIZE(threads__));	\
} while (0)

#endif
