/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fail - error messages
 *
 * The function that detects an error fills a struct problem. main() prints it and exits; the screen
 * shows it and continues, because a heap may come back. Only a lack of memory exits at once.
 */
#ifndef HEAPVIEW_FAIL_H
#define HEAPVIEW_FAIL_H

#include <stdbool.h>

struct problem {
	char text[1024];
};

void set_problem(struct problem *problem, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Always false, for `return fail(...)`. */
#define fail(problem, ...)	(set_problem(problem, __VA_ARGS__), false)

/* Return @memory, or exit when it is NULL. */
void *must(void *memory);

#endif
