// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace - a recorded trace and the heap that replays it
 *
 * The trace is replayed once to find the size of the region, once for the history, and then up to
 * the event to be shown. To go back, it is replayed from the start.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/minmax.h>

#include "trace.h"

/* Robson's bound: M * (1 + log2 n) granules are always enough for M live granules. */
static u32 enough(const struct event *events, u32 count, u32 ids)
{
	u32 *live = must(calloc(ids, sizeof(*live)));
	u64 now = 0, most = 0;
	u32 i;

	for (i = 0; i < count; i++) {
		u32 *size = &live[events[i].id];

		now -= *size;
		*size = events[i].size ? events[i].size / HEAP_GRANULE + 2 : 0;
		now += *size;
		most = max(most, now);
	}
	free(live);
	return min(33 * most, (u64)HEAP_GRANULES_MAX);
}

static u32 count_ids(const struct event *events, u32 count)
{
	u32 ids = 0;
	u32 i;

	for (i = 0; i < count; i++)
		ids = max(ids, events[i].id);
	return ids + 1;
}

/* The highest end of a block in an endless region, and a little more, to show a hole there. */
static bool measure(const struct trace *trace, u32 ids, u32 *granules, struct problem *problem)
{
	u32 room = enough(trace->events, trace->count, ids);
	struct replay replay;
	u32 i;

	if (!replay_open(&replay, room, ids, problem))
		return false;
	for (i = 0; i < trace->count; i++)
		replay_event(&replay, &trace->events[i]);
	*granules = replay.footprint + replay.footprint / 32 + HEAP_CHUNK;
	*granules -= *granules % HEAP_CHUNK + 1;
	replay_close(&replay);
	return true;
}

static void add_sample(struct source *source)
{
	struct heap *heap = &source->trace->replay.heap;

	heap_flush(heap);
	source->history.samples[source->history.count++] = (struct sample){
		.used = heap->used,
		.largest = heap_index_largest(&heap->index),
	};
}

/* Replay all of the trace, for the history and the peak. */
static void survey(struct source *source)
{
	struct trace *trace = source->trace;
	u32 samples = min_t(u32, trace->count, HISTORY);
	u32 most = 0;
	u32 i;

	for (i = 0; i < trace->count; i++) {
		replay_event(&trace->replay, &trace->events[i]);
		if (trace->replay.heap.used > most) {
			most = trace->replay.heap.used;
			trace->peak = i + 1;
		}
		if (i + 1 == (u64)(source->history.count + 1) * trace->count / samples)
			add_sample(source);
	}
	replay_reset(&trace->replay);
}

static void name_classes(struct trace *trace, struct owners *owners)
{
	char name[64];
	u32 i;

	for (i = 0; i < SIZE_CLASSES; i++) {
		if (i == SIZE_CLASSES - 1)
			snprintf(name, sizeof(name), "more than %u bytes", size_class_limit(i - 1));
		else
			snprintf(name, sizeof(name), "up to %u bytes", size_class_limit(i));
		trace->classes[i] = owners_number(owners, name, strlen(name));
	}
}

static void add_blocks(struct model *model, const struct trace *trace,
		       const struct heap_block_info *blocks, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		bool used = blocks[i].state == HEAP_USED;
		struct block block = {
			.at = blocks[i].at, .granules = blocks[i].granules,
			.asked = used ? blocks[i].asked : ASKED_UNKNOWN,
			.owner = used ? trace->classes[blocks[i].owner] : OWNER_NONE,
			.state = blocks[i].state,
		};

		model_add(model, &block);
	}
}

/* The keys are those of debugfs. */
static void fill_stats(struct stats *stats, const struct heap *heap)
{
	u64 headers = heap_live_blocks(heap) * sizeof(struct heap_block);
	u64 used = heap_bytes(heap->used);

	stats_set(stats, "version", STATS_VERSION);
	stats_set(stats, "region_bytes", heap_bytes(heap->granules) + 2ULL * HEAP_EDGE);
	stats_set(stats, "asked_bytes", heap->asked);
	stats_set(stats, "slack_bytes", used - headers - heap->asked);
	stats_set(stats, "header_bytes", headers);
	stats_set(stats, "hole_bytes", heap_bytes(heap->granules - heap->used));
	stats_set(stats, "edge_bytes", 2ULL * HEAP_EDGE);
	stats_set(stats, "peak_bytes", heap_bytes(heap->peak));
	stats_set(stats, "blocks", heap_live_blocks(heap));
	stats_set(stats, "holes", heap->index.holes);
	stats_set(stats, "largest_hole_bytes", heap_bytes(heap_index_largest(&heap->index)));
	stats_set(stats, "allocs", heap->allocs);
	stats_set(stats, "frees", heap->frees);
	stats_set(stats, "failures", heap->failures);
}

static void fill_model(struct source *source)
{
	struct heap *heap = &source->trace->replay.heap;
	struct heap_block_info blocks[64];
	u32 at = 0, count;

	model_empty(&source->model, heap->granules);
	while ((count = heap_walk(heap, at, blocks, 64))) {
		add_blocks(&source->model, source->trace, blocks, count);
		at = blocks[count - 1].at + blocks[count - 1].granules;
	}
	fill_stats(&source->model.stats, heap);
	model_settle(&source->model);
}

void trace_go(struct source *source, u32 position)
{
	struct trace *trace = source->trace;

	position = min(position, trace->count);
	if (position < trace->position) {
		replay_reset(&trace->replay);
		trace->position = 0;
	}
	while (trace->position < position)
		replay_event(&trace->replay, &trace->events[trace->position++]);
	fill_model(source);
}

static bool is_region(u64 region, u32 *granules, struct problem *problem)
{
	*granules = heap_granules_in(region);
	return *granules || fail(problem, "a region of %llu bytes is too small for one block",
				 (unsigned long long)region);
}

bool trace_open(struct source *source, const char *path, u64 region, struct problem *problem)
{
	struct trace *trace = must(calloc(1, sizeof(*trace)));
	const char *name = strrchr(path, '/');
	u32 granules, ids;

	source->trace = trace;
	source->kind = "trace";
	snprintf(source->name, sizeof(source->name), "%s", name ? name + 1 : path);
	if (!events_load(path, &trace->events, &trace->count, problem))
		return false;
	ids = count_ids(trace->events, trace->count);
	if (!(region ? is_region(region, &granules, problem) :
		       measure(trace, ids, &granules, problem)) ||
	    !replay_open(&trace->replay, granules, ids, problem))
		return false;
	name_classes(trace, &source->model.owners);
	survey(source);
	return true;
}

void trace_close(struct source *source)
{
	if (!source->trace)
		return;
	if (source->trace->replay.blocks)
		replay_close(&source->trace->replay);
	free(source->trace->events);
	free(source->trace);
}
