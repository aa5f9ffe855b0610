// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_index - the maps of starts and holes, and the search in them
 */
#include <linux/bitops.h>

#include "heap_index.h"

/* Bits of a word above and below bit @nr. */
static u64 above(u32 nr)
{
	return ~0ULL << nr << 1;
}

static u64 below(u32 nr)
{
	return BIT_ULL(nr) - 1;
}

static u32 lowest(u64 bits)
{
	return __ffs64(bits);
}

static u32 highest(u64 bits)
{
	return fls64(bits) - 1;
}

/*
 * Memory: the chunks, then each level of summaries up to the one that is a single word.
 */
static u32 words_over(u32 words)
{
	return words / 64 + !!(words % 64);
}

u64 heap_index_bytes(u32 granules)
{
	u32 words = granules / HEAP_CHUNK + 1;
	u64 bytes = (u64)words * sizeof(struct heap_chunk);

	while (words > 1) {
		words = words_over(words);
		bytes += (u64)words * sizeof(u64);
	}
	return bytes;
}

/* The region begins as one hole with the sentinel behind it. */
void heap_index_init(struct heap_index *index, void *zeroed, u32 granules)
{
	u32 words = granules / HEAP_CHUNK + 1;
	u64 *summary;

	*index = (struct heap_index){ .granules = granules, .chunks = zeroed };
	summary = (u64 *)(index->chunks + words);
	while (words > 1) {
		words = words_over(words);
		index->summary[index->levels++] = summary;
		summary += words;
	}
	heap_index_add_start(index, granules);
	heap_index_add_start(index, 0);
	heap_index_add_hole(index, 0);
}

/*
 * The next word of the start map that is not empty: up through the summaries to the first that
 * knows of one further on, then down to it. At most two steps a level.
 */
static u32 next_word(const struct heap_index *index, u32 word)
{
	unsigned int level;
	u64 later;

	for (level = 0; level < index->levels; level++) {
		later = index->summary[level][word / 64] & above(word % 64);
		word /= 64;
		if (later) {
			word = word * 64 + lowest(later);
			while (level--)
				word = word * 64 + lowest(index->summary[level][word]);
			return word;
		}
	}
	return index->granules / HEAP_CHUNK;
}

static u32 prev_word(const struct heap_index *index, u32 word)
{
	unsigned int level;
	u64 earlier;

	for (level = 0; level < index->levels; level++) {
		earlier = index->summary[level][word / 64] & below(word % 64);
		word /= 64;
		if (earlier) {
			word = word * 64 + highest(earlier);
			while (level--)
				word = word * 64 + highest(index->summary[level][word]);
			return word;
		}
	}
	return 0;
}

/* The first start behind @at, which is the sentinel's at the end of the region. */
u32 heap_index_next(const struct heap_index *index, u32 at)
{
	u32 word = at / HEAP_CHUNK;
	u64 later = index->chunks[word].start & above(at % HEAP_CHUNK);

	if (!later) {
		word = next_word(index, word);
		later = index->chunks[word].start;
	}
	return word * HEAP_CHUNK + lowest(later);
}

/* The last start before @at. The first block starts at 0, so there is one for any other @at. */
u32 heap_index_prev(const struct heap_index *index, u32 at)
{
	u32 word = at / HEAP_CHUNK;
	u64 earlier = index->chunks[word].start & below(at % HEAP_CHUNK);

	if (!earlier) {
		word = prev_word(index, word);
		earlier = index->chunks[word].start;
	}
	return word * HEAP_CHUNK + highest(earlier);
}

/* First fit: the lowest hole of @granules or more, by a walk over all blocks. */
u32 heap_index_find(const struct heap_index *index, u32 granules)
{
	u32 at, end;

	for (at = 0; at < index->granules; at = end) {
		end = heap_index_next(index, at);
		if (heap_index_is_hole(index, at) && end - at >= granules)
			return at;
	}
	return HEAP_NONE;
}

void heap_index_add_start(struct heap_index *index, u32 at)
{
	u32 word = at / HEAP_CHUNK;
	u64 *bits = &index->chunks[word].start;
	u64 before = *bits;
	unsigned int level;

	*bits |= BIT_ULL(at % HEAP_CHUNK);
	for (level = 0; !before && level < index->levels; level++) {
		bits = &index->summary[level][word / 64];
		before = *bits;
		*bits |= BIT_ULL(word % 64);
		word /= 64;
	}
}

/* The block at @at becomes part of the one before it. */
void heap_index_drop_start(struct heap_index *index, u32 at)
{
	u32 word = at / HEAP_CHUNK;
	u64 *bits = &index->chunks[word].start;
	unsigned int level;

	*bits &= ~BIT_ULL(at % HEAP_CHUNK);
	for (level = 0; !*bits && level < index->levels; level++) {
		bits = &index->summary[level][word / 64];
		*bits &= ~BIT_ULL(word % 64);
		word /= 64;
	}
}

void heap_index_add_hole(struct heap_index *index, u32 at)
{
	index->chunks[at / HEAP_CHUNK].free |= BIT_ULL(at % HEAP_CHUNK);
	index->holes++;
}

void heap_index_drop_hole(struct heap_index *index, u32 at)
{
	index->chunks[at / HEAP_CHUNK].free &= ~BIT_ULL(at % HEAP_CHUNK);
	index->holes--;
}

/* For the check: does every summary tell the truth about @chunk? */
bool heap_index_summary_agrees(const struct heap_index *index, u32 chunk)
{
	bool full = index->chunks[chunk].start;
	u32 word = chunk;
	unsigned int level;

	for (level = 0; level < index->levels; level++) {
		const u64 *bits = &index->summary[level][word / 64];

		if ((*bits >> word % 64 & 1) != full)
			return false;
		full = *bits;
		word /= 64;
	}
	return true;
}
