// SPDX-License-Identifier: GPL-2.0-only
/*
 * size - the size of the region to reserve for a trace
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <inttypes.h>

#include "../../bench/host/best_fit.h"
#include "../trace/callers.h"
#include "../trace/die.h"
#include "growth.h"
#include "need.h"
#include "options.h"
#include "run.h"
#include "sites.h"

#define PAGE	4096

/* A margin of a quarter, for load that the trace does not show, and whole pages. */
static u64 with_margin(u32 least)
{
	u64 bytes = region_bytes(least);

	return (bytes + bytes / 4 + PAGE - 1) / PAGE * PAGE;
}

static void print_recommended(u32 least)
{
	u64 bytes = with_margin(least), most = region_bytes(HEAP_GRANULES_MAX);

	printf("%" PRIu64 " bytes: %s\n", bytes < most ? bytes : most,
	       "the smallest region that serves the trace, a quarter more, in whole pages");
	if (bytes > most)
		printf("! no region is larger: less than a quarter more\n");
}

static u64 failures_in(const struct trace *trace, u32 granules)
{
	struct run run = run_trace(trace, granules, NULL);

	return run_heap(&run)->failures;
}

/* Verify the result of need.c by replays: no request fails, and with a granule less one does. */
static u64 verify(const struct trace *trace, u32 least)
{
	u64 failures = least > 1 ? failures_in(trace, least - 1) : 1;

	if (failures_in(trace, least) || !failures)
		die("bug: %" PRIu64 " bytes are not the smallest region of the trace",
		    region_bytes(least));
	return failures;
}

/*
 * The highest end of a block with best fit: each takes the smallest hole that is large enough. A
 * resize is a free and an allocation.
 */
static u32 best_fit_end(const struct trace *trace, u32 granules)
{
	struct part **parts = zeroed((size_t)trace->blocks + 1, sizeof(*parts));
	const struct event *event;
	struct best_fit heap;
	u32 end = 0, i;

	best_fit_init(&heap, granules);
	for (i = 0; i < trace->count; i++) {
		event = &trace->events[i];
		if (event->kind != EVENT_ALLOC)
			best_fit_free(&heap, parts[event->id]);
		if (event->kind == EVENT_FREE)
			continue;
		parts[event->id] = best_fit_alloc(&heap, block_granules(trace, event->size));
		if (!parts[event->id])
			die("event %u does not fit with best fit", i + 1);
		if (end < parts[event->id]->at + parts[event->id]->size)
			end = parts[event->id]->at + parts[event->id]->size;
	}
	best_fit_destroy(&heap);
	free(parts);
	return end;
}

static void print_caveat(u64 count, const char *what)
{
	printf("! %" PRIu64 " %s\n", count, what);
}

static void print_caveats(const struct trace *trace)
{
	if (trace->lost)
		print_caveat(trace->lost, "events were lost: the trace is incomplete");
	if (trace->fails)
		print_caveat(trace->fails, "requests failed: they are not in the trace");
	if (trace->live)
		print_caveat(trace->live, "blocks lived before: they come first, without holes");
}

/* The peak says nothing of what comes later if it is in the last tenth of the trace. */
static void print_growth(const struct trace *trace, u32 peak_event)
{
	struct growths growths;
	u32 i;

	if ((peak_event + 1ULL) * 10 > 9ULL * trace->count)
		printf("! the peak is near the end, at event %" PRIu32 " of %" PRIu32
		       ": the heap may still grow\n", peak_event + 1, trace->count);
	if (!has_length(trace))
		return;
	growths = growths_of(trace, 0);
	for (i = 0; i < growths.count; i++) {
		if (growths.sites[i].verdict == VERDICT_LEAK)
			printf("! a leak, no region is large enough: %s\n",
			       caller_name(growths.sites[i].caller));
	}
	free(growths.sites);
}

static void print_line(const char *what, u64 bytes, const char *why)
{
	printf("%-16s %12" PRIu64 "  %s\n", what, bytes, why);
}

/* The bound holds for blocks that first fit has placed, and a block that shrinks leaves holes. */
static void print_guaranteed(const struct trace *trace, const struct need *need)
{
	if (trace->resizes)
		printf("%-16s %12s  %s\n", "guaranteed", "-",
		       "none: blocks are resized in place, which leaves holes anywhere");
	else
		print_line("guaranteed", need->guaranteed * HEAP_GRANULE + 2 * HEAP_EDGE,
			   "serves the same blocks in any order: "
			   "peak * (1 + ceil(log2(largest/smallest)))");
}

static void print_size(const struct trace *trace)
{
	struct need need = need_of(trace);
	u64 failures = verify(trace, need.least);
	char why[160];

	print_recommended(need.least);
	print_caveats(trace);
	print_growth(trace, need.peak_event);
	printf("\n");
	snprintf(why, sizeof(why), "nothing fails; with 16 bytes less: %" PRIu64 " (replayed)",
		 failures);
	print_line("smallest region", region_bytes(need.least), why);
	snprintf(why, sizeof(why), "most bytes live, at event %u of %u; blocks: %" PRIu64 " to %"
		 PRIu64 " bytes", need.peak_event + 1, trace->count, heap_bytes(need.smallest),
		 heap_bytes(need.largest));
	print_line("peak", heap_bytes(need.peak), why);
	print_guaranteed(trace, &need);
	print_line("best fit", region_bytes(best_fit_end(trace, HEAP_GRANULES_MAX)),
		   "would need, taking the smallest hole that is large enough");
	printf("\n");
	print_sites(trace, need.peak_event);
}

int size_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "redzone", no_argument, NULL, 'R' },
		{}
	};
	bool redzone = false;
	struct trace trace;
	int option;

	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (option != 'R')
			bad_option(option, argv);
		redzone = true;
	}
	trace = trace_load(only_argument(argc, argv, "trace"));
	trace.redzone |= redzone;
	print_size(&trace);
	trace_free(&trace);
	return 0;
}
