// SPDX-License-Identifier: GPL-2.0-only
/*
 * judge - is a pointer the payload of a live block?
 */
#include "core/judge.h"

/* No payload can begin at @ptr. A frozen heap has no granules, so that none can in it. */
enum heap_verdict heap_judge_outside(const struct heap *heap, const void *ptr)
{
	if (heap_is_frozen(heap))
		return HEAP_CORRUPT_INDEX;
	if (distance_of(heap, ptr) / HEAP_GRANULE < heap->granules)
		return HEAP_MISALIGNED;
	return HEAP_FOREIGN;
}

/* No used block starts at @at: the block around it tells which mistake this is. */
enum heap_verdict heap_judge_unused(const struct heap *heap, u32 at)
{
	struct heap_block_info block;

	block = heap_inspect(heap, heap_index_around(&heap->index, at));
	return block.state == HEAP_USED ? HEAP_INTERIOR : HEAP_DOUBLE_FREE;
}

/* Is the header overwritten? It was not that of a live block when it was read first. */
static bool is_overwritten(const struct heap *heap, const struct heap_block_info *block)
{
	if (block->state != HEAP_USED)
		return false;
	return !block->sealed || block_at(heap, block->at)->granules != block->granules;
}

/*
 * A used block starts here, but its header is that of a freed block, or is overwritten. If it is
 * valid now, another CPU has allocated the block from its cache: it was free before.
 */
static enum heap_verdict judge_header(const struct heap *heap, const struct heap_block_info *block)
{
	if (block->granules > heap->granules - block->at)
		return HEAP_CORRUPT_INDEX;
	return is_overwritten(heap, block) ? HEAP_CORRUPT_HEADER : HEAP_DOUBLE_FREE;
}

/* Replace what the fast path read from a damaged header by what can be known. */
enum heap_verdict heap_judge_again(const struct heap *heap, enum heap_verdict verdict,
				   struct heap_block_info *block)
{
	if (verdict != HEAP_CORRUPT_HEADER)
		return verdict;
	*block = heap_inspect(heap, block->at);
	return judge_header(heap, block);
}

enum heap_verdict heap_judge(const struct heap *heap, const void *ptr,
			     struct heap_block_info *block)
{
	u32 slack;

	return heap_judge_again(heap, judge_inline(heap, ptr, block, &slack), block);
}
