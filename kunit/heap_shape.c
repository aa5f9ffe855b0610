// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_shape - aligned blocks, and blocks that grow and shrink
 */
#include <linux/string.h>

#include "probe.h"

static bool holds(const u8 *ptr, u8 value, size_t size)
{
	return !memchr_inv(ptr, value, size);
}

/* No block is live, and what is not cached is a hole, the only one if nothing is cached. */
static void expect_empty(struct kunit *test)
{
	struct heapmod_stats stats;

	heapmod_get_stats(test->priv, &stats);
	KUNIT_EXPECT_EQ(test, stats.blocks, 0);
	KUNIT_EXPECT_EQ(test, stats.asked_bytes, 0);
	KUNIT_EXPECT_EQ(test, stats.hole_bytes + stats.cached_bytes + stats.edge_bytes,
			stats.region_bytes);
	if (!stats.cached_bytes)
		KUNIT_EXPECT_EQ(test, stats.holes, 1);
}

static void every_alignment(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 4 << 20);
	size_t align;
	u8 *ptr, *low;

	for (align = 1; align <= HEAPMOD_ALIGN_MAX; align *= 2) {
		low = suite_alloc(test, 1);
		ptr = heapmod_alloc_aligned(heap, 100, align, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, ptr);
		KUNIT_EXPECT_EQ(test, (uintptr_t)ptr % max_t(size_t, align, 16), 0);
		KUNIT_EXPECT_EQ(test, heapmod_usable_size(heap, ptr), 100);
		memset(ptr, 1, 100);
		KUNIT_EXPECT_EQ(test, heapmod_check(heap), 0);
		heapmod_free(heap, low);
		heapmod_free(heap, ptr);
		expect_empty(test);
	}
}

static void both_ends_are_trimmed(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 20);
	u64 before = suite_hole_bytes(test);
	void *ptr = heapmod_alloc_aligned(heap, FILL(10), 1 << 16, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ptr);
	KUNIT_EXPECT_EQ(test, suite_hole_bytes(test), before - 10 * SUITE_GRANULE);
	heapmod_free(heap, ptr);
	expect_empty(test);
}

static void invalid_alignments(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 4 << 20);
	void *nothing = ZERO_SIZE_PTR;

	KUNIT_EXPECT_NULL(test, heapmod_alloc_aligned(heap, 100, 0, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, heapmod_alloc_aligned(heap, 100, 48, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, heapmod_alloc_aligned(heap, 100, 2 << 20, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, heapmod_alloc_aligned(heap, 100, SIZE_MAX, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, heapmod_alloc_aligned(heap, 4 << 20, 16, __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, heapmod_alloc_aligned(heap, (4 << 20) - 100, 4096, __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, heapmod_alloc_aligned(NULL, 100, 16, GFP_KERNEL));
	KUNIT_EXPECT_PTR_EQ(test, heapmod_alloc_aligned(heap, 0, 4096, GFP_KERNEL), nothing);
	expect_empty(test);
}

static void huge_size_and_alignment(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	size_t huge;
	int i;

	for (i = 0; i < 64; i++) {
		huge = SIZE_MAX - i;
		OPTIMIZER_HIDE_VAR(huge);
		KUNIT_EXPECT_NULL(test, heapmod_alloc_aligned(heap, huge, 4096, __GFP_NOWARN));
	}
	expect_empty(test);
}

static void grows_in_place(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	u8 *ptr = suite_alloc(test, 100);

	memset(ptr, 7, 100);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_realloc(heap, ptr, 500, GFP_KERNEL), (void *)ptr);
	KUNIT_EXPECT_TRUE(test, holds(ptr, 7, 100));
	KUNIT_EXPECT_EQ(test, heapmod_usable_size(heap, ptr), 500);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_realloc(heap, ptr, FILL(100), GFP_KERNEL), (void *)ptr);
	KUNIT_EXPECT_EQ(test, suite_holes(test), 0);
	heapmod_free(heap, ptr);
	expect_empty(test);
}

static void shrinks_in_place(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	u8 *ptr = suite_alloc(test, FILL(100));
	size_t size;

	memset(ptr, 7, FILL(100));
	for (size = FILL(100); size; size--) {
		KUNIT_EXPECT_PTR_EQ(test, heapmod_realloc(heap, ptr, size, GFP_KERNEL),
				    (void *)ptr);
		KUNIT_EXPECT_EQ(test, heapmod_usable_size(heap, ptr), size);
		KUNIT_EXPECT_TRUE(test, holds(ptr, 7, size));
		KUNIT_EXPECT_EQ(test, heapmod_check(heap), 0);
	}
	heapmod_free(heap, ptr);
	expect_empty(test);
}

static void moves_when_the_next_is_used(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	u8 *ptr = suite_alloc(test, 100);
	u8 *wall = suite_alloc(test, 100);
	u8 *moved;

	memset(ptr, 7, 100);
	moved = heapmod_realloc(heap, ptr, 300, GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, moved);
	KUNIT_EXPECT_PTR_NE(test, moved, ptr);
	KUNIT_EXPECT_FALSE(test, heapmod_owns(heap, ptr));
	KUNIT_EXPECT_TRUE(test, holds(moved, 7, 100));
	KUNIT_EXPECT_TRUE(test, holds(moved + 100, 0, 200));
	heapmod_free(heap, wall);
	heapmod_free(heap, moved);
	expect_empty(test);
}

/* With __GFP_ZERO the new bytes are zeroed, and no others. */
static void new_bytes_are_zeroed(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	u8 *ptr = suite_alloc(test, 300);

	memset(ptr, 7, 300);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_realloc(heap, ptr, 100, GFP_KERNEL), (void *)ptr);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_realloc(heap, ptr, 299, GFP_KERNEL | __GFP_ZERO),
			    (void *)ptr);
	KUNIT_EXPECT_TRUE(test, holds(ptr, 7, 100));
	KUNIT_EXPECT_TRUE(test, holds(ptr + 100, 0, 199));
	heapmod_free(heap, ptr);
}

static void realloc_of_null_and_to_zero(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	void *nothing = ZERO_SIZE_PTR;
	void *ptr = heapmod_realloc(heap, NULL, 100, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ptr);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_realloc(heap, ptr, 0, GFP_KERNEL), nothing);
	expect_empty(test);
	ptr = heapmod_realloc(heap, nothing, 100, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ptr);
	heapmod_free(heap, ptr);
	KUNIT_EXPECT_NULL(test, heapmod_realloc(NULL, ptr, 10, GFP_KERNEL));
	expect_empty(test);
}

/* A resize that fails leaves the block unchanged. */
static void failed_resize_changes_nothing(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	u8 *ptr = suite_alloc(test, 100);
	u64 holes = suite_hole_bytes(test);

	memset(ptr, 7, 100);
	KUNIT_EXPECT_NULL(test, heapmod_realloc(heap, ptr, FILL(101), __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, heapmod_realloc(heap, ptr, SIZE_MAX / 2, __GFP_NOWARN));
	KUNIT_EXPECT_EQ(test, heapmod_usable_size(heap, ptr), 100);
	KUNIT_EXPECT_EQ(test, suite_hole_bytes(test), holes);
	KUNIT_EXPECT_TRUE(test, holds(ptr, 7, 100));
	heapmod_free(heap, ptr);
}

static void invalid_pointers_are_refused(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	u8 *ptr = suite_alloc(test, 100);
	struct heapmod_stats stats;

	KUNIT_EXPECT_NULL(test, heapmod_realloc(heap, ptr + 1, 10, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, heapmod_realloc(heap, ptr + 16, 10, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, heapmod_realloc(heap, &stats, 10, GFP_KERNEL));
	heapmod_free(heap, ptr);
	KUNIT_EXPECT_NULL(test, heapmod_realloc(heap, ptr, 10, GFP_KERNEL));
	heapmod_get_stats(heap, &stats);
	KUNIT_EXPECT_EQ(test, stats.misaligned, 1);
	KUNIT_EXPECT_EQ(test, stats.interior, 1);
	KUNIT_EXPECT_EQ(test, stats.foreign, 1);
	KUNIT_EXPECT_EQ(test, stats.double_free, 1);
	expect_empty(test);
}

/* With poison and redzones a resize leads to no finding. */
static void resizes_with_flags(struct kunit *test)
{
	struct heapmod *heap = suite_heap_flags(test, 1 << 16, HEAPMOD_POISON | HEAPMOD_REDZONE);
	struct heapmod_stats stats;
	size_t sizes[] = { 1, 100, 1000, 17, 40, 3000, 5, 16 };
	u8 *ptr = suite_alloc(test, 10), *wall = suite_alloc(test, 10);
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ptr = heapmod_realloc(heap, ptr, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, ptr);
		memset(ptr, i, sizes[i]);
		KUNIT_EXPECT_EQ(test, heapmod_check(heap), 0);
	}
	heapmod_free(heap, ptr);
	heapmod_free(heap, wall);
	heapmod_get_stats(heap, &stats);
	KUNIT_EXPECT_EQ(test, stats.use_after_free + stats.overrun + stats.corrupt_header, 0);
	expect_empty(test);
}

/* The number of events, and the fields of the last resize. */
struct events {
	unsigned int others, resizes;
	u64 was_asked, was_bytes, asked, bytes;
};

static void count_other(void *data, u32 heap, u64 offset, u64 asked, u64 bytes,
			unsigned long caller)
{
	struct events *events = data;

	events->others++;
}

static void note_resize(void *data, u32 heap, u64 offset, u64 was_asked, u64 was_bytes, u64 asked,
			u64 bytes, unsigned long caller)
{
	struct events *events = data;

	events->resizes++;
	events->was_asked = was_asked;
	events->was_bytes = was_bytes;
	events->asked = asked;
	events->bytes = bytes;
}

static void resize_in_place(struct kunit *test, u8 *ptr, size_t size)
{
	KUNIT_EXPECT_PTR_EQ(test, heapmod_realloc(test->priv, ptr, size, GFP_KERNEL), (void *)ptr);
}

static void expect_resize(struct kunit *test, const struct events *events, u64 was_asked,
			  u64 was_bytes, u64 asked, u64 bytes)
{
	KUNIT_EXPECT_EQ(test, events->was_asked, was_asked);
	KUNIT_EXPECT_EQ(test, events->was_bytes, was_bytes);
	KUNIT_EXPECT_EQ(test, events->asked, asked);
	KUNIT_EXPECT_EQ(test, events->bytes, bytes);
}

/* A block that is resized where it is makes one event, and is neither freed nor allocated. */
static void in_place_is_one_event(struct kunit *test)
{
	struct events events = {};
	struct tracepoint *alloc, *free, *resize;
	u8 *ptr;

	suite_exact_heap(test, 1 << 16, 0);
	ptr = suite_alloc(test, 100);
	alloc = probe_start(test, "heapmod_alloc", count_other, &events);
	free = probe_start(test, "heapmod_free", count_other, &events);
	resize = probe_start(test, "heapmod_resize", note_resize, &events);
	resize_in_place(test, ptr, 200);
	expect_resize(test, &events, 100, 112, 200, 208);
	resize_in_place(test, ptr, 20);
	expect_resize(test, &events, 200, 208, 20, 32);
	probe_stop(resize, note_resize, &events);
	probe_stop(free, count_other, &events);
	probe_stop(alloc, count_other, &events);
	heapmod_free(test->priv, ptr);
	KUNIT_EXPECT_EQ(test, events.resizes, 2);
	KUNIT_EXPECT_EQ(test, events.others, 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(every_alignment),
	KUNIT_CASE(both_ends_are_trimmed),
	KUNIT_CASE(invalid_alignments),
	KUNIT_CASE(huge_size_and_alignment),
	KUNIT_CASE(grows_in_place),
	KUNIT_CASE(shrinks_in_place),
	KUNIT_CASE(moves_when_the_next_is_used),
	KUNIT_CASE(new_bytes_are_zeroed),
	KUNIT_CASE(realloc_of_null_and_to_zero),
	KUNIT_CASE(failed_resize_changes_nothing),
	KUNIT_CASE(invalid_pointers_are_refused),
	KUNIT_CASE(resizes_with_flags),
	KUNIT_CASE(in_place_is_one_event),
	{}
};

SUITE(cases);
