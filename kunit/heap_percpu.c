// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_percpu - HEAPMOD_PERCPU: what caches may change, and what they must not
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "heaps/heaps.h"
#include "suite.h"

#define BYTES	100
#define CACHED	112		/* of a block of BYTES */

/* The thread of the case stays on a CPU: a block is taken from the cache that it was freed into. */
static struct heapmod *cached_heap_flags(struct kunit *test, size_t size, unsigned int flags)
{
	set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id()));
	return suite_heap_flags(test, size, HEAPMOD_PERCPU | flags);
}

static struct heapmod *cached_heap(struct kunit *test, size_t size)
{
	return cached_heap_flags(test, size, 0);
}

/* A call site has an owner, and so may take a cached block, from its first allocation on. */
static noinline void *take(struct kunit *test, size_t size)
{
	return suite_alloc(test, size);
}

/* A block of BYTES that was freed into the cache of this CPU. */
static void *cached_block(struct kunit *test)
{
	void *block = take(test, BYTES);

	heapmod_free(test->priv, block);
	return block;
}

static void a_freed_block_is_cached(struct kunit *test)
{
	struct heapmod *heap = cached_heap(test, 1 << 16);
	void *block = suite_alloc(test, BYTES);
	u64 holes = suite_holes(test);
	struct heapmod_stats stats;

	suite_alloc(test, BYTES);
	heapmod_free(heap, block);
	stats = suite_stats(heap);
	KUNIT_EXPECT_EQ(test, stats.cached_bytes, CACHED);
	KUNIT_EXPECT_EQ(test, stats.asked_bytes, BYTES);
	KUNIT_EXPECT_EQ(test, stats.blocks, 1);
	KUNIT_EXPECT_EQ(test, stats.frees, 1);
	KUNIT_EXPECT_EQ(test, stats.holes, holes);
}

static void the_next_allocation_of_its_size_takes_it(struct kunit *test)
{
	struct heapmod *heap = cached_heap(test, 1 << 16);
	void *block = cached_block(test);

	KUNIT_EXPECT_PTR_NE(test, take(test, BYTES + 16), block);
	KUNIT_EXPECT_PTR_NE(test, take(test, BYTES - 16), block);
	KUNIT_EXPECT_PTR_EQ(test, take(test, BYTES - 1), block);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).cached_bytes, 0);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).asked_bytes, 3 * BYTES - 1);
}

static void large_blocks_are_not_cached(struct kunit *test)
{
	struct heapmod *heap = cached_heap(test, 1 << 16);

	heapmod_free(heap, suite_alloc(test, FILL(65)));
	KUNIT_EXPECT_EQ(test, suite_stats(heap).cached_bytes, 0);
	heapmod_free(heap, suite_alloc(test, FILL(64)));
	KUNIT_EXPECT_EQ(test, suite_stats(heap).cached_bytes, 64 * SUITE_GRANULE);
}

/* A second free, a query and a resize of a cached block. */
static void a_cached_block_is_not_live(struct kunit *test)
{
	struct heapmod *heap = cached_heap(test, 1 << 16);
	void *block = cached_block(test);

	heapmod_free(heap, block);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).double_free, 1);
	KUNIT_EXPECT_FALSE(test, heapmod_owns(heap, block));
	KUNIT_EXPECT_NULL(test, heapmod_realloc(heap, block, 50, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, suite_stats(heap).double_free, 2);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).cached_bytes, CACHED);
}

static void an_overrun_is_found(struct kunit *test)
{
	struct heapmod *heap = cached_heap(test, 1 << 16);
	char *block = take(test, BYTES);

	block[BYTES] = 0;
	heapmod_free(heap, block);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).overrun, 1);
	KUNIT_EXPECT_PTR_EQ(test, (char *)take(test, BYTES), block);
}

/* More blocks than the caches may have, in many sizes. All of the region can be allocated. */
static void the_whole_region_is_there(struct kunit *test)
{
	struct heapmod *heap = cached_heap(test, REGION(2048));
	static void *blocks[2048];
	int i, count = 0;

	while (count < 2048) {
		blocks[count] = heapmod_alloc(heap, FILL(1 + count % 7), __GFP_NOWARN);
		if (!blocks[count])
			break;
		count++;
	}
	for (i = 0; i < count; i++)
		heapmod_free(heap, blocks[i]);
	KUNIT_EXPECT_GT(test, suite_stats(heap).cached_bytes, 0);
	KUNIT_EXPECT_LE(test, suite_stats(heap).cached_bytes, REGION(2048) / 16);
	suite_alloc(test, FILL(2048));
	KUNIT_EXPECT_EQ(test, suite_stats(heap).cached_bytes, 0);
}

/* What fits, aligned to 64, into a heap of 511 granules only if nothing is cached. */
#define MOST	FILL(508)

/* The lowest block of this heap, of four granules, is cached. */
static struct heapmod *nearly_free_heap(struct kunit *test)
{
	struct heapmod *heap = cached_heap(test, REGION(511));

	while (heapmod_alloc(heap, FILL(4), __GFP_NOWARN))
		;
	heapmod_reset(heap);
	heapmod_free(heap, suite_alloc(test, FILL(4)));
	KUNIT_EXPECT_EQ(test, suite_stats(heap).cached_bytes, 4 * SUITE_GRANULE);
	return heap;
}

static void an_aligned_allocation_takes_all_back(struct kunit *test)
{
	struct heapmod *heap = nearly_free_heap(test);

	KUNIT_EXPECT_NOT_NULL(test, heapmod_alloc_aligned(heap, MOST, 64, GFP_KERNEL));
}

/* As an allocation that does not wait, one that may not wait any longer takes all back. */
static void a_wait_takes_all_back(struct kunit *test)
{
	struct heapmod *heap = nearly_free_heap(test);
	void *block = heapmod_alloc_wait(heap, MOST, 1, GFP_KERNEL, TASK_KILLABLE, 0);

	KUNIT_EXPECT_FALSE(test, IS_ERR(block));
	KUNIT_EXPECT_EQ(test, suite_stats(heap).failures, 1);
}

static void a_poll_takes_all_back(struct kunit *test)
{
	struct heapmod *heap = nearly_free_heap(test);

	KUNIT_EXPECT_EQ(test, heapmod_poll(heap, MOST, NULL, NULL), EPOLLOUT | EPOLLWRNORM);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).cached_bytes, 0);
}

static void a_reset_empties_the_caches(struct kunit *test)
{
	struct heapmod *heap = cached_heap(test, 1 << 16);

	suite_alloc(test, BYTES);
	cached_block(test);
	suite_alloc(test, 2 * BYTES);
	heapmod_reset(heap);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).cached_bytes, 0);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 0);
	KUNIT_EXPECT_EQ(test, suite_holes(test), 1);
}

/* memset() would let KASAN look. */
static void damage(void *block)
{
	WRITE_ONCE(*(u64 *)(block - 8), 0x5555555555555555);
}

/* The cached block leaves the cache and is quarantined. */
static void expect_quarantined(struct kunit *test, struct heapmod *heap)
{
	struct heapmod_stats stats = suite_stats(heap);

	KUNIT_EXPECT_EQ(test, stats.cached_bytes, 0);
	KUNIT_EXPECT_EQ(test, stats.quarantine_blocks, 1);
	KUNIT_EXPECT_EQ(test, stats.corrupt_header, 1);
	KUNIT_EXPECT_EQ(test, stats.blocks, stats.allocs - stats.frees);
}

static void a_damaged_block_is_not_allocated(struct kunit *test)
{
	struct heapmod *heap = cached_heap(test, 1 << 16);
	void *block = cached_block(test);

	damage(block);
	KUNIT_EXPECT_PTR_NE(test, take(test, BYTES), block);
	expect_quarantined(test, heap);
}

static void a_damaged_block_is_not_freed_twice(struct kunit *test)
{
	struct heapmod *heap = cached_heap(test, 1 << 16);
	void *block = cached_block(test);

	damage(block);
	heapmod_free(heap, block);
	expect_quarantined(test, heap);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).double_free, 1);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 0);
}

static int count_block(struct heapmod *heap, const struct heapmod_block_info *block, void *count)
{
	++*(int *)count;
	return 0;
}

static void a_walk_skips_cached_blocks(struct kunit *test)
{
	struct heapmod *heap = cached_heap(test, 1 << 16);
	void *damaged = suite_alloc(test, 300);
	int count = 0;

	suite_alloc(test, 200);
	cached_block(test);
	heapmod_free(heap, damaged);
	damage(damaged);
	KUNIT_EXPECT_EQ(test, heapmod_walk(heap, count_block, &count), 0);
	KUNIT_EXPECT_EQ(test, count, 1);
}

/* It has left the cache and become a part of the hole in front of it, behind which is no block. */
static void a_walk_skips_what_it_frees(struct kunit *test)
{
	struct heapmod *heap = cached_heap(test, 1 << 16);
	void *front = suite_alloc(test, 2000);
	void *damaged = suite_alloc(test, 300);
	u32 quarantined = heap->core.quarantined;
	int count = 0;

	heapmod_free(heap, front);
	heapmod_free(heap, damaged);
	damage(damaged);
	heap->core.quarantined = heap->core.granules;	/* there is no room */
	KUNIT_EXPECT_EQ(test, heapmod_walk(heap, count_block, &count), 0);
	heap->core.quarantined = quarantined;
	KUNIT_EXPECT_EQ(test, count, 0);
}

/* Neither a size that no hole can have, nor an allocation in an NMI. */
static void failures_that_take_nothing_back(struct kunit *test)
{
	struct heapmod *heap = cached_heap(test, 1 << 16);
	unsigned long flags;
	u64 largest;

	cached_block(test);
	KUNIT_EXPECT_NULL(test, heapmod_alloc(heap, 1 << 16, __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, heapmod_alloc(heap, SIZE_MAX, __GFP_NOWARN));
	KUNIT_EXPECT_EQ(test, suite_stats(heap).cached_bytes, CACHED);
	largest = suite_stats(heap).largest_hole_bytes;
	flags = suite_enter_nmi();
	KUNIT_EXPECT_NULL(test, heapmod_alloc(heap, largest, __GFP_NOWARN));
	suite_leave_nmi(flags);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).cached_bytes, CACHED);
	KUNIT_EXPECT_NOT_NULL(test, heapmod_alloc(heap, largest, __GFP_NOWARN));
	KUNIT_EXPECT_EQ(test, suite_stats(heap).cached_bytes, 0);
}

static void a_check_finds_damage_in_a_cache(struct kunit *test)
{
	struct heapmod *heap = cached_heap(test, 1 << 16);
	void *block = cached_block(test);

	KUNIT_EXPECT_EQ(test, heapmod_check(heap), 0);
	damage(block);
	KUNIT_EXPECT_EQ(test, heapmod_check(heap), -EUCLEAN);
	heapmod_reset(heap);
}

static void a_poisoned_block_is_verified(struct kunit *test)
{
	struct heapmod *heap = cached_heap_flags(test, 1 << 16, HEAPMOD_POISON);
	char *block = cached_block(test);

	KUNIT_EXPECT_EQ(test, suite_stats(heap).cached_bytes, CACHED);
	block[BYTES / 2] = 0;
	KUNIT_EXPECT_PTR_EQ(test, (char *)take(test, BYTES), block);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).use_after_free, 1);
}

static void a_redzone_is_verified(struct kunit *test)
{
	struct heapmod *heap = cached_heap_flags(test, 1 << 16, HEAPMOD_REDZONE);
	char *block = cached_block(test);

	KUNIT_EXPECT_PTR_EQ(test, (char *)take(test, BYTES), block);
	block[BYTES + 12] = 0;
	heapmod_free(heap, block);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).overrun, 1);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_freed_block_is_cached),
	KUNIT_CASE(the_next_allocation_of_its_size_takes_it),
	KUNIT_CASE(large_blocks_are_not_cached),
	KUNIT_CASE(a_cached_block_is_not_live),
	KUNIT_CASE(an_overrun_is_found),
	KUNIT_CASE(the_whole_region_is_there),
	KUNIT_CASE(an_aligned_allocation_takes_all_back),
	KUNIT_CASE(a_wait_takes_all_back),
	KUNIT_CASE(a_poll_takes_all_back),
	KUNIT_CASE(a_reset_empties_the_caches),
	KUNIT_CASE(a_damaged_block_is_not_allocated),
	KUNIT_CASE(a_damaged_block_is_not_freed_twice),
	KUNIT_CASE(a_walk_skips_cached_blocks),
	KUNIT_CASE(a_walk_skips_what_it_frees),
	KUNIT_CASE(failures_that_take_nothing_back),
	KUNIT_CASE(a_check_finds_damage_in_a_cache),
	KUNIT_CASE(a_poisoned_block_is_verified),
	KUNIT_CASE(a_redzone_is_verified),
	{}
};

SUITE(cases);
