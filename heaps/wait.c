// SPDX-License-Identifier: GPL-2.0-only
/*
 * wait - allocations that wait until there is room
 *
 * Who finds no room joins a queue. A free that finds somebody in it has the heap's irq_work look
 * whether the first in line fits now. If so, the block is allocated for him and handed over, so
 * that nobody who came later can take it away, and he is woken; nobody is woken for nothing.
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
 * struct waiter - somebody who waits, on his own stack
 * @place: in the queue; empty when he has left it
 * @size: bytes that he asks for
 * @caller: who asks
 * @ptr: what he was given: his to read when @served is complete, and not before
 * @served: it was given, or there is nothing to wait for any more
 */
struct waiter {
	struct list_head place;
	size_t size;
	unsigned long caller;
	void *ptr;
	struct completion served;
};

/* Under the lock: with the last waiter the frees may forget about them. */
static void leave(struct heapmod *heap, struct waiter *waiter)
	__must_hold(&heap->lock)
{
	list_del_init(&waiter->place);
	if (list_empty(&heap->waiters))
		heap->core.events &= ~HEAP_EVENT_WAITERS;
}

/* Under the lock: is there a hole? To ask is no failed allocation. */
static bool fits(struct heapmod *heap, size_t size)
	__must_hold(&heap->lock)
{
	heap_flush(&heap->core);
	return size - 1 < heap->core.largest &&
	       heap_index_largest(&heap->core.index) >= granules_for(&heap->core, size);
}

/*
 * Under the lock: does he get his block now? Or nothing, where nobody will ever get one: in a heap
 * that goes, or is frozen.
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

/* The first in line, if he need not wait any more. */
static struct waiter *serve_first(struct heapmod *heap)
{
	struct waiter *first, *served = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&heap->lock, flags);
	first = list_first_entry_or_null(&heap->waiters, struct waiter, place);
	if (first && serve(heap, first)) {
		leave(heap, first);
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

	/* Whoever comes or frees later, calls this later. */
	while (data_race(heap->core.events) & HEAP_EVENT_WAITERS && (waiter = serve_first(heap)))
		complete(&waiter->served);
}

/* The heap goes: whoever waits, or comes to wait, leaves with nothing. */
void heapmod_cancel_waiters(struct heapmod *heap)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&heap->lock, flags);
	heap->going = true;
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	heapmod_serve_waiters(heap);
	wait_var_event(&heap->waiting, !atomic_read(&heap->waiting));
}

/* Who has been served, but not told yet, waits for that in spite of a timeout or a signal. */
static void give_up(struct heapmod *heap, struct waiter *waiter)
{
	unsigned long flags;
	bool served;

	raw_spin_lock_irqsave(&heap->lock, flags);
	served = list_empty(&waiter->place);
	if (!served)
		leave(heap, waiter);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	if (served)
		wait_for_completion(&waiter->served);
	else
		irq_work_queue(&heap->follow_up);	/* the next in line may fit */
}

/* Joins the queue: or returns true, when nobody is in it and there is nothing to wait for. */
static bool join(struct heapmod *heap, struct waiter *waiter)
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
	if (!join(heap, &waiter) &&
	    wait_for_completion_killable_timeout(&waiter.served, timeout) <= 0)
		give_up(heap, &waiter);
	if (!waiter.ptr)
		return heapmod_fail(heap, size, gfp, caller);
	diagnostics_alloc(heap, waiter.ptr, size, gfp, caller);
	return waiter.ptr;
}

/**
 * heapmod_alloc_wait_caller - heapmod_alloc_wait() on behalf of another
 * @heap: the heap
 * @size: bytes
 * @gfp: as for heapmod_alloc()
 * @timeout: in jiffies
 * @caller: the address to name as the owner
 *
 * Context: task, may sleep.
 * Return: as heapmod_alloc_wait().
 */
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
	/* The last one lets heapmod_destroy() go on: there is no heap any more. */
	if (atomic_dec_and_test(&heap->waiting))
		wake_up_var(&heap->waiting);
	return ptr;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_alloc_wait_caller);

/**
 * heapmod_alloc_wait - allocate a block, and wait for room if there is none
 * @heap: the heap
 * @size: bytes
 * @gfp: as for heapmod_alloc(); says nothing of waiting
 * @timeout: the longest to wait, in jiffies; %MAX_SCHEDULE_TIMEOUT for as long as it takes
 *
 * Those who wait are served in the order in which they came: who asks for much holds up those
 * behind him. Allocations that do not wait are not held up. A fatal signal ends the wait, and so
 * does heapmod_destroy(), or that the heap is found corrupt and frozen.
 *
 * Context: task, may sleep.
 * Return: as heapmod_alloc(); NULL also when the time is over or the task is killed, and at once
 * for a @size that no block of this heap can have.
 */
void *heapmod_alloc_wait(struct heapmod *heap, size_t size, gfp_t gfp, long timeout)
{
	return heapmod_alloc_wait_caller(heap, size, gfp, timeout, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_alloc_wait);
