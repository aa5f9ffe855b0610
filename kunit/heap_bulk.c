// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_bulk - many blocks of one size in one call
 */
#include <linux/slab.h>
#include <linux/string.h>

#include "heaps/heaps.h"
#include "suite.h"

#define MANY	40		/* more than one hold of the lock allocates */

static void *ptrs[MANY + 1];

static size_t alloc_bulk(struct kunit *test, size_t size, size_t n)
{
	memset(ptrs, 0, sizeof(ptrs));
	return heapmod_alloc_bulk(test->priv, size, __GFP_NOWARN, n, ptrs);
}

/* The blocks are where single calls place them: a hole, then the memory behind the last block. */
static void bulk_is_first_fit(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, REGION(400), 0);
	u8 *hole = suite_alloc(test, FILL(9)), *wall = suite_alloc(test, FILL(1));
	size_t i;

	heapmod_free(heap, hole);
	KUNIT_ASSERT_EQ(test, alloc_bulk(test, FILL(2), MANY), MANY);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_PTR_EQ(test, ptrs[i], (void *)(hole + i * 2 * SUITE_GRANULE));
	for (; i < MANY; i++)
		KUNIT_EXPECT_PTR_EQ(test, ptrs[i],
				    (void *)(wall + (1 + (i - 4) * 2) * SUITE_GRANULE));
	KUNIT_EXPECT_NULL(test, ptrs[MANY]);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, MANY + 1);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).asked_bytes, MANY * FILL(2) + FILL(1));
	heapmod_free_bulk(heap, MANY, ptrs);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 1);
	KUNIT_EXPECT_EQ(test, suite_holes(test), 2);
}

static void shortage_returns_what_there_is(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, REGION(20), 0);

	KUNIT_EXPECT_EQ(test, alloc_bulk(test, FILL(2), MANY), 10);
	KUNIT_EXPECT_NULL(test, ptrs[10]);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).failures, 1);
	KUNIT_EXPECT_EQ(test, suite_hole_bytes(test), 0);
	heapmod_free_bulk(heap, 10, ptrs);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 0);
	KUNIT_EXPECT_EQ(test, alloc_bulk(test, 1 << 20, 1), 0);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).failures, 2);
}

static void bulk_of_nothing(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(20));
	void *nothing = ZERO_SIZE_PTR;

	KUNIT_EXPECT_EQ(test, alloc_bulk(test, FILL(2), 0), 0);
	KUNIT_EXPECT_EQ(test, alloc_bulk(test, 0, 3), 3);
	KUNIT_EXPECT_PTR_EQ(test, ptrs[2], nothing);
	heapmod_free_bulk(heap, MANY, ptrs);
	heapmod_free_bulk(heap, 0, NULL);
	KUNIT_EXPECT_EQ(test, heapmod_alloc_bulk(NULL, 8, GFP_KERNEL, 1, ptrs), 0);
	heapmod_free_bulk(NULL, 1, ptrs);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).failures, 0);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).refused, 0);
}

static void bulk_is_zeroed(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(400));
	u8 *dirty = suite_alloc(test, 4000);
	size_t i;

	memset(dirty, 7, 4000);
	heapmod_free(heap, dirty);
	KUNIT_ASSERT_EQ(test, heapmod_alloc_bulk(heap, 100, __GFP_ZERO, MANY, ptrs), MANY);
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_NULL(test, memchr_inv(ptrs[i], 0, 100));
	heapmod_free_bulk(heap, MANY, ptrs);
}

/* Adjacent blocks become one hole, whether they are freed upwards, mixed or downwards. */
static void any_order(struct kunit *test)
{
	static const size_t steps[] = { 1, 7, MANY - 1 };
	struct heapmod *heap = suite_exact_heap(test, REGION(400), 0);
	void *order[MANY];
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		KUNIT_ASSERT_EQ(test, alloc_bulk(test, FILL(2), MANY), MANY);
		for (k = 0; k < MANY; k++)
			order[k] = ptrs[k * steps[i] % MANY];
		heapmod_free_bulk(heap, MANY, order);
		KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 0);
		KUNIT_EXPECT_EQ(test, suite_holes(test), 1);
		KUNIT_EXPECT_EQ(test, heapmod_check(heap), 0);
	}
}

/* A pointer that is given twice is refused once. */
static void twice_in_a_bulk(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, REGION(400), 0);

	KUNIT_ASSERT_EQ(test, alloc_bulk(test, FILL(2), 4), 4);
	ptrs[4] = ptrs[0];
	ptrs[5] = ptrs[2];
	heapmod_free_bulk(heap, 6, ptrs);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).double_free, 2);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 0);
	KUNIT_EXPECT_EQ(test, suite_holes(test), 1);
}

/* Each wrong pointer is refused, and all others are freed. */
static void wrong_pointers(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(400));
	struct heapmod_stats stats;
	int local;

	KUNIT_ASSERT_EQ(test, alloc_bulk(test, FILL(2), MANY), MANY);
	heapmod_free(heap, ptrs[3]);
	heapmod_free(heap, ptrs[39]);
	ptrs[7] += 16;
	ptrs[20] = &local;
	ptrs[21] = ptrs[22];
	heapmod_free_bulk(heap, MANY, ptrs);
	stats = suite_stats(heap);
	KUNIT_EXPECT_EQ(test, stats.double_free, 3);
	KUNIT_EXPECT_EQ(test, stats.interior, 1);
	KUNIT_EXPECT_EQ(test, stats.foreign, 1);
	KUNIT_EXPECT_EQ(test, stats.blocks, 3);
	heapmod_reset(heap);
}

/* All hooks run for each block: what was freed is filled, and an overrun is found. */
static void bulk_in_a_poisoned_heap(struct kunit *test)
{
	unsigned int flags = HEAPMOD_POISON | HEAPMOD_REDZONE;
	struct heapmod *heap = suite_heap_flags(test, REGION(400), flags);
	u8 *first;

	KUNIT_ASSERT_EQ(test, alloc_bulk(test, 20, MANY), MANY);
	first = ptrs[0];
	memset(first, 7, 20);
	first[20] = 7;
	heapmod_free_bulk(heap, MANY, ptrs);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).overrun, 1);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 0);
	KUNIT_EXPECT_NE(test, first[16], 7);
}

/* More blocks than a busy lock has slots for are freed, when it is dropped. */
static void bulk_without_the_lock(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, REGION(400), 0);
	unsigned long flags, nmi;
	void *more[2];
	size_t got;

	KUNIT_ASSERT_EQ(test, alloc_bulk(test, FILL(2), MANY), MANY);
	raw_spin_lock_irqsave(&heap->lock, flags);
	nmi = suite_enter_nmi();
	got = heapmod_alloc_bulk(heap, FILL(2), __GFP_NOWARN, 2, more);
	heapmod_free_bulk(heap, MANY, ptrs);
	suite_leave_nmi(nmi);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	heapmod_barrier(heap);
	KUNIT_EXPECT_EQ(test, got, 0);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).busy, 1);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).frees, MANY);
	KUNIT_EXPECT_EQ(test, suite_holes(test), 1);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(bulk_is_first_fit),
	KUNIT_CASE(shortage_returns_what_there_is),
	KUNIT_CASE(bulk_of_nothing),
	KUNIT_CASE(bulk_is_zeroed),
	KUNIT_CASE(any_order),
	KUNIT_CASE(twice_in_a_bulk),
	KUNIT_CASE(wrong_pointers),
	KUNIT_CASE(bulk_in_a_poisoned_heap),
	KUNIT_CASE(bulk_without_the_lock),
	{}
};

SUITE(cases);
