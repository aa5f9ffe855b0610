// SPDX-License-Identifier: GPL-2.0-only
/*
 * limits - the arithmetic of the smallest and of the largest region
 *
 * A region is mapped and hardly touched, so the largest one takes little memory here.
 */
#include <sys/mman.h>

#include "test.h"

/* heap_granules_in() for sizes around each limit. */
static void region_sizes(void)
{
	REQUIRE(heap_granules_in(0) == 0);
	REQUIRE(heap_granules_in(31) == 0);
	REQUIRE(heap_granules_in(32) == 1);
	REQUIRE(heap_granules_in(1 << 20) == 65535);
	REQUIRE(heap_granules_in(heap_bytes(HEAP_GRANULES_MAX) - 16) == HEAP_GRANULES_MAX - 2);
	REQUIRE(heap_granules_in(heap_bytes(HEAP_GRANULES_MAX)) == HEAP_GRANULES_MAX - 1);
	REQUIRE(heap_granules_in(heap_bytes(HEAP_GRANULES_MAX) + 16) == HEAP_GRANULES_MAX);
	REQUIRE(heap_granules_in(heap_bytes(HEAP_GRANULES_MAX) + 32) == HEAP_GRANULES_MAX);
	REQUIRE(heap_granules_in(1ULL << 40) == HEAP_GRANULES_MAX);
}

/*
 * Up to eight chunks have one row of the tree, more have a second one; two chunks have a summary.
 * The index takes at most 2.1% of the region, and 4 KiB.
 */
static void index_sizes(void)
{
	const u64 chunk = sizeof(struct heap_chunk), nodes = HEAP_FANOUT * sizeof(u32);
	u64 granules;

	REQUIRE(heap_index_bytes(1) == chunk + nodes);
	REQUIRE(heap_index_bytes(63) == chunk + nodes);
	REQUIRE(heap_index_bytes(64) == 2 * chunk + nodes + 8);
	REQUIRE(heap_index_bytes(8 * 64 - 1) == 8 * chunk + nodes + 8);
	REQUIRE(heap_index_bytes(8 * 64) == 9 * chunk + 3 * nodes + 8);
	for (granules = 1; granules <= HEAP_GRANULES_MAX; granules += 1 + granules / 999)
		REQUIRE(heap_index_bytes(granules) * 1000 <=
			heap_bytes(granules) * 21 + 4096 * 1000);
	REQUIRE(heap_index_bytes(HEAP_GRANULES_MAX) * 1000 <= heap_bytes(HEAP_GRANULES_MAX) * 21);
}

/* The map or the last summary ends where the memory of the index ends. */
static void index_ends(void)
{
	struct heap_index index;
	char *memory, *end;
	u64 granules;

	for (granules = 1; granules <= 1 << 26; granules += 1 + granules / 40) {
		memory = calloc(1, heap_index_bytes(granules));
		REQUIRE(memory);
		heap_index_init(&index, memory, granules);
		end = (char *)(index.chunks + heap_index_chunks(&index));
		if (index.levels)
			end = (char *)(index.summary[index.levels - 1] + 1);
		REQUIRE((char *)index.max[0] == memory);
		REQUIRE(end == memory + heap_index_bytes(granules));
		free(memory);
	}
}

/* An offset beyond 2 GiB is not sign-extended. The heap is frozen, so its bytes are not read. */
static void far_offsets(void)
{
	struct heap heap = { .region = (char *)0x10000000 };
	const void *ptr = (const void *)0x98000020UL;

	heap_refuse(&heap, ptr, HEAP_INTERIOR);
	REQUIRE(heap_queued_findings(&heap) == 1);
	REQUIRE(heap.findings[0].offset == 0x88000020ULL);
	heap_refuse(&heap, (const void *)0x98000030UL, HEAP_CORRUPT_INDEX);
	REQUIRE(heap_is_frozen(&heap));
}

/* An allocation of a size that would wrap fails, and changes nothing. */
static void huge_requests(void)
{
	const size_t wrap = (size_t)16 << sizeof(size_t) * 4;	/* in granules, more than 32 bits */
	struct arena arena;
	size_t size;

	arena_init(&arena, 1000);
	for (size = SIZE_MAX; size > SIZE_MAX - 64; size--)
		REQUIRE(!heap_alloc(&arena.heap, size, 0));
	for (size = 16000 - 7; size < 16000 + 64; size++)
		REQUIRE(!heap_alloc(&arena.heap, size, 0));
	for (size = 1; size < 33; size++)
		REQUIRE(!heap_alloc(&arena.heap, wrap * size, 0));
	REQUIRE(arena.heap.failures == 64 + 71 + 32 && arena.heap.index.holes == 1);
	REQUIRE(heap_alloc(&arena.heap, 16000 - 8, 0));
	REQUIRE(arena.heap.index.holes == 0 && arena_check(&arena) == HEAP_OK);
	arena_destroy(&arena);
}

static void *map_bytes(u64 bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	REQUIRE(memory != MAP_FAILED);
	return memory;
}

/* Holes, after the quick list is coalesced. */
static u32 holes(struct heap *heap)
{
	heap_flush(heap);
	return heap->index.holes;
}

/* The largest region: blocks of gigabytes, the last granule, and coalescing of all. */
static void largest(void)
{
	u32 granules = sizeof(size_t) == 8 ? HEAP_GRANULES_MAX : 100 << 16;
	u64 index_bytes = heap_index_bytes(granules);
	char *region = map_bytes(heap_bytes(granules) + 16);
	void *index = map_bytes(index_bytes);
	struct heap_block_info freed;
	struct heap heap;
	u64 half = heap_bytes(granules / 2);
	char *low, *high, *last;

	REQUIRE(heap_granules_in(heap_bytes(granules) + 16) == granules);
	REQUIRE(index_bytes <= (heap_bytes(granules) / 1000) * 21 + 4096);
	heap_init(&heap, region, granules, index, 0, TEST_KEY);
	REQUIRE(sizeof(size_t) != 8 || heap_bound(&heap) == 432);	/* as docs/design.md says */
	REQUIRE(sizeof(size_t) != 8 || heap_aligned_bound(&heap) == 4852);	/* likewise */
	REQUIRE(!heap_fits(&heap, heap.largest, 4096));
	REQUIRE(!heap_alloc_aligned(&heap, heap.largest, 4096, 1));
	REQUIRE(heap.index.holes == 1 && !heap_is_frozen(&heap));
	low = heap_alloc(&heap, half - 8, 1);
	high = heap_alloc(&heap, heap_bytes(granules) - half - 32 - 8, 2);
	last = heap_alloc(&heap, 24, 3);
	REQUIRE(low == region + 16 && high == low + half);
	REQUIRE(last == region + heap_bytes(granules) - 16);
	REQUIRE(heap.index.holes == 0 && heap.used == granules);
	REQUIRE(!heap_alloc(&heap, 1, 4));
	REQUIRE(heap_free(&heap, low, &freed) == HEAP_OK && freed.asked == half - 8);
	REQUIRE(heap_free(&heap, last, &freed) == HEAP_OK && freed.asked == 24);
	REQUIRE(heap_free(&heap, last, &freed) == HEAP_DOUBLE_FREE);
	REQUIRE(heap.index.holes == 2);
	REQUIRE(heap_alloc(&heap, 24, 5) == low);
	REQUIRE(heap_free(&heap, high, &freed) == HEAP_OK && holes(&heap) == 1);
	REQUIRE(heap_free(&heap, low, &freed) == HEAP_OK && holes(&heap) == 1);
	REQUIRE(heap.used == 0 && heap_index_size(&heap.index, 0) == granules);
	munmap(region, heap_bytes(granules) + 16);
	munmap(index, index_bytes);
}

int main(void)
{
	const struct test tests[] = {
		{ "sizes of regions are rounded and limited", region_sizes },
		{ "the index has the size that is documented", index_sizes },
		{ "the index ends where its memory ends", index_ends },
		{ "an offset beyond 2 GiB is reported as it is", far_offsets },
		{ "requests that would wrap fail", huge_requests },
		{ "the largest region is used to its ends", largest },
	};

	run_tests("limits", tests, sizeof(tests) / sizeof(*tests));
	return 0;
}
