// SPDX-License-Identifier: GPL-2.0-only
/*
 * findings - count a verdict and queue its facts, to be reported when the lock is dropped
 */
#include <linux/compiler.h>
#include <linux/minmax.h>

#include "core/block.h"
#include "core/findings.h"
#include "core/withheld.h"

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
	[HEAP_CACHED] = "cached",
};

static enum heap_state state_of(const struct heap *heap, u32 at, u64 word)
{
	if (heap_index_is_hole(&heap->index, at) || heap_is_quick(heap, at))
		return HEAP_HOLE;
	if (heap_is_quarantined(heap, at))
		return HEAP_QUARANTINED;
	if ((heap->run.granules && at == heap->run.at) || heap_is_claimed(heap, at))
		return HEAP_PENDING;
	if (is_cached(heap, at, word >> WORD_LOW_SHIFT))
		return HEAP_CACHED;
	return is_marked(heap, at, word) ? HEAP_DEFERRED : HEAP_USED;
}

struct heap_block_info heap_inspect_sized(const struct heap *heap, u32 at, u32 granules)
{
	/*
	 * The size is the map's: if only the granules of the header are wrong, the rest is valid.
	 * A deferred free may exchange the tag at any time.
	 */
	u32 tag = READ_ONCE(block_at(heap, at)->tag);
	u64 word = make_word(granules, tag);
	struct heap_block_info block = {
		.at = at,
		.granules = granules,
		.state = state_of(heap, at, word),
		.sealed = is_sealed(heap, at, word) || is_marked(heap, at, word),
	};

	/* A block on the quick list still has its seal, and so its owner. */
	if (block.sealed)
		block.owner = tag_owner(tag);
	if (block.state == HEAP_USED || block.state == HEAP_DEFERRED)
		block.asked = payload_bytes(heap, granules) - (block.sealed ? tag & TAG_SLACK : 0);
	return block;
}

struct heap_block_info heap_inspect(const struct heap *heap, u32 at)
{
	return heap_inspect_sized(heap, at, heap_index_size(&heap->index, at));
}

/* A block that becomes a hole at this moment is claimed no more, and no hole yet. */
static struct heap_block_info describe_block(const struct heap *heap, u32 at)
{
	struct heap_block_info block = heap_inspect(heap, at);
	u32 tag = block_at(heap, at)->tag;

	if (block.state == HEAP_USED && tag == state_tag(heap, at, HEAP_PENDING))
		block.state = HEAP_PENDING;
	return block;
}

/* Whole lines of 16 bytes around @finding->offset. */
static void copy_bytes(const struct heap *heap, struct heap_finding *finding)
{
	u64 region = heap_bytes(heap->index.granules + 1ULL);
	u64 most = region - min_t(u64, region, HEAP_FINDING_BYTES);
	u64 from = finding->offset / HEAP_GRANULE * HEAP_GRANULE;
	u32 i;

	finding->bytes_at = min(most, from - min_t(u64, from, HEAP_FINDING_BYTES / 2));
	finding->bytes_count = min_t(u64, region, HEAP_FINDING_BYTES);
	for (i = 0; i < finding->bytes_count; i++)
		/* Payloads may be written at the same time. */
		finding->bytes[i] = data_race(heap->region[finding->bytes_at + i]);
}

struct heap_finding heap_describe(const struct heap *heap, enum heap_verdict verdict, u64 offset)
{
	struct heap_finding finding = {
		.verdict = verdict,
		.offset = offset,
		.block.at = HEAP_NONE,
		.before.at = HEAP_NONE,
	};
	u32 at = (offset - HEAP_EDGE) / HEAP_GRANULE;

	/* A corrupt index says nothing about blocks. */
	if (verdict == HEAP_CORRUPT_INDEX || heap_is_frozen(heap) || offset < HEAP_EDGE ||
	    offset >= heap_offset(heap->index.granules))
		return finding;
	at = heap_index_around(&heap->index, at);
	finding.block = describe_block(heap, at);
	if (at)
		finding.before = describe_block(heap, heap_index_prev(&heap->index, at));
	copy_bytes(heap, &finding);
	return finding;
}

void heap_record(struct heap *heap, enum heap_verdict verdict, u64 offset)
{
	u32 queued = heap_queued_findings(heap);

	heap->verdicts[verdict]++;
	if (queued < HEAP_FINDINGS)
		heap->findings[queued] = heap_describe(heap, verdict, offset);
	heap->events++;
}

void heap_record_header(struct heap *heap, u32 at)
{
	heap_record(heap, HEAP_CORRUPT_HEADER, heap_offset(at));
}

bool heap_take_finding(struct heap *heap, struct heap_finding *finding)
{
	u32 left, i;

	if (!heap_queued_findings(heap))
		return false;
	*finding = heap->findings[0];
	left = min_t(u32, heap_queued_findings(heap), HEAP_FINDINGS) - 1;
	heap->events = (heap->events & ~HEAP_EVENT_FINDINGS) | left;
	for (i = 0; i < left; i++)
		heap->findings[i] = heap->findings[i + 1];
	return true;
}

/*
 * A foreign pointer is recorded by the caller of the core, which can find out whether it belongs to
 * another heap.
 */
void heap_refuse(struct heap *heap, const void *ptr, enum heap_verdict verdict)
{
	heap->refused++;
	if (verdict == HEAP_CORRUPT_INDEX)
		heap_freeze(heap, heap_offset_of(heap, ptr));
	else if (verdict != HEAP_FOREIGN)
		heap_record(heap, verdict, heap_offset_of(heap, ptr));
}

void heap_freeze(struct heap *heap, u64 offset)
{
	if (heap_is_frozen(heap))
		return;
	heap_record(heap, HEAP_CORRUPT_INDEX, offset);
	WRITE_ONCE(heap->granules, 0);
	WRITE_ONCE(heap->largest, 0);
}
