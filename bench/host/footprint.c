// SPDX-License-Identifier: GPL-2.0-only
/*
 * footprint TRACE... - the memory that first fit, without and with a cache, and best fit need
 *
 * The peak footprint is the highest address in use at any time. Peak live is the most bytes live at
 * any time, with headers and rounded to granules. Prints one JSON object per trace, and one for
 * random sizes and frees, a workload on which first fit is known to need more than best fit.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap_core.h"
#include "../../tests/test.h"
#include "../../tests/trace.h"
#include "allocators.h"
#include "best_fit.h"

#define GRANULES (48U << 20)	/* more than any trace needs; only headers are written */

struct peaks {
	u64 live, live_now;
	u64 first_fit, percpu, best_fit;
};

static u32 block_granules(u32 size)
{
	return (size + 8 + 15) / 16;
}

static void raise_peak(u64 *peak, u64 now)
{
	if (*peak < now)
		*peak = now;
}

static struct peaks measure(const struct trace *trace)
{
	const struct allocator *cached = &allocators[1];
	void *percpu = cached->open(heap_bytes(GRANULES));
	void **first = calloc(trace->blocks + 1, sizeof(*first));
	char **kept = calloc(trace->blocks + 1, sizeof(*kept)), *base = NULL;
	struct part **best = calloc(trace->blocks + 1, sizeof(*best));
	u32 *granules = calloc(trace->blocks + 1, sizeof(*granules));
	struct best_fit best_fit;
	struct peaks peaks = {};
	struct heap_block_info freed;
	struct arena arena;
	u32 i;

	arena_init(&arena, GRANULES);
	best_fit_init(&best_fit, GRANULES);
	for (i = 0; i < trace->count; i++) {
		u32 id = trace->events[i].id, size = trace->events[i].size;

		if (size) {
			granules[id] = block_granules(size);
			first[id] = heap_alloc(&arena.heap, size, 1);
			kept[id] = cached->alloc(percpu, size);
			base = base ? base : kept[id];	/* the first block begins the region */
			best[id] = best_fit_alloc(&best_fit, granules[id]);
			peaks.live_now += granules[id];
			raise_peak(&peaks.live, peaks.live_now);
			raise_peak(&peaks.first_fit, place_of(&arena, first[id]) + granules[id]);
			raise_peak(&peaks.percpu, (kept[id] - base) / HEAP_GRANULE + granules[id]);
			raise_peak(&peaks.best_fit, best[id]->at + granules[id]);
		} else {
			heap_free(&arena.heap, first[id], &freed);
			cached->free(percpu, kept[id]);
			best_fit_free(&best_fit, best[id]);
			peaks.live_now -= granules[id];
		}
	}
	arena_destroy(&arena);
	cached->close(percpu);
	best_fit_destroy(&best_fit);
	free(granules);
	free(best);
	free(kept);
	free(first);
	return peaks;
}

static void show(const char *name, const struct trace *trace)
{
	struct peaks peaks = measure(trace);

	printf("{\"trace\":\"%s\",\"events\":%u,\"live\":%llu,", name, trace->count,
	       16ULL * peaks.live);
	printf("\"first_fit\":%.4f,\"percpu\":%.4f,\"best_fit\":%.4f}\n",
	       (double)peaks.first_fit / peaks.live, (double)peaks.percpu / peaks.live,
	       (double)peaks.best_fit / peaks.live);
}

/* As the workload `mixed`: replaces random blocks, with log-uniform sizes of 16 to 4096. */
static struct trace random_trace(u32 blocks, u32 rounds)
{
	struct trace trace = { .events = calloc(blocks + 2 * rounds, sizeof(struct event)) };
	u32 *live = calloc(blocks, sizeof(*live));
	u32 i, k, low;

	for (i = 0; i < blocks + rounds; i++) {
		k = i < blocks ? i : next_random(blocks);
		if (i >= blocks)
			trace.events[trace.count++].id = live[k];
		live[k] = ++trace.blocks;
		low = 16U << next_random(8);
		trace.events[trace.count].size = low + 1 + next_random(low);
		trace.events[trace.count++].id = live[k];
	}
	free(live);
	return trace;
}

int main(int argc, char **argv)
{
	struct trace trace;
	int i;

	for (i = 1; i < argc; i++) {
		trace = trace_load(argv[i]);
		*strrchr(argv[i], '.') = '\0';
		show(basename(argv[i]), &trace);
		trace_free(&trace);
	}
	trace = random_trace(10000, 100000);
	show("random", &trace);
	trace_free(&trace);
	return 0;
}
