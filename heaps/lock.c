// SPDX-License-Identifier: GPL-2.0-only
/*
 * lock - the lock of a heap, in any context
 */
#include <linux/bug.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched/clock.h>

#include "heaps/lock.h"

DEFINE_PER_CPU(unsigned int, heapmod_depth);

/* The lock is contended. Spin where the context allows that, and account the time. */
noinline bool heapmod_lock_slow(struct heapmod *heap)
{
	u64 start;

	if (heapmod_must_not_wait())
		return false;
	start = local_clock();
	raw_spin_lock(&heap->lock);
	heap->waited_ns += local_clock() - start;
	heapmod_counts_outside(&heap->lock);
	return true;
}

void heapmod_complete_finding(struct heapmod *heap, struct heap_finding *finding,
			      unsigned long caller)
{
	finding->caller = caller;
	finding->owner = heap_owner_at(&heap->owners, finding->block.owner)->caller;
	finding->owner_before = heap_owner_at(&heap->owners, finding->before.owner)->caller;
	if (heap->history && finding->block.at != HEAP_NONE)
		finding->past = heap_history_find(heap->history, finding->offset);
}

void heapmod_complete_findings(struct heapmod *heap, unsigned long caller)
{
	struct heap *core = &heap->core;
	u32 i;

	for (i = 0; i < min_t(u32, heap_queued_findings(core), HEAP_FINDINGS); i++) {
		if (!core->findings[i].caller)
			heapmod_complete_finding(heap, &core->findings[i], caller);
	}
}

void heapmod_sync_irq_work(struct heapmod *heap)
{
	static DEFINE_MUTEX(syncs);

	/* Where an irq_work has no interrupt of its own, only one task can wait for it. */
	mutex_lock(&syncs);
	irq_work_sync(&heap->follow_up);
	mutex_unlock(&syncs);
}

void heapmod_warn_invalid(void)
{
	WARN_ONCE(1, "heapmod: a heap that was never created is used\n");
}
