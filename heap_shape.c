// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_shape - blocks of another shape: aligned, grown, shrunk
 *
 * All of it is cutting used blocks in two, and merging what is not needed, as heap_core.c does:
 *
 *	| block ................................... |	of size + align - 16, by first fit
 *	| front ...... | block .......... | back .. |	payload aligned; front and back become holes
 */
#include <linux/compiler.h>

#include "heap_block.h"
#include "heap_shape.h"

/* A block is not what it was when it was cut: to free it undoes nothing. */
static void settle(struct heap *heap)
{
	heap_flush(heap);
	heap->kept[0].at = HEAP_NONE;
}

/* The used block at @at ends at @end now; what is behind, up to @old_end, becomes a hole. */
static void cut_back(struct heap *heap, u32 end, u32 old_end)
{
	if (end == old_end)
		return;
	heap_index_split(&heap->index, end);
	heap_coalesce(heap, end, old_end - end);
}

/* The used block at @old_at begins at @at now; what is in front becomes a hole. */
static void cut_front(struct heap *heap, u32 at, u32 old_at)
{
	if (at == old_at)
		return;
	heap_index_split(&heap->index, at);
	heap_coalesce(heap, old_at, at - old_at);
}

/* How many granules behind @ptr is an address aligned to @align? */
static u32 granules_to(const void *ptr, size_t align)
{
	return (-(uintptr_t)ptr & (align - 1)) / HEAP_GRANULE;
}

static void *trim(struct heap *heap, void *ptr, u32 granules, size_t size, size_t align, u8 owner)
{
	u32 old_at = ((char *)ptr - heap->region) / HEAP_GRANULE - 1;
	u32 at = old_at + granules_to(ptr, align);
	u32 want = granules_for(heap, size);
	struct heap_block *block = block_at(heap, at);

	cut_back(heap, at + want, old_at + granules);
	cut_front(heap, at, old_at);
	fill_end(heap, block, want);
	write_used(heap, at, block, want, slack_for(heap, size), owner);
	return payload_of(block);
}

/**
 * heap_alloc_aligned - allocate a block whose payload is aligned
 * @heap: the heap
 * @size: bytes of payload
 * @align: a power of two
 * @owner: who asks
 *
 * First fit of @size + @align - 16 bytes, of which both ends are given back. For a moment all of it
 * was in use, and so says the peak.
 *
 * Return: the payload, or NULL when no hole is large enough.
 */
void *heap_alloc_aligned(struct heap *heap, size_t size, size_t align, u8 owner)
{
	size_t room = align > HEAP_GRANULE ? align - HEAP_GRANULE : 0;
	bool fits = size <= heap->largest && room <= heap->largest - size;
	u32 granules;
	void *ptr;

	ptr = heap_alloc(heap, fits ? size + room : SIZE_MAX, owner);
	if (!ptr || !room)
		return ptr;
	settle(heap);
	granules = granules_for(heap, size + room);
	ptr = trim(heap, ptr, granules, size, align, owner);
	heap->asked -= room;
	heap->used -= granules - granules_for(heap, size);
	return ptr;
}

/* The hole behind the block gives what is wanted, if it can. */
static bool grow(struct heap *heap, const struct heap_view *block, u32 want)
{
	u32 extra = want - block->granules;
	u32 right = block->at + block->granules;
	u32 have;

	if (!heap_index_is_hole(&heap->index, right))
		return false;
	have = heap_index_size(&heap->index, right);
	if (have < extra)
		return false;
	heap_meet_hole(heap, right, have);
	give_up_header(heap, right);
	heap_index_extend(&heap->index, right, have, extra);
	if (have != extra)
		write_mark(heap, right + extra, have - extra, HEAP_HOLE);
	return true;
}

/* Behind a payload that somebody uses, each byte counts. */
static void fill_behind(struct heap *heap, u8 *payload, size_t size, u32 granules)
{
	u8 *end = payload + heap_bytes(granules) - sizeof(struct heap_block);
	u8 *byte;

	for (byte = payload + size; byte < end; byte++)
		WRITE_ONCE(*byte, HEAP_PATTERN);
}

static void reshape(struct heap *heap, const struct heap_view *block, size_t size)
{
	u32 want = granules_for(heap, size);
	struct heap_block *header = block_at(heap, block->at);

	if (want < block->granules)
		cut_back(heap, block->at + want, block->at + block->granules);
	fill_behind(heap, payload_of(header), size, want);
	write_used(heap, block->at, header, want, slack_for(heap, size), block->owner);
	heap->resizes++;
	heap->asked += size - block->asked;
	heap->used += want - block->granules;
	if (heap->high < heap->used)
		heap_note_high(heap);
}

/* Is this a block of which something can be changed? What is wrong is counted and told. */
static enum heap_verdict judge(struct heap *heap, const void *ptr, struct heap_view *block)
{
	enum heap_verdict verdict = heap_judge(heap, ptr, block);
	u32 slack;

	if (verdict == HEAP_CORRUPT_HEADER) {
		heap_find(heap, verdict, heap_offset(block->at));
	} else if (verdict) {
		heap_refuse(heap, ptr, verdict);
	} else {
		slack = payload_bytes(heap, block->granules) - block->asked;
		if (!is_intact(heap, block->at + block->granules, slack)) {
			verdict = HEAP_OVERRUN;
			heap_find(heap, verdict, heap_first_wrong(heap, block));
		}
	}
	return verdict;
}

/**
 * heap_resize - make a block smaller, or larger if the hole behind it allows
 * @heap: the heap
 * @ptr: what heap_alloc() returned
 * @size: bytes of payload from now on, not 0
 * @block: set to what the block was
 * @done: set to whether it has @size now; else nothing has changed
 *
 * Return: HEAP_OK; HEAP_OVERRUN of what was behind it, which keeps nobody from resizing; or what
 * is wrong with the pointer or the header, and nothing has changed.
 */
enum heap_verdict heap_resize(struct heap *heap, const void *ptr, size_t size,
			      struct heap_view *block, bool *done)
{
	enum heap_verdict verdict;
	u32 want;

	*done = false;
	settle(heap);
	verdict = judge(heap, ptr, block);
	if ((verdict && verdict != HEAP_OVERRUN) || size - 1 >= heap->largest)
		return verdict;
	want = granules_for(heap, size);
	if (want > block->granules && !grow(heap, block, want))
		return verdict;
	reshape(heap, block, size);
	*done = true;
	return verdict;
}
