/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * check - the invariants of a heap, in one place
 */
#ifndef HEAP_CHECK_H
#define HEAP_CHECK_H

#include "core/heap.h"

/**
 * struct heap_audit - the progress of a check of the whole heap, and its counts
 * @chunk: the next one; behind the last one when the check is done
 * @block: the block whose end has not been reached
 * @largest: largest hole so far in the chunk of @block; HEAP_NONE: unknown
 * @found: the first finding in the bytes of a block of the last chunk
 * @offset: of the finding
 * @blocks: live blocks
 * @holes: holes
 * @used: granules in live blocks
 * @cached: granules in cached blocks
 * @pending: granules in claimed blocks
 * @quarantined: granules in quarantine
 * @asked: bytes that live blocks were requested with
 * @changes: of the heap, at the last batch
 * @disturbed: the heap changed between batches, or a header was unreadable: the counts are void
 */
struct heap_audit {
	u32 chunk;
	u32 block;
	u32 largest;
	enum heap_verdict found;
	u64 offset;
	u32 blocks;
	u32 holes;
	u32 used;
	u32 cached;
	u32 pending;
	u32 quarantined;
	u64 asked;
	u64 changes;
	bool disturbed;
};

void heap_audit_start(struct heap_audit *audit);
bool heap_audit_done(const struct heap *heap, const struct heap_audit *audit);

/* Part of heap_check() in heap_core.h: the quick list is empty. */
enum heap_verdict heap_check_chunks(struct heap *heap, struct heap_audit *audit, u32 chunks);

#endif
