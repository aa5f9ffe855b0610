/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heap - the state of one heap: struct heap, its constants and its units
 *
 * Units: a granule is 16 bytes. Sizes and places in the region count granules; functions that
 * return bytes or offsets say so. A block is a header and a payload, and is used or a hole.
 *
 * Everything in core/ and in heap_core.c compiles in the kernel and in userspace: it takes no
 * lock, allocates nothing, prints nothing. The caller serializes all calls on a heap.
 */
#ifndef HEAP_H
#define HEAP_H

#include <linux/types.h>

#include "core/index.h"
#include "core/verdict.h"

#define HEAP_GRANULE	16		/* bytes */
#define HEAP_GRANULE_SHIFT	4	/* HEAP_GRANULE is 1 << 4 */
#define HEAP_EDGE	8		/* bytes before the first header */

/**
 * struct heap_block - the header in front of every payload
 * @granules: size of the block, header included
 * @tag: used block: slack (4 bits), owner (8 bits) and seal (20 bits); otherwise a masked state
 *
 * A caller can overrun a header, so nothing is computed from one. Size, neighbours and state come
 * from the map; a header that differs from the map is a finding. core/block.h has the format.
 */
struct heap_block {
	u32 granules;
	u32 tag;
};

/**
 * struct heap_split - a block and the hole that it was split off
 * @at: first granule of both
 * @granules: size of the block
 * @have: size of the hole before the split
 */
struct heap_split {
	u32 at;
	u32 granules;
	u32 have;
};

/**
 * struct heap_run - blocks that were freed one by one, and that a single coalesce makes a hole
 * @at: first granule
 * @granules: size; 0 if there is no block
 *
 * In the map it is one used block.
 */
struct heap_run {
	u32 at;
	u32 granules;
};

#define HEAP_QUICK	3		/* length of the quick list */
#define HEAP_QUARANTINE	64		/* most blocks in quarantine */
#define HEAP_CLAIMS	64		/* most blocks between heap_claim() and heap_release() */
#define HEAP_FINDINGS	4		/* queued findings, at most; all are counted */

/* Bits of @events, next to the number of queued findings. */
#define HEAP_EVENT_WAITERS	0x80000000U	/* a waiter or a poller needs room: frees look */
#define HEAP_EVENT_WATERMARK	0x40000000U	/* @used went above @watermark */
#define HEAP_EVENT_FINDINGS	0x3fffffffU

/* Flags of a heap. */
#define HEAP_POISON	1U		/* free memory carries a pattern */
#define HEAP_REDZONE	2U		/* a granule of pattern ends every block */
#define HEAP_CACHES	8U		/* the heap may have caches; it has no quick list */

/**
 * struct heap - a region and the blocks in it
 * @index: where blocks and holes are
 * @region: first byte of the region, 16-byte aligned
 * @granules: size of the region; 0 when the heap is frozen, so that no pointer is inside it
 * @withheld: blocks in @claims and @quarantine: used in the map, owned by no caller
 * @quarantine_count: blocks in @quarantine; a cached free reads it without the lock
 * @run: what heap_free_next() has left to heap_end_run(); no granules: nothing
 * @flags: HEAP_POISON, HEAP_REDZONE, HEAP_CACHES
 * @overhead: bytes of header and redzone in a block
 * @largest: most bytes that a payload can have; 0 when the heap is frozen, so that nothing fits
 * @key: secret of the seals
 * @factor: odd multiplier of the seals, derived from @key
 * @mask: XORed into the headers of blocks that are not in use, derived from @key
 * @quick: the quick list: blocks that were freed and are not coalesced yet. The entry behind the
 *	   last one is the most recent split, whose block may be the next to enter the list; its
 *	   place is HEAP_NONE after any other change.
 * @quick_count: blocks on the quick list
 * @quick_most: limit of @quick_count: HEAP_QUICK; 0 with HEAP_CACHES
 * @used: granules in live blocks and, with HEAP_CACHES, in cached ones
 * @peak: maximum of @used since heap_reset_peak()
 * @watermark: HEAP_EVENT_WATERMARK is raised when @used exceeds this; U32_MAX: never
 * @threshold: the lower one of @peak and an armed @watermark: one comparison for both
 * @asked: bytes that the live blocks were requested with
 * @lost: blocks freed without a readable header: each took up to 15 bytes too many off @asked
 * @allocs: allocations that succeeded
 * @frees: blocks freed
 * @resizes: blocks that changed their size in place
 * @failures: allocations that failed
 * @refused: pointers that were refused
 * @pending: granules in claimed blocks
 * @claims: blocks between heap_claim() and heap_release()
 * @claim_count: blocks in @claims
 * @quarantined: granules in quarantine
 * @quarantine: blocks whose header was overwritten; not reused
 * @limbo: granules in blocks in limbo (core/limbo.h), which count in @used, too
 * @limbo_asked: bytes that these were requested with, which count in @asked, too
 * @limbo_blocks: number of these, which are not in @frees
 * @verdicts: findings, counted by verdict
 * @events: number of queued findings and HEAP_EVENT_* bits: zero when nothing is to be done once
 *	    the caller has dropped its lock
 * @findings: the queue, oldest first
 */
struct heap {
	struct heap_index index;
	char *region;
	u32 granules;
	u32 withheld;
	u32 quarantine_count;
	struct heap_run run;
	u16 flags;
	u16 overhead;
	size_t largest;
	u64 key;
	u64 factor;
	u64 mask;
	struct heap_split quick[HEAP_QUICK + 1];
	u32 quick_count;
	u32 quick_most;
	u32 used;
	u32 peak;
	u32 watermark;
	u32 threshold;
	u64 asked;
	u64 lost;
	u64 allocs;
	u64 frees;
	u64 resizes;
	u64 failures;
	u64 refused;
	u32 pending;
	u32 claims[HEAP_CLAIMS];
	u32 claim_count;
	u32 quarantined;
	u32 quarantine[HEAP_QUARANTINE];
	u32 limbo;
	u64 limbo_asked;
	u64 limbo_blocks;
	u64 verdicts[HEAP_VERDICTS];
	u32 events;
	struct heap_finding findings[HEAP_FINDINGS];
};

/* Granules in bytes, in 64 bits: a region may have up to 64 GiB. */
static inline u64 heap_bytes(u32 granules)
{
	return (u64)granules * HEAP_GRANULE;
}

/* Granules of blocks in a region of @bytes: the two edges of 8 bytes take one. 0 if too small. */
static inline u32 heap_granules_in(u64 bytes)
{
	u64 granules = bytes / HEAP_GRANULE;

	if (granules < 2)
		return 0;
	return granules - 1 < HEAP_GRANULES_MAX ? granules - 1 : HEAP_GRANULES_MAX;
}

/* Distance of the header at granule @at from the first byte of the region. */
static inline u64 heap_offset(u32 at)
{
	return HEAP_EDGE + heap_bytes(at);
}

/*
 * Distance of any address from the first byte of the region. A difference of two pointers is signed
 * on 32 bit, and a region may have more than 2 GiB.
 */
static inline u64 heap_offset_of(const struct heap *heap, const void *ptr)
{
	return (uintptr_t)ptr - (uintptr_t)heap->region;
}

/* Address of the payload of the block at @at. */
static inline void *heap_payload(const struct heap *heap, u32 at)
{
	return heap->region + (size_t)heap_offset(at) + sizeof(struct heap_block);
}

static inline u32 heap_queued_findings(const struct heap *heap)
{
	return heap->events & HEAP_EVENT_FINDINGS;
}

static inline u64 heap_live_blocks(const struct heap *heap)
{
	return heap->allocs - heap->frees;
}

/* A frozen heap gives, takes and writes nothing: its index was found corrupt. */
static inline bool heap_is_frozen(const struct heap *heap)
{
	return !heap->granules;
}

/* Is the block on the quick list? */
static inline bool heap_is_quick(const struct heap *heap, u32 at)
{
	u32 i;

	for (i = 0; i < heap->quick_count; i++) {
		if (heap->quick[i].at == at)
			return true;
	}
	return false;
}

#endif
