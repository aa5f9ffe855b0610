/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heap_block - a block in the region: its header, its payload, and what seals them
 *
 *	| granules, tag | payload ................... slack | redzone |
 *	header          asked bytes                   0..15   16, if the heap has them
 *
 * Headers lie in memory that callers overrun. So the tag carries a seal over all that the header
 * says and the place where it stands, keyed anew for each heap: a header that was written over
 * is found, even by the copy of a good one. And the bytes behind a payload carry a pattern.
 *
 * The seal is a multiplication by an odd secret, of which the highest bits are taken. Slack and
 * owner enter at the top, where an odd factor never maps two values to one: no change of them
 * alone, and none of a single byte of the tag, goes unseen. Any other passes with 2^-20.
 *
 * Of a block that is not in use the map knows every bit of the header, so that none goes unseen,
 * and no seal is needed: its tag is a state, masked with a half of the key.
 */
#ifndef HEAP_BLOCK_H
#define HEAP_BLOCK_H

#include <linux/compiler.h>

#include <asm/byteorder.h>

#include "heap_core.h"
#include "heap_find.h"

/* Memory that is nobody's: slack, redzones and, in a heap that poisons, all that is free. */
#define HEAP_PATTERN	0xc5
#define HEAP_PATTERN64	0xc5c5c5c5c5c5c5c5ULL

#define TAG_SLACK	0xfU
#define TAG_OWNER_SHIFT	4

static inline u32 tag_owner(u32 tag)
{
	return tag >> TAG_OWNER_SHIFT & 0xff;
}

/* Places: a block is known by its first granule; its header and payload lie at fixed distances. */
static inline struct heap_block *block_at(const struct heap *heap, u32 at)
{
	return (struct heap_block *)(heap->region + (size_t)heap_offset(at));
}

static inline void *payload_of(struct heap_block *block)
{
	return block + 1;
}

/* Bytes that a payload of @granules can have: all but the header and the redzone. */
static inline u64 payload_bytes(const struct heap *heap, u32 granules)
{
	return heap_bytes(granules) - heap->overhead;
}

/* Granules for a payload of @size bytes, which a payload can have; and its slack. */
static inline u32 granules_for(const struct heap *heap, size_t size)
{
	return (size + heap->overhead + HEAP_GRANULE - 1) / HEAP_GRANULE;
}

static inline u32 slack_for(const struct heap *heap, size_t size)
{
	return -(size + heap->overhead) % HEAP_GRANULE;
}

/*
 * A header as one word: granules (32 bits), slack (4) and owner (8), or a state, and the seal over
 * all of them and the place.
 */
#define WORD_OPEN_BITS	44
#define WORD_LOW_SHIFT	32

static inline u64 header_word(const struct heap_block *header)
{
	return header->granules | (u64)header->tag << WORD_LOW_SHIFT;
}

static inline void write_header(struct heap_block *header, u64 word)
{
	header->granules = word;
	header->tag = word >> WORD_LOW_SHIFT;
}

/* Its lower 44 bits do not count. */
static inline u64 seal_of(const struct heap *heap, u32 at, u64 word)
{
	return (word << (64 - WORD_OPEN_BITS) ^ heap->key ^ at) * heap->factor;
}

static inline bool is_sealed(const struct heap *heap, u32 at, u64 word)
{
	return !((seal_of(heap, at, word) ^ word) >> WORD_OPEN_BITS);
}

static inline u64 sealed(const struct heap *heap, u32 at, u64 open)
{
	return open | seal_of(heap, at, open) >> WORD_OPEN_BITS << WORD_OPEN_BITS;
}

/*
 * The header of a live block may be marked without the lock, by one atomic exchange of its tag:
 * then every other bit of its seal is turned over, so that no change of a byte does the same.
 */
#define WORD_DEFERRED	(0xaaaaaULL << WORD_OPEN_BITS)
#define TAG_DEFERRED	((u32)(WORD_DEFERRED >> WORD_LOW_SHIFT))

static inline bool is_deferred(const struct heap *heap, u32 at, u64 word)
{
	return is_sealed(heap, at, word ^ WORD_DEFERRED);
}

/* The header of a block that is not in use. */
static inline u64 marked(const struct heap *heap, u32 granules, enum heap_state state)
{
	return (granules | (u64)state << WORD_LOW_SHIFT) ^ heap->mask;
}

static inline bool is_state(const struct heap *heap, u64 word)
{
	return (word ^ heap->mask) >> WORD_LOW_SHIFT <= HEAP_QUARANTINED;
}

static inline void write_mark(struct heap *heap, u32 at, u32 granules, enum heap_state state)
{
	write_header(block_at(heap, at), marked(heap, granules, state));
}

static inline bool is_marked(const struct heap *heap, u32 at, u32 granules, enum heap_state state)
{
	return header_word(block_at(heap, at)) == marked(heap, granules, state);
}

static inline void write_used(struct heap *heap, u32 at, struct heap_block *block, u32 granules,
			      u32 slack, u8 owner)
{
	u64 open = granules | (u64)slack << WORD_LOW_SHIFT |
		   (u64)owner << (WORD_LOW_SHIFT + TAG_OWNER_SHIFT);

	write_header(block, sealed(heap, at, open));
}

/* Is the block freed, but not merged yet? */
static inline bool is_kept(const struct heap *heap, u32 at)
{
	u32 i;

	for (i = 0; i < heap->kept_count; i++) {
		if (heap->kept[i].at == at)
			return true;
	}
	return false;
}

/* No block begins here any more: the header becomes what all free memory is. */
static inline void give_up_header(struct heap *heap, u32 at)
{
	if (unlikely(heap->flags & HEAP_POISON))
		*(u64 *)block_at(heap, at) = HEAP_PATTERN64;
}

/*
 * What stands in front of @end, the end of a block: slack, and in front of that a payload. Nothing
 * of a new block is anybody's yet, so whole words are filled; in a block of one granule the first
 * is its header, which is written later.
 */
static inline void fill_slack(u64 *end)
{
	end[-1] = HEAP_PATTERN64;
	end[-2] = HEAP_PATTERN64;
}

/* Of the last word of slack the upper bytes count: a shift by -8 * slack, which wraps at 64. */
static inline bool is_slack_intact(const u64 *end, u32 slack)
{
	u64 wrong = le64_to_cpup((const __le64 *)&end[-1]) ^ HEAP_PATTERN64;

	if (slack > 8) {
		if (wrong)
			return false;
		wrong = le64_to_cpup((const __le64 *)&end[-2]) ^ HEAP_PATTERN64;
	}
	return !slack || !(wrong >> (-8 * slack & 63));
}

/* With a redzone, the slack stands in front of that. A heap that poisons has all of it filled. */
static inline void fill_end(const struct heap *heap, struct heap_block *block, u32 granules)
{
	u64 *word = (u64 *)block + HEAP_GRANULE / sizeof(u64) * (size_t)granules;

	if (unlikely(heap->flags)) {
		if (heap->flags & HEAP_POISON)
			return;
		fill_slack(word - 2);
	}
	fill_slack(word);
}

static inline bool is_intact(const struct heap *heap, u32 end, u32 slack)
{
	const u64 *word = (const u64 *)block_at(heap, end);

	if (unlikely(heap->flags & HEAP_REDZONE))
		return is_slack_intact(word, 2 * sizeof(*word)) && is_slack_intact(word - 2, slack);
	return is_slack_intact(word, slack);
}

#endif
