/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lock - the lock of a heap, in any context
 *
 * It is held with interrupts off, for a bounded time. In an NMI, and in any context while the
 * kernel oopses or panics, the holder may be unable to continue before the caller returns. The same
 * holds for a nested call: one from inside another on the same CPU, by a probe or a fault. In those
 * contexts the lock is only tried. Everywhere else the caller spins.
 */
#ifndef HEAP_LOCK_H
#define HEAP_LOCK_H

#include <linux/hardirq.h>
#include <linux/kernel.h>
#include <linux/percpu.h>

#include "heaps/compat.h"
#include "heaps/heaps.h"

/* Most blocks that one hold of the lock allocates or frees. */
#define HEAPMOD_BATCH	16

bool heapmod_lock_slow(struct heapmod *heap)
	heapmod_acquires_if_true(&heap->lock);

/* Add to a finding what the core does not know: call sites, and the last free of the memory. */
void heapmod_complete_finding(struct heapmod *heap, struct heap_finding *finding,
			      unsigned long caller)
	__must_hold(&heap->lock);

/* ... to all queued findings that have no call site yet. */
void heapmod_complete_findings(struct heapmod *heap, unsigned long caller)
	__must_hold(&heap->lock);

/* Wait until an irq_work that an unlock has queued has run. May sleep. */
void heapmod_sync_irq_work(struct heapmod *heap);

/*
 * How often this CPU has entered a heap and not left it: 1 while it holds, or waits for, the
 * lock of a heap. It is more when a probe, a tracepoint or a fault inside a heap calls a heap
 * again. Such a call must not wait for a lock that its own CPU may hold. Changed with interrupts
 * off.
 */
DECLARE_PER_CPU(unsigned int, heapmod_depth);

/* Inside a heap, with interrupts off: was it entered while this CPU was inside a heap already? */
static __always_inline bool heapmod_is_reentered(void)
{
	return unlikely(__this_cpu_read(heapmod_depth) > 1);
}

/* With interrupts off: may the holder of a lock be unable to continue before this returns? */
static __always_inline bool heapmod_must_not_wait(void)
{
	return in_nmi() || oops_in_progress || heapmod_is_reentered();
}

/* On a !SMP kernel a trylock always succeeds, so a nested call and an NMI must not even try. */
static __always_inline bool heapmod_may_trylock(void)
{
	return IS_ENABLED(CONFIG_SMP) || !(in_nmi() || heapmod_is_reentered());
}

static __always_inline void heapmod_leave(unsigned long flags)
{
	__this_cpu_dec(heapmod_depth);
	local_irq_restore(flags);
}

/* Enter the heap, and try to take its lock. */
static __always_inline bool heapmod_enter(struct heapmod *heap, unsigned long *flags)
	heapmod_acquires_if_true(&heap->lock)
{
	local_irq_save(*flags);
	__this_cpu_inc(heapmod_depth);
	if (!heapmod_may_trylock() || !raw_spin_trylock(&heap->lock))
		return false;
	heapmod_counts_outside(&heap->lock);
	return true;
}

/* Return: false when the lock was not available at once. */
static __always_inline bool heapmod_trylock(struct heapmod *heap, unsigned long *flags)
	heapmod_acquires_if_true(&heap->lock)
{
	if (heapmod_enter(heap, flags))
		return true;
	heapmod_leave(*flags);
	return false;
}

/* Try first: the context matters only when the lock is taken. */
static __always_inline bool heapmod_try_lock(struct heapmod *heap, unsigned long *flags)
	heapmod_acquires_if_true(&heap->lock)
{
	if (heapmod_enter(heap, flags) || heapmod_lock_slow(heap))
		return true;
	heapmod_leave(*flags);
	return false;
}

/* In any context. Return: false when the lock was not taken. */
#define heapmod_lock(heap, flags)	__cond_lock(0, heapmod_try_lock(heap, &(flags)))

/* Wait for the lock: never in an NMI, nor in a nested call. */
#define heapmod_lock_irqsave(heap, flags) do {		\
	local_irq_save(flags);				\
	__this_cpu_inc(heapmod_depth);			\
	raw_spin_lock(&(heap)->lock);			\
} while (0)

/* Drop the lock, when no event was raised. */
static __always_inline void heapmod_unlock_irqrestore(struct heapmod *heap, unsigned long flags)
	__releases(&heap->lock)
{
	raw_spin_unlock(&heap->lock);
	heapmod_leave(flags);
}

/*
 * Drop the lock. The irq_work handles @events. It is queued before interrupts are on: otherwise the
 * caller may be preempted first, and a waiter sleeps until the caller runs again.
 */
static __always_inline void heapmod_unlock_events(struct heapmod *heap, unsigned long flags,
						  unsigned long caller, u32 events)
	__releases(&heap->lock)
{
	if (unlikely(events))
		heapmod_complete_findings(heap, caller);
	raw_spin_unlock(&heap->lock);
	if (unlikely(events))
		irq_work_queue(&heap->follow_up);
	heapmod_leave(flags);
}

static __always_inline void heapmod_unlock(struct heapmod *heap, unsigned long flags,
					   unsigned long caller)
	__releases(&heap->lock)
{
	heapmod_unlock_events(heap, flags, caller, heap->core.events);
}

/* ... after an allocation, which cannot make room for a waiter. */
static __always_inline void heapmod_unlock_alloc(struct heapmod *heap, unsigned long flags,
						 unsigned long caller)
	__releases(&heap->lock)
{
	heapmod_unlock_events(heap, flags, caller, heap->core.events & ~HEAP_EVENT_WAITERS);
}

#endif
