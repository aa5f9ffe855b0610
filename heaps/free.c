// SPDX-License-Identifier: GPL-2.0-only
/*
 * free - free a block, at once or deferred
 *
 *	heapmod_free()
 *	    HEAPMOD_PERCPU ---> free_cached()		mark the block, without the lock; else:
 *	    no lock ----------> defer_free()		mark the block, without the lock
 *	    lock, no hooks ---> free_without_hooks()	heap_free()
 *	    lock, hooks ------> free_in_two_steps()	heap_claim(), unlock, hooks, heap_release()
 *
 * heapmod_drain() frees the deferred blocks that have a slot. It runs in the irq_work, and in calls
 * that need the memory or exact counters. heapmod_recover() frees those without a slot.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "core/limbo.h"
#include "heaps/compat.h"
#include "heaps/diagnostics.h"
#include "heaps/free.h"
#include "heaps/lock.h"
#include "heaps/percpu.h"
#include "heaps/poll.h"
#include "heaps/registry.h"
#include "heaps/report.h"
#include "heaps/walk.h"

#define DRAIN_SOME	8		/* deferred blocks, in an irq_work */

/* A pointer outside the region may be of another heap. */
noinline void heapmod_refuse_foreign(struct heapmod *heap, const void *ptr, unsigned long caller)
{
	struct heapmod *other;

	/* The edges of its own region are foreign to a heap, too. */
	rcu_read_lock();
	other = heapmod_lookup(ptr);
	rcu_read_unlock();
	heapmod_record(heap, other && other != heap ? HEAP_WRONG_HEAP : HEAP_FOREIGN, ptr, caller);
}

/* Does the block end here, and does its header name its owner? */
static bool ends_at_owner(enum heap_verdict verdict, const struct heap_block_info *block)
{
	return heap_is_retired(verdict, block) ? block->sealed :
	       verdict == HEAP_CORRUPT_HEADER && block->sealed && block->state != HEAP_USED;
}

static __always_inline void remove_from_owner(struct heapmod *heap,
					      const struct heap_block_info *block)
	__must_hold(&heap->lock)
{
	heap_owner_remove(heap_owner_at(&heap->owners, block->owner), block->asked);
}

/*
 * A heap that is frozen, or is being reset, has other reasons to wake a waiter. One that no program
 * polls any more is to be disarmed.
 */
static bool may_serve(struct heapmod *heap)
	__must_hold(&heap->lock)
{
	if (!heap->core.largest || heapmod_polls_are_over(heap))
		return true;
	heap_flush(&heap->core);
	return heap_index_largest(&heap->core.index) >= heapmod_wanted(heap);
}

/* Events after a free: waiters are one only if the first of them may fit. */
static u32 events_of_free(struct heapmod *heap)
	__must_hold(&heap->lock)
{
	u32 events = heap->core.events;

	if (events & HEAP_EVENT_WAITERS && !may_serve(heap))
		events &= ~HEAP_EVENT_WAITERS;
	return events;
}

static void unlock_free(struct heapmod *heap, unsigned long flags, unsigned long caller)
	__releases(&heap->lock)
{
	heapmod_unlock_events(heap, flags, caller, events_of_free(heap));
}

void heapmod_unlock_release(struct heapmod *heap, unsigned long flags, unsigned long caller)
	__releases(&heap->lock)
{
	heapmod_unlock_events(heap, flags, caller,
			      events_of_free(heap) | heap_defers(&heap->deferred));
}

/* There is a verdict on this block, or an event, maybe of a neighbour that was coalesced. */
static noinline void unlock_with_events(struct heapmod *heap, enum heap_verdict verdict,
					const void *ptr, const struct heap_block_info *block,
					unsigned long flags, unsigned long caller)
	__releases(&heap->lock)
{
	if (ends_at_owner(verdict, block))
		remove_from_owner(heap, block);
	unlock_free(heap, flags, caller);
	if (verdict == HEAP_FOREIGN)
		heapmod_refuse_foreign(heap, ptr, caller);
}

/* The end of a free: account it to the owner of the block. */
static __always_inline void account_and_unlock(struct heapmod *heap, enum heap_verdict verdict,
					       const void *ptr, const struct heap_block_info *block,
					       unsigned long flags, unsigned long caller)
	__releases(&heap->lock)
{
	lockdep_assert_held(&heap->lock);
	if (unlikely(verdict || heap->core.events)) {
		unlock_with_events(heap, verdict, ptr, block, flags, caller);
		return;
	}
	remove_from_owner(heap, block);
	heapmod_unlock_irqrestore(heap, flags);
}

void heapmod_remember_free(struct heapmod *heap, const struct heap_block_info *block,
			   unsigned long caller)
{
	struct heap_freed freed;

	if (!heap->history)
		return;
	/* A finding has the last free of its memory: find that before this one is added. */
	heapmod_complete_findings(heap, caller);
	freed = (struct heap_freed){
		.offset = heap_offset(block->at),
		.bytes = heap_bytes(block->granules),
		.owner = heap_owner_at(&heap->owners, block->owner)->caller,
		.caller = caller,
	};
	heap_history_add(heap->history, &freed);
}

/*
 * The next holder of the lock frees the block. As in heapmod_unlock_events(), the caller is not
 * preempted between the mark and the irq_work.
 */
static enum heap_verdict defer(struct heapmod *heap, const void *ptr, unsigned long caller)
{
	enum heap_verdict verdict;
	unsigned long flags;

	local_irq_save(flags);
	verdict = heap_defer(&heap->core, &heap->deferred, ptr, caller);
	irq_work_queue(&heap->follow_up);
	local_irq_restore(flags);
	return verdict;
}

static void refuse_deferred(struct heapmod *heap, enum heap_verdict verdict, const void *ptr,
			    unsigned long caller)
{
	heapmod_counter_inc(&heap->refused);
	trace_heapmod_verdict(heap->id, verdict, heap_offset_of(&heap->core, ptr), caller);
	if (heapmod_may_report(heap))
		pr_err("%s in heap \"%s\": refused, freed by %pS while the lock was busy\n",
		       heap_verdict_names[verdict], heap->name, (void *)caller);
}

/* The lock is not available. */
static noinline void defer_free(struct heapmod *heap, const void *ptr, unsigned long caller)
{
	enum heap_verdict verdict = defer(heap, ptr, caller);

	if (verdict)
		refuse_deferred(heap, verdict, ptr, caller);
}

/* The block is marked before the lock is dropped: no other free of it may come between. */
static noinline void defer_locked(struct heapmod *heap, const void *ptr, unsigned long flags,
				  unsigned long caller)
	__releases(&heap->lock)
{
	enum heap_verdict verdict = defer(heap, ptr, caller);

	heapmod_unlock(heap, flags, caller);
	if (verdict)
		refuse_deferred(heap, verdict, ptr, caller);
}

/* Free a block in two steps, and run the hooks between them. There is room for a claim. */
static void free_in_two_steps(struct heapmod *heap, const void *ptr, unsigned long flags,
			      unsigned long caller)
	__releases(&heap->lock)
{
	enum heap_verdict verdict;
	struct heap_block_info block;

	verdict = heap_claim(&heap->core, ptr, &block);
	if (heap_is_retired(verdict, &block))
		heapmod_remember_free(heap, &block, caller);
	account_and_unlock(heap, verdict, ptr, &block, flags, caller);
	if (verdict == HEAP_CORRUPT_HEADER)
		diagnostics_notify_lost(heap, ptr);
	if (heap_is_retired(verdict, &block))
		heapmod_release(heap, &block, 1, caller);
}

static noinline void free_with_hooks(struct heapmod *heap, const void *ptr, unsigned long flags,
				     unsigned long caller)
	__releases(&heap->lock)
{
	if (diagnostics_may_run(heap)) {
		free_in_two_steps(heap, ptr, flags, caller);
		return;
	}
	defer_locked(heap, ptr, flags, caller);
}

void heapmod_release(struct heapmod *heap, const struct heap_block_info *claimed, u32 count,
		     unsigned long caller)
{
	unsigned long flags;
	u32 i;

	for (i = 0; diagnostics_want_free(heap) && i < count; i++)
		diagnostics_notify_free(heap, &claimed[i], caller);
	/* An NMI claims no block, so it is safe to wait for the lock. */
	heapmod_lock_irqsave(heap, flags);
	for (i = 0; i < count; i++) {
		if (!heapmod_keep(heap, &claimed[i]))
			heap_release(&heap->core, &claimed[i]);
	}
	heapmod_unlock_release(heap, flags, caller);
}

static __always_inline void free_without_hooks(struct heapmod *heap, const void *ptr,
					       unsigned long flags, unsigned long caller)
	__releases(&heap->lock)
{
	enum heap_verdict verdict = heap_free(&heap->core, ptr, &heap->freed);

	account_and_unlock(heap, verdict, ptr, &heap->freed, flags, caller);
}

/*
 * The hooks are tested with the lock held. So a program that enables a tracepoint and then walks
 * the heap misses no free of a block that it has read.
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

/* As free_locked(). A block with a damaged header leaves the caches first. */
static noinline void free_judged(struct heapmod *heap, const void *ptr, unsigned long flags,
				 unsigned long caller)
	__releases(&heap->lock)
{
	if (likely(heapmod_expel(heap, ptr))) {
		free_locked(heap, ptr, flags, caller);
		return;
	}
	defer_locked(heap, ptr, flags, caller);
}

/* The cache of this CPU has no room, or the pointer is to be judged with the lock held. */
static noinline void free_past_cache(struct heapmod *heap, const void *ptr, unsigned long caller)
{
	unsigned long flags;

	if (!heapmod_lock(heap, flags)) {
		defer_free(heap, ptr, caller);
		return;
	}
	heapmod_make_room(heap);
	free_judged(heap, ptr, flags, caller);
}

/*
 * As with the lock, the hooks are tested while the cache is held: a walk holds all caches. They run
 * in free_in_two_steps(), which may put the block into the cache, too.
 */
static noinline void free_cached(struct heapmod *heap, const void *ptr, unsigned long caller)
{
	struct heapmod_cpu *cpu;
	unsigned long flags;

	if (likely(heapmod_enter_cpu(heap, &cpu, &flags))) {
		if (likely(!diagnostics_want_free(heap) && heapmod_may_cache(heap) &&
			   heapmod_cache_free(heap, cpu, ptr))) {
			heapmod_leave_cpu(cpu, flags);
			return;
		}
		heapmod_leave_cpu(cpu, flags);
	}
	free_past_cache(heap, ptr, caller);
}

static noinline void free_uncached(struct heapmod *heap, const void *ptr, unsigned long caller)
{
	unsigned long flags;

	if (likely(heapmod_lock(heap, flags)))
		free_locked(heap, ptr, flags, caller);
	else
		defer_free(heap, ptr, caller);
}

/* As heapmod_alloc_caller(): two tail calls. */
void heapmod_free_caller(struct heapmod *heap, const void *ptr, unsigned long caller)
{
	if (ZERO_OR_NULL_PTR(ptr) || !heapmod_is_valid(heap))
		return;
	if (heap->cpus)
		free_cached(heap, ptr, caller);
	else
		free_uncached(heap, ptr, caller);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_free_caller);

/* Return: how many pointers were freed or refused: fewer than @n if the lock had to be dropped. */
static size_t free_batch(struct heapmod *heap, size_t n, void **ptrs, unsigned long flags,
			 unsigned long caller)
	__releases(&heap->lock)
{
	enum heap_verdict verdict;
	size_t i;

	for (i = 0; i < n; i++) {
		if (ZERO_OR_NULL_PTR(ptrs[i]))
			continue;
		verdict = heap_free_next(&heap->core, ptrs[i], &heap->freed);
		if (unlikely(verdict || heap->core.events)) {
			heap_end_run(&heap->core);
			unlock_with_events(heap, verdict, ptrs[i], &heap->freed, flags, caller);
			return i + 1;
		}
		remove_from_owner(heap, &heap->freed);
	}
	heap_end_run(&heap->core);
	if (unlikely(heap->core.events))
		unlock_free(heap, flags, caller);
	else
		heapmod_unlock_irqrestore(heap, flags);
	return n;
}

void heapmod_free_bulk_caller(struct heapmod *heap, size_t n, void **ptrs, unsigned long caller)
{
	unsigned long flags;
	size_t done;

	if (!heapmod_is_valid(heap))
		return;
	for (; n; n -= done, ptrs += done) {
		done = 1;
		if (ZERO_OR_NULL_PTR(*ptrs))
			continue;
		if (heap->cpus)
			free_cached(heap, *ptrs, caller);
		else if (!heapmod_lock(heap, flags))
			defer_free(heap, *ptrs, caller);
		else if (diagnostics_want_free(heap))
			free_with_hooks(heap, *ptrs, flags, caller);
		else
			done = free_batch(heap, min_t(size_t, n, HEAPMOD_BATCH), ptrs, flags,
					  caller);
	}
}
EXPORT_SYMBOL_HEAPMOD(heapmod_free_bulk_caller);

/* No heap can count it or log it later: this is logged at once, as a failed allocation is. */
static noinline void refuse_without_heap(const void *ptr, unsigned long caller)
{
	trace_heapmod_verdict(0, HEAP_FOREIGN, (uintptr_t)ptr, caller);
	pr_err_ratelimited("%s pointer %p in no heap: refused, freed by %pS\n",
			   heap_verdict_names[HEAP_FOREIGN], ptr, (void *)caller);
}

/* The heap of a wrong pointer may be destroyed: that waits for RCU. */
void heapmod_free_any(const void *ptr)
{
	struct heapmod *heap;

	if (ZERO_OR_NULL_PTR(ptr))
		return;
	rcu_read_lock();
	heap = heapmod_lookup(ptr);
	if (heap)
		heapmod_free_caller(heap, ptr, _RET_IP_);
	else
		refuse_without_heap(ptr, _RET_IP_);
	rcu_read_unlock();
}
EXPORT_SYMBOL_HEAPMOD(heapmod_free_any);

void heapmod_free_limbo(struct heapmod *heap, const void *mem)
{
	unsigned long flags;
	u32 at;

	heapmod_lock_irqsave(heap, flags);
	if (heap_leave_limbo(&heap->core, mem, &at))
		free_judged(heap, heap_payload(&heap->core, at), flags, _RET_IP_);
	else
		heapmod_unlock_irqrestore(heap, flags);
}

/* Otherwise a block would leave its slot, and be deferred again. */
static bool may_complete(struct heapmod *heap)
	__must_hold(&heap->lock)
{
	return diagnostics_want_free(heap) ? diagnostics_may_run(heap) :
	       heap_can_claim(&heap->core);
}

/* Free the block of one slot. Return: false when none is filled, or none can be freed now. */
static bool free_deferred(struct heapmod *heap)
{
	struct heap_slot slot;
	unsigned long flags;
	bool taken;

	if (!heapmod_lock(heap, flags))
		return false;
	taken = may_complete(heap) && heap_take_deferred(&heap->deferred, &slot);
	/* Without the mark the block is live: free it before the lock is dropped. */
	if (taken && heap_resume_free(&heap->core, slot.at))
		free_judged(heap, heap_payload(&heap->core, slot.at), flags, slot.caller);
	else
		heapmod_unlock_irqrestore(heap, flags);
	return taken;
}

static void drain(struct heapmod *heap, unsigned int most)
{
	while (most-- && heap_defers(&heap->deferred)) {
		if (!free_deferred(heap))
			break;
	}
}

/*
 * Bounded: blocks that are deferred while this runs queue the irq_work. One more round than there
 * are slots finds that no slot is filled.
 */
void heapmod_drain(struct heapmod *heap)
{
	drain(heap, HEAP_SLOTS + 1);
}

bool heapmod_drain_some(struct heapmod *heap)
{
	if (!diagnostics_want_free(heap))
		drain(heap, DRAIN_SOME);
	return heap_defers(&heap->deferred);
}

static void recover_one(struct heapmod *heap, u32 at)
{
	unsigned long flags;

	heapmod_lock_irqsave(heap, flags);
	if (heap_recover(&heap->core, &heap->deferred, at))
		free_judged(heap, heap_payload(&heap->core, at), flags, _THIS_IP_);
	else
		heapmod_unlock_irqrestore(heap, flags);
}

/* These blocks are found only by the mark in their header, so walk the heap. */
void heapmod_recover(struct heapmod *heap)
{
	struct heap_block_info block = {};

	smp_store_mb(heap->deferred.overflow, 0);	/* before any mark is read */
	while (heapmod_walk_batch(heap, block.at + block.granules, &block, 1)) {
		if (block.state == HEAP_DEFERRED)
			recover_one(heap, block.at);
		cond_resched();
	}
}
