/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace - a recorded trace as a workload
 */
#ifndef BENCH_TRACE_H
#define BENCH_TRACE_H

#include <linux/types.h>

struct trace_event {
	u32 id;				/* of the block, from 1 */
	u32 size;			/* asked; 0 when it is freed */
};

/**
 * struct bench_trace - a recorded trace
 * @events: what happened
 * @count: of them
 * @ids: the highest id
 * @live: most blocks at a time
 * @bytes: in most of them, headers and rounding included
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
