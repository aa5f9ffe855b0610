/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * convert - write a trace from the events of tracepoints
 */
#ifndef CONVERT_H
#define CONVERT_H

#include <stdio.h>

#include "records.h"
#include "places.h"

/**
 * struct convert - a trace that is being written
 * @out: a temporary file
 * @target: the output; -1: stdout
 * @name: its name; NULL: stdout
 * @places: the places of live blocks
 * @pending: the places of blocks that were pending when the recording started
 * @allocs: allocations written; also the last id
 * @frees: frees written
 * @resizes: resizes written
 * @fails: requests that failed
 * @skipped: frees of blocks whose allocation was not seen
 * @late: blocks whose resize was seen, but not their allocation
 * @implied: blocks whose free was not seen, but whose place was reused
 * @lost: events that were overwritten before they were read
 * @live: blocks that were live when the recording started
 * @began: the first time that was seen
 * @time: the last time that was written
 * @redzone: blocks have a redzone
 * @full: a trace has no room for further events
 * @precious: the events will not come again: @out gets a name if the output cannot be written
 * @kept: bytes of @out that are written for certain: whole lines
 * @kept_events: the events in them
 * @broken: no more can be written to @out
 */
struct convert {
	FILE *out;
	int target;
	const char *name;
	struct places places, pending;
	u32 allocs;
	u64 frees;
	u64 resizes;
	u64 fails;
	u64 skipped;
	u64 late;
	u64 implied;
	u64 lost;
	u64 live;
	u64 began, time;
	bool redzone;
	bool full;
	bool precious;
	u64 kept;
	u64 kept_events;
	bool broken;
};

/* @path: NULL or - is stdout. */
struct convert convert_start(const char *path);

/* The blocks that were live when the recording started, before any other record. */
void convert_live(struct convert *convert, const struct record *blocks, size_t count);

/* A block whose free was under way when the recording started: its event may come, or not. */
void convert_pending(struct convert *convert, const struct record *freed);

void convert_record(struct convert *convert, const struct record *record);

/* What follows happened at @ms milliseconds of some clock. A clock that goes back is ignored. */
void convert_time(struct convert *convert, u64 ms);

/* No more can be written, because of @full or @broken. The latter is known at a RECORD_TIME. */
bool convert_is_over(const struct convert *convert);

/*
 * Write the output, and print a summary to stderr, with what is missing. If @out is @broken, the
 * output ends at the last RECORD_TIME before that, and this is fatal.
 */
void convert_finish(struct convert *convert);

#endif
