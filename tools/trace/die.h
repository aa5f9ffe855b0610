/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * die - fatal errors: one line on stderr and exit status 1
 *
 * A file that includes this defines _GNU_SOURCE first, for the name of the program.
 */
#ifndef DIE_H
#define DIE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define warn(...) do {						\
	fprintf(stderr, "%s: ", program_invocation_short_name);	\
	fprintf(stderr, __VA_ARGS__);				\
	fputc('\n', stderr);					\
} while (0)

#define die(...) do {		\
	warn(__VA_ARGS__);	\
	exit(1);		\
} while (0)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Allocate zeroed memory, or die. grow() enlarges @array to at least @want elements; @room is its
 * capacity.
 */
void *grow(void *array, size_t *room, size_t want, size_t size);
void *zeroed(size_t count, size_t size);

#endif
