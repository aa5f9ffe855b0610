/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * limbo - blocks that are freed, and wait until no reader uses them any more
 *
 * Such a block is used in the map, and has a mark in its header. It counts as live in all totals of
 * struct heap until it leaves: heap->limbo, limbo_asked and limbo_blocks have its part of them.
 * There may be any number of them, so no table outside the region could have them all.
 */
#ifndef HEAP_LIMBO_H
#define HEAP_LIMBO_H

#include "core/heap.h"

/**
 * heap_enter_limbo - mark a block as freed
 * @heap: the heap
 * @ptr: the block
 * @head: @bytes that the caller will use in the block; NULL if these are of another heap
 * @bytes: size of @head
 *
 * Return: HEAP_OK, or what is wrong with @ptr or @head, which is recorded as by a free. A block
 * whose header was overwritten cannot be marked, and is refused.
 */
enum heap_verdict heap_enter_limbo(struct heap *heap, const void *ptr, const void *head,
				   size_t bytes);

/**
 * heap_leave_limbo - remove the mark of a block
 * @heap: the heap
 * @mem: any address in the block
 * @at: set to the place of the block
 *
 * Return: whether to free the block now. That holds also when its header is unreadable, which the
 * free will report.
 */
bool heap_leave_limbo(struct heap *heap, const void *mem, u32 *at);

#endif
