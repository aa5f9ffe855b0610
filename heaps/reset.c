// SPDX-License-Identifier: GPL-2.0-only
/*
 * reset - everything in a heap is freed at once
 */
#include <linux/export.h>
#include <linux/mutex.h>
#include <linux/sched.h>

#include "heaps/compat.h"
#include "heaps/free.h"
#include "heaps/lock.h"

#define RESET_BATCH	16		/* blocks that are claimed under the lock, and given back */

/* One at a time: the end of the first would open what the second is to free. */
static DEFINE_MUTEX(resets);

static void close(struct heapmod *heap)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&heap->lock, flags);
	heap_begin_reset(&heap->core);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
}

/* Blocks whose header was lost are still counted to their owners, whom nobody knew. */
static void open(struct heapmod *heap)
{
	unsigned long flags;
	u32 i;

	raw_spin_lock_irqsave(&heap->lock, flags);
	for (i = 0; i < HEAP_OWNERS && !heap_live_blocks(&heap->core); i++)
		heap_owner_clear(&heap->owners.table[i]);
	heap_end_reset(&heap->core);
	heapmod_unlock(heap, flags, _RET_IP_);
}

/* Under the lock: their owners have them no more. */
static void count_claimed(struct heapmod *heap, const struct heap_block_info *claimed, u32 count)
	__must_hold(&heap->lock)
{
	u32 i;

	for (i = 0; i < count; i++) {
		if (claimed[i].sealed)
			heap_owner_remove(&heap->owners.table[claimed[i].owner], claimed[i].asked);
	}
}

static void free_batch(struct heapmod *heap, u32 *from, unsigned long caller)
{
	struct heap_block_info claimed[RESET_BATCH];
	unsigned long flags;
	u32 count;

	raw_spin_lock_irqsave(&heap->lock, flags);
	count = heap_claim_batch(&heap->core, from, claimed, RESET_BATCH);
	count_claimed(heap, claimed, count);
	heapmod_unlock(heap, flags, caller);
	if (count)
		heapmod_release(heap, claimed, count, caller);
}

static bool pardon(struct heapmod *heap, unsigned long caller)
{
	struct heap_block_info claimed;
	unsigned long flags;
	bool found;

	raw_spin_lock_irqsave(&heap->lock, flags);
	found = heap_claim_quarantined(&heap->core, &claimed);
	heapmod_unlock(heap, flags, caller);
	if (found)
		heapmod_release(heap, &claimed, 1, caller);
	return found;
}

/**
 * heapmod_reset - free everything in a heap
 * @heap: the heap
 *
 * Also what is in quarantine. The caller sees to it that nobody uses a block any more. Others may
 * go on calling: allocations fail meanwhile, and those who wait for one go on waiting.
 *
 * Context: task, may sleep; takes time in proportion to the number of blocks, the lock for 16 at a
 * time.
 */
void heapmod_reset(struct heapmod *heap)
{
	u32 from = 0;

	might_sleep();
	if (!heapmod_is_valid(heap))
		return;
	mutex_lock(&resets);
	close(heap);
	heapmod_drain(heap);
	heapmod_recover(&heap->recover);
	while (from != HEAP_NONE) {
		free_batch(heap, &from, _RET_IP_);
		cond_resched();
	}
	while (pardon(heap, _RET_IP_))
		;
	open(heap);
	mutex_unlock(&resets);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_reset);
