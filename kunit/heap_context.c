// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_context - every call that is allowed in any context, in each context
 *
 * Lockdep and DEBUG_ATOMIC_SLEEP check the calls. NMIs and panics are tested in the VM.
 */
#include <linux/bottom_half.h>
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/preempt.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "heaps/compat.h"
#include "probe.h"
#include "suite.h"

#define BLOCKS	13		/* of call_all(); the last ones are of a bulk call */
#define BULK	4

struct calls {
	struct heapmod *heap;
	struct hrtimer timer;
	struct irq_work work;
	struct completion done;
	int wrong;
};

static __printf(2, 3) char *print(struct heapmod *heap, const char *fmt, ...)
{
	char *string;
	va_list args;

	va_start(args, fmt);
	string = heapmod_vasprintf(heap, GFP_ATOMIC, fmt, args);
	va_end(args);
	return string;
}

static int allocate(struct heapmod *heap, void *blocks[])
{
	int count = 0;

	blocks[count++] = heapmod_alloc(heap, 100, GFP_ATOMIC);
	blocks[count++] = heapmod_zalloc(heap, 100, GFP_ATOMIC);
	blocks[count++] = heapmod_alloc_array(heap, 10, 10, GFP_ATOMIC);
	blocks[count++] = heapmod_alloc_aligned(heap, 100, 256, GFP_ATOMIC);
	blocks[count++] = heapmod_memdup(heap, "0123456789", 10, GFP_ATOMIC);
	blocks[count++] = heapmod_strdup(heap, "0123456789", GFP_ATOMIC);
	blocks[count++] = heapmod_asprintf(heap, GFP_ATOMIC, "%d", 12345);
	blocks[count++] = print(heap, "%d", 12345);
	blocks[count++] = heapmod_realloc(heap, NULL, 100, GFP_ATOMIC);
	count += heapmod_alloc_bulk(heap, 100, GFP_ATOMIC, BULK, &blocks[count]);
	return count;
}

/* The block moves, because the next one is used; then it shrinks and grows in place. */
static bool resize(struct heapmod *heap, void **block)
{
	static const size_t sizes[] = { 2000, 10, 1000 };
	void *ptr;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ptr = heapmod_realloc(heap, *block, sizes[i], GFP_ATOMIC | __GFP_ZERO);
		if (!ptr)
			return false;
		*block = ptr;
	}
	ptr = heapmod_realloc_aligned(heap, *block, 1000, 64, GFP_ATOMIC);
	if (ptr)
		*block = ptr;
	return ptr && (uintptr_t)ptr % 64 == 0;
}

static void is_called(struct heapmod *heap, void *data, bool above)
{
}

/* More than a percent of the heap is in use, so the callback is called later. */
static bool watch(struct heapmod *heap)
{
	return !heapmod_watch(heap, 1, is_called, NULL) &&
	       heapmod_watch(heap, 1, is_called, NULL) == -EEXIST;
}

static int stop(struct heapmod *heap, const struct heapmod_block_info *block, void *data)
{
	return block->size;
}

static bool free_later(struct heapmod *heap)
{
	void *ptr = heapmod_alloc(heap, sizeof(struct rcu_head), GFP_ATOMIC);

	if (ptr)
		suite_free_rcu(heap, ptr);
	return ptr;
}

static bool query(struct heapmod *heap, u8 *ptr)
{
	struct heapmod_stats stats;

	heapmod_get_stats(heap, &stats);
	heapmod_reset_peak(heap);
	return stats.blocks && heapmod_owns(heap, ptr) && !heapmod_owns(heap, ptr + 16) &&
	       heapmod_usable_size(heap, ptr) == 1000 && !heapmod_check(heap) &&
	       heapmod_walk(heap, stop, NULL) > 0;
}

/* Make each call. Return: how many failed. */
static int call_all(struct heapmod *heap)
{
	void *blocks[16];
	int count = allocate(heap, blocks);
	int wrong = count != BLOCKS;
	int i;

	wrong += !resize(heap, &blocks[0]);
	wrong += !query(heap, blocks[0]);
	wrong += !watch(heap);
	wrong += !free_later(heap);
	heapmod_free_bulk(heap, BULK, &blocks[BLOCKS - BULK]);
	for (i = 0; i < BLOCKS - BULK; i++) {
		wrong += !blocks[i];
		if (i % 2)
			heapmod_free(heap, blocks[i]);
		else
			heapmod_free_sensitive(heap, blocks[i]);
	}
	heapmod_free(heap, blocks[1]);		/* it is refused */
	return wrong;
}

static void expect_served(struct kunit *test, int wrong)
{
	struct heapmod_stats stats;

	heapmod_unwatch(test->priv, is_called, NULL);
	heapmod_get_stats(test->priv, &stats);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, stats.blocks, 0);
	KUNIT_EXPECT_EQ(test, stats.refused, 1);
}

#define AROUND(name, before, after)			\
static void name(struct kunit *test)			\
{							\
	struct heapmod *heap = suite_heap(test, 1 << 16); \
	int wrong;					\
							\
	before;						\
	wrong = call_all(heap);				\
	after;						\
	expect_served(test, wrong);			\
}

static DEFINE_RAW_SPINLOCK(lock);

AROUND(task, might_sleep(), might_sleep())
AROUND(without_preemption, preempt_disable(), preempt_enable())
AROUND(without_softirqs, local_bh_disable(), local_bh_enable())
AROUND(without_interrupts, local_irq_disable(), local_irq_enable())
AROUND(with_a_raw_lock, raw_spin_lock_irq(&lock), raw_spin_unlock_irq(&lock))

static enum hrtimer_restart in_timer(struct hrtimer *timer)
{
	struct calls *calls = container_of(timer, struct calls, timer);

	calls->wrong = call_all(calls->heap);
	complete(&calls->done);
	return HRTIMER_NORESTART;
}

static void by_timer(struct kunit *test, enum hrtimer_mode mode)
{
	static struct calls calls;

	calls.heap = suite_heap(test, 1 << 16);
	init_completion(&calls.done);
	heapmod_hrtimer_setup(&calls.timer, in_timer, CLOCK_MONOTONIC, mode);
	hrtimer_start(&calls.timer, 0, mode);
	wait_for_completion(&calls.done);
	hrtimer_cancel(&calls.timer);
	expect_served(test, calls.wrong);
}

static void softirq(struct kunit *test)
{
	by_timer(test, HRTIMER_MODE_REL_SOFT);
}

static void hard_interrupt(struct kunit *test)
{
	by_timer(test, HRTIMER_MODE_REL_HARD);
}

static void in_irq_work(struct irq_work *work)
{
	struct calls *calls = container_of(work, struct calls, work);

	calls->wrong = call_all(calls->heap);
}

static void irq_work(struct kunit *test)
{
	static struct calls calls;

	calls.heap = suite_heap(test, 1 << 16);
	init_irq_work(&calls.work, in_irq_work);
	irq_work_queue(&calls.work);
	irq_work_sync(&calls.work);
	expect_served(test, calls.wrong);
}

struct probed {
	struct heapmod *heaps[2];
	bool inside;			/* calls of the probe run it again */
	int served;
};

/* On heapmod_alloc: allocate from the heap of the call, and from another one. */
static void allocate_in_probe(void *data, u32 heap, u64 offset, u64 asked, u64 bytes,
			      unsigned long caller)
{
	struct probed *probed = data;
	void *ptr;
	int i;

	if (probed->inside)
		return;
	probed->inside = true;
	for (i = 0; i < 2; i++) {
		ptr = heapmod_alloc(probed->heaps[i], 50, GFP_ATOMIC);
		probed->served += !!ptr;
		heapmod_free(probed->heaps[i], ptr);
	}
	probed->inside = false;
}

static void probe_of_an_allocation(struct kunit *test)
{
	struct probed probed = { .heaps[0] = suite_heap(test, 1 << 16) };
	struct tracepoint *point;
	int i;

	probed.heaps[1] = heapmod_create("other", 1 << 16, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, probed.heaps[1]);
	point = probe_start(test, "heapmod_alloc", allocate_in_probe, &probed);
	for (i = 0; i < 10; i++)
		heapmod_free(test->priv, suite_alloc(test, 100));
	probe_stop(point, allocate_in_probe, &probed);
	heapmod_destroy(probed.heaps[1]);
	KUNIT_EXPECT_EQ(test, probed.served, 2 * 10);
	KUNIT_EXPECT_EQ(test, suite_stats(test->priv).blocks, 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(task),
	KUNIT_CASE(without_preemption),
	KUNIT_CASE(without_softirqs),
	KUNIT_CASE(without_interrupts),
	KUNIT_CASE(with_a_raw_lock),
	KUNIT_CASE(softirq),
	KUNIT_CASE(hard_interrupt),
	KUNIT_CASE(irq_work),
	KUNIT_CASE(probe_of_an_allocation),
	{}
};

SUITE(cases);
