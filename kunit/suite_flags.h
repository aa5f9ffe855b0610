/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * suite_flags - flags of the heaps of all suites
 */
#ifndef KUNIT_SUITE_FLAGS_H
#define KUNIT_SUITE_FLAGS_H

extern unsigned int suite_flags;

#endif
