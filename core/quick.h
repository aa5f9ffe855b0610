/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * quick - the quick list: blocks that were freed and are not coalesced yet
 *
 * Programs often free what they have just allocated, which leaves the heap as it was before: such a
 * block is not coalesced, but put on a list of at most HEAP_QUICK. If first fit would place the
 * next request there, the request takes the block back, resplit if its size is another. Any other
 * request coalesces the blocks whose hole is large enough, any other change or walk of the heap
 * all. A block on the list stays used in the map.
 *
 * Only the block of the last split may enter the list, and only if nothing else has happened.
 *
 * Quick lists as such: C. B. Weinstock, "Dynamic Storage Allocation Techniques", Carnegie Mellon
 * University, 1976.
 */
#ifndef HEAP_QUICK_LIST_H
#define HEAP_QUICK_LIST_H

#include <linux/minmax.h>

#include "core/block.h"
#include "core/findings.h"

/* Move the end of a block on the list, and with it the start of the hole behind it. */
void heap_resplit(struct heap *heap, struct heap_split *split, u32 want);

/* The most recent split is stored behind the blocks on the list. */
static inline struct heap_split *last_split(struct heap *heap)
{
	return &heap->quick[heap->quick_count];
}

/* The lowest block of the list whose hole has @want granules, or HEAP_QUICK. */
static inline u32 lowest_quick(const struct heap *heap, u32 want)
{
	u32 lowest = HEAP_QUICK;
	u32 i;

	for (i = 0; i < heap->quick_count; i++) {
		if (heap->quick[i].have >= want &&
		    (lowest == HEAP_QUICK || heap->quick[i].at < heap->quick[lowest].at))
			lowest = i;
	}
	return lowest;
}

/*
 * Would first fit place @want granules here, in a hole that is large enough? First fit chose this
 * place for the block, so no hole of its size or more was below; since then blocks were allocated,
 * or put on the list, and neither makes a hole larger. The finger, which remembers what the last
 * search proved, may tell of a smaller size.
 */
static inline bool is_first_fit(const struct heap *heap, const struct heap_split *split, u32 want)
{
	return want >= split->granules ||
	       heap_index_none_below(&heap->index, split->at, want);
}

/*
 * The header of a block on the list is still that of the used block, or that of a claimed one. A
 * second free without the lock may have marked it as deferred.
 */
static inline bool is_quick_intact(const struct heap *heap, u32 at, u32 granules)
{
	u64 word = header_word(block_at(heap, at));

	return (u32)word == granules && (likely(is_sealed(heap, at, word)) ||
					 has_state(heap, at, granules, HEAP_PENDING) ||
					 is_deferred(heap, at, word));
}

static inline void verify_quick(struct heap *heap, u32 at, u32 granules)
{
	if (unlikely(!is_quick_intact(heap, at, granules)))
		heap_record_header(heap, at);
}

/* Take block @i off the list, with @want granules. It becomes the last split. */
static inline u32 take_quick(struct heap *heap, u32 i, u32 want)
{
	u32 last = heap->quick_count - 1;
	struct heap_split *split = &heap->quick[last];

	if (i != last)
		swap(heap->quick[i], *split);
	verify_quick(heap, split->at, split->granules);
	heap->quick_count = last;
	if (split->granules != want)
		heap_resplit(heap, split, want);
	return split->at;
}

#endif
