/* SPDX-License-Identifier: GPL-2.0-only */
/* Stub: the kernel's words to the compiler in userspace. */
#ifndef TESTS_LINUX_COMPILER_H
#define TESTS_LINUX_COMPILER_H

#include <sys/cdefs.h>		/* has one, too */

#undef __always_inline
#ifdef KEEP_FUNCTIONS		/* count the lines of a function once, not in every inlined copy */
#define __always_inline __attribute__((unused))
#else
#define __always_inline inline __attribute__((always_inline))
#endif
#define noinline __attribute__((noinline))
#define __aligned(bytes) __attribute__((aligned(bytes)))

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))
#define data_race(x) (x)

#endif
