/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * findings - count a verdict and queue its facts, to be reported when the lock is dropped
 *
 * Each function takes a bounded time. They run only where something is wrong.
 */
#ifndef HEAP_FINDINGS_H
#define HEAP_FINDINGS_H

#include <linux/compiler.h>

#include "core/block.h"

/* The block at @at, from the map and its header; with the size where the caller knows it. */
struct heap_block_info heap_inspect(const struct heap *heap, u32 at);
struct heap_block_info heap_inspect_sized(const struct heap *heap, u32 at, u32 granules);

/* The facts at @offset from the start of the region; fewer when that is in no block. */
struct heap_finding heap_describe(const struct heap *heap, enum heap_verdict verdict, u64 offset);

/* Count a verdict at @offset, and queue its facts if there is room. */
void heap_record(struct heap *heap, enum heap_verdict verdict, u64 offset);

/* Remove the oldest queued finding. Return: false when there is none. */
bool heap_take_finding(struct heap *heap, struct heap_finding *finding);

/* A pointer is no live block, by the verdict of heap_judge(): count and record that. */
void heap_refuse(struct heap *heap, const void *ptr, enum heap_verdict verdict);

/* The index is corrupt at @offset: from now on the heap gives, takes and writes nothing. */
void heap_freeze(struct heap *heap, u64 offset);

/* Record that the header of the block at @at is corrupt. */
void heap_record_header(struct heap *heap, u32 at);

/* Compare the header of a hole with the map, before it is overwritten: that also repairs it. */
static inline void verify_hole(struct heap *heap, u32 at, u32 granules)
{
	if (unlikely(!has_state(heap, at, granules, HEAP_HOLE)))
		heap_record_header(heap, at);
}

#endif
