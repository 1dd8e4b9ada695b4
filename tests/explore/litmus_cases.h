/* SPDX-License-Identifier: GPL-2.0 */
/* The cases of litmus.c, for the list of the suite that includes it. */
	KUNIT_CASE(tw_trial_litmus_rwlock),
	KUNIT_CASE(tw_trial_litmus_sb),
	KUNIT_CASE(tw_trial_litmus_sb_mb),
	KUNIT_CASE(tw_trial_litmus_mp),
	KUNIT_CASE(tw_trial_litmus_mp_release),
	KUNIT_CASE(tw_trial_litmus_mp_early),
	KUNIT_CASE(tw_trial_litmus_mp_plain),
	KUNIT_CASE(tw_trial_litmus_mp_rmb),
	KUNIT_CASE(tw_trial_litmus_mp_address),
	KUNIT_CASE(tw_trial_litmus_lb),
	KUNIT_CASE(tw_trial_litmus_rcu),
	KUNIT_CASE(tw_trial_litmus_twice),
