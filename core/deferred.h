/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * deferred - frees that cannot take the lock: in an NMI, in a nested call, in an oops or a panic
 *
 * heap_defer() takes no lock. The pointer is judged at once, and the block is freed by the next
 * caller that has the lock.
 */
#ifndef HEAP_DEFERRED_H
#define HEAP_DEFERRED_H

#include <linux/compiler.h>

#include "core/heap.h"

#define HEAP_SLOTS	32		/* deferred blocks; further ones are found by a walk */

/**
 * struct heap_slot - a deferred block
 * @at: where it begins; HEAP_NONE: the slot is empty
 * @ready: the slot is filled and the block is marked
 * @caller: call site that freed it
 */
struct heap_slot {
	u32 at;
	u32 ready;
	unsigned long caller;
};

/**
 * struct heap_deferred - all deferred blocks of a heap
 * @slots: filled without the lock, emptied with it
 * @any: a slot may be filled
 * @overflow: blocks found no free slot: only the mark in their header tells of them
 */
struct heap_deferred {
	struct heap_slot slots[HEAP_SLOTS];
	u32 any;
	u32 overflow;
};

/* Are there deferred blocks? Called without the lock. */
static inline bool heap_defers(const struct heap_deferred *deferred)
{
	return READ_ONCE(deferred->any) || READ_ONCE(deferred->overflow);
}

void heap_deferred_init(struct heap_deferred *deferred);

/**
 * heap_defer - free a block later, without the lock
 * @heap: the heap; another CPU or an interrupted context may hold its lock
 * @deferred: its deferred blocks
 * @ptr: from heap_alloc()
 * @caller: call site of the free
 *
 * Takes at most HEAP_SLOTS steps. A block that was freed at the same time may be accepted; it is
 * not freed twice, because heap_resume_free() judges again. A block whose header was overwritten is
 * deferred without a mark.
 *
 * Return: HEAP_OK; otherwise what is wrong with @ptr, and nothing has changed.
 */
enum heap_verdict heap_defer(struct heap *heap, struct heap_deferred *deferred, const void *ptr,
			     unsigned long caller);

/* The functions below are called with the lock held. */

/* Take a deferred block out of its slot. Return: false when no slot is filled. */
bool heap_take_deferred(struct heap_deferred *deferred, struct heap_slot *slot);

/**
 * heap_resume_free - remove the mark of a deferred block
 * @heap: the heap
 * @at: from heap_take_deferred()
 *
 * Return: whether to free the block now. That holds also when its header is unreadable, which the
 * free will report. If not, it was freed in the meantime and may belong to another caller.
 */
bool heap_resume_free(struct heap *heap, u32 at);

/**
 * heap_recover - as heap_resume_free(), for a block that was found by a walk
 * @heap: the heap
 * @deferred: its deferred blocks
 * @at: where the block begins
 *
 * A block that is in a slot is left to heap_take_deferred(). It counts as an overflow, because its
 * slot may belong to a second free of the block, which will be refused. The same holds while there
 * is no room for a claim.
 *
 * Return: whether to free the block now: it is marked, and in no slot.
 */
bool heap_recover(struct heap *heap, struct heap_deferred *deferred, u32 at);

#endif
