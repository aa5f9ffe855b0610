// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_check - the check: everything that must be true of a heap, in one place
 *
 *	Blocks follow each other without gaps from 0 to the sentinel: by what the map is.
 *	(1) Only starts are holes.
 *	(2) No two holes lie side by side.
 *	(3) Every header agrees with the map and is sealed; every slack and redzone is intact.
 *	(4) Every summary agrees with the words under it, every node with its children.
 *	(5) The max of a chunk is its largest hole, the top aside.
 *	(6) The top is the hole at the end; no hole as large as the finger's lies below it.
 *	(7) The counters agree with the blocks.
 *
 * It reads the map word by word and trusts no summary, so that a wrong one cannot mislead it. It
 * changes nothing: but when the index is wrong, the heap is frozen.
 */
#include <linux/bits.h>
#include <linux/minmax.h>

#include "heap_block.h"
#include "heap_check.h"

void heap_audit_start(struct heap_audit *audit)
{
	*audit = (struct heap_audit){ .block = HEAP_NONE };
}

bool heap_audit_done(const struct heap *heap, const struct heap_audit *audit)
{
	return audit->chunk == heap_index_chunks(&heap->index);
}

/* (5) for the chunk that the block at audit->block is the last of. */
static bool check_max(const struct heap_index *index, struct heap_audit *audit)
{
	u32 chunk = audit->block / HEAP_CHUNK;
	u32 max = index->max[0][chunk];
	u32 largest = audit->largest;

	audit->largest = 0;
	return largest == max || largest == HEAP_NONE;
}

/* (5) and (6) for a hole. */
static bool check_hole(const struct heap_index *index, struct heap_audit *audit, u32 granules)
{
	if (audit->block < index->finger_at && granules >= index->finger_size)
		return false;
	if (audit->block == index->top)
		return true;
	if (audit->largest < granules)
		audit->largest = granules;
	return granules <= index->max[0][audit->block / HEAP_CHUNK];
}

/* (3) for a block; @offset is set to what is wrong. */
static enum heap_verdict check_bytes(const struct heap *heap, const struct heap_view *block,
				     u64 *offset)
{
	u32 slack = payload_bytes(heap, block->granules) - block->asked;

	*offset = heap_offset(block->at);
	if (block_at(heap, block->at)->granules != block->granules)
		return HEAP_CORRUPT_HEADER;
	switch (block->state) {
	case HEAP_USED:
	case HEAP_DEFERRED:
		if (!block->sealed)
			return HEAP_CORRUPT_HEADER;
		/* The words of slack begin with payload, to which the client writes meanwhile. */
		if (data_race(is_intact(heap, block->at + block->granules, slack)))
			return HEAP_OK;
		*offset = heap_first_wrong(heap, block);
		return HEAP_OVERRUN;
	default:
		return is_marked(heap, block->at, block->granules, block->state) ?
			HEAP_OK : HEAP_CORRUPT_HEADER;
	}
}

static void count(struct heap_audit *audit, const struct heap_view *block)
{
	switch (block->state) {
	case HEAP_HOLE:
		audit->holes++;
		break;
	case HEAP_USED:
	case HEAP_DEFERRED:
		audit->blocks++;
		audit->used += block->granules;
		audit->asked += block->asked;
		break;
	case HEAP_PENDING:
		audit->pending += block->granules;
		break;
	case HEAP_QUARANTINED:
		audit->quarantined += block->granules;
		break;
	}
}

/*
 * The block that began at audit->block ends at @end. Of what is wrong with bytes, the first is
 * noted.
 */
static enum heap_verdict check_block(const struct heap *heap, struct heap_audit *audit, u32 end)
{
	const struct heap_index *index = &heap->index;
	bool hole = heap_index_is_hole(index, audit->block);
	bool last = end == index->granules;
	enum heap_verdict verdict;
	struct heap_view block;
	u64 offset;

	if (hole && !last && heap_index_is_hole(index, end))
		return HEAP_CORRUPT_INDEX;
	if (audit->block == index->top ? !hole || !last : hole && last)
		return HEAP_CORRUPT_INDEX;
	if (hole && !check_hole(index, audit, end - audit->block))
		return HEAP_CORRUPT_INDEX;
	if ((last || end / HEAP_CHUNK != audit->block / HEAP_CHUNK) && !check_max(index, audit))
		return HEAP_CORRUPT_INDEX;
	block = heap_look_sized(heap, audit->block, end - audit->block);
	verdict = check_bytes(heap, &block, &offset);
	if (verdict && !audit->found) {
		audit->found = verdict;
		audit->offset = offset;
	}
	audit->disturbed |= verdict;
	count(audit, &block);
	return HEAP_OK;
}

/* No block begins in a chunk that is empty but for the sentinel: no hole, and (5) is simple. */
static bool check_empty(const struct heap_index *index, u32 chunk)
{
	u64 start = index->chunks[chunk].start;

	if (chunk == index->granules / HEAP_CHUNK)
		start &= ~BIT_ULL(index->granules % HEAP_CHUNK);
	return start || !index->max[0][chunk];
}

/* All blocks that begin in a chunk, up to the first thing wrong with the index. */
static enum heap_verdict check_chunk(const struct heap *heap, struct heap_audit *audit)
{
	const struct heap_chunk *chunk = &heap->index.chunks[audit->chunk];
	u32 base = audit->chunk * HEAP_CHUNK;
	u64 starts = chunk->start;
	u32 at;

	audit->found = HEAP_OK;
	if (chunk->free & ~starts || !check_empty(&heap->index, audit->chunk) ||
	    !heap_index_agrees(&heap->index, audit->chunk))
		return HEAP_CORRUPT_INDEX;
	for (; starts; starts &= starts - 1) {
		at = base + heap_bit_lowest(starts);
		if (at > heap->index.granules || (audit->block == HEAP_NONE && at))
			return HEAP_CORRUPT_INDEX;
		if (audit->block != HEAP_NONE && check_block(heap, audit, at))
			return HEAP_CORRUPT_INDEX;
		audit->block = at;
	}
	return audit->found;
}

/* Headers that were lost took up to 15 bytes too many off the heap's count of asked bytes. */
static bool agrees_on_asked(const struct heap *heap, const struct heap_audit *audit)
{
	return audit->asked - heap->asked <= heap->lost * TAG_SLACK;
}

/* At the end: was the last start the sentinel, and do the counters agree? */
static enum heap_verdict check_totals(const struct heap *heap, const struct heap_audit *audit)
{
	if (audit->block != heap->index.granules)
		return HEAP_CORRUPT_INDEX;
	if (audit->disturbed)
		return HEAP_OK;
	if (audit->blocks != heap_blocks(heap) || audit->holes != heap->index.holes ||
	    audit->used != heap->used || audit->pending != heap->pending ||
	    audit->quarantined != heap->quarantined || !agrees_on_asked(heap, audit))
		return HEAP_CORRUPT_INDEX;
	return HEAP_OK;
}

/* The heap changed since the last batch: find the block that reaches into this chunk anew. */
static void check_resume(const struct heap *heap, struct heap_audit *audit)
{
	u64 changes = heap->allocs + heap->frees + heap->resizes + ((u64)heap->pending << 32);

	if (audit->changes == changes)
		return;
	audit->changes = changes;
	if (!audit->chunk)
		return;
	audit->disturbed = true;
	audit->largest = HEAP_NONE;	/* not known of a chunk that is seen in part */
	audit->block = heap_index_prev(&heap->index, audit->chunk * HEAP_CHUNK);
}

/**
 * heap_check - check the next part of the heap
 * @heap: the heap; it may change between the calls
 * @audit: from heap_audit_start()
 * @chunks: how many chunks to check now, at most 64 blocks each
 *
 * Return: HEAP_OK, or what was found wrong at audit->offset. If it is no more than the bytes of a
 * block, the check can go on behind its chunk. A corrupt index ends it, and freezes the heap.
 */
enum heap_verdict heap_check(struct heap *heap, struct heap_audit *audit, u32 chunks)
{
	enum heap_verdict verdict = HEAP_OK;

	if (heap_is_frozen(heap))
		return HEAP_CORRUPT_INDEX;
	heap_flush(heap);
	check_resume(heap, audit);
	while (!verdict && chunks-- && !heap_audit_done(heap, audit)) {
		verdict = check_chunk(heap, audit);
		audit->chunk++;
	}
	if (!verdict && heap_audit_done(heap, audit))
		verdict = check_totals(heap, audit);
	if (verdict == HEAP_CORRUPT_INDEX) {
		audit->offset = heap_offset(audit->block == HEAP_NONE ? 0 : audit->block);
		heap_freeze(heap, audit->offset);
	}
	return verdict;
}
