// SPDX-License-Identifier: GPL-2.0-only
/*
 * walk - read the blocks and owners of a heap in batches
 */
#include <linux/string.h>

#include "heaps/lock.h"
#include "heaps/percpu.h"
#include "heaps/walk.h"

u32 heapmod_walk_batch(struct heapmod *heap, u32 from, struct heap_block_info *blocks, u32 most)
{
	unsigned long flags;
	u32 seen;

	heapmod_lock_irqsave(heap, flags);
	heapmod_hold_caches(heap);
	seen = heap_walk(&heap->core, from, blocks, most);
	heapmod_drop_caches(heap);
	heapmod_unlock(heap, flags, _RET_IP_);
	return seen;
}

void heapmod_copy_owners(struct heapmod *heap, u32 from, struct heap_owner *owners, u32 count)
{
	unsigned long flags;

	heapmod_lock_irqsave(heap, flags);
	heapmod_sync_owners(heap, from, count);
	memcpy(owners, &heap->owners.table[from], count * sizeof(*owners));
	heapmod_unlock_irqrestore(heap, flags);
}

bool heapmod_count_holes(struct heapmod *heap, struct heap_holes *holes)
{
	unsigned long flags;
	bool done;

	heapmod_lock_irqsave(heap, flags);
	done = heap_count_holes(&heap->core, holes);
	heapmod_unlock(heap, flags, _RET_IP_);
	return done;
}
