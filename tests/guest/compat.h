/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that scenarios run on and cannot be found
 * out there, a line a feature. The file features of the suites says how
 * KUNIT_HAS_* is found out.
 */
#ifndef COMPAT_H
#define COMPAT_H

#include <generated/kunit_has.h>
#include <generated/kunit_lacks.h>

/* Bounded work that is started once the exit has begun is notified of it. */
#define EXIT_NOTIFIES		KUNIT_HAS_EXIT_NOTIFIES
/* Local work wakes up those who poll the ring; or only what it completes does. */
#define LOCAL_WAKES_POLL	KUNIT_HAS_LOCAL_WAKES_POLL
/* A cancellation that finds work running says so when that has ended, too. */
#define CANCEL_RUNNING		KUNIT_HAS_CANCEL_RUNNING
/* The kernel's own codes for a restart do not get out. */
#define RESTART_FIXUP		KUNIT_HAS_RESTART_FIXUP
/* The rules of a task hold for what it does without a ring, too. */
#define BLIND_RESTRICTED	KUNIT_HAS_BLIND_RESTRICTED
/* Exec cancels before it ends the other threads, such as that of SQPOLL. */
#define EXEC_CANCELS_FIRST	KUNIT_HAS_EXEC_CANCELS_FIRST

/* Nodes that a failed xa_store() has left behind are freed with the tctx. */
#define TCTX_XA_DESTROY		KUNIT_HAS_TCTX_XA_DESTROY

/* Fixes that a tree of the user's is without. */
#define WITHOUT_EXIT_PER_LINK	KUNIT_LACKS_EXIT_PER_LINK
#define WITHOUT_CANCEL_LOCAL	KUNIT_LACKS_CANCEL_LOCAL_DIRECTLY

#endif
