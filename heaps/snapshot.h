/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * snapshot - stats, owners and holes of a heap at one moment
 *
 * Stats and owners are copied in one hold of the lock. The holes of a large heap take several. If
 * the map changes between them, all is read again, a few times; then the holes may be of a later
 * moment, and the snapshot says so.
 */
#ifndef HEAPMOD_SNAPSHOT_H
#define HEAPMOD_SNAPSHOT_H

#include "heaps/heaps.h"

/**
 * struct heapmod_snapshot - a heap at one moment
 * @generation: number of changes of the map before that moment
 * @consistent: @holes are of that moment, too
 * @stats: the counters
 * @holes: the histogram of holes
 * @count: number of @owners
 * @owners: a copy of the table
 */
struct heapmod_snapshot {
	u64 generation;
	bool consistent;
	struct heapmod_stats stats;
	struct heap_holes holes;
	u32 count;
	struct heap_owner owners[];
};

/* Context: task, may sleep. Return: for kvfree(), or NULL when there is no memory. */
struct heapmod_snapshot *heapmod_take_snapshot(struct heapmod *heap);

#endif
