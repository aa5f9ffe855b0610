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
 * A block that is resized may break the second half: in an endless region the last block grows into
 * the top, and with R < H it moves into a lower hole instead. Then a smaller region is searched in
 * which no request fails, and one does with a granule less. There may be a still smaller one.
 *
 * After the first failure the two replays differ: a larger region can have more failures than a
 * smaller one, so the number of failures says nothing about the distance to H.
 */
#define _GNU_SOURCE
#include "../trace/die.h"
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

/* Set the smallest and the largest block. */
static void measure_sizes(const struct trace *trace, struct need *need)
{
	u32 i, size;

	need->smallest = UINT32_MAX;
	for (i = 0; i < trace->count; i++) {
		if (!trace->events[i].size)
			continue;
		size = block_granules(trace, trace->events[i].size);
		if (need->largest < size)
			need->largest = size;
		if (need->smallest > size)
			need->smallest = size;
	}
}

static bool serves(const struct trace *trace, u32 granules)
{
	struct run run = run_trace(trace, granules, NULL);

	return !run_heap(&run)->failures;
}

/* Requests fail in a region of @fails granules, and none does in one of @least. */
static u32 bisect(const struct trace *trace, u32 fails, u32 least)
{
	u32 middle;

	while (least - fails > 1) {
		middle = fails + (least - fails) / 2;
		*(serves(trace, middle) ? &least : &fails) = middle;
	}
	return least;
}

/* The most granules that are live after an event. While a block moves, there are more. */
static u32 most_live(const struct trace *trace)
{
	u32 *sizes = zeroed((size_t)trace->blocks + 1, sizeof(*sizes)), live = 0, most = 0, i;
	const struct event *event;

	for (i = 0; i < trace->count; i++) {
		event = &trace->events[i];
		live -= sizes[event->id];
		sizes[event->id] = event->size ? block_granules(trace, event->size) : 0;
		live += sizes[event->id];
		if (most < live)
			most = live;
	}
	free(sizes);
	return most;
}

struct need need_of(const struct trace *trace)
{
	struct run run = run_trace(trace, endless_granules(trace), NULL);
	struct need need = {};

	measure_sizes(trace, &need);
	if (run_heap(&run)->failures)
		die("event %u does not fit into the largest possible region",
		    run.first_failure + 1);
	need.least = run.playback.end;
	if (trace->resizes && need.least > 1 && serves(trace, need.least - 1))
		need.least = bisect(trace, most_live(trace) - 1, need.least - 1);
	need.peak = run_heap(&run)->peak;
	need.peak_event = run.peak_event;
	need.guaranteed = guarantee(need.peak, need.largest, need.smallest);
	return need;
}
