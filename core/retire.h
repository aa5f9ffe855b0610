/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * retire - the life of a block ends: its pointer is judged, and the block leaves the counters
 *
 * The block is not a hole yet: the caller makes it one, now or later.
 */
#ifndef HEAP_RETIRE_H
#define HEAP_RETIRE_H

#include "core/judge.h"
#include "core/live.h"

#define HEAP_LOST (-1)

/*
 * With HEAP_CACHES, a free without the lock may end the life of a block that was judged live. Only
 * one call can exchange the tag of its header. Return: the slack of the block, or HEAP_LOST.
 */
int heap_win(struct heap *heap, struct heap_block_info *block);

/* The slow paths of retire(). */
enum heap_verdict heap_retire_refused(struct heap *heap, const void *ptr, enum heap_verdict verdict,
				      struct heap_block_info *block);
void heap_record_overrun(struct heap *heap, const struct heap_block_info *block);

static inline bool has_caches(const struct heap *heap)
{
	return unlikely(heap->flags & HEAP_CACHES);
}

/* Judge a pointer; if it is a live block, that ends here. */
static __always_inline enum heap_verdict retire(struct heap *heap, const void *ptr,
						struct heap_block_info *block)
{
	u32 slack = 0;
	enum heap_verdict verdict = judge_inline(heap, ptr, block, &slack);
	int won;

	if (unlikely(verdict))
		return heap_retire_refused(heap, ptr, verdict, block);
	if (has_caches(heap)) {
		won = heap_win(heap, block);
		if (won == HEAP_LOST)
			return heap_retire_refused(heap, ptr, HEAP_DOUBLE_FREE, block);
		slack = won;
	}
	if (unlikely(!is_end_intact(heap, block->at + block->granules, slack))) {
		heap_record_overrun(heap, block);
		verdict = HEAP_OVERRUN;
	}
	account_free(heap, block);
	return verdict;
}

#endif
