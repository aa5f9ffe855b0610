/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace - a recorded trace, replayed by a heap of our own
 */
#ifndef HEAPVIEW_TRACE_H
#define HEAPVIEW_TRACE_H

#include "replay.h"
#include "source.h"

/**
 * struct trace - the events, and the heap that serves them
 * @events: all of them
 * @count: how many
 * @position: so many of them have been replayed
 * @peak: so many, when most bytes were live
 * @replay: the heap
 * @classes: owners by class of sizes
 */
struct trace {
	struct event *events;
	u32 count;
	u32 position;
	u32 peak;
	struct replay replay;
	u32 classes[SIZE_CLASSES];
};

bool trace_open(struct source *source, const char *path, u64 region, struct problem *problem);
void trace_go(struct source *source, u32 position);
void trace_close(struct source *source);

#endif
