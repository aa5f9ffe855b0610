// SPDX-License-Identifier: GPL-2.0-only
/*
 * poll - files that are writable while a heap has room
 *
 * A poll that finds no room arms the heap: it lowers heap->polled to the size of its block. A free
 * that makes such a hole raises the irq_work. A work item disarms the heap and wakes all pollers.
 * Each poll that finds no room then arms the heap again:
 *
 *	          free makes room              pollers poll again
 *	armed ----------------------> woken -------------------------> disarmed, or armed
 *
 * So a heap that has room does not wake pollers at each free. An edge-triggered epoll does not poll
 * again while its file is writable: its program writes until an allocation fails. Therefore a
 * failed allocation arms the heap, too.
 *
 * An entry of epoll stays in the wait queue until its file is closed, which may be after the heap
 * is destroyed. A wakeup with POLLFREE removes it. The queue must exist for an RCU grace period
 * after that: see wake_up_pollfree() in the kernel.
 */
#include <linux/export.h>
#include <linux/hardirq.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/wait_bit.h>

#include "core/block.h"
#include "heaps/compat.h"
#include "heaps/lock.h"
#include "heaps/percpu.h"
#include "heaps/poll.h"

/* Any program that polls is woken: select() may have asked for exceptional conditions alone. */
#define OVER	(EPOLLERR | EPOLLHUP | EPOLLPRI)

void heapmod_poll_init(struct heapmod *heap)
{
	init_waitqueue_head(&heap->pollers);
	heap->polled = U32_MAX;
}

void heapmod_update_waiters(struct heapmod *heap)
{
	if (heapmod_wanted(heap) != U32_MAX)
		heap->core.events |= HEAP_EVENT_WAITERS;
	else
		heap->core.events &= ~HEAP_EVENT_WAITERS;
}

/* A poll that times out leaves the heap armed. */
bool heapmod_polls_are_over(struct heapmod *heap)
{
	/* An entry is added before its poll takes the lock. */
	return heap->polled != U32_MAX && !waitqueue_active(&heap->pollers);
}

static void arm(struct heapmod *heap, u32 granules)
	__must_hold(&heap->lock)
{
	heap->polled = min(heap->polled, granules);
	heapmod_update_waiters(heap);
}

static void disarm(struct heapmod *heap)
	__must_hold(&heap->lock)
{
	heap->polled = U32_MAX;
	heapmod_update_waiters(heap);
}

/* Without room, arm the heap. */
static __poll_t poll_locked(struct heapmod *heap, size_t size)
	__must_hold(&heap->lock)
{
	if (heap->shut_down)
		return OVER;
	if (heap_is_frozen(&heap->core) || size > heapmod_largest(heap))
		return EPOLLERR;
	if (!size || heap_fits(&heap->core, size, 1))
		return EPOLLOUT | EPOLLWRNORM;
	/* Without an entry in the wait queue, this poll does not wait. */
	if (waitqueue_active(&heap->pollers))
		arm(heap, granules_for(&heap->core, size));
	return 0;
}

static __poll_t poll_heap(struct heapmod *heap, size_t size)
{
	unsigned long flags;
	__poll_t mask;

	heapmod_lock_irqsave(heap, flags);
	mask = poll_locked(heap, size);
	heapmod_unlock_alloc(heap, flags, _THIS_IP_);
	return mask;
}

/* A shutdown that begins after this has returned false waits for the calls that are counted. */
static bool is_shut_down(struct heapmod *heap)
{
	unsigned long flags;
	bool shut_down;

	heapmod_lock_irqsave(heap, flags);
	shut_down = heap->shut_down;
	heapmod_unlock_irqrestore(heap, flags);
	return shut_down;
}

__poll_t heapmod_poll(struct heapmod *heap, size_t size, struct file *file,
		      struct poll_table_struct *table)
{
	__poll_t mask;

	if (!heapmod_is_valid(heap))
		return OVER;
	atomic_inc(&heap->waiting);
	if (!is_shut_down(heap))
		poll_wait(file, &heap->pollers, table);
	mask = poll_heap(heap, size);
	if (!mask && heap->cpus) {
		/* From now on frees go to the heap, and what the caches have may be enough. */
		heapmod_empty_caches(heap);
		mask = poll_heap(heap, size);
	}
	if (atomic_dec_and_test(&heap->waiting))
		wake_up_var(&heap->waiting);
	return mask;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_poll);

static bool is_over(const struct heapmod *heap)
	__must_hold(&heap->lock)
{
	return heap->shut_down || heap_is_frozen(&heap->core);
}

void heapmod_poll_failed(struct heapmod *heap, size_t size, size_t align, unsigned long caller)
{
	unsigned long flags;

	/* A poll that adds its entry later finds the state of then. */
	if (!waitqueue_active(&heap->pollers) || size > heapmod_largest(heap))
		return;
	if (!heapmod_lock(heap, flags))
		return;
	arm(heap, granules_for(&heap->core, size));
	/* A free may have made room since the allocation failed. In an NMI the caches are left. */
	if (is_over(heap) || heap_fits(&heap->core, size, align) || (heap->cpus && in_nmi()))
		heapmod_unlock(heap, flags, caller);
	else
		heapmod_unlock_alloc(heap, flags, caller);
	/* From now on frees go to the heap. Each block that the caches have is an event, too. */
	if (!in_nmi())
		heapmod_empty_caches(heap);
}

/* Return: whether a poll may find another state now. Then disarm the heap. */
static bool disarm_if_due(struct heapmod *heap)
{
	unsigned long flags;
	bool due;

	heapmod_lock_irqsave(heap, flags);
	due = heap->polled != U32_MAX &&
	      (is_over(heap) || heapmod_polls_are_over(heap) ||
	       heap_fits(&heap->core, payload_bytes(&heap->core, heap->polled), 1));
	if (due)
		disarm(heap);
	heapmod_unlock_alloc(heap, flags, _THIS_IP_);
	return due;
}

bool heapmod_has_pollers(const struct heapmod *heap)
{
	/* A poll or a free that this misses raises the irq_work again. */
	return data_race(heap->polled) != U32_MAX;
}

static void wake_all(struct heapmod *heap, __poll_t mask)
{
	__wake_up(&heap->pollers, TASK_NORMAL, 0, poll_to_key(mask));
}

void heapmod_wake_pollers(struct heapmod *heap)
{
	if (!heapmod_has_pollers(heap))
		return;
	heapmod_empty_caches(heap);
	if (disarm_if_due(heap))
		wake_all(heap, EPOLLOUT | EPOLLWRNORM | EPOLLERR);
}

void heapmod_end_polls(struct heapmod *heap)
{
	unsigned long flags;

	wake_all(heap, OVER | POLLFREE);
	/* A task in poll() removes its entry when it returns, and wakes nothing. */
	while (waitqueue_active(&heap->pollers))
		schedule_timeout_uninterruptible(1);
	/* On RT the last one may not have dropped the lock of the queue yet. */
	spin_lock_irq(&heap->pollers.lock);
	spin_unlock_irq(&heap->pollers.lock);
	/* No poller is left. While the heap is armed, each call queues the irq_work. */
	heapmod_lock_irqsave(heap, flags);
	disarm(heap);
	heapmod_unlock_irqrestore(heap, flags);
}
