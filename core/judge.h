/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judge - is a pointer the payload of a live block?
 *
 * The map alone decides what is a block, so a wrong pointer is always detected. The pointer is
 * never dereferenced before the map has confirmed it.
 */
#ifndef HEAP_JUDGE_H
#define HEAP_JUDGE_H

#include "core/block.h"
#include "core/findings.h"
#include "core/withheld.h"

/*
 * Judge any pointer.
 *
 * Return: HEAP_OK, or what is wrong. @block is set when the verdict is HEAP_OK or
 * HEAP_CORRUPT_HEADER.
 */
enum heap_verdict heap_judge(const struct heap *heap, const void *ptr,
			     struct heap_block_info *block);

/* The slow paths of judge_inline(), for what is no live block with a valid header. */
enum heap_verdict heap_judge_outside(const struct heap *heap, const void *ptr);
enum heap_verdict heap_judge_unused(const struct heap *heap, u32 at);
enum heap_verdict heap_judge_again(const struct heap *heap, enum heap_verdict verdict,
				   struct heap_block_info *block);

/*
 * The fast path, inlined into a free. It reports any unexpected header as HEAP_CORRUPT_HEADER;
 * heap_judge_again() then tells the block from one that was freed before.
 */
static __always_inline enum heap_verdict judge_inline(const struct heap *heap, const void *ptr,
						      struct heap_block_info *block, u32 *slack)
{
	const struct heap_index *index = &heap->index;
	size_t start = start_of(heap, ptr);
	u32 at = start;
	u64 word;

	if (unlikely(start >= heap->granules))
		return heap_judge_outside(heap, ptr);
	if (unlikely(!heap_index_is_used(index, at)))
		return heap_judge_unused(heap, at);
	if (unlikely(heap->quick_count | heap->withheld) &&
	    (heap_is_quick(heap, at) || heap_is_withheld(heap, at)))
		return HEAP_DOUBLE_FREE;
	word = header_word(block_at(heap, at));
	*slack = word >> WORD_LOW_SHIFT & TAG_SLACK;
	block->at = at;
	block->granules = heap_index_size(index, at);
	block->asked = payload_bytes(heap, block->granules) - *slack;
	block->state = HEAP_USED;
	block->sealed = true;
	block->owner = tag_owner(word >> WORD_LOW_SHIFT);
	if (unlikely((u32)word != block->granules || !is_sealed(heap, at, word)))
		return HEAP_CORRUPT_HEADER;
	return HEAP_OK;
}

#endif
