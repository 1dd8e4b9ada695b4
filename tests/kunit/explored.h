/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a suite marks a case that is fit to be explored: whose expectations hold whoever
 * runs when, and that has two tasks at least. In flavour explore, with explore=, seeds
 * decide who runs (tests/explore/suite.c). Everywhere else it is a case like any other.
 *
 * The mark is its module, an attribute that KUnit can list: kunit.filter=module=explored.
 */
#ifndef KUNIT_EXPLORED_H
#define KUNIT_EXPLORED_H

#define KUNIT_EXPLORED "explored"

#define KUNIT_CASE_EXPLORED(fn)						\
	{ .run_case = fn, .name = #fn, .module_name = KUNIT_EXPLORED }
#define KUNIT_CASE_EXPLORED_PARAM(fn, gen_params)			\
	{ .run_case = fn, .name = #fn, .generate_params = gen_params,	\
	  .module_name = KUNIT_EXPLORED }

#endif
