// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_bound - what an interrupt does on account of a heap is bounded
 *
 * The irq_work frees a few deferred blocks and prints one report; a work item does the rest. With
 * several CPUs another one would run that at once. So these cases need a kernel with one CPU.
 */
#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/string.h>

#include "heaps/heaps.h"
#include "suite.h"

#define BLOCKS	20
#define SOME	8		/* that one irq_work frees: DRAIN_SOME in heaps/free.c */

static void *blocks[BLOCKS];

static struct heapmod *heap_with_blocks(struct kunit *test, unsigned int flags)
{
	struct heapmod *heap;
	int i;

	if (num_online_cpus() > 1 || IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "a work item runs at the same time");
	heap = suite_exact_heap(test, 1 << 16, flags);
	for (i = 0; i < BLOCKS; i++)
		blocks[i] = suite_alloc(test, 100);
	return heap;
}

/* Free all blocks, and count those that are left when the irq_work has run once. */
static u64 left_by_irq_work(struct heapmod *heap)
{
	unsigned long flags, nmi;
	u64 left;
	int i;

	raw_spin_lock_irqsave(&heap->lock, flags);
	nmi = suite_enter_nmi();
	for (i = 0; i < BLOCKS; i++)
		heapmod_free(heap, blocks[i]);
	suite_leave_nmi(nmi);
	raw_spin_unlock(&heap->lock);
	irq_work_run();
	left = heap_live_blocks(&heap->core);
	local_irq_restore(flags);
	return left;
}

static void expect_empty(struct kunit *test, struct heapmod *heap)
{
	heapmod_barrier(heap);
	KUNIT_EXPECT_EQ(test, heap_live_blocks(&heap->core), 0);
}

static void an_interrupt_frees_a_few(struct kunit *test)
{
	struct heapmod *heap;

	if (IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		kunit_skip(test, "freed memory is hooked");
	heap = heap_with_blocks(test, 0);
	KUNIT_EXPECT_EQ(test, left_by_irq_work(heap), BLOCKS - SOME);
	expect_empty(test, heap);
}

/* That takes time in proportion to the block. */
static void an_interrupt_fills_no_memory(struct kunit *test)
{
	struct heapmod *heap = heap_with_blocks(test, HEAPMOD_POISON);

	KUNIT_EXPECT_EQ(test, left_by_irq_work(heap), BLOCKS);
	expect_empty(test, heap);
}

static void an_interrupt_prints_one_report(struct kunit *test)
{
	struct heapmod *heap = heap_with_blocks(test, 0);
	unsigned long flags;
	u32 queued;
	int i;

	local_irq_save(flags);
	for (i = 0; i < HEAP_FINDINGS; i++)
		heapmod_free(heap, blocks[0] + 1);
	irq_work_run();
	queued = heap_queued_findings(&heap->core);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, queued, HEAP_FINDINGS - 1);
	flush_delayed_work(&heap->slow_work);
	KUNIT_EXPECT_EQ(test, heap_queued_findings(&heap->core), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(an_interrupt_frees_a_few),
	KUNIT_CASE(an_interrupt_fills_no_memory),
	KUNIT_CASE(an_interrupt_prints_one_report),
	{}
};

SUITE(cases);
