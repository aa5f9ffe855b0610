/* SPDX-License-Identifier: GPL-2.0-only */
/* Stub: a warning ends a program in userspace. */
#ifndef TESTS_LINUX_BUG_H
#define TESTS_LINUX_BUG_H

#include <stdio.h>
#include <stdlib.h>

#define WARN(condition, ...) do {			\
	if (condition) {				\
		fprintf(stderr, __VA_ARGS__);		\
		abort();				\
	}						\
} while (0)

#endif
