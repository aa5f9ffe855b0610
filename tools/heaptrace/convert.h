/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * convert - what tracepoints say, written as a trace
 */
#ifndef CONVERT_H
#define CONVERT_H

#include <stdio.h>

#include "ftrace.h"
#include "places.h"

/**
 * struct convert - a trace that is written
 * @out: where to
 * @name: of that
 * @places: of live blocks
 * @allocs: allocations written, which are the ids, too
 * @frees: written
 * @fails: requests that failed
 * @skipped: frees of blocks whose allocation was not seen
 * @implied: blocks whose free was not seen, but that another lies there
 * @lost: events that were overwritten before they were read
 * @live: blocks that lived when the recording began
 * @redzone: there is one
 */
struct convert {
	FILE *out;
	const char *name;
	struct places places;
	u32 allocs;
	u64 frees;
	u64 fails;
	u64 skipped;
	u64 implied;
	u64 lost;
	u64 live;
	bool redzone;
};

struct convert convert_start(const char *path);
void convert_live(struct convert *convert, const struct record *blocks, size_t count);
void convert_record(struct convert *convert, const struct record *record);
void convert_finish(struct convert *convert);

#endif
