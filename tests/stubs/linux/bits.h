/* SPDX-License-Identifier: GPL-2.0-only */
/* Stub: the kernel's bit masks in userspace. */
#ifndef TESTS_LINUX_BITS_H
#define TESTS_LINUX_BITS_H

#define BIT_ULL(nr) (1ULL << (nr))
#define GENMASK(high, low) ((~0U << (low)) & (~0U >> (31 - (high))))

#endif
