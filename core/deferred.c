// SPDX-License-Identifier: GPL-2.0-only
/*
 * deferred - frees that cannot take the lock: in an NMI, in a nested call, in an oops or a panic
 *
 * The lock may be held by a context that does not continue before this one returns, in the middle
 * of a change. But what makes a block live does not change while it lives: its start bit in the
 * map, and its header. So the pointer is judged by these, and the block is claimed by an atomic
 * exchange of its tag, which only one free can win. Then its place is published in a slot for the
 * next holder of the lock. The slots lie outside the region, where no overrun reaches them.
 *
 * A slot is reserved for a block before the block is marked. So a block that is marked and in no
 * slot found none free, and is left to the walk of heap_recover().
 */
#include <linux/atomic.h>
#include <linux/compiler.h>

#include "core/block.h"
#include "core/deferred.h"
#include "core/withheld.h"

void heap_deferred_init(struct heap_deferred *deferred)
{
	u32 i;

	*deferred = (struct heap_deferred){};
	for (i = 0; i < HEAP_SLOTS; i++)
		deferred->slots[i].at = HEAP_NONE;
}

/* If another CPU writes it now, it is not the header of a live block. */
static u64 read_header(const struct heap_block *header)
{
	return make_word(READ_ONCE(header->granules), READ_ONCE(header->tag));
}

/* As judge_inline(), with what can be read without the lock. */
static enum heap_verdict judge(const struct heap *heap, const void *ptr, u32 *at, u64 *word)
{
	size_t offset = distance_of(heap, ptr);
	u32 granules = READ_ONCE(heap->granules);

	if (offset / HEAP_GRANULE >= granules)
		return granules ? HEAP_FOREIGN : HEAP_CORRUPT_INDEX;
	if (offset % HEAP_GRANULE)
		return HEAP_MISALIGNED;
	*at = offset / HEAP_GRANULE;
	/* The holder of the lock may change other bits of these words at the same time. */
	if (!data_race(heap_index_is_start(&heap->index, *at)))
		return HEAP_INTERIOR;
	/* The same holds for these. */
	if (data_race(heap_index_is_hole(&heap->index, *at)))
		return HEAP_DOUBLE_FREE;
	*word = read_header(block_at(heap, *at));
	if (is_sealed(heap, *at, *word))
		return HEAP_OK;
	if (is_marked(heap, *at, *word) || is_state_word(heap, *at, *word))
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

/* Let the next holder of the lock see the block. */
static void publish(struct heap_deferred *deferred, struct heap_slot *slot, unsigned long caller)
{
	if (!slot) {
		WRITE_ONCE(deferred->overflow, 1);
		return;
	}
	WRITE_ONCE(slot->caller, caller);
	smp_store_release(&slot->ready, 1);	/* after the caller */
	smp_mb();	/* full before @any is set: a CPU that clears it sees the slot */
	WRITE_ONCE(deferred->any, 1);
}

static bool claim(const struct heap *heap, u32 at, u64 word)
{
	u32 tag = word >> WORD_LOW_SHIFT;

	return exchange_tag(heap, at, tag, tag ^ TAG_DEFERRED);
}

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

bool heap_take_deferred(struct heap_deferred *deferred, struct heap_slot *slot)
{
	u32 i;

	if (!READ_ONCE(deferred->any))
		return false;
	/* A free that fills a slot behind the loop sets @any again. */
	smp_store_mb(deferred->any, 0);
	for (i = 0; i < HEAP_SLOTS; i++) {
		struct heap_slot *full = &deferred->slots[i];

		if (!smp_load_acquire(&full->ready))	/* pairs with publish() */
			continue;
		*slot = *full;
		WRITE_ONCE(full->ready, 0);
		smp_store_release(&full->at, HEAP_NONE);	/* after the copy */
		WRITE_ONCE(deferred->any, 1);
		return true;
	}
	return false;
}

/* The size is the map's: if only the granules are overwritten, the free will report that. */
static bool is_waiting(const struct heap *heap, u32 at)
{
	u64 word = make_word(heap_index_size(&heap->index, at), READ_ONCE(block_at(heap, at)->tag));

	return heap_index_is_used(&heap->index, at) && is_deferred(heap, at, word);
}

static void clear_mark(struct heap *heap, u32 at)
{
	struct heap_block *block = block_at(heap, at);

	WRITE_ONCE(block->tag, block->tag ^ TAG_DEFERRED);
}

bool heap_resume_free(struct heap *heap, u32 at)
{
	if (heap_is_frozen(heap))
		return false;
	if (!is_waiting(heap, at))
		return !is_sealed(heap, at, header_word(block_at(heap, at)));
	clear_mark(heap, at);
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

bool heap_recover(struct heap *heap, struct heap_deferred *deferred, u32 at)
{
	if (heap_is_frozen(heap) || !is_waiting(heap, at))
		return false;
	smp_rmb();	/* a slot is reserved before the mark is set */
	if (has_slot(deferred, at) || !heap_can_claim(heap)) {
		WRITE_ONCE(deferred->overflow, 1);
		return false;
	}
	clear_mark(heap, at);
	return true;
}
