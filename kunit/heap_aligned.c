// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_aligned - aligned blocks in a full heap, and resized blocks that stay aligned
 */
#include <linux/string.h>

#include "suite.h"

static bool is_aligned(const void *ptr, size_t align)
{
	return IS_ALIGNED((unsigned long)ptr, align);
}

/* Allocate the rest of the heap. */
static void fill_up(struct kunit *test)
{
	while (heapmod_alloc(test->priv, 1, __GFP_NOWARN))
		;
}

static void freed_block_is_found_again(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(200));
	void *ptr = heapmod_alloc_aligned(heap, FILL(4), 64, GFP_KERNEL);

	fill_up(test);
	heapmod_free(heap, ptr);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_alloc_aligned(heap, FILL(4), 64, GFP_KERNEL), ptr);
	heapmod_free(heap, ptr);
	/* Now by way of the quick list. */
	KUNIT_EXPECT_PTR_EQ(test, suite_alloc(test, FILL(4)), ptr);
	heapmod_free(heap, ptr);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_alloc_aligned(heap, FILL(4), 64, GFP_KERNEL), ptr);
	KUNIT_EXPECT_EQ(test, suite_hole_bytes(test), 0);
}

/* A hole of exactly the block has a place only if it is aligned. */
static void unaligned_hole_is_skipped(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(200));
	void *ptr = heapmod_alloc_aligned(heap, FILL(1), 64, GFP_KERNEL);
	void *low = suite_alloc(test, FILL(1));

	fill_up(test);
	KUNIT_ASSERT_FALSE(test, is_aligned(low, 64));
	heapmod_free(heap, low);
	KUNIT_EXPECT_NULL(test, heapmod_alloc_aligned(heap, 8, 64, __GFP_NOWARN));
	heapmod_free(heap, ptr);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_alloc_aligned(heap, 8, 64, GFP_KERNEL), ptr);
}

static void front_never_counts_as_used(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 20);
	struct heapmod_stats stats;

	KUNIT_ASSERT_NOT_NULL(test, heapmod_alloc_aligned(heap, FILL(3), 1 << 16, GFP_KERNEL));
	stats = suite_stats(heap);
	KUNIT_EXPECT_EQ(test, stats.peak_bytes, 3 * SUITE_GRANULE);
}

/* A block that moves is aligned, keeps its bytes, and leaves nothing behind. */
static void realloc_keeps_alignment(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 20);
	u8 *ptr = heapmod_alloc_aligned(heap, 100, 1024, GFP_KERNEL);
	u8 *wall = suite_alloc(test, 1), *moved;

	KUNIT_ASSERT_NOT_NULL(test, ptr);
	memset(ptr, 7, 100);
	while (wall < ptr)
		wall = suite_alloc(test, 1);
	moved = heapmod_realloc_aligned(heap, ptr, 3000, 1024, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, moved);
	KUNIT_EXPECT_PTR_NE(test, moved, ptr);
	KUNIT_EXPECT_TRUE(test, is_aligned(moved, 1024));
	KUNIT_EXPECT_NULL(test, memchr_inv(moved, 7, 100));
	KUNIT_EXPECT_FALSE(test, heapmod_owns(heap, ptr));
	KUNIT_EXPECT_PTR_EQ(test, heapmod_realloc_aligned(heap, moved, 50, 1024, GFP_KERNEL),
			    (void *)moved);
	KUNIT_EXPECT_EQ(test, heapmod_usable_size(heap, moved), 50);
}

/* A block that is not aligned yet moves, also when it shrinks. */
static void realloc_aligns(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 20);
	u8 *ptr = suite_alloc(test, 100), *moved;

	if (is_aligned(ptr, 4096))
		ptr = suite_alloc(test, 100);
	memset(ptr, 7, 100);
	moved = heapmod_realloc_aligned(heap, ptr, 60, 4096, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, moved);
	KUNIT_EXPECT_TRUE(test, is_aligned(moved, 4096));
	KUNIT_EXPECT_NULL(test, memchr_inv(moved, 7, 60));
	KUNIT_EXPECT_EQ(test, suite_stats(heap).asked_bytes, 60);
}

static void realloc_without_a_block(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 20);
	void *nothing = ZERO_SIZE_PTR;
	void *ptr = heapmod_realloc_aligned(heap, NULL, 100, 512, GFP_KERNEL);

	KUNIT_EXPECT_TRUE(test, ptr && is_aligned(ptr, 512));
	KUNIT_EXPECT_PTR_EQ(test, heapmod_realloc_aligned(heap, ptr, 0, 512, GFP_KERNEL), nothing);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 0);
}

/* After a refusal or a failure the block is unchanged. */
static void realloc_refuses(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	u8 *ptr = suite_alloc(test, 100);

	KUNIT_EXPECT_NULL(test, heapmod_realloc_aligned(heap, ptr, 200, 0, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, heapmod_realloc_aligned(heap, ptr, 200, 48, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, heapmod_realloc_aligned(heap, ptr, 0, 2 << 20, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, heapmod_realloc_aligned(heap, ptr, 1 << 20, 64, __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, heapmod_realloc_aligned(NULL, ptr, 200, 64, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, heapmod_usable_size(heap, ptr), 100);
	KUNIT_EXPECT_NULL(test, heapmod_realloc_aligned(heap, ptr + 1, 200, 64, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, heapmod_realloc_aligned(heap, ptr + 16, 200, 16, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, suite_stats(heap).refused, 2);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 1);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(freed_block_is_found_again),
	KUNIT_CASE(unaligned_hole_is_skipped),
	KUNIT_CASE(front_never_counts_as_used),
	KUNIT_CASE(realloc_keeps_alignment),
	KUNIT_CASE(realloc_aligns),
	KUNIT_CASE(realloc_without_a_block),
	KUNIT_CASE(realloc_refuses),
	{}
};

SUITE(cases);
