/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace - the recorded traces of bench/traces, as arrays of events
 */
#ifndef TRACE_H
#define TRACE_H

#include <linux/types.h>

struct event {
	u32 id;				/* number of the block, from 1 */
	u32 size;			/* requested bytes; 0 for a free */
};

struct trace {
	struct event *events;
	u32 count;
	u32 blocks;			/* the highest id */
};

struct trace trace_load(const char *path);
void trace_free(struct trace *trace);

#endif
