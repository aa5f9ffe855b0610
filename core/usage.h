/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * usage - the peak of what is in use, the watermark, and the reset
 *
 * An allocation makes one comparison: heap->used with heap->threshold, the lower one of the peak
 * and an armed watermark. When it is exceeded, heap_update_peak() finds out which.
 */
#ifndef HEAP_USAGE_H
#define HEAP_USAGE_H

#include "core/heap.h"

/* heap->used exceeds heap->threshold. */
void heap_update_peak(struct heap *heap);

/* Raise HEAP_EVENT_WATERMARK when more than @granules are in use: now, or from the next time on. */
void heap_set_watermark(struct heap *heap, u32 granules);

/* Start a new peak at what is in use now. */
void heap_reset_peak(struct heap *heap);

/* Refuse all allocations while the heap is emptied, and accept them again. */
void heap_begin_reset(struct heap *heap);
void heap_end_reset(struct heap *heap);

#endif
