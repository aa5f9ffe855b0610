/* SPDX-License-Identifier: GPL-2.0-only */
/* Stub: the kernel's comparisons in userspace. */
#ifndef TESTS_LINUX_MINMAX_H
#define TESTS_LINUX_MINMAX_H

#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))

#define min_t(type, a, b) min((type)(a), (type)(b))

#define swap(a, b) do {			\
	__typeof__(a) swapped = (a);	\
					\
	(a) = (b);			\
	(b) = swapped;			\
} while (0)

#endif
