// SPDX-License-Identifier: GPL-2.0-only
/*
 * test - what the userspace tests share
 */
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

void arena_init(struct arena *arena, u32 granules)
{
	arena->region = aligned_alloc(HEAP_GRANULE, heap_bytes(granules + 1));
	arena->index = calloc(1, heap_index_bytes(granules));
	REQUIRE(arena->region && arena->index);
	heap_init(&arena->heap, arena->region, granules, arena->index);
}

void arena_destroy(struct arena *arena)
{
	free(arena->region);
	free(arena->index);
}

/* The whole check in one go. */
enum heap_verdict arena_check(struct arena *arena)
{
	struct heap_audit audit;

	heap_audit_start(&audit);
	return heap_check(&arena->heap, &audit, U32_MAX);
}

/* The granule where the block of a payload begins. */
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
