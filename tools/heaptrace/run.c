// SPDX-License-Identifier: GPL-2.0-only
/*
 * run - replay a trace with the core in a region of a given size
 */
#include "die.h"
#include "run.h"

static u32 flags_of(const struct trace *trace)
{
	return trace->redzone ? HEAP_REDZONE : 0;
}

u32 block_granules(const struct trace *trace, u64 size)
{
	u64 overhead = sizeof(struct heap_block) + (trace->redzone ? HEAP_GRANULE : 0);
	u64 granules = (size + overhead + HEAP_GRANULE - 1) / HEAP_GRANULE;

	if (size > heap_bytes(HEAP_GRANULES_MAX) || granules > HEAP_GRANULES_MAX)
		die("a block of %llu bytes is larger than any region", (unsigned long long)size);
	return granules;
}

static u32 end_of(const struct run *run, u32 id, u32 granules)
{
	size_t offset = (char *)run->payloads[id] - (char *)run->arena.region;

	return offset / HEAP_GRANULE - 1 + granules;
}

static void run_alloc(struct run *run, const struct event *event)
{
	struct heap *heap = &run->arena.heap;
	u32 peak = heap->peak, used = heap->used;
	u32 end;

	run->payloads[event->id] = heap_alloc(heap, event->size, 0);
	if (!run->payloads[event->id]) {
		if (run->first_failure == NO_EVENT)
			run->first_failure = run->event;
		return;
	}
	if (peak != heap->peak)
		run->peak_event = run->event;
	if (run->peak_blocks < heap_live_blocks(heap))
		run->peak_blocks = heap_live_blocks(heap);
	end = end_of(run, event->id, heap->used - used);
	if (run->end < end)
		run->end = end;
}

static void run_free(struct run *run, const struct event *event)
{
	struct heap_block_info freed;

	if (!run->payloads[event->id])
		return;
	if (heap_free(&run->arena.heap, run->payloads[event->id], &freed) != HEAP_OK)
		die("event %u: bug: the core refused the free of a live block",
		    run->event + 1);
}

struct run run_trace(const struct trace *trace, u32 granules, struct watcher *watcher)
{
	struct run run = { .trace = trace, .first_failure = NO_EVENT };
	const struct event *event;

	run.payloads = zeroed((size_t)trace->blocks + 1, sizeof(*run.payloads));
	arena_init(&run.arena, granules, flags_of(trace));
	for (run.event = 0; run.event < trace->count; run.event++) {
		event = &trace->events[run.event];
		if (event->size)
			run_alloc(&run, event);
		else
			run_free(&run, event);
		if (watcher)
			watcher->notify(watcher, &run);
	}
	arena_destroy(&run.arena);
	free(run.payloads);
	run.payloads = NULL;
	return run;
}
