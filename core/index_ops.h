/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * index_ops - changes of the index: split a hole, coalesce, and the search
 *
 * Static inlines, because inlined they take fewer instructions (docs/performance.md).
 */
#ifndef HEAP_INDEX_OPS_H
#define HEAP_INDEX_OPS_H

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/minmax.h>

#include "core/index.h"

static __always_inline void add_start(struct heap_index *index, u32 at)
{
	u64 *start = &index->chunks[at / HEAP_CHUNK].start;
	u64 before = *start;

	heap_step();
	*start |= BIT_ULL(at % HEAP_CHUNK);
	if (!before)
		heap_index_first_in_chunk(index, at / HEAP_CHUNK);
}

static __always_inline void drop_start(struct heap_index *index, u32 at)
{
	u64 *start = &index->chunks[at / HEAP_CHUNK].start;

	heap_step();
	*start &= ~BIT_ULL(at % HEAP_CHUNK);
	if (!*start)
		heap_index_last_in_chunk(index, at / HEAP_CHUNK);
}

/* A split adds the hole that remains, with its start; coalescing drops both. */
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

/* Granules of the block at bit @bit of @chunk, mostly known from its starts, @start, alone. */
static __always_inline u32 size_in_chunk(const struct heap_index *index, u32 chunk, u64 start,
					 u32 bit)
{
	u64 later = start >> bit >> 1;

	heap_step();
	if (later)
		return 1 + heap_bit_lowest(later);
	return heap_index_next_behind(index, chunk) - (chunk * HEAP_CHUNK + bit);
}

/*
 * The largest of the holes in @free, which begin in @chunk, and of another of @largest granules.
 * The top does not count. No hole has more than @most granules: one that has ends the loop.
 */
static __always_inline u32 largest_in_chunk(const struct heap_index *index, u32 chunk, u64 free,
					    u32 largest, u32 most)
{
	u64 start = index->chunks[chunk].start;
	u32 granules;

	if (chunk == index->top / HEAP_CHUNK)
		free &= ~BIT_ULL(index->top % HEAP_CHUNK);
	for (; free && largest < most; free &= free - 1) {
		granules = size_in_chunk(index, chunk, start, heap_bit_lowest(free));
		largest = max(largest, granules);
	}
	return largest;
}

/*
 * The largest hole of a chunk, of @before granules, is gone; now it is @largest. Update the node of
 * the chunk, and the nodes above it as far as their maximum was that hole.
 */
static __always_inline void update_max(struct heap_index *index, u32 node, u32 before, u32 largest)
{
	unsigned int level;

	index->max[0][node] = largest;
	for (level = 1; largest != before; level++) {
		node /= HEAP_FANOUT;
		if (index->max[level][node] != before)
			break;
		largest = heap_index_max_of(&index->max[level - 1][node * HEAP_FANOUT]);
		index->max[level][node] = largest;
		heap_step();
	}
}

/* A hole of @granules in @chunk is gone; it may have been the largest. */
static __always_inline void lower_max(struct heap_index *index, u32 chunk, u32 granules)
{
	if (granules == index->max[0][chunk])
		update_max(index, chunk, granules,
			   largest_in_chunk(index, chunk, index->chunks[chunk].free, 0, granules));
}

/* A hole of @granules is new at @at. The guard above the first row ends the loop. */
static __always_inline void raise_max(struct heap_index *index, u32 at, u32 granules)
{
	u32 node = at / HEAP_CHUNK;
	unsigned int level;

	if (unlikely(granules > index->others))
		heap_index_add_large(index, at, granules);
	if (index->max[0][node] >= granules)
		return;
	if (unlikely(node >= index->reach))
		heap_index_grow(index, node);
	for (level = 0; index->max[level][node] < granules; level++) {
		index->max[level][node] = granules;
		node /= HEAP_FANOUT;
		heap_step();
	}
}

/* The giant, if it was at @at, is gone. */
static __always_inline void drop_giant(struct heap_index *index, u32 at)
{
	if (at != index->giant_at)
		return;
	index->giant_at = HEAP_NONE;
	index->giant = 0;
}

/* The giant is at @at now: it is the maximum of all nodes above it. */
static __always_inline void set_giant(struct heap_index *index, u32 at, u32 granules)
{
	u32 node = at / HEAP_CHUNK;
	unsigned int level;

	index->giant = granules;
	index->giant_at = at;
	if (unlikely(node >= index->reach))
		heap_index_grow(index, node);
	for (level = 0; level < index->height; level++) {
		index->max[level][node] = granules;
		node /= HEAP_FANOUT;
		heap_step();
	}
}

/**
 * heap_index_resplit - move the end of a block that was split off a hole
 * @index: the index
 * @at: the block
 * @have: granules of the hole that it was split off
 * @from: its granules now
 * @to: its granules from now on
 */
static inline void heap_index_resplit(struct heap_index *index, u32 at, u32 have, u32 from,
				      u32 to)
{
	u32 old = have - from, new = have - to;

	heap_step();
	index->changes++;
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
	drop_giant(index, at + from);
	if (new)
		raise_max(index, at + to, new);
	if (old)
		lower_max(index, (at + from) / HEAP_CHUNK, old);
}

/**
 * heap_index_coalesce - a used block and the holes next to it become one hole
 * @index: the index
 * @first: start of the new hole: the hole on the left, or @at if there is none
 * @at: the block
 * @right: end of the block
 * @end: end of the new hole: that of the hole on the right, or @right if there is none
 */
static __always_inline void heap_index_coalesce(struct heap_index *index, u32 first, u32 at,
						u32 right, u32 end)
{
	u32 chunk = first / HEAP_CHUNK;

	heap_step();
	index->changes++;
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
		if (first != at) {
			drop_giant(index, first);
			lower_max(index, chunk, at - first);
		}
		return;
	}
	raise_max(index, first, end - first);
	if (right != end && right / HEAP_CHUNK != chunk)
		lower_max(index, right / HEAP_CHUNK, end - right);
}

/* The first of @count nodes, at most eight, of @granules or more; @count if there is none. */
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

/* Count a search by the power of two of its steps. A search has fewer than 64 steps. */
static inline void count_search(struct heap_index *index, unsigned int steps)
{
	index->searches[heap_bit_highest(steps)]++;
}

/**
 * struct heap_hole - a hole that a search found
 * @at: the hole, or HEAP_NONE
 * @granules: its size
 * @before: size of the largest hole before it in the chunk
 * @behind: the holes behind it in the chunk, by their bits
 */
struct heap_hole {
	u32 at;
	u32 granules;
	u32 before;
	u64 behind;
};

/* The lowest hole of @granules that begins in @chunk. The tree says that there is one. */
static __always_inline struct heap_hole find_in_chunk(struct heap_index *index, u32 chunk,
						      u32 granules)
{
	struct heap_hole hole = { .at = HEAP_NONE };
	u64 start = index->chunks[chunk].start, free = index->chunks[chunk].free;
	unsigned int steps = index->height;

	for (; likely(free); free &= free - 1) {
		steps++;
		hole.granules = size_in_chunk(index, chunk, start, heap_bit_lowest(free));
		if (hole.granules >= granules)
			break;
		hole.before = max(hole.before, hole.granules);
	}
	count_search(index, steps);
	if (likely(free)) {
		hole.at = chunk * HEAP_CHUNK + heap_bit_lowest(free);
		hole.behind = free & (free - 1);
	}
	return hole;
}

/* The top, if it is large enough. */
static inline struct heap_hole find_top(const struct heap_index *index, u32 granules)
{
	struct heap_hole top = { .at = index->top, .granules = index->granules - index->top };

	if (top.at == HEAP_NONE || top.granules < granules)
		top.at = HEAP_NONE;
	return top;
}

/* The giant, or else the top: no other hole is large enough. */
static __always_inline struct heap_hole find_large(const struct heap_index *index, u32 granules)
{
	struct heap_hole giant = { .at = index->giant_at, .granules = index->giant };

	if (giant.granules < granules)
		return find_top(index, granules);
	giant.behind = index->chunks[giant.at / HEAP_CHUNK].free & ~BIT_ULL(giant.at % HEAP_CHUNK);
	return giant;
}

/* First fit: down the tree; if no node is large enough, the top. */
static __always_inline struct heap_hole search_tree(struct heap_index *index, u32 granules)
{
	unsigned int level = index->height - 1;
	u32 node = first_node(index->max[level], HEAP_FANOUT, granules);

	if (node == HEAP_FANOUT) {
		count_search(index, 1);
		return find_top(index, granules);
	}
	while (level--) {
		node *= HEAP_FANOUT;
		/* A node is the maximum of its children: if none of seven, then the last. */
		node += first_node(&index->max[level][node], HEAP_FANOUT - 1, granules);
		heap_step();
	}
	return find_in_chunk(index, node, granules);
}

static __always_inline struct heap_hole search(struct heap_index *index, u32 granules)
{
	if (granules <= index->others)
		return search_tree(index, granules);
	count_search(index, 1);
	return find_large(index, granules);
}

#ifdef HEAP_SELF_CHECK
/* First fit by a walk over all blocks, which search() must agree with. Not bounded. */
static inline u32 self_check(const struct heap_index *index, u32 granules, u32 found)
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
static inline u32 self_check(const struct heap_index *index, u32 granules, u32 found)
{
	return found;
}
#endif

/* The top gives a used block; the rest, if there is one, is the new top. */
static __always_inline void split_top(struct heap_index *index, u32 at, u32 want)
{
	u32 rest = at + want;

	index->chunks[at / HEAP_CHUNK].free &= ~BIT_ULL(at % HEAP_CHUNK);
	index->holes--;
	index->top = HEAP_NONE;
	if (rest == index->granules)
		return;
	add_hole(index, rest);
	index->top = rest;
}

/* A hole is gone; the largest of those before it has @largest granules. Read those behind it. */
static __always_inline void drop_from_tree(struct heap_index *index, const struct heap_hole *hole,
					   u32 largest)
{
	u32 chunk = hole->at / HEAP_CHUNK;

	if (hole->granules == index->max[0][chunk])
		update_max(index, chunk, hole->granules,
			   largest_in_chunk(index, chunk, hole->behind, largest, hole->granules));
}

/*
 * What split_hole() does if the hole may be the largest: @rest granules remain at @at. They are the
 * giant, unless another hole is larger now.
 */
static __always_inline void split_largest(struct heap_index *index, const struct heap_hole *hole,
					  u32 at, u32 rest)
{
	if (hole->at == index->giant_at && rest && rest >= index->others) {
		set_giant(index, at, rest);
		drop_from_tree(index, hole, hole->before);
		return;
	}
	drop_from_tree(index, hole, hole->before);
	drop_giant(index, hole->at);
	if (!index->giant)
		index->others = heap_index_max_of(index->max[index->height - 1]);
	if (rest)
		raise_max(index, at, rest);
}

/*
 * The first @want granules of a hole become a used block; the rest stays a hole. The search has
 * read the holes before it, so only those behind it are read, and only if it was the largest.
 */
static __always_inline void split_hole(struct heap_index *index, const struct heap_hole *hole,
				       u32 want)
{
	u32 chunk = hole->at / HEAP_CHUNK, largest = hole->before;
	u32 at = hole->at + want, rest = hole->granules - want;

	heap_step();
	index->changes++;
	if (hole->at == index->top) {
		split_top(index, hole->at, want);
		return;
	}
	index->chunks[chunk].free &= ~BIT_ULL(hole->at % HEAP_CHUNK);
	index->holes--;
	if (rest)
		add_hole(index, at);
	if (hole->granules >= index->others) {
		split_largest(index, hole, at, rest);
		return;
	}
	if (rest) {
		/* Raise first: a node may be lowered only when it is no lower than its holes. */
		if (at / HEAP_CHUNK != chunk)
			raise_max(index, at, rest);
		else
			largest = max(largest, rest);
	}
	drop_from_tree(index, hole, largest);
}

/**
 * heap_index_split - first fit: split a used block off the lowest hole that is large enough
 * @index: the index
 * @want: granules of the block
 * @have: set to the granules of the hole; what exceeds @want stays a hole, behind the block
 *
 * Return: where the block begins, or HEAP_NONE if no hole is large enough.
 */
static __always_inline u32 heap_index_split(struct heap_index *index, u32 want, u32 *have)
{
	struct heap_hole hole = search(index, want);

	hole.at = self_check(index, want, hole.at);
	if (hole.at != HEAP_NONE) {
		*have = hole.granules;
		index->finger_size = want;
		index->finger_at = hole.at + want;
		split_hole(index, &hole, want);
	}
	return hole.at;
}

/* The first @want granules of any hole become a used block. */
static inline void split_known(struct heap_index *index, u32 at, u32 have, u32 want)
{
	struct heap_hole hole = {
		.at = at,
		.granules = have,
		.behind = index->chunks[at / HEAP_CHUNK].free & ~BIT_ULL(at % HEAP_CHUNK),
	};

	split_hole(index, &hole, want);
}

/**
 * heap_index_carve - split a used block out of a hole
 * @index: the index
 * @at: the hole
 * @have: its granules
 * @front: granules that stay a hole in front of the block
 * @want: granules of the block; what is behind them stays a hole, too
 */
static inline void heap_index_carve(struct heap_index *index, u32 at, u32 have, u32 front, u32 want)
{
	u32 chunk = at / HEAP_CHUNK;
	u32 rest = at + front + want;
	u32 behind = have - front - want;

	if (!front) {
		split_known(index, at, have, want);
		return;
	}
	heap_step();
	index->changes++;
	add_start(index, at + front);
	if (behind)
		add_hole(index, rest);
	if (at == index->top) {
		index->top = behind ? rest : HEAP_NONE;
		raise_max(index, at, front);
		return;
	}
	drop_giant(index, at);
	raise_max(index, at, front);
	if (behind)
		raise_max(index, rest, behind);
	lower_max(index, chunk, have);
}

/* Split a used block in two; the second begins at @at. */
static inline void heap_index_split_used(struct heap_index *index, u32 at)
{
	index->changes++;
	add_start(index, at);
}

/* Merge two used blocks; the second begins at @at. */
static inline void heap_index_merge_used(struct heap_index *index, u32 at)
{
	index->changes++;
	drop_start(index, at);
}

/* Extend the used block in front of the hole at @at, of @have granules, by @extra of them. */
static inline void heap_index_extend(struct heap_index *index, u32 at, u32 have, u32 extra)
{
	split_known(index, at, have, extra);
	drop_start(index, at);
}

#endif
