// SPDX-License-Identifier: GPL-2.0-only
/*
 * playback - the events of a trace, served by heapmod's allocator in a region of any size
 *
 * The core writes only headers and slack, and a page takes memory only when it is written. So a
 * region can be far larger than memory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "die.h"
#include "playback.h"

#define KEY	0x9c1f5a2e8b6d4073ULL	/* of the seals; need not be secret here */

u32 block_granules(const struct trace *trace, u64 size)
{
	u64 overhead = sizeof(struct heap_block) + (trace->redzone ? HEAP_GRANULE : 0);
	u64 granules = (size + overhead + HEAP_GRANULE - 1) / HEAP_GRANULE;

	if (size > heap_bytes(HEAP_GRANULES_MAX) || granules > HEAP_GRANULES_MAX)
		die("a block of %llu bytes is larger than any region", (unsigned long long)size);
	return granules;
}

u32 endless_granules(const struct trace *trace)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < trace->count && sum < HEAP_GRANULES_MAX; i++) {
		if (trace->events[i].size)
			sum += block_granules(trace, trace->events[i].size);
	}
	return sum < HEAP_GRANULES_MAX ? sum : HEAP_GRANULES_MAX;
}

static void *map_bytes(u64 bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		die("no address space for %llu bytes: %s", (unsigned long long)bytes,
		    strerror(errno));
	return memory;
}

static void init(struct playback *playback)
{
	heap_init(&playback->heap, playback->region, playback->granules, playback->index,
		  playback->trace->redzone ? HEAP_REDZONE : 0, KEY);
}

void playback_open(struct playback *playback, const struct trace *trace, u32 granules)
{
	*playback = (struct playback){
		.trace = trace,
		.granules = granules,
		.region = map_bytes(region_bytes(granules)),
		.index = map_bytes(heap_index_bytes(granules)),
		.payloads = zeroed((size_t)trace->blocks + 1, sizeof(void *)),
	};
	init(playback);
}

void playback_reset(struct playback *playback)
{
	madvise(playback->index, heap_index_bytes(playback->granules), MADV_DONTNEED);
	memset(playback->payloads, 0, (playback->trace->blocks + 1ULL) * sizeof(void *));
	playback->end = 0;
	init(playback);
}

void playback_close(struct playback *playback)
{
	munmap(playback->region, region_bytes(playback->granules));
	munmap(playback->index, heap_index_bytes(playback->granules));
	free(playback->payloads);
}

u32 playback_place(const struct playback *playback, u32 id)
{
	size_t offset = (char *)playback->payloads[id] - (char *)playback->region;

	return offset / HEAP_GRANULE - 1;
}

static bool note_end(struct playback *playback, const struct event *event)
{
	u32 place = playback_place(playback, event->id);
	u32 end = place + block_granules(playback->trace, event->size);

	if (playback->end < end)
		playback->end = end;
	return true;
}

static bool play_alloc(struct playback *playback, const struct event *event)
{
	void *payload = heap_alloc(&playback->heap, event->size, 0);

	if (!payload)
		return false;
	playback->payloads[event->id] = payload;
	return note_end(playback, event);
}

static void free_payload(struct playback *playback, void *payload)
{
	struct heap_block_info freed;

	if (heap_free(&playback->heap, payload, &freed) != HEAP_OK)
		die("bug: the core refused the free of a live block");
}

/* As in heapmod_realloc(), a block that cannot be resized where it is moves. */
static bool play_resize(struct playback *playback, const struct event *event)
{
	void *payload = playback->payloads[event->id];
	struct heap_block_info was;
	bool done;

	if (heap_resize(&playback->heap, payload, event->size, &was, NULL, &done) != HEAP_OK)
		die("bug: the core refused the resize of a live block");
	if (done)
		return note_end(playback, event);
	if (!play_alloc(playback, event))
		return false;
	free_payload(playback, payload);
	return true;
}

static void play_free(struct playback *playback, const struct event *event)
{
	free_payload(playback, playback->payloads[event->id]);
	playback->payloads[event->id] = NULL;
}

/* What follows a failed allocation does nothing: such a block is not live. */
bool playback_event(struct playback *playback, const struct event *event)
{
	if (event->kind == EVENT_ALLOC)
		return play_alloc(playback, event);
	if (!playback->payloads[event->id])
		return true;
	if (event->kind == EVENT_RESIZE)
		return play_resize(playback, event);
	play_free(playback, event);
	return true;
}

u64 playback_largest_hole(struct playback *playback)
{
	heap_flush(&playback->heap);
	return heap_bytes(heap_index_largest(&playback->heap.index));
}
