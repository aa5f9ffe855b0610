// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_core - the allocator: blocks in a region
 *
 * The region is cut into blocks without gaps. A block is a header and a payload; it is used, or
 * it is a hole. Headers stand 8 bytes past a multiple of 16, so that payloads are aligned:
 *
 *	region                                                     region + size
 *	| 8 | header | payload ...... | header | payload .. | header | hole | 8 |
 *	    0                         at (in granules of 16 bytes)      granules
 *
 * To allocate: find the lowest hole that is large enough, and split off what is not needed. To
 * free: mark the block a hole, and merge it with the holes on both sides of it, so that there are
 * never two holes side by side.
 *
 * The map (heap_index) is the truth about what is a block and what is a hole. The headers are
 * for those who look: they are written, compared, and never believed.
 */
#include <linux/bits.h>

#include "heap_core.h"

#define TAG_SLACK	GENMASK(3, 0)
#define TAG_OWNER_SHIFT	4

const char * const heap_verdict_names[HEAP_VERDICTS] = {
	[HEAP_OK] = "ok",
	[HEAP_FOREIGN] = "foreign",
	[HEAP_MISALIGNED] = "misaligned",
	[HEAP_INTERIOR] = "interior",
	[HEAP_DOUBLE_FREE] = "double free",
	[HEAP_CORRUPT_HEADER] = "corrupt header",
	[HEAP_CORRUPT_INDEX] = "corrupt index",
};

/*
 * Places: a block is known by its first granule; its header and payload lie at fixed distances.
 */
static struct heap_block *block_at(const struct heap *heap, u32 at)
{
	return (struct heap_block *)(heap->region + (size_t)heap_offset(at));
}

static void *payload_of(struct heap_block *block)
{
	return block + 1;
}

static u64 payload_bytes(u32 granules)
{
	return heap_bytes(granules) - sizeof(struct heap_block);
}

/* How many granules of blocks fit in a region of @bytes, between its edges. */
u32 heap_granules_in(u64 bytes)
{
	u64 granules = bytes / HEAP_GRANULE;

	if (granules < 2)
		return 0;
	return granules - 1 < HEAP_GRANULES_MAX ? granules - 1 : HEAP_GRANULES_MAX;
}

/* Granules for a payload of @size bytes, or 0 when the whole region is too small for it. */
static u32 granules_for(const struct heap *heap, size_t size)
{
	if (size > payload_bytes(heap->index.granules))
		return 0;
	return (size + sizeof(struct heap_block) + HEAP_GRANULE - 1) / HEAP_GRANULE;
}

/*
 * Headers: witnesses of what the map says.
 */
static void write_hole(struct heap *heap, u32 at, u32 granules)
{
	*block_at(heap, at) = (struct heap_block){ .granules = granules };
}

static void write_used(struct heap *heap, u32 at, u32 granules, size_t size, u8 owner)
{
	u32 slack = payload_bytes(granules) - size;

	*block_at(heap, at) = (struct heap_block){
		.granules = granules,
		.tag = slack | (u32)owner << TAG_OWNER_SHIFT,
	};
}

static u64 asked_of(const struct heap_block *block, u32 granules)
{
	return payload_bytes(granules) - (block->tag & TAG_SLACK);
}

static bool header_agrees(const struct heap *heap, u32 at, u32 granules)
{
	const struct heap_block *block = block_at(heap, at);
	u32 known = heap_index_is_hole(&heap->index, at) ? 0 : TAG_SLACK | 0xff << TAG_OWNER_SHIFT;

	return block->granules == granules && !(block->tag & ~known);
}

/**
 * heap_init - make one hole of a region
 * @heap: the heap
 * @region: memory of heap_granules_in() @granules, aligned to 16 bytes
 * @granules: how many, 1 to HEAP_GRANULES_MAX
 * @index: zeroed memory of heap_index_bytes() of @granules
 */
void heap_init(struct heap *heap, void *region, u32 granules, void *index)
{
	*heap = (struct heap){ .region = region };
	heap_index_init(&heap->index, index, granules);
	write_hole(heap, 0, granules);
}

/*
 * Split: the hole at @at keeps its first @want granules; the rest becomes a hole of its own.
 *
 *	| hole ................. |   ->   | want ... | hole ...... |
 *	at                  at + have     at         at + want
 *
 * A rest of one granule is a block already, so there is a rest unless the fit is exact.
 */
static void split(struct heap *heap, u32 at, u32 have, u32 want)
{
	if (have == want)
		return;
	heap_index_add_start(&heap->index, at + want);
	heap_index_add_hole(&heap->index, at + want);
	write_hole(heap, at + want, have - want);
}

/**
 * heap_alloc - allocate a block: first fit
 * @heap: the heap
 * @size: bytes of payload
 * @owner: who asks, for those who look
 *
 * Takes the lowest hole that is large enough.
 *
 * Return: the payload, aligned to 16 bytes, or NULL when no hole is large enough.
 */
void *heap_alloc(struct heap *heap, size_t size, u8 owner)
{
	u32 want = granules_for(heap, size);
	u32 at = want ? heap_index_find(&heap->index, want) : HEAP_NONE;

	if (at == HEAP_NONE) {
		heap->failures++;
		return NULL;
	}
	heap_index_drop_hole(&heap->index, at);
	split(heap, at, heap_index_size(&heap->index, at), want);
	write_used(heap, at, want, size, owner);

	heap->allocs++;
	heap->blocks++;
	heap->asked += size;
	heap->used += want;
	if (heap->peak < heap->used)
		heap->peak = heap->used;
	return payload_of(block_at(heap, at));
}

/*
 * Coalesce: the block at @at becomes a hole together with the holes beside it, if any.
 *
 *	| left hole | block at | right hole |   ->   | hole ........................ |
 */
static void coalesce(struct heap *heap, u32 at)
{
	struct heap_index *index = &heap->index;
	u32 right = heap_index_next(index, at);
	u32 left = at ? heap_index_prev(index, at) : HEAP_NONE;

	if (heap_index_is_hole(index, right)) {
		heap_index_drop_hole(index, right);
		heap_index_drop_start(index, right);
	}
	if (left != HEAP_NONE && heap_index_is_hole(index, left)) {
		heap_index_drop_start(index, at);
		at = left;
	} else {
		heap_index_add_hole(index, at);
	}
	write_hole(heap, at, heap_index_size(index, at));
}

/**
 * heap_free - free a block
 * @heap: the heap
 * @ptr: what heap_alloc() returned
 * @freed: set to what the block was
 *
 * Return: HEAP_OK, or why the pointer was refused; nothing has changed then.
 */
enum heap_verdict heap_free(struct heap *heap, const void *ptr, struct heap_view *freed)
{
	enum heap_verdict verdict;
	u32 at;

	verdict = heap_judge(heap, ptr, &at);
	if (verdict) {
		heap->refused++;
		return verdict;
	}
	heap_view(heap, at, freed);
	coalesce(heap, at);

	heap->frees++;
	heap->blocks--;
	heap->asked -= freed->asked;
	heap->used -= freed->granules;
	return HEAP_OK;
}

/**
 * heap_judge - is this the payload of a live block?
 * @heap: the heap
 * @ptr: any pointer; it is not followed
 * @at: set to the block, or to the one that holds @ptr, unless @ptr is foreign
 *
 * The map alone decides, so a wrong pointer is always found.
 *
 * Return: HEAP_OK, or what is wrong with it.
 */
enum heap_verdict heap_judge(const struct heap *heap, const void *ptr, u32 *at)
{
	const struct heap_index *index = &heap->index;
	const char *first = payload_of(block_at(heap, 0));
	size_t offset = (const char *)ptr - first;

	if ((const char *)ptr < first || offset / HEAP_GRANULE >= index->granules)
		return HEAP_FOREIGN;
	*at = offset / HEAP_GRANULE;
	if (offset % HEAP_GRANULE)
		return HEAP_MISALIGNED;
	if (!heap_index_is_start(index, *at)) {
		*at = heap_index_prev(index, *at);
		return heap_index_is_hole(index, *at) ? HEAP_DOUBLE_FREE : HEAP_INTERIOR;
	}
	if (heap_index_is_hole(index, *at))
		return HEAP_DOUBLE_FREE;
	if (!header_agrees(heap, *at, heap_index_size(index, *at)))
		return HEAP_CORRUPT_HEADER;
	return HEAP_OK;
}

/* What the map says of the block at @at, and its header of slack and owner. */
void heap_view(const struct heap *heap, u32 at, struct heap_view *view)
{
	const struct heap_block *block = block_at(heap, at);

	*view = (struct heap_view){
		.at = at,
		.granules = heap_index_size(&heap->index, at),
		.used = !heap_index_is_hole(&heap->index, at),
	};
	if (view->used) {
		view->asked = asked_of(block, view->granules);
		view->owner = block->tag >> TAG_OWNER_SHIFT;
	}
}

/**
 * heap_views - look at the next blocks
 * @heap: the heap
 * @from: granule to begin at; a block that starts before it is passed over
 * @views: filled with blocks in the order of their addresses
 * @most: room in @views
 *
 * To resume, begin where the last block ended: every block that was there all the time is seen
 * exactly once, whatever happened between the calls.
 *
 * Return: the number of blocks seen, less than @most at the end of the heap.
 */
u32 heap_views(const struct heap *heap, u32 from, struct heap_view *views, u32 most)
{
	const struct heap_index *index = &heap->index;
	u32 at = from;
	u32 seen = 0;

	if (at < index->granules && !heap_index_is_start(index, at))
		at = heap_index_next(index, at);
	while (seen < most && at < index->granules) {
		heap_view(heap, at, &views[seen]);
		at += views[seen++].granules;
	}
	return seen;
}

/*
 * The check: everything that must be true of a heap, in one place.
 *
 *	Blocks follow each other without gaps from 0 to the sentinel: by what the map is.
 *	(1) Only starts are holes.
 *	(2) No two holes lie side by side.
 *	(3) Every header agrees with the map.
 *	(4) Every summary agrees with the words under it.
 *	(5) The counters agree with the blocks.
 *
 * It reads the map word by word and trusts no summary, so that a wrong one cannot mislead it.
 */
void heap_audit_start(struct heap_audit *audit)
{
	*audit = (struct heap_audit){ .block = HEAP_NONE };
}

bool heap_audit_done(const struct heap *heap, const struct heap_audit *audit)
{
	return audit->chunk == heap_index_chunks(&heap->index);
}

/* The block that began at audit->block ends at @end, where the next one starts. */
static enum heap_verdict check_block(const struct heap *heap, struct heap_audit *audit, u32 end)
{
	bool hole = heap_index_is_hole(&heap->index, audit->block);
	u32 granules = end - audit->block;

	if (hole && end < heap->index.granules && heap_index_is_hole(&heap->index, end))
		return HEAP_CORRUPT_INDEX;
	if (!header_agrees(heap, audit->block, granules))
		return HEAP_CORRUPT_HEADER;
	audit->holes += hole;
	if (!hole) {
		audit->blocks++;
		audit->used += granules;
		audit->asked += asked_of(block_at(heap, audit->block), granules);
	}
	return HEAP_OK;
}

static enum heap_verdict check_chunk(const struct heap *heap, struct heap_audit *audit)
{
	const struct heap_chunk *chunk = &heap->index.chunks[audit->chunk];
	u32 base = audit->chunk * HEAP_CHUNK;
	enum heap_verdict verdict = HEAP_OK;
	u32 at;

	if (chunk->free & ~chunk->start || !heap_index_summary_agrees(&heap->index, audit->chunk))
		return HEAP_CORRUPT_INDEX;
	for (at = base; !verdict && at - base < HEAP_CHUNK; at++) {
		if (!(chunk->start >> at % HEAP_CHUNK & 1))
			continue;
		if (at > heap->index.granules)
			return HEAP_CORRUPT_INDEX;
		if (audit->block != HEAP_NONE)
			verdict = check_block(heap, audit, at);
		else if (at)
			verdict = HEAP_CORRUPT_INDEX;
		if (!verdict)
			audit->block = at;
	}
	return verdict;
}

/* At the end: was the last start the sentinel, and do the counters agree? */
static enum heap_verdict check_totals(const struct heap *heap, const struct heap_audit *audit)
{
	if (audit->block != heap->index.granules)
		return HEAP_CORRUPT_INDEX;
	if (audit->disturbed)
		return HEAP_OK;
	if (audit->blocks != heap->blocks || audit->holes != heap->index.holes ||
	    audit->used != heap->used || audit->asked != heap->asked)
		return HEAP_CORRUPT_INDEX;
	return HEAP_OK;
}

/* The heap changed since the last batch: find the block that reaches into this chunk anew. */
static void check_resume(const struct heap *heap, struct heap_audit *audit)
{
	u64 changes = heap->allocs + heap->frees;

	if (audit->changes == changes)
		return;
	audit->changes = changes;
	if (!audit->chunk)
		return;
	audit->disturbed = true;
	audit->block = heap_index_prev(&heap->index, audit->chunk * HEAP_CHUNK);
}

/**
 * heap_check - check the next part of the heap
 * @heap: the heap; it may change between the calls
 * @audit: from heap_audit_start()
 * @chunks: how many chunks to check now, at most 64 blocks each
 *
 * Return: HEAP_OK, or the first thing found wrong, in the block at audit->block or behind it.
 */
enum heap_verdict heap_check(const struct heap *heap, struct heap_audit *audit, u32 chunks)
{
	enum heap_verdict verdict = HEAP_OK;

	check_resume(heap, audit);
	while (!verdict && chunks-- && !heap_audit_done(heap, audit)) {
		verdict = check_chunk(heap, audit);
		audit->chunk += !verdict;
	}
	if (!verdict && heap_audit_done(heap, audit))
		verdict = check_totals(heap, audit);
	return verdict;
}
