/* SPDX-License-Identifier: GPL-2.0 */
/*
 * scripts/lib/place.c includes this at the head of each function that suites stand in for, with
 * KUNIT_STUB as its name and parameters. In a file of its own, so that gcov takes the code of the
 * stub for no code of the function. With #line instead, gcc would lose where the function ends.
 */
#ifndef KUNIT_STUB_REDIRECT
#define KUNIT_STUB_REDIRECT(...) KUNIT_STATIC_STUB_REDIRECT(__VA_ARGS__)
#endif
KUNIT_STUB_REDIRECT(KUNIT_STUB);
#undef KUNIT_STUB
