/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cache - stacks of freed blocks, in front of a heap
 *
 * A heap with HEAP_CACHES may have any number of caches, one for each CPU. A cache has a short
 * stack for each block size up to HEAP_CACHE_GRANULES. A freed block is pushed, an allocation of
 * exactly that size pops it:
 *
 *	count[3] = 2      at[3] | 120 | 48 |     |     |    blocks of three granules
 *	count[4] = 0      at[4] |     |    |     |     |
 *
 * A cached block stays used in the map: map, neighbours and tree do not change. So
 * heap_cache_alloc() and heap_cache_free() run while another CPU holds the lock of the heap. They
 * read only what does not change while a block lives: its start bit, that of the next block, and
 * its header (as core/deferred.c). A free exchanges the tag of the header for a mark; only one free
 * can win that, and a free with the lock must win it, too. The caller serializes the calls on a
 * cache.
 *
 * @heap->used includes cached blocks. All else that a cache counts is added to the counters of the
 * heap by heap_cache_settle().
 */
#ifndef HEAP_CACHE_H
#define HEAP_CACHE_H

#include "core/block.h"

#define HEAP_CACHE_GRANULES	64U	/* largest block in a cache */
#define HEAP_CACHE_BYTES	(HEAP_CACHE_GRANULES * HEAP_GRANULE)	/* no payload has more */
#define HEAP_CACHE_STACKS	(HEAP_CACHE_GRANULES + 1)	/* by size; the first stays empty */
#define HEAP_CACHE_DEPTH	16U	/* blocks in a stack */
#define HEAP_CACHE_SHARE	16U	/* all caches of a heap: one part in 16 of the region */

/**
 * struct heap_cache_counts - what a cache has counted
 * @allocs: allocations that it served
 * @frees: blocks that were freed into it
 * @asked: bytes requested in these allocations, less those in these frees
 */
struct heap_cache_counts {
	u64 allocs;
	u64 frees;
	u64 asked;
};

/*
 * struct heap_cache - a cache
 *
 * @now: what it has counted
 * @settled: @now when heap_cache_settle() was called
 * @granules: in cached blocks
 * @most: limit of @granules
 * @depth: limit of a stack: HEAP_CACHE_DEPTH, less in tests
 * @full: size of the last block that found no room or was damaged: that stack gives back next
 * @hand: the stack that gives back when that one is empty
 * @count: blocks in each stack
 * @at: where they begin
 */
struct heap_cache {
	struct heap_cache_counts now;
	struct heap_cache_counts settled;
	u32 granules;
	u32 most;
	u32 depth;
	u32 full;
	u32 hand;
	u8 count[HEAP_CACHE_STACKS];
	u32 at[HEAP_CACHE_STACKS][HEAP_CACHE_DEPTH];
};

/* One of @caches caches of a heap; zeroed memory. */
void heap_cache_init(struct heap_cache *cache, u32 granules, u32 caches);

/* Cached blocks. */
u32 heap_cache_blocks(const struct heap_cache *cache);

/* Add to the counters of the heap what was counted since the last time. With the lock held. */
void heap_cache_settle(struct heap *heap, struct heap_cache *cache);

/*
 * Put a claimed block into the cache instead of heap_release(), with the lock held. Return: false
 * if there is no room, or the header is damaged.
 */
bool heap_cache_keep(struct heap *heap, struct heap_cache *cache,
		     const struct heap_block_info *claimed);

/* Remove a block of @granules, or of any size if there is none. Return: false: no block. */
bool heap_cache_pop(struct heap_cache *cache, u32 *granules, u32 *at);

/* Remove the block at @at, whatever its header says. Return: false: it is not in this cache. */
bool heap_cache_remove(struct heap_cache *cache, u32 at, u32 granules);

/*
 * With the lock held: does the map have a block at @ptr that may be in a cache, and its header does
 * not show a live one? Then it is cached, or overwritten, or was freed without the lock.
 */
bool heap_cache_suspects(const struct heap *heap, const void *ptr);

static inline bool heap_cache_has_room(const struct heap_cache *cache, u32 granules)
{
	return cache->count[granules] < cache->depth && cache->granules + granules <= cache->most;
}

static inline void heap_cache_push(struct heap_cache *cache, u32 at, u32 granules)
{
	cache->at[granules][cache->count[granules]++] = at;
	cache->granules += granules;
}

/*
 * Does a used block of at most HEAP_CACHE_GRANULES begin at @at? Then @granules is set. A block
 * that lives does not change its bits, whatever another CPU changes in these words.
 */
static __always_inline bool heap_cache_size(const struct heap_index *index, u32 at, u32 *granules)
{
	const struct heap_chunk *chunk = &index->chunks[at / HEAP_CHUNK];
	u32 nr = at % HEAP_CHUNK;
	/* As above: of these words only stable bits are used. */
	u64 start = data_race(chunk->start);
	u64 later = start >> nr >> 1;

	/* As above. */
	if (unlikely(!((start & ~data_race(chunk->free)) >> nr & 1)))
		return false;
	if (likely(later)) {
		*granules = 1 + heap_bit_lowest(later);
		return true;
	}
	/* As above. A start follows every block: there is a next chunk. */
	later = data_race(chunk[1].start);
	if (!later)
		return false;
	*granules = HEAP_CHUNK - nr + heap_bit_lowest(later);
	return *granules <= HEAP_CACHE_GRANULES;
}

/**
 * heap_cache_alloc - allocate a block from a cache, without the lock of the heap
 * @heap: the heap
 * @cache: one of its caches
 * @size: bytes of payload
 * @owner: as for heap_alloc()
 *
 * Return: the payload; NULL if the cache has no block of that size, or the header of that block is
 * damaged, which heap_take_back() will find.
 */
static __always_inline void *heap_cache_alloc(struct heap *heap, struct heap_cache *cache,
					      size_t size, u8 owner)
{
	size_t want = granules_for(heap, size);
	u32 slack = slack_for(heap, size);
	struct heap_block *block;
	u32 at;

	/* 0 when nothing may be allocated. 0 bytes wrap around, and are refused, too. */
	if (unlikely(size - 1 >= READ_ONCE(heap->largest) || want > HEAP_CACHE_GRANULES))
		return NULL;
	if (unlikely(!cache->count[want]))
		return NULL;
	at = cache->at[want][--cache->count[want]];
	block = block_at(heap, at);
	if (unlikely(!has_state(heap, at, want, HEAP_CACHED))) {
		cache->count[want]++;
		cache->full = want;
		return NULL;
	}
	cache->granules -= want;
	cache->now.allocs++;
	cache->now.asked += size;
	/* Another CPU may judge a wrong pointer by the header. */
	fill_end(heap, block, want, true);
	write_used(heap, at, block, want, slack, owner);
	return payload_of(block);
}

/**
 * heap_cache_free - free a block into a cache, without the lock of the heap
 * @heap: the heap
 * @cache: one of its caches
 * @ptr: any pointer
 * @asked: set to the requested bytes of the block
 *
 * Return: its owner; -1, and nothing has changed, unless @ptr is an intact live block for which
 * there is room. Then heap_free() judges it.
 */
static __always_inline int heap_cache_free(struct heap *heap, struct heap_cache *cache,
					   const void *ptr, u64 *asked)
{
	size_t start = start_of(heap, ptr);
	u32 at = start;
	u32 granules, tag, slack;

	/* A block in quarantine may have a header that is valid again. */
	if (unlikely(start >= READ_ONCE(heap->granules) || READ_ONCE(heap->quarantine_count)))
		return -1;
	if (unlikely(!heap_cache_size(&heap->index, at, &granules)))
		return -1;
	tag = READ_ONCE(block_at(heap, at)->tag);
	if (unlikely(READ_ONCE(block_at(heap, at)->granules) != granules ||
		     !is_sealed(heap, at, make_word(granules, tag))))
		return -1;
	slack = tag & TAG_SLACK;
	if (unlikely(!is_end_intact(heap, at + granules, slack)))
		return -1;
	if (unlikely(!heap_cache_has_room(cache, granules))) {
		cache->full = granules;
		return -1;
	}
	if (unlikely(!exchange_tag(heap, at, tag, state_tag(heap, at, HEAP_CACHED))))
		return -1;
	heap_cache_push(cache, at, granules);
	*asked = payload_bytes(heap, granules) - slack;
	cache->now.frees++;
	cache->now.asked -= *asked;
	return tag_owner(tag);
}

#endif
