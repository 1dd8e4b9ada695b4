/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that the suites are built into.
 */
#ifndef KUNIT_COMPAT_H
#define KUNIT_COMPAT_H

#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/version.h>

#ifndef kzalloc_obj
#define kzalloc_obj(obj, ...) kzalloc(sizeof(obj), GFP_KERNEL)
#endif

/* What the fix cancel-create-once replaces: a walk for each match. */
#ifdef KUNIT_NO_MATCH_ALL
static struct callback_head *
task_work_cancel_match_all(struct task_struct *task,
			   bool (*match)(struct callback_head *, void *data),
			   void *data)
{
	struct callback_head *found = NULL, **tail = &found;

	while ((*tail = task_work_cancel_match(task, match, data)))
		tail = &(*tail)->next;
	return found;
}
#endif

/* 6.12 and 7.3 are known; the line is where io-wq has workers per acct. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)

/* The caller of io_wq_create() says what to do with the work. */
#define IO_WQ_DATA_FNS				\
	.do_work = io_wq_submit_work,		\
	.put_work = io_wq_put_work,		\
	.free_work = io_wq_free_work,

/* A worker is unbound unless it has a flag set, and on a list of its io_wq. */
#define io_worker_set_acct(worker, acct)	((void)(acct))
#define io_wq_all_list(wq)			(&(wq)->all_list)
#define io_init_new_worker(wq, acct, worker, tsk) \
	io_init_new_worker(wq, worker, tsk)

#define io_wq_set_exit_on_idle(wq, enable) \
	kunit_skip(current->kunit_test, "workers don't exit on idle here")

#else

#define IO_WQ_DATA_FNS
#define io_worker_set_acct(worker, to)		((worker)->acct = (to))
#define io_wq_all_list(wq)			(&io_get_acct(wq, false)->all_list)

#endif

#endif
