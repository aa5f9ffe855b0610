/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * withheld - blocks that are used in the map and owned by no caller: claimed, or in quarantine
 *
 * A claimed block has been freed, but is not a hole yet: between heap_claim() and heap_release()
 * the caller of the core may still write to it. A block in quarantine had its header overwritten
 * before it was freed. It is not reused, because whatever wrote there may write again.
 *
 * Both sets are short arrays outside the region: the map alone does not tell, and the header may be
 * overwritten at any time.
 */
#ifndef HEAP_WITHHELD_H
#define HEAP_WITHHELD_H

#include "core/heap.h"

/* A block can be claimed only while there is room to remember it. */
static inline bool heap_can_claim(const struct heap *heap)
{
	return heap->claim_count < HEAP_CLAIMS;
}

bool heap_is_claimed(const struct heap *heap, u32 at);
bool heap_is_quarantined(const struct heap *heap, u32 at);

/* By the tables, because the header may be overwritten. */
static inline bool heap_is_withheld(const struct heap *heap, u32 at)
{
	return heap->withheld && (heap_is_claimed(heap, at) || heap_is_quarantined(heap, at));
}

/* Add a block to the claims, which have room; remove one that is claimed. */
void heap_add_claim(struct heap *heap, u32 at, u32 granules);
void heap_drop_claim(struct heap *heap, u32 at, u32 granules);

/*
 * Put a block in quarantine. There is room for HEAP_QUARANTINE blocks and an eighth of the region,
 * so that no client can use up the heap.
 *
 * Return: its state: HEAP_QUARANTINED; or HEAP_PENDING when there is no room, and the caller makes
 * it a hole.
 */
enum heap_state heap_quarantine(struct heap *heap, u32 at, u32 granules);

/* Turn a block of the quarantine into a claim. Return: false when there is none, or no room. */
bool heap_claim_quarantined(struct heap *heap, struct heap_block_info *claimed);

#endif
