// SPDX-License-Identifier: GPL-2.0-only
/*
 * wait - allocations that wait until there is room
 *
 * A caller that finds no hole joins a FIFO. While it is not empty, a free raises the irq_work,
 * which allocates for the first waiter if its block fits now, and wakes it. So no other caller can
 * take the block, and no waiter is woken without a reason.
 */
#include <linux/completion.h>
#include <linux/export.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include "core/block.h"
#include "heaps/alloc.h"
#include "heaps/compat.h"
#include "heaps/diagnostics.h"
#include "heaps/lock.h"
#include "heaps/wait.h"

/**
 * struct waiter - a waiting allocation, on the stack of the waiting task
 * @place: entry in the FIFO; empty when the waiter has left it
 * @size: bytes requested
 * @caller: call site
 * @ptr: the block, or NULL; valid once @served is complete
 * @served: the waiter has a block, or waits in vain
 */
struct waiter {
	struct list_head place;
	size_t size;
	unsigned long caller;
	void *ptr;
	struct completion served;
};

/* Without waiters a free need not raise the irq_work. */
static void dequeue(struct heapmod *heap, struct waiter *waiter)
	__must_hold(&heap->lock)
{
	list_del_init(&waiter->place);
	if (list_empty(&heap->waiters))
		heap->core.events &= ~HEAP_EVENT_WAITERS;
}

/* Is a hole large enough? An attempt to allocate would count as a failure. */
static bool fits(struct heapmod *heap, size_t size)
	__must_hold(&heap->lock)
{
	heap_flush(&heap->core);
	return size - 1 < heap->core.largest &&
	       heap_index_largest(&heap->core.index) >= granules_for(&heap->core, size);
}

/*
 * Return: whether the waiter is done. In a heap that is being destroyed, or is frozen, it is done
 * without a block.
 */
static bool serve(struct heapmod *heap, struct waiter *waiter)
	__must_hold(&heap->lock)
{
	if (heap->going || heap_is_frozen(&heap->core))
		return true;
	if (!fits(heap, waiter->size))
		return false;
	waiter->ptr = heapmod_alloc_locked(heap, waiter->size, waiter->caller);
	return true;
}

/* Remove the first waiter if it is done. Otherwise return NULL. */
static struct waiter *serve_first(struct heapmod *heap)
{
	struct waiter *first, *served = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&heap->lock, flags);
	first = list_first_entry_or_null(&heap->waiters, struct waiter, place);
	if (first && serve(heap, first)) {
		dequeue(heap, first);
		served = first;
	}
	if (first && heap_queued_findings(&heap->core))
		heapmod_complete_findings(heap, first->caller);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	return served;
}

void heapmod_serve_waiters(struct heapmod *heap)
{
	struct waiter *waiter;

	/* A waiter or a free that this misses raises the irq_work again. */
	while (data_race(heap->core.events) & HEAP_EVENT_WAITERS && (waiter = serve_first(heap)))
		complete(&waiter->served);
}

void heapmod_cancel_waiters(struct heapmod *heap)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&heap->lock, flags);
	heap->going = true;
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	heapmod_serve_waiters(heap);
	wait_var_event(&heap->waiting, !atomic_read(&heap->waiting));
}

/* Timeout or signal. If the waiter was served at the same time, wait for the completion. */
static void cancel_wait(struct heapmod *heap, struct waiter *waiter)
{
	unsigned long flags;
	bool served;

	raw_spin_lock_irqsave(&heap->lock, flags);
	served = list_empty(&waiter->place);
	if (!served)
		dequeue(heap, waiter);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	if (served)
		wait_for_completion(&waiter->served);
	else
		irq_work_queue(&heap->follow_up);	/* the next waiter may fit */
}

/* Return: true if the waiter is done at once; otherwise it has joined the FIFO. */
static bool enqueue(struct heapmod *heap, struct waiter *waiter)
{
	unsigned long flags;
	bool served;

	raw_spin_lock_irqsave(&heap->lock, flags);
	served = list_empty(&heap->waiters) && serve(heap, waiter);
	if (!served) {
		list_add_tail(&waiter->place, &heap->waiters);
		heap->core.events |= HEAP_EVENT_WAITERS;
	}
	heapmod_unlock(heap, flags, waiter->caller);
	return served;
}

static void *wait_for_block(struct heapmod *heap, size_t size, gfp_t gfp, long timeout,
			    unsigned long caller)
{
	struct waiter waiter = { .size = size, .caller = caller };

	INIT_LIST_HEAD(&waiter.place);
	init_completion(&waiter.served);
	if (!enqueue(heap, &waiter) &&
	    wait_for_completion_killable_timeout(&waiter.served, timeout) <= 0)
		cancel_wait(heap, &waiter);
	if (!waiter.ptr)
		return heapmod_fail(heap, size, gfp, caller);
	diagnostics_alloc(heap, waiter.ptr, size, gfp, caller);
	return waiter.ptr;
}

void *heapmod_alloc_wait_caller(struct heapmod *heap, size_t size, gfp_t gfp, long timeout,
				unsigned long caller)
{
	void *ptr;

	might_sleep();
	if (!heapmod_is_valid(heap))
		return NULL;
	if (!size)
		return ZERO_SIZE_PTR;
	if (diagnostics_fail(size) || size > heapmod_largest(heap))
		return heapmod_fail(heap, size, gfp, caller);
	atomic_inc(&heap->waiting);
	ptr = wait_for_block(heap, size, gfp, timeout, caller);
	/* heapmod_destroy() may free the heap now: wake_up_var() uses only the address. */
	if (atomic_dec_and_test(&heap->waiting))
		wake_up_var(&heap->waiting);
	return ptr;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_alloc_wait_caller);

void *heapmod_alloc_wait(struct heapmod *heap, size_t size, gfp_t gfp, long timeout)
{
	return heapmod_alloc_wait_caller(heap, size, gfp, timeout, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_alloc_wait);
