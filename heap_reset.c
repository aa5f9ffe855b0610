// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_reset - free everything, in batches
 *
 * What is claimed here is given back by heap_release(), as after any heap_claim().
 */
#include "heap_block.h"
#include "heap_reset.h"

/* Nothing fits in a heap that is closed. */
void heap_close(struct heap *heap)
{
	heap->largest = 0;
}

/* What headers that were lost made uncertain is certain again when nothing lives. */
void heap_open(struct heap *heap)
{
	if (!heap_blocks(heap)) {
		heap->asked = 0;
		heap->lost = 0;
	}
	if (!heap_is_frozen(heap) && heap_bytes(heap->granules) > heap->overhead)
		heap->largest = payload_bytes(heap, heap->granules);
}

static bool claim(struct heap *heap, const struct heap_view *block, struct heap_view *claimed)
{
	return heap_is_let_go(heap_claim(heap, heap_payload(heap, block->at), claimed), claimed);
}

/**
 * heap_claim_some - claim the next used blocks
 * @heap: the heap
 * @from: granule to begin at; set to where to go on, or to HEAP_NONE at the end of the heap
 * @claimed: filled with blocks, which are nobody's now
 * @most: how many to look at
 *
 * Return: how many were claimed; it may be none though there are more to come.
 */
u32 heap_claim_some(struct heap *heap, u32 *from, struct heap_view *claimed, u32 most)
{
	struct heap_view block;
	u32 count = 0;

	for (; most && heap_can_claim(heap); most--) {
		if (!heap_views(heap, *from, &block, 1)) {
			*from = HEAP_NONE;
			break;
		}
		*from = block.at + block.granules;
		if (block.state == HEAP_USED && claim(heap, &block, &claimed[count]))
			count++;
	}
	return count;
}

/**
 * heap_pardon - a block that is quarantined is claimed
 * @heap: the heap
 * @claimed: set to it
 *
 * Return: false when there is none.
 */
bool heap_pardon(struct heap *heap, struct heap_view *claimed)
{
	if (heap_is_frozen(heap) || !heap->quarantine_count || !heap_can_claim(heap))
		return false;
	*claimed = heap_look(heap, heap->quarantine[--heap->quarantine_count]);
	heap->claims[heap->claim_count++] = claimed->at;
	heap->quarantined -= claimed->granules;
	heap->pending += claimed->granules;
	write_mark(heap, claimed->at, claimed->granules, HEAP_PENDING);
	return true;
}
