/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heap_verdict - what can be wrong, and what is told of it
 *
 * A verdict is what a check found; a finding is a verdict with its facts, copied while they
 * were true, for whoever prints them later.
 */
#ifndef HEAP_VERDICT_H
#define HEAP_VERDICT_H

#include <linux/types.h>

enum heap_verdict {
	HEAP_OK,

	/* A pointer that is no live block of the heap. It is refused; nothing changes. */
	HEAP_FOREIGN,			/* outside the region */
	HEAP_MISALIGNED,		/* where no payload can begin */
	HEAP_INTERIOR,			/* inside a used block */
	HEAP_DOUBLE_FREE,		/* a block that is free */
	HEAP_WRONG_HEAP,		/* in the region of another heap */

	/* Memory that somebody wrote to whose it was not. */
	HEAP_OVERRUN,			/* the bytes behind the block; it is freed as usual */
	HEAP_CORRUPT_HEADER,		/* the header differs from the map; it is quarantined */
	HEAP_USE_AFTER_FREE,		/* a free block */

	/* The index contradicts itself: a bug of ours. The heap is frozen. */
	HEAP_CORRUPT_INDEX,
	HEAP_VERDICTS
};

extern const char * const heap_verdict_names[HEAP_VERDICTS];

enum heap_state {
	HEAP_HOLE,
	HEAP_USED,
	HEAP_PENDING,			/* freed, but not a hole yet */
	HEAP_QUARANTINED,		/* withdrawn, because its header was damaged */
	HEAP_DEFERRED,			/* freed where the lock could not be had; counted as used */
};

extern const char * const heap_state_names[];	/* a block that is deferred is pending, too */

/**
 * struct heap_view - a block as the map shows it, with slack and owner from its header
 * @at: its first granule, or HEAP_NONE for no block
 * @granules: its size
 * @asked: bytes that it was asked for
 * @state: enum heap_state
 * @sealed: the header is what was written; else @asked is the most it can have been
 * @owner: who allocated it
 */
struct heap_view {
	u32 at;
	u32 granules;
	u64 asked;
	u8 state;
	bool sealed;
	u8 owner;
};

/**
 * struct heap_freed - a block that was freed
 * @offset: of its header
 * @bytes: of the block; 0 when there was no such free
 * @owner: the call site that allocated it
 * @caller: the call site that freed it
 */
struct heap_freed {
	u64 offset;
	u64 bytes;
	unsigned long owner;
	unsigned long caller;
};

#define HEAP_FINDING_BYTES	64

/**
 * struct heap_finding - a verdict with its facts
 * @verdict: what was found
 * @offset: from the region's start: the pointer's, or that of the first wrong byte
 * @block: the block there
 * @before: the block in front of it, which may have been written too far
 * @bytes_at: offset of the first of @bytes
 * @bytes_count: how many
 * @bytes: what is around @offset
 * @caller: who made the call in which it was found, for the caller of the core to fill in
 * @past: who had the memory before, if that is known; likewise
 */
struct heap_finding {
	enum heap_verdict verdict;
	u64 offset;
	struct heap_view block;
	struct heap_view before;
	u64 bytes_at;
	u32 bytes_count;
	u8 bytes[HEAP_FINDING_BYTES];
	unsigned long caller;
	struct heap_freed past;
};

#endif
