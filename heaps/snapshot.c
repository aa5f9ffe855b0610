// SPDX-License-Identifier: GPL-2.0-only
/*
 * snapshot - stats, owners and holes of a heap at one moment
 */
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "heaps/compat.h"
#include "heaps/free.h"
#include "heaps/lock.h"
#include "heaps/percpu.h"
#include "heaps/query.h"
#include "heaps/snapshot.h"

#define SNAPSHOT_TRIES	8

/* Copy all but the holes, and count the first of these. Return: true if these are all. */
static bool begin(struct heapmod *heap, struct heapmod_snapshot *snapshot)
{
	unsigned long flags;
	bool done;

	memset(&snapshot->holes, 0, sizeof(snapshot->holes));
	snapshot->consistent = true;
	heapmod_drain(heap);
	heapmod_lock_irqsave(heap, flags);
	heapmod_hold_caches(heap);
	done = heap_count_holes(&heap->core, &snapshot->holes);
	snapshot->generation = heap->core.index.changes;
	heapmod_copy_stats_locked(heap, &snapshot->stats);
	heapmod_settle_owners(heap, 0, snapshot->count);
	memcpy(snapshot->owners, heap->owners.table, snapshot->count * sizeof(*snapshot->owners));
	heapmod_drop_caches(heap);
	heapmod_unlock(heap, flags, _RET_IP_);
	return done;
}

/* Count the next holes. Return: true if no more follow. */
static bool proceed(struct heapmod *heap, struct heapmod_snapshot *snapshot)
{
	unsigned long flags;
	bool done;

	heapmod_lock_irqsave(heap, flags);
	/* This coalesces the quick list first, which is a change of the map. */
	done = heap_count_holes(&heap->core, &snapshot->holes);
	if (heap->core.index.changes != snapshot->generation)
		snapshot->consistent = false;
	heapmod_unlock(heap, flags, _RET_IP_);
	cond_resched();
	return done;
}

static void read_heap(struct heapmod *heap, struct heapmod_snapshot *snapshot)
{
	unsigned int tries = SNAPSHOT_TRIES;
	bool done;

	do {
		done = begin(heap, snapshot);
		tries--;
		while (!done && (snapshot->consistent || !tries))
			done = proceed(heap, snapshot);
	} while (!snapshot->consistent && tries);
}

struct heapmod_snapshot *heapmod_take_snapshot(struct heapmod *heap)
{
	u32 count = heap_owners_count(&heap->owners);
	struct heapmod_snapshot *snapshot;

	snapshot = kvmalloc(struct_size(snapshot, owners, count), GFP_KERNEL);
	if (!snapshot)
		return NULL;
	snapshot->count = count;
	read_heap(heap, snapshot);
	return snapshot;
}
