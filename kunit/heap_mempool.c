// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_mempool - a mempool whose elements are in a heap
 */
#include <linux/bottom_half.h>
#include <linux/irqflags.h>
#include <linux/mempool.h>
#include <linux/string.h>

#include "suite.h"

#define RESERVE	4
#define BYTES	200

static mempool_t *new_pool(struct kunit *test, struct heapmod_mempool *source)
{
	mempool_t *pool = mempool_create(RESERVE, heapmod_mempool_alloc, heapmod_mempool_free,
					 source);

	KUNIT_ASSERT_NOT_NULL(test, pool);
	return pool;
}

static void the_reserve_is_in_the_heap(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	struct heapmod_mempool source = HEAPMOD_MEMPOOL(heap, BYTES);
	mempool_t *pool = new_pool(test, &source);
	struct heapmod_stats stats = suite_stats(heap);
	void *element;

	KUNIT_EXPECT_EQ(test, stats.blocks, RESERVE);
	KUNIT_EXPECT_EQ(test, stats.asked_bytes, RESERVE * BYTES);
	element = mempool_alloc(pool, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, heapmod_owns(heap, element));
	KUNIT_EXPECT_EQ(test, heapmod_usable_size(heap, element), BYTES);
	mempool_free(element, pool);
	mempool_destroy(pool);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 0);
}

static int check_caller(struct heapmod *heap, const struct heapmod_block_info *block, void *data)
{
	return block->caller != *(unsigned long *)data;
}

static void the_creator_owns_the_elements(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	struct heapmod_mempool source = HEAPMOD_MEMPOOL(heap, BYTES);
	mempool_t *pool = new_pool(test, &source);

	KUNIT_EXPECT_GE(test, source.caller, (unsigned long)the_creator_owns_the_elements);
	KUNIT_EXPECT_LT(test, source.caller, (unsigned long)the_creator_owns_the_elements + 4096);
	KUNIT_EXPECT_EQ(test, heapmod_walk(heap, check_caller, &source.caller), 0);
	mempool_destroy(pool);
}

/* In atomic context, too. */
static void a_full_heap_serves_the_reserve(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, RESERVE * (BYTES + 8) + 16);
	struct heapmod_mempool source = HEAPMOD_MEMPOOL(heap, BYTES);
	mempool_t *pool = new_pool(test, &source);
	void *elements[RESERVE];
	unsigned long flags;
	int i;

	local_irq_save(flags);
	for (i = 0; i < RESERVE; i++)
		elements[i] = mempool_alloc(pool, GFP_ATOMIC);
	KUNIT_EXPECT_NULL(test, mempool_alloc(pool, GFP_ATOMIC));
	for (i = 0; i < RESERVE; i++)
		mempool_free(elements[i], pool);
	local_irq_restore(flags);
	for (i = 0; i < RESERVE; i++)
		KUNIT_EXPECT_NOT_NULL(test, elements[i]);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).failures, RESERVE + 1);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).frees, 0);
	mempool_destroy(pool);
}

static void no_pool_without_room(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, RESERVE * (BYTES + 8));
	struct heapmod_mempool source = HEAPMOD_MEMPOOL(heap, BYTES);
	struct heapmod_mempool nowhere = HEAPMOD_MEMPOOL(NULL, BYTES);

	KUNIT_EXPECT_NULL(test, mempool_create(RESERVE, heapmod_mempool_alloc,
					       heapmod_mempool_free, &source));
	KUNIT_EXPECT_NULL(test, mempool_create(RESERVE, heapmod_mempool_alloc,
					       heapmod_mempool_free, &nowhere));
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(the_reserve_is_in_the_heap),
	KUNIT_CASE(the_creator_owns_the_elements),
	KUNIT_CASE(a_full_heap_serves_the_reserve),
	KUNIT_CASE(no_pool_without_room),
	{}
};

SUITE(cases);
