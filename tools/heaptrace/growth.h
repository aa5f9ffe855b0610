/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * growth - which call sites of a trace keep ever more memory
 *
 * A block is old when it has lived for some time. Most call sites have few old blocks, or free as
 * many as they get. The old bytes of a leak grow during the whole recording.
 */
#ifndef GROWTH_H
#define GROWTH_H

#include "../trace/trace.h"

#define GROWTH_SLICES	24		/* of the recording, for a curve */

enum verdict {
	VERDICT_LEAK,			/* the old bytes grow, to the end */
	VERDICT_UNCLEAR,		/* they grew, too little to tell */
	VERDICT_WARM_UP,		/* they grew, and stopped */
	VERDICT_TURNOVER,		/* blocks grow old and are freed */
	VERDICT_STEADY,			/* no block grows old */
	VERDICTS
};

/**
 * struct curve - the old bytes of a call site over time
 * @moment: of the last change
 * @settled: old bytes before that moment
 * @highest: the most old bytes so far
 * @high_at: the moment at which they were reached
 * @gap: the longest time between two such moments
 * @drawdown: the deepest fall below @highest
 * @ups: moments at which the old bytes grew
 * @downs: moments at which they fell
 * @aged: bytes that became old
 * @gone: old bytes that were freed
 * @thirds: the growth in each third of the judged time
 */
struct curve {
	u64 moment;
	u64 settled;
	u64 highest, high_at, gap;
	u64 drawdown;
	u64 ups, downs;
	u64 aged, gone;
	int64_t thirds[3];
};

/**
 * struct growth - a call site
 * @caller: its number (callers.h)
 * @verdict: of the old bytes over time
 * @live_bytes: bytes requested for live blocks, at the end, as all numbers without a remark
 * @live_blocks: their number
 * @old_bytes: those of old blocks
 * @old_blocks: their number
 * @base: old bytes when blocks that were live at the start become old
 * @freed: blocks that were freed
 * @first: when the first of the old blocks was allocated, in milliseconds
 * @last: the same of the last one
 * @least: the smallest old block
 * @most: the largest one; 0: there is none
 * @live: live bytes at the end of each slice
 * @curve: how the old bytes changed (growth.c)
 */
struct growth {
	u32 caller;
	enum verdict verdict;
	u64 live_bytes, live_blocks;
	u64 old_bytes, old_blocks;
	u64 base;
	u64 freed;
	u64 first, last;
	u64 least, most;
	u64 live[GROWTH_SLICES];
	struct curve curve;
};

/**
 * struct growths - all call sites
 * @sites: by number
 * @count: of sites
 * @start: of the recording, in milliseconds
 * @end: of the recording
 * @age: a block is old after so many milliseconds
 */
struct growths {
	struct growth *sites;
	u32 count;
	u64 start, end;
	u64 age;
};

/* Did time pass in the trace? An old one has no times. */
bool has_length(const struct trace *trace);

/* The trace must have a length. @age must be less than that; 0 is a quarter of it. */
struct growths growths_of(const struct trace *trace, u64 age);

/* Old bytes that the site gains, in bytes a second. */
double growth_rate(const struct growths *growths, const struct growth *site);

#endif
