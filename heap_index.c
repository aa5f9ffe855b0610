// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_index - the maps of starts and holes, and the max tree over them
 *
 * What an allocation and a free do here is inlined in them: 6% fewer instructions.
 */
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/minmax.h>

#include "heap_index.h"

/*
 * Memory: the tree, level by level, each filled up to whole nodes; the chunks; the summaries. It
 * is a function of the region's size alone: 20.7 bytes for the 1024 of a chunk, and the filling.
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

/* A first block starts in @chunk: the summaries learn of it, as far up as it is news. */
static void first_in_chunk(struct heap_index *index, u32 chunk)
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

/* No block starts in @chunk any more. */
static void last_in_chunk(struct heap_index *index, u32 chunk)
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

static __always_inline void add_start(struct heap_index *index, u32 at)
{
	u64 *start = &index->chunks[at / HEAP_CHUNK].start;
	u64 before = *start;

	heap_step();
	*start |= BIT_ULL(at % HEAP_CHUNK);
	if (!before)
		first_in_chunk(index, at / HEAP_CHUNK);
}

static __always_inline void drop_start(struct heap_index *index, u32 at)
{
	u64 *start = &index->chunks[at / HEAP_CHUNK].start;

	heap_step();
	*start &= ~BIT_ULL(at % HEAP_CHUNK);
	if (!*start)
		last_in_chunk(index, at / HEAP_CHUNK);
}

/* Above the tree: larger than any hole, so that nobody climbs further. */
static u32 above[] = { HEAP_NONE };

/* The region begins as one hole with the sentinel behind it. */
void heap_index_init(struct heap_index *index, void *zeroed, u32 granules)
{
	u32 chunks = granules / HEAP_CHUNK + 1;
	u32 *max = zeroed;
	u64 *summary;
	u32 count;

	*index = (struct heap_index){ .granules = granules };
	index->max[index->height++] = max;
	max += level_nodes(chunks);
	for (count = chunks; count > HEAP_FANOUT; max += level_nodes(count)) {
		count = groups(count, HEAP_FANOUT);
		index->max[index->height++] = max;
	}
	index->max[index->height] = above;
	index->chunks = (struct heap_chunk *)max;
	summary = (u64 *)(index->chunks + chunks);
	for (count = chunks; count > 1; summary += count) {
		count = groups(count, 64);
		index->summary[index->levels++] = summary;
	}
	add_start(index, granules);
	add_start(index, 0);
	index->chunks[0].free = 1;
	index->holes = 1;
}

/*
 * The next chunk in which a block starts: up through the summaries to the first that knows of
 * one further on, then down to it. At most two steps a level.
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

/* A hole and its start come and go together, where a block is cut off a hole. */
static __always_inline void add_hole(struct heap_index *index, u32 at)
{
	add_start(index, at);
	index->chunks[at / HEAP_CHUNK].free |= BIT_ULL(at % HEAP_CHUNK);
	index->holes++;
}

static __always_inline void drop_hole(struct heap_index *index, u32 at)
{
	drop_start(index, at);
	index->chunks[at / HEAP_CHUNK].free &= ~BIT_ULL(at % HEAP_CHUNK);
	index->holes--;
}

/* The largest hole that begins in @chunk, the top aside. */
static __always_inline u32 largest_in_chunk(const struct heap_index *index, u32 chunk)
{
	u64 free = index->chunks[chunk].free;
	u32 largest = 0;
	u32 at;

	for (; free; free &= free - 1) {
		at = chunk * HEAP_CHUNK + heap_bit_lowest(free);
		if (at != index->top)
			largest = max(largest, heap_index_size(index, at));
	}
	return largest;
}

static __always_inline u32 largest_node(const u32 *nodes)
{
	u32 largest = nodes[0];
	unsigned int i;

#pragma GCC unroll 8
	for (i = 1; i < HEAP_FANOUT; i++)
		largest = max(largest, nodes[i]);
	return largest;
}

/* The largest hole, as tree and top say. */
u32 heap_index_largest(const struct heap_index *index)
{
	u32 top = index->top == HEAP_NONE ? 0 : index->granules - index->top;

	return max(top, largest_node(index->max[index->height - 1]));
}

/* Brings the max of a chunk, @before, down to the truth, and the nodes over it while it shows. */
static __always_inline void settle(struct heap_index *index, u32 node, u32 before)
{
	u32 largest = largest_in_chunk(index, node);
	unsigned int level;

	index->max[0][node] = largest;
	for (level = 1; largest != before; level++) {
		node /= HEAP_FANOUT;
		if (index->max[level][node] != before)
			break;
		largest = largest_node(&index->max[level - 1][node * HEAP_FANOUT]);
		index->max[level][node] = largest;
		heap_step();
	}
}

/* A hole of @granules in @chunk is gone, maybe the largest. */
static __always_inline void lower(struct heap_index *index, u32 chunk, u32 granules)
{
	if (granules == index->max[0][chunk])
		settle(index, chunk, granules);
}

/* There is a hole of @granules in @chunk: its node, and those over it, are no less. */
static __always_inline void raise(struct heap_index *index, u32 chunk, u32 granules)
{
	u32 node = chunk;
	unsigned int level;

	for (level = 0; index->max[level][node] < granules; level++) {
		index->max[level][node] = granules;
		node /= HEAP_FANOUT;
		heap_step();
	}
}

/**
 * heap_index_recut - a block that was cut off a hole becomes larger or smaller
 * @index: the index
 * @at: the block
 * @have: granules of the hole that it was cut off
 * @from: its granules now
 * @to: its granules then
 */
static void heap_index_recut(struct heap_index *index, u32 at, u32 have, u32 from, u32 to)
{
	u32 old = have - from, new = have - to;

	heap_step();
	if (new)
		add_hole(index, at + to);
	if (old)
		drop_hole(index, at + from);
	if (at + to < index->finger_at && new >= index->finger_size)
		index->finger_at = at + to;
	if (at + have == index->granules) {
		index->top = new ? at + to : HEAP_NONE;
		return;
	}
	if (new)
		raise(index, (at + to) / HEAP_CHUNK, new);
	if (old)
		lower(index, (at + from) / HEAP_CHUNK, old);
}

/**
 * heap_index_give - a used block becomes a hole, with the holes beside it
 * @index: the index
 * @first: where the new hole begins: the hole on the left, or @at
 * @at: the block
 * @right: where the block ends
 * @end: where the new hole ends: behind the hole on the right, or @right
 */
static __always_inline void heap_index_give(struct heap_index *index, u32 first, u32 at, u32 right,
					    u32 end)
{
	u32 chunk = first / HEAP_CHUNK;

	heap_step();
	if (right != end)
		drop_hole(index, right);
	if (first != at) {
		drop_start(index, at);
	} else {
		index->chunks[chunk].free |= BIT_ULL(at % HEAP_CHUNK);
		index->holes++;
	}
	if (first < index->finger_at && end - first >= index->finger_size)
		index->finger_at = first;
	if (end == index->granules) {
		index->top = first;
		if (first != at)
			lower(index, chunk, at - first);
		return;
	}
	raise(index, chunk, end - first);
	if (right != end && right / HEAP_CHUNK != chunk)
		lower(index, right / HEAP_CHUNK, end - right);
}

/* The first of @count nodes, eight at most, that is large enough; @count if none is. */
static __always_inline u32 first_node(const u32 *nodes, u32 count, u32 granules)
{
	u32 i;

#pragma GCC unroll 8
	for (i = 0; i < count; i++) {
		if (nodes[i] >= granules)
			break;
	}
	return i;
}

/* A search is counted: by the power of two of its steps, of which there are less than 64. */
static void count_search(struct heap_index *index, unsigned int steps)
{
	index->searches[heap_bit_highest(steps)]++;
}

/*
 * The lowest hole of @granules that begins in @chunk, of which the tree says that there is one. It
 * took @steps to come here.
 */
static __always_inline u32 find_in_chunk(struct heap_index *index, u32 chunk, u32 granules,
					 u32 *have, unsigned int steps)
{
	u64 free = index->chunks[chunk].free;
	u32 at = HEAP_NONE;

	for (; free; free &= free - 1) {
		at = chunk * HEAP_CHUNK + heap_bit_lowest(free);
		steps++;
		*have = heap_index_size(index, at);
		if (*have >= granules)
			break;
	}
	count_search(index, steps);
	return free ? at : HEAP_NONE;
}

/* The top, if it is large enough. */
static u32 find_top(const struct heap_index *index, u32 granules, u32 *have)
{
	if (index->top == HEAP_NONE)
		return HEAP_NONE;
	*have = index->granules - index->top;
	return *have >= granules ? index->top : HEAP_NONE;
}

/* The way down the tree, or else the top. */
static __always_inline u32 search(struct heap_index *index, u32 granules, u32 *have)
{
	unsigned int level = index->height - 1;
	u32 node = first_node(index->max[level], HEAP_FANOUT, granules);

	if (node == HEAP_FANOUT) {
		count_search(index, 1);
		return find_top(index, granules, have);
	}
	while (level--) {
		node *= HEAP_FANOUT;
		/* One of its children is: if none of seven, then the last. */
		node += first_node(&index->max[level][node], HEAP_FANOUT - 1, granules);
		heap_step();
	}
	return find_in_chunk(index, node, granules, have, index->height);
}

#ifdef HEAP_SELF_CHECK
/* First fit by a walk over all blocks, in place of any bound: what search() must agree with. */
static u32 self_check(const struct heap_index *index, u32 granules, u32 found)
{
	u32 at, end;

	for (at = 0; at < index->granules; at = end) {
		end = heap_index_next(index, at);
		if (heap_index_is_hole(index, at) && end - at >= granules)
			break;
	}
	if (at >= index->granules)
		at = HEAP_NONE;
	WARN(at != found, "heapmod: first fit of %u granules is %u, not %u\n", granules, at, found);
	return at;
}
#else
static u32 self_check(const struct heap_index *index, u32 granules, u32 found)
{
	return found;
}
#endif

/* The first @want granules of the hole at @at become a used block; the rest stays a hole. */
static __always_inline void cut(struct heap_index *index, u32 at, u32 have, u32 want)
{
	u32 chunk = at / HEAP_CHUNK;
	u32 rest = at + want;

	heap_step();
	index->chunks[chunk].free &= ~BIT_ULL(at % HEAP_CHUNK);
	if (have != want)
		add_hole(index, rest);
	index->holes--;
	if (at == index->top) {
		index->top = have != want ? rest : HEAP_NONE;
		return;
	}
	/* First what grows: a chunk is never settled while its node is too small. */
	if (have != want && rest / HEAP_CHUNK != chunk)
		raise(index, rest / HEAP_CHUNK, have - want);
	lower(index, chunk, have);
}

/**
 * heap_index_take - first fit: the first granules of the lowest hole become a used block
 * @index: the index
 * @want: granules of the block
 * @have: set to those of the hole; what is more than @want stays a hole, behind the block
 *
 * Return: where the block begins, or HEAP_NONE if no hole is large enough.
 */
static __always_inline u32 heap_index_take(struct heap_index *index, u32 want, u32 *have)
{
	u32 at = self_check(index, want, search(index, want, have));

	if (at != HEAP_NONE) {
		index->finger_size = want;
		index->finger_at = at + want;
		cut(index, at, *have, want);
	}
	return at;
}

/* A used block becomes two: the second begins at @at. */
void heap_index_split(struct heap_index *index, u32 at)
{
	add_start(index, at);
}

/* The first @extra granules of the hole at @at, of @have, join the used block in front of it. */
void heap_index_extend(struct heap_index *index, u32 at, u32 have, u32 extra)
{
	cut(index, at, have, extra);
	drop_start(index, at);
}

/* For the check: does every summary over @chunk tell the truth? */
static bool summaries_agree(const struct heap_index *index, u32 chunk)
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

/* ... and every node whose first chunk this is? */
static bool nodes_agree(const struct heap_index *index, u32 chunk)
{
	u32 node = chunk;
	unsigned int level;

	for (level = 1; level < index->height && node % HEAP_FANOUT == 0; level++) {
		if (index->max[level][node / HEAP_FANOUT] !=
		    largest_node(&index->max[level - 1][node]))
			return false;
		node /= HEAP_FANOUT;
	}
	return true;
}

bool heap_index_agrees(const struct heap_index *index, u32 chunk)
{
	return summaries_agree(index, chunk) && nodes_agree(index, chunk);
}
