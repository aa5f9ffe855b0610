/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * alloc - allocate a block
 */
#ifndef HEAPMOD_ALLOC_H
#define HEAPMOD_ALLOC_H

#include "heaps/heaps.h"

/* Allocate and account a block. */
void *heapmod_alloc_locked(struct heapmod *heap, size_t size, size_t align, unsigned long caller)
	__must_hold(&heap->lock);

/* Is @align allowed? If not, that is logged. */
bool heapmod_accepts_align(struct heapmod *heap, size_t align, unsigned long caller);

/* Report that an allocation failed. Return: NULL. */
void *heapmod_fail(struct heapmod *heap, size_t size, size_t align, gfp_t gfp,
		   unsigned long caller);

#endif
