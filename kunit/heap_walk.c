// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_walk - a client's function sees each live block once; heapmod_show() prints what adds up
 */
#include <linux/bottom_half.h>
#include <linux/preempt.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "suite.h"

#define BLOCKS	100
#define TEXT	16384		/* bytes for heapmod_show() */

/* What the walk passed, and what the function does. */
struct tour {
	struct heapmod_block_info seen[2 * BLOCKS];
	int count;
	int stop_at;			/* return an error for this block */
	void *free[2];			/* freed when the first block is passed */
	bool churn;			/* allocate and free in each call */
	bool atomic;			/* a call ran with interrupts off, as under the lock */
};

static int visit(struct heapmod *heap, const struct heapmod_block_info *block, void *data)
{
	struct tour *tour = data;
	void *ptr;

	tour->atomic |= irqs_disabled();
	if (!tour->count) {
		heapmod_free(heap, tour->free[0]);
		heapmod_free(heap, tour->free[1]);
	}
	if (tour->churn) {
		ptr = heapmod_alloc(heap, 1 + tour->count * 40, GFP_KERNEL | __GFP_NOWARN);
		heapmod_free(heap, heapmod_alloc(heap, 10, GFP_KERNEL | __GFP_NOWARN));
		heapmod_free(heap, ptr);
	}
	if (tour->count < ARRAY_SIZE(tour->seen))
		tour->seen[tour->count] = *block;
	return ++tour->count == tour->stop_at ? -ECANCELED : 0;
}

static struct tour *new_tour(struct kunit *test)
{
	struct tour *tour = kunit_kzalloc(test, sizeof(*tour), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, tour);
	return tour;
}

static unsigned long site(int i)
{
	return 0x10000 + 16UL * i;
}

static void fill(struct kunit *test, void *blocks[BLOCKS])
{
	int i;

	for (i = 0; i < BLOCKS; i++) {
		blocks[i] = heapmod_alloc_caller(test->priv, 1 + i, GFP_KERNEL, site(i % 8));
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
	}
}

static void each_live_block_is_seen_once(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	struct tour *tour = new_tour(test);
	void *blocks[BLOCKS];
	int i;

	KUNIT_EXPECT_EQ(test, heapmod_walk(heap, visit, tour), 0);
	KUNIT_EXPECT_EQ(test, tour->count, 0);
	fill(test, blocks);
	for (i = 1; i < BLOCKS; i += 2)
		heapmod_free(heap, blocks[i]);
	KUNIT_EXPECT_EQ(test, heapmod_walk(heap, visit, tour), 0);
	KUNIT_ASSERT_EQ(test, tour->count, BLOCKS / 2);
	for (i = 0; i < BLOCKS / 2; i++) {
		KUNIT_EXPECT_PTR_EQ(test, tour->seen[i].ptr, blocks[2 * i]);
		KUNIT_EXPECT_EQ(test, tour->seen[i].size, 1 + 2 * i);
		KUNIT_EXPECT_EQ(test, tour->seen[i].caller, site(2 * i % 8));
	}
	KUNIT_EXPECT_FALSE(test, tour->atomic);
}

static void the_function_stops_the_walk(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	struct tour *tour = new_tour(test);
	void *blocks[BLOCKS];

	fill(test, blocks);
	tour->stop_at = 7;
	KUNIT_EXPECT_EQ(test, heapmod_walk(heap, visit, tour), -ECANCELED);
	KUNIT_EXPECT_EQ(test, tour->count, 7);
}

static void wrong_arguments_are_refused(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	struct tour *tour = new_tour(test);
	struct seq_file file = {};

	KUNIT_EXPECT_EQ(test, heapmod_walk(NULL, visit, tour), -EINVAL);
	KUNIT_EXPECT_EQ(test, heapmod_walk(heap, NULL, tour), -EINVAL);
	KUNIT_EXPECT_EQ(test, heapmod_show(&file, NULL), -EINVAL);
}

/* The function frees the block that it was passed, and the one that follows. */
static void freed_blocks_are_not_seen(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	struct tour *tour = new_tour(test);
	void *blocks[BLOCKS];
	int i;

	fill(test, blocks);
	tour->free[0] = blocks[0];
	tour->free[1] = blocks[1];
	KUNIT_EXPECT_EQ(test, heapmod_walk(heap, visit, tour), 0);
	KUNIT_ASSERT_EQ(test, tour->count, BLOCKS - 1);
	for (i = 1; i < BLOCKS - 1; i++)
		KUNIT_EXPECT_PTR_EQ(test, tour->seen[i].ptr, blocks[i + 1]);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).refused, 0);
}

/* Blocks of other sizes come and go; those that stay are seen once, in order. */
static void a_block_that_stays_is_seen_once_while_others_change(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	struct tour *tour = new_tour(test);
	void *blocks[BLOCKS];
	int i, next = 0;

	fill(test, blocks);
	for (i = 1; i < BLOCKS; i += 2)
		heapmod_free(heap, blocks[i]);
	tour->churn = true;
	KUNIT_EXPECT_EQ(test, heapmod_walk(heap, visit, tour), 0);
	for (i = 0; i < tour->count; i++) {
		if (next < BLOCKS / 2 && tour->seen[i].ptr == blocks[2 * next])
			next++;
	}
	KUNIT_EXPECT_EQ(test, next, BLOCKS / 2);
	KUNIT_EXPECT_EQ(test, tour->count, BLOCKS / 2);
}

/* A damaged header hides size and call site, not the block. This file is built without KASAN. */
static void a_block_with_a_damaged_header_is_seen(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	struct tour *tour = new_tour(test);
	u8 *ptr = suite_alloc(test, 100);

	ptr[-1] ^= 0x55;
	KUNIT_EXPECT_EQ(test, heapmod_walk(heap, visit, tour), 0);
	KUNIT_ASSERT_EQ(test, tour->count, 1);
	KUNIT_EXPECT_PTR_EQ(test, tour->seen[0].ptr, (void *)ptr);
	KUNIT_EXPECT_EQ(test, tour->seen[0].size, 0);
	KUNIT_EXPECT_EQ(test, tour->seen[0].caller, 0);
	ptr[-1] ^= 0x55;
}

static void a_walk_may_run_in_atomic_context(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	struct tour *tour = new_tour(test);
	void *blocks[BLOCKS];
	unsigned long flags;

	fill(test, blocks);
	local_bh_disable();
	KUNIT_EXPECT_EQ(test, heapmod_walk(heap, visit, tour), 0);
	local_bh_enable();
	local_irq_save(flags);
	KUNIT_EXPECT_EQ(test, heapmod_walk(heap, visit, tour), 0);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, tour->count, 2 * BLOCKS);
}

static void show(struct kunit *test, char *text)
{
	struct seq_file file = { .buf = text, .size = TEXT - 1 };

	memset(text, 0, TEXT);
	KUNIT_ASSERT_EQ(test, heapmod_show(&file, test->priv), 0);
	KUNIT_ASSERT_FALSE(test, seq_has_overflowed(&file));
}

/* The number behind a key at the start of a line. */
static u64 number_of(struct kunit *test, const char *text, const char *key)
{
	char *at = strstr(text, key);
	unsigned long long number;
	int found;

	KUNIT_ASSERT_NOT_NULL(test, at);
	found = sscanf(at + strlen(key), " %llu", &number);
	KUNIT_ASSERT_EQ(test, found, 1);
	return number;
}

/* A region of several parts, which nothing else uses. */
static void show_is_consistent(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 20);
	char *text = kunit_kzalloc(test, TEXT, GFP_KERNEL);
	struct heapmod_stats stats;
	void *blocks[BLOCKS];
	u64 generation;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, text);
	fill(test, blocks);
	for (i = 1; i < BLOCKS; i += 2)
		heapmod_free(heap, blocks[i]);
	show(test, text);
	stats = suite_stats(heap);
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "\nconsistent yes\n"));
	KUNIT_EXPECT_EQ(test, number_of(test, text, "\nhole_bytes"), stats.hole_bytes);
	KUNIT_EXPECT_EQ(test, number_of(test, strstr(text, " owner\n"), "\nhole_bytes"),
			stats.hole_bytes);
	KUNIT_EXPECT_EQ(test, number_of(test, text, "\nlargest_bytes"), stats.largest_hole_bytes);
	generation = number_of(test, text, "\ngeneration");
	show(test, text);
	KUNIT_EXPECT_EQ(test, number_of(test, text, "\ngeneration"), generation);
	heapmod_free(heap, blocks[0]);
	show(test, text);
	KUNIT_EXPECT_GT(test, number_of(test, text, "\ngeneration"), generation);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(each_live_block_is_seen_once),
	KUNIT_CASE(the_function_stops_the_walk),
	KUNIT_CASE(wrong_arguments_are_refused),
	KUNIT_CASE(freed_blocks_are_not_seen),
	KUNIT_CASE(a_block_that_stays_is_seen_once_while_others_change),
	KUNIT_CASE(a_block_with_a_damaged_header_is_seen),
	KUNIT_CASE(a_walk_may_run_in_atomic_context),
	KUNIT_CASE(show_is_consistent),
	{}
};

SUITE(cases);
