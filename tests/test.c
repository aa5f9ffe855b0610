// SPDX-License-Identifier: GPL-2.0-only
/*
 * test - shared by the userspace tests
 */
#include <string.h>

#include "core/findings.h"
#include "test.h"

unsigned int heap_steps;

void run_tests(const char *about, const struct test *tests, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		tests[i].run();
		printf("ok - %s: %s\n", about, tests[i].name);
	}
}

/* With HEAP_POISON the region is filled with the pattern, as heap_init() requires. */
void arena_init_as(struct arena *arena, u32 granules, u32 flags, u64 key)
{
	arena->region = aligned_alloc(HEAP_GRANULE, heap_bytes(granules + 1));
	arena->index = calloc(1, heap_index_bytes(granules));
	REQUIRE(arena->region && arena->index);
	if (flags & HEAP_POISON)
		heap_fill(arena->region, heap_bytes(granules + 1));
	heap_init(&arena->heap, arena->region, granules, arena->index, flags, key);
}

void arena_init(struct arena *arena, u32 granules)
{
	arena_init_as(arena, granules, 0, TEST_KEY);
}

void arena_destroy(struct arena *arena)
{
	free(arena->region);
	free(arena->index);
}

/* Allocate a block of exactly @granules. */
void *arena_alloc(struct arena *arena, u32 granules)
{
	void *ptr = heap_alloc(&arena->heap, heap_bytes(granules) - sizeof(struct heap_block),
			       TEST_OWNER);

	REQUIRE(ptr);
	return ptr;
}

void arena_free(struct arena *arena, const void *ptr)
{
	struct heap_block_info freed;

	REQUIRE(heap_free(&arena->heap, ptr, &freed) == HEAP_OK);
}

/* Take the oldest queued finding, which must exist. */
struct heap_finding arena_finding(struct arena *arena)
{
	struct heap_finding finding;

	REQUIRE(heap_take_finding(&arena->heap, &finding));
	return finding;
}

void arena_no_finding(struct arena *arena)
{
	struct heap_finding finding;

	REQUIRE(!heap_take_finding(&arena->heap, &finding));
}

/* Allocate memory for a copy of an arena of @granules. */
void snapshot_init(struct snapshot *snapshot, u32 granules)
{
	snapshot->region = calloc(1, heap_bytes(granules + 1));
	snapshot->index = calloc(1, heap_index_bytes(granules));
	REQUIRE(snapshot->region && snapshot->index);
}

void snapshot_take(struct snapshot *snapshot, const struct arena *arena)
{
	u32 granules = arena->heap.index.granules;

	snapshot->heap = arena->heap;
	memcpy(snapshot->region, arena->region, heap_bytes(granules + 1));
	memcpy(snapshot->index, arena->index, heap_index_bytes(granules));
}

void snapshot_restore(const struct snapshot *snapshot, struct arena *arena)
{
	u32 granules = snapshot->heap.index.granules;

	arena->heap = snapshot->heap;
	memcpy(arena->region, snapshot->region, heap_bytes(granules + 1));
	memcpy(arena->index, snapshot->index, heap_index_bytes(granules));
}

void snapshot_destroy(struct snapshot *snapshot)
{
	free(snapshot->region);
	free(snapshot->index);
}

/* Check the whole heap in one batch. */
enum heap_verdict arena_check(struct arena *arena)
{
	struct heap_audit audit;

	heap_audit_start(&audit);
	return heap_check(&arena->heap, &audit, U32_MAX);
}

/* The first granule of the block with this payload. */
u32 place_of(const struct arena *arena, const void *ptr)
{
	return ((const char *)ptr - (const char *)arena->region) / HEAP_GRANULE - 1;
}

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016. */
u32 next_random(u32 below)
{
	static u64 state = 88172645463325252ULL;

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 2685821657736338717ULL >> 32) * below >> 32;
}
