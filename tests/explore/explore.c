// SPDX-License-Identifier: GPL-2.0
/*
 * The explorer: has the tasks of a trial run as if each had a CPU of its own, by a
 * schedule that a seed decides. To be read in this order:
 *
 *	explore.h	what a trial is, and how it runs
 *	hooks.h		how code that is explored comes to call this
 *	points.c	before each access: where another task can be chosen
 *	pick.c		who can run, what the scheduler is told, who waits for locks
 *	focus.c		where to look
 *	algo.c		who is chosen
 *	learn.c		which points are worth it
 *	stores.c	which stores others do not see yet
 *	reads.c		which reads find what memory held before
 *	record.c	what of it is written down, and how it is done again
 *	trace.c		the same, to be read
 *	pairs.c		which reads saw which writes
 *	detect.c	what is wrong
 *	words.c		the command line
 *	trial.c		the loop over the seeds
 *	suite.c		the same loop, for cases of suites
 *	clock.c		timers that fire though somebody could run
 *	scenario.c	the same loop, for processes
 *
 * There is no locking. All runs on one CPU, and what is here cannot be switched away
 * from, but in give_way(). Interrupts come in, and leave it alone.
 */
#include <linux/completion.h>
#include <linux/ctype.h>
#include <linux/explore.h>
#include <linux/delay.h>
#include <linux/hash.h>
#include <linux/hrtimer.h>
#include <linux/kasan.h>
#include <linux/kcsan-checks.h>
#include <linux/kmsg_dump.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/nmi.h>
#include <linux/panic_notifier.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <linux/time-internal.h>
#include <os.h>
#include <generated/kunit_has.h>

#include "../mm/slab.h"
#include "explore.h"
#include "hooks.h"
#include "kunit/explored.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "explore."

#include "state.h"
#include "stores.c"
#include "reads.c"
#include "pick.c"
#include "focus.c"
#include "algo.c"
#include "record.c"
#include "trace.c"
#include "pairs.c"
#include "learn.c"
#include "points.c"
#include "detect.c"
#include "words.c"
#include "trial.c"
#include "suite.c"
#include "clock.c"
#include "scenario.c"
