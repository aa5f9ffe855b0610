/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * free - free a block, at once or deferred
 */
#ifndef HEAPMOD_FREE_H
#define HEAPMOD_FREE_H

#include "heaps/heaps.h"

/* Record a pointer outside the region, as foreign or as that of another heap. */
void heapmod_refuse_foreign(struct heapmod *heap, const void *ptr, unsigned long caller);

/* With HEAPMOD_POISON, add the free of a block to the history. */
void heapmod_remember_free(struct heapmod *heap, const struct heap_block_info *block,
			   unsigned long caller)
	__must_hold(&heap->lock);

/* Run the hooks of claimed blocks, then make them holes. */
void heapmod_release(struct heapmod *heap, const struct heap_block_info *claimed, u32 count,
		     unsigned long caller);

/*
 * Drop the lock after the second step of a free. Deferred frees may have waited for the room of its
 * claim.
 */
void heapmod_unlock_release(struct heapmod *heap, unsigned long flags, unsigned long caller)
	__releases(&heap->lock);

/* Free the block in limbo that contains @mem. Not in an NMI. */
void heapmod_free_limbo(struct heapmod *heap, const void *mem);

/* Free the deferred blocks that are in a slot. */
void heapmod_drain(struct heapmod *heap);

/*
 * As heapmod_drain(), in an irq_work: only a few of them, and none while a hook wants freed memory,
 * which takes time in proportion to its size. Return: whether deferred blocks are left.
 */
bool heapmod_drain_some(struct heapmod *heap);

/* Free the deferred blocks that found no slot. May sleep. */
void heapmod_recover(struct heapmod *heap);

#endif
