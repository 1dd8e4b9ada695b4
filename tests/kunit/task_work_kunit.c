// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for task_work, included at the end of kernel/task_work.c
 *
 * A work has a name of one character. Upper case ones are those that the match
 * function here says yes to, and '!' is the work_exited sentinel. Lists are
 * written with the head first, so that "aBc" is a list with one match, B, and c
 * the one that was added first.
 */
#include <kunit/test.h>
#include <linux/ctype.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>
#include "kunit_compat.h"

#define TW_NR 16

struct tw_work {
	struct callback_head cb;
	char name;
};

/* What another CPU does when the match function gets to @at. */
struct tw_race {
	const char *desc;
	const char *queued;
	char at;
	bool run; /* task_work_run() takes the list */
	bool exiting; /* and the task is exiting */
	const char *added;
	/* and what is to come of it */
	const char *seen;
	const char *found;
	const char *left;
	const char *taken;
};

struct tw {
	struct task_struct *task;
	struct tw_work work[TW_NR];
	int nr;
	const struct tw_race *race;
	struct callback_head *taken;
	struct callback_head plain[4]; /* works without a name */
	char last; /* the work that is seen last, if any */
	bool marked;
	char seen[2 * TW_NR + 1];
	int calls, limit;
	bool irqs_on, unlocked, relocked;
	unsigned int irq_event;
	bool irqs_been_on;
};

static char tw_ran[TW_NR + 1];

static void tw_func_ran(struct callback_head *cb)
{
	struct tw_work *work = container_of(cb, struct tw_work, cb);

	tw_ran[strlen(tw_ran)] = work->name;
}

static void tw_func(struct callback_head *cb)
{
}

static struct callback_head *tw_add(struct kunit *test, char name)
{
	struct tw *tw = test->priv;
	struct tw_work *work = &tw->work[tw->nr++];

	KUNIT_ASSERT_LE(test, tw->nr, TW_NR);
	work->name = name;
	init_task_work(&work->cb, tw_func);
	KUNIT_ASSERT_EQ(test, 0, task_work_add(tw->task, &work->cb, TWA_NONE));
	return &work->cb;
}

static void tw_queue(struct kunit *test, const char *names)
{
	int i;

	for (i = strlen(names) - 1; i >= 0; i--)
		tw_add(test, names[i]);
}

static char tw_name(struct callback_head *cb)
{
	return cb == &work_exited ? '!' :
				    container_of(cb, struct tw_work, cb)->name;
}

static void tw_expect(struct kunit *test, const char *what,
		      struct callback_head *cb, const char *names)
{
	char buf[2 * TW_NR + 1] = "";
	int i;

	for (i = 0; cb && i < 2 * TW_NR; i++, cb = cb->next)
		buf[i] = tw_name(cb);
	KUNIT_EXPECT_STREQ_MSG(test, buf, names, "%s", what);
}

/* How often interrupts have been enabled, if that is traced. */
static unsigned int tw_irq_event(void)
{
#ifdef CONFIG_TRACE_IRQFLAGS
	return current->irqtrace.hardirq_enable_event;
#else
	return 0;
#endif
}

/*
 * A lock that is debugged knows who holds it. While the list is walked it is
 * given another CPU, which is gone if it was taken anew in between.
 */
#define TW_CPU 4711

static void tw_check_lock(struct tw *tw, char name)
{
#ifdef CONFIG_DEBUG_SPINLOCK
	raw_spinlock_t *lock = &tw->task->pi_lock;

	if (!raw_spin_is_locked(lock) || lock->owner != current) {
		tw->unlocked = true;
		return;
	}
	if (tw->marked)
		tw->relocked |= lock->owner_cpu != TW_CPU;
	tw->marked = tw->last && name != tw->last;
	lock->owner_cpu = tw->marked ? TW_CPU : raw_smp_processor_id();
#endif
}

static bool tw_match(struct callback_head *cb, void *data)
{
	struct kunit *test = data;
	struct tw *tw = test->priv;
	const struct tw_race *race = tw->race;
	char name = tw_name(cb);

	if (tw->calls < 2 * TW_NR)
		tw->seen[tw->calls] = name;
	if (!tw->calls++)
		tw->irq_event = tw_irq_event();
	tw_check_lock(tw, name);
	tw->irqs_on |= !irqs_disabled();
	tw->irqs_been_on |= tw->irq_event != tw_irq_event();

	if (race && race->at == name) {
		tw->race = NULL;
		if (race->run)
			tw->taken = xchg(&tw->task->task_works,
					 race->exiting ? &work_exited : NULL);
		if (race->added)
			tw_queue(test, race->added);
	}
	/* a walk that doesn't get anywhere has to end */
	return !islower(name) && (!tw->limit || tw->calls < tw->limit);
}

/* task_work_add: the last one added is the head. */
static void task_work_test_add(struct kunit *test)
{
	struct tw *tw = test->priv;

	KUNIT_EXPECT_FALSE(test, task_work_pending(tw->task));
	tw_add(test, 'a');
	KUNIT_EXPECT_TRUE(test, task_work_pending(tw->task));
	tw_add(test, 'b');
	tw_add(test, 'c');
	tw_expect(test, "left", tw->task->task_works, "cba");
}

/* task_work_add: each notify mode sets the flag that it is for, and no other. */
static void task_work_test_add_notify(struct kunit *test)
{
	static const struct {
		enum task_work_notify_mode mode;
		bool resume, signal;
	} modes[] = {
		{ TWA_NONE, false, false },
		{ TWA_RESUME, true, false },
		{ TWA_SIGNAL, false, true },
		{ TWA_SIGNAL_NO_IPI, false, true },
	};
	struct tw *tw = test->priv;
	struct task_struct *task = tw->task;
	struct callback_head *work = tw->plain;
	int i;

	static_assert(ARRAY_SIZE(modes) <= ARRAY_SIZE(((struct tw *)0)->plain));
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		clear_tsk_thread_flag(task, TIF_NOTIFY_RESUME);
		clear_tsk_thread_flag(task, TIF_NOTIFY_SIGNAL);
		init_task_work(&work[i], tw_func);
		KUNIT_EXPECT_EQ(test, 0,
				task_work_add(task, &work[i], modes[i].mode));
		KUNIT_EXPECT_EQ(test, modes[i].resume,
				!!test_tsk_thread_flag(task,
						       TIF_NOTIFY_RESUME));
		KUNIT_EXPECT_EQ(test, modes[i].signal,
				!!test_tsk_thread_flag(task,
						       TIF_NOTIFY_SIGNAL));
	}
}

/* task_work_add: a task past its last task_work_run() takes no more work. */
static void task_work_test_add_exiting(struct kunit *test)
{
	struct tw *tw = test->priv;
	struct callback_head work = {};

	tw->task->task_works = &work_exited;
	init_task_work(&work, tw_func);
	KUNIT_EXPECT_EQ(test, -ESRCH, task_work_add(tw->task, &work, TWA_NONE));
	KUNIT_EXPECT_PTR_EQ(test, work.next, NULL);
	tw_expect(test, "left", tw->task->task_works, "!");
}

/* task_work_run: last in, first out, and the list is empty afterwards. */
static void task_work_test_run(struct kunit *test)
{
	struct tw_work work[3];
	int i;

	memset(tw_ran, 0, sizeof(tw_ran));
	for (i = 0; i < ARRAY_SIZE(work); i++) {
		work[i].name = 'a' + i;
		init_task_work(&work[i].cb, tw_func_ran);
		KUNIT_ASSERT_EQ(test, 0,
				task_work_add(current, &work[i].cb, TWA_NONE));
	}
	task_work_run();
	KUNIT_EXPECT_STREQ(test, tw_ran, "cba");
	KUNIT_EXPECT_FALSE(test, task_work_pending(current));
	task_work_run();
	KUNIT_EXPECT_STREQ(test, tw_ran, "cba");
}

static struct tw_work tw_late = { .name = 'l' };

static void tw_func_add(struct callback_head *cb)
{
	tw_func_ran(cb);
	init_task_work(&tw_late.cb, tw_func_ran);
	if (task_work_add(current, &tw_late.cb, TWA_NONE))
		tw_ran[strlen(tw_ran)] = '!';
}

static int tw_thread_exit(void *data)
{
	struct tw_work *work = data;
	int i;

	for (i = 0; i < 2; i++)
		task_work_add(current, &work[i].cb, TWA_NONE);
	return 0;
}

/* exit_task_work: works that a work adds run as well, then the list is closed. */
static void task_work_test_run_exiting(struct kunit *test)
{
	struct tw_work work[2] = { { .name = 'a' }, { .name = 'b' } };
	struct task_struct *task;

	memset(tw_ran, 0, sizeof(tw_ran));
	init_task_work(&work[0].cb, tw_func_ran);
	init_task_work(&work[1].cb, tw_func_add);
	task = kthread_create(tw_thread_exit, work, "task_work_exit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	get_task_struct(task);
	wake_up_process(task);
	/* runs the thread to its end, if it hasn't got there yet */
	while (READ_ONCE(task->task_works) != &work_exited)
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_STREQ(test, tw_ran, "bal");
	KUNIT_EXPECT_EQ(test, -ESRCH,
			task_work_add(task, &work[0].cb, TWA_NONE));
	put_task_struct(task);
}

/* task_work_cancel_match: takes the first match off, and only that. */
static void task_work_test_cancel_match(struct kunit *test)
{
	struct tw *tw = test->priv;
	struct callback_head *cb;

	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    task_work_cancel_match(tw->task, tw_match, test));
	tw_queue(test, "aBcD");
	cb = task_work_cancel_match(tw->task, tw_match, test);
	KUNIT_ASSERT_NOT_NULL(test, cb);
	KUNIT_EXPECT_EQ(test, tw_name(cb), 'B');
	KUNIT_EXPECT_STREQ(test, tw->seen, "aB");
	KUNIT_EXPECT_FALSE(test, tw->irqs_on);
	tw_expect(test, "left", tw->task->task_works, "acD");
	cb = task_work_cancel_match(tw->task, tw_match, test);
	KUNIT_ASSERT_NOT_NULL(test, cb);
	KUNIT_EXPECT_EQ(test, tw_name(cb), 'D');
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    task_work_cancel_match(tw->task, tw_match, test));
	tw_expect(test, "left", tw->task->task_works, "ac");
}

/* task_work_cancel_match: a push before a matching head doesn't save it. */
static void task_work_test_cancel_match_push(struct kunit *test)
{
	static const struct tw_race race = { .at = 'A', .added = "x" };
	struct tw *tw = test->priv;
	struct callback_head *cb;

	tw_queue(test, "Ab");
	tw->race = &race;
	cb = task_work_cancel_match(tw->task, tw_match, test);
	KUNIT_ASSERT_NOT_NULL(test, cb);
	KUNIT_EXPECT_EQ(test, tw_name(cb), 'A');
	KUNIT_EXPECT_STREQ(test, tw->seen, "AxA");
	tw_expect(test, "left", tw->task->task_works, "xb");
}

/* task_work_cancel_func: of the works with that function, the last one added. */
static void task_work_test_cancel_func(struct kunit *test)
{
	struct tw *tw = test->priv;
	struct callback_head *cb;

	tw_queue(test, "abcd");
	container_of(tw->task->task_works->next, struct tw_work, cb)->cb.func =
		tw_func_ran;
	tw->work[0].cb.func = tw_func_ran;
	cb = task_work_cancel_func(tw->task, tw_func_ran);
	KUNIT_ASSERT_NOT_NULL(test, cb);
	KUNIT_EXPECT_EQ(test, tw_name(cb), 'b');
	tw_expect(test, "left", tw->task->task_works, "acd");
	cb = task_work_cancel_func(tw->task, tw_func_ran);
	KUNIT_ASSERT_NOT_NULL(test, cb);
	KUNIT_EXPECT_EQ(test, tw_name(cb), 'd');
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    task_work_cancel_func(tw->task, tw_func_ran));
	tw_expect(test, "left", tw->task->task_works, "ac");
}

/* task_work_cancel: that callback and no other, and says whether it was there. */
static void task_work_test_cancel(struct kunit *test)
{
	struct tw *tw = test->priv;
	struct callback_head *cb;

	tw_add(test, 'a');
	cb = tw_add(test, 'b');
	tw_add(test, 'c');
	KUNIT_EXPECT_TRUE(test, task_work_cancel(tw->task, cb));
	tw_expect(test, "left", tw->task->task_works, "ca");
	KUNIT_EXPECT_FALSE(test, task_work_cancel(tw->task, cb));
	tw_expect(test, "left", tw->task->task_works, "ca");
}

static const struct tw_race tw_shapes[] = {
	{ "empty", "", .seen = "", .found = "", .left = "" },
	{ "none", "abc", .seen = "abc", .found = "", .left = "abc" },
	{ "one", "A", .seen = "A", .found = "A", .left = "" },
	{ "all", "ABCD", .seen = "ABCD", .found = "ABCD", .left = "" },
	{ "head", "Abc", .seen = "Abc", .found = "A", .left = "bc" },
	{ "two at the head", "ABc", .seen = "ABc", .found = "AB", .left = "c" },
	{ "middle", "aBc", .seen = "aBc", .found = "B", .left = "ac" },
	{ "tail", "abC", .seen = "abC", .found = "C", .left = "ab" },
	{ "interleaved", "AbCdEf", .seen = "AbCdEf", .found = "ACE",
	  .left = "bdf" },
	{ "interleaved, head stays", "aBcDeF", .seen = "aBcDeF", .found = "BDF",
	  .left = "ace" },
	{ "runs", "abCDefGH", .seen = "abCDefGH", .found = "CDGH",
	  .left = "abef" },
};

static const struct tw_race tw_races[] = {
	{ "match added before a matching head", "Ab", 'A', .added = "X",
	  .seen = "AXAb", .found = "XA", .left = "b" },
	{ "other added before a matching head", "Ab", 'A', .added = "x",
	  .seen = "AxAb", .found = "A", .left = "xb" },
	{ "several added before a matching head", "Ab", 'A', .added = "XyZ",
	  .seen = "AXyZAb", .found = "XZA", .left = "yb" },
	{ "match added before the last one", "A", 'A', .added = "X",
	  .seen = "AXA", .found = "XA", .left = "" },
	{ "other added before the second head", "ABc", 'B', .added = "x",
	  .seen = "ABxBc", .found = "AB", .left = "xc" },
	{ "match added before a head that stays", "aB", 'a', .added = "X",
	  .seen = "aB", .found = "B", .left = "Xa" },
	{ "match added behind the walk", "abC", 'b', .added = "X",
	  .seen = "abC", .found = "C", .left = "Xab" },
	{ "match added behind the walk, after a removal", "aBC", 'C',
	  .added = "X", .seen = "aBC", .found = "BC", .left = "Xa" },
	{ "match added at the tail", "ab", 'b', .added = "X", .seen = "ab",
	  .found = "", .left = "Xab" },
	{ "list taken at a matching head", "AbC", 'A', .run = true, .seen = "A",
	  .found = "", .left = "", .taken = "AbC" },
	{ "list taken at a matching head, then added", "AbC", 'A', .run = true,
	  .added = "Xy", .seen = "AXy", .found = "X", .left = "y",
	  .taken = "AbC" },
	{ "list taken past the head", "aBcD", 'B', .run = true, .seen = "aBcD",
	  .found = "BD", .left = "", .taken = "ac" },
	{ "list taken past the head, then added", "aBc", 'B', .run = true,
	  .added = "X", .seen = "aBc", .found = "B", .left = "X",
	  .taken = "ac" },
	{ "list taken and closed at a matching head", "Ab", 'A', .run = true,
	  .exiting = true, .seen = "A", .found = "", .left = "!",
	  .taken = "Ab" },
};

KUNIT_ARRAY_PARAM_DESC(tw_shapes, tw_shapes, desc);
KUNIT_ARRAY_PARAM_DESC(tw_races, tw_races, desc);

static void tw_check_match_all(struct kunit *test)
{
	const struct tw_race *race = test->param_value;
	struct tw *tw = test->priv;
	struct callback_head *found;

	tw_queue(test, race->queued);
	tw->race = race->at ? race : NULL;
	tw->limit = 4 * TW_NR;
	if (*race->seen)
		tw->last = race->seen[strlen(race->seen) - 1];
	found = task_work_cancel_match_all(tw->task, tw_match, test);
	KUNIT_EXPECT_STREQ(test, tw->seen, race->seen);
	tw_expect(test, "found", found, race->found);
	tw_expect(test, "left", tw->task->task_works, race->left);
	tw_expect(test, "taken", tw->taken, race->taken ?: "");
	KUNIT_EXPECT_FALSE(test, tw->irqs_on);
	KUNIT_EXPECT_FALSE(test, tw->irqs_been_on);
	KUNIT_EXPECT_FALSE(test, tw->unlocked);
	KUNIT_EXPECT_FALSE(test, tw->relocked);
	KUNIT_EXPECT_FALSE(test, irqs_disabled());
}

/* cancel-create-once: all matches, in order, and one call for each work. */
static void task_work_test_match_all(struct kunit *test)
{
	tw_check_match_all(test);
}

/* cancel-create-once: adders and task_work_run() take no lock, mid-walk. */
static void task_work_test_match_all_race(struct kunit *test)
{
	tw_check_match_all(test);
}

/* cancel-create-once: a match function that likes the sentinel never sees it. */
static void task_work_test_match_all_sentinel(struct kunit *test)
{
	struct tw *tw = test->priv;

	tw->task->task_works = &work_exited;
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    task_work_cancel_match_all(tw->task, tw_match,
						       test));
	KUNIT_EXPECT_STREQ(test, tw->seen, "");
	KUNIT_EXPECT_PTR_EQ(test, tw->task->task_works, &work_exited);
	KUNIT_EXPECT_PTR_EQ(test, work_exited.next, NULL);
}

/* cancel-create-once: a second walk finds what came behind the first. */
static void task_work_test_match_all_again(struct kunit *test)
{
	static const struct tw_race race = { .at = 'b', .added = "X" };
	struct tw *tw = test->priv;
	struct callback_head *found;

	tw_queue(test, "AbC");
	tw->race = &race;
	found = task_work_cancel_match_all(tw->task, tw_match, test);
	tw_expect(test, "found", found, "AC");
	found = task_work_cancel_match_all(tw->task, tw_match, test);
	tw_expect(test, "found", found, "X");
	found = task_work_cancel_match_all(tw->task, tw_match, test);
	tw_expect(test, "found", found, "");
	KUNIT_EXPECT_STREQ(test, tw->seen, "AbCXbb");
}

/* cancel-create-once: interrupts are left as they were found. */
static void task_work_test_match_all_irqs(struct kunit *test)
{
	struct tw *tw = test->priv;
	struct callback_head *found;
	unsigned long flags;
	bool off;

	tw_queue(test, "aB");
	local_irq_save(flags);
	found = task_work_cancel_match_all(tw->task, tw_match, test);
	off = irqs_disabled();
	local_irq_restore(flags);
	KUNIT_EXPECT_TRUE(test, off);
	KUNIT_EXPECT_FALSE(test, tw->irqs_on);
	tw_expect(test, "found", found, "B");
}

/* cancel-create-once: an empty list isn't locked (SMP or lock debugging tell). */
static void task_work_test_match_all_empty(struct kunit *test)
{
	struct tw *tw = test->priv;
	struct callback_head *found;
	unsigned long flags;

	raw_spin_lock_irqsave(&tw->task->pi_lock, flags);
	found = task_work_cancel_match_all(tw->task, tw_match, test);
	raw_spin_unlock_irqrestore(&tw->task->pi_lock, flags);
	KUNIT_EXPECT_PTR_EQ(test, found, NULL);
	KUNIT_EXPECT_EQ(test, tw->calls, 0);
}

#define TW_COST_N 1000
#define TW_COST_K 100

static void tw_queue_cost(struct kunit *test, struct tw_work *work)
{
	struct tw *tw = test->priv;
	int i;

	/* the matches at the tail */
	for (i = 0; i < TW_COST_K + TW_COST_N; i++) {
		work[i].name = i < TW_COST_K ? 'M' : 'u';
		init_task_work(&work[i].cb, tw_func);
		task_work_add(tw->task, &work[i].cb, TWA_NONE);
	}
	tw->calls = 0;
}

/* cancel-create-once: N + k calls of match and N more, not k(N + 1) + N. */
static void task_work_test_match_all_cost(struct kunit *test)
{
	const int n = TW_COST_N, k = TW_COST_K;
	struct tw *tw = test->priv;
	struct callback_head *cb;
	struct tw_work *work;
	int found = 0;

	work = kunit_kcalloc(test, n + k, sizeof(*work), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, work);

	tw_queue_cost(test, work);
	while (task_work_cancel_match(tw->task, tw_match, test))
		found++;
	KUNIT_EXPECT_EQ(test, found, k);
	KUNIT_EXPECT_EQ(test, tw->calls, k * (n + 1) + n);

	tw->task->task_works = NULL;
	tw_queue_cost(test, work);
	cb = task_work_cancel_match_all(tw->task, tw_match, test);
	for (found = 0; cb; cb = cb->next)
		found++;
	KUNIT_EXPECT_EQ(test, found, k);
	KUNIT_EXPECT_EQ(test, tw->calls, n + k);
	cb = task_work_cancel_match_all(tw->task, tw_match, test);
	KUNIT_EXPECT_PTR_EQ(test, cb, NULL);
	KUNIT_EXPECT_EQ(test, tw->calls, n + k + n);
}

/* task_work_add: from an NMI, to the task that it came upon. */
static void task_work_test_add_nmi(struct kunit *test)
{
	struct tw_work work = { .name = 'a' };

	memset(tw_ran, 0, sizeof(tw_ran));
	init_task_work(&work.cb, tw_func_ran);
	clear_thread_flag(TIF_NOTIFY_RESUME);
	KUNIT_EXPECT_EQ(test, 0,
			task_work_add(current, &work.cb, TWA_NMI_CURRENT));
	KUNIT_EXPECT_TRUE(test, test_thread_flag(TIF_NOTIFY_RESUME));
	irq_work_sync(this_cpu_ptr(&irq_work_NMI_resume));
	task_work_run();
	KUNIT_EXPECT_STREQ(test, tw_ran, "a");
}

/*
 * task_work_add: not to others from an NMI; without a known mode, not told.
 * That is said once, and is so each time.
 */
static void task_work_test_add_wrong(struct kunit *test)
{
	struct tw *tw = test->priv;
	int i;

	for (i = 0; i < 2; i++) {
		tw->work[i].name = 'a' + i;
		init_task_work(&tw->work[i].cb, tw_func);
	}
	kunit_warning_suppress(test) {
		for (i = 0; i < 2; i++)
			KUNIT_EXPECT_EQ(test, -EINVAL,
					task_work_add(tw->task, &tw->work[i].cb,
						      TWA_NMI_CURRENT));
		tw_expect(test, "left", tw->task->task_works, "");
		for (i = 0; i < 2; i++)
			KUNIT_EXPECT_EQ(test, 0,
					task_work_add(tw->task, &tw->work[i].cb,
						      -1));
		tw_expect(test, "left", tw->task->task_works, "ba");
	}
}

/* task_work_cancel, task_work_cancel_func: of a list that isn't there, nothing. */
static void task_work_test_cancel_none(struct kunit *test)
{
	typeof(&task_work_cancel_func) cancel_func = task_work_cancel_func;
	typeof(&task_work_cancel) cancel = task_work_cancel;
	struct tw *tw = test->priv;
	struct callback_head *cb;

	/* as their callers in other files see them, not inlined */
	OPTIMIZER_HIDE_VAR(cancel_func);
	OPTIMIZER_HIDE_VAR(cancel);
	KUNIT_EXPECT_PTR_EQ(test, NULL, cancel_func(tw->task, tw_func));
	KUNIT_EXPECT_FALSE(test, cancel(tw->task, &tw->work[0].cb));
	cb = tw_add(test, 'a');
	KUNIT_EXPECT_PTR_EQ(test, NULL, cancel_func(tw->task, tw_func_ran));
	KUNIT_EXPECT_FALSE(test, cancel(tw->task, cb + 1));
	tw_expect(test, "left", tw->task->task_works, "a");
	KUNIT_EXPECT_TRUE(test, cancel(tw->task, cb));
	tw_add(test, 'b');
	KUNIT_EXPECT_PTR_EQ(test, &tw->work[1].cb,
			    cancel_func(tw->task, tw_func));
	tw_expect(test, "left", tw->task->task_works, "");
}

static int tw_thread(void *data)
{
	return 0;
}

static int task_work_test_init(struct kunit *test)
{
	struct tw *tw;

	tw = kunit_kzalloc(test, sizeof(*tw), GFP_KERNEL);
	if (!tw)
		return -ENOMEM;
	/* never woken, so that nobody else touches its ->task_works */
	tw->task = kthread_create(tw_thread, NULL, "task_work_kunit");
	if (IS_ERR(tw->task))
		return PTR_ERR(tw->task);
	test->priv = tw;
	kunit_skip_lacking(test);
	return 0;
}

static void task_work_test_exit(struct kunit *test)
{
	struct tw *tw = test->priv;

	if (!tw)
		return;
	tw->task->task_works = NULL;
	kthread_stop(tw->task);
}

static struct kunit_case task_work_test_cases[] = {
	KUNIT_CASE(task_work_test_add),
	KUNIT_CASE(task_work_test_add_notify),
	KUNIT_CASE(task_work_test_add_exiting),
	KUNIT_CASE(task_work_test_run),
	KUNIT_CASE_EXPLORED(task_work_test_run_exiting),
	KUNIT_CASE(task_work_test_cancel_match),
	KUNIT_CASE(task_work_test_cancel_match_push),
	KUNIT_CASE(task_work_test_cancel_func),
	KUNIT_CASE(task_work_test_cancel),
	KUNIT_CASE_PARAM(task_work_test_match_all, tw_shapes_gen_params),
	KUNIT_CASE_PARAM(task_work_test_match_all_race, tw_races_gen_params),
	KUNIT_CASE(task_work_test_match_all_sentinel),
	KUNIT_CASE(task_work_test_match_all_again),
	KUNIT_CASE(task_work_test_match_all_irqs),
	KUNIT_CASE(task_work_test_match_all_empty),
	KUNIT_CASE(task_work_test_match_all_cost),
	KUNIT_CASE(task_work_test_add_nmi),
	KUNIT_CASE(task_work_test_add_wrong),
	KUNIT_CASE(task_work_test_cancel_none),
	{}
};

static struct kunit_suite task_work_test_suite = {
	.name = "task_work",
	.init = task_work_test_init,
	.exit = task_work_test_exit,
	.test_cases = task_work_test_cases,
};

kunit_test_suite(task_work_test_suite);
