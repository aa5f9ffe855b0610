// SPDX-License-Identifier: GPL-2.0-only
/*
 * withheld - blocks that are used in the map and owned by no caller: claimed, or in quarantine
 */
#include <linux/compiler.h>

#include "core/block.h"
#include "core/withheld.h"

static bool contains(const u32 *places, u32 count, u32 at)
{
	u32 i;

	for (i = 0; i < count; i++) {
		if (places[i] == at)
			return true;
	}
	return false;
}

bool heap_is_claimed(const struct heap *heap, u32 at)
{
	return contains(heap->claims, heap->claim_count, at);
}

bool heap_is_quarantined(const struct heap *heap, u32 at)
{
	return contains(heap->quarantine, heap->quarantine_count, at);
}

void heap_add_claim(struct heap *heap, u32 at, u32 granules)
{
	heap->claims[heap->claim_count++] = at;
	heap->pending += granules;
	heap->withheld++;
	heap->index.changes++;
	write_state(heap, at, granules, HEAP_PENDING);
}

void heap_drop_claim(struct heap *heap, u32 at, u32 granules)
{
	u32 i = 0;

	while (heap->claims[i] != at)		/* it is one of at most HEAP_CLAIMS */
		i++;
	heap->claims[i] = heap->claims[--heap->claim_count];
	heap->pending -= granules;
	heap->withheld--;
	heap->index.changes++;
}

enum heap_state heap_quarantine(struct heap *heap, u32 at, u32 granules)
{
	enum heap_state state = HEAP_PENDING;

	if (heap->quarantine_count < HEAP_QUARANTINE &&
	    heap->quarantined + granules <= heap->granules / 8) {
		heap->quarantine[heap->quarantine_count] = at;
		WRITE_ONCE(heap->quarantine_count, heap->quarantine_count + 1);
		heap->quarantined += granules;
		heap->withheld++;
		heap->index.changes++;
		state = HEAP_QUARANTINED;
	}
	write_state(heap, at, granules, state);
	return state;
}

bool heap_claim_quarantined(struct heap *heap, struct heap_block_info *claimed)
{
	u32 at, granules;

	if (heap_is_frozen(heap) || !heap->quarantine_count || !heap_can_claim(heap))
		return false;
	WRITE_ONCE(heap->quarantine_count, heap->quarantine_count - 1);
	at = heap->quarantine[heap->quarantine_count];
	granules = heap_index_size(&heap->index, at);
	/* Owner and slack went with the header: take the whole payload, if any, as asked for. */
	*claimed = (struct heap_block_info){
		.at = at,
		.granules = granules,
		.asked = heap_bytes(granules) > heap->overhead ? payload_bytes(heap, granules) : 0,
		.state = HEAP_USED,
	};
	heap->quarantined -= granules;
	heap->withheld--;
	heap_add_claim(heap, at, granules);
	return true;
}
