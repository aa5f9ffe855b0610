// SPDX-License-Identifier: GPL-2.0-only
/*
 * aligned - how many aligned requests fail although there is an aligned place
 *
 * A random load of small blocks keeps a region of 64 KiB full. Then blocks of the same sizes are
 * requested with a large alignment. For each failure, all holes are searched for a place. Prints
 * one JSON object for each alignment; "any" is a search for a hole with a place wherever it begins.
 */
#include <string.h>

#include "heap_core.h"
#include "../../tests/test.h"

#define GRANULES	4095		/* 64 KiB with the edges */
#define BLOCKS		4096
#define ROUNDS		20000

struct counts {
	u32 requests;
	u32 failed;
	u32 had_place;			/* of those that failed */
	u32 any_failed;
	u32 any_had_place;
};

static struct arena arena;
static void *live[BLOCKS];
static u32 count;

static size_t random_size(void)
{
	return 1 + next_random(1U << (4 + next_random(7)));
}

static void free_one(void)
{
	u32 i = next_random(count);

	arena_free(&arena, live[i]);
	live[i] = live[--count];
}

/* Allocate until there is no room, then free some. */
static void churn(void)
{
	void *ptr;
	u32 i;

	while (count < BLOCKS && (ptr = heap_alloc(&arena.heap, random_size(), 1)))
		live[count++] = ptr;
	for (i = next_random(count / 4 + 1); i && count; i--)
		free_one();
}

/* Is there an aligned place in any hole? */
static bool has_place(u32 want, size_t align)
{
	const struct heap_index *index = &arena.heap.index;
	u32 at, end;

	for (at = 0; at < index->granules; at = end) {
		end = heap_index_next(index, at);
		if (heap_index_is_hole(index, at) &&
		    heap_granules_to_aligned(heap_payload(&arena.heap, at), align) + want <=
		    end - at)
			return true;
	}
	return false;
}

static void request(size_t size, size_t align, struct counts *counts)
{
	u32 want = (size + arena.heap.overhead + HEAP_GRANULE - 1) / HEAP_GRANULE;
	bool any_fits = heap_fits(&arena.heap, size + align - HEAP_GRANULE, 1);
	bool place = has_place(want, align);
	void *ptr = heap_alloc_aligned(&arena.heap, size, align, 1);

	counts->requests++;
	counts->any_failed += !any_fits;
	counts->any_had_place += !any_fits && place;
	counts->failed += !ptr;
	counts->had_place += !ptr && place;
	if (ptr)
		arena_free(&arena, ptr);
}

static struct counts measure(size_t align)
{
	struct counts counts = {};
	u32 i;

	arena_init(&arena, GRANULES);
	count = 0;
	for (i = 0; i < ROUNDS; i++) {
		churn();
		request(random_size(), align, &counts);
	}
	arena_destroy(&arena);
	return counts;
}

static double percent(u32 part, u32 whole)
{
	return whole ? 100.0 * part / whole : 0;
}

int main(void)
{
	struct counts counts;
	size_t align;

	for (align = 64; align <= 4096; align *= 4) {
		counts = measure(align);
		printf("{\"align\":%zu,\"requests\":%u,", align, counts.requests);
		printf("\"any_failed\":%.2f,\"any_had_place\":%.2f,",
		       percent(counts.any_failed, counts.requests),
		       percent(counts.any_had_place, counts.any_failed));
		printf("\"failed\":%.2f,\"had_place\":%.2f}\n",
		       percent(counts.failed, counts.requests),
		       percent(counts.had_place, counts.failed));
	}
	return 0;
}
