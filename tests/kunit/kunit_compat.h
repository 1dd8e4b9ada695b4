/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites need and older kernels don't have.
 */
#ifndef KUNIT_COMPAT_H
#define KUNIT_COMPAT_H

#include <linux/slab.h>

#ifndef kzalloc_obj
#define kzalloc_obj(obj, ...) kzalloc(sizeof(obj), GFP_KERNEL)
#endif

#endif
