/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heap_index - where the blocks and the holes are
 *
 * The index lies in memory of its own, outside the region, where no overrun of a payload can
 * reach it. It knows nothing of bytes and pointers: it counts granules from the region's start.
 *
 * Two bits for every granule tell everything. This is a used block of three granules, a hole of
 * two and a used block of one; behind the last granule of the region stands a sentinel:
 *
 *	granule    0   1   2   3   4   5   6
 *	         | used block| hole  |use|
 *	start      1   0   0   1   0   1   1 <- sentinel
 *	free       0   0   0   1   0   0   0
 *
 * A block ends where the next one starts, so its size is the distance between two bits of
 * @start. 64 granules are a chunk. Over the start words stand summaries, 64 words to the bit word,
 * so that the neighbours of a block are found in a few steps however large the blocks are.
 *
 * Same rules as the core: no lock, no allocation, no printing; kernel and userspace.
 */
#ifndef HEAP_INDEX_H
#define HEAP_INDEX_H

#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/types.h>

#define HEAP_CHUNK	64		/* granules in a chunk: the bits of a map word */
#define HEAP_NONE	U32_MAX		/* no such granule */
#define HEAP_LEVELS	5		/* of summaries over 2^26 chunks */

/* The most granules in a region: the sentinel and HEAP_NONE are granule numbers too. */
#define HEAP_GRANULES_MAX (U32_MAX - 1)

struct heap_chunk {
	u64 start;			/* a bit where a block begins */
	u64 free;			/* a bit where a hole begins */
};

struct heap_index {
	u32 granules;			/* of the region; the sentinel's place */
	u32 holes;
	struct heap_chunk *chunks;
	unsigned int levels;
	u64 *summary[HEAP_LEVELS];	/* [0] a bit for each chunk with a start; and so on */
};

u64 heap_index_bytes(u32 granules);
void heap_index_init(struct heap_index *index, void *zeroed, u32 granules);

u32 heap_index_next(const struct heap_index *index, u32 at);
u32 heap_index_prev(const struct heap_index *index, u32 at);
u32 heap_index_find(const struct heap_index *index, u32 granules);
bool heap_index_summary_agrees(const struct heap_index *index, u32 chunk);

void heap_index_add_start(struct heap_index *index, u32 at);
void heap_index_drop_start(struct heap_index *index, u32 at);
void heap_index_add_hole(struct heap_index *index, u32 at);
void heap_index_drop_hole(struct heap_index *index, u32 at);

static inline u32 heap_index_chunks(const struct heap_index *index)
{
	return index->granules / HEAP_CHUNK + 1;
}

static inline bool heap_index_is_start(const struct heap_index *index, u32 at)
{
	return index->chunks[at / HEAP_CHUNK].start >> at % HEAP_CHUNK & 1;
}

static inline bool heap_index_is_hole(const struct heap_index *index, u32 at)
{
	return index->chunks[at / HEAP_CHUNK].free >> at % HEAP_CHUNK & 1;
}

static inline u32 heap_index_size(const struct heap_index *index, u32 at)
{
	return heap_index_next(index, at) - at;
}

#endif
