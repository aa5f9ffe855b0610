// SPDX-License-Identifier: GPL-2.0-only
/*
 * check - the invariants of a heap, in one place
 *
 *	Blocks follow each other without gaps from 0 to the sentinel: that is how the map is made.
 *	(1) A free bit is set only where a start bit is.
 *	(2) No two holes are adjacent.
 *	(3) Every header agrees with the map and is sealed; every slack and redzone is intact.
 *	(4) Every summary agrees with the words below it, every node with its children.
 *	(5) The max of a chunk is its largest hole, except the top.
 *	(6) The top is the hole at the end; no hole of finger_size or more lies below the finger;
 *	    none but the giant and the top is larger than the others.
 *	(7) The counters agree with the blocks.
 *	(8) With HEAP_POISON, holes and cached blocks carry the pattern behind their headers.
 *
 * The check reads the map word by word and compares each summary with it, so a wrong summary cannot
 * mislead it. It changes nothing, except that a corrupt index freezes the heap.
 */
#include <linux/bits.h>
#include <linux/minmax.h>

#include "core/block.h"
#include "core/check.h"
#include "core/findings.h"
#include "core/pattern.h"

void heap_audit_start(struct heap_audit *audit)
{
	*audit = (struct heap_audit){ .block = HEAP_NONE };
}

bool heap_audit_done(const struct heap *heap, const struct heap_audit *audit)
{
	return audit->chunk == heap_index_chunks(&heap->index);
}

/* (5) for the chunk whose last block is the one at audit->block. */
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
	if (audit->block != index->giant_at && granules > index->others)
		return false;
	if (audit->largest < granules)
		audit->largest = granules;
	return granules <= index->max[0][audit->block / HEAP_CHUNK];
}

/* (3) for a block; @offset is set to the first wrong byte. */
static enum heap_verdict check_bytes(const struct heap *heap, const struct heap_block_info *block,
				     u64 *offset)
{
	*offset = heap_offset(block->at);
	if (block_at(heap, block->at)->granules != block->granules)
		return HEAP_CORRUPT_HEADER;
	switch (block->state) {
	case HEAP_USED:
	case HEAP_DEFERRED:
		if (!block->sealed)
			return HEAP_CORRUPT_HEADER;
		/* The words of slack may begin with payload, which its client may be writing. */
		if (data_race(heap_is_intact(heap, block)))
			return HEAP_OK;
		*offset = heap_first_overrun(heap, block);
		return HEAP_OVERRUN;
	default:
		return has_state(heap, block->at, block->granules, block->state) ?
			HEAP_OK : HEAP_CORRUPT_HEADER;
	}
}

/* Of the findings in the bytes of blocks, a chunk reports the first. */
static void record_finding(struct heap_audit *audit, enum heap_verdict verdict, u64 offset)
{
	if (!verdict || audit->found)
		return;
	audit->found = verdict;
	audit->offset = offset;
}

static bool is_free(const struct heap *heap, u32 at)
{
	return heap_index_is_hole(&heap->index, at) ||
	       is_cached(heap, at, block_at(heap, at)->tag);
}

/* (8) for the part of the block at audit->block that is in the chunk and in front of @end. */
static void check_free(const struct heap *heap, struct heap_audit *audit, u32 end)
{
	u32 from = max(audit->block, audit->chunk * HEAP_CHUNK);
	const char *memory = (char *)block_at(heap, from);
	u64 bytes = heap_bytes(end - from);
	const char *wrong;

	if (!(heap->flags & HEAP_POISON) || !is_free(heap, audit->block))
		return;
	if (from == audit->block) {
		memory += sizeof(struct heap_block);
		bytes -= sizeof(struct heap_block);
	}
	wrong = heap_first_unfilled(memory, bytes);
	if (wrong)
		record_finding(audit, HEAP_USE_AFTER_FREE, heap_offset_of(heap, wrong));
}

static void count(struct heap_audit *audit, const struct heap_block_info *block)
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
	case HEAP_CACHED:
		audit->cached += block->granules;
		break;
	case HEAP_QUARANTINED:
		audit->quarantined += block->granules;
		break;
	}
}

/* The block that began at audit->block ends at @end. The first finding in bytes is kept. */
static enum heap_verdict check_block(const struct heap *heap, struct heap_audit *audit, u32 end)
{
	const struct heap_index *index = &heap->index;
	bool hole = heap_index_is_hole(index, audit->block);
	bool last = end == index->granules;
	enum heap_verdict verdict;
	struct heap_block_info block;
	u64 offset;

	if (hole && !last && heap_index_is_hole(index, end))
		return HEAP_CORRUPT_INDEX;
	if (last ? index->top != (hole ? audit->block : HEAP_NONE) : index->top == audit->block)
		return HEAP_CORRUPT_INDEX;
	if (hole && !check_hole(index, audit, end - audit->block))
		return HEAP_CORRUPT_INDEX;
	if ((last || end / HEAP_CHUNK != audit->block / HEAP_CHUNK) && !check_max(index, audit))
		return HEAP_CORRUPT_INDEX;
	block = heap_inspect_sized(heap, audit->block, end - audit->block);
	verdict = check_bytes(heap, &block, &offset);
	record_finding(audit, verdict, offset);
	audit->disturbed |= verdict;
	count(audit, &block);
	return HEAP_OK;
}

/* (5) for a chunk in which no block begins: its max is 0. */
static bool check_empty(const struct heap_index *index, u32 chunk)
{
	u64 start = index->chunks[chunk].start;

	if (chunk == index->granules / HEAP_CHUNK)
		start &= ~BIT_ULL(index->granules % HEAP_CHUNK);
	return start || !index->max[0][chunk];
}

/* All blocks that begin in a chunk, until the index is found corrupt. */
static enum heap_verdict check_chunk(const struct heap *heap, struct heap_audit *audit)
{
	const struct heap_chunk *chunk = &heap->index.chunks[audit->chunk];
	u32 base = audit->chunk * HEAP_CHUNK;
	u32 end = min(base + HEAP_CHUNK, heap->index.granules);
	u64 starts = chunk->start;
	u32 at;

	audit->found = HEAP_OK;
	if (chunk->free & ~starts || !check_empty(&heap->index, audit->chunk) ||
	    !heap_index_verify(&heap->index, audit->chunk))
		return HEAP_CORRUPT_INDEX;
	for (; starts; starts &= starts - 1) {
		at = base + heap_bit_lowest(starts);
		if (at > heap->index.granules || (audit->block == HEAP_NONE && at))
			return HEAP_CORRUPT_INDEX;
		if (audit->block != HEAP_NONE) {
			if (check_block(heap, audit, at))
				return HEAP_CORRUPT_INDEX;
			check_free(heap, audit, at);
		}
		audit->block = at;
	}
	if (audit->block < end)
		check_free(heap, audit, end);
	return audit->found;
}

/* Each block freed without a readable header took up to 15 bytes too many off heap->asked. */
static bool agrees_on_asked(const struct heap *heap, const struct heap_audit *audit)
{
	return audit->asked - heap->asked <= heap->lost * TAG_SLACK;
}

/* (7), what is known from the map and the tables. */
static bool agrees_on_granules(const struct heap *heap, const struct heap_audit *audit)
{
	return audit->holes == heap->index.holes && audit->used + audit->cached == heap->used &&
	       audit->pending == heap->pending && audit->quarantined == heap->quarantined;
}

/*
 * (7), what headers say. A client that overwrites a header with an older one, which is valid at its
 * place, can make that wrong. No block can be named.
 */
static bool agrees_on_headers(const struct heap *heap, const struct heap_audit *audit)
{
	return audit->blocks == heap_live_blocks(heap) && agrees_on_asked(heap, audit);
}

/* At the end: the last start is the sentinel, and the counters agree. */
static enum heap_verdict check_totals(const struct heap *heap, struct heap_audit *audit)
{
	if (audit->block != heap->index.granules)
		return HEAP_CORRUPT_INDEX;
	if (audit->disturbed)
		return HEAP_OK;
	if (!agrees_on_granules(heap, audit))
		return HEAP_CORRUPT_INDEX;
	if (agrees_on_headers(heap, audit))
		return HEAP_OK;
	audit->offset = heap_offset(heap->index.granules);
	return HEAP_CORRUPT_HEADER;
}

/* If the heap changed since the last batch, find again the block that reaches into this chunk. */
static void check_resume(const struct heap *heap, struct heap_audit *audit)
{
	if (audit->changes == heap->index.changes)
		return;
	audit->changes = heap->index.changes;
	if (!audit->chunk)
		return;
	audit->disturbed = true;
	audit->largest = HEAP_NONE;	/* unknown: the chunk was seen only in part */
	audit->block = heap_index_prev(&heap->index, audit->chunk * HEAP_CHUNK);
}

enum heap_verdict heap_check_chunks(struct heap *heap, struct heap_audit *audit, u32 chunks)
{
	enum heap_verdict verdict = HEAP_OK;

	if (heap_is_frozen(heap))
		return HEAP_CORRUPT_INDEX;
	check_resume(heap, audit);
	while (!verdict && chunks-- && !heap_audit_done(heap, audit)) {
		verdict = check_chunk(heap, audit);
		audit->chunk++;
	}
	if (heap_audit_done(heap, audit))
		verdict = check_totals(heap, audit) ?: verdict;
	if (verdict == HEAP_CORRUPT_INDEX) {
		audit->offset = heap_offset(audit->block == HEAP_NONE ? 0 : audit->block);
		heap_freeze(heap, audit->offset);
	}
	return verdict;
}
