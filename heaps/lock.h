/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lock - the lock of a heap, in any context
 *
 * It is held with interrupts off, for a bounded time. In an NMI, and in any context once the kernel
 * panics, the holder may be unable to continue before the caller returns. In those contexts the
 * lock is only tried. Everywhere else the caller spins.
 */
#ifndef HEAP_LOCK_H
#define HEAP_LOCK_H

#include <linux/hardirq.h>
#include <linux/kernel.h>

#include "heaps/compat.h"
#include "heaps/heaps.h"

bool heapmod_lock_slow(struct heapmod *heap)
	heapmod_acquires_if_true(&heap->lock);

/* Add to a finding what the core does not know: the call site, and the last free of the memory. */
void heapmod_complete_finding(const struct heapmod *heap, struct heap_finding *finding,
			      unsigned long caller);

/* ... to all queued findings that have no call site yet. */
void heapmod_complete_findings(struct heapmod *heap, unsigned long caller)
	__must_hold(&heap->lock);

/* On a !SMP kernel a trylock always succeeds, so an NMI must not even try. */
static __always_inline bool heapmod_may_trylock(void)
{
	return IS_ENABLED(CONFIG_SMP) || !in_nmi();
}

/* Try first: the context matters only when the lock is taken. */
static __always_inline bool heapmod_try_lock(struct heapmod *heap, unsigned long *flags)
	heapmod_acquires_if_true(&heap->lock)
{
	local_irq_save(*flags);
	if (heapmod_may_trylock() && raw_spin_trylock(&heap->lock)) {
		heapmod_counts_outside(&heap->lock);
		return true;
	}
	if (heapmod_lock_slow(heap))
		return true;
	local_irq_restore(*flags);
	return false;
}

/* Return: false when the lock was not taken. */
#define heapmod_lock(heap, flags)	__cond_lock(0, heapmod_try_lock(heap, &(flags)))

/* Drop the lock. The irq_work handles the events that were raised while it was held. */
static __always_inline void heapmod_unlock(struct heapmod *heap, unsigned long flags,
					   unsigned long caller)
	__releases(&heap->lock)
{
	u32 events = heap->core.events;

	if (unlikely(events))
		heapmod_complete_findings(heap, caller);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	if (unlikely(events))
		irq_work_queue(&heap->follow_up);
}

#endif
