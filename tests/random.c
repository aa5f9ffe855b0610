// SPDX-License-Identifier: GPL-2.0-only
/*
 * random [TIMES] - random operations, each compared with the oracle
 *
 * Every allocation must return the address that the oracle returns, or fail when that fails. The
 * blocks are filled, to find blocks that overlap. The whole heap is checked at intervals.
 */
#include <string.h>

#include "oracle.h"
#include "test.h"

#define BLOCKS	300

struct live {
	unsigned char *ptr;
	size_t size;
	struct node *node;
	unsigned char fill;
};

/* Log-uniform: 1 to 2 bytes are as probable as 1024 to 2048. */
static size_t random_size(u32 bits)
{
	return 1 + next_random(1U << next_random(bits + 1));
}

/* Free a block directly after its allocation: it enters the quick list. */
static void undo(struct arena *arena, void *ptr)
{
	struct heap_block_info freed;

	REQUIRE(heap_free(&arena->heap, ptr, &freed) == HEAP_OK);
	REQUIRE(heap_free(&arena->heap, ptr, &freed) == HEAP_DOUBLE_FREE);
}

static void allocate(struct arena *arena, struct node *oracle, struct live *live, u32 bits)
{
	size_t size = random_size(bits);
	u32 granules = (size + 8 + 15) / 16;

	live->ptr = heap_alloc(&arena->heap, size, TEST_OWNER);
	live->node = oracle_alloc(oracle, granules);
	REQUIRE(!live->ptr == !live->node);
	if (!live->ptr)
		return;
	REQUIRE((uintptr_t)live->ptr % 16 == 0);
	REQUIRE(place_of(arena, live->ptr) == live->node->at);
	if (next_random(4) == 0) {
		undo(arena, live->ptr);
		oracle_free(live->node);
		live->ptr = NULL;
		return;
	}
	live->size = size;
	live->fill = next_random(256);
	memset(live->ptr, live->fill, size);
}

static void release(struct arena *arena, struct live *live)
{
	struct heap_block_info freed;
	size_t i;

	for (i = 0; i < live->size; i++)
		REQUIRE(live->ptr[i] == live->fill);
	REQUIRE(heap_free(&arena->heap, live->ptr, &freed) == HEAP_OK);
	REQUIRE(freed.asked == live->size && freed.owner == TEST_OWNER);
	REQUIRE(freed.granules == live->node->size);
	oracle_free(live->node);
	live->ptr = NULL;
}

/* Free invalid pointers, which must change nothing but the counters. */
static void free_invalid(struct arena *arena, struct live *live)
{
	struct heap_block_info freed;
	struct heap before;

	heap_flush(&arena->heap);
	before = arena->heap;
	REQUIRE(heap_free(&arena->heap, live->ptr + 1 + next_random(15), &freed) != HEAP_OK);
	REQUIRE(heap_free(&arena->heap, arena->region, &freed) == HEAP_FOREIGN);
	before.refused += 2;
	REQUIRE(!memcmp(&before, &arena->heap, offsetof(struct heap, verdicts)));
}

static void compare(struct arena *arena, struct node *oracle)
{
	struct heap_block_info info;
	u32 from = 0;

	REQUIRE(arena_check(arena) == HEAP_OK);
	for (; oracle; oracle = oracle->next, from = info.at + info.granules) {
		REQUIRE(heap_walk(&arena->heap, from, &info, 1) == 1);
		REQUIRE(info.at == oracle->at && info.granules == oracle->size);
		REQUIRE((info.state == HEAP_USED) == oracle->used);
	}
	REQUIRE(from == arena->heap.index.granules);
}

static void storm(u32 granules, u32 blocks, u32 bits, unsigned int operations)
{
	struct live live[BLOCKS] = {};
	struct arena arena;
	struct node *oracle = oracle_init(granules);
	unsigned int i;

	arena_init(&arena, granules);
	for (i = 0; i < operations; i++) {
		struct live *one = &live[next_random(blocks)];

		if (!one->ptr) {
			allocate(&arena, oracle, one, bits);
		} else {
			if (i % 64 == 0)
				free_invalid(&arena, one);
			release(&arena, one);
		}
		if (i % 256 == 0)
			compare(&arena, oracle);
	}
	for (i = 0; i < blocks; i++) {
		if (live[i].ptr)
			release(&arena, &live[i]);
	}
	compare(&arena, oracle);
	REQUIRE(!oracle->next && arena.heap.index.holes == 1 && !arena.heap.asked);
	printf("ok - %u operations on %u granules agree with the oracle, %llu allocations failed\n",
	       operations, granules, (unsigned long long)arena.heap.failures);
	oracle_destroy(oracle);
	arena_destroy(&arena);
}

/* The argument multiplies the number of operations. */
int main(int argc, char **argv)
{
	unsigned int times = argc > 1 ? atoi(argv[1]) : 1;

	storm(1, 4, 4, 10000 * times);
	storm(63, BLOCKS, 6, 200000 * times);
	storm(64, BLOCKS, 8, 200000 * times);
	storm(4096, BLOCKS, 10, 400000 * times);
	storm(65535, BLOCKS, 14, 300000 * times);
	storm(1000003, BLOCKS, 17, 100000 * times);
	return 0;
}
