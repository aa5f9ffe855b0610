// SPDX-License-Identifier: GPL-2.0-only
/*
 * reset - free all blocks of a heap
 *
 * In batches: some blocks are claimed with the lock held, then their hooks run, then they become
 * holes. Until the end no allocation succeeds, so that the reset finds every block.
 */
#include <linux/export.h>
#include <linux/mutex.h>
#include <linux/sched.h>

#include "heaps/compat.h"
#include "heaps/free.h"
#include "heaps/lock.h"
#include "heaps/percpu.h"
#include "heaps/wait.h"

#define RESET_BATCH	16		/* most blocks claimed while the lock is held */

/* Two resets must not overlap: the end of one would enable allocations during the other. */
static DEFINE_MUTEX(resets);

static void begin_reset(struct heapmod *heap)
{
	unsigned long flags;

	heapmod_lock_irqsave(heap, flags);
	heap_begin_reset(&heap->core);
	heapmod_take_back(heap);
	heapmod_unlock_irqrestore(heap, flags);
	heapmod_wait_for_hooks(heap);
	/* They stay empty until the end: see heapmod_may_cache(). */
	heapmod_empty_caches(heap);
}

/*
 * A block that was freed without a readable header is still accounted to its owner. When no block
 * is live, that is corrected.
 */
static void end_reset(struct heapmod *heap)
{
	unsigned long flags;
	u32 i;

	heapmod_lock_irqsave(heap, flags);
	heapmod_hold_caches(heap);
	heapmod_settle_owners(heap, 0, heap_owners_count(&heap->owners));
	for (i = 0; i < heap_owners_count(&heap->owners) && !heap_live_blocks(&heap->core); i++) {
		heap_owner_clear(heap_owner_at(&heap->owners, i));
		heap_owner_release(&heap->owners, heap_owner_at(&heap->owners, i));
	}
	heapmod_drop_caches(heap);
	heap_end_reset(&heap->core);
	if (heap->shut_down)
		heap_begin_reset(&heap->core);
	heapmod_unlock(heap, flags, _RET_IP_);
}

static void account_claimed(struct heapmod *heap, const struct heap_block_info *claimed, u32 count,
			    unsigned long caller)
	__must_hold(&heap->lock)
{
	u32 i;

	for (i = 0; i < count; i++) {
		if (!claimed[i].sealed)
			continue;
		heapmod_remember_free(heap, &claimed[i], caller);
		heap_owner_remove(heap_owner_at(&heap->owners, claimed[i].owner),
				  claimed[i].asked);
	}
}

static void free_batch(struct heapmod *heap, u32 *from, unsigned long caller)
{
	struct heap_block_info claimed[RESET_BATCH];
	unsigned long flags;
	u32 count;

	heapmod_lock_irqsave(heap, flags);
	count = heap_claim_batch(&heap->core, from, claimed, RESET_BATCH);
	account_claimed(heap, claimed, count, caller);
	heapmod_unlock(heap, flags, caller);
	if (count)
		heapmod_release(heap, claimed, count, caller);
}

/* Return: whether there was a block. It is still there if other calls hold all claims. */
static bool release_quarantined(struct heapmod *heap, unsigned long caller)
{
	struct heap_block_info claimed;
	unsigned long flags;
	bool any, taken;

	heapmod_lock_irqsave(heap, flags);
	any = heap->core.quarantine_count && !heap_is_frozen(&heap->core);
	taken = heap_claim_quarantined(&heap->core, &claimed);
	heapmod_unlock(heap, flags, caller);
	if (taken)
		heapmod_release(heap, &claimed, 1, caller);
	return any;
}

void heapmod_reset(struct heapmod *heap)
{
	u32 from = 0;

	might_sleep();
	if (!heapmod_is_valid(heap))
		return;
	mutex_lock(&resets);
	begin_reset(heap);
	heapmod_barrier(heap);
	while (from != HEAP_NONE) {
		free_batch(heap, &from, _RET_IP_);
		cond_resched();
	}
	while (release_quarantined(heap, _RET_IP_))
		cond_resched();
	end_reset(heap);
	mutex_unlock(&resets);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_reset);
