// SPDX-License-Identifier: GPL-2.0-only
/*
 * visit - call a function of the client for each live block
 *
 * The lock is taken for each block, so that a block that the function has freed is not passed.
 */
#include <linux/export.h>

#include "heaps/compat.h"
#include "heaps/lock.h"
#include "heaps/percpu.h"
#include "heaps/sites.h"
#include "heaps/walk.h"

/* The next block from @at on; @at is set behind it. Return: false at the end. */
static bool next_block(struct heapmod *heap, u32 *at, struct heapmod_block_info *info, bool *live)
{
	struct heap_block_info block;
	unsigned long flags;
	bool found;

	heapmod_lock_irqsave(heap, flags);
	heapmod_hold_caches(heap);
	found = heap_walk(&heap->core, *at, &block, 1);
	heapmod_drop_caches(heap);
	/* If the header is unreadable, only the caches know whether the block is in one of them. */
	if (found && block.state == HEAP_USED && !block.sealed) {
		heapmod_expel(heap, heap_payload(&heap->core, block.at));
		found = heap_walk(&heap->core, block.at, &block, 1);
	}
	if (found) {
		*at = block.at + block.granules;
		*live = block.state == HEAP_USED;
		info->ptr = heap_payload(&heap->core, block.at);
		info->size = block.sealed ? block.asked : 0;
		info->caller = block.sealed ? heap_owner_at(&heap->owners, block.owner)->caller : 0;
	}
	heapmod_unlock(heap, flags, _RET_IP_);
	return found;
}

int heapmod_walk(struct heapmod *heap, heapmod_walk_fn fn, void *data)
{
	struct heapmod_block_info info;
	bool live;
	u32 at = 0;
	int stop = 0;

	if (!heapmod_is_valid(heap) || !fn)
		return -EINVAL;
	while (!stop && next_block(heap, &at, &info, &live)) {
		if (live)
			stop = fn(heap, &info, data);
		heapmod_resched();
	}
	return stop;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_walk);
