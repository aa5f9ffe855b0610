/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heapmod_lock - to have a heap to oneself, in any context
 *
 * Held with interrupts off, for a bounded time. In an NMI, and in any context once the kernel
 * panics, the lock may be held by somebody who will not go on before we return: there, who does not
 * get it at once does without. Everywhere else he waits.
 */
#ifndef HEAP_LOCK_H
#define HEAP_LOCK_H

#include <linux/hardirq.h>
#include <linux/kernel.h>

#include "heaps/compat.h"
#include "heaps/heaps.h"

bool heapmod_lock_slow(struct heapmod *heap)
	heapmod_acquires_if_true(&heap->lock);
void heapmod_complete_finding(const struct heapmod *heap, struct heap_finding *finding,
			      unsigned long caller);
void heapmod_complete_findings(struct heapmod *heap, unsigned long caller)
	__must_hold(&heap->lock);

/* On one CPU a try always succeeds, so that an NMI must not even try. */
static __always_inline bool heapmod_may_trylock(void)
{
	return IS_ENABLED(CONFIG_SMP) || !in_nmi();
}

/* The usual case is tried first, so that it costs nothing to ask where we are. */
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

/* Get it, or false. */
#define heapmod_lock(heap, flags)	__cond_lock(0, heapmod_try_lock(heap, &(flags)))

/* Let it go. When there is something to do that cannot be done under it, that follows. */
static __always_inline void heapmod_unlock(struct heapmod *heap, unsigned long flags,
					unsigned long caller)
	__releases(&heap->lock)
{
	u32 found = heap->core.events;

	if (unlikely(found))
		heapmod_complete_findings(heap, caller);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	if (unlikely(found))
		irq_work_queue(&heap->follow_up);
}

#endif
