/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace - parser of traces
 *
 *	alloc ID SIZE [CALLER]		SIZE bytes were requested; ids count from 1
 *	resize ID SIZE [CALLER]		the block has SIZE bytes now, at the same place
 *	free ID				the block was freed; its id may be used again
 *	# ...				a remark
 *
 * The traces in bench/traces have this format. heaptrace writes a first line `# heaptrace VERSION`,
 * and behind that `lost N` if N events are missing. Such a trace must have a last line `# end
 * EVENTS`, so that a truncated file is detected. Version 1 has no `resize`, and its first line does
 * not tell of losses. Other remarks that the parser uses:
 *
 *	# redzone			the heap has HEAPMOD_REDZONE
 *	# live N			the N blocks above were live when the recording started
 *	# fail SIZE [CALLER]		a request that failed
 *	# lost N			N events are missing here
 *	# time MS			what follows happened MS milliseconds after the start
 */
#ifndef TRACE_H
#define TRACE_H

#include <linux/types.h>

#define TRACE_VERSION	2

enum event_kind {
	EVENT_ALLOC,
	EVENT_RESIZE,
	EVENT_FREE,
};

/**
 * struct event - an event of a trace
 * @size: bytes requested; 0 for a free
 * @id: id of the block
 * @kind: enum event_kind
 * @owner: number of the call site that allocated the block (callers.h)
 */
struct event {
	u64 size;
	u32 id;
	u32 kind : 2;
	u32 owner : 30;
};

/* The events from number @event on, counted from 0, happened at @ms milliseconds or later */
struct mark {
	u64 ms;
	u32 event;
};

struct trace {
	struct event *events;
	u32 count;
	struct mark *marks;		/* in order; none in an old trace */
	u32 marks_count;
	u32 blocks;			/* the highest id */
	u64 live;			/* blocks at the start of the recording */
	u64 fails;
	u64 lost;
	bool redzone;
	bool resizes;			/* there are events of this kind */
};

/* An impossible trace is an error. */
struct trace trace_load(const char *path);
void trace_free(struct trace *trace);

#endif
