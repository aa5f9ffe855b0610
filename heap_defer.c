// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_defer - frees where the lock cannot be had: in an NMI, or while the kernel panics
 *
 * Somebody may be in the middle of a change, and will not go on before we return. But what is
 * asked of a block that is live does not change: its start in the map, and its header. So the
 * pointer is judged by these, and the block is claimed by an atomic exchange of its header, which
 * only one can win. Then it is put where whoever has the lock next will look. Nothing that a
 * client can overrun leads there.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>

#include "heap_block.h"
#include "heap_defer.h"

#define HEAP_CLAIMED	(HEAP_NONE - 1)	/* of slots; no block begins there: see HEAP_GRANULES_MAX */

void heap_deferred_init(struct heap_deferred *deferred)
{
	u32 i;

	*deferred = (struct heap_deferred){};
	for (i = 0; i < HEAP_SLOTS; i++)
		deferred->slots[i].at = HEAP_NONE;
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
	*word = READ_ONCE(*(u64 *)block_at(heap, *at));
	if (is_deferred(heap, *at, *word))
		return HEAP_DOUBLE_FREE;
	return is_sealed(heap, *at, *word) ? HEAP_OK : HEAP_CORRUPT_HEADER;
}

/* An empty slot is claimed; NULL when there is none. */
static struct heap_slot *claim_slot(struct heap_deferred *deferred, u32 at)
{
	struct heap_slot *slot;
	u32 i;

	for (i = 0; i < HEAP_SLOTS; i++) {
		slot = &deferred->slots[(at + i) % HEAP_SLOTS];
		if (READ_ONCE(slot->at) == HEAP_NONE &&
		    cmpxchg(&slot->at, HEAP_NONE, HEAP_CLAIMED) == HEAP_NONE)
			return slot;
	}
	return NULL;
}

static void fill_slot(struct heap_deferred *deferred, struct heap_slot *slot, u32 at,
		      unsigned long caller)
{
	WRITE_ONCE(slot->caller, caller);
	smp_store_release(&slot->at, at);	/* the caller before it */
	smp_store_release(&deferred->any, 1);	/* the slot before that */
}

/**
 * heap_defer - free a block later
 * @heap: the heap; somebody else has its lock
 * @deferred: where those wait that have the lock not
 * @ptr: what heap_alloc() returned
 * @caller: who frees it
 *
 * Takes no more than HEAP_SLOTS steps. It may take a block for one that was freed just now, but
 * never frees one that is not live: heap_resume() asks again.
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
	if (verdict)
		return verdict;
	slot = claim_slot(deferred, at);	/* before the mark: see heap_recover() */
	if (cmpxchg64((u64 *)block_at(heap, at), word, word ^ WORD_DEFERRED) != word) {
		if (slot)
			WRITE_ONCE(slot->at, HEAP_NONE);
		return HEAP_DOUBLE_FREE;
	}
	if (slot)
		fill_slot(deferred, slot, at, caller);
	else
		WRITE_ONCE(deferred->overflow, 1);
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
		slot->at = smp_load_acquire(&deferred->slots[i].at);	/* as fill_slot() */
		if (slot->at >= HEAP_CLAIMED)
			continue;
		slot->caller = READ_ONCE(deferred->slots[i].caller);
		smp_store_release(&deferred->slots[i].at, HEAP_NONE);	/* read before */
		WRITE_ONCE(deferred->any, 1);
		return true;
	}
	return false;
}

/* Does a block begin here that waits? Were the granules alone written over, the free finds that. */
static bool waits(const struct heap *heap, u32 at)
{
	u32 tag = READ_ONCE(block_at(heap, at)->tag);

	return heap_index_is_used(&heap->index, at) &&
	       is_deferred(heap, at,
			   heap_index_size(&heap->index, at) | (u64)tag << WORD_LOW_SHIFT);
}

static void unmark(struct heap *heap, u32 at)
{
	block_at(heap, at)->tag ^= WORD_DEFERRED >> WORD_LOW_SHIFT;
}

/**
 * heap_resume - the turn of a block that waits has come: take its mark away
 * @heap: the heap
 * @at: from heap_take_deferred()
 *
 * Return: whether to free it now. If not, somebody freed it meanwhile, and it is another's already.
 */
bool heap_resume(struct heap *heap, u32 at)
{
	if (!waits(heap, at))
		return !is_sealed(heap, at, header_word(block_at(heap, at)));
	unmark(heap, at);
	return true;
}

/* Has the block a slot, or may somebody be about to fill one for it? */
static bool has_slot(struct heap_deferred *deferred, u32 at)
{
	u32 i, slot;

	for (i = 0; i < HEAP_SLOTS; i++) {
		slot = READ_ONCE(deferred->slots[i].at);
		if (slot == at || slot == HEAP_CLAIMED)
			return true;
	}
	return false;
}

/**
 * heap_recover - as heap_resume(), of a block that is known by its mark alone
 * @heap: the heap
 * @deferred: where it found no slot
 * @at: where it begins, or began just now
 *
 * A slot is claimed before the mark is set. So who sees a mark, then no slot, knows that there is
 * none, and that heap_resume() is not asked of this block, too. If there is no room for a claim
 * either, it is left for another time.
 *
 * Return: whether to free it now.
 */
bool heap_recover(struct heap *heap, struct heap_deferred *deferred, u32 at)
{
	if (!waits(heap, at))
		return false;
	smp_rmb();	/* the mark before the slots */
	if (has_slot(deferred, at) || !heap_can_claim(heap)) {
		WRITE_ONCE(deferred->overflow, 1);
		return false;
	}
	unmark(heap, at);
	return true;
}
