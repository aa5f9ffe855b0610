// SPDX-License-Identifier: GPL-2.0-only
/*
 * arena - a heap in memory of its own, of which only what is written to takes any
 *
 * The core writes headers, and the slack of a block, so a region can be far larger than memory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "arena.h"
#include "die.h"

#define ARENA_KEY	0x1234567890abcdefULL	/* of the seals: nobody attacks */

static void *map_bytes(u64 bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		die("no address space for %llu bytes: %s", (unsigned long long)bytes,
		    strerror(errno));
	return memory;
}

void arena_init(struct arena *arena, u32 granules, u32 flags)
{
	arena->granules = granules;
	arena->region = map_bytes(region_bytes(granules));
	arena->index = map_bytes(heap_index_bytes(granules));
	heap_init(&arena->heap, arena->region, granules, arena->index, flags, ARENA_KEY);
}

void arena_destroy(struct arena *arena)
{
	munmap(arena->region, region_bytes(arena->granules));
	munmap(arena->index, heap_index_bytes(arena->granules));
}

/* In bytes. Looking at the blocks, the heap merges what it kept, and first fit is the same. */
u64 arena_largest_hole(struct arena *arena)
{
	struct heap_block_info views[64];
	u32 from = 0, largest = 0, count, i;

	while ((count = heap_walk(&arena->heap, from, views, 64))) {
		for (i = 0; i < count; i++) {
			if (views[i].state == HEAP_HOLE && largest < views[i].granules)
				largest = views[i].granules;
			from = views[i].at + views[i].granules;
		}
	}
	return heap_bytes(largest);
}
