/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bulk - first fit for many blocks of one size
 *
 * After a block was split off the lowest hole that is large enough, the lowest one for the next
 * block of this size is the rest of that hole, while it is large enough: no hole below it is. So
 * one search serves as many blocks as the hole has room for.
 */
#ifndef HEAP_BULK_H
#define HEAP_BULK_H

#include "core/heap.h"

/*
 * Allocate up to @n blocks of @size bytes, which some block can have. The quick list must be empty.
 * Return: how many were allocated; fewer than @n if no hole is large enough for one more.
 */
u32 heap_carve(struct heap *heap, size_t size, u8 owner, void **ptrs, u32 n);

#endif
