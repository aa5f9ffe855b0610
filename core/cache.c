// SPDX-License-Identifier: GPL-2.0-only
/*
 * cache - stacks of freed blocks: what is done with the lock of the heap held
 */
#include <linux/minmax.h>

#include "core/cache.h"
#include "core/usage.h"
#include "core/withheld.h"

void heap_cache_init(struct heap_cache *cache, u32 granules, u32 caches)
{
	cache->most = granules / HEAP_CACHE_SHARE / caches;
	cache->depth = HEAP_CACHE_DEPTH;
	cache->hand = 1;
}

u32 heap_cache_blocks(const struct heap_cache *cache)
{
	u32 granules, blocks = 0;

	for (granules = 1; granules <= HEAP_CACHE_GRANULES; granules++)
		blocks += cache->count[granules];
	return blocks;
}

void heap_cache_settle(struct heap *heap, struct heap_cache *cache)
{
	u64 allocs = cache->now.allocs - cache->settled.allocs;
	u64 frees = cache->now.frees - cache->settled.frees;

	if (!(allocs | frees))
		return;
	heap->allocs += allocs;
	heap->frees += frees;
	heap->asked += cache->now.asked - cache->settled.asked;
	heap->index.changes++;
	cache->settled = cache->now;
}

bool heap_cache_keep(struct heap *heap, struct heap_cache *cache,
		     const struct heap_block_info *claimed)
{
	u32 at = claimed->at, granules = claimed->granules;

	if (granules > HEAP_CACHE_GRANULES || !heap_cache_has_room(cache, granules) ||
	    !has_state(heap, at, granules, HEAP_PENDING))
		return false;
	heap_drop_claim(heap, at, granules);
	write_state(heap, at, granules, HEAP_CACHED);
	heap_cache_push(cache, at, granules);
	heap->used += granules;
	if (heap->threshold < heap->used)
		heap_update_peak(heap);
	return true;
}

/* The next stack from @hand on that is not empty, or 0. */
static u32 next_stack(struct heap_cache *cache)
{
	u32 i;

	for (i = 0; i < HEAP_CACHE_GRANULES; i++) {
		if (cache->count[cache->hand])
			return cache->hand;
		cache->hand = cache->hand % HEAP_CACHE_GRANULES + 1;
	}
	return 0;
}

bool heap_cache_pop(struct heap_cache *cache, u32 *granules, u32 *at)
{
	if (!cache->count[*granules]) {
		*granules = next_stack(cache);
		if (!*granules)
			return false;
	}
	*at = cache->at[*granules][--cache->count[*granules]];
	cache->granules -= *granules;
	return true;
}

bool heap_cache_remove(struct heap_cache *cache, u32 at, u32 granules)
{
	u32 *stack, i;

	if (granules > HEAP_CACHE_GRANULES)
		return false;
	stack = cache->at[granules];
	for (i = 0; i < cache->count[granules]; i++) {
		if (stack[i] != at)
			continue;
		stack[i] = stack[--cache->count[granules]];
		cache->granules -= granules;
		return true;
	}
	return false;
}

bool heap_cache_suspects(const struct heap *heap, const void *ptr)
{
	size_t offset = distance_of(heap, ptr);
	u32 at = offset / HEAP_GRANULE;
	u32 granules;
	u64 word;

	if (offset / HEAP_GRANULE >= heap->granules)
		return false;
	if (!heap_cache_size(&heap->index, at, &granules))
		return false;
	word = header_word(block_at(heap, at));
	return (u32)word != granules || !is_sealed(heap, at, word);
}
