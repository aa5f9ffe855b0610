// SPDX-License-Identifier: GPL-2.0-only
/*
 * free - free a block, at once or deferred
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "heaps/compat.h"
#include "heaps/diagnostics.h"
#include "heaps/free.h"
#include "heaps/lock.h"
#include "heaps/registry.h"
#include "heaps/report.h"
#include "heaps/walk.h"

/* A pointer outside the region: whose is it? */
noinline void heapmod_refuse_foreign(struct heapmod *heap, const void *ptr, unsigned long caller)
{
	bool known;

	rcu_read_lock();
	known = heapmod_lookup(ptr);
	rcu_read_unlock();
	heapmod_record(heap, known ? HEAP_WRONG_HEAP : HEAP_FOREIGN, ptr, caller);
}

/* Does the verdict on a block say that it is gone, and whose it was? */
static bool is_gone(enum heap_verdict verdict, const struct heap_block_info *block)
{
	return heap_is_retired(verdict, block) ? block->sealed :
	       verdict == HEAP_CORRUPT_HEADER && block->sealed && block->state != HEAP_USED;
}

/* The end of a free in which something was found: in this block, or in what was met beside it. */
static noinline void unlock_found(struct heapmod *heap, enum heap_verdict verdict,
				  const void *ptr, const struct heap_block_info *block,
				  unsigned long flags, unsigned long caller)
	__releases(&heap->lock)
{
	if (is_gone(verdict, block))
		heap_owner_remove(&heap->owners.table[block->owner], block->asked);
	heapmod_unlock(heap, flags, caller);
	if (verdict == HEAP_FOREIGN)
		heapmod_refuse_foreign(heap, ptr, caller);
}

/* The end of a free: the block counts no more to its owner. */
static __always_inline void unlock_freed(struct heapmod *heap, enum heap_verdict verdict,
					 const void *ptr, const struct heap_block_info *block,
					 unsigned long flags, unsigned long caller)
	__releases(&heap->lock)
{
	lockdep_assert_held(&heap->lock);
	if (unlikely(verdict || heap->core.events)) {
		unlock_found(heap, verdict, ptr, block, flags, caller);
		return;
	}
	heap_owner_remove(&heap->owners.table[block->owner], block->asked);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
}

static void remember(struct heapmod *heap, const struct heap_block_info *block, unsigned long caller)
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
static noinline void defer_free(struct heapmod *heap, const void *ptr, unsigned long caller)
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
	struct heap_block_info block;

	verdict = heap_claim(&heap->core, ptr, &block);
	/* Whose the memory was before: not of this very free. */
	if (unlikely(heap->core.events))
		heapmod_complete_findings(heap, caller);
	if (heap_is_retired(verdict, &block) && heap->flags & HEAPMOD_POISON)
		remember(heap, &block, caller);
	unlock_freed(heap, verdict, ptr, &block, flags, caller);
	if (verdict == HEAP_CORRUPT_HEADER)
		diagnostics_notify_lost(heap, ptr);
	if (heap_is_retired(verdict, &block))
		heapmod_release(heap, &block, 1, caller);
}

/* An NMI may have interrupted those who would be told. */
static noinline void free_with_hooks(struct heapmod *heap, const void *ptr, unsigned long flags,
			       unsigned long caller)
	__releases(&heap->lock)
{
	if (!in_nmi() && heap_can_claim(&heap->core)) {
		free_in_two_steps(heap, ptr, flags, caller);
		return;
	}
	heapmod_unlock(heap, flags, caller);
	defer_free(heap, ptr, caller);
}

/* Blocks that are claimed: those who want to know are told, then they are given back. */
void heapmod_release(struct heapmod *heap, const struct heap_block_info *claimed, u32 count,
		     unsigned long caller)
{
	unsigned long flags;
	u32 i;

	for (i = 0; diagnostics_want_free(heap) && i < count; i++)
		diagnostics_notify_free(heap, &claimed[i], caller);
	/* Who has claimed a block is in no NMI, and must not go without. */
	raw_spin_lock_irqsave(&heap->lock, flags);
	for (i = 0; i < count; i++)
		heap_release(&heap->core, &claimed[i]);
	heapmod_unlock(heap, flags, caller);
	/* For some there was no room to be claimed, maybe. */
	if (heap_defers(&heap->deferred))
		irq_work_queue(&heap->follow_up);
}

static __always_inline void free_without_hooks(struct heapmod *heap, const void *ptr,
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
		free_with_hooks(heap, ptr, flags, caller);
	else
		free_without_hooks(heap, ptr, flags, caller);
}

static __always_inline void free_block(struct heapmod *heap, const void *ptr, unsigned long caller)
{
	unsigned long flags;

	if (likely(heapmod_lock(heap, flags)))
		free_locked(heap, ptr, flags, caller);
	else
		defer_free(heap, ptr, caller);
}

/* On behalf of another. */
void heapmod_free_caller(struct heapmod *heap, const void *ptr, unsigned long caller)
{
	if (!ZERO_OR_NULL_PTR(ptr) && heapmod_is_valid(heap))
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
	if (!ZERO_OR_NULL_PTR(ptr) && heapmod_is_valid(heap))
		free_block(heap, ptr, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_free);

/* Free the next block that waits in a slot; false when there is none, or no room for a claim. */
static bool free_deferred(struct heapmod *heap)
{
	struct heap_slot slot;
	unsigned long flags;
	bool taken;

	if (!heapmod_lock(heap, flags))
		return false;
	taken = heap_can_claim(&heap->core) && heap_take_deferred(&heap->deferred, &slot);
	/* What is live again is freed before the lock is let go, or it could be another's. */
	if (taken && heap_resume_free(&heap->core, slot.at))
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
	struct heap_block_info block = {};

	smp_store_mb(heap->deferred.overflow, 0);	/* before the first mark is looked for */
	while (heapmod_walk_batch(heap, block.at + block.granules, &block, 1)) {
		if (block.state == HEAP_DEFERRED)
			recover_one(heap, block.at);
		cond_resched();
	}
}
