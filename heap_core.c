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
#include <linux/compiler.h>

#include "heap_core.h"
#include "heap_index.c"	/* one unit for the compiler: 4% fewer instructions */

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

/* What the header tells of @block beyond the map. */
static void ask_header(const struct heap *heap, struct heap_view *block)
{
	u32 tag = block_at(heap, block->at)->tag;

	block->owner = block->used ? tag >> TAG_OWNER_SHIFT : 0;
	block->asked = block->used ? payload_bytes(block->granules) - (tag & TAG_SLACK) : 0;
}

static bool header_agrees(const struct heap *heap, const struct heap_view *block)
{
	const struct heap_block *header = block_at(heap, block->at);
	u32 known = block->used ? TAG_SLACK | 0xff << TAG_OWNER_SHIFT : 0;

	return header->granules == block->granules && !(header->tag & ~known);
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
	*heap = (struct heap){ .region = region, .last.at = HEAP_NONE };
	heap_index_init(&heap->index, index, granules);
	write_hole(heap, 0, granules);
}

/*
 * Split: the lowest hole that is large enough gives its first @want granules to a block; the rest
 * stays a hole.
 *
 *	| hole ................. |   ->   | want ... | hole ...... |
 *	at                  at + have     at         at + want
 *
 * A rest of one granule is a block already, so there is a rest unless the fit is exact.
 */
static u32 split(struct heap *heap, u32 want)
{
	u32 have = want;
	u32 at = heap_index_take(&heap->index, want, &have);

	heap->last = (struct heap_cut){ .at = at, .granules = want, .have = have };
	if (at != HEAP_NONE && have != want)
		write_hole(heap, at + want, have - want);
	return at;
}

/*
 * Coalesce: the block at @at becomes a hole together with the holes beside it, if any.
 *
 *	| left hole | block | right hole |   ->   | hole ........................ |
 *	first       at      right        end      first                           end
 */
static void coalesce(struct heap *heap, u32 at, u32 granules)
{
	struct heap_index *index = &heap->index;
	u32 right = at + granules;
	u32 first = at ? heap_index_prev(index, at) : at;
	u32 end = right;

	if (!heap_index_is_hole(index, first))
		first = at;
	if (heap_index_is_hole(index, right))
		end = heap_index_next(index, right);
	heap_index_give(index, first, at, right, end);
	write_hole(heap, first, end - first);
}

/*
 * Kept blocks: a block that is freed before anything else happens leaves the heap as it was before
 * the allocation. Such a block is not merged at once but kept, cut off its hole as it is. When
 * first fit would give the next request the same place, it takes the block back, cut anew if
 * its size is another. A few are kept, for sizes that come in turn from several holes.
 *
 * A request that finds a kept block's hole too small goes by; any other request, and whatever else
 * changes the heap or looks at it, merges the kept blocks first. It is exact: see is_first_fit().
 */
static void merge_kept(struct heap *heap, u32 i)
{
	struct heap_cut cut = heap->kept[i];

	heap->kept[i] = heap->kept[--heap->kept_count];
	coalesce(heap, cut.at, cut.granules);
}

void heap_flush(struct heap *heap)
{
	while (heap->kept_count)
		merge_kept(heap, heap->kept_count - 1);
}

/*
 * Would first fit cut a block of @want granules here, where the hole is large enough? The kept
 * block came from first fit, so no hole of its size or more was below it; since then blocks were
 * allocated, or kept, which makes no hole larger. For a smaller size the finger may know.
 */
static bool is_first_fit(const struct heap *heap, const struct heap_cut *kept, u32 want)
{
	return want >= kept->granules || heap_index_none_below(&heap->index, kept->at, want);
}

static u32 take_back(struct heap *heap, u32 i, u32 want)
{
	struct heap_cut cut = heap->kept[i];

	heap->kept[i] = heap->kept[--heap->kept_count];
	if (cut.granules != want) {
		heap_index_recut(&heap->index, cut.at, cut.have, cut.granules, want);
		cut.granules = want;
		if (cut.have != want)
			write_hole(heap, cut.at + want, cut.have - want);
	}
	heap->last = cut;
	return cut.at;
}

/* The lowest of the kept blocks whose hole has @want granules; HEAP_KEPT if there is none. */
static u32 lowest_kept(const struct heap *heap, u32 want)
{
	u32 lowest = HEAP_KEPT;
	u32 i;

	for (i = 0; i < heap->kept_count; i++) {
		if (heap->kept[i].have >= want &&
		    (lowest == HEAP_KEPT || heap->kept[i].at < heap->kept[lowest].at))
			lowest = i;
	}
	return lowest;
}

/* First fit: a block of @want granules in the lowest hole that is large enough, or HEAP_NONE. */
static u32 fit(struct heap *heap, u32 want)
{
	u32 i = lowest_kept(heap, want);

	if (i != HEAP_KEPT && is_first_fit(heap, &heap->kept[i], want))
		return take_back(heap, i, want);
	while (i != HEAP_KEPT) {
		merge_kept(heap, i);
		i = lowest_kept(heap, want);
	}
	return split(heap, want);
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
	u32 at = want ? fit(heap, want) : HEAP_NONE;

	if (at == HEAP_NONE) {
		heap->failures++;
		return NULL;
	}
	write_used(heap, at, want, size, owner);

	heap->allocs++;
	heap->blocks++;
	heap->asked += size;
	heap->used += want;
	if (heap->peak < heap->used)
		heap->peak = heap->used;
	return payload_of(block_at(heap, at));
}

/* What the map says of the block at @at, and its header of slack and owner. */
static void look(const struct heap *heap, u32 at, struct heap_view *block)
{
	block->at = at;
	block->granules = heap_index_size(&heap->index, at);
	block->used = !heap_index_is_hole(&heap->index, at);
	ask_header(heap, block);
}

static bool is_kept(const struct heap *heap, u32 at)
{
	u32 i;

	for (i = 0; i < heap->kept_count; i++) {
		if (heap->kept[i].at == at)
			return true;
	}
	return false;
}

/* Where no block starts, no pointer is good; which kind of bad depends on what is around it. */
static enum heap_verdict judge_inner(const struct heap *heap, u32 at)
{
	u32 start = heap_index_prev(&heap->index, at);

	return heap_index_is_hole(&heap->index, start) || is_kept(heap, start) ?
		HEAP_DOUBLE_FREE : HEAP_INTERIOR;
}

/* The map alone decides, so a wrong pointer is always found. */
static __always_inline enum heap_verdict judge(const struct heap *heap, const void *ptr,
					       struct heap_view *block)
{
	const struct heap_index *index = &heap->index;
	size_t offset = (const char *)ptr - (const char *)payload_of(block_at(heap, 0));
	u32 at = offset / HEAP_GRANULE;
	u32 granules;

	if (offset / HEAP_GRANULE >= index->granules)
		return HEAP_FOREIGN;
	if (offset % HEAP_GRANULE)
		return HEAP_MISALIGNED;
	if (!heap_index_is_start(index, at))
		return judge_inner(heap, at);
	if (heap_index_is_hole(index, at) || is_kept(heap, at))
		return HEAP_DOUBLE_FREE;
	granules = heap_index_size(index, at);
	block->at = at;
	block->granules = granules;
	block->used = true;
	ask_header(heap, block);
	return header_agrees(heap, block) ? HEAP_OK : HEAP_CORRUPT_HEADER;
}

/**
 * heap_judge - is this the payload of a live block?
 * @heap: the heap
 * @ptr: any pointer; it is not followed
 * @block: set to what the block is, if there is one
 *
 * Return: HEAP_OK, or what is wrong with it.
 */
enum heap_verdict heap_judge(const struct heap *heap, const void *ptr, struct heap_view *block)
{
	return judge(heap, ptr, block);
}

/* A block is free: kept, if that undoes the last allocation, or merged. */
static void give_back(struct heap *heap, u32 at, u32 granules)
{
	if (at == heap->last.at && heap->kept_count < HEAP_KEPT) {
		heap->kept[heap->kept_count++] = heap->last;
	} else {
		heap_flush(heap);
		coalesce(heap, at, granules);
	}
	heap->last.at = HEAP_NONE;
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
	enum heap_verdict verdict = judge(heap, ptr, freed);

	if (verdict) {
		heap->refused++;
		return verdict;
	}
	give_back(heap, freed->at, freed->granules);

	heap->frees++;
	heap->blocks--;
	heap->asked -= freed->asked;
	heap->used -= freed->granules;
	return HEAP_OK;
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
u32 heap_views(struct heap *heap, u32 from, struct heap_view *views, u32 most)
{
	const struct heap_index *index = &heap->index;
	u32 at = from;
	u32 seen = 0;

	heap_flush(heap);
	if (at < index->granules && !heap_index_is_start(index, at))
		at = heap_index_next(index, at);
	while (seen < most && at < index->granules) {
		look(heap, at, &views[seen]);
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
 *	(4) Every summary agrees with the words under it, every node with its children.
 *	(5) The max of a chunk is its largest hole, the top aside.
 *	(6) The top is the hole at the end; no hole as large as the finger's lies below it.
 *	(7) The counters agree with the blocks.
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

/* (5) for the chunk that the block at audit->block is the last of. */
static bool check_max(const struct heap_index *index, struct heap_audit *audit)
{
	u32 chunk = audit->block / HEAP_CHUNK;
	u32 max = index->max[0][chunk];
	u32 largest = audit->largest;

	audit->largest = 0;
	return largest == max || largest == HEAP_NONE;
}

/* (5) and (6) for a hole. */
static bool check_hole(const struct heap_index *index, struct heap_audit *audit, u32 granules)
{
	if (audit->block < index->finger_at && granules >= index->finger_size)
		return false;
	if (audit->block == index->top)
		return true;
	if (audit->largest < granules)
		audit->largest = granules;
	return granules <= index->max[0][audit->block / HEAP_CHUNK];
}

/* The block that began at audit->block ends at @end, where the next one starts. */
static enum heap_verdict check_block(const struct heap *heap, struct heap_audit *audit, u32 end)
{
	const struct heap_index *index = &heap->index;
	struct heap_view block = {
		.at = audit->block,
		.granules = end - audit->block,
		.used = !heap_index_is_hole(index, audit->block),
	};
	bool last = end == index->granules;

	if (!block.used && !last && heap_index_is_hole(index, end))
		return HEAP_CORRUPT_INDEX;
	if (block.at == index->top ? block.used || !last : !block.used && last)
		return HEAP_CORRUPT_INDEX;
	if (!block.used && !check_hole(index, audit, block.granules))
		return HEAP_CORRUPT_INDEX;
	if ((last || end / HEAP_CHUNK != block.at / HEAP_CHUNK) && !check_max(index, audit))
		return HEAP_CORRUPT_INDEX;
	if (!header_agrees(heap, &block))
		return HEAP_CORRUPT_HEADER;
	ask_header(heap, &block);
	audit->asked += block.asked;
	audit->holes += !block.used;
	audit->blocks += block.used;
	audit->used += block.used ? block.granules : 0;
	return HEAP_OK;
}

/* No block begins in a chunk that is empty but for the sentinel: no hole, and (5) is simple. */
static bool check_empty(const struct heap_index *index, u32 chunk)
{
	u64 start = index->chunks[chunk].start;

	if (chunk == index->granules / HEAP_CHUNK)
		start &= ~BIT_ULL(index->granules % HEAP_CHUNK);
	return start || !index->max[0][chunk];
}

static enum heap_verdict check_chunk(const struct heap *heap, struct heap_audit *audit)
{
	const struct heap_chunk *chunk = &heap->index.chunks[audit->chunk];
	u32 base = audit->chunk * HEAP_CHUNK;
	enum heap_verdict verdict = HEAP_OK;
	u64 starts = chunk->start;
	u32 at;

	if (chunk->free & ~starts || !check_empty(&heap->index, audit->chunk) ||
	    !heap_index_agrees(&heap->index, audit->chunk))
		return HEAP_CORRUPT_INDEX;
	for (; !verdict && starts; starts &= starts - 1) {
		at = base + heap_bit_lowest(starts);
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
	audit->largest = HEAP_NONE;	/* not known of a chunk that is seen in part */
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
enum heap_verdict heap_check(struct heap *heap, struct heap_audit *audit, u32 chunks)
{
	enum heap_verdict verdict = HEAP_OK;

	heap_flush(heap);
	check_resume(heap, audit);
	while (!verdict && chunks-- && !heap_audit_done(heap, audit)) {
		verdict = check_chunk(heap, audit);
		audit->chunk += !verdict;
	}
	if (!verdict && heap_audit_done(heap, audit))
		verdict = check_totals(heap, audit);
	return verdict;
}
