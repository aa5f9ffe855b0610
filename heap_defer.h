/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heap_defer - frees where the lock cannot be had: in an NMI, or while the kernel panics
 */
#ifndef HEAP_DEFER_H
#define HEAP_DEFER_H

#include <linux/compiler.h>

#include "heap_core.h"

#define HEAP_SLOTS	64		/* for blocks that wait; more are found by a walk */

/**
 * struct heap_slot - a block that waits to be freed
 * @at: where it begins; HEAP_NONE: the slot is empty
 * @ready: it is filled, and the block claimed
 * @caller: who freed it
 */
struct heap_slot {
	u32 at;
	u32 ready;
	unsigned long caller;
};

/**
 * struct heap_deferred - all of them
 * @slots: written without the lock, emptied under it
 * @any: there may be one in the slots
 * @overflow: some found no slot, and have but their mark
 */
struct heap_deferred {
	struct heap_slot slots[HEAP_SLOTS];
	u32 any;
	u32 overflow;
};

/* Is it worth the lock to look? */
static inline bool heap_defers(const struct heap_deferred *deferred)
{
	return READ_ONCE(deferred->any) || READ_ONCE(deferred->overflow);
}

void heap_deferred_init(struct heap_deferred *deferred);
enum heap_verdict heap_defer(struct heap *heap, struct heap_deferred *deferred, const void *ptr,
			     unsigned long caller);

/* With the lock */
bool heap_take_deferred(struct heap_deferred *deferred, struct heap_slot *slot);
bool heap_resume(struct heap *heap, u32 at);
bool heap_recover(struct heap *heap, struct heap_deferred *deferred, u32 at);

#endif
