/* SPDX-License-Identifier: GPL-2.0-only */
/* Stub: the kernel's comparisons in userspace. */
#ifndef TESTS_LINUX_MINMAX_H
#define TESTS_LINUX_MINMAX_H

#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))

#endif
