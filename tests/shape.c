// SPDX-License-Identifier: GPL-2.0-only
/*
 * shape - aligned blocks, and blocks that grow and shrink, each compared with the oracle
 */
#include <string.h>

#include "heap_core.h"
#include "oracle.h"
#include "test.h"

#define BLOCKS	200

struct live {
	unsigned char *ptr;
	size_t size;
	struct node *node;
	unsigned char fill;
};

static struct arena arena;
static struct node *oracle;
static u32 granules, overhead;

static u32 granules_of(u64 size)
{
	return (size + overhead + HEAP_GRANULE - 1) / HEAP_GRANULE;
}

static size_t random_size(u32 bits)
{
	return 1 + next_random(1U << next_random(bits + 1));
}

static void write_block(struct live *live, size_t size)
{
	live->size = size;
	memset(live->ptr, live->fill, size);
}

static void expect_bytes(const struct live *live, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		REQUIRE(live->ptr[i] == live->fill);
}

/* The oracle takes the large block, too, and gives both ends back. */
static void allocate(struct live *live, u32 bits)
{
	size_t align = 1U << next_random(bits);
	size_t size = random_size(bits);
	size_t room = align > HEAP_GRANULE ? align - HEAP_GRANULE : 0;
	struct node *node = oracle_alloc(oracle, granules_of((u64)size + room));

	live->ptr = heap_alloc_aligned(&arena.heap, size, align, 7);
	REQUIRE(!node == !live->ptr);
	if (!node)
		return;
	REQUIRE((uintptr_t)live->ptr % align == 0);
	live->node = oracle_trim(node, place_of(&arena, live->ptr) - node->at, granules_of(size));
	REQUIRE(place_of(&arena, live->ptr) == live->node->at);
	live->fill = next_random(256);
	write_block(live, size);
}

static void resize(struct live *live, u32 bits)
{
	size_t size = random_size(bits);
	struct heap_block_info was;
	bool done;

	REQUIRE(heap_resize(&arena.heap, live->ptr, size, &was, &done) == HEAP_OK);
	REQUIRE(was.asked == live->size && was.owner == 7);
	REQUIRE(done == oracle_resize(live->node, granules_of(size)));
	expect_bytes(live, done && size < live->size ? size : live->size);
	if (done)
		write_block(live, size);
}

static void release(struct live *live)
{
	struct heap_block_info freed;

	expect_bytes(live, live->size);
	REQUIRE(heap_free(&arena.heap, live->ptr, &freed) == HEAP_OK);
	REQUIRE(freed.asked == live->size && freed.granules == live->node->size);
	oracle_free(live->node);
	live->ptr = NULL;
}

static void compare(void)
{
	struct node *node = oracle;
	struct heap_block_info view;
	u32 from = 0;

	REQUIRE(arena_check(&arena) == HEAP_OK);
	for (; node; node = node->next, from = view.at + view.granules) {
		REQUIRE(heap_walk(&arena.heap, from, &view, 1) == 1);
		REQUIRE(view.at == node->at && view.granules == node->size);
		REQUIRE((view.state == HEAP_USED) == node->used);
	}
	REQUIRE(from == granules);
}

static void turn(struct live *live, u32 bits)
{
	heap_steps = 0;
	if (!live->ptr)
		allocate(live, bits);
	else if (next_random(2))
		resize(live, bits);
	else
		release(live);
	REQUIRE(heap_steps <= heap_resize_bound(&arena.heap));
}

static void storm(u32 size, u32 flags, u32 blocks, u32 bits, unsigned int operations)
{
	struct live live[BLOCKS] = {};
	unsigned int i;

	granules = size;
	oracle = oracle_init(granules);
	arena_init_as(&arena, granules, flags, TEST_KEY);
	overhead = arena.heap.overhead;
	for (i = 0; i < operations; i++) {
		turn(&live[next_random(blocks)], bits);
		if (i % 128 == 0)
			compare();
	}
	for (i = 0; i < blocks; i++) {
		if (live[i].ptr)
			release(&live[i]);
	}
	compare();
	REQUIRE(!oracle->next && arena.heap.index.holes == 1 && !arena.heap.asked);
	REQUIRE(!arena.heap.used && arena.heap.peak <= granules);
	printf("ok - %u aligned, resized and freed on %u granules, %llu failed for room\n",
	       operations, granules, (unsigned long long)arena.heap.failures);
	oracle_destroy(oracle);
	arena_destroy(&arena);
}

/* A check that goes on after each resize must not take what it saw before for what is there. */
static void resize_while_looking(void)
{
	struct heap_audit audit;
	struct heap_block_info was;
	void *ptr;
	bool done;

	arena_init(&arena, 1000);
	REQUIRE(heap_alloc(&arena.heap, 100, 1));
	ptr = heap_alloc(&arena.heap, 60 * HEAP_GRANULE, 1);
	REQUIRE(heap_alloc_aligned(&arena.heap, 100, 4096, 1));
	heap_audit_start(&audit);
	while (!heap_audit_done(&arena.heap, &audit)) {
		REQUIRE(heap_check(&arena.heap, &audit, 1) == HEAP_OK);
		heap_resize(&arena.heap, ptr, audit.chunk * 100, &was, &done);
		REQUIRE(done);
	}
	REQUIRE(audit.disturbed && arena_check(&arena) == HEAP_OK);
	arena_destroy(&arena);
	printf("ok - resized in the middle of a check\n");
}

/* Pointers that are none, an overrun, sizes that no block can have. */
static void refusals(void)
{
	struct heap_block_info was;
	unsigned char *ptr;
	bool done;

	arena_init(&arena, 100);
	ptr = heap_alloc(&arena.heap, 20, 1);
	REQUIRE(heap_resize(&arena.heap, ptr + 16, 30, &was, &done) == HEAP_INTERIOR && !done);
	REQUIRE(heap_resize(&arena.heap, ptr + 1, 30, &was, &done) == HEAP_MISALIGNED && !done);
	REQUIRE(heap_resize(&arena.heap, ptr, SIZE_MAX, &was, &done) == HEAP_OK && !done);
	REQUIRE(heap_resize(&arena.heap, ptr, 0, &was, &done) == HEAP_OK && !done);
	REQUIRE(!heap_alloc_aligned(&arena.heap, 8, (SIZE_MAX >> 1) + 1, 1));
	REQUIRE(!heap_alloc_aligned(&arena.heap, SIZE_MAX - 10, 32, 1));
	ptr[20] = 0;
	REQUIRE(heap_resize(&arena.heap, ptr, 21, &was, &done) == HEAP_OVERRUN && done);
	REQUIRE(heap_resize(&arena.heap, ptr, 50, &was, &done) == HEAP_OK && done);
	ptr[-8] ^= 1;
	REQUIRE(heap_resize(&arena.heap, ptr, 9, &was, &done) == HEAP_CORRUPT_HEADER && !done);
	ptr[-8] ^= 1;
	arena_free(&arena, ptr);
	REQUIRE(heap_resize(&arena.heap, ptr, 21, &was, &done) == HEAP_DOUBLE_FREE && !done);
	REQUIRE(arena.heap.refused == 3 && arena.heap.failures == 2);
	REQUIRE(arena_check(&arena) == HEAP_OK);
	arena_destroy(&arena);
	printf("ok - what cannot be resized is not\n");
}

int main(int argc, char **argv)
{
	unsigned int times = argc > 1 ? atoi(argv[1]) : 1;

	storm(40, 0, 8, 7, 100000 * times);
	storm(66, HEAP_REDZONE, 20, 7, 100000 * times);
	storm(4096, 0, BLOCKS, 12, 200000 * times);
	storm(65535, HEAP_REDZONE, BLOCKS, 16, 100000 * times);
	resize_while_looking();
	refusals();
	return 0;
}
