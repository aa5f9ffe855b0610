// SPDX-License-Identifier: GPL-2.0-only
/*
 * need - how large a region a trace needs
 *
 * The smallest region that serves a whole trace is exactly as large as the highest end that a
 * block ever has when the region is endless. Call that H.
 *
 * Let a trace run in a region of R granules beside the endless one. As long as no request has
 * failed both have the same blocks at the same places: before each request both have the same
 * holes, but for the top, which in one ends at R. First fit takes the lowest hole that is large
 * enough. When in the endless region that is not the top, it is there in the other, too, and so
 * are the smaller ones below it. When it is the top, at t, the others are too small in both, and
 * what is asked for fits into [t, R) if and only if its end is not above R.
 *
 * So with R >= H nothing ever fails; and with any R < H the first request whose block ends above R
 * fails: that block is cut off the top, for all other holes end where a block begins that was
 * placed before, and did not end above R.
 *
 * That more is never worse is true of serving a whole trace, only: once a request has failed, the
 * two go different ways, and a larger region can fail more often than a smaller one. A search by
 * halves for the fewest failures would find nothing sure; this replay does.
 */
#include "die.h"
#include "need.h"
#include "run.h"

/* M * (1 + ceil(log2 n)): J. M. Robson, The Computer Journal 20(3), 1977. */
static u64 guarantee(u64 peak, u32 largest, u32 smallest)
{
	u64 factor = 1;

	while ((u64)smallest << (factor - 1) < largest)
		factor++;
	return peak * factor;
}

/* What a look at the sizes tells; and how many granules all blocks have, were none ever freed. */
static u64 look_at_sizes(const struct trace *trace, struct need *need)
{
	u64 sum = 0;
	u32 i, size;

	need->smallest = UINT32_MAX;
	for (i = 0; i < trace->count; i++) {
		if (!trace->events[i].size)
			continue;
		size = block_granules(trace, trace->events[i].size);
		sum += size;
		if (need->largest < size)
			need->largest = size;
		if (need->smallest > size)
			need->smallest = size;
	}
	return sum;
}

/* A region in which nothing can fail is as good as an endless one. */
struct need need_of(const struct trace *trace)
{
	struct need need = {};
	u64 endless = look_at_sizes(trace, &need);
	struct run run;

	if (endless > HEAP_GRANULES_MAX)
		endless = HEAP_GRANULES_MAX;
	run = run_trace(trace, endless, NULL);
	if (run_heap(&run)->failures)
		die("event %u does not fit into the largest region that there can be",
		    run.first_failure + 1);
	need.least = run.end;
	need.peak = run_heap(&run)->peak;
	need.peak_event = run.peak_event;
	need.guaranteed = guarantee(need.peak, need.largest, need.smallest);
	return need;
}
