// SPDX-License-Identifier: GPL-2.0-only
/*
 * holes - a histogram of the holes of a heap by size
 */
#include "core/holes.h"

static void count_hole(struct heap_holes *holes, u32 granules)
{
	struct heap_holes_class *class = &holes->classes[fls64(granules) - 1];

	class->holes++;
	class->granules += granules;
	holes->granules += granules;
	holes->largest = max(holes->largest, granules);
}

/* Return: how many holes begin in @chunk. */
static u32 count_chunk(const struct heap_index *index, u32 chunk, struct heap_holes *holes)
{
	u64 free = index->chunks[chunk].free;
	u32 count = 0;
	u32 at;

	for (; free; free &= free - 1, count++) {
		at = chunk * HEAP_CHUNK + heap_bit_lowest(free);
		count_hole(holes, heap_index_size(index, at));
	}
	return count;
}

bool heap_holes_count_chunks(const struct heap *heap, struct heap_holes *holes)
{
	u32 chunks = heap_index_chunks(&heap->index);
	u32 end = min(chunks, holes->chunk + HOLES_CHUNKS);
	u32 count = 0;

	if (heap_is_frozen(heap))
		return true;
	while (holes->chunk < end && count < HOLES_BATCH)
		count += count_chunk(&heap->index, holes->chunk++, holes);
	return holes->chunk == chunks;
}
