/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heap_core - the allocator: blocks in a region
 *
 * No lock, no allocation, no printing: the same code runs in the kernel and in userspace. The
 * caller serializes all calls on a heap.
 */
#ifndef HEAP_CORE_H
#define HEAP_CORE_H

#include "core/aligned.h"
#include "core/cache.h"
#include "core/check.h"
#include "core/findings.h"
#include "core/heap.h"
#include "core/holes.h"
#include "core/judge.h"
#include "core/pattern.h"
#include "core/usage.h"
#include "core/withheld.h"

/**
 * heap_init - make a region one hole
 * @heap: the heap
 * @region: memory of heap_granules_in() @granules, aligned to 16 bytes. With HEAP_POISON the caller
 *	    has filled it by heap_fill().
 * @granules: 1 to HEAP_GRANULES_MAX
 * @index: zeroed memory of heap_index_bytes() of @granules
 * @flags: HEAP_POISON, HEAP_REDZONE, HEAP_CACHES. With HEAP_POISON the caller fills each block
 *	   between heap_claim() and heap_release(), and checks the memory that heap_alloc() returns.
 * @key: random, the secret of the seals
 */
void heap_init(struct heap *heap, void *region, u32 granules, void *index, u32 flags, u64 key);

/**
 * heap_alloc - allocate a block in the lowest hole that is large enough
 * @heap: the heap
 * @size: bytes of payload
 * @owner: number of the call site, written into the header
 *
 * Takes at most heap_bound() steps.
 *
 * Return: the payload, aligned to 16 bytes; NULL when no hole is large enough, which is counted in
 * @failures, and for 0 bytes, which is not.
 */
void *heap_alloc(struct heap *heap, size_t size, u8 owner);

/**
 * heap_alloc_aligned - allocate a block whose payload is aligned
 * @heap: the heap
 * @size: bytes of payload
 * @align: bytes, a power of two
 * @owner: as for heap_alloc()
 *
 * Takes the lowest aligned place of HEAP_ALIGN_TRIES that are tried (core/aligned.h). If there is
 * none, first fit of @size + @align - 16 bytes. Takes at most heap_aligned_bound() steps.
 *
 * Return: as heap_alloc().
 */
void *heap_alloc_aligned(struct heap *heap, size_t size, size_t align, u8 owner);

/**
 * heap_alloc_bulk - allocate blocks of one size
 * @heap: the heap
 * @size: bytes of payload
 * @owner: as for heap_alloc()
 * @ptrs: filled with the payloads, in address order
 * @n: how many, not 0
 *
 * The blocks are where as many calls of heap_alloc() would place them, but a hole is searched for
 * only when the last one is used up. Takes at most heap_bound() steps for each block. A shortage is
 * not counted in @failures.
 *
 * Return: how many were allocated; fewer than @n when no hole is large enough for one more.
 */
u32 heap_alloc_bulk(struct heap *heap, size_t size, u8 owner, void **ptrs, u32 n);

/**
 * heap_fits - would heap_alloc_aligned() find a place now?
 * @heap: the heap; blocks on the quick list are coalesced
 * @size: bytes of payload
 * @align: bytes, a power of two; 1 for heap_alloc()
 *
 * Takes at most heap_aligned_bound() steps.
 *
 * Return: true if it would not return NULL.
 */
bool heap_fits(struct heap *heap, size_t size, size_t align);

/**
 * heap_resize - shrink a block, or extend it into the hole behind it
 * @heap: the heap
 * @ptr: from heap_alloc()
 * @size: bytes of payload from now on, not 0
 * @block: set to the block as it was
 * @end: NULL, or set to what a shrink claims for heap_release(); then heap_can_claim() must hold
 * @done: set to whether it has @size now; if not, nothing has changed
 *
 * Takes at most heap_resize_bound() steps.
 *
 * Without @end, what a shrink gives up becomes a hole at once. With HEAP_POISON the caller needs
 * @end, to fill that memory.
 *
 * Return: HEAP_OK; HEAP_OVERRUN, which does not prevent a resize; or why @ptr is refused. An
 * overrun is recorded only if @done.
 */
enum heap_verdict heap_resize(struct heap *heap, const void *ptr, size_t size,
			      struct heap_block_info *block, struct heap_block_info *end,
			      bool *done);

/**
 * heap_free - free a block
 * @heap: the heap
 * @ptr: from heap_alloc()
 * @freed: set to the block as it was
 *
 * HEAP_FOREIGN is counted in @refused, but not recorded: the caller may know whose pointer it is.
 * Takes at most heap_bound() steps.
 *
 * Return: HEAP_OK; HEAP_OVERRUN, and the block is freed; HEAP_CORRUPT_HEADER, and it is quarantined
 * or, when there is no room for that, freed; otherwise why @ptr is refused, and nothing has
 * changed. heap_is_retired() tells whether the block was freed.
 */
enum heap_verdict heap_free(struct heap *heap, const void *ptr,
			    struct heap_block_info *__restrict freed);

/**
 * heap_free_next - free a block, and leave it to a later call to coalesce it
 * @heap: the heap; no other function is called on it before heap_end_run()
 * @ptr: from heap_alloc()
 * @freed: set to the block as it was
 *
 * For many blocks: those that lie side by side are coalesced once. Takes at most heap_bound()
 * steps.
 *
 * Return: as heap_free().
 */
enum heap_verdict heap_free_next(struct heap *heap, const void *ptr,
				 struct heap_block_info *__restrict freed);

/* Coalesce what heap_free_next() has left. */
void heap_end_run(struct heap *heap);

/**
 * heap_claim - the first step of a free in two steps
 * @heap: the heap, for which heap_can_claim() holds
 * @ptr: from heap_alloc()
 * @claimed: set to the block as it was
 *
 * The block is not live any more and not a hole yet: the caller may write to it until it calls
 * heap_release().
 *
 * Return: as heap_free(). There is a block to release if heap_is_retired().
 */
enum heap_verdict heap_claim(struct heap *heap, const void *ptr,
			     struct heap_block_info *__restrict claimed);

/**
 * heap_release - the second step: make a claimed block a hole
 * @heap: the heap
 * @claimed: from heap_claim()
 */
void heap_release(struct heap *heap, const struct heap_block_info *claimed);

/**
 * heap_claim_batch - claim the next used blocks, to free all of them
 * @heap: the heap
 * @from: granule to begin at; set to where to continue, or to HEAP_NONE at the end of the heap
 * @claimed: filled with blocks for heap_release()
 * @most: how many blocks to visit
 *
 * Return: how many are claimed; it may be 0 before the end.
 */
u32 heap_claim_batch(struct heap *heap, u32 *from, struct heap_block_info *claimed, u32 most);

/**
 * heap_take_back - make a cached block a hole
 * @heap: the heap
 * @cache: one of its caches
 * @granules: size of the block; of any size if there is none, or if it is 0
 *
 * Takes at most heap_bound() steps. A block whose header was overwritten is recorded and
 * quarantined.
 *
 * Return: false if there is no block in the cache, or the heap is frozen.
 */
bool heap_take_back(struct heap *heap, struct heap_cache *cache, u32 granules);

/* The same for the block at @at. Return: false if it is not in @cache. */
bool heap_take_back_block(struct heap *heap, struct heap_cache *cache, u32 at);

/* Coalesce the blocks on the quick list. */
void heap_flush(struct heap *heap);

/**
 * heap_walk - read the next blocks in address order
 * @heap: the heap
 * @from: granule to begin at; a block that starts before it is skipped
 * @blocks: filled
 * @most: room in @blocks
 *
 * To resume, begin where the last block ended: every block that exists throughout is read exactly
 * once, whatever happens between the calls.
 *
 * Return: how many were read, less than @most at the end of the heap; 0 when it is frozen.
 */
u32 heap_walk(struct heap *heap, u32 from, struct heap_block_info *blocks, u32 most);

/**
 * heap_check - check the next part of a heap
 * @heap: the heap; it may change between the calls
 * @audit: from heap_audit_start()
 * @chunks: how many chunks to check now, at most 64 blocks each
 *
 * Return: HEAP_OK, or what is wrong at audit->offset. After a finding in the bytes of a block the
 * check can continue. A corrupt index ends it, and freezes the heap.
 */
enum heap_verdict heap_check(struct heap *heap, struct heap_audit *audit, u32 chunks);

/**
 * heap_count_holes - count the holes of the next part of a heap
 * @heap: the heap; it may change between the calls
 * @holes: zeroed before the first call
 *
 * Reads the map of at most HOLES_CHUNKS chunks, and about HOLES_BATCH holes.
 *
 * Return: true at the end of the heap, or when it is frozen.
 */
bool heap_count_holes(struct heap *heap, struct heap_holes *holes);

/* Did heap_free() or heap_claim() free the block? */
static inline bool heap_is_retired(enum heap_verdict verdict, const struct heap_block_info *block)
{
	return !verdict || verdict == HEAP_OVERRUN ||
	       (verdict == HEAP_CORRUPT_HEADER && block->state == HEAP_PENDING);
}

/* Most steps of heap_alloc() and heap_free(): its own, and those to coalesce the quick list. */
static inline unsigned int heap_bound(const struct heap *heap)
{
	return (1 + HEAP_QUICK) * heap_index_bound(&heap->index);
}

/* Most steps of a resize. */
static inline unsigned int heap_resize_bound(const struct heap *heap)
{
	return heap_bound(heap);
}

/* Most steps of an aligned allocation. */
static inline unsigned int heap_aligned_bound(const struct heap *heap)
{
	return heap_bound(heap) + heap_find_aligned_bound(&heap->index);
}

#endif
