// SPDX-License-Identifier: GPL-2.0-only
/*
 * history - the last frees of a heap
 */
#include "heaps/history.h"

void heap_history_add(struct heap_history *history, const struct heap_freed *freed)
{
	history->freed[history->count++ % HEAP_HISTORY] = *freed;
}

/* The last free of a block that contained @offset; 0 bytes if the history has none. */
struct heap_freed heap_history_find(const struct heap_history *history, u64 offset)
{
	const struct heap_freed *freed;
	u32 i;

	for (i = 1; i <= HEAP_HISTORY; i++) {
		freed = &history->freed[(history->count - i) % HEAP_HISTORY];
		if (offset - freed->offset < freed->bytes)
			return *freed;
	}
	return (struct heap_freed){};
}
