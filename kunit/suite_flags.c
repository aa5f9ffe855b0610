// SPDX-License-Identifier: GPL-2.0-only
/*
 * suite_flags - flags of the heaps of all suites
 *
 * A module of its own, because KUnit of some kernels runs a suite before the parameters of its
 * module are parsed.
 */
#include <linux/export.h>
#include <linux/module.h>

#include "suite_flags.h"

unsigned int suite_flags;
EXPORT_SYMBOL_GPL(suite_flags);
module_param_named(flags, suite_flags, uint, 0);
MODULE_PARM_DESC(flags, "added to those of each heap (default 0)");

MODULE_DESCRIPTION("KUnit: flags of the heaps");
MODULE_LICENSE("GPL");
