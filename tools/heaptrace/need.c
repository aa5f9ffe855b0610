// SPDX-License-Identifier: GPL-2.0-only
/*
 * need - the size of the region that a trace needs
 *
 * Let H be the highest end of any block when the trace is replayed in an endless region. H is the
 * size of the smallest region in which no request fails.
 *
 * Proof: replay the trace in a region of R granules and in an endless one. As long as no request
 * has failed, both have the same blocks at the same places, and the same holes except the top,
 * which ends at R in the first. First fit takes the lowest hole that is large enough. If this is
 * not the top in the endless region, the same hole is the lowest one in the first region. If it is
 * the top, at t, then all other holes are too small in both, and the block fits into [t, R) if and
 * only if its end is not above R.
 *
 * So with R >= H no request fails. With R < H the first request whose block ends above R fails:
 * this block is split off the top, because any other hole ends where an earlier block starts, which
 * did not end above R.
 *
 * After the first failure the two replays differ: a larger region can have more failures than a
 * smaller one, so the number of failures says nothing about the distance to H.
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

/* Set the smallest and the largest block. Return the sum of all blocks, as if none were freed. */
static u64 measure_sizes(const struct trace *trace, struct need *need)
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

/* A region that holds all blocks side by side is as good as an endless one. */
struct need need_of(const struct trace *trace)
{
	struct need need = {};
	u64 endless = measure_sizes(trace, &need);
	struct run run;

	if (endless > HEAP_GRANULES_MAX)
		endless = HEAP_GRANULES_MAX;
	run = run_trace(trace, endless, NULL);
	if (run_heap(&run)->failures)
		die("event %u does not fit into the largest possible region",
		    run.first_failure + 1);
	need.least = run.end;
	need.peak = run_heap(&run)->peak;
	need.peak_event = run.peak_event;
	need.guaranteed = guarantee(need.peak, need.largest, need.smallest);
	return need;
}
