// SPDX-License-Identifier: GPL-2.0-only
/*
 * realloc - change the size of a block, and free one whose contents are secret
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

/* What followed from resizing a block in place. */
struct resized {
	enum heap_verdict verdict;
	bool done;
	struct heap_block_info block;		/* as it was */
};

/* Will the block, which @block is set to, give some of its end back when it has @size bytes? */
static bool shrinks(struct heapmod *heap, const void *ptr, size_t size, struct heap_block_info *block)
{
	unsigned long flags;
	bool possible;

	if (!heapmod_lock(heap, flags))
		return false;
	possible = size <= heap->core.largest && !heap_judge(&heap->core, ptr, block);
	heapmod_unlock(heap, flags, _RET_IP_);
	return possible && diagnostics_bytes_for(heap, size) < heap_bytes(block->granules);
}

/* Under the lock: the owner has more now, or less. */
static void count_resized(struct heapmod *heap, const struct heap_block_info *was, size_t size)
	__must_hold(&heap->lock)
{
	struct heap_owner *owner = &heap->owners.table[was->owner];

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
	bool told;

	/* What is given back is another's at once: of that all is told before. */
	told = diagnostics_want_resize(heap) && shrinks(heap, ptr, size, &resized.block);
	if (told)
		diagnostics_resize(heap, (void *)ptr, &resized.block, size, gfp, caller);
	if (!heapmod_lock(heap, flags))
		return resized;
	resized.verdict = heap_resize(&heap->core, ptr, size, &resized.block, &resized.done);
	if (resized.done)
		count_resized(heap, &resized.block, size);
	heapmod_unlock(heap, flags, caller);
	if (resized.verdict == HEAP_FOREIGN)
		heapmod_refuse_foreign(heap, ptr, caller);
	if (resized.done && !told)
		diagnostics_resize(heap, (void *)ptr, &resized.block, size, gfp, caller);
	return resized;
}

/**
 * heapmod_realloc_caller - heapmod_realloc() on behalf of another
 * @heap: the heap
 * @ptr: a block of it, or NULL
 * @size: bytes
 * @gfp: as for heapmod_alloc()
 * @caller: the address to name as the owner
 *
 * Context: any but NMI.
 * Return: as heapmod_realloc().
 */
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

/**
 * heapmod_realloc - give a block another size
 * @heap: the heap
 * @ptr: a block of it, or NULL to allocate one
 * @size: bytes; 0 frees the block
 * @gfp: as for heapmod_alloc(); with %__GFP_ZERO what is new is zeroed
 *
 * In place, when the block shrinks, or when the hole behind it is large enough. Else a new block is
 * allocated, the bytes are copied, and the old one is freed.
 *
 * Context: any but NMI. The copy is made without the lock.
 * Return: the block, which keeps its bytes as far as it goes; %ZERO_SIZE_PTR for a @size of 0; NULL
 * when there is no room or @ptr is no live block of this heap, and then nothing has changed.
 */
void *heapmod_realloc(struct heapmod *heap, const void *ptr, size_t size, gfp_t gfp)
{
	return heapmod_realloc_caller(heap, ptr, size, gfp, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_realloc);

/*
 * Of a live block, what was asked for becomes zero. Whose header does not tell, is filled with the
 * pattern up to its end, which the map knows: the slack in it is no client's to write to.
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

/**
 * heapmod_free_sensitive - zero a block, then free it
 * @heap: the heap it came from
 * @ptr: as for heapmod_free()
 *
 * Of a pointer that is no live block nothing is zeroed. A block whose header was written over is
 * filled with a pattern instead.
 *
 * Context: any but NMI; takes time in proportion to the block's size, without the lock.
 */
void heapmod_free_sensitive(struct heapmod *heap, const void *ptr)
{
	if (ZERO_OR_NULL_PTR(ptr) || !heapmod_is_valid(heap))
		return;
	wipe(heap, ptr);
	heapmod_free_caller(heap, ptr, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_free_sensitive);
