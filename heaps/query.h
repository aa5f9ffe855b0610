/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * query - calls that read a heap and leave it as it is
 */
#ifndef HEAPMOD_QUERY_H
#define HEAPMOD_QUERY_H

#include "heaps/heaps.h"

/* Check the next batch for @caller; @finding is set when the verdict is not HEAP_OK. */
enum heap_verdict heapmod_check_batch(struct heapmod *heap, struct heap_audit *audit,
				      struct heap_finding *finding, unsigned long caller);

/* Does one live block contain all of @mem? Takes the lock. */
bool heapmod_block_contains(struct heapmod *heap, const void *mem, u64 bytes);

/* Sets all members of @stats. */
void heapmod_copy_stats_locked(struct heapmod *heap, struct heapmod_stats *stats)
	__must_hold(&heap->lock);

#endif
