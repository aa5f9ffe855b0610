// SPDX-License-Identifier: GPL-2.0-only
/*
 * holes - the histogram of holes is that of the blocks, and no part of it takes long
 */
#include <string.h>

#include "test.h"

#define GRANULES 100000

/* The same, by the blocks. */
static struct heap_holes walk(struct arena *arena)
{
	struct heap_holes holes = { .chunk = heap_index_chunks(&arena->heap.index) };
	struct heap_block_info block;
	u32 from, class;

	for (from = 0; heap_walk(&arena->heap, from, &block, 1); from = block.at + block.granules) {
		if (block.state != HEAP_HOLE)
			continue;
		for (class = 0; block.granules >> class > 1; class++)
			;
		holes.classes[class].holes++;
		holes.classes[class].granules += block.granules;
		holes.granules += block.granules;
		holes.largest = max(holes.largest, block.granules);
	}
	return holes;
}

static u32 count_all(struct heap_holes *holes)
{
	u32 class, count = 0;

	for (class = 0; class < HOLES_CLASSES; class++)
		count += holes->classes[class].holes;
	return count;
}

static void compare(struct arena *arena)
{
	struct heap_holes holes = {}, expected = walk(arena);
	u32 chunk = 0, count = 0;
	bool done;

	do {
		done = heap_count_holes(&arena->heap, &holes);
		REQUIRE(holes.chunk - chunk <= HOLES_CHUNKS);
		REQUIRE(count_all(&holes) - count < HOLES_BATCH + HEAP_CHUNK / 2);
		REQUIRE(done == (holes.chunk == heap_index_chunks(&arena->heap.index)));
		chunk = holes.chunk;
		count = count_all(&holes);
	} while (!done);
	REQUIRE(!memcmp(&holes, &expected, sizeof(holes)));
	REQUIRE(count == arena->heap.index.holes);
}

/* Blocks of up to @most granules, of which every second is freed; then all of them. */
static void fill(u32 most)
{
	static void *blocks[GRANULES + 1];
	struct arena arena;
	u32 count = 0, i;

	arena_init(&arena, GRANULES);
	compare(&arena);
	while ((blocks[count] = heap_alloc(&arena.heap, 8 + 16 * next_random(most), TEST_OWNER)))
		count++;
	compare(&arena);
	for (i = 0; i < count; i += 2)
		arena_free(&arena, blocks[i]);
	compare(&arena);
	for (i = 1; i < count; i += 2)
		arena_free(&arena, blocks[i]);
	compare(&arena);
	arena_destroy(&arena);
}

static void small(void)
{
	fill(1);
}

static void mixed(void)
{
	fill(60);
}

static void large(void)
{
	fill(30000);
}

static void frozen(void)
{
	struct heap_holes holes = {};
	struct arena arena;

	arena_init(&arena, 1000);
	arena.heap.granules = 0;
	REQUIRE(heap_count_holes(&arena.heap, &holes));
	REQUIRE(!holes.granules && !holes.largest);
	arena_destroy(&arena);
}

int main(void)
{
	const struct test tests[] = {
		{ "holes of one granule", small },
		{ "holes of many sizes", mixed },
		{ "holes larger than a part", large },
		{ "a frozen heap has none", frozen },
	};

	run_tests("holes", tests, sizeof(tests) / sizeof(*tests));
	return 0;
}
