// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay - the events of a trace, served by the allocator of the kernel module
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "replay.h"

#define KEY	0x9c1f5a2e8b6d4073ULL	/* of the seals; need not be secret here */

u32 size_class(u32 size)
{
	u32 number = 0;

	while (number < SIZE_CLASSES - 1 && size > size_class_limit(number))
		number++;
	return number;
}

u32 size_class_limit(u32 number)
{
	return 16U << number;
}

/* Zeroed. A page takes memory only when it is written. */
static void *map(u64 bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void init(struct replay *replay, u32 granules, void *region, void *index)
{
	heap_init(&replay->heap, region, granules, index, 0, KEY);
}

bool replay_open(struct replay *replay, u32 granules, u32 ids, struct problem *problem)
{
	void *region = map(heap_bytes(granules) + HEAP_GRANULE);
	void *index = map(heap_index_bytes(granules));

	if (!region || !index)
		return fail(problem, "no memory for a region of %llu bytes",
			    (unsigned long long)heap_bytes(granules));
	*replay = (struct replay){
		.ids = ids,
		.blocks = must(calloc(ids, sizeof(*replay->blocks))),
	};
	init(replay, granules, region, index);
	return true;
}

/* Back to the first event. The tree is at the start of the index. */
void replay_reset(struct replay *replay)
{
	struct heap *heap = &replay->heap;
	void *index = heap->index.max[0];

	madvise(index, heap_index_bytes(heap->granules), MADV_DONTNEED);
	memset(replay->blocks, 0, replay->ids * sizeof(*replay->blocks));
	replay->footprint = 0;
	init(replay, heap->granules, heap->region, index);
}

static u32 end_of(const struct replay *replay, const void *ptr, u32 size)
{
	u64 payload = (const char *)ptr - replay->heap.region - HEAP_GRANULE;

	return (payload + size + HEAP_GRANULE - 1) / HEAP_GRANULE;
}

/* The free of a block whose allocation failed does nothing. */
void replay_event(struct replay *replay, const struct event *event)
{
	void **block = &replay->blocks[event->id];
	struct heap_block_info freed;
	u32 end;

	if (!event->size) {
		if (*block)
			heap_free(&replay->heap, *block, &freed);
		*block = NULL;
		return;
	}
	*block = heap_alloc(&replay->heap, event->size, size_class(event->size));
	if (!*block)
		return;
	end = end_of(replay, *block, event->size + sizeof(struct heap_block));
	if (replay->footprint < end)
		replay->footprint = end;
}

void replay_close(struct replay *replay)
{
	struct heap *heap = &replay->heap;

	munmap(heap->index.max[0], heap_index_bytes(heap->granules));
	munmap(heap->region, heap_bytes(heap->granules) + HEAP_GRANULE);
	free(replay->blocks);
}
