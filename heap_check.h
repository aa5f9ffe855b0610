/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heap_check - the check: everything that must be true of a heap, in one place
 */
#ifndef HEAP_CHECK_H
#define HEAP_CHECK_H

#include "heap_core.h"

/**
 * struct heap_audit - how far a check of the whole heap has come, and what it has counted
 * @chunk: next to check; done when behind the last
 * @block: the block whose end is not reached yet
 * @largest: hole so far in the block's chunk; HEAP_NONE: not known
 * @found: the first thing found wrong with the bytes of a block of the last chunk
 * @offset: of what was found wrong
 * @blocks: live ones
 * @holes: free ones
 * @used: granules in live blocks
 * @pending: granules in blocks that are freed, and not a hole yet
 * @quarantined: granules in quarantine
 * @asked: bytes that live blocks were asked for
 * @changes: of the heap, when last seen
 * @disturbed: the heap changed meanwhile, or a header told nothing: the counts say nothing
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
	u32 pending;
	u32 quarantined;
	u64 asked;
	u64 changes;
	bool disturbed;
};

void heap_audit_start(struct heap_audit *audit);
bool heap_audit_done(const struct heap *heap, const struct heap_audit *audit);
enum heap_verdict heap_check(struct heap *heap, struct heap_audit *audit, u32 chunks);

#endif
