/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fail - what is wrong, in words
 *
 * What can go wrong is put into a struct problem by who sees it, and told by main(), or by the
 * screen, which goes on: a heap may come back. Only a lack of memory ends the program at once.
 */
#ifndef HEAPVIEW_FAIL_H
#define HEAPVIEW_FAIL_H

#include <stdbool.h>

struct problem {
	char text[1024];
};

void tell(struct problem *problem, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* False always, for `return fail(...)`. */
#define fail(problem, ...)	(tell(problem, __VA_ARGS__), false)

void *must(void *memory);

#endif
