// SPDX-License-Identifier: GPL-2.0-only
/*
 * shape - aligned and resized blocks, compared with the oracle
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
static u32 granules, overhead, peak;

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

/* The phase of @align bytes in the region: the address of a payload decides. */
static struct phase phase_of(size_t align)
{
	return (struct phase){
		.base = (uintptr_t)heap_payload(&arena.heap, 0) / HEAP_GRANULE,
		.align = align > HEAP_GRANULE ? align / HEAP_GRANULE : 1,
	};
}

static void allocate(struct live *live, u32 bits)
{
	size_t align = 1U << next_random(bits);
	size_t size = random_size(bits);
	struct phase phase = phase_of(align);
	bool asked = next_random(2);
	bool fits = asked && heap_fits(&arena.heap, size, align);
	struct node *node;

	node = oracle_alloc_aligned(oracle, granules_of(size), &phase, HEAP_ALIGN_TRIES);
	heap_steps = 0;
	live->ptr = heap_alloc_aligned(&arena.heap, size, align, TEST_OWNER);
	REQUIRE(heap_steps <= heap_aligned_bound(&arena.heap));
	REQUIRE(!node == !live->ptr && (!asked || fits == !!node));
	if (!node)
		return;
	REQUIRE((uintptr_t)live->ptr % align == 0);
	REQUIRE(place_of(&arena, live->ptr) == node->at);
	live->node = node;
	live->fill = next_random(256);
	write_block(live, size);
}

static void resize(struct live *live, u32 bits)
{
	size_t size = random_size(bits);
	struct heap_block_info was;
	bool done;

	heap_steps = 0;
	REQUIRE(heap_resize(&arena.heap, live->ptr, size, &was, NULL, &done) == HEAP_OK);
	REQUIRE(heap_steps <= heap_resize_bound(&arena.heap));
	REQUIRE(was.asked == live->size && was.owner == TEST_OWNER);
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
	struct heap_block_info info;
	u32 from = 0;

	REQUIRE(arena_check(&arena) == HEAP_OK);
	for (; node; node = node->next, from = info.at + info.granules) {
		REQUIRE(heap_walk(&arena.heap, from, &info, 1) == 1);
		REQUIRE(info.at == node->at && info.granules == node->size);
		REQUIRE((info.state == HEAP_USED) == node->used);
	}
	REQUIRE(from == granules);
}

/* The peak is that of the blocks after each operation: what an operation trims never counts. */
static void require_peak(void)
{
	if (peak < arena.heap.used)
		peak = arena.heap.used;
	REQUIRE(arena.heap.peak == peak);
}

static void operate(struct live *live, u32 bits)
{
	if (!live->ptr)
		allocate(live, bits);
	else if (next_random(2))
		resize(live, bits);
	else
		release(live);
	require_peak();
}

static void storm(u32 size, u32 flags, u32 blocks, u32 bits, unsigned int operations)
{
	struct live live[BLOCKS] = {};
	unsigned int i;

	granules = size;
	peak = 0;
	oracle = oracle_init(granules);
	arena_init_as(&arena, granules, flags, TEST_KEY);
	overhead = arena.heap.overhead;
	for (i = 0; i < operations; i++) {
		operate(&live[next_random(blocks)], bits);
		if (i % 128 == 0)
			compare();
	}
	for (i = 0; i < blocks; i++) {
		if (live[i].ptr)
			release(&live[i]);
	}
	compare();
	REQUIRE(!oracle->next && arena.heap.index.holes == 1 && !arena.heap.asked);
	REQUIRE(!arena.heap.used && arena.heap.peak == peak);
	printf("ok - %u aligned allocations, resizes and frees on %u granules", operations,
	       granules);
	printf(" agree with the oracle, %llu allocations failed\n",
	       (unsigned long long)arena.heap.failures);
	oracle_destroy(oracle);
	arena_destroy(&arena);
}

/* A check that resumes after a resize must not rely on what it read before. */
static void resize_between_batches(void)
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
		heap_resize(&arena.heap, ptr, audit.chunk * 100, &was, NULL, &done);
		REQUIRE(done);
	}
	REQUIRE(audit.disturbed && arena_check(&arena) == HEAP_OK);
	arena_destroy(&arena);
	printf("ok - a check resumes after a resize\n");
}

/* Invalid pointers, an overrun, sizes that no block can have. */
static void refusals(void)
{
	struct heap_block_info was;
	unsigned char *ptr;
	bool done;

	arena_init(&arena, 100);
	ptr = heap_alloc(&arena.heap, 20, 1);
	REQUIRE(heap_resize(&arena.heap, ptr + 16, 30, &was, NULL, &done) == HEAP_INTERIOR);
	REQUIRE(!done);
	REQUIRE(heap_resize(&arena.heap, ptr + 1, 30, &was, NULL, &done) == HEAP_MISALIGNED);
	REQUIRE(!done);
	REQUIRE(heap_resize(&arena.heap, ptr, SIZE_MAX, &was, NULL, &done) == HEAP_OK && !done);
	REQUIRE(heap_resize(&arena.heap, ptr, 0, &was, NULL, &done) == HEAP_OK && !done);
	REQUIRE(!heap_alloc_aligned(&arena.heap, 8, (SIZE_MAX >> 1) + 1, 1));
	REQUIRE(!heap_alloc_aligned(&arena.heap, SIZE_MAX - 10, 32, 1));
	ptr[20] = 0;
	REQUIRE(heap_resize(&arena.heap, ptr, 21, &was, NULL, &done) == HEAP_OVERRUN && done);
	REQUIRE(heap_resize(&arena.heap, ptr, 50, &was, NULL, &done) == HEAP_OK && done);
	ptr[-8] ^= 1;
	REQUIRE(heap_resize(&arena.heap, ptr, 9, &was, NULL, &done) == HEAP_CORRUPT_HEADER);
	REQUIRE(!done);
	ptr[-8] ^= 1;
	arena_free(&arena, ptr);
	REQUIRE(heap_resize(&arena.heap, ptr, 21, &was, NULL, &done) == HEAP_DOUBLE_FREE && !done);
	REQUIRE(arena.heap.refused == 3 && arena.heap.failures == 2);
	REQUIRE(arena_check(&arena) == HEAP_OK);
	arena_destroy(&arena);
	printf("ok - a resize of an invalid pointer or to an invalid size is refused\n");
}

#define BULK	16

/* A block that was freed is not live, whether it was coalesced yet or not. */
static void free_next(struct live *live)
{
	struct heap_block_info freed;

	expect_bytes(live, live->size);
	REQUIRE(heap_free_next(&arena.heap, live->ptr, &freed) == HEAP_OK);
	REQUIRE(freed.asked == live->size && freed.granules == live->node->size);
	oracle_free(live->node);
	if (next_random(8))
		return;
	REQUIRE(heap_free_next(&arena.heap, live->ptr, &freed) == HEAP_DOUBLE_FREE);
	REQUIRE(heap_free_next(&arena.heap, live->ptr + 1, &freed) != HEAP_OK);
}

/* Exchange some of the last @n of @count blocks for any. */
static void mix(struct live *live, u32 count, u32 n)
{
	u32 i, other;

	for (i = count - n; i < count && next_random(2); i++) {
		other = next_random(count);
		swap(live[i], live[other]);
	}
}

/*
 * Free @n blocks, in the order of @live, which is mostly that of their addresses, or backwards,
 * while a block is on the quick list.
 */
static void free_many(struct live *live, u32 n)
{
	void *quick = heap_alloc(&arena.heap, random_size(8), TEST_OWNER);
	bool backwards = next_random(2);
	u32 i;

	require_peak();
	if (quick)
		arena_free(&arena, quick);
	for (i = 0; i < n; i++)
		free_next(&live[backwards ? n - 1 - i : i]);
	heap_end_run(&arena.heap);
}

/*
 * Many blocks in one go: of one size, where single calls would place them, until there is no room;
 * and freed together.
 */
static void bulk(u32 size, u32 flags, u32 bits)
{
	static struct live live[BLOCKS];
	void *ptrs[BULK];
	u32 i, k, n, got, count = 0, rounds;
	struct node *node;
	size_t bytes;
	u64 failures;

	granules = size;
	peak = 0;
	oracle = oracle_init(granules);
	arena_init_as(&arena, granules, flags, TEST_KEY);
	overhead = arena.heap.overhead;
	for (rounds = 0; rounds < 20000; rounds++) {
		n = 1 + next_random(BULK);
		bytes = random_size(bits);
		if (count + n > BLOCKS || next_random(3) == 0) {
			k = next_random(min(count, 2U * BULK) + 1);
			mix(live, count, k);
			count -= k;
			free_many(&live[count], k);
			continue;
		}
		got = heap_alloc_bulk(&arena.heap, bytes, TEST_OWNER, ptrs, n);
		for (i = 0; i < got; i++) {
			node = oracle_alloc(oracle, granules_of(bytes));
			REQUIRE(node && node->at == place_of(&arena, ptrs[i]));
			live[count] = (struct live){ .ptr = ptrs[i], .node = node, .fill = i };
			write_block(&live[count++], bytes);
		}
		REQUIRE(got == n || !heap_fits(&arena.heap, bytes, 1));
		require_peak();
		if (rounds % 16 == 0)
			compare();
	}
	while (count)
		release(&live[--count]);
	compare();
	failures = arena.heap.failures;
	REQUIRE(!arena.heap.used && !heap_alloc_bulk(&arena.heap, SIZE_MAX, 0, ptrs, 1));
	REQUIRE(!heap_alloc_bulk(&arena.heap, 0, 0, ptrs, 1));
	REQUIRE(arena.heap.failures == failures);
	oracle_destroy(oracle);
	arena_destroy(&arena);
	printf("ok - many blocks in one go, on %u granules, are where single ones are\n", size);
}

#define LARGE_ALIGN	32768
#define BETWEEN		1000		/* granules: between the trimmed and the untrimmed block */

/* An aligned allocation of seven granules, in an empty heap with a watermark. */
static void alloc_below(u32 watermark, bool raised)
{
	const struct heap *heap = &arena.heap;

	arena_init(&arena, 4 * LARGE_ALIGN / HEAP_GRANULE);
	heap_set_watermark(&arena.heap, watermark);
	REQUIRE(heap_alloc_aligned(&arena.heap, 100, LARGE_ALIGN, 1));
	REQUIRE(heap->used == 7 && heap->peak == 7);
	REQUIRE(!!(heap->events & HEAP_EVENT_WATERMARK) == raised);
	arena_destroy(&arena);
}

/* What is trimmed off counts neither for the peak nor for the watermark. */
static void aligned_peak(void)
{
	alloc_below(BETWEEN, false);
	alloc_below(7, false);
	alloc_below(6, true);
	printf("ok - an aligned allocation counts as used without what it trims\n");
}

/* A full heap, of which one aligned block is freed: to a hole, or to the quick list. */
static void aligned_again(bool quick)
{
	struct heap *heap = &arena.heap;
	void *ptr;

	arena_init(&arena, 128);
	ptr = heap_alloc_aligned(heap, 56, 64, TEST_OWNER);
	while (heap_fits(heap, 1, 1))
		arena_alloc(&arena, 1);
	arena_free(&arena, ptr);
	if (quick) {
		REQUIRE(heap_alloc(heap, 56, TEST_OWNER) == ptr);
		arena_free(&arena, ptr);
		REQUIRE(heap->quick_count == 1);
	}
	REQUIRE(heap_fits(heap, 56, 64) && !heap_fits(heap, 57, 64));
	REQUIRE(heap_alloc_aligned(heap, 56, 64, TEST_OWNER) == ptr);
	REQUIRE(heap->used == 128 && !heap_fits(heap, 1, 1) && !heap_fits(heap, 0, 1));
	arena_destroy(&arena);
}

static void aligned_full(void)
{
	aligned_again(false);
	aligned_again(true);
	printf("ok - in a full heap, an aligned block that was freed is allocated again\n");
}

#define PERIOD	16U			/* granules between two addresses that are aligned to 256 */

/* A used granule, a hole of two that has no aligned place, and used granules, again and again. */
static void make_holes(void **ptr, u32 holes)
{
	u32 i;

	while ((uintptr_t)arena_alloc(&arena, 1) % 256 != 0)
		;
	for (i = 0; i < holes; i++) {
		ptr[i] = arena_alloc(&arena, 2);
		arena_alloc(&arena, PERIOD - 2);
	}
	arena_alloc(&arena, PERIOD - 1);
}

/* @holes aligned addresses are in no hole; then there is a place, and one in a larger hole. */
static void holes_before(u32 holes, bool found)
{
	void *last, *large, *ptr[2 * HEAP_ALIGN_TRIES];
	struct heap *heap = &arena.heap;
	u32 i;

	arena_init(&arena, 4 * LARGE_ALIGN / HEAP_GRANULE);
	make_holes(ptr, holes);
	last = arena_alloc(&arena, 2);
	arena_alloc(&arena, 1);
	large = arena_alloc(&arena, PERIOD + 1);
	while (heap_fits(heap, 1, 1))
		arena_alloc(&arena, 1);
	for (i = 0; i < holes; i++)
		arena_free(&arena, ptr[i]);
	arena_free(&arena, last);
	REQUIRE(heap_fits(heap, 24, 256) == found);
	REQUIRE(heap_alloc_aligned(heap, 24, 256, TEST_OWNER) == (found ? last : NULL));
	arena_free(&arena, large);
	REQUIRE(heap_fits(heap, 24, 256));
	ptr[0] = heap_alloc_aligned(heap, 24, 256, TEST_OWNER);
	REQUIRE(place_of(&arena, ptr[0]) - place_of(&arena, large) < PERIOD);
	REQUIRE(!heap_is_frozen(heap) && arena_check(&arena) == HEAP_OK);
	arena_destroy(&arena);
}

static void aligned_tries(void)
{
	holes_before(HEAP_ALIGN_TRIES - 1, true);
	holes_before(HEAP_ALIGN_TRIES, false);
	printf("ok - an aligned allocation tries %u addresses\n", HEAP_ALIGN_TRIES);
}

/* After an aligned allocation fails, the peak and the watermark are still updated. */
static void aligned_failure(void)
{
	arena_init(&arena, 100);
	heap_set_watermark(&arena.heap, 2);
	REQUIRE(!heap_alloc_aligned(&arena.heap, 100, LARGE_ALIGN, 1));
	REQUIRE(arena.heap.failures == 1 && !arena.heap.peak && !arena.heap.events);
	arena_alloc(&arena, 3);
	REQUIRE(arena.heap.peak == 3 && arena.heap.events == HEAP_EVENT_WATERMARK);
	arena_destroy(&arena);
	printf("ok - an aligned allocation that fails leaves peak and watermark armed\n");
}

int main(int argc, char **argv)
{
	unsigned int times = argc > 1 ? atoi(argv[1]) : 1;

	storm(40, 0, 8, 7, 100000 * times);
	storm(66, HEAP_REDZONE, 20, 7, 100000 * times);
	storm(4096, 0, BLOCKS, 12, 200000 * times);
	storm(65535, HEAP_REDZONE, BLOCKS, 16, 100000 * times);
	bulk(300, 0, 8);
	bulk(4096, HEAP_REDZONE, 11);
	resize_between_batches();
	refusals();
	aligned_peak();
	aligned_failure();
	aligned_full();
	aligned_tries();
	return 0;
}
