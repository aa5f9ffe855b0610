// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_refuse - invalid arguments are refused and change nothing
 */
#include <linux/slab.h>

#include "suite.h"

/* @heap refuses @ptr and counts that; nothing else changes. */
static void expect_refusal(struct kunit *test, struct heapmod *heap, const void *ptr)
{
	struct heapmod_stats before, after;

	heapmod_get_stats(heap, &before);
	heapmod_free(heap, ptr);
	heapmod_get_stats(heap, &after);
	KUNIT_EXPECT_EQ(test, after.refused, before.refused + 1);
	KUNIT_EXPECT_EQ(test, suite_pointer_verdicts(&after), suite_pointer_verdicts(&before) + 1);
	KUNIT_EXPECT_EQ(test, memcmp(&before, &after, offsetof(struct heapmod_stats, refused)), 0);
	KUNIT_EXPECT_EQ(test, heapmod_check(heap), 0);
	KUNIT_EXPECT_FALSE(test, heapmod_owns(heap, ptr));
	KUNIT_EXPECT_EQ(test, heapmod_usable_size(heap, ptr), 0);
}

static void double_free(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	void *left = suite_alloc(test, 100);
	void *ptr = suite_alloc(test, 100);

	KUNIT_ASSERT_NOT_NULL(test, suite_alloc(test, 100));
	heapmod_free(heap, ptr);
	expect_refusal(test, heap, ptr);
	heapmod_free(heap, left);
	expect_refusal(test, heap, ptr);
	expect_refusal(test, heap, left);
}

static void interior_and_misaligned(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	char *ptr = suite_alloc(test, 200);
	int i;

	for (i = 1; i < 200; i++)
		expect_refusal(test, heap, ptr + i);
	KUNIT_EXPECT_TRUE(test, heapmod_owns(heap, ptr));
	heapmod_free(heap, ptr);
}

static void foreign(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	char *ptr = suite_alloc(test, 200);
	void *other = kunit_kzalloc(test, 64, GFP_KERNEL);
	struct heapmod_stats stats;

	expect_refusal(test, heap, other);
	expect_refusal(test, heap, test);
	expect_refusal(test, heap, ptr - 16);
	expect_refusal(test, heap, ptr + 100 * SUITE_GRANULE);
	expect_refusal(test, heap, (void *)~15UL);
	expect_refusal(test, heap, (void *)32);
	/* None of them is in another heap, not even those at the edges of this one. */
	heapmod_get_stats(heap, &stats);
	KUNIT_EXPECT_EQ(test, stats.foreign, 6);
}

static void zero_size(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	void *nothing = ZERO_SIZE_PTR;
	struct heapmod_stats stats;

	KUNIT_EXPECT_PTR_EQ(test, heapmod_alloc(heap, 0, GFP_KERNEL), nothing);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_alloc_array(heap, 0, 8, GFP_KERNEL), nothing);
	heapmod_free(heap, ZERO_SIZE_PTR);
	heapmod_free(heap, NULL);
	heapmod_get_stats(heap, &stats);
	KUNIT_EXPECT_EQ(test, stats.refused + stats.allocs + stats.frees, 0);
}

static void huge_sizes(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	size_t huge;
	int i;

	for (i = 0; i < 64; i++) {
		huge = SIZE_MAX - i;
		OPTIMIZER_HIDE_VAR(huge);	/* otherwise the compiler warns */
		KUNIT_EXPECT_NULL(test, heapmod_alloc(heap, huge, __GFP_NOWARN));
	}
	huge = SIZE_MAX / 16 + 2;
	OPTIMIZER_HIDE_VAR(huge);
	KUNIT_EXPECT_NULL(test, heapmod_alloc_array(heap, huge, 16, __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, heapmod_alloc(heap, FILL(100) + 1, __GFP_NOWARN));
	KUNIT_EXPECT_EQ(test, suite_hole_bytes(test), 100 * SUITE_GRANULE);
	KUNIT_EXPECT_NOT_NULL(test, heapmod_alloc_array(heap, 10, 16, GFP_KERNEL));
}

static void expect_error(struct kunit *test, struct heapmod *heap, int error)
{
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(heap), error);
	if (!IS_ERR(heap))
		heapmod_destroy(heap);
}

/* On 32 bit no size reaches the limit of 64 GiB. */
static void expect_large_refused(struct kunit *test)
{
	bool wide = IS_ENABLED(CONFIG_64BIT);

	expect_error(test, heapmod_create("big", SIZE_MAX, 0), wide ? -EFBIG : -ENOMEM);
	if (!wide)
		return;
	expect_error(test, heapmod_create("big", (size_t)70 << 30, 0), -EFBIG);
	expect_error(test, heapmod_create("big", (size_t)60 << 30, 0), -ENOMEM);
}

static void invalid_create(struct kunit *test)
{
	suite_heap(test, REGION(100));
	expect_error(test, heapmod_create("kunit", 1 << 16, 0), -EEXIST);
	expect_error(test, heapmod_create("", 1 << 16, 0), -EINVAL);
	expect_error(test, heapmod_create(NULL, 1 << 16, 0), -EINVAL);
	expect_error(test, heapmod_create("a/b", 1 << 16, 0), -EINVAL);
	expect_error(test, heapmod_create("..", 1 << 16, 0), -EINVAL);
	expect_error(test, heapmod_create("heaps", 1 << 16, 0), -EINVAL);
	expect_error(test, heapmod_create("a b", 1 << 16, 0), -EINVAL);
	expect_error(test, heapmod_create("a\n", 1 << 16, 0), -EINVAL);
	expect_error(test, heapmod_create("a\x7f", 1 << 16, 0), -EINVAL);
	expect_error(test, heapmod_create("\xe4", 1 << 16, 0), -EINVAL);
	expect_error(test, heapmod_create("a~\xff", 1 << 16, 0), -EINVAL);
	expect_error(test, heapmod_create("tiny", 0, 0), -EINVAL);
	expect_error(test, heapmod_create("tiny", 31, 0), -EINVAL);
	expect_error(test, heapmod_create("tiny", 47, HEAPMOD_REDZONE), -EINVAL);
	expect_error(test, heapmod_create("flags", 1 << 16, 1U << 31), -EINVAL);
	expect_large_refused(test);
	expect_error(test, heapmod_create_in("nowhere", NULL, 1 << 16, 0), -EINVAL);
	expect_error(test, heapmod_create_in("wraps", (void *)-PAGE_SIZE, 1 << 16, 0), -EINVAL);
}

static void no_heap(struct kunit *test)
{
	struct heapmod_stats stats;
	int local;

	KUNIT_EXPECT_NULL(test, heapmod_alloc(NULL, 16, GFP_KERNEL));
	heapmod_free(NULL, &local);
	heapmod_destroy(NULL);
	heapmod_destroy(ERR_PTR(-ENOMEM));
	KUNIT_EXPECT_FALSE(test, heapmod_owns(NULL, &local));
	KUNIT_EXPECT_EQ(test, heapmod_usable_size(NULL, &local), 0);
	KUNIT_EXPECT_EQ(test, heapmod_check(NULL), -EINVAL);
	heapmod_get_stats(NULL, &stats);
	KUNIT_EXPECT_EQ(test, stats.region_bytes, 0);
}

static void memory_of_the_caller(struct kunit *test)
{
	char *mem = kunit_kzalloc(test, 4096, GFP_KERNEL);
	struct heapmod *heap = heapmod_create_in("kunit", mem + 1, 4000, 0);
	char *ptr;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	test->priv = heap;
	ptr = suite_alloc(test, 100);
	KUNIT_EXPECT_EQ(test, (unsigned long)ptr % 16, 0);
	KUNIT_EXPECT_TRUE(test, ptr > mem && ptr + 100 <= mem + 4001);
	heapmod_free(heap, ptr);
	ptr = suite_alloc(test, suite_hole_bytes(test) - 8);
	KUNIT_EXPECT_TRUE(test, ptr + heapmod_usable_size(heap, ptr) <= mem + 4001);
	heapmod_free(heap, ptr);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(double_free),
	KUNIT_CASE(interior_and_misaligned),
	KUNIT_CASE(foreign),
	KUNIT_CASE(zero_size),
	KUNIT_CASE(huge_sizes),
	KUNIT_CASE(invalid_create),
	KUNIT_CASE(no_heap),
	KUNIT_CASE(memory_of_the_caller),
	{}
};

SUITE(cases);
