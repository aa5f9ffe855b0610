// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_rcu - blocks that are freed after a grace period
 *
 * No grace period ends inside rcu_read_lock(): there the blocks stay pending. A free in an NMI is
 * deferred in a heap with hooks.
 */
#include <linux/preempt.h>
#include <linux/rcupdate.h>

#include "core/deferred.h"
#include "probe.h"
#include "suite.h"

struct item {
	u64 value;
	struct rcu_head rcu;
};

static u64 sum(const struct heapmod_stats *stats)
{
	return stats->asked_bytes + stats->slack_bytes + stats->header_bytes +
	       stats->redzone_bytes + stats->hole_bytes + stats->pending_bytes +
	       stats->quarantine_bytes + stats->edge_bytes + stats->cached_bytes;
}

static void expect_pending(struct kunit *test, u64 blocks, u64 pending)
{
	struct heapmod_stats stats = suite_stats(test->priv);

	KUNIT_EXPECT_EQ(test, stats.blocks, blocks);
	KUNIT_EXPECT_EQ(test, stats.pending_bytes, pending);
	KUNIT_EXPECT_EQ(test, sum(&stats), stats.region_bytes);
	KUNIT_EXPECT_EQ(test, heapmod_check(test->priv), 0);
}

static void frees_after_readers(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	struct item *item = suite_alloc(test, sizeof(*item));

	item->value = 42;
	rcu_read_lock();
	heapmod_free_rcu(heap, item, rcu);
	KUNIT_EXPECT_EQ(test, item->value, 42);
	KUNIT_EXPECT_FALSE(test, heapmod_owns(heap, item));
	expect_pending(test, 0, 2 * SUITE_GRANULE);
	rcu_read_unlock();
	heapmod_barrier(heap);
	expect_pending(test, 0, 0);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).frees, 1);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).asked_bytes, 0);
}

static void nothing(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	struct item *item = ZERO_SIZE_PTR;

	heapmod_free_rcu(heap, item, rcu);
	item = NULL;
	heapmod_free_rcu(heap, item, rcu);
	heapmod_free_rcu_mightsleep(heap, item);
	item = suite_alloc(test, sizeof(*item));
	heapmod_free_rcu((struct heapmod *)NULL, item, rcu);
	heapmod_barrier(NULL);
	expect_pending(test, 1, 0);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).refused, 0);
}

/* Any call that takes a live block refuses one that is pending. */
static void freed_twice(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	struct item *item = suite_alloc(test, sizeof(*item));

	rcu_read_lock();
	heapmod_free_rcu(heap, item, rcu);
	heapmod_free_rcu(heap, item, rcu);
	heapmod_free(heap, item);
	heapmod_free_any(item);
	KUNIT_EXPECT_NULL(test, heapmod_realloc(heap, item, 100, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, suite_stats(heap).double_free, 4);
	expect_pending(test, 0, 2 * SUITE_GRANULE);
	rcu_read_unlock();
	heapmod_barrier(heap);
	heapmod_free_rcu(heap, item, rcu);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).double_free, 5);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).frees, 1);
}

static void wrong_pointers(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	struct item *item = suite_alloc(test, 200);
	struct item *small = suite_alloc(test, sizeof(*item) - 1);
	struct item *foreign = kunit_kzalloc(test, sizeof(*item), GFP_KERNEL);
	struct item *interior = (void *)item + 16;
	struct item *misaligned = (void *)item + 8;

	heapmod_free_rcu(heap, foreign, rcu);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).foreign, 1);
	heapmod_free_rcu(heap, interior, rcu);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).interior, 1);
	heapmod_free_rcu(heap, misaligned, rcu);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).misaligned, 1);
	/* The head ends behind the block. */
	heapmod_free_rcu(heap, small, rcu);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).interior, 2);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).refused, 4);
	expect_pending(test, 2, 0);
	heapmod_free(heap, small);
	heapmod_free(heap, item);
}

/* The callback would find the inner heap. */
static void memory_of_a_heap(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	struct item *item = suite_alloc(test, 512);
	struct heapmod *inner = heapmod_create_in("inner", item, 512, 0);

	heapmod_free_rcu(heap, item, rcu);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).refused, 1);
	expect_pending(test, 1, 0);
	heapmod_destroy(inner);
	heapmod_free_rcu(heap, item, rcu);
	heapmod_barrier(heap);
	expect_pending(test, 0, 0);
}

static void without_a_head(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	u8 *ptr = suite_alloc(test, 1);

	heapmod_free_rcu_mightsleep(heap, ptr);
	expect_pending(test, 0, 0);
	heapmod_free_rcu_mightsleep(heap, ptr);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).double_free, 1);
}

/* More than there are claims or slots for, with hooks of a free. */
static void many(struct kunit *test)
{
	struct heapmod *heap = suite_heap_flags(test, REGION(1000), HEAPMOD_POISON);
	int i;

	rcu_read_lock();
	for (i = 0; i < 300; i++) {
		struct item *item = suite_alloc(test, sizeof(*item));

		heapmod_free_rcu(heap, item, rcu);
	}
	expect_pending(test, 0, 300 * 2 * SUITE_GRANULE);
	rcu_read_unlock();
	heapmod_barrier(heap);
	expect_pending(test, 0, 0);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).frees, 300);
}

static void room_after_the_barrier(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(10));
	struct item *item = suite_alloc(test, FILL(10));

	rcu_read_lock();
	heapmod_free_rcu(heap, item, rcu);
	KUNIT_EXPECT_NULL(test, heapmod_alloc(heap, 16, GFP_KERNEL));
	rcu_read_unlock();
	heapmod_barrier(heap);
	item = suite_alloc(test, FILL(10));
	heapmod_free(heap, item);
}

/* A heap with deferred blocks only. Most find no slot, and are freed by the work item. */
static struct heapmod *deferred_heap(struct kunit *test)
{
	struct heapmod *heap = suite_heap_flags(test, REGION(100 * HEAP_SLOTS), HEAPMOD_POISON);
	static void *blocks[10 * HEAP_SLOTS];
	unsigned long flags;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = suite_alloc(test, 100);
	flags = suite_enter_nmi();
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		heapmod_free(heap, blocks[i]);
	suite_leave_nmi(flags);
	return heap;
}

static void deferred_frees_are_waited_for(struct kunit *test)
{
	heapmod_barrier(deferred_heap(test));
	expect_pending(test, 0, 0);
}

static void reset_waits_for_deferred_frees(struct kunit *test)
{
	heapmod_reset(deferred_heap(test));
	expect_pending(test, 0, 0);
}

static void reset_waits(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	struct item *item = suite_alloc(test, sizeof(*item));

	heapmod_free_rcu(heap, item, rcu);
	heapmod_reset(heap);
	expect_pending(test, 0, 0);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).frees, 1);
	KUNIT_EXPECT_PTR_EQ(test, suite_alloc(test, FILL(100)), (void *)item);
}

static void count_free(void *data, u32 heap, u64 offset, u64 asked, u64 bytes,
		       unsigned long caller)
{
	(*(int *)data)++;
}

static void destroy_waits(struct kunit *test)
{
	struct heapmod *heap = heapmod_create("short", REGION(100), 0);
	struct item *item = heapmod_alloc(heap, sizeof(*item), GFP_KERNEL);
	static int frees;
	struct tracepoint *point;

	KUNIT_ASSERT_NOT_NULL(test, item);
	frees = 0;
	point = probe_start(test, "heapmod_free", count_free, &frees);
	heapmod_free_rcu(heap, item, rcu);
	heapmod_destroy(heap);
	KUNIT_EXPECT_EQ(test, frees, 1);
	probe_stop(point, count_free, &frees);
}

/* The neighbour overruns its payload while the block is pending. */
static void corrupt_while_pending(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	u8 *neighbour = suite_alloc(test, FILL(2));
	struct item *item = suite_alloc(test, sizeof(*item));

	rcu_read_lock();
	heapmod_free_rcu(heap, item, rcu);
	OPTIMIZER_HIDE_VAR(neighbour);
	neighbour[FILL(2) + 5] ^= 0x10;
	rcu_read_unlock();
	heapmod_barrier(heap);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).corrupt_header, 1);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).quarantine_blocks, 1);
	expect_pending(test, 1, 0);
	heapmod_free(heap, neighbour);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(frees_after_readers),
	KUNIT_CASE(nothing),
	KUNIT_CASE(freed_twice),
	KUNIT_CASE(wrong_pointers),
	KUNIT_CASE(memory_of_a_heap),
	KUNIT_CASE(without_a_head),
	KUNIT_CASE(many),
	KUNIT_CASE(room_after_the_barrier),
	KUNIT_CASE(deferred_frees_are_waited_for),
	KUNIT_CASE(reset_waits_for_deferred_frees),
	KUNIT_CASE(reset_waits),
	KUNIT_CASE(destroy_waits),
	KUNIT_CASE(corrupt_while_pending),
	{}
};

SUITE(cases);
