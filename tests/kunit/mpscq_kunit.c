// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for io_uring/mpscq.h, included at the end of tw_kunit.c
 *
 * Nodes are letters. A script says what is done to a queue, a letter a step:
 *
 *	a	push of a, by a producer that isn't held up
 *	A	half a push of a, its producer is held up before it links the node
 *	!A	and now it goes on
 *	-	pop
 *
 * and what happens, in a letter each as well:
 *
 *	+ *	pushed; * if the queue was empty before
 *	a A	popped; A if the queue is empty now
 *	0	nothing to pop, the queue is empty
 *	?	nothing to pop yet, it isn't empty
 */
#include <kunit/test.h>
#include <linux/ctype.h>
#include <linux/kthread.h>
#include "mpscq.h"

#define MPSCQ_NR 8
#define MPSCQ_PRODUCERS 4
#define MPSCQ_PUSHES 200

struct mpscq_script {
	const char *desc;
	const char *steps;
	const char *want;
};

static const struct mpscq_script mpscq_scripts[] = {
	{ "nothing in it", "--", "00" },
	{ "first in, first out", "abc----", "*++abC0" },
	{ "one at a time", "a-a-b-", "*A*A*B" },
	{ "pushed while it is popped", "ab-c--d--", "*+a+bC*D0" },
	{ "held up in an empty queue", "A--!A--", "*??+A0" },
	{ "held up behind another one", "aB--!B--", "*+??+aB" },
	{ "held up before others", "aBcd--!B----", "*+++??+abcD" },
	{ "two held up, the first links first", "ABc-!A--!B--",
	  "*++?+??+ab" },
	{ "two held up, the second links first", "ABc-!B-!A---",
	  "*++?+?+abC" },
	{ "held up when the last one is popped", "ab-C--!C--",
	  "*+a+??+bC" },
	{ "held up behind the stub, again", "a-B-!B-c-", "*A*?+B*C" },
	{ "popped up to one that is held up", "abC--!C--", "*++a?+bC" },
};

KUNIT_ARRAY_PARAM_DESC(mpscq_scripts, mpscq_scripts, desc);

/* mpscq: in order, each node once, and none that isn't linked. */
static void mpscq_test_script(struct kunit *test)
{
	const struct mpscq_script *script = test->param_value;
	struct llist_node node[MPSCQ_NR], *prev[MPSCQ_NR], *head, *popped;
	char got[32] = "", *p = got;
	const char *step;
	struct mpscq q;
	int i;

	/* what a node was before doesn't matter */
	memset(node, 0xff, sizeof(node));
	mpscq_init(&q, &head);
	KUNIT_EXPECT_TRUE(test, mpscq_empty(&q));
	for (step = script->steps; *step; step++) {
		if (*step == '!') {
			i = *++step - 'A';
			WRITE_ONCE(prev[i]->next, &node[i]);
			*p++ = '+';
		} else if (isupper(*step)) {
			i = *step - 'A';
			node[i].next = NULL;
			prev[i] = xchg(&q.tail, &node[i]);
			*p++ = prev[i] == &q.stub ? '*' : '+';
			KUNIT_EXPECT_FALSE(test, mpscq_empty(&q));
		} else if (islower(*step)) {
			i = *step - 'a';
			*p++ = mpscq_push(&q, &node[i]) ? '*' : '+';
			KUNIT_EXPECT_FALSE(test, mpscq_empty(&q));
		} else {
			popped = mpscq_pop(&q, &head);
			if (!popped) {
				*p++ = mpscq_empty(&q) ? '0' : '?';
				continue;
			}
			i = popped - node;
			*p++ = (mpscq_pop_emptied(&q, head) ? 'A' : 'a') + i;
			/* its owner may reuse it now */
			memset(popped, 0xff, sizeof(*popped));
		}
	}
	KUNIT_EXPECT_STREQ(test, got, script->want);
}

struct mpscq_producer {
	struct mpscq *q;
	struct llist_node node[MPSCQ_PUSHES];
	struct completion done;
	int step, popped, firsts;
};

static int mpscq_produce(void *data)
{
	struct mpscq_producer *producer = data;
	int i;

	for (i = 0; i < MPSCQ_PUSHES; i++) {
		producer->firsts += mpscq_push(producer->q, &producer->node[i]);
		/* in turn, but not in step */
		if (i % producer->step == 0)
			schedule();
		if (i % 50 == 49)
			schedule_timeout_uninterruptible(1);
	}
	complete(&producer->done);
	return 0;
}

/* mpscq: nothing is lost, each producer's nodes are in its order. */
static void mpscq_test_producers(struct kunit *test)
{
	struct mpscq_producer *producer[MPSCQ_PRODUCERS], *from;
	int i, at, left = MPSCQ_PRODUCERS * MPSCQ_PUSHES;
	int waits = 0, emptied = 0, firsts = 0;
	struct llist_node *head, *node;
	struct task_struct *tsk;
	struct mpscq q;

	mpscq_init(&q, &head);
	for (i = 0; i < MPSCQ_PRODUCERS; i++) {
		producer[i] = kunit_kzalloc(test, sizeof(*producer[i]),
					    GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, producer[i]);
		producer[i]->q = &q;
		producer[i]->step = i + 2;
		init_completion(&producer[i]->done);
	}
	for (i = 0; i < MPSCQ_PRODUCERS; i++) {
		tsk = kthread_run(mpscq_produce, producer[i], "mpscq_kunit");
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, tsk);
	}
	while (left && waits < 20 * HZ) {
		node = mpscq_pop(&q, &head);
		if (!node) {
			schedule_timeout_uninterruptible(1);
			waits++;
			continue;
		}
		left--;
		emptied += mpscq_pop_emptied(&q, head);
		for (i = 0; i < MPSCQ_PRODUCERS; i++) {
			from = producer[i];
			at = node - from->node;
			if (node < from->node || at >= MPSCQ_PUSHES)
				continue;
			KUNIT_EXPECT_EQ(test, at, from->popped);
			from->popped++;
		}
		/* let some of them pile up */
		if (left % 7 == 0)
			schedule();
	}
	for (i = 0; i < MPSCQ_PRODUCERS; i++) {
		wait_for_completion(&producer[i]->done);
		KUNIT_EXPECT_EQ(test, producer[i]->popped, MPSCQ_PUSHES);
		firsts += producer[i]->firsts;
	}
	KUNIT_EXPECT_TRUE(test, mpscq_empty(&q));
	KUNIT_EXPECT_PTR_EQ(test, mpscq_pop(&q, &head), NULL);
	/* whoever finds it empty can rely on somebody to have emptied it */
	KUNIT_EXPECT_EQ(test, firsts, emptied);
}

static struct kunit_case mpscq_test_cases[] = {
	KUNIT_CASE_PARAM(mpscq_test_script, mpscq_scripts_gen_params),
	KUNIT_CASE_EXPLORED(mpscq_test_producers),
	{}
};

static struct kunit_suite mpscq_test_suite = {
	.name = "mpscq",
	.test_cases = mpscq_test_cases,
};

kunit_test_suite(mpscq_test_suite);
