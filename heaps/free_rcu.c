// SPDX-License-Identifier: GPL-2.0-only
/*
 * free_rcu - free a block after a grace period of RCU
 *
 * The block is in limbo (core/limbo.h) until the callback frees it. A struct rcu_head has no room
 * for the heap, so the callback finds it by the address. No heap can be created in a block that is
 * not live any more, so the heap that is found is that of the block.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "core/limbo.h"
#include "heaps/compat.h"
#include "heaps/free.h"
#include "heaps/lock.h"
#include "heaps/registry.h"

/* In a softirq. */
static void free_after_readers(struct rcu_head *head)
{
	struct heapmod *heap;

	rcu_read_lock();
	heap = heapmod_lookup(head);
	if (heap)
		heapmod_free_limbo(heap, head);
	rcu_read_unlock();
}

void heapmod_free_rcu_caller(struct heapmod *heap, const void *ptr, struct rcu_head *head,
			     unsigned long caller)
{
	enum heap_verdict verdict;
	unsigned long flags;
	bool found;

	if (ZERO_OR_NULL_PTR(ptr) || !heapmod_is_valid(heap))
		return;
	/* The callback must find this heap. */
	found = heapmod_of(head) == heap;
	heapmod_lock_irqsave(heap, flags);
	verdict = heap_enter_limbo(&heap->core, ptr, found ? head : NULL, sizeof(*head));
	heapmod_unlock(heap, flags, caller);
	if (verdict == HEAP_FOREIGN)
		heapmod_refuse_foreign(heap, ptr, caller);
	if (!verdict)
		call_rcu(head, free_after_readers);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_free_rcu_caller);

void heapmod_free_rcu_mightsleep_caller(struct heapmod *heap, const void *ptr,
					unsigned long caller)
{
	might_sleep();
	if (ZERO_OR_NULL_PTR(ptr) || !heapmod_is_valid(heap))
		return;
	synchronize_rcu();
	heapmod_free_caller(heap, ptr, caller);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_free_rcu_mightsleep_caller);

/* A callback that has taken its block out of limbo may still run the hooks of it. */
static bool is_under_way(struct heapmod *heap)
{
	unsigned long flags;
	bool any;

	heapmod_lock_irqsave(heap, flags);
	any = heap->core.limbo_blocks || heap->core.pending;
	heapmod_unlock_irqrestore(heap, flags);
	return any;
}

void heapmod_barrier(struct heapmod *heap)
{
	might_sleep();
	if (!heapmod_is_valid(heap))
		return;
	if (is_under_way(heap))
		rcu_barrier();
	/* What was deferred: the work item finds those without a slot. */
	heapmod_sync_irq_work(heap);
	flush_delayed_work(&heap->slow_work);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_barrier);
