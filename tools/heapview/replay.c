// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay - a trace, and the heap that replays it
 *
 * The trace is replayed once to find the size of the region, once for the history, and then up to
 * the event to be shown. To go back, it is replayed from the start.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/minmax.h>

#include "../trace/callers.h"
#include "../trace/printable.h"
#include "replay.h"

#define SIZE_CLASSES	16		/* owners of a trace without call sites */

/* The highest end of a block in an endless region, and a little more, to show a hole there. */
static u32 measure(const struct trace *trace)
{
	struct playback playback;
	u64 granules;
	u32 i;

	playback_open(&playback, trace, endless_granules(trace));
	for (i = 0; i < trace->count; i++)
		playback_event(&playback, &trace->events[i]);
	granules = (u64)playback.end + playback.end / 32 + HEAP_CHUNK;
	playback_close(&playback);
	granules -= granules % HEAP_CHUNK + 1;
	return granules < HEAP_GRANULES_MAX ? granules : HEAP_GRANULES_MAX;
}

static u32 class_limit(u32 number)
{
	return 16U << number;
}

/* Class 0 has up to 16 bytes, 1 up to 32 bytes, ... the last one all larger sizes. */
static u32 class_of(u64 size)
{
	u32 number = 0;

	while (number < SIZE_CLASSES - 1 && size > class_limit(number))
		number++;
	return number;
}

static bool has_callers(void)
{
	return callers_count() > 1;
}

/* The first call site is that of the blocks whose own is not known. */
static void name_callers(struct replay *replay, struct owners *owners)
{
	u32 i;

	replay->owners = must(calloc(callers_count(), sizeof(*replay->owners)));
	for (i = 0; i < callers_count(); i++)
		replay->owners[i] = owners_number(owners, caller_name(i), strlen(caller_name(i)));
}

static void name_classes(struct replay *replay, struct owners *owners)
{
	char name[64];
	u32 i;

	replay->owners = must(calloc(SIZE_CLASSES, sizeof(*replay->owners)));
	for (i = 0; i < SIZE_CLASSES; i++) {
		if (i == SIZE_CLASSES - 1)
			snprintf(name, sizeof(name), "more than %u bytes", class_limit(i - 1));
		else
			snprintf(name, sizeof(name), "up to %u bytes", class_limit(i));
		replay->owners[i] = owners_number(owners, name, strlen(name));
	}
}

static u32 owner_of(const struct replay *replay, const struct event *event)
{
	return replay->owners[has_callers() ? event->owner : class_of(event->size)];
}

/* A block that is resized keeps its age. */
static void play(struct replay *replay, const struct event *event)
{
	struct playback *playback = &replay->playback;
	u32 born = replay->position, place;

	if (playback->payloads[event->id])
		born = replay->born_at[playback_place(playback, event->id)];
	playback_event(playback, event);
	if (!event->size || !playback->payloads[event->id])
		return;
	place = playback_place(playback, event->id);
	replay->owner_at[place] = owner_of(replay, event);
	replay->born_at[place] = born;
}

static void add_sample(struct source *source)
{
	struct playback *playback = &source->trace->playback;
	u64 largest = playback_largest_hole(playback);

	source->history.samples[source->history.count++] = (struct sample){
		.used = playback->heap.used,
		.largest = largest / HEAP_GRANULE,
	};
}

/* Replay all of the trace, for the history and the peak. */
static void survey(struct source *source)
{
	struct replay *replay = source->trace;
	u32 samples = min_t(u32, replay->count, HISTORY);
	u32 most = 0;
	u32 i;

	for (i = 0; i < replay->count; i++) {
		playback_event(&replay->playback, &replay->trace.events[i]);
		if (replay->playback.heap.used > most) {
			most = replay->playback.heap.used;
			replay->peak = i + 1;
		}
		if (i + 1 == (u64)(source->history.count + 1) * replay->count / samples)
			add_sample(source);
	}
	playback_reset(&replay->playback);
}

static void add_blocks(struct model *model, const struct replay *replay,
		       const struct heap_block_info *blocks, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		bool used = blocks[i].state == HEAP_USED;
		struct block block = {
			.at = blocks[i].at, .granules = blocks[i].granules,
			.asked = used ? blocks[i].asked : ASKED_UNKNOWN,
			.owner = used ? replay->owner_at[blocks[i].at] : OWNER_NONE,
			.state = blocks[i].state,
		};

		model_add(model, &block);
	}
}

/* The keys are those of debugfs. */
static void fill_stats(struct stats *stats, const struct heap *heap)
{
	u64 headers = heap_live_blocks(heap) * sizeof(struct heap_block);
	u64 redzones = heap_live_blocks(heap) * (heap->overhead - sizeof(struct heap_block));
	u64 used = heap_bytes(heap->used);

	stats_set(stats, "version", STATS_VERSION);
	stats_set(stats, "region_bytes", heap_bytes(heap->granules) + 2ULL * HEAP_EDGE);
	stats_set(stats, "asked_bytes", heap->asked);
	stats_set(stats, "slack_bytes", used - headers - redzones - heap->asked);
	stats_set(stats, "redzone_bytes", redzones);
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
	struct heap *heap = &source->trace->playback.heap;
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

void replay_go(struct source *source, u32 position)
{
	struct replay *replay = source->trace;

	position = min(position, replay->count);
	if (position < replay->position) {
		playback_reset(&replay->playback);
		replay->position = 0;
	}
	while (replay->position < position)
		play(replay, &replay->trace.events[replay->position++]);
	fill_model(source);
}

void replay_open(struct source *source, const char *path, u64 region)
{
	struct replay *replay = must(calloc(1, sizeof(*replay)));
	const char *name = strrchr(path, '/');
	u32 granules;

	source->trace = replay;
	source->kind = "trace";
	snprintf(source->name, sizeof(source->name), "%s", name ? name + 1 : path);
	make_printable(source->name);
	replay->trace = trace_load(path);
	replay->count = replay->trace.count;
	granules = region ? heap_granules_in(region) : measure(&replay->trace);
	playback_open(&replay->playback, &replay->trace, granules);
	replay->owner_at = must(calloc(granules, sizeof(*replay->owner_at)));
	replay->born_at = must(calloc(granules, sizeof(*replay->born_at)));
	if (has_callers())
		name_callers(replay, &source->model.owners);
	else
		name_classes(replay, &source->model.owners);
	survey(source);
}

void replay_close(struct source *source)
{
	if (!source->trace)
		return;
	if (source->trace->playback.payloads)
		playback_close(&source->trace->playback);
	trace_free(&source->trace->trace);
	free(source->trace->owners);
	free(source->trace->owner_at);
	free(source->trace->born_at);
	free(source->trace);
}
