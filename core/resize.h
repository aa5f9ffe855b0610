/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * resize - the parts of aligned and resized blocks that need no allocation
 *
 * heap_alloc_aligned() and heap_resize() in heap_core.c put them together: there, what a block
 * gives up becomes a hole.
 */
#ifndef HEAP_RESIZE_H
#define HEAP_RESIZE_H

#include "core/heap.h"

/* Granules from @ptr to the first address that is aligned to @align bytes, a power of two. */
u32 heap_granules_to_aligned(const void *ptr, size_t align);

/*
 * Judge a block that is to be resized, and record what is wrong.
 *
 * Return: HEAP_OK; HEAP_OVERRUN, which does not prevent a resize; or why it is refused.
 */
enum heap_verdict heap_judge_resize(struct heap *heap, const void *ptr,
				    struct heap_block_info *block);

/* Extend a block to @want granules into the hole behind it. Return: false if that is too small. */
bool heap_extend(struct heap *heap, const struct heap_block_info *block, u32 want);

/* Write header and slack of a block whose granules fit @size now, and account that. */
void heap_finish_resize(struct heap *heap, const struct heap_block_info *block, size_t size);

#endif
