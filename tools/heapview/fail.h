/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fail - error messages
 *
 * The function that detects an error fills a struct problem. main() prints it and exits; the screen
 * shows it and continues, because a heap may come back. Only a lack of memory exits at once.
 *
 * When a heap is destroyed, its files vanish, also those that are open. Then another heap may get
 * its name at once.
 */
#ifndef HEAPVIEW_FAIL_H
#define HEAPVIEW_FAIL_H

#include <stdbool.h>

/**
 * struct problem - an error
 * @text: what is wrong, for people
 * @vanished: a file vanished while it was read
 */
struct problem {
	char text[1024];
	bool vanished;
};

void set_problem(struct problem *problem, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Always false, for `return fail(...)`. */
#define fail(problem, ...)	(set_problem(problem, __VA_ARGS__), false)

/* What must() does before it exits, or NULL. */
extern void (*fail_leave)(void);

/* Return @memory, or exit when it is NULL. */
void *must(void *memory);

#endif
