// SPDX-License-Identifier: GPL-2.0-only
/*
 * aligned - first fit for an aligned block
 */
#include "core/aligned.h"
#include "core/index_ops.h"

size_t heap_granules_to_aligned(const void *ptr, size_t align)
{
	return (-(uintptr_t)ptr & (align - 1)) / HEAP_GRANULE;
}

/* The lowest hole of @want granules in @chunk of those whose bit is set in @free. */
static u32 hole_in_chunk(const struct heap_index *index, u32 chunk, u64 free, u32 want)
{
	u32 at;

	for (; free; free &= free - 1) {
		at = chunk * HEAP_CHUNK + heap_bit_lowest(free);
		if (heap_index_size(index, at) >= want)
			return at;
	}
	return HEAP_NONE;
}

/*
 * The first chunk behind @chunk with a hole of @want granules: up the tree to the first node behind
 * it that is large enough, then down. The first row is one group of nodes: there the loop ends.
 */
static u32 next_large_chunk(const struct heap_index *index, u32 chunk, u32 want)
{
	unsigned int level;
	u32 node = chunk + 1;

	for (level = 0; level < index->height; level++) {
		heap_step();
		for (; node % HEAP_FANOUT; node++) {
			if (index->max[level][node] >= want)
				goto down;
		}
		node /= HEAP_FANOUT;
	}
	return HEAP_NONE;
down:
	while (level--) {
		heap_step();
		node *= HEAP_FANOUT;
		node += first_node(&index->max[level][node], HEAP_FANOUT - 1, want);
	}
	return node;
}

/* The lowest hole of @want granules that begins behind @at. */
static u32 next_hole(const struct heap_index *index, u32 at, u32 want)
{
	u32 chunk = at / HEAP_CHUNK;
	u64 later = heap_bits_above(index->chunks[chunk].free, at % HEAP_CHUNK);
	u32 next = hole_in_chunk(index, chunk, later, want);

	if (next != HEAP_NONE)
		return next;
	chunk = next_large_chunk(index, chunk, want);
	if (chunk != HEAP_NONE)
		return hole_in_chunk(index, chunk, index->chunks[chunk].free, want);
	return index->top > at ? find_top(index, want).at : HEAP_NONE;
}

static noinline u32 first_hole(struct heap_index *index, u32 want)
{
	return self_check(index, want, search(index, want).at);
}

/* The hole that @at lies in, or HEAP_NONE. */
static u32 hole_around(const struct heap_index *index, u32 at)
{
	u32 start = heap_index_around(index, at);

	return heap_index_is_hole(index, start) ? start : HEAP_NONE;
}

/* Are there @want granules of a hole from @at on? */
static bool is_place(const struct heap_index *index, u32 at, u32 want, struct heap_place *place)
{
	place->hole = hole_around(index, at);
	if (place->hole == HEAP_NONE)
		return false;
	place->have = heap_index_size(index, place->hole);
	place->front = at - place->hole;
	return want <= place->have - place->front;	/* their sum may wrap */
}

/* The first aligned granule in the hole at @hole, or behind it; HEAP_NONE behind the region. */
static u32 aligned_from(const struct heap *heap, u32 hole, size_t align)
{
	size_t front = heap_granules_to_aligned(heap_payload(heap, hole), align);

	return front < heap->granules - hole ? hole + front : HEAP_NONE;
}

bool heap_find_aligned(struct heap *heap, u32 want, size_t align, struct heap_place *place)
{
	struct heap_index *index = &heap->index;
	u32 at, tried, hole = first_hole(index, want);

	for (tried = 0; tried < HEAP_ALIGN_TRIES; tried++) {
		at = hole == HEAP_NONE ? hole : aligned_from(heap, hole, align);
		if (at == HEAP_NONE)
			return false;
		if (is_place(index, at, want, place))
			return true;
		hole = next_hole(index, at, want);
	}
	hole = first_hole(index, heap_aligned_want(want, align));
	return hole != HEAP_NONE && is_place(index, aligned_from(heap, hole, align), want, place);
}
