// SPDX-License-Identifier: GPL-2.0-only
/*
 * api - allocate and free: the calls that change a heap under its lock
 *
 * Each takes the lock once, for a bounded time, and does under it what the core does and nothing
 * else. Zeroing, the log and the kernel's diagnostics come after; while one of those wants to see
 * a block before it is given back, a free takes the lock twice. Where the lock cannot be had, an
 * allocation fails, and a free is put off.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "heaps/alloc.h"
#include "heaps/compat.h"
#include "heaps/diagnostics.h"
#include "heaps/free.h"
#include "heaps/lock.h"

static_assert(HEAPMOD_POISON == HEAP_POISON && HEAPMOD_REDZONE == HEAP_REDZONE);

/* Under the lock: what was allocated, or that there was no room, counts to its owner. */
static __always_inline void *count_alloc(struct heapmod *heap, void *ptr, size_t size,
					 struct heap_owner *owner)
	__must_hold(&heap->lock)
{
	lockdep_assert_held(&heap->lock);
	if (likely(ptr))
		heap_owner_add(owner, size);
	else
		owner->failures += !!size;
	return ptr;
}

static __always_inline void *alloc_locked(struct heapmod *heap, size_t size, unsigned long caller)
	__must_hold(&heap->lock)
{
	struct heap_owner *owner = heap_owner_find(&heap->owners, caller);

	return count_alloc(heap, heap_alloc(&heap->core, size, owner->number), size, owner);
}

void *heapmod_alloc_locked(struct heapmod *heap, size_t size, unsigned long caller)
{
	return alloc_locked(heap, size, caller);
}

static void *aligned_locked(struct heapmod *heap, size_t size, size_t align, unsigned long caller)
	__must_hold(&heap->lock)
{
	struct heap_owner *owner = heap_owner_find(&heap->owners, caller);

	return count_alloc(heap, heap_alloc_aligned(&heap->core, size, align, owner->number), size,
			   owner);
}

static noinline void *report_failure(struct heapmod *heap, const char *why, size_t size, gfp_t gfp,
				   unsigned long caller)
{
	trace_heapmod_fail(heap->id, size, caller);
	if (!(gfp & __GFP_NOWARN))
		pr_warn_ratelimited("heap \"%s\": %s %zu bytes, asked by %pS\n", heap->name, why,
				    size, (void *)caller);
	return NULL;
}

void *heapmod_fail(struct heapmod *heap, size_t size, gfp_t gfp, unsigned long caller)
{
	return report_failure(heap, "no hole for", size, gfp, caller);
}

/* The lock could not be had. */
static void *fail_busy(struct heapmod *heap, size_t size, gfp_t gfp, unsigned long caller)
{
	return report_failure(heap, "busy, nothing for", size, gfp, caller);
}

/* There was no room, unless for what waits to be freed, or for nothing. */
static noinline void *alloc_again(struct heapmod *heap, size_t size, size_t align, gfp_t gfp,
				  unsigned long caller)
{
	unsigned long flags;
	void *ptr = NULL;

	if (!size)
		return ZERO_SIZE_PTR;
	if (heap_defers(&heap->deferred) && !in_nmi()) {
		heapmod_drain(heap);
		if (heapmod_lock(heap, flags)) {
			heap->core.failures--;	/* that was this call's, too */
			heap_owner_find(&heap->owners, caller)->failures--;
			ptr = aligned_locked(heap, size, align, caller);
			heapmod_unlock(heap, flags, caller);
		}
	}
	return ptr ?: heapmod_fail(heap, size, gfp, caller);
}

/**
 * heapmod_alloc_caller - heapmod_alloc() on behalf of another
 * @heap: the heap
 * @size: bytes
 * @gfp: %__GFP_ZERO and %__GFP_NOWARN count
 * @caller: the address to name as the owner, as from _RET_IP_
 *
 * Context: any; as heapmod_alloc().
 * Return: as heapmod_alloc().
 */
void *heapmod_alloc_caller(struct heapmod *heap, size_t size, gfp_t gfp, unsigned long caller)
{
	unsigned long flags;
	void *ptr;

	if (!heapmod_is_valid(heap))
		return NULL;
	if (diagnostics_fail(size))
		return heapmod_fail(heap, size, gfp, caller);
	if (unlikely(!heapmod_lock(heap, flags)))
		return fail_busy(heap, size, gfp, caller);
	ptr = alloc_locked(heap, size, caller);
	heapmod_unlock(heap, flags, caller);

	if (unlikely(!ptr)) {
		ptr = alloc_again(heap, size, 1, gfp, caller);
		if (ZERO_OR_NULL_PTR(ptr))
			return ptr;
	}
	diagnostics_alloc(heap, ptr, size, gfp, caller);
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
 * Context: any. In an NMI, or while the kernel panics, it fails when another has the lock; in an
 * NMI of a kernel for one CPU, always.
 * Return: memory aligned to 16 bytes, %ZERO_SIZE_PTR for a @size of 0, or NULL when no hole is
 * large enough or there is no heap.
 */
void *heapmod_alloc(struct heapmod *heap, size_t size, gfp_t gfp)
{
	return heapmod_alloc_caller(heap, size, gfp, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_alloc);

/**
 * heapmod_alloc_aligned_caller - heapmod_alloc_aligned() on behalf of another
 * @heap: the heap
 * @size: bytes
 * @align: a power of two, at most %HEAPMOD_ALIGN_MAX
 * @gfp: as for heapmod_alloc()
 * @caller: the address to name as the owner
 *
 * Context: any; as heapmod_alloc().
 * Return: as heapmod_alloc_aligned().
 */
void *heapmod_alloc_aligned_caller(struct heapmod *heap, size_t size, size_t align, gfp_t gfp,
				   unsigned long caller)
{
	unsigned long flags;
	void *ptr;

	if (!heapmod_is_valid(heap))
		return NULL;
	if (!is_power_of_2(align) || align > HEAPMOD_ALIGN_MAX) {
		pr_err_ratelimited("heap \"%s\": cannot align to %zu bytes, asked by %pS\n",
				   heap->name, align, (void *)caller);
		return NULL;
	}
	if (!size)
		return ZERO_SIZE_PTR;
	if (diagnostics_fail(size))
		return heapmod_fail(heap, size, gfp, caller);
	if (!heapmod_lock(heap, flags))
		return fail_busy(heap, size, gfp, caller);
	ptr = aligned_locked(heap, size, align, caller);
	heapmod_unlock(heap, flags, caller);

	if (!ptr) {
		ptr = alloc_again(heap, size, align, gfp, caller);
		if (!ptr)
			return NULL;
	}
	diagnostics_alloc(heap, ptr, size, gfp, caller);
	return ptr;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_alloc_aligned_caller);

/**
 * heapmod_alloc_aligned - allocate a block that is aligned
 * @heap: the heap
 * @size: bytes
 * @align: of the address that is returned: a power of two, at most %HEAPMOD_ALIGN_MAX. All are
 *         aligned to 16 at least.
 * @gfp: as for heapmod_alloc()
 *
 * First fit of @size + @align - 16 bytes, of which both ends are given back: so it needs a hole of
 * that size. Costs as much as an allocation and two frees.
 *
 * Context: any; as heapmod_alloc().
 * Return: as heapmod_alloc(); NULL and a line in the log for an @align that cannot be.
 */
void *heapmod_alloc_aligned(struct heapmod *heap, size_t size, size_t align, gfp_t gfp)
{
	return heapmod_alloc_aligned_caller(heap, size, align, gfp, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_alloc_aligned);
