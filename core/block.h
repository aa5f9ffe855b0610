/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * block - the format of a block: header, seal, payload, and the pattern behind it
 *
 *	| granules, tag | payload .................. slack | redzone |
 *	  header          bytes that were asked     0..15    16, with HEAP_REDZONE
 *
 * A caller that overruns its payload overwrites the next header. So the tag of a used block has a
 * seal over everything that the header says and over its place, keyed for each heap: an overwritten
 * header is detected, also when it is a copy of a valid one. Slack and redzone carry a pattern.
 *
 * The seal is a multiplication by an odd secret, of which the highest bits are taken. Slack and
 * owner enter at the top, where an odd factor never maps two values to one: a change of either
 * alone, or of a single byte of the tag, is always detected; any other change, except one in 2^20.
 *
 * The header of a block that is not in use needs no seal: the map knows every bit of it. Its tag is
 * the state, masked with half of the key. The map does not know that a block is pending or cached:
 * there the place is in the tag, too, so that a copy of an old header elsewhere is no such state.
 */
#ifndef HEAP_BLOCK_H
#define HEAP_BLOCK_H

#include <linux/atomic.h>
#include <linux/compiler.h>

#include <asm/byteorder.h>

#include "core/heap.h"

/* Fills slack, redzones and, with HEAP_POISON, all free memory. */
#define HEAP_PATTERN	0xc5
#define HEAP_PATTERN64	0xc5c5c5c5c5c5c5c5ULL

#define TAG_SLACK	0xfU
#define TAG_OWNER_SHIFT	4

static inline u32 tag_owner(u32 tag)
{
	return tag >> TAG_OWNER_SHIFT & 0xff;
}

/* Places: a block is named by its first granule. */
static inline struct heap_block *block_at(const struct heap *heap, u32 at)
{
	return (struct heap_block *)(heap->region + (size_t)heap_offset(at));
}

static inline void *payload_of(struct heap_block *block)
{
	return block + 1;
}

/* Distance of a pointer, which may be any, from the payload of the first block. */
static inline size_t distance_of(const struct heap *heap, const void *ptr)
{
	return (const char *)ptr - (const char *)payload_of(block_at(heap, 0));
}

/*
 * The block whose payload begins at a pointer, which may be any; heap->granules or more if none
 * can. One comparison finds both kinds of wrong pointers: a distance that is no multiple of
 * HEAP_GRANULE has low bits, which the rotation makes the highest.
 */
static inline size_t start_of(const struct heap *heap, const void *ptr)
{
	size_t distance = distance_of(heap, ptr);

	return distance / HEAP_GRANULE | distance << (sizeof(distance) * 8 - HEAP_GRANULE_SHIFT);
}

/* Most bytes that a payload of @granules can have: all but the header and the redzone. */
static inline u64 payload_bytes(const struct heap *heap, u32 granules)
{
	return heap_bytes(granules) - heap->overhead;
}

/* That of the whole region; 0 if it is too small. */
static inline u64 largest_payload(const struct heap *heap)
{
	if (heap_bytes(heap->granules) <= heap->overhead)
		return 0;
	return payload_bytes(heap, heap->granules);
}

/* Granules of a block for @size bytes, at most heap->largest, and the slack in it. */
static inline u32 granules_for(const struct heap *heap, size_t size)
{
	return (size + heap->overhead + HEAP_GRANULE - 1) / HEAP_GRANULE;
}

static inline u32 slack_for(const struct heap *heap, size_t size)
{
	return -(size + heap->overhead) % HEAP_GRANULE;
}

/*
 * A header as one word, lowest bits first: granules (32), slack (4), owner (8), seal (20); or
 * granules (32) and state (32), masked, with the place unless it is a hole.
 */
#define WORD_OPEN_BITS	44
#define WORD_LOW_SHIFT	32

static inline u64 make_word(u32 granules, u32 tag)
{
	return granules | (u64)tag << WORD_LOW_SHIFT;
}

static inline u64 header_word(const struct heap_block *header)
{
	return make_word(header->granules, header->tag);
}

static inline void write_header(struct heap_block *header, u64 word)
{
	header->granules = word;
	header->tag = word >> WORD_LOW_SHIFT;
}

/* The seal of @word in the highest 20 bits. */
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

static inline void write_used(struct heap *heap, u32 at, struct heap_block *block, u32 granules,
			      u32 slack, u8 owner)
{
	u64 open = granules | (u64)slack << WORD_LOW_SHIFT |
		   (u64)owner << (WORD_LOW_SHIFT + TAG_OWNER_SHIFT);

	write_header(block, sealed(heap, at, open));
}

/*
 * A free that cannot take the lock marks the header of its live block by one atomic exchange of the
 * tag (core/deferred.c): it flips every other bit of the seal, which no change of one byte does.
 */
#define WORD_DEFERRED	(0xaaaaaULL << WORD_OPEN_BITS)
#define TAG_DEFERRED	((u32)(WORD_DEFERRED >> WORD_LOW_SHIFT))

static inline bool is_deferred(const struct heap *heap, u32 at, u64 word)
{
	return is_sealed(heap, at, word ^ WORD_DEFERRED);
}

/* A block in limbo (core/limbo.h) has the other bits of the seal flipped. */
#define WORD_LIMBO	(0x55555ULL << WORD_OPEN_BITS)
#define TAG_LIMBO	((u32)(WORD_LIMBO >> WORD_LOW_SHIFT))

static inline bool is_limbo(const struct heap *heap, u32 at, u64 word)
{
	return is_sealed(heap, at, word ^ WORD_LIMBO);
}

/* Freed, and live in the totals. */
static inline bool is_marked(const struct heap *heap, u32 at, u64 word)
{
	return is_deferred(heap, at, word) || is_limbo(heap, at, word);
}

/*
 * The states are less than 1 << STATE_BITS, so no state at any place looks like a hole. Places 8
 * GiB apart have the same tag.
 */
#define STATE_BITS	3

static inline u32 state_and_place(u32 at, enum heap_state state)
{
	return state == HEAP_HOLE ? state : state ^ at << STATE_BITS;
}

/* The header of a block that is not in use. */
static inline u64 state_word(const struct heap *heap, u32 at, u32 granules, enum heap_state state)
{
	return make_word(granules, state_and_place(at, state)) ^ heap->mask;
}

static inline bool is_state_word(const struct heap *heap, u32 at, u64 word)
{
	u32 tag = (word ^ heap->mask) >> WORD_LOW_SHIFT;

	return state_and_place(at, tag) <= HEAP_CACHED;
}

/* The mask leaves the granules as they are, so the tag alone makes the header of another state. */
static inline u32 state_tag(const struct heap *heap, u32 at, enum heap_state state)
{
	return state_word(heap, at, 0, state) >> WORD_LOW_SHIFT;
}

/* By the header alone, which no table confirms. */
static inline bool is_cached(const struct heap *heap, u32 at, u32 tag)
{
	return heap->flags & HEAP_CACHES && tag == state_tag(heap, at, HEAP_CACHED);
}

/* Of several calls that change the tag of a live block, one succeeds. Return: whether this one. */
static inline bool exchange_tag(const struct heap *heap, u32 at, u32 tag, u32 to)
{
	return cmpxchg(&block_at(heap, at)->tag, tag, to) == tag;
}

static inline void write_state(struct heap *heap, u32 at, u32 granules, enum heap_state state)
{
	write_header(block_at(heap, at), state_word(heap, at, granules, state));
}

static inline bool has_state(const struct heap *heap, u32 at, u32 granules, enum heap_state state)
{
	return header_word(block_at(heap, at)) == state_word(heap, at, granules, state);
}

/* No block begins at @at any more. With HEAP_POISON the old header becomes free memory, too. */
static inline void erase_header(struct heap *heap, u32 at)
{
	if (unlikely(heap->flags & HEAP_POISON))
		*(u64 *)block_at(heap, at) = HEAP_PATTERN64;
}

/*
 * Slack and the payload lie in front of @end, the end of a block. No caller has the new block yet,
 * so two whole words are filled. In a block of one granule the first of them is the header, which
 * is written later. It is left as it is if it is @kept.
 */
static __always_inline void fill_slack(u64 *end, const struct heap_block *kept)
{
	end[-1] = HEAP_PATTERN64;
	if (!kept || &end[-2] != (const u64 *)kept)
		end[-2] = HEAP_PATTERN64;
}

/* Only the upper bytes of the last word of slack count: shift by -8 * slack, modulo 64. */
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

/* The slack lies in front of the redzone. With HEAP_POISON both are filled already. */
static __always_inline void fill_end(const struct heap *heap, struct heap_block *block,
				     u32 granules, bool keep_header)
{
	const struct heap_block *kept = keep_header ? block : NULL;
	u64 *word = (u64 *)block + HEAP_GRANULE / sizeof(u64) * (size_t)granules;

	if (unlikely(heap->flags & (HEAP_POISON | HEAP_REDZONE))) {
		if (heap->flags & HEAP_POISON)
			return;
		fill_slack(word - 2, kept);
	}
	fill_slack(word, kept);
}

static inline bool is_end_intact(const struct heap *heap, u32 end, u32 slack)
{
	const u64 *word = (const u64 *)block_at(heap, end);

	if (unlikely(heap->flags & HEAP_REDZONE))
		return is_slack_intact(word, 2 * sizeof(*word)) && is_slack_intact(word - 2, slack);
	return is_slack_intact(word, slack);
}

#endif
