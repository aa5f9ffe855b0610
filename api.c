// SPDX-License-Identifier: GPL-2.0-only
/*
 * api - allocate and free: the calls that take a heap's lock
 *
 * Each takes the lock once, with interrupts off, for a bounded time, and does under it what the
 * core does and nothing else. Zeroing and the log come after.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "heaps.h"

/* Under the lock: allocate a block and count it to its owner. */
static void *alloc_locked(struct heapmod *heap, size_t size, unsigned long caller)
	__must_hold(&heap->lock)
{
	u32 owner = heap_owner_of(&heap->owners, caller);
	void *ptr = heap_alloc(&heap->core, size, owner);

	lockdep_assert_held(&heap->lock);
	if (ptr)
		heap_owner_gains(&heap->owners, owner, size);
	return ptr;
}

/* Under the lock: free a block, unless the pointer is refused; @block tells what it was. */
static enum heap_verdict free_locked(struct heapmod *heap, const void *ptr,
				     struct heap_view *block)
	__must_hold(&heap->lock)
{
	enum heap_verdict verdict = heap_free(&heap->core, ptr, block);

	lockdep_assert_held(&heap->lock);
	if (!verdict)
		heap_owner_loses(&heap->owners, block->owner, block->asked);
	return verdict;
}

/**
 * heapmod_alloc_caller - heapmod_alloc() on behalf of another
 * @heap: the heap
 * @size: bytes
 * @gfp: %__GFP_ZERO and %__GFP_NOWARN count
 * @caller: the address to name as the owner, as from _RET_IP_
 *
 * Context: any but NMI.
 * Return: as heapmod_alloc().
 */
void *heapmod_alloc_caller(struct heapmod *heap, size_t size, gfp_t gfp, unsigned long caller)
{
	unsigned long flags;
	void *ptr;

	if (!heapmod_usable(heap))
		return NULL;
	if (!size)
		return ZERO_SIZE_PTR;
	raw_spin_lock_irqsave(&heap->lock, flags);
	ptr = alloc_locked(heap, size, caller);
	raw_spin_unlock_irqrestore(&heap->lock, flags);

	if (ptr && gfp & __GFP_ZERO)
		memset(ptr, 0, size);
	else if (!ptr && !(gfp & __GFP_NOWARN))
		pr_warn_ratelimited("heap \"%s\": no hole for %zu bytes, asked by %pS\n",
				    heap->name, size, (void *)caller);
	return ptr;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_alloc_caller);

/**
 * heapmod_alloc - allocate a block
 * @heap: the heap
 * @size: bytes; the block takes 8 more, rounded up to a multiple of 16
 * @gfp: %__GFP_ZERO zeroes the block, %__GFP_NOWARN keeps a failure out of the log; the rest
 *       has no meaning here, for a heap never waits and never grows
 *
 * Takes the lowest hole that is large enough (first fit). Never sleeps. The cost is bounded
 * (heap_bound() in heap_core.h) and hardly grows with the heap; see docs/performance.md. How the
 * hole is found: R. P. Brent, ACM TOPLAS 11(3), 1989.
 *
 * Context: any but NMI.
 * Return: memory aligned to 16 bytes, %ZERO_SIZE_PTR for a @size of 0, or NULL when no hole is
 * large enough or there is no heap.
 */
void *heapmod_alloc(struct heapmod *heap, size_t size, gfp_t gfp)
{
	return heapmod_alloc_caller(heap, size, gfp, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_alloc);

/**
 * heapmod_zalloc_caller - heapmod_zalloc() on behalf of another
 * @heap: the heap
 * @size: bytes
 * @gfp: as for heapmod_alloc()
 * @caller: the address to name as the owner
 *
 * Context: any but NMI.
 * Return: as heapmod_alloc().
 */
void *heapmod_zalloc_caller(struct heapmod *heap, size_t size, gfp_t gfp, unsigned long caller)
{
	return heapmod_alloc_caller(heap, size, gfp | __GFP_ZERO, caller);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_zalloc_caller);

/**
 * heapmod_zalloc - allocate a block of zeroes
 * @heap: the heap
 * @size: bytes, all of them zeroed, outside the lock
 * @gfp: as for heapmod_alloc()
 *
 * Context: any but NMI.
 * Return: as heapmod_alloc().
 */
void *heapmod_zalloc(struct heapmod *heap, size_t size, gfp_t gfp)
{
	return heapmod_zalloc_caller(heap, size, gfp, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_zalloc);

/**
 * heapmod_alloc_array_caller - heapmod_alloc_array() on behalf of another
 * @heap: the heap
 * @n: elements
 * @size: bytes of one
 * @gfp: as for heapmod_alloc()
 * @caller: the address to name as the owner
 *
 * Context: any but NMI.
 * Return: as heapmod_alloc_array().
 */
void *heapmod_alloc_array_caller(struct heapmod *heap, size_t n, size_t size, gfp_t gfp,
				 unsigned long caller)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return NULL;
	return heapmod_alloc_caller(heap, bytes, gfp, caller);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_alloc_array_caller);

/**
 * heapmod_alloc_array - allocate an array
 * @heap: the heap
 * @n: elements
 * @size: bytes of one
 * @gfp: as for heapmod_alloc()
 *
 * Context: any but NMI.
 * Return: as heapmod_alloc(); NULL when @n times @size overflows.
 */
void *heapmod_alloc_array(struct heapmod *heap, size_t n, size_t size, gfp_t gfp)
{
	return heapmod_alloc_array_caller(heap, n, size, gfp, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_alloc_array);

/**
 * heapmod_free - free a block
 * @heap: the heap it came from
 * @ptr: from an allocation of this heap; NULL and %ZERO_SIZE_PTR are fine
 *
 * A pointer that is no live block of this heap is refused and reported: the heap does not change.
 * The cost is bounded as that of heapmod_alloc().
 *
 * Context: any but NMI.
 */
void heapmod_free(struct heapmod *heap, const void *ptr)
{
	enum heap_verdict verdict;
	struct heap_view block;
	unsigned long flags;

	if (ZERO_OR_NULL_PTR(ptr) || !heapmod_usable(heap))
		return;
	raw_spin_lock_irqsave(&heap->lock, flags);
	verdict = free_locked(heap, ptr, &block);
	raw_spin_unlock_irqrestore(&heap->lock, flags);

	if (verdict)
		pr_warn_ratelimited("heap \"%s\": free of a bad pointer (%s) by %pS refused\n",
				    heap->name, heap_verdict_names[verdict], (void *)_RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_free);

/* Is @ptr a live block? @asked is set to what it was asked for, or 0. */
static bool judge(struct heapmod *heap, const void *ptr, u64 *asked)
{
	struct heap_view block;
	unsigned long flags;
	bool live;

	raw_spin_lock_irqsave(&heap->lock, flags);
	live = !heap_judge(&heap->core, ptr, &block);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	*asked = live ? block.asked : 0;
	return live;
}

/**
 * heapmod_usable_size - how many bytes of a block may be used
 * @heap: the heap
 * @ptr: a block of it
 *
 * These are the bytes that were asked for: what rounding adds belongs to the heap.
 *
 * Context: any but NMI.
 * Return: bytes; 0 for a pointer that is no live block of this heap.
 */
size_t heapmod_usable_size(struct heapmod *heap, const void *ptr)
{
	u64 asked = 0;

	if (heapmod_usable(heap))
		judge(heap, ptr, &asked);
	return asked;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_usable_size);

/**
 * heapmod_owns - is this a live block of this heap?
 * @heap: the heap
 * @ptr: any pointer; it is not followed
 *
 * Context: any but NMI.
 * Return: true for a pointer that heapmod_free() would take.
 */
bool heapmod_owns(struct heapmod *heap, const void *ptr)
{
	u64 asked;

	return heapmod_usable(heap) && judge(heap, ptr, &asked);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_owns);

/**
 * heapmod_get_stats - where every byte is, at this moment
 * @heap: the heap
 * @stats: filled; zeroed when there is no heap
 *
 * Context: any but NMI. Copies counters under the lock, walks nothing.
 */
void heapmod_get_stats(struct heapmod *heap, struct heapmod_stats *stats)
{
	unsigned long flags;
	struct heap core;

	*stats = (struct heapmod_stats){};
	if (!heapmod_usable(heap))
		return;
	raw_spin_lock_irqsave(&heap->lock, flags);
	heap_flush(&heap->core);
	core = heap->core;
	raw_spin_unlock_irqrestore(&heap->lock, flags);

	stats->region_bytes = heap->region_bytes;
	stats->asked_bytes = core.asked;
	stats->header_bytes = (u64)core.blocks * sizeof(struct heap_block);
	stats->slack_bytes = (u64)core.used * HEAP_GRANULE - stats->header_bytes - core.asked;
	stats->hole_bytes = (u64)(core.index.granules - core.used) * HEAP_GRANULE;
	stats->edge_bytes = heap->region_bytes - (u64)core.index.granules * HEAP_GRANULE;
	stats->peak_bytes = (u64)core.peak * HEAP_GRANULE;
	stats->blocks = core.blocks;
	stats->holes = core.index.holes;
	stats->allocs = core.allocs;
	stats->frees = core.frees;
	stats->failures = core.failures;
	stats->refused = core.refused;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_get_stats);

/**
 * heapmod_check - check the whole heap
 * @heap: the heap; others may go on using it
 *
 * In batches: the lock is let go after every 2,048 granules.
 *
 * Context: any but NMI; takes time in proportion to the region, so rather task context.
 * Return: 0, or -EUCLEAN and a line in the log when headers, maps and counters disagree, or
 * -EINVAL when there is no heap.
 */
int heapmod_check(struct heapmod *heap)
{
	enum heap_verdict verdict;
	struct heap_audit audit;
	unsigned long flags;
	bool done;

	if (!heapmod_usable(heap))
		return -EINVAL;
	heap_audit_start(&audit);
	do {
		raw_spin_lock_irqsave(&heap->lock, flags);
		verdict = heap_check(&heap->core, &audit, HEAPS_BATCH);
		done = heap_audit_done(&heap->core, &audit);
		raw_spin_unlock_irqrestore(&heap->lock, flags);
	} while (!verdict && !done);

	if (!verdict)
		return 0;
	pr_err("heap \"%s\": %s at offset %llu\n", heap->name, heap_verdict_names[verdict],
	       heap_offset(audit.block));
	return -EUCLEAN;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_check);

/* For debugfs: the next blocks from granule @from on, at most HEAPS_BATCH of them. */
u32 heapmod_views(struct heapmod *heap, u32 from, struct heap_view *views, u32 most)
{
	unsigned long flags;
	u32 seen;

	raw_spin_lock_irqsave(&heap->lock, flags);
	seen = heap_views(&heap->core, from, views, most);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	return seen;
}
