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

#define HEAP_GRANULE	16
#define HEAP_EDGE	8		/* bytes before the first header */

/**
 * struct heap_block - the header in front of every payload
 * @granules: size of the block, header included
 * @tag: slack (4 bits) and owner (8 bits) of a used block; 0 of a hole
 *
 * A witness: callers can overrun it, so nothing is computed from it. The map knows the size,
 * the neighbours, and whether the block is used.
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

/* What a check found. */
enum heap_verdict {
	HEAP_OK,
	HEAP_FOREIGN,			/* the pointer is outside the region */
	HEAP_MISALIGNED,		/* ... or where no payload can begin */
	HEAP_INTERIOR,			/* ... or inside a used block */
	HEAP_DOUBLE_FREE,		/* ... or in a hole */
	HEAP_CORRUPT_HEADER,		/* the header differs from the map */
	HEAP_CORRUPT_INDEX,		/* the index contradicts itself */
	HEAP_VERDICTS
};

extern const char * const heap_verdict_names[HEAP_VERDICTS];

/* A block as it was cut off a hole. */
struct heap_cut {
	u32 at;
	u32 granules;
	u32 have;			/* granules of the hole */
};

#define HEAP_KEPT	3

/**
 * struct heap - a region and what is in it
 * @index: where blocks and holes are
 * @region: first byte of the region, 16-byte aligned
 * @last: the allocation that nothing has followed yet; at HEAP_NONE when there is none
 * @kept: blocks that were freed as soon as allocated, and are not merged yet
 * @kept_count: how many
 * @blocks: live blocks
 * @used: granules in live blocks
 * @peak: most of them ever
 * @asked: bytes that the live blocks were asked for
 * @allocs: allocations that succeeded
 * @frees: blocks freed
 * @failures: allocations that did not fit
 * @refused: pointers that heap_free() refused
 */
struct heap {
	struct heap_index index;
	char *region;
	struct heap_cut last;
	struct heap_cut kept[HEAP_KEPT];
	u32 kept_count;
	u32 blocks;
	u32 used;
	u32 peak;
	u64 asked;
	u64 allocs;
	u64 frees;
	u64 failures;
	u64 refused;
};

/* A block as the map shows it, with slack and owner from its header. */
struct heap_view {
	u32 at;
	u32 granules;
	bool used;
	u8 owner;
	u64 asked;
};

/* How far a check of the whole heap has come, and what it has counted. */
struct heap_audit {
	u32 chunk;			/* next to check; done when behind the last */
	u32 block;			/* the block whose end is not reached yet */
	u32 blocks;
	u32 holes;
	u32 used;
	u32 largest;			/* hole so far in the block's chunk; HEAP_NONE: not known */
	u64 asked;
	u64 changes;			/* of the heap, when last seen */
	bool disturbed;			/* the heap changed meanwhile: the totals say nothing */
};

/* The steps of heap_alloc() or heap_free(): its own, and those of merging what is kept. */
static inline unsigned int heap_bound(const struct heap *heap)
{
	return (1 + HEAP_KEPT) * heap_index_bound(&heap->index);
}

u32 heap_granules_in(u64 bytes);
void heap_init(struct heap *heap, void *region, u32 granules, void *index);

void *heap_alloc(struct heap *heap, size_t size, u8 owner);
enum heap_verdict heap_free(struct heap *heap, const void *ptr, struct heap_view *freed);

void heap_flush(struct heap *heap);

enum heap_verdict heap_judge(const struct heap *heap, const void *ptr, struct heap_view *block);
u32 heap_views(struct heap *heap, u32 from, struct heap_view *views, u32 most);

void heap_audit_start(struct heap_audit *audit);
bool heap_audit_done(const struct heap *heap, const struct heap_audit *audit);
enum heap_verdict heap_check(struct heap *heap, struct heap_audit *audit, u32 chunks);

#endif
