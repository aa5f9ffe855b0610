/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live - a block becomes live, and is not live any more: its place, header, slack and counters
 */
#ifndef HEAP_LIVE_H
#define HEAP_LIVE_H

#include "core/block.h"
#include "core/findings.h"
#include "core/index_ops.h"
#include "core/usage.h"

/*
 *	| hole ....................................... |
 *	| hole ... | used ............ | hole ........ |
 *	at         at + front          ... + want       at + have
 */
static inline void carve_hole(struct heap *heap, u32 at, u32 have, u32 front, u32 want)
{
	u32 rest = have - front - want;

	verify_hole(heap, at, have);
	heap_index_carve(&heap->index, at, have, front, want);
	if (front)
		write_state(heap, at, front, HEAP_HOLE);
	if (rest)
		write_state(heap, at + front + want, rest, HEAP_HOLE);
}

/* A block is live: write its header and account it. Return: its payload. */
static __always_inline void *finish_alloc(struct heap *heap, u32 at, u32 want, size_t size,
					  u8 owner)
{
	struct heap_block *block = block_at(heap, at);

	fill_end(heap, block, want, false);
	write_used(heap, at, block, want, slack_for(heap, size), owner);
	heap->allocs++;
	heap->asked += size;
	heap->used += want;
	if (heap->threshold < heap->used)
		heap_update_peak(heap);
	return payload_of(block);
}

/* Account a block that is not live any more. */
static inline void account_free(struct heap *heap, const struct heap_block_info *block)
{
	heap->frees++;
	heap->asked -= block->asked;
	heap->used -= block->granules;
}

#endif
