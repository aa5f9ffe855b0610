/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arena - a heap in memory of its own, of which only what is written to takes any
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
u64 arena_largest_hole(struct arena *arena);

/* The region whose blocks have @granules: an edge at either end. */
static inline u64 region_bytes(u32 granules)
{
	return heap_bytes(granules) + 2 * HEAP_EDGE;
}

#endif
