/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run - replay a trace with the core in a region of a given size
 */
#ifndef RUN_H
#define RUN_H

#include "../trace/playback.h"

#define NO_EVENT	UINT32_MAX

/**
 * struct run - a replay and its results
 * @trace: the trace
 * @playback: the heap
 * @event: the current event
 * @peak_event: the event that reached the peak of the heap
 * @peak_blocks: maximum number of live blocks
 * @first_failure: the first event that failed, or NO_EVENT
 */
struct run {
	const struct trace *trace;
	struct playback playback;
	u32 event;
	u32 peak_event;
	u64 peak_blocks;
	u32 first_failure;
};

/* A callback after each event. */
struct watcher {
	void (*notify)(struct watcher *watcher, struct run *run);
};

/* @watcher may be NULL. */
struct run run_trace(const struct trace *trace, u32 granules, struct watcher *watcher);

/* The counters of the heap are valid after the replay; its region is not. */
static inline const struct heap *run_heap(const struct run *run)
{
	return &run->playback.heap;
}

#endif
