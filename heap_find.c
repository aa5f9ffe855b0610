// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_find - findings: verdicts are counted, and their facts copied
 */
#include <linux/compiler.h>
#include <linux/minmax.h>

#include "heap_block.h"

const char * const heap_verdict_names[HEAP_VERDICTS] = {
	[HEAP_OK] = "ok",
	[HEAP_FOREIGN] = "foreign",
	[HEAP_MISALIGNED] = "misaligned",
	[HEAP_INTERIOR] = "interior",
	[HEAP_DOUBLE_FREE] = "double free",
	[HEAP_WRONG_HEAP] = "wrong heap",
	[HEAP_OVERRUN] = "overrun",
	[HEAP_CORRUPT_HEADER] = "corrupt header",
	[HEAP_USE_AFTER_FREE] = "use after free",
	[HEAP_CORRUPT_INDEX] = "corrupt index",
};

const char * const heap_state_names[] = {
	[HEAP_HOLE] = "hole",
	[HEAP_USED] = "used",
	[HEAP_PENDING] = "pending",
	[HEAP_QUARANTINED] = "quarantined",
	[HEAP_DEFERRED] = "pending",
};

static bool is_among(const u32 *places, u32 count, u32 at)
{
	u32 i;

	for (i = 0; i < count; i++) {
		if (places[i] == at)
			return true;
	}
	return false;
}

static bool is_quarantined(const struct heap *heap, u32 at)
{
	return is_among(heap->quarantine, heap->quarantine_count, at);
}

static bool is_claimed(const struct heap *heap, u32 at)
{
	return is_among(heap->claims, heap->claim_count, at);
}

/* Is the block used in the map, and nobody's? Whatever its header says. */
bool heap_is_withheld(const struct heap *heap, u32 at)
{
	return is_claimed(heap, at) || is_quarantined(heap, at);
}

static enum heap_state state_of(const struct heap *heap, u32 at, u64 word)
{
	if (heap_index_is_hole(&heap->index, at) || is_kept(heap, at))
		return HEAP_HOLE;
	if (is_quarantined(heap, at))
		return HEAP_QUARANTINED;
	if (is_claimed(heap, at))
		return HEAP_PENDING;
	return is_deferred(heap, at, word) ? HEAP_DEFERRED : HEAP_USED;
}

/**
 * heap_look_sized - what the map says of a block, and its header of slack and owner
 * @heap: the heap
 * @at: where the block starts
 * @granules: its size
 *
 * Return: the block; its owner is told of a hole, too, that was freed just now and is still kept.
 */
struct heap_view heap_look_sized(const struct heap *heap, u32 at, u32 granules)
{
	/* Were the granules alone written over, the rest is good. It may be marked just now. */
	u32 tag = READ_ONCE(block_at(heap, at)->tag);
	u64 word = granules | (u64)tag << WORD_LOW_SHIFT;
	struct heap_view block = {
		.at = at,
		.granules = granules,
		.state = state_of(heap, at, word),
		.sealed = is_sealed(heap, at, word) || is_deferred(heap, at, word),
	};

	if (block.sealed)
		block.owner = tag_owner(tag);
	if (block.state == HEAP_USED || block.state == HEAP_DEFERRED)
		block.asked = payload_bytes(heap, granules) - (block.sealed ? tag & TAG_SLACK : 0);
	return block;
}

struct heap_view heap_look(const struct heap *heap, u32 at)
{
	return heap_look_sized(heap, at, heap_index_size(&heap->index, at));
}

/* Offset of the first byte behind a payload that differs from the pattern, or of the last. */
u64 heap_first_wrong(const struct heap *heap, const struct heap_view *block)
{
	u64 offset = heap_offset(block->at) + sizeof(struct heap_block) + block->asked;
	u64 last = heap_offset(block->at + block->granules) - 1;

	while (offset < last && (u8)heap->region[offset] == HEAP_PATTERN)
		offset++;
	return offset;
}

/**
 * heap_fill - fill free memory with the pattern
 * @ptr: where, aligned to 8 bytes
 * @bytes: how many, a multiple of 8
 */
void heap_fill(void *ptr, size_t bytes)
{
	u64 *word = ptr;

	for (; bytes; bytes -= sizeof(*word))
		WRITE_ONCE(*word++, HEAP_PATTERN64);	/* no memset(), which KASAN watches */
}

/* The first byte of what heap_fill() filled that is something else now, or NULL. */
const void *heap_first_unfilled(const void *ptr, size_t bytes)
{
	const u64 *word = ptr;
	const u8 *byte;

	for (; bytes && *word == HEAP_PATTERN64; bytes -= sizeof(*word))
		word++;
	if (!bytes)
		return NULL;
	for (byte = (const u8 *)word; *byte == HEAP_PATTERN;)
		byte++;
	return byte;
}

/* The lines of 16 bytes around @finding->offset. */
static void copy_bytes(const struct heap *heap, struct heap_finding *finding)
{
	u64 region = heap_bytes(heap->index.granules + 1ULL);
	u64 most = region - min_t(u64, region, HEAP_FINDING_BYTES);
	u64 from = finding->offset / HEAP_GRANULE * HEAP_GRANULE;
	u32 i;

	finding->bytes_at = min(most, from - min_t(u64, from, HEAP_FINDING_BYTES / 2));
	finding->bytes_count = min_t(u64, region, HEAP_FINDING_BYTES);
	for (i = 0; i < finding->bytes_count; i++)
		/* Some may be a client's, who writes to them meanwhile. */
		finding->bytes[i] = data_race(heap->region[finding->bytes_at + i]);
}

/**
 * heap_facts - a verdict with its facts
 * @heap: the heap
 * @verdict: what was found
 * @offset: from the region's start; when that is not in a block, there is less to tell
 *
 * Return: the finding.
 */
struct heap_finding heap_facts(const struct heap *heap, enum heap_verdict verdict, u64 offset)
{
	struct heap_finding finding = {
		.verdict = verdict,
		.offset = offset,
		.block.at = HEAP_NONE,
		.before.at = HEAP_NONE,
	};
	u32 at = (offset - HEAP_EDGE) / HEAP_GRANULE;

	/* Of an index that is corrupt nothing is believed. */
	if (verdict == HEAP_CORRUPT_INDEX || heap_is_frozen(heap) || offset < HEAP_EDGE ||
	    offset >= heap_offset(heap->index.granules))
		return finding;
	if (!heap_index_is_start(&heap->index, at))
		at = heap_index_prev(&heap->index, at);
	finding.block = heap_look(heap, at);
	if (at)
		finding.before = heap_look(heap, heap_index_prev(&heap->index, at));
	copy_bytes(heap, &finding);
	return finding;
}

/**
 * heap_find - count a verdict, and keep its facts if there is room
 * @heap: the heap
 * @verdict: what was found
 * @offset: from the region's start
 */
void heap_find(struct heap *heap, enum heap_verdict verdict, u64 offset)
{
	heap->verdicts[verdict]++;
	if (heap_found(heap) < HEAP_FINDINGS)
		heap->findings[heap_found(heap)] = heap_facts(heap, verdict, offset);
	heap->found++;
}

/**
 * heap_take_finding - the oldest finding that was not taken yet
 * @heap: the heap
 * @finding: set to it
 *
 * Return: false when there is none, or only such as found no room.
 */
bool heap_take_finding(struct heap *heap, struct heap_finding *finding)
{
	u32 left, i;

	if (!heap_found(heap))
		return false;
	*finding = heap->findings[0];
	left = min_t(u32, heap_found(heap), HEAP_FINDINGS) - 1;
	heap->found = (heap->found & ~HEAP_COUNT) | left;
	for (i = 0; i < left; i++)
		heap->findings[i] = heap->findings[i + 1];
	return true;
}
