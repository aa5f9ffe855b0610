/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * index - where the blocks and the holes are
 *
 * The index has memory of its own, outside the region, so no overrun of a payload reaches it. It
 * counts granules from the start of the region and knows nothing of bytes, headers and pointers.
 *
 * The map: two bits for every granule. Below are a used block of three granules, a hole of two
 * and a used block of one. A sentinel stands behind the last granule:
 *
 *	granule    0   1   2   3   4   5   6
 *	         | used block| hole  |use|
 *	start      1   0   0   1   0   1   1 <- sentinel
 *	free       0   0   0   1   0   0   0
 *
 * A block ends where the next one starts, so its size is the distance between two bits of
 * @start. The sentinel is a start without a free bit: a caller may test the granule behind any
 * block, also behind the last one. 64 granules are a chunk, one word of each bitmap. Summaries
 * over the start words, 64 words to the bit word, find the neighbours of a block in a few steps,
 * however large the blocks are.
 *
 * The max tree: for every chunk the size of the largest hole that begins in it, and over eight
 * nodes a node with their maximum, up to a row of at most eight. The search for the lowest hole
 * of some size goes down from that row, each time to the first node that is large enough:
 *
 *	          4                     9             the first row
 *	  0   4   0   0         0   2   9   3         one node a chunk
 *
 * R. P. Brent, "Efficient Implementation of the First-Fit Strategy for Dynamic Storage
 * Allocation", ACM TOPLAS 11(3), 1989.
 *
 * Rows are added above the first one as holes appear higher in the region, so a search in a large
 * region of which little was used is short. The node above the first row, the guard, holds
 * HEAP_NONE: no update climbs further. All nodes behind those that the first row covers are 0.
 *
 * The top is the hole at the end of the region. It counts in no node, because first fit takes it
 * last anyway, and so most changes of the top cost the tree nothing.
 *
 * The finger remembers what the last search proved: no hole of finger_size granules or more lies
 * below finger_at. A search for at least finger_size may rely on it; a free that makes such a
 * hole below the finger moves it down.
 *
 * The giant is a hole that no other but the top exceeds: all others have at most @others granules.
 * A request for more is served by the giant or the top, without a search. While the giant is split
 * block by block and stays the giant, it is the maximum of all nodes above it: none is compared
 * with its neighbours. When it is gone, there is none until a hole is larger than all others.
 *
 * This file has the data and the queries; core/index_ops.h changes the index.
 */
#ifndef HEAP_INDEX_H
#define HEAP_INDEX_H

#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/types.h>

#define HEAP_CHUNK	64U		/* granules in a chunk: the bits of a map word */
#define HEAP_NONE	U32_MAX		/* no such granule, no such chunk */
#define HEAP_LEVELS	5		/* of summaries over 2^26 chunks */
#define HEAP_FANOUT_SHIFT 3		/* log2 of HEAP_FANOUT */
#define HEAP_FANOUT	8U		/* children of a node */
#define HEAP_HEIGHT	9		/* of the tree over 2^26 chunks, chunks included */
#define HEAP_STEP_CLASSES 6		/* searches of 1 step, 2 to 3, 4 to 7, ... */

/* Most granules in a region: the sentinel and HEAP_NONE are granule numbers, too. */
#define HEAP_GRANULES_MAX (U32_MAX - 1)

struct heap_chunk {
	u64 start;			/* a bit where a block begins */
	u64 free;			/* a bit where a hole begins */
};

struct heap_index {
	u32 granules;			/* size of the region; place of the sentinel */
	u32 holes;
	u32 top;			/* the hole that ends the region, or HEAP_NONE */
	u32 finger_size;
	u32 finger_at;
	u32 giant_at;			/* or HEAP_NONE */
	u32 giant;			/* its granules, or 0 */
	u32 others;			/* all holes but the giant and the top have at most this */
	u64 changes;			/* of map, sizes, counters, withheld */
	u64 searches[HEAP_STEP_CLASSES];	/* by the number of nodes and holes read */
	u32 reach;			/* chunks that the first row covers */
	unsigned int height;		/* rows of the tree in use */
	unsigned int rows;		/* of a tree over all chunks */
	unsigned int levels;
	struct heap_chunk *chunks;
	u32 *max[HEAP_HEIGHT + 1];	/* [0] for each chunk, [height - 1] the first row; guard */
	u64 *summary[HEAP_LEVELS];	/* [0] a bit for each chunk with a start; and so on */
};

u64 heap_index_bytes(u32 granules);
void heap_index_init(struct heap_index *index, void *zeroed, u32 granules);

u32 heap_index_largest(const struct heap_index *index);
void heap_index_grow(struct heap_index *index, u32 chunk);
void heap_index_add_large(struct heap_index *index, u32 at, u32 granules);
u32 heap_index_next_chunk(const struct heap_index *index, u32 chunk);
u32 heap_index_prev_chunk(const struct heap_index *index, u32 chunk);

bool heap_index_verify(const struct heap_index *index, u32 chunk);

/*
 * Upper bound of the steps of one operation; a step is a map word or a node that is read. An
 * operation reads the holes of at most one chunk, 32; goes up or down the tree three times;
 * and looks for a neighbour or changes a start four times, at two words and two more a level of
 * the summaries.
 */
static inline unsigned int heap_index_bound(const struct heap_index *index)
{
	return HEAP_CHUNK / 2 + 1 + 3 * index->rows + 4 * (2 + 2 * index->levels);
}

#ifdef HEAP_COUNT_STEPS
extern unsigned int heap_steps;
#define heap_step() (heap_steps++)
#else
#define heap_step() do { } while (0)
#endif

/* The bits of a word above, or below, bit @nr. */
static inline u64 heap_bits_above(u64 word, u32 nr)
{
	return word & ~0ULL << nr << 1;
}

static inline u64 heap_bits_below(u64 word, u32 nr)
{
	return word & (BIT_ULL(nr) - 1);
}

static inline u32 heap_bit_lowest(u64 word)
{
	return __ffs64(word);
}

static inline u32 heap_bit_highest(u64 word)
{
	return fls64(word) - 1;
}

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

/* Does a used block begin at @at? */
static inline bool heap_index_is_used(const struct heap_index *index, u32 at)
{
	const struct heap_chunk *chunk = &index->chunks[at / HEAP_CHUNK];

	return (chunk->start & ~chunk->free) >> at % HEAP_CHUNK & 1;
}

/* The first start behind @chunk. */
static inline u32 heap_index_next_behind(const struct heap_index *index, u32 chunk)
{
	chunk++;
	heap_step();
	if (!index->chunks[chunk].start)
		chunk = heap_index_next_chunk(index, chunk);
	return chunk * HEAP_CHUNK + heap_bit_lowest(index->chunks[chunk].start);
}

/* The first start behind @at; behind the last block, the sentinel. */
static inline u32 heap_index_next(const struct heap_index *index, u32 at)
{
	u32 chunk = at / HEAP_CHUNK;
	u64 later = index->chunks[chunk].start >> at % HEAP_CHUNK >> 1;

	heap_step();
	if (later)
		return at + 1 + heap_bit_lowest(later);
	return heap_index_next_behind(index, chunk);
}

/* The last start before @at, which is not 0: a block always starts at 0. */
static inline u32 heap_index_prev(const struct heap_index *index, u32 at)
{
	u32 chunk = at / HEAP_CHUNK;
	u64 earlier = heap_bits_below(index->chunks[chunk].start, at % HEAP_CHUNK);

	heap_step();
	if (!earlier) {
		chunk--;
		heap_step();
		if (!index->chunks[chunk].start)
			chunk = heap_index_prev_chunk(index, chunk);
		earlier = index->chunks[chunk].start;
	}
	return chunk * HEAP_CHUNK + heap_bit_highest(earlier);
}

/* The start of the block or hole that @at lies in. */
static inline u32 heap_index_around(const struct heap_index *index, u32 at)
{
	return heap_index_is_start(index, at) ? at : heap_index_prev(index, at);
}

/* Does the finger prove that no hole of @granules or more lies below @at? */
static inline bool heap_index_none_below(const struct heap_index *index, u32 at, u32 granules)
{
	return granules >= index->finger_size && at <= index->finger_at;
}

/* The first block starts in @chunk: set its bit, upwards until a word was not empty before. */
static inline void heap_index_first_in_chunk(struct heap_index *index, u32 chunk)
{
	unsigned int level;
	u64 *bits, before;

	for (level = 0; level < index->levels; level++, chunk /= 64) {
		bits = &index->summary[level][chunk / 64];
		before = *bits;
		*bits |= BIT_ULL(chunk % 64);
		heap_step();
		if (before)
			break;
	}
}

/* No block starts in @chunk any more: clear its bit, upwards until a word is not empty. */
static inline void heap_index_last_in_chunk(struct heap_index *index, u32 chunk)
{
	unsigned int level;
	u64 *bits;

	for (level = 0; level < index->levels; level++, chunk /= 64) {
		bits = &index->summary[level][chunk / 64];
		*bits &= ~BIT_ULL(chunk % 64);
		heap_step();
		if (*bits)
			break;
	}
}

/* The maximum of the children of a node. */
static __always_inline u32 heap_index_max_of(const u32 *nodes)
{
	u32 largest = nodes[0];
	unsigned int i;

#pragma GCC unroll 8
	for (i = 1; i < HEAP_FANOUT; i++)
		largest = max(largest, nodes[i]);
	return largest;
}

static inline u32 heap_index_size(const struct heap_index *index, u32 at)
{
	return heap_index_next(index, at) - at;
}

#endif
