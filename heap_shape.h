/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heap_shape - blocks of another shape: aligned, grown, shrunk
 */
#ifndef HEAP_SHAPE_H
#define HEAP_SHAPE_H

#include "heap_core.h"

/* The steps of the functions below: those of an allocation, and of merging at both ends. */
static inline unsigned int heap_shape_bound(const struct heap *heap)
{
	return heap_bound(heap) + 2 * heap_index_bound(&heap->index);
}

void *heap_alloc_aligned(struct heap *heap, size_t size, size_t align, u8 owner);
enum heap_verdict heap_resize(struct heap *heap, const void *ptr, size_t size,
			      struct heap_view *block, bool *done);

#endif
