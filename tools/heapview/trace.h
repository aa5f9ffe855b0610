/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace - a recorded trace and the heap that replays it
 */
#ifndef HEAPVIEW_TRACE_H
#define HEAPVIEW_TRACE_H

#include "replay.h"
#include "source.h"

/**
 * struct trace - a trace and its heap
 * @events: all events
 * @count: number of events
 * @position: number of events replayed so far
 * @peak: number of events up to the peak of used memory
 * @replay: the heap
 * @classes: the owner of each size class
 */
struct trace {
	struct event *events;
	u32 count;
	u32 position;
	u32 peak;
	struct replay replay;
	u32 classes[SIZE_CLASSES];
};

/* Read a trace. @region is in bytes; 0: as large as the trace needs. */
bool trace_open(struct source *source, const char *path, u64 region, struct problem *problem);

/* Replay the trace up to @position events. */
void trace_go(struct source *source, u32 position);
void trace_close(struct source *source);

#endif
