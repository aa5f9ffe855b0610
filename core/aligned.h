/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * aligned - first fit for an aligned block
 *
 * A block that is aligned need not begin where its hole begins:
 *
 *	| hole ................................... |
 *	| hole: front | block, aligned | hole .... |
 *
 * The search visits the holes that are large enough for the block alone, from the lowest on. It
 * tries the first aligned address in such a hole or behind it. If that is in no hole, or in one
 * that ends too early, the search goes on behind that address: all holes below it are ruled out,
 * too. So no address is tried twice, and a small region is searched completely. To bound the
 * search, it tries no more than HEAP_ALIGN_TRIES addresses. Then it takes the lowest hole that has
 * an aligned place wherever it begins.
 */
#ifndef HEAP_ALIGNED_H
#define HEAP_ALIGNED_H

#include "core/heap.h"

#define HEAP_ALIGN_TRIES	32	/* most aligned addresses that are tried */

/**
 * struct heap_place - an aligned place in a hole
 * @hole: first granule of the hole
 * @have: granules of the hole
 * @front: granules from @hole to the aligned place
 */
struct heap_place {
	u32 hole;
	u32 have;
	u32 front;
};

/* Granules from @ptr to the first address that is aligned to @align bytes, a power of two. */
size_t heap_granules_to_aligned(const void *ptr, size_t align);

/*
 * Find a place for @want granules whose payload is aligned to @align bytes, more than a granule.
 * The quick list must be empty. Return: false if there is none.
 */
bool heap_find_aligned(struct heap *heap, u32 want, size_t align, struct heap_place *place);

/* Granules of a hole that has an aligned place for @want granules wherever it begins. */
static inline u32 heap_aligned_want(u32 want, size_t align)
{
	size_t spare = align / HEAP_GRANULE - 1;

	return spare < HEAP_NONE - want ? want + (u32)spare : HEAP_NONE;
}

/*
 * Most steps of heap_find_aligned(). For each address, it looks for a start before and behind it,
 * reads the holes of two chunks, and goes up and down the tree once; a search from the root takes
 * no more.
 */
static inline unsigned int heap_find_aligned_bound(const struct heap_index *index)
{
	unsigned int neighbour = 2 + 2 * index->levels;
	unsigned int chunk = HEAP_CHUNK / 2 + neighbour;

	return (HEAP_ALIGN_TRIES + 2) * (2 * neighbour + 2 * chunk + 2 * index->rows);
}

#endif
