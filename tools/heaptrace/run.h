/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run - a trace, served by the core in a region of some size
 */
#ifndef RUN_H
#define RUN_H

#include "arena.h"
#include "trace.h"

#define NO_EVENT	UINT32_MAX

/**
 * struct run - a replay, and what came of it
 * @trace: what is replayed
 * @arena: the heap
 * @payloads: by id; NULL for a request that failed
 * @event: the one that has happened last
 * @peak_event: the one at which the heap's peak was reached
 * @peak_blocks: most blocks live at a time
 * @end: the highest end of a block so far, in granules
 * @first_failure: an event, or NO_EVENT
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

/* What looks at a replay after each event. */
struct watcher {
	void (*look)(struct watcher *watcher, struct run *run);
};

u32 block_granules(const struct trace *trace, u64 size);
struct run run_trace(const struct trace *trace, u32 granules, struct watcher *watcher);

/* What of a replay outlives its heap: peak, used, failures; its memory is gone. */
static inline const struct heap *run_heap(const struct run *run)
{
	return &run->arena.heap;
}

#endif
