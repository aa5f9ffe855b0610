// SPDX-License-Identifier: GPL-2.0-only
/*
 * resize - the parts of a resize that make no hole
 */
#include <linux/compiler.h>

#include "core/index_ops.h"
#include "core/judge.h"
#include "core/pattern.h"
#include "core/resize.h"
#include "core/usage.h"

enum heap_verdict heap_judge_resize(struct heap *heap, const void *ptr,
				    struct heap_block_info *block)
{
	enum heap_verdict verdict = heap_judge(heap, ptr, block);

	if (verdict == HEAP_CORRUPT_HEADER)
		heap_record(heap, verdict, heap_offset(block->at));
	else if (verdict)
		heap_refuse(heap, ptr, verdict);
	else if (!heap_is_intact(heap, block))
		verdict = HEAP_OVERRUN;
	return verdict;
}

bool heap_can_resize(const struct heap *heap, const struct heap_block_info *block, size_t size)
{
	u32 right = block->at + block->granules;
	u32 want;

	if (size - 1 >= heap->largest)
		return false;
	want = granules_for(heap, size);
	if (want <= block->granules)
		return true;
	return heap_index_is_hole(&heap->index, right) &&
	       heap_index_size(&heap->index, right) >= want - block->granules;
}

/*
 *	| block ...... | hole ............... |   ->   | block ........... | hole .......... |
 *	at             right                           at                  right + extra
 */
void heap_extend(struct heap *heap, const struct heap_block_info *block, u32 want)
{
	u32 extra = want - block->granules;
	u32 right = block->at + block->granules;
	u32 have = heap_index_size(&heap->index, right);

	verify_hole(heap, right, have);
	erase_header(heap, right);
	heap_index_extend(&heap->index, right, have, extra);
	if (have != extra)
		write_state(heap, right + extra, have - extra, HEAP_HOLE);
}

void heap_claim_end(struct heap *heap, const struct heap_block_info *block, u32 want,
		    struct heap_block_info *end)
{
	*end = (struct heap_block_info){
		.at = block->at + want,
		.granules = block->granules - want,
		.state = HEAP_USED,
		.owner = block->owner,
	};
	heap_index_split_used(&heap->index, end->at);
	heap_add_claim(heap, end->at, end->granules);
}

/* The payload is in use, so only the bytes behind @size are filled, one by one. */
static void fill_behind(struct heap *heap, u8 *payload, size_t size, u32 granules)
{
	u8 *end = payload + heap_bytes(granules) - sizeof(struct heap_block);
	u8 *byte;

	for (byte = payload + size; byte < end; byte++)
		WRITE_ONCE(*byte, HEAP_PATTERN);
}

void heap_finish_resize(struct heap *heap, const struct heap_block_info *block, size_t size)
{
	u32 want = granules_for(heap, size);
	struct heap_block *header = block_at(heap, block->at);

	fill_behind(heap, payload_of(header), size, want);
	write_used(heap, block->at, header, want, slack_for(heap, size), block->owner);
	heap->resizes++;
	heap->index.changes++;
	heap->asked += size - block->asked;
	heap->used += want - block->granules;
	if (heap->threshold < heap->used)
		heap_update_peak(heap);
}
