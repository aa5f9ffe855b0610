// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_bound - what an interrupt does on account of a heap is bounded
 *
 * The irq_work frees a few deferred blocks and prints one report; a work item does the rest.
 * Another CPU might run that at once, so all are stopped meanwhile.
 */
#include <linux/irq_work.h>
#include <linux/stop_machine.h>
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

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "a thread runs the irq_work");
	heap = suite_exact_heap(test, 1 << 16, flags);
	for (i = 0; i < BLOCKS; i++)
		blocks[i] = suite_alloc(test, 100);
	return heap;
}

/* Free all blocks while the lock is busy, and run the irq_work once. */
static int defer_all(void *data)
{
	struct heapmod *heap = data;
	unsigned long flags, nmi;
	int i;

	raw_spin_lock_irqsave(&heap->lock, flags);
	nmi = suite_enter_nmi();
	for (i = 0; i < BLOCKS; i++)
		heapmod_free(heap, blocks[i]);
	suite_leave_nmi(nmi);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	irq_work_run();
	return heap_live_blocks(&heap->core);
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
	KUNIT_EXPECT_EQ(test, stop_machine(defer_all, heap, NULL), BLOCKS - SOME);
	expect_empty(test, heap);
}

/* That takes time in proportion to the block. */
static void an_interrupt_fills_no_memory(struct kunit *test)
{
	struct heapmod *heap = heap_with_blocks(test, HEAPMOD_POISON);

	KUNIT_EXPECT_EQ(test, stop_machine(defer_all, heap, NULL), BLOCKS);
	expect_empty(test, heap);
}

/* Fill the queue of findings, and run the irq_work once. */
static int find_much(void *data)
{
	struct heapmod *heap = data;
	int i;

	for (i = 0; i < HEAP_FINDINGS; i++)
		heapmod_free(heap, blocks[0] + 1);
	irq_work_run();
	return heap_queued_findings(&heap->core);
}

static void an_interrupt_prints_one_report(struct kunit *test)
{
	struct heapmod *heap = heap_with_blocks(test, 0);

	KUNIT_EXPECT_EQ(test, stop_machine(find_much, heap, NULL), HEAP_FINDINGS - 1);
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
