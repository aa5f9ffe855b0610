// SPDX-License-Identifier: GPL-2.0-only
/*
 * limbo - blocks that are freed, and wait until no reader uses them any more
 */
#include <linux/compiler.h>

#include "core/judge.h"
#include "core/limbo.h"

static enum heap_verdict judge_head(const void *ptr, u64 asked, const void *head, size_t bytes)
{
	u64 offset = (uintptr_t)head - (uintptr_t)ptr;

	if (!head)
		return HEAP_FOREIGN;
	return offset <= asked && bytes <= asked - offset ? HEAP_OK : HEAP_INTERIOR;
}

/* An NMI may free the block at the same time, without the lock. */
static bool mark(struct heap *heap, u32 at)
{
	u32 tag = READ_ONCE(block_at(heap, at)->tag);
	u64 word = make_word(heap_index_size(&heap->index, at), tag);

	return is_sealed(heap, at, word) && exchange_tag(heap, at, tag, tag ^ TAG_LIMBO);
}

enum heap_verdict heap_enter_limbo(struct heap *heap, const void *ptr, const void *head,
				   size_t bytes)
{
	struct heap_block_info block;
	enum heap_verdict verdict;

	verdict = heap_judge(heap, ptr, &block);
	if (!verdict)
		verdict = judge_head(ptr, block.asked, head, bytes);
	if (!verdict && !mark(heap, block.at))
		verdict = HEAP_DOUBLE_FREE;
	if (verdict) {
		heap_refuse(heap, ptr, verdict);
		return verdict;
	}
	heap->limbo += block.granules;
	heap->limbo_asked += block.asked;
	heap->limbo_blocks++;
	return HEAP_OK;
}

/* The block around @mem, or HEAP_NONE. */
static u32 block_around(const struct heap *heap, const void *mem)
{
	u64 granule = (heap_offset_of(heap, mem) - HEAP_EDGE) / HEAP_GRANULE;

	if (granule >= heap->granules)
		return HEAP_NONE;
	return heap_index_around(&heap->index, granule);
}

/* The header was overwritten, and with it the mark. The block may have been freed since. */
static bool lost_mark(const struct heap_block_info *block)
{
	return block->state == HEAP_QUARANTINED || (block->state == HEAP_USED && !block->sealed);
}

bool heap_leave_limbo(struct heap *heap, const void *mem, u32 *at)
{
	struct heap_block_info block;
	struct heap_block *header;

	*at = block_around(heap, mem);
	if (*at == HEAP_NONE || !heap->limbo_blocks)
		return false;
	block = heap_inspect(heap, *at);
	header = block_at(heap, *at);
	if (is_limbo(heap, *at, make_word(block.granules, header->tag)))
		WRITE_ONCE(header->tag, header->tag ^ TAG_LIMBO);
	else if (!lost_mark(&block))
		return false;
	heap->limbo -= block.granules;
	heap->limbo_asked -= block.state == HEAP_QUARANTINED ?
			     payload_bytes(heap, block.granules) : block.asked;
	heap->limbo_blocks--;
	return block.state != HEAP_QUARANTINED;
}
