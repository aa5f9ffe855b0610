/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * playback - the events of a trace, served by heapmod's allocator in a region of any size
 */
#ifndef PLAYBACK_H
#define PLAYBACK_H

#include "heap_core.h"
#include "trace.h"

/* Bytes of a region. */
#define REGION_LEAST	32ULL
#define REGION_MOST	(64ULL << 30)

/**
 * struct playback - a heap, and the live blocks of a trace in it
 * @trace: the trace
 * @heap: the heap
 * @region: its region, of @granules for blocks
 * @index: its index
 * @granules: the size of the region
 * @payloads: payloads by id; NULL: not live, or the request failed
 * @end: the highest end of a block so far, in granules
 */
struct playback {
	const struct trace *trace;
	struct heap heap;
	void *region;
	void *index;
	u32 granules;
	void **payloads;
	u32 end;
};

void playback_open(struct playback *playback, const struct trace *trace, u32 granules);

/* Serve an event. Return false if it is a request that failed. */
bool playback_event(struct playback *playback, const struct event *event);

/* The first granule of a live block. */
u32 playback_place(const struct playback *playback, u32 id);

/* In bytes. This coalesces the quick list, which does not change where first fit places blocks. */
u64 playback_largest_hole(struct playback *playback);

/* Go back to the first event. */
void playback_reset(struct playback *playback);
void playback_close(struct playback *playback);

/* The size of a block with a payload of @size bytes, with header, slack and redzone. */
u32 block_granules(const struct trace *trace, u64 size);

/* A region that holds all blocks of the trace side by side is as good as an endless one. */
u32 endless_granules(const struct trace *trace);

/* The size of a region with @granules for blocks: there is an edge at both ends. */
static inline u64 region_bytes(u32 granules)
{
	return heap_bytes(granules) + 2 * HEAP_EDGE;
}

#endif
