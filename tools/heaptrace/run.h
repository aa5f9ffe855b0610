/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run - replay a trace with the core in a region of a given size
 */
#ifndef RUN_H
#define RUN_H

#include "arena.h"
#include "trace.h"

#define NO_EVENT	UINT32_MAX

/**
 * struct run - a replay and its results
 * @trace: the trace
 * @arena: the heap
 * @payloads: payloads by id; NULL for a request that failed
 * @event: the current event
 * @peak_event: the event that reached the peak of the heap
 * @peak_blocks: maximum number of live blocks
 * @end: the highest end of a block so far, in granules
 * @first_failure: the first event that failed, or NO_EVENT
 */
struct run {
	const struct trace *trace;
	struct arena arena;
	void **payloads;
	u32 event;
	u32 peak_event;
	u64 peak_blocks;
	u32 end;
	u32 first_failure;
};

/* A callback after each event. */
struct watcher {
	void (*notify)(struct watcher *watcher, struct run *run);
};

/* The size of a block with a payload of @size bytes, with header, slack and redzone. */
u32 block_granules(const struct trace *trace, u64 size);

/* @watcher may be NULL. */
struct run run_trace(const struct trace *trace, u32 granules, struct watcher *watcher);

/* The counters of the heap are valid after the replay; its region is not. */
static inline const struct heap *run_heap(const struct run *run)
{
	return &run->arena.heap;
}

#endif
