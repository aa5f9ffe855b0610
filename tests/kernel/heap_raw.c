// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_raw - all calls of any context, under a raw spinlock
 *
 * For lockdep: on PREEMPT_RT, nothing that a call does there may sleep or take a lock that sleeps.
 * An allocation may fail, because the case injects failures, too. insmod fails if nothing could be
 * allocated, or the heap is not sound at the end.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "heapmod.h"

#define ROUNDS	200
#define GFP	(GFP_ATOMIC | __GFP_NOWARN)

static unsigned int flags;
module_param(flags, uint, 0);
MODULE_PARM_DESC(flags, "flags of the heap");

static struct heapmod *heap;
static DEFINE_RAW_SPINLOCK(lock);
static unsigned int blocks;		/* that were allocated */

static void free_block(void *ptr)
{
	blocks += !ZERO_OR_NULL_PTR(ptr);
	heapmod_free(heap, ptr);
}

static void resize(size_t size)
{
	void *ptr = heapmod_alloc(heap, 100, GFP);
	void *resized = ptr ? heapmod_realloc(heap, ptr, size, GFP) : NULL;

	free_block(resized ?: ptr);
}

static void call_all(void)
{
	struct heapmod_stats stats;
	void *ptr = heapmod_alloc(heap, 100, GFP);

	resize(50);
	resize(1000);
	free_block(ptr);
	free_block(heapmod_zalloc(heap, 100, GFP));
	free_block(heapmod_alloc_aligned(heap, 100, 256, GFP));
	free_block(heapmod_memdup(heap, &stats, sizeof(stats), GFP));
	free_block(heapmod_strdup(heap, "raw", GFP));
	free_block(heapmod_asprintf(heap, GFP, "%u", blocks));
	heapmod_free_sensitive(heap, heapmod_alloc(heap, 100, GFP));
	heapmod_get_stats(heap, &stats);
	heapmod_reset_peak(heap);
	heapmod_owns(heap, ptr);
}

static int run(void)
{
	struct heapmod_stats stats;
	unsigned long irq_flags;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		raw_spin_lock_irqsave(&lock, irq_flags);
		call_all();
		raw_spin_unlock_irqrestore(&lock, irq_flags);
	}
	heapmod_get_stats(heap, &stats);
	return !blocks || stats.blocks || stats.refused ? -EUCLEAN : heapmod_check(heap);
}

static int __init raw_init(void)
{
	int error;

	heap = heapmod_create("raw", 1 << 16, flags);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	error = run();
	heapmod_destroy(heap);
	return error;
}

static void __exit raw_exit(void)
{
}

module_init(raw_init);
module_exit(raw_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("Calls of heapmod under a raw spinlock");
MODULE_LICENSE("GPL");
