/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heap_core - the allocator: blocks in a region
 *
 * No lock, no allocation, no printing: the same code runs in the kernel and in userspace.
 * Whoever calls it sees to it that nobody else does meanwhile.
 */
#ifndef HEAP_CORE_H
#define HEAP_CORE_H

#include "heap_index.h"
#include "heap_verdict.h"

#define HEAP_GRANULE	16
#define HEAP_EDGE	8		/* bytes before the first header */

/**
 * struct heap_block - the header in front of every payload
 * @granules: size of the block, header included
 * @tag: slack (4 bits), owner (8 bits) and a seal (20 bits) of a used block, or a masked state
 *
 * A witness: callers can overrun it, so nothing is computed from it. The map knows the size,
 * the neighbours, and whether the block is used. See heap_block.h.
 */
struct heap_block {
	u32 granules;
	u32 tag;
};

/* Granules as bytes, and as the distance of a header from the region's first byte. */
static inline u64 heap_bytes(u32 granules)
{
	return (u64)granules * HEAP_GRANULE;
}

static inline u64 heap_offset(u32 at)
{
	return HEAP_EDGE + heap_bytes(at);
}

/* A block as it was cut off a hole. */
struct heap_cut {
	u32 at;
	u32 granules;
	u32 have;			/* granules of the hole */
};

#define HEAP_KEPT	3
#define HEAP_QUARANTINE	64		/* blocks at most, and an eighth of the region */
#define HEAP_CLAIMS	64		/* at most at a time */
#define HEAP_FINDINGS	4		/* that wait to be told; what comes meanwhile is counted */

/* In @found, beside the number of findings. */
#define HEAP_WAITED	0x80000000U	/* somebody waits for a free */
#define HEAP_ABOVE	0x40000000U	/* @used went above @mark */
#define HEAP_COUNT	0x3fffffffU

/* What a heap can do beyond the usual. */
#define HEAP_POISON	1U		/* free memory carries a pattern */
#define HEAP_REDZONE	2U		/* a granule of it stands between blocks */

/**
 * struct heap - a region and what is in it
 * @index: where blocks and holes are
 * @region: first byte of the region, 16-byte aligned
 * @granules: in the region; 0 when the heap is frozen, so that nothing fits and nothing is its own
 * @largest: bytes that a payload can have; 0 when the heap is frozen
 * @flags: HEAP_POISON, HEAP_REDZONE
 * @overhead: bytes of header and redzone in a block
 * @key: of the seals, with @factor
 * @factor: odd
 * @mask: of the tags of blocks that are not in use
 * @kept: blocks that were freed as soon as allocated, and are not merged yet; and behind them, as
 *	  it may become one, the allocation that nothing has followed yet, at HEAP_NONE if there is
 *	  none
 * @kept_count: how many are kept
 * @used: granules in live blocks
 * @peak: most of them since heap_forget_peak()
 * @mark: more of them than this are told of; U32_MAX: never
 * @high: of @peak and @mark, what is exceeded next
 * @asked: bytes that the live blocks were asked for
 * @lost: blocks whose header was lost before they were freed: so often up to 15 bytes too many
 *        were taken off @asked
 * @allocs: allocations that succeeded
 * @frees: blocks freed
 * @resizes: how often a block got another size in place
 * @failures: allocations that did not fit
 * @refused: pointers that were refused
 * @pending: granules in blocks that are claimed
 * @withheld: blocks in @claims and @quarantine: used in the map, and nobody's
 * @claims: blocks between heap_claim() and heap_release()
 * @claim_count: how many
 * @quarantined: granules in quarantine
 * @quarantine: the blocks in it
 * @quarantine_count: how many
 * @verdicts: findings by verdict
 * @found: findings that wait in @findings; and HEAP_WAITED, HEAP_ABOVE, for who has the lock to see
 *	   by one look that there is something to do when he lets it go
 * @findings: the first of them, in order
 */
struct heap {
	struct heap_index index;
	char *region;
	u32 granules;
	size_t largest;
	u32 flags;
	u32 overhead;
	u64 key;
	u64 factor;
	u64 mask;
	struct heap_cut kept[HEAP_KEPT + 1];
	u32 kept_count;
	u32 used;
	u32 peak;
	u32 mark;
	u32 high;
	u64 asked;
	u64 lost;
	u64 allocs;
	u64 frees;
	u64 resizes;
	u64 failures;
	u64 refused;
	u32 pending;
	u32 withheld;
	u32 claims[HEAP_CLAIMS];
	u32 claim_count;
	u32 quarantined;
	u32 quarantine[HEAP_QUARANTINE];
	u32 quarantine_count;
	u64 verdicts[HEAP_VERDICTS];
	u32 found;
	struct heap_finding findings[HEAP_FINDINGS];
};

/* The steps of heap_alloc() or heap_free(): its own, and those of merging what is kept. */
static inline unsigned int heap_bound(const struct heap *heap)
{
	return (1 + HEAP_KEPT) * heap_index_bound(&heap->index);
}

/* Where the payload of the block at @at begins. */
static inline void *heap_payload(const struct heap *heap, u32 at)
{
	return heap->region + (size_t)heap_offset(at) + sizeof(struct heap_block);
}

u32 heap_granules_in(u64 bytes);
void heap_init(struct heap *heap, void *region, u32 granules, void *index, u32 flags, u64 key);

void *heap_alloc(struct heap *heap, size_t size, u8 owner);
enum heap_verdict heap_free(struct heap *heap, const void *ptr, struct heap_view *freed);
/* To claim a block, there must be room to remember it. */
static inline bool heap_can_claim(const struct heap *heap)
{
	return heap->claim_count < HEAP_CLAIMS;
}

enum heap_verdict heap_claim(struct heap *heap, const void *ptr, struct heap_view *claimed);
void heap_release(struct heap *heap, const struct heap_view *claimed);

/* Has the block become free by heap_free(), or claimed by heap_claim()? */
static inline bool heap_is_let_go(enum heap_verdict verdict, const struct heap_view *block)
{
	return !verdict || verdict == HEAP_OVERRUN ||
	       (verdict == HEAP_CORRUPT_HEADER && block->state == HEAP_PENDING);
}

void heap_note_high(struct heap *heap);
void heap_set_mark(struct heap *heap, u32 mark);
void heap_forget_peak(struct heap *heap);

void heap_flush(struct heap *heap);
void heap_freeze(struct heap *heap, u64 offset);

/* Findings that wait. */
static inline u32 heap_found(const struct heap *heap)
{
	return heap->found & HEAP_COUNT;
}

/* Live blocks. */
static inline u64 heap_blocks(const struct heap *heap)
{
	return heap->allocs - heap->frees;
}

static inline bool heap_is_frozen(const struct heap *heap)
{
	return !heap->granules;
}

void heap_meet_hole(struct heap *heap, u32 at, u32 granules);
void heap_coalesce(struct heap *heap, u32 at, u32 granules);
void heap_refuse(struct heap *heap, const void *ptr, enum heap_verdict verdict);

enum heap_verdict heap_judge(const struct heap *heap, const void *ptr, struct heap_view *block);
u32 heap_views(struct heap *heap, u32 from, struct heap_view *views, u32 most);

#endif
