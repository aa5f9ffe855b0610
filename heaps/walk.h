/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * walk - read the blocks and owners of a heap in batches
 */
#ifndef HEAPMOD_WALK_H
#define HEAPMOD_WALK_H

#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "heaps/heaps.h"

#define HEAPS_BATCH	32U		/* most blocks or owners read while the lock is held */

/* As heap_walk(), with at most HEAPS_BATCH blocks. */
u32 heapmod_walk_batch(struct heapmod *heap, u32 from, struct heap_block_info *blocks, u32 most);

/* Copy @count owners, at most HEAPS_BATCH, beginning at number @from. */
void heapmod_copy_owners(struct heapmod *heap, u32 from, struct heap_owner *owners, u32 count);

/* Count the holes of the next part, as heap_count_holes(). */
bool heapmod_count_holes(struct heapmod *heap, struct heap_holes *holes);

/* Without CONFIG_PREEMPT_COUNT it is unknown whether the caller is atomic, and nothing is done. */
static inline void heapmod_resched(void)
{
	if (preemptible() && !rcu_preempt_depth())
		cond_resched();
}

#endif
