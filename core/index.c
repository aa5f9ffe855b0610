// SPDX-License-Identifier: GPL-2.0-only
/*
 * index - the memory of the index, its summaries, and its invariants
 */
#include "core/index.h"

/*
 * Memory: the levels of the tree, each padded to whole nodes, then the chunks, then the summaries.
 * The size of the region alone determines it: 20.7 bytes for each chunk of 1024, and the padding.
 */
static u32 groups(u32 count, u32 of)
{
	return count / of + !!(count % of);
}

static u64 level_nodes(u32 count)
{
	return (u64)groups(count, HEAP_FANOUT) * HEAP_FANOUT;
}

u64 heap_index_bytes(u32 granules)
{
	u32 chunks = granules / HEAP_CHUNK + 1;
	u64 bytes = (u64)chunks * sizeof(struct heap_chunk);
	u32 count;

	bytes += level_nodes(chunks) * sizeof(u32);
	for (count = chunks; count > HEAP_FANOUT;) {
		count = groups(count, HEAP_FANOUT);
		bytes += level_nodes(count) * sizeof(u32);
	}
	for (count = chunks; count > 1;) {
		count = groups(count, 64);
		bytes += (u64)count * sizeof(u64);
	}
	return bytes;
}

/* The guard of a tree over all chunks. Read only. */
static u32 above[] = { HEAP_NONE };

/* Make the row below @height the first one, with the guard above it. */
static void set_height(struct heap_index *index, unsigned int height)
{
	index->height = height;
	index->reach = 1U << height * HEAP_FANOUT_SHIFT;
	if (height < index->rows)
		index->max[height][0] = HEAP_NONE;
}

/* Add rows until the first one covers @chunk. The guard becomes a node. */
void heap_index_grow(struct heap_index *index, u32 chunk)
{
	while (chunk >= index->reach) {
		index->max[index->height][0] = heap_index_max_of(index->max[index->height - 1]);
		heap_step();
		set_height(index, index->height + 1);
	}
}

/* A hole of more than @others granules is new. It may contain what was the giant. */
void heap_index_add_large(struct heap_index *index, u32 at, u32 granules)
{
	if (granules <= index->giant) {
		index->others = granules;
		return;
	}
	if (index->giant_at - at >= granules)
		index->others = max(index->others, index->giant);
	index->giant = granules;
	index->giant_at = at;
}

/* At first the region is one hole, with the sentinel behind it. */
void heap_index_init(struct heap_index *index, void *zeroed, u32 granules)
{
	u32 chunks = granules / HEAP_CHUNK + 1;
	u32 *max = zeroed;
	u64 *summary;
	u32 count;

	*index = (struct heap_index){ .granules = granules, .giant_at = HEAP_NONE };
	index->max[index->rows++] = max;
	max += level_nodes(chunks);
	for (count = chunks; count > HEAP_FANOUT; max += level_nodes(count)) {
		count = groups(count, HEAP_FANOUT);
		index->max[index->rows++] = max;
	}
	index->max[index->rows] = above;
	set_height(index, 1);
	index->chunks = (struct heap_chunk *)max;
	summary = (u64 *)(index->chunks + chunks);
	for (count = chunks; count > 1; summary += count) {
		count = groups(count, 64);
		index->summary[index->levels++] = summary;
	}
	index->chunks[granules / HEAP_CHUNK].start = BIT_ULL(granules % HEAP_CHUNK);
	index->chunks[0].start |= 1;
	index->chunks[0].free = 1;
	heap_index_first_in_chunk(index, granules / HEAP_CHUNK);
	heap_index_first_in_chunk(index, 0);
	index->holes = 1;
}

/*
 * The next chunk in which a block starts: up through the summaries to the first word with a later
 * bit, then down to that chunk. At most two steps a level.
 */
u32 heap_index_next_chunk(const struct heap_index *index, u32 chunk)
{
	u32 word = chunk;
	unsigned int level;
	u64 later;

	for (level = 0; level < index->levels; level++) {
		later = heap_bits_above(index->summary[level][word / 64], word % 64);
		word /= 64;
		heap_step();
		if (later) {
			word = word * 64 + heap_bit_lowest(later);
			while (level--) {
				word = word * 64 + heap_bit_lowest(index->summary[level][word]);
				heap_step();
			}
			return word;
		}
	}
	return index->granules / HEAP_CHUNK;
}

u32 heap_index_prev_chunk(const struct heap_index *index, u32 chunk)
{
	u32 word = chunk;
	unsigned int level;
	u64 earlier;

	for (level = 0; level < index->levels; level++) {
		earlier = heap_bits_below(index->summary[level][word / 64], word % 64);
		word /= 64;
		heap_step();
		if (earlier) {
			word = word * 64 + heap_bit_highest(earlier);
			while (level--) {
				word = word * 64 + heap_bit_highest(index->summary[level][word]);
				heap_step();
			}
			return word;
		}
	}
	return 0;
}

/* Granules of the largest hole, by the tree and the top. */
u32 heap_index_largest(const struct heap_index *index)
{
	u32 top = index->top == HEAP_NONE ? 0 : index->granules - index->top;

	return max(top, heap_index_max_of(index->max[index->height - 1]));
}

/* Does every summary bit above @chunk agree with the word below it? */
static bool verify_summaries(const struct heap_index *index, u32 chunk)
{
	bool full = index->chunks[chunk].start;
	u32 word = chunk;
	unsigned int level;

	for (level = 0; level < index->levels; level++) {
		const u64 *bits = &index->summary[level][word / 64];

		if ((*bits >> word % 64 & 1) != full)
			return false;
		full = *bits;
		word /= 64;
	}
	return true;
}

/* Does every node whose first chunk is @chunk agree with its children? The guard has none. */
static bool verify_nodes(const struct heap_index *index, u32 chunk)
{
	u32 node = chunk;
	unsigned int level;

	for (level = 1; level < index->height && node % HEAP_FANOUT == 0; level++) {
		if (index->max[level][node / HEAP_FANOUT] !=
		    heap_index_max_of(&index->max[level - 1][node]))
			return false;
		node /= HEAP_FANOUT;
	}
	return level < index->height || index->max[level][0] == HEAP_NONE;
}

/* If the giant is in @chunk, is it a hole of that size? Elsewhere there is none. */
static bool verify_giant(const struct heap_index *index, u32 chunk)
{
	u32 at = index->giant_at;

	if (at >= index->granules)
		return at == HEAP_NONE && !index->giant;
	return at / HEAP_CHUNK != chunk ||
	       (heap_index_is_hole(index, at) && heap_index_size(index, at) == index->giant);
}

bool heap_index_verify(const struct heap_index *index, u32 chunk)
{
	return verify_summaries(index, chunk) && verify_nodes(index, chunk) &&
	       verify_giant(index, chunk);
}
