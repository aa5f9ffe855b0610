// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory - allocations that die when there is no memory
 */
#define _GNU_SOURCE
#include <string.h>

#include "die.h"

void *zeroed(size_t count, size_t size)
{
	void *memory = calloc(count ?: 1, size);

	if (!memory)
		die("no memory for %zu times %zu bytes", count, size);
	return memory;
}

void *grow(void *array, size_t *room, size_t want, size_t size)
{
	size_t more = 2 * want;
	char *grown;

	if (want <= *room)
		return array;
	grown = reallocarray(array, more, size);
	if (!grown)
		die("no memory for %zu times %zu bytes", more, size);
	memset(grown + *room * size, 0, (more - *room) * size);
	*room = more;
	return grown;
}
