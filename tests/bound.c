// SPDX-License-Identifier: GPL-2.0-only
/*
 * bound - no operation takes more steps than heap_bound()
 *
 * The index counts its steps (HEAP_COUNT_STEPS). Heaps of every height are brought into states
 * where an operation takes most: chunks full of holes, long paths through summaries and tree.
 */
#include <sys/mman.h>

#include "test.h"

#define BLOCKS 4000
#define STRIDE 66			/* at another place of the chunk each time */

static struct heap heap;
static unsigned int worst, worst_aligned;

static void count_steps(unsigned int bound)
{
	REQUIRE(heap_steps <= bound);
	if (worst < heap_steps)
		worst = heap_steps;
	heap_steps = 0;
}

static void *allocate(u64 granules)
{
	void *ptr;

	heap_steps = 0;
	ptr = heap_alloc(&heap, heap_bytes(granules) - 8, 1);
	count_steps(heap_bound(&heap));
	return ptr;
}

static void *allocate_aligned(u64 granules, size_t align)
{
	unsigned int before = worst;
	void *ptr;

	worst = worst_aligned;
	heap_steps = 0;
	ptr = heap_alloc_aligned(&heap, heap_bytes(granules) - 8, align, 1);
	count_steps(heap_aligned_bound(&heap));
	worst_aligned = worst;
	worst = before;
	return ptr;
}

static void release(void *ptr)
{
	struct heap_block_info freed;

	if (!ptr)
		return;
	heap_steps = 0;
	REQUIRE(heap_free(&heap, ptr, &freed) == HEAP_OK);
	count_steps(heap_bound(&heap));
}

/* Chunks with 32 holes each, between small blocks; holes are allocated, extended and coalesced. */
static void full_chunks(void)
{
	static void *ptr[BLOCKS];
	u32 i;

	for (i = 0; i < BLOCKS; i++)
		ptr[i] = allocate(1);
	for (i = 0; i < BLOCKS; i += 2)
		release(ptr[i]);
	for (i = 1; i < BLOCKS; i += STRIDE)
		release(ptr[i]);
	for (i = 1; i < BLOCKS; i += STRIDE)
		ptr[i] = allocate(3);
	for (i = 0; i < 1000; i++)
		release(allocate_aligned(1 + i % 3, 256 << i % 8));
	for (i = 1; i < BLOCKS; i += 2)
		release(ptr[i]);
}

/* Large blocks: the distance to a neighbour is as long as the region allows. */
static void long_paths(u32 granules)
{
	u32 size = granules / 5;
	void *ptr[5];
	u32 i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < 5; i++)
			ptr[i] = allocate(size);
		for (i = 0; i < 5; i++)
			release(ptr[(i * 2 + round) % 5]);
	}
}

static void storm(u32 granules)
{
	void *ptr[BLOCKS / 4] = {};
	u32 i, k, bits = 0;

	while (granules >> bits > 64)
		bits++;
	for (i = 0; i < 40 * BLOCKS; i++) {
		k = next_random(BLOCKS / 4);
		if (ptr[k])
			release(ptr[k]);
		ptr[k] = ptr[k] ? NULL : allocate(1 + next_random(1U << next_random(bits + 1)));
	}
	for (i = 0; i < BLOCKS / 4; i++) {
		if (ptr[i])
			release(ptr[i]);
	}
}

/* Blocks freed directly after their allocation, in holes of several sizes: the quick list. */
static void quick_frees(void)
{
	static void *ptr[BLOCKS];
	u32 i, size;

	for (i = 0; i < BLOCKS; i++)
		ptr[i] = allocate(1 + i % 100);
	for (i = 0; i < BLOCKS; i += 3)
		release(ptr[i]);
	for (i = 0; i < 40 * BLOCKS; i++) {
		size = 1 + next_random(100);
		release(allocate(size));
		if (i % 50 == 0 && i / 50 < BLOCKS && i / 50 % 3)
			release(ptr[i / 50]);
	}
	for (i = 40 * BLOCKS / 50; i < BLOCKS; i++) {
		if (i % 3)
			release(ptr[i]);
	}
}

static void *map_bytes(u64 bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	REQUIRE(memory != MAP_FAILED);
	return memory;
}

static void bound(u32 granules)
{
	u64 region_bytes = heap_bytes(granules) + HEAP_GRANULE;
	void *region = map_bytes(region_bytes);
	void *index = map_bytes(heap_index_bytes(granules));

	worst = 0;
	worst_aligned = 0;
	heap_init(&heap, region, granules, index, 0, TEST_KEY);
	full_chunks();
	quick_frees();
	long_paths(granules);
	storm(granules);
	printf("ok - %u granules: an operation takes at most %u steps, %u are allowed",
	       granules, worst, heap_bound(&heap));
	printf("; an aligned allocation %u of %u\n", worst_aligned, heap_aligned_bound(&heap));
	munmap(region, region_bytes);
	munmap(index, heap_index_bytes(granules));
}

int main(void)
{
	u32 most = sizeof(size_t) == 8 ? HEAP_GRANULES_MAX : 64 << 16;
	u64 granules;

	for (granules = 1 << 14; granules < most; granules <<= 4)
		bound(granules);
	bound(most);
	return 0;
}
