// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_split - an allocation splits a hole, and the rest stays a hole
 */
#include "suite.h"

static void exact_fit(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, REGION(10), 0);
	void *ptr = suite_alloc(test, FILL(10));

	KUNIT_EXPECT_EQ(test, suite_holes(test), 0);
	KUNIT_EXPECT_EQ(test, suite_hole_bytes(test), 0);
	heapmod_free(heap, ptr);
	KUNIT_EXPECT_EQ(test, suite_holes(test), 1);
}

static void rest_of_one_granule(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, REGION(10), 0);
	char *low = suite_alloc(test, FILL(9));
	char *rest;

	KUNIT_EXPECT_EQ(test, suite_hole_bytes(test), 16);
	KUNIT_EXPECT_NULL(test, heapmod_alloc(heap, FILL(1) + 1, __GFP_NOWARN));
	rest = suite_alloc(test, FILL(1));
	KUNIT_EXPECT_PTR_EQ(test, rest, low + 9 * SUITE_GRANULE);
	KUNIT_EXPECT_EQ(test, suite_holes(test), 0);
	heapmod_free(heap, low);
	heapmod_free(heap, rest);
}

static void first_and_last_block(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, REGION(10), 0);
	char *first = suite_alloc(test, FILL(1));
	char *middle = suite_alloc(test, FILL(8));
	char *last = suite_alloc(test, FILL(1));

	KUNIT_EXPECT_PTR_EQ(test, last, first + 9 * SUITE_GRANULE);
	heapmod_free(heap, first);
	heapmod_free(heap, last);
	KUNIT_EXPECT_EQ(test, suite_holes(test), 2);
	KUNIT_EXPECT_PTR_EQ(test, suite_alloc(test, FILL(1)), (void *)first);
	KUNIT_EXPECT_PTR_EQ(test, suite_alloc(test, FILL(1)), (void *)last);
	heapmod_free(heap, first);
	heapmod_free(heap, middle);
	heapmod_free(heap, last);
	KUNIT_EXPECT_EQ(test, suite_holes(test), 1);
}

static void every_split_of_a_hole(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, REGION(200), 0);
	unsigned int granules;
	void *ptr;

	for (granules = 1; granules <= 200; granules++) {
		ptr = suite_alloc(test, FILL(granules));
		KUNIT_EXPECT_EQ(test, suite_hole_bytes(test), (200 - granules) * SUITE_GRANULE);
		KUNIT_EXPECT_EQ(test, suite_holes(test), granules < 200);
		KUNIT_EXPECT_EQ(test, heapmod_check(heap), 0);
		heapmod_free(heap, ptr);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(exact_fit),
	KUNIT_CASE(rest_of_one_granule),
	KUNIT_CASE(first_and_last_block),
	KUNIT_CASE(every_split_of_a_hole),
	{}
};

SUITE(cases);
