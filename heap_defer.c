// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_defer - frees where the lock cannot be had: in an NMI, or while the kernel panics
 *
 * Somebody may be in the middle of a change, and will not go on before we return. But what is
 * asked of a block that is live does not change: its start in the map, and its header. So the
 * pointer is judged by these, and the block is claimed by an atomic exchange of its tag, which
 * only one can win. Then it is put where whoever has the lock next will look. Nothing that a
 * client can overrun leads there.
 *
 * A slot says which block it is for before that is claimed: so a block that is claimed and in no
 * slot found none, and is nobody's but the walk's.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>

#include "heap_block.h"
#include "heap_defer.h"

void heap_deferred_init(struct heap_deferred *deferred)
{
	u32 i;

	*deferred = (struct heap_deferred){};
	for (i = 0; i < HEAP_SLOTS; i++)
		deferred->slots[i].at = HEAP_NONE;
}

/* Somebody may be writing it just now: then it is none of a live block. */
static u64 read_header(const struct heap_block *header)
{
	return READ_ONCE(header->granules) | (u64)READ_ONCE(header->tag) << WORD_LOW_SHIFT;
}

/* As judge() in heap_core.c, of what can be known without the lock. */
static enum heap_verdict judge(const struct heap *heap, const void *ptr, u32 *at, u64 *word)
{
	size_t offset = (const char *)ptr - (const char *)payload_of(block_at(heap, 0));
	u32 granules = READ_ONCE(heap->granules);

	if (offset / HEAP_GRANULE >= granules)
		return granules ? HEAP_FOREIGN : HEAP_CORRUPT_INDEX;
	if (offset % HEAP_GRANULE)
		return HEAP_MISALIGNED;
	*at = offset / HEAP_GRANULE;
	/* Who has the lock changes other bits of these words meanwhile. */
	if (!data_race(heap_index_is_start(&heap->index, *at)))
		return HEAP_INTERIOR;
	/* And of these. */
	if (data_race(heap_index_is_hole(&heap->index, *at)))
		return HEAP_DOUBLE_FREE;
	*word = read_header(block_at(heap, *at));
	if (is_sealed(heap, *at, *word))
		return HEAP_OK;
	if (is_deferred(heap, *at, *word) || is_state(heap, *word))
		return HEAP_DOUBLE_FREE;
	return HEAP_CORRUPT_HEADER;
}

static struct heap_slot *take_slot(struct heap_deferred *deferred, u32 at)
{
	struct heap_slot *slot;
	u32 i;

	for (i = 0; i < HEAP_SLOTS; i++) {
		slot = &deferred->slots[(at + i) % HEAP_SLOTS];
		if (READ_ONCE(slot->at) == HEAP_NONE &&
		    cmpxchg(&slot->at, HEAP_NONE, at) == HEAP_NONE)
			return slot;
	}
	return NULL;
}

/* The block waits, and whoever has the lock may know. */
static void publish(struct heap_deferred *deferred, struct heap_slot *slot, unsigned long caller)
{
	if (!slot) {
		WRITE_ONCE(deferred->overflow, 1);
		return;
	}
	WRITE_ONCE(slot->caller, caller);
	smp_store_release(&slot->ready, 1);	/* the caller before it */
	smp_store_release(&deferred->any, 1);	/* the slot before that */
}

static bool claim(const struct heap *heap, u32 at, u64 word)
{
	u32 tag = word >> WORD_LOW_SHIFT;

	return cmpxchg(&block_at(heap, at)->tag, tag, tag ^ TAG_DEFERRED) == tag;
}

/**
 * heap_defer - free a block later
 * @heap: the heap; somebody else has its lock
 * @deferred: where those wait that have the lock not
 * @ptr: what heap_alloc() returned
 * @caller: who frees it
 *
 * Takes no more than HEAP_SLOTS steps. It may take a block for one that was freed just now, but
 * never frees one that is not live: heap_resume() asks again. One whose header was written over
 * waits, too, without a mark.
 *
 * Return: HEAP_OK, or what is wrong with the pointer, and nothing has changed.
 */
enum heap_verdict heap_defer(struct heap *heap, struct heap_deferred *deferred, const void *ptr,
			     unsigned long caller)
{
	enum heap_verdict verdict;
	struct heap_slot *slot;
	u64 word;
	u32 at;

	verdict = judge(heap, ptr, &at, &word);
	if (verdict && verdict != HEAP_CORRUPT_HEADER)
		return verdict;
	slot = take_slot(deferred, at);
	if (verdict && !slot)
		return verdict;
	if (!verdict && !claim(heap, at, word)) {
		if (slot)
			WRITE_ONCE(slot->at, HEAP_NONE);
		return HEAP_DOUBLE_FREE;
	}
	publish(deferred, slot, caller);
	return HEAP_OK;
}

/**
 * heap_take_deferred - the next block that waits
 * @deferred: where it waits
 * @slot: set to it
 *
 * Return: false when none waits in a slot.
 */
bool heap_take_deferred(struct heap_deferred *deferred, struct heap_slot *slot)
{
	u32 i;

	if (!READ_ONCE(deferred->any))
		return false;
	/* Whoever fills a slot that is passed already sets it again. */
	smp_store_mb(deferred->any, 0);
	for (i = 0; i < HEAP_SLOTS; i++) {
		struct heap_slot *full = &deferred->slots[i];

		if (!smp_load_acquire(&full->ready))	/* as publish() releases */
			continue;
		*slot = *full;
		WRITE_ONCE(full->ready, 0);
		smp_store_release(&full->at, HEAP_NONE);	/* the rest before it */
		WRITE_ONCE(deferred->any, 1);
		return true;
	}
	return false;
}

/* Were the granules alone written over, the free is to find that: the size is the map's. */
static bool waits(const struct heap *heap, u32 at)
{
	u64 word = heap_index_size(&heap->index, at) |
		   (u64)READ_ONCE(block_at(heap, at)->tag) << WORD_LOW_SHIFT;

	return heap_index_is_used(&heap->index, at) && is_deferred(heap, at, word);
}

static void take_mark(struct heap *heap, u32 at)
{
	struct heap_block *block = block_at(heap, at);

	WRITE_ONCE(block->tag, block->tag ^ TAG_DEFERRED);
}

/**
 * heap_resume - the turn of a block that waits has come: take its mark away
 * @heap: the heap
 * @at: from heap_take_deferred()
 *
 * Return: whether to free it now: if it waits, or there is no header to say so, and the free is to
 * judge that. If not, somebody freed it meanwhile, and it is another's already.
 */
bool heap_resume(struct heap *heap, u32 at)
{
	if (!waits(heap, at))
		return !is_sealed(heap, at, header_word(block_at(heap, at)));
	take_mark(heap, at);
	return true;
}

static bool has_slot(struct heap_deferred *deferred, u32 at)
{
	u32 i;

	for (i = 0; i < HEAP_SLOTS; i++) {
		if (READ_ONCE(deferred->slots[i].at) == at)
			return true;
	}
	return false;
}

/**
 * heap_recover - as heap_resume(), of a block that was met on a walk
 * @heap: the heap
 * @deferred: where it may wait
 * @at: where it begins
 *
 * While it is in a slot, it is left alone: which is told as an overflow, for the slot may be that
 * of somebody who comes too late to free it. So it is while there is no room for a claim.
 *
 * Return: whether to free it now: it waits, and is in no slot.
 */
bool heap_recover(struct heap *heap, struct heap_deferred *deferred, u32 at)
{
	if (!waits(heap, at))
		return false;
	smp_rmb();	/* a slot is taken before the mark is set */
	if (has_slot(deferred, at) || !heap_can_claim(heap)) {
		WRITE_ONCE(deferred->overflow, 1);
		return false;
	}
	take_mark(heap, at);
	return true;
}
