/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace - a recorded trace as a workload
 */
#ifndef BENCH_TRACE_H
#define BENCH_TRACE_H

#include <linux/types.h>

struct trace_event {
	u32 id;				/* of the block, from 1 */
	u32 size;			/* requested bytes; 0 for a free */
};

/**
 * struct bench_trace - a recorded trace
 * @events: allocations and frees, in order
 * @count: number of events
 * @ids: highest id
 * @live: peak of live blocks
 * @bytes: peak of live bytes, with headers and rounding
 */
struct bench_trace {
	struct trace_event *events;
	u32 count;
	u32 ids;
	u32 live;
	size_t bytes;
};

int bench_trace_load(struct bench_trace *trace, const char *path);
void bench_trace_free(struct bench_trace *trace);
void bench_trace_replay(const struct bench_trace *trace);

#endif
