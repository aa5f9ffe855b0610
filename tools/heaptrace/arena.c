// SPDX-License-Identifier: GPL-2.0-only
/*
 * arena - a heap in its own mapping, in which only written pages take memory
 *
 * The core writes only headers and slack, so a region can be far larger than memory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "arena.h"
#include "die.h"

#define ARENA_KEY	0x1234567890abcdefULL	/* of the seals; need not be secret here */

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

u64 arena_largest_hole(struct arena *arena)
{
	struct heap_block_info blocks[64];
	u32 from = 0, largest = 0, count, i;

	while ((count = heap_walk(&arena->heap, from, blocks, 64))) {
		for (i = 0; i < count; i++) {
			if (blocks[i].state == HEAP_HOLE && largest < blocks[i].granules)
				largest = blocks[i].granules;
			from = blocks[i].at + blocks[i].granules;
		}
	}
	return heap_bytes(largest);
}
