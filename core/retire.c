// SPDX-License-Identifier: GPL-2.0-only
/*
 * retire - the life of a block ends: what is rare, so that it is not inlined into a free
 */
#include "core/pattern.h"
#include "core/retire.h"
#include "core/withheld.h"

/* A used block without a readable header is not reused. */
static void quarantine_block(struct heap *heap, struct heap_block_info *block)
{
	heap_record_header(heap, block->at);
	heap->lost += !block->sealed;
	account_free(heap, block);
	block->state = heap_quarantine(heap, block->at, block->granules);
}

/* The fast path of the judgement found something wrong with a pointer to be freed. */
enum heap_verdict heap_retire_refused(struct heap *heap, const void *ptr, enum heap_verdict verdict,
				      struct heap_block_info *block)
{
	verdict = heap_judge_again(heap, verdict, block);
	if (verdict == HEAP_CORRUPT_HEADER)
		quarantine_block(heap, block);
	else
		heap_refuse(heap, ptr, verdict);
	return verdict;
}

int heap_win(struct heap *heap, struct heap_block_info *block)
{
	u32 at = block->at, tag = READ_ONCE(block_at(heap, at)->tag);

	if (!is_sealed(heap, at, make_word(block->granules, tag)) ||
	    !exchange_tag(heap, at, tag, state_tag(heap, at, HEAP_PENDING)))
		return HEAP_LOST;
	block->owner = tag_owner(tag);
	block->asked = payload_bytes(heap, block->granules) - (tag & TAG_SLACK);
	return tag & TAG_SLACK;
}

/* With HEAP_CACHES the tag is exchanged already: @block has what the header said before. */
void heap_record_overrun(struct heap *heap, const struct heap_block_info *block)
{
	u32 queued = heap_queued_findings(heap);

	heap_record(heap, HEAP_OVERRUN, heap_first_overrun(heap, block));
	if (queued < HEAP_FINDINGS)
		heap->findings[queued].block = *block;
}
