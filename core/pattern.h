/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pattern - fill memory that no caller owns, and find what was written there
 */
#ifndef HEAP_PATTERN_H
#define HEAP_PATTERN_H

#include "core/heap.h"

/* Fill @bytes, a multiple of 8, at @ptr, aligned to 8. */
void heap_fill(void *ptr, size_t bytes);

/* The first byte of what heap_fill() filled that has changed, or NULL. */
const void *heap_first_unfilled(const void *ptr, size_t bytes);

/* Are slack and redzone of a used block intact? */
bool heap_is_intact(const struct heap *heap, const struct heap_block_info *block);

/* Offset of the first byte of slack or redzone that has changed, or of the last one. */
u64 heap_first_overrun(const struct heap *heap, const struct heap_block_info *block);

#endif
