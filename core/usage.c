// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage - the peak of what is in use, the watermark, and the reset
 */
#include "core/block.h"
#include "core/usage.h"

void heap_update_peak(struct heap *heap)
{
	bool armed;

	if (heap->peak < heap->used)
		heap->peak = heap->used;
	if (heap->watermark < heap->used)
		heap->events |= HEAP_EVENT_WATERMARK;
	/* A watermark is armed until it has raised its event. */
	armed = !(heap->events & HEAP_EVENT_WATERMARK);
	heap->threshold = heap->peak;
	if (armed && heap->watermark < heap->peak)
		heap->threshold = heap->watermark;
}

void heap_set_watermark(struct heap *heap, u32 granules)
{
	heap->events &= ~HEAP_EVENT_WATERMARK;
	heap->watermark = granules;
	heap_update_peak(heap);
}

void heap_reset_peak(struct heap *heap)
{
	heap->peak = heap->used;
	heap_update_peak(heap);
}

void heap_begin_reset(struct heap *heap)
{
	WRITE_ONCE(heap->largest, 0);
}

/* When no block is live, what lost headers made uncertain is certain again. */
void heap_end_reset(struct heap *heap)
{
	if (!heap_live_blocks(heap)) {
		heap->asked = 0;
		heap->limbo = 0;
		heap->limbo_asked = 0;
		heap->limbo_blocks = 0;
		heap->lost = 0;
	}
	if (!heap_is_frozen(heap))
		WRITE_ONCE(heap->largest, largest_payload(heap));
}
