/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * verdict - what can be wrong with a pointer or a block, and the facts that a report needs
 *
 * A verdict is the result of a check. A finding is a verdict with its facts, copied under the
 * caller's lock while they were valid, to be printed later.
 */
#ifndef HEAP_VERDICT_H
#define HEAP_VERDICT_H

#include <linux/types.h>

enum heap_verdict {
	HEAP_OK,

	/* The pointer is no live block of the heap. It is refused, and nothing changes. */
	HEAP_FOREIGN,			/* outside the region */
	HEAP_MISALIGNED,		/* where no payload can begin */
	HEAP_INTERIOR,			/* inside a used block */
	HEAP_DOUBLE_FREE,		/* in a block that is free */
	HEAP_WRONG_HEAP,		/* in the region of another heap */

	/* Memory was overwritten. */
	HEAP_OVERRUN,			/* behind the payload; the block is freed as usual */
	HEAP_CORRUPT_HEADER,		/* differs from the map; quarantined when freed */
	HEAP_USE_AFTER_FREE,		/* in a free block */

	/* The index contradicts itself, which is a bug of the allocator. The heap is frozen. */
	HEAP_CORRUPT_INDEX,
	HEAP_VERDICTS
};

extern const char * const heap_verdict_names[HEAP_VERDICTS];

enum heap_state {
	HEAP_HOLE,
	HEAP_USED,
	HEAP_PENDING,			/* freed, but not a hole yet */
	HEAP_QUARANTINED,		/* not reused, because its header was overwritten */
	HEAP_DEFERRED,			/* freed without the lock, or in limbo; counts as used */
	HEAP_CACHED,			/* freed into a cache (core/cache.h) */
};

extern const char * const heap_state_names[];	/* a deferred block is "pending", too */

/**
 * struct heap_block_info - a block, as the map has it, with slack and owner from its header
 * @at: its first granule, or HEAP_NONE for no block
 * @granules: its size
 * @asked: bytes that were requested
 * @state: enum heap_state
 * @sealed: the seal is valid; otherwise @asked is the maximum that fits
 * @owner: number of the call site that allocated it
 */
struct heap_block_info {
	u32 at;
	u32 granules;
	u64 asked;
	u8 state;
	bool sealed;
	u8 owner;
};

/**
 * struct heap_freed - a free of the past
 * @offset: of the header of the block
 * @bytes: of the block; 0 when no such free is known
 * @owner: call site that allocated the block
 * @caller: call site that freed it
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
 * @bytes_count: number of @bytes
 * @bytes_at: offset of the first of @bytes
 * @offset: from the start of the region: of the pointer, or of the first wrong byte
 * @block: the block at @offset
 * @before: the block in front of @block, which may have been overrun
 * @bytes: memory around @offset
 * @caller: call site of the call that found it; set by the caller of the core, like the rest
 * @owner: call site that allocated @block
 * @owner_before: call site that allocated @before
 * @past: the last free of this memory, if that is known
 */
struct heap_finding {
	enum heap_verdict verdict;
	u32 bytes_count;
	u64 bytes_at;
	u64 offset;
	struct heap_block_info block;
	struct heap_block_info before;
	u8 bytes[HEAP_FINDING_BYTES];
	unsigned long caller;
	unsigned long owner;
	unsigned long owner_before;
	struct heap_freed past;
};

#endif
