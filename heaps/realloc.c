// SPDX-License-Identifier: GPL-2.0-only
/*
 * realloc - change the size of a block; free a block with secret contents
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core/block.h"
#include "core/resize.h"
#include "heaps/alloc.h"
#include "heaps/compat.h"
#include "heaps/diagnostics.h"
#include "heaps/free.h"
#include "heaps/in_flight.h"
#include "heaps/lock.h"
#include "heaps/percpu.h"

/* The result of a resize in place. */
struct resized {
	enum heap_verdict verdict;
	bool done;
	bool hooked;				/* hooks follow */
	struct heap_block_info block;		/* as it was */
	struct heap_block_info end;		/* claimed, unless it has no granules */
};

/* The owner keeps the block. Add and remove count an allocation and a free, which it is not. */
static void account_resize(struct heapmod *heap, const struct heap_block_info *was, size_t size)
	__must_hold(&heap->lock)
{
	struct heap_owner *owner = heap_owner_at(&heap->owners, was->owner);

	heap_owner_remove(owner, was->asked);
	owner->frees--;
	heap_owner_add(owner, 1, size);
	owner->allocs--;
}

/* Where a hook is enabled and must not run, the block is not resized in place. */
static void resize_locked(struct heapmod *heap, const void *ptr, size_t size, bool in_place,
			  struct resized *resized)
	__must_hold(&heap->lock)
{
	resized->hooked = diagnostics_want_resize(heap);
	if (!in_place || (resized->hooked && !diagnostics_may_run(heap)))
		resized->verdict = heap_judge_resize(&heap->core, ptr, &resized->block);
	else
		resized->verdict = heap_resize(&heap->core, ptr, size, &resized->block,
					       resized->hooked ? &resized->end : NULL,
					       &resized->done);
	if (resized->done)
		account_resize(heap, &resized->block, size);
}

/* The second step of a shrink. As in heapmod_release(), it is safe to wait for the lock. */
static void release_end(struct heapmod *heap, const struct heap_block_info *end,
			unsigned long caller)
{
	unsigned long flags;

	diagnostics_fill_free(heap, end);
	heapmod_lock_irqsave(heap, flags);
	heap_release(&heap->core, end);
	heapmod_unlock_release(heap, flags, caller);
}

static struct resized resize(struct heapmod *heap, const void *ptr, size_t size, bool in_place,
			     gfp_t gfp, unsigned long caller)
{
	struct resized resized = { .verdict = HEAP_CORRUPT_INDEX };
	unsigned long flags;

	if (!heapmod_lock(heap, flags))
		return resized;
	resize_locked(heap, ptr, size, in_place, &resized);
	if (resized.end.granules)
		heapmod_remember_free(heap, &resized.end, caller);
	heapmod_unlock(heap, flags, caller);
	if (resized.verdict == HEAP_FOREIGN)
		heapmod_refuse_foreign(heap, ptr, caller);
	if (resized.done)
		diagnostics_resize(heap, (void *)ptr, &resized.block, size, resized.hooked, gfp,
				   caller);
	/* No other call can allocate the end before its hooks have run. */
	if (resized.end.granules)
		release_end(heap, &resized.end, caller);
	return resized;
}

/* A block that is not aligned to @align moves, whatever its size. */
static void *realloc_block(struct heapmod *heap, const void *ptr, size_t size, size_t align,
			   gfp_t gfp, unsigned long caller)
{
	unsigned long resets = heapmod_begin_call(heap);
	struct resized resized;
	void *moved;

	if (ZERO_OR_NULL_PTR(ptr))
		return heapmod_alloc_aligned_caller(heap, size, align, gfp, caller);
	if (!size) {
		heapmod_free_caller(heap, ptr, caller);
		return ZERO_SIZE_PTR;
	}
	resized = resize(heap, ptr, size, IS_ALIGNED((unsigned long)ptr, align), gfp, caller);
	if (resized.done)
		return heapmod_end_call(heap, resets, (void *)ptr);
	if (resized.verdict && resized.verdict != HEAP_OVERRUN)
		return NULL;
	moved = heapmod_alloc_aligned_caller(heap, size, align, gfp, caller);
	if (!moved)
		return NULL;
	memcpy(moved, ptr, min_t(u64, size, resized.block.asked));
	heapmod_free_caller(heap, ptr, caller);
	return heapmod_end_call(heap, resets, moved);
}

void *heapmod_realloc_caller(struct heapmod *heap, const void *ptr, size_t size, gfp_t gfp,
			     unsigned long caller)
{
	if (!heapmod_is_valid(heap))
		return NULL;
	return realloc_block(heap, ptr, size, 1, gfp, caller);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_realloc_caller);

void *heapmod_realloc_aligned_caller(struct heapmod *heap, const void *ptr, size_t size,
				     size_t align, gfp_t gfp, unsigned long caller)
{
	if (!heapmod_is_valid(heap) || !heapmod_accepts_align(heap, align, caller))
		return NULL;
	return realloc_block(heap, ptr, size, align, gfp, caller);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_realloc_aligned_caller);

/*
 * Zero the requested bytes of a live block. If the header is unreadable, the map still has the size
 * of the block: fill all of it with the pattern, which is right for its slack.
 */
static void wipe(struct heapmod *heap, const void *ptr, unsigned long caller)
{
	enum heap_verdict verdict;
	struct heap_block_info block;
	unsigned long flags;

	heapmod_lock_irqsave(heap, flags);
	/* A block that is in a cache, with a damaged header, is not the caller's. */
	verdict = heapmod_expel(heap, ptr) ? heap_judge(&heap->core, ptr, &block) :
					     HEAP_DOUBLE_FREE;
	heapmod_unlock(heap, flags, caller);
	if (!verdict)
		memzero_explicit((void *)ptr, block.asked);
	else if (verdict == HEAP_CORRUPT_HEADER)
		heap_fill((void *)ptr, heap_bytes(block.granules) - sizeof(struct heap_block));
}

void heapmod_free_sensitive_caller(struct heapmod *heap, const void *ptr, unsigned long caller)
{
	if (ZERO_OR_NULL_PTR(ptr) || !heapmod_is_valid(heap))
		return;
	wipe(heap, ptr, caller);
	heapmod_free_caller(heap, ptr, caller);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_free_sensitive_caller);
