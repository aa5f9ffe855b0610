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
#include <linux/sched/clock.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "diagnostics.h"
#include "heap_find.h"
#include "heap_lock.h"
#include "heap_shape.h"

static_assert(HEAPMOD_POISON == HEAP_POISON && HEAPMOD_REDZONE == HEAP_REDZONE);

/* The lock is another's. Wait for it, where that is right, and count how long. */
noinline bool heapmod_wait_for_lock(struct heapmod *heap)
{
	u64 start;

	if (in_nmi() || oops_in_progress)
		return false;
	start = local_clock();
	raw_spin_lock(&heap->lock);
	heap->waited_ns += local_clock() - start;
	heapmod_counts_outside(&heap->lock);
	return true;
}

/* Under the lock: what was allocated, or that there was no room, counts to its owner. */
static __always_inline void *count_alloc(struct heapmod *heap, void *ptr, size_t size,
					 struct heap_owner *owner)
	__must_hold(&heap->lock)
{
	lockdep_assert_held(&heap->lock);
	if (likely(ptr))
		heap_owner_gains(owner, size);
	else
		owner->failures += !!size;
	return ptr;
}

static __always_inline void *alloc_locked(struct heapmod *heap, size_t size, unsigned long caller)
	__must_hold(&heap->lock)
{
	struct heap_owner *owner = heap_owner_of(&heap->owners, caller);

	return count_alloc(heap, heap_alloc(&heap->core, size, owner->number), size, owner);
}

void *heapmod_alloc_locked(struct heapmod *heap, size_t size, unsigned long caller)
{
	return alloc_locked(heap, size, caller);
}

static void *aligned_locked(struct heapmod *heap, size_t size, size_t align, unsigned long caller)
	__must_hold(&heap->lock)
{
	struct heap_owner *owner = heap_owner_of(&heap->owners, caller);

	return count_alloc(heap, heap_alloc_aligned(&heap->core, size, align, owner->number), size,
			   owner);
}

static noinline void *tell_failure(struct heapmod *heap, const char *why, size_t size, gfp_t gfp,
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
	return tell_failure(heap, "no hole for", size, gfp, caller);
}

/* The lock could not be had. */
static void *fail_busy(struct heapmod *heap, size_t size, gfp_t gfp, unsigned long caller)
{
	return tell_failure(heap, "busy, nothing for", size, gfp, caller);
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
		if (heap_lock(heap, flags)) {
			heap->core.failures--;	/* that was this call's, too */
			heap_owner_of(&heap->owners, caller)->failures--;
			ptr = aligned_locked(heap, size, align, caller);
			heap_unlock(heap, flags, caller);
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

	if (!heapmod_usable(heap))
		return NULL;
	if (diagnostics_fail(size))
		return heapmod_fail(heap, size, gfp, caller);
	if (unlikely(!heap_lock(heap, flags)))
		return fail_busy(heap, size, gfp, caller);
	ptr = alloc_locked(heap, size, caller);
	heap_unlock(heap, flags, caller);

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

	if (!heapmod_usable(heap))
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
	if (!heap_lock(heap, flags))
		return fail_busy(heap, size, gfp, caller);
	ptr = aligned_locked(heap, size, align, caller);
	heap_unlock(heap, flags, caller);

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

/* For those who find something without the lock. */
void heapmod_find(struct heapmod *heap, enum heap_verdict verdict, const void *ptr,
		  unsigned long caller)
{
	unsigned long flags;

	if (!heap_lock(heap, flags))
		return;
	heap_find(&heap->core, verdict, (const char *)ptr - heap->core.region);
	heap_unlock(heap, flags, caller);
}

/* A pointer outside the region: whose is it? */
noinline void heapmod_refuse_foreign(struct heapmod *heap, const void *ptr, unsigned long caller)
{
	bool known;

	rcu_read_lock();
	known = heap_of(ptr);
	rcu_read_unlock();
	heapmod_find(heap, known ? HEAP_WRONG_HEAP : HEAP_FOREIGN, ptr, caller);
}

/* Does the verdict on a block say that it is gone, and whose it was? */
static bool is_gone(enum heap_verdict verdict, const struct heap_view *block)
{
	return heap_is_let_go(verdict, block) ? block->sealed :
	       verdict == HEAP_CORRUPT_HEADER && block->sealed && block->state != HEAP_USED;
}

/* The end of a free in which something was found: in this block, or in what was met beside it. */
static noinline void unlock_found(struct heapmod *heap, enum heap_verdict verdict,
				  const void *ptr, const struct heap_view *block,
				  unsigned long flags, unsigned long caller)
	__releases(&heap->lock)
{
	if (is_gone(verdict, block))
		heap_owner_loses(&heap->owners.table[block->owner], block->asked);
	heap_unlock(heap, flags, caller);
	if (verdict == HEAP_FOREIGN)
		heapmod_refuse_foreign(heap, ptr, caller);
}

/* The end of a free: the block counts no more to its owner. */
static __always_inline void unlock_freed(struct heapmod *heap, enum heap_verdict verdict,
					 const void *ptr, const struct heap_view *block,
					 unsigned long flags, unsigned long caller)
	__releases(&heap->lock)
{
	lockdep_assert_held(&heap->lock);
	if (unlikely(verdict || heap->core.found)) {
		unlock_found(heap, verdict, ptr, block, flags, caller);
		return;
	}
	heap_owner_loses(&heap->owners.table[block->owner], block->asked);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
}

static void remember(struct heapmod *heap, const struct heap_view *block, unsigned long caller)
{
	struct heap_freed freed = {
		.offset = heap_offset(block->at),
		.bytes = heap_bytes(block->granules),
		.owner = heap->owners.table[block->owner].caller,
		.caller = caller,
	};

	heap_history_add(&heap->history, &freed);
}

/* The lock cannot be had: the block is freed by whoever has it next. */
static noinline void put_off(struct heapmod *heap, const void *ptr, unsigned long caller)
{
	enum heap_verdict verdict = heap_defer(&heap->core, &heap->deferred, ptr, caller);

	irq_work_queue(&heap->follow_up);
	if (!verdict)
		return;
	atomic_inc(&heap->refused);
	trace_heapmod_verdict(heap->id, verdict, (const char *)ptr - heap->core.region, caller);
	pr_err_ratelimited("%s in heap \"%s\": it is refused, freed by %pS without the lock\n",
			   heap_verdict_names[verdict], heap->name, (void *)caller);
}

/*
 * With the lock, which is let go, and room for a claim: free a block in two steps, between which
 * those who want to know are told.
 */
static void free_in_two_steps(struct heapmod *heap, const void *ptr, unsigned long flags,
			      unsigned long caller)
	__releases(&heap->lock)
{
	enum heap_verdict verdict;
	struct heap_view block;

	verdict = heap_claim(&heap->core, ptr, &block);
	/* Whose the memory was before: not of this very free. */
	if (unlikely(heap->core.found))
		heapmod_complete_findings(heap, caller);
	if (heap_is_let_go(verdict, &block) && heap->flags & HEAPMOD_POISON)
		remember(heap, &block, caller);
	unlock_freed(heap, verdict, ptr, &block, flags, caller);
	if (verdict == HEAP_CORRUPT_HEADER)
		diagnostics_tell_lost(heap, ptr);
	if (heap_is_let_go(verdict, &block))
		heapmod_release(heap, &block, 1, caller);
}

/* An NMI may have interrupted those who would be told. */
static noinline void free_told(struct heapmod *heap, const void *ptr, unsigned long flags,
			       unsigned long caller)
	__releases(&heap->lock)
{
	if (!in_nmi() && heap_can_claim(&heap->core)) {
		free_in_two_steps(heap, ptr, flags, caller);
		return;
	}
	heap_unlock(heap, flags, caller);
	put_off(heap, ptr, caller);
}

/* Blocks that are claimed: those who want to know are told, then they are given back. */
void heapmod_release(struct heapmod *heap, const struct heap_view *claimed, u32 count,
		     unsigned long caller)
{
	unsigned long flags;
	u32 i;

	for (i = 0; diagnostics_want_free(heap) && i < count; i++)
		diagnostics_tell_free(heap, &claimed[i], caller);
	/* Who has claimed a block is in no NMI, and must not go without. */
	raw_spin_lock_irqsave(&heap->lock, flags);
	for (i = 0; i < count; i++)
		heap_release(&heap->core, &claimed[i]);
	heap_unlock(heap, flags, caller);
	/* For some there was no room to be claimed, maybe. */
	if (heap_defers(&heap->deferred))
		irq_work_queue(&heap->follow_up);
}

static __always_inline void free_untold(struct heapmod *heap, const void *ptr,
					unsigned long flags, unsigned long caller)
	__releases(&heap->lock)
{
	enum heap_verdict verdict = heap_free(&heap->core, ptr, &heap->freed);

	unlock_freed(heap, verdict, ptr, &heap->freed, flags, caller);
}

/*
 * With the lock, which is let go. Who begins to listen meanwhile finds the block freed, or is told.
 */
static __always_inline void free_locked(struct heapmod *heap, const void *ptr,
					unsigned long flags, unsigned long caller)
	__releases(&heap->lock)
{
	if (diagnostics_want_free(heap))
		free_told(heap, ptr, flags, caller);
	else
		free_untold(heap, ptr, flags, caller);
}

static __always_inline void free_block(struct heapmod *heap, const void *ptr, unsigned long caller)
{
	unsigned long flags;

	if (likely(heap_lock(heap, flags)))
		free_locked(heap, ptr, flags, caller);
	else
		put_off(heap, ptr, caller);
}

/* On behalf of another. */
void heapmod_free_caller(struct heapmod *heap, const void *ptr, unsigned long caller)
{
	if (!ZERO_OR_NULL_PTR(ptr) && heapmod_usable(heap))
		free_block(heap, ptr, caller);
}

/**
 * heapmod_free - free a block
 * @heap: the heap it came from
 * @ptr: from an allocation of this heap; NULL and %ZERO_SIZE_PTR are fine
 *
 * A pointer that is no live block of this heap is refused and reported: the heap does not change. A
 * block that was overrun is freed and reported; one whose header was written over is withdrawn from
 * use and reported. The cost is bounded as that of heapmod_alloc().
 *
 * Context: any. In an NMI, or while the kernel panics, the free is put off when another has the
 * lock, and done as soon as that is let go; the pointer is judged at once.
 */
void heapmod_free(struct heapmod *heap, const void *ptr)
{
	if (!ZERO_OR_NULL_PTR(ptr) && heapmod_usable(heap))
		free_block(heap, ptr, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_free);

/* Free the next block that waits in a slot; false when there is none, or no room for a claim. */
static bool free_deferred(struct heapmod *heap)
{
	struct heap_slot slot;
	unsigned long flags;
	bool taken;

	if (!heap_lock(heap, flags))
		return false;
	taken = heap_can_claim(&heap->core) && heap_take_deferred(&heap->deferred, &slot);
	/* What is live again is freed before the lock is let go, or it could be another's. */
	if (taken && heap_resume(&heap->core, slot.at))
		free_locked(heap, heap_payload(&heap->core, slot.at), flags, slot.caller);
	else
		raw_spin_unlock_irqrestore(&heap->lock, flags);
	return taken;
}

/*
 * Free what was put off, but for those blocks that found no room among the deferred. What comes
 * meanwhile queues the irq_work, and its turn comes then. The last look sees that none is left.
 */
void heapmod_drain(struct heapmod *heap)
{
	unsigned int i;

	for (i = 0; i <= HEAP_SLOTS && heap_defers(&heap->deferred); i++) {
		if (!free_deferred(heap))
			break;
	}
}

static void recover_one(struct heapmod *heap, u32 at)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&heap->lock, flags);
	if (heap_recover(&heap->core, &heap->deferred, at))
		free_locked(heap, heap_payload(&heap->core, at), flags, 0);
	else
		raw_spin_unlock_irqrestore(&heap->lock, flags);
}

/* Free those, too: they are known by their marks alone. */
void heapmod_recover(struct work_struct *work)
{
	struct heapmod *heap = container_of(work, struct heapmod, recover);
	struct heap_view block = {};

	smp_store_mb(heap->deferred.overflow, 0);	/* before the first mark is looked for */
	while (heapmod_views(heap, block.at + block.granules, &block, 1)) {
		if (block.state == HEAP_DEFERRED)
			recover_one(heap, block.at);
		cond_resched();
	}
}
