/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * resize - the parts of a resize that make no hole
 *
 * heap_resize() in heap_core.c puts them together: there, what a block gives up becomes a hole.
 */
#ifndef HEAP_RESIZE_H
#define HEAP_RESIZE_H

#include "core/heap.h"

/*
 * Judge a block that is to be resized, and record why it is refused. An overrun is recorded where
 * the block ends: by the resize in place, or by the free of a block that is moved.
 *
 * Return: HEAP_OK; HEAP_OVERRUN, which does not prevent a resize; or why it is refused.
 */
enum heap_verdict heap_judge_resize(struct heap *heap, const void *ptr,
				    struct heap_block_info *block);

/* Can a live block have @size bytes where it is? */
bool heap_can_resize(const struct heap *heap, const struct heap_block_info *block, size_t size);

/* Extend a block to @want granules into the hole behind it, which is large enough. */
void heap_extend(struct heap *heap, const struct heap_block_info *block, u32 want);

/* Claim what a block of more than @want granules has behind them, as heap_claim() does. */
void heap_claim_end(struct heap *heap, const struct heap_block_info *block, u32 want,
		    struct heap_block_info *end);

/* Write header and slack of a block whose granules fit @size now, and account that. */
void heap_finish_resize(struct heap *heap, const struct heap_block_info *block, size_t size);

#endif
