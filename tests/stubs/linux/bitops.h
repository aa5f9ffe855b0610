/* SPDX-License-Identifier: GPL-2.0-only */
/* Stub: the kernel's bit searches in userspace. */
#ifndef TESTS_LINUX_BITOPS_H
#define TESTS_LINUX_BITOPS_H

#include <linux/bits.h>

#define __ffs64(word) ((unsigned int)__builtin_ctzll(word))
#define fls64(word) ((word) ? 64 - __builtin_clzll(word) : 0)

#endif
