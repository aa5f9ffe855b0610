// SPDX-License-Identifier: GPL-2.0-only
/*
 * run - replay a trace with the core in a region of a given size
 */
#include "run.h"

static void note_peak(struct run *run, u32 peak_before)
{
	const struct heap *heap = run_heap(run);

	if (peak_before != heap->peak)
		run->peak_event = run->event;
	if (run->peak_blocks < heap_live_blocks(heap))
		run->peak_blocks = heap_live_blocks(heap);
}

static void run_event(struct run *run)
{
	u32 peak = run_heap(run)->peak;

	if (!playback_event(&run->playback, &run->trace->events[run->event]) &&
	    run->first_failure == NO_EVENT)
		run->first_failure = run->event;
	note_peak(run, peak);
}

struct run run_trace(const struct trace *trace, u32 granules, struct watcher *watcher)
{
	struct run run = { .trace = trace, .first_failure = NO_EVENT };

	playback_open(&run.playback, trace, granules);
	for (run.event = 0; run.event < trace->count; run.event++) {
		run_event(&run);
		if (watcher)
			watcher->notify(watcher, &run);
	}
	playback_close(&run.playback);
	return run;
}
