// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_fit - the hole that an allocation takes, and allocations that do not fit
 */
#include "suite.h"

static void lowest_hole_that_fits(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, REGION(100), 0);
	void *small, *large, *end;

	small = suite_alloc(test, FILL(2));
	KUNIT_ASSERT_NOT_NULL(test, suite_alloc(test, FILL(1)));
	large = suite_alloc(test, FILL(5));
	KUNIT_ASSERT_NOT_NULL(test, suite_alloc(test, FILL(1)));
	heapmod_free(heap, large);
	heapmod_free(heap, small);

	KUNIT_EXPECT_PTR_EQ(test, suite_alloc(test, FILL(3)), large);
	KUNIT_EXPECT_PTR_EQ(test, suite_alloc(test, FILL(2)), small);
	end = suite_alloc(test, FILL(3));
	KUNIT_EXPECT_GT(test, (unsigned long)end, (unsigned long)large);
}

static void holes_that_open_below(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, REGION(1000), 0);
	void *blocks[50];
	int i;

	for (i = 0; i < 50; i++)
		blocks[i] = suite_alloc(test, FILL(3));
	for (i = 48; i >= 0; i -= 2) {
		heapmod_free(heap, blocks[i]);
		KUNIT_EXPECT_PTR_EQ(test, suite_alloc(test, FILL(3)), blocks[i]);
		heapmod_free(heap, blocks[i]);
	}
	for (i = 0; i < 50; i += 2)
		KUNIT_EXPECT_PTR_EQ(test, suite_alloc(test, FILL(3)), blocks[i]);
}

static void every_size_to_4096(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 20);
	u64 free = suite_hole_bytes(test);
	size_t size;
	char *ptr;

	for (size = 1; size <= 4096; size++) {
		ptr = heapmod_zalloc(heap, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, ptr);
		KUNIT_EXPECT_EQ(test, (unsigned long)ptr % 16, 0);
		KUNIT_EXPECT_GE(test, heapmod_usable_size(heap, ptr), size);
		KUNIT_EXPECT_NULL(test, memchr_inv(ptr, 0, size));
		memset(ptr, 0xff, size);
		if (size % 64 == 1)
			KUNIT_EXPECT_EQ(test, heapmod_check(heap), 0);
		heapmod_free(heap, ptr);
	}
	KUNIT_EXPECT_EQ(test, suite_hole_bytes(test) + suite_stats(heap).cached_bytes, free);
}

/* A block freed directly after its allocation is reused by first fit, for any next size. */
static void quick_frees_keep_first_fit(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, REGION(400), 0);
	static const int sizes[] = { 2, 5, 9, 9, 5, 2, 5, 12, 2, 1 };
	char *small, *large;
	void *block;
	int i;

	small = suite_alloc(test, FILL(6));
	suite_alloc(test, FILL(1));
	large = suite_alloc(test, FILL(10));
	suite_alloc(test, FILL(1));
	heapmod_free(heap, small);
	heapmod_free(heap, large);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		block = suite_alloc(test, FILL(sizes[i]));
		if (sizes[i] <= 10)
			KUNIT_EXPECT_PTR_EQ(test, block, (void *)(sizes[i] <= 6 ? small : large));
		heapmod_free(heap, block);
	}
	KUNIT_EXPECT_EQ(test, suite_holes(test), 3);
}

static void exhaustion_and_recovery(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, REGION(150), 0);
	void *blocks[50];
	int i;

	for (i = 0; i < 50; i++)
		blocks[i] = suite_alloc(test, FILL(3));
	KUNIT_EXPECT_NULL(test, heapmod_alloc(heap, 1, __GFP_NOWARN));
	KUNIT_EXPECT_EQ(test, suite_hole_bytes(test), 0);
	heapmod_free(heap, blocks[25]);
	KUNIT_EXPECT_NULL(test, heapmod_alloc(heap, FILL(3) + 1, __GFP_NOWARN));
	KUNIT_EXPECT_PTR_EQ(test, suite_alloc(test, FILL(3)), blocks[25]);
	for (i = 0; i < 50; i++)
		heapmod_free(heap, blocks[i]);
	KUNIT_EXPECT_PTR_EQ(test, suite_alloc(test, FILL(150)), blocks[0]);
}

static void stats_add_up(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	struct heapmod_stats s;
	void *blocks[64] = {};
	u64 sum;
	int i;

	for (i = 0; i < 1000; i++) {
		void **slot = &blocks[i * 37 % 64];

		if (*slot) {
			heapmod_free(heap, *slot);
			*slot = NULL;
		} else {
			*slot = suite_alloc(test, 1 + i * 7 % 500);
		}
		heapmod_get_stats(heap, &s);
		sum = s.asked_bytes + s.slack_bytes + s.header_bytes + s.hole_bytes +
		      s.quarantine_bytes + s.pending_bytes + s.redzone_bytes + s.edge_bytes +
		      s.cached_bytes;
		KUNIT_EXPECT_EQ(test, s.region_bytes, sum);
		KUNIT_EXPECT_EQ(test, s.edge_bytes, 16);
		KUNIT_EXPECT_EQ(test, s.blocks, s.allocs - s.frees);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(lowest_hole_that_fits),
	KUNIT_CASE(holes_that_open_below),
	KUNIT_CASE(every_size_to_4096),
	KUNIT_CASE(quick_frees_keep_first_fit),
	KUNIT_CASE(exhaustion_and_recovery),
	KUNIT_CASE(stats_add_up),
	{}
};

SUITE(cases);
