// SPDX-License-Identifier: GPL-2.0-only
/*
 * realloc - change the size of a block; free a block with secret contents
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core/block.h"
#include "heaps/compat.h"
#include "heaps/diagnostics.h"
#include "heaps/free.h"
#include "heaps/lock.h"

/* The result of a resize in place. */
struct resized {
	enum heap_verdict verdict;
	bool done;
	struct heap_block_info block;		/* as it was */
};

/* Will a resize to @size free the end of the block? If so, @block is set. */
static bool will_shrink(struct heapmod *heap, const void *ptr, size_t size,
			struct heap_block_info *block)
{
	unsigned long flags;
	bool possible;

	if (!heapmod_lock(heap, flags))
		return false;
	possible = size <= heap->core.largest && !heap_judge(&heap->core, ptr, block);
	heapmod_unlock(heap, flags, _RET_IP_);
	return possible && diagnostics_bytes_for(heap, size) < heap_bytes(block->granules);
}

/* The owner keeps the block. Add and remove count an allocation and a free, which it is not. */
static void account_resize(struct heapmod *heap, const struct heap_block_info *was, size_t size)
	__must_hold(&heap->lock)
{
	struct heap_owner *owner = heap_owner_at(&heap->owners, was->owner);

	heap_owner_remove(owner, was->asked);
	owner->frees--;
	heap_owner_add(owner, size);
	owner->allocs--;
}

static struct resized resize(struct heapmod *heap, const void *ptr, size_t size, gfp_t gfp,
			     unsigned long caller)
{
	struct resized resized = { .verdict = HEAP_CORRUPT_INDEX };
	unsigned long flags;
	bool notified;

	/* The end may be allocated again as soon as the lock is dropped: run the hook before. */
	notified = diagnostics_want_resize(heap) && will_shrink(heap, ptr, size, &resized.block);
	if (notified)
		diagnostics_resize(heap, (void *)ptr, &resized.block, size, gfp, caller);
	if (!heapmod_lock(heap, flags))
		return resized;
	resized.verdict = heap_resize(&heap->core, ptr, size, &resized.block, &resized.done);
	if (resized.done)
		account_resize(heap, &resized.block, size);
	heapmod_unlock(heap, flags, caller);
	if (resized.verdict == HEAP_FOREIGN)
		heapmod_refuse_foreign(heap, ptr, caller);
	if (resized.done && !notified)
		diagnostics_resize(heap, (void *)ptr, &resized.block, size, gfp, caller);
	return resized;
}

void *heapmod_realloc_caller(struct heapmod *heap, const void *ptr, size_t size, gfp_t gfp,
			     unsigned long caller)
{
	struct resized resized;
	void *moved;

	if (!heapmod_is_valid(heap))
		return NULL;
	if (ZERO_OR_NULL_PTR(ptr))
		return heapmod_alloc_caller(heap, size, gfp, caller);
	if (!size) {
		heapmod_free_caller(heap, ptr, caller);
		return ZERO_SIZE_PTR;
	}
	resized = resize(heap, ptr, size, gfp, caller);
	if (resized.done)
		return (void *)ptr;
	if (resized.verdict && resized.verdict != HEAP_OVERRUN)
		return NULL;
	moved = heapmod_alloc_caller(heap, size, gfp, caller);
	if (!moved)
		return NULL;
	memcpy(moved, ptr, min_t(u64, size, resized.block.asked));
	heapmod_free_caller(heap, ptr, caller);
	return moved;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_realloc_caller);

void *heapmod_realloc(struct heapmod *heap, const void *ptr, size_t size, gfp_t gfp)
{
	return heapmod_realloc_caller(heap, ptr, size, gfp, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_realloc);

/*
 * Zero the requested bytes of a live block. If the header is unreadable, the map still has the size
 * of the block: fill all of it with the pattern, which is right for its slack.
 */
static void wipe(struct heapmod *heap, const void *ptr)
{
	enum heap_verdict verdict;
	struct heap_block_info block;
	unsigned long flags;

	raw_spin_lock_irqsave(&heap->lock, flags);
	verdict = heap_judge(&heap->core, ptr, &block);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	if (!verdict)
		memzero_explicit((void *)ptr, block.asked);
	else if (verdict == HEAP_CORRUPT_HEADER)
		heap_fill((void *)ptr, heap_bytes(block.granules) - sizeof(struct heap_block));
}

void heapmod_free_sensitive(struct heapmod *heap, const void *ptr)
{
	if (ZERO_OR_NULL_PTR(ptr) || !heapmod_is_valid(heap))
		return;
	wipe(heap, ptr);
	heapmod_free_caller(heap, ptr, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_free_sensitive);
