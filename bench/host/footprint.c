// SPDX-License-Identifier: GPL-2.0-only
/*
 * footprint TRACE... - how much room first fit and best fit need
 *
 * The peak footprint is the highest address ever used; peak live, the most bytes ever live, rounded
 * to granules and with headers. One JSON object a trace, and one for random sizes without any
 * memory of what came before, on which first fit is known to do worse.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap_core.h"
#include "../../tests/test.h"
#include "../../tests/trace.h"
#include "best_fit.h"

#define GRANULES (48U << 20)	/* more than any of them takes; only headers are touched */

struct peaks {
	u64 live, live_now;
	u64 first_fit, best_fit;
};

static u32 granules_for(u32 size)
{
	return (size + 8 + 15) / 16;
}

static void grow(u64 *peak, u64 now)
{
	if (*peak < now)
		*peak = now;
}

static struct peaks measure(const struct trace *trace)
{
	void **first = calloc(trace->blocks + 1, sizeof(*first));
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
			granules[id] = granules_for(size);
			first[id] = heap_alloc(&arena.heap, size, 1);
			best[id] = best_fit_alloc(&best_fit, granules[id]);
			peaks.live_now += granules[id];
			grow(&peaks.live, peaks.live_now);
			grow(&peaks.first_fit, place_of(&arena, first[id]) + granules[id]);
			grow(&peaks.best_fit, best[id]->at + granules[id]);
		} else {
			heap_free(&arena.heap, first[id], &freed);
			best_fit_free(&best_fit, best[id]);
			peaks.live_now -= granules[id];
		}
	}
	arena_destroy(&arena);
	best_fit_destroy(&best_fit);
	free(granules);
	free(best);
	free(first);
	return peaks;
}

static void show(const char *name, const struct trace *trace)
{
	struct peaks peaks = measure(trace);

	printf("{\"trace\":\"%s\",\"events\":%u,\"live\":%llu,", name, trace->count,
	       16ULL * peaks.live);
	printf("\"first_fit\":%.4f,\"best_fit\":%.4f}\n", (double)peaks.first_fit / peaks.live,
	       (double)peaks.best_fit / peaks.live);
}

/* As the workload `mixed` of the other benchmarks: log-uniform 16..4096, random replacements. */
static struct trace memoryless(u32 blocks, u32 rounds)
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
	trace = memoryless(10000, 100000);
	show("random", &trace);
	trace_free(&trace);
	return 0;
}
