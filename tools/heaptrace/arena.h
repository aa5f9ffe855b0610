/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arena - a heap in its own mapping, in which only written pages take memory
 */
#ifndef ARENA_H
#define ARENA_H

#include "heap_core.h"

struct arena {
	struct heap heap;
	void *region;
	void *index;
	u32 granules;
};

void arena_init(struct arena *arena, u32 granules, u32 flags);
void arena_destroy(struct arena *arena);

/* In bytes. This coalesces the quick list, which does not change where first fit places blocks. */
u64 arena_largest_hole(struct arena *arena);

/* The size of a region with @granules for blocks: there is an edge at both ends. */
static inline u64 region_bytes(u32 granules)
{
	return heap_bytes(granules) + 2 * HEAP_EDGE;
}

#endif
