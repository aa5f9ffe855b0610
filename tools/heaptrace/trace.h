/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace - the text format of traces, read
 *
 *	alloc ID SIZE [CALLER]		SIZE bytes were asked for; ids count from 1
 *	free ID				the block was freed; its id may be used again
 *	# ...				a remark
 *
 * The traces of bench/traces are of this. heaptrace writes a first line `# heaptrace VERSION` and
 * promises by it a last line `# end EVENTS`, so that a file that was cut is known; and between
 * them remarks of which the reader counts these:
 *
 *	# redzone			of a heap with HEAPMOD_REDZONE
 *	# live N			the N blocks above lived when the recording began
 *	# fail SIZE [CALLER]		a request that the heap did not serve
 *	# lost N			events that were not seen
 */
#ifndef TRACE_H
#define TRACE_H

#include <linux/types.h>

#define TRACE_VERSION	1

/**
 * struct event - of a trace
 * @size: bytes asked; 0 when the block is freed
 * @id: of the block
 * @caller: a number of callers.h
 */
struct event {
	u64 size;
	u32 id;
	u32 caller;
};

struct trace {
	struct event *events;
	u32 count;
	u32 blocks;			/* the highest id */
	u64 live;			/* blocks at the recording's begin */
	u64 fails;
	u64 lost;
	bool redzone;
};

struct trace trace_load(const char *path);
void trace_free(struct trace *trace);

#endif
