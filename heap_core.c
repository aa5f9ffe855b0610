// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_core - the allocator: blocks in a region
 *
 * A region is divided into blocks without gaps. A block is a header and a payload; it is used, or
 * it is a hole. All sizes and places count granules of 16 bytes. Headers stand 8 bytes past a
 * multiple of 16, so that payloads are aligned:
 *
 *	region                                                     region + size
 *	| 8 | header | payload ...... | header | payload .. | header | hole | 8 |
 *	    0                         at                                    granules
 *
 * To allocate: find the lowest hole that is large enough (first fit), and split the block off. To
 * free: coalesce the block with the holes on both sides, so that no two holes are adjacent. A block
 * that is freed right after it was split off goes to the quick list first (core/quick.h): the next
 * request takes it again, or it is coalesced before the next search.
 *
 * The map says what is a block and what is a hole (core/index.h, with the search). It lies outside
 * the region, where no overrun reaches it. Its sentinel, a used block behind the last granule,
 * lets the code below test the right neighbour of any block.
 *
 * Headers lie in memory that callers overrun. They are written for the reader of a dump, and
 * compared with the map before they are overwritten; no size or place is computed from one. The
 * header of a live block is sealed, and has slack and owner; that of any other block holds its
 * state (core/block.h).
 */
#include <linux/compiler.h>
#include <linux/minmax.h>

#include "core/aligned.h"
#include "core/block.h"
#include "core/bulk.h"
#include "core/index_ops.h"
#include "core/live.h"
#include "core/quick.h"
#include "core/resize.h"
#include "core/retire.h"
#include "heap_core.h"

void heap_init(struct heap *heap, void *region, u32 granules, void *index, u32 flags, u64 key)
{
	*heap = (struct heap){
		.region = region,
		.granules = granules,
		.flags = flags,
		.overhead = sizeof(struct heap_block) +
			    (flags & HEAP_REDZONE ? HEAP_GRANULE : 0),
		.key = key,
		/* The other order of the halves, spread by the golden ratio; odd, so invertible. */
		.factor = (key >> 32 | key << 32) * 0x9e3779b97f4a7c15ULL | 1,
		/* The upper half: a header without a seal shows its size, but not its state. */
		.mask = key >> WORD_LOW_SHIFT << WORD_LOW_SHIFT,
		.quick[0].at = HEAP_NONE,
		.quick_most = flags & HEAP_CACHES ? 0 : HEAP_QUICK,
		.watermark = U32_MAX,
	};
	heap->largest = largest_payload(heap);
	heap_index_init(&heap->index, index, granules);
	write_state(heap, 0, granules, HEAP_HOLE);
}

/*
 * Split: the lowest hole that is large enough, found by heap_index_split(), gives its first @want
 * granules to a block. The rest stays a hole:
 *
 *	| hole ................. |   ->   | want ... | hole ...... |
 *	at                  at + have     at         at + want
 *
 * A rest of one granule is a block already, so there is a rest unless the fit is exact.
 */
static u32 split(struct heap *heap, u32 want)
{
	u32 have = want;
	u32 at = heap_index_split(&heap->index, want, &have);

	*last_split(heap) = (struct heap_split){ .at = at, .granules = want, .have = have };
	if (at == HEAP_NONE)
		return at;
	verify_hole(heap, at, have);
	if (have != want)
		write_state(heap, at + want, have - want, HEAP_HOLE);
	return at;
}

/*
 * Coalesce: the block at @at and the holes next to it become one hole:
 *
 *	| left hole | block | right hole |   ->   | hole ........................ |
 *	first       at      right        end      first                           end
 */
static __always_inline void coalesce(struct heap *heap, u32 at, u32 granules)
{
	struct heap_index *index = &heap->index;
	u32 right = at + granules;
	u32 first = at ? heap_index_prev(index, at) : at;
	u32 end = right;

	if (!heap_index_is_hole(index, first))
		first = at;
	if (first != at) {
		verify_hole(heap, first, at - first);
		erase_header(heap, at);
	}
	if (heap_index_is_hole(index, right)) {
		end = heap_index_next(index, right);
		verify_hole(heap, right, end - right);
		erase_header(heap, right);
	}
	heap_index_coalesce(index, first, at, right, end);
	write_state(heap, first, end - first, HEAP_HOLE);
}

/* Take block @i off the quick list (core/quick.h), and make it a hole. */
static noinline void coalesce_quick(struct heap *heap, u32 i)
{
	struct heap_split split = heap->quick[i];

	verify_quick(heap, split.at, split.granules);
	heap->quick[i] = heap->quick[--heap->quick_count];
	coalesce(heap, split.at, split.granules);
}

void heap_flush(struct heap *heap)
{
	if (!heap->quick_count || heap_is_frozen(heap))
		return;
	while (heap->quick_count)
		coalesce_quick(heap, heap->quick_count - 1);
	last_split(heap)->at = HEAP_NONE;
}

/* A change other than an allocation or a free: no block may enter the list after it. */
static void flush_and_forget(struct heap *heap)
{
	heap_flush(heap);
	last_split(heap)->at = HEAP_NONE;
}

/*
 * First fit: a block of @want granules in the lowest hole that is large enough, or HEAP_NONE. If
 * the lowest block of the list is not first fit, all that are large enough are coalesced first.
 */
static u32 first_fit(struct heap *heap, u32 want)
{
	u32 i = lowest_quick(heap, want);

	if (i != HEAP_QUICK && is_first_fit(heap, &heap->quick[i], want))
		return take_quick(heap, i, want);
	while (i != HEAP_QUICK) {
		coalesce_quick(heap, i);
		i = lowest_quick(heap, want);
	}
	return split(heap, want);
}

/* No hole is large enough. If the tree says otherwise, the index is wrong. */
static void *fail(struct heap *heap, u32 want)
{
	heap->failures++;
	if (heap_index_largest(&heap->index) >= want)
		heap_freeze(heap, 0);
	return NULL;
}

void *heap_alloc(struct heap *heap, size_t size, u8 owner)
{
	u32 want = granules_for(heap, size);
	u32 at;

	/* 0 wraps around and is too large, too: one comparison for both. */
	if (unlikely(size - 1 >= heap->largest))
		return size ? fail(heap, HEAP_NONE) : NULL;
	at = first_fit(heap, want);
	if (unlikely(at == HEAP_NONE))
		return fail(heap, want);
	return finish_alloc(heap, at, want, size, owner);
}

u32 heap_alloc_bulk(struct heap *heap, size_t size, u8 owner, void **ptrs, u32 n)
{
	if (size - 1 >= heap->largest)
		return 0;
	flush_and_forget(heap);
	return heap_carve(heap, size, owner, ptrs, n);
}

/* A block that is not live any more enters the quick list, or becomes a hole. */
static __always_inline void give_back(struct heap *heap, u32 at, u32 granules)
{
	if (at == last_split(heap)->at && heap->quick_count < heap->quick_most) {
		heap->quick_count++;
	} else {
		heap_flush(heap);
		coalesce(heap, at, granules);
	}
	last_split(heap)->at = HEAP_NONE;
}

enum heap_verdict heap_free(struct heap *heap, const void *ptr,
			    struct heap_block_info *__restrict freed)
{
	enum heap_verdict verdict = retire(heap, ptr, freed);

	if (likely(heap_is_retired(verdict, freed)))
		give_back(heap, freed->at, freed->granules);
	return verdict;
}

/*
 * Free many: blocks that lie side by side are merged into one run, which is coalesced once.
 *
 *	| run .......... | block |   ->   | run .................. |
 *	run->at          border
 */
static bool merge(struct heap *heap, const struct heap_block_info *block)
{
	struct heap_run *run = &heap->run;
	u32 border = block->at;

	if (!run->granules)
		return false;
	if (block->at + block->granules == run->at) {
		border = run->at;
		run->at = block->at;
	} else if (block->at != run->at + run->granules) {
		return false;
	}
	run->granules += block->granules;
	heap_index_merge_used(&heap->index, border);
	erase_header(heap, border);
	return true;
}

void heap_end_run(struct heap *heap)
{
	struct heap_run *run = &heap->run;

	if (run->granules && !heap_is_frozen(heap))
		coalesce(heap, run->at, run->granules);
	run->granules = 0;
}

enum heap_verdict heap_free_next(struct heap *heap, const void *ptr,
				 struct heap_block_info *__restrict freed)
{
	struct heap_run *run = &heap->run;
	u64 distance = heap_offset_of(heap, ptr) - heap_offset(run->at);
	enum heap_verdict verdict;

	if (!run->granules)
		flush_and_forget(heap);
	/* A pointer into the run is judged by the map, where no block of it may be used. */
	if (unlikely(distance < heap_bytes(run->granules)))
		heap_end_run(heap);
	verdict = retire(heap, ptr, freed);
	if (heap_is_retired(verdict, freed) && !merge(heap, freed)) {
		heap_end_run(heap);
		*run = (struct heap_run){ .at = freed->at, .granules = freed->granules };
	}
	return verdict;
}

enum heap_verdict heap_claim(struct heap *heap, const void *ptr,
			     struct heap_block_info *__restrict claimed)
{
	enum heap_verdict verdict = retire(heap, ptr, claimed);

	if (heap_is_retired(verdict, claimed))
		heap_add_claim(heap, claimed->at, claimed->granules);
	return verdict;
}

/* Before a claimed or cached block is reused. Return: false if it is damaged and quarantined. */
static bool verify_state(struct heap *heap, u32 at, u32 granules, enum heap_state state)
{
	if (likely(has_state(heap, at, granules, state)))
		return true;
	heap_record_header(heap, at);
	return heap_quarantine(heap, at, granules) != HEAP_QUARANTINED;
}

void heap_release(struct heap *heap, const struct heap_block_info *claimed)
{
	u32 at = claimed->at, granules = claimed->granules;

	heap_drop_claim(heap, at, granules);
	if (!heap_is_frozen(heap) && verify_state(heap, at, granules, HEAP_PENDING))
		give_back(heap, at, granules);
}

/*
 * Is a block that was in a cache live? A client that writes an older header back can free it twice,
 * so that it was in two places of caches, and one of them was allocated.
 */
static bool is_live_again(const struct heap *heap, u32 at, u32 granules)
{
	u64 word = header_word(block_at(heap, at));

	return unlikely(!has_state(heap, at, granules, HEAP_CACHED)) && (u32)word == granules &&
	       is_sealed(heap, at, word);
}

/* A block that was in a cache becomes a hole. */
static void uncache(struct heap *heap, u32 at, u32 granules)
{
	if (is_live_again(heap, at, granules)) {
		heap_record_header(heap, at);
		return;
	}
	heap->used -= granules;
	if (!verify_state(heap, at, granules, HEAP_CACHED))
		return;
	coalesce(heap, at, granules);
	last_split(heap)->at = HEAP_NONE;
}

bool heap_take_back(struct heap *heap, struct heap_cache *cache, u32 granules)
{
	u32 at;

	if (heap_is_frozen(heap) || !heap_cache_pop(cache, &granules, &at))
		return false;
	uncache(heap, at, granules);
	return true;
}

bool heap_take_back_block(struct heap *heap, struct heap_cache *cache, u32 at)
{
	u32 granules = heap_index_size(&heap->index, at);

	if (heap_is_frozen(heap) || !heap_cache_remove(cache, at, granules))
		return false;
	uncache(heap, at, granules);
	return true;
}

/* Find a place for a block of @size bytes. The quick list must not withhold one. */
static bool find_aligned(struct heap *heap, size_t size, size_t align, struct heap_place *place)
{
	flush_and_forget(heap);
	return heap_find_aligned(heap, granules_for(heap, size), align, place);
}

void *heap_alloc_aligned(struct heap *heap, size_t size, size_t align, u8 owner)
{
	u32 want = granules_for(heap, size);
	struct heap_place place;

	if (align <= HEAP_GRANULE || size - 1 >= heap->largest)
		return heap_alloc(heap, size, owner);
	if (!find_aligned(heap, size, align, &place))
		return fail(heap, heap_aligned_want(want, align));
	carve_hole(heap, place.hole, place.have, place.front, want);
	return finish_alloc(heap, place.hole + place.front, want, size, owner);
}

bool heap_fits(struct heap *heap, size_t size, size_t align)
{
	struct heap_place place;

	if (size - 1 >= heap->largest)
		return false;
	if (align > HEAP_GRANULE)
		return find_aligned(heap, size, align, &place);
	heap_flush(heap);
	return heap_index_largest(&heap->index) >= granules_for(heap, size);
}

/* The last @granules of a used block, from @at on, become a hole. */
static noinline void free_end(struct heap *heap, u32 at, u32 granules)
{
	heap_index_split_used(&heap->index, at);
	coalesce(heap, at, granules);
}

enum heap_verdict heap_resize(struct heap *heap, const void *ptr, size_t size,
			      struct heap_block_info *block, struct heap_block_info *end,
			      bool *done)
{
	u32 want = granules_for(heap, size);
	enum heap_verdict verdict;

	*done = false;
	flush_and_forget(heap);
	verdict = heap_judge_resize(heap, ptr, block);
	if ((verdict && verdict != HEAP_OVERRUN) || !heap_can_resize(heap, block, size))
		return verdict;
	if (has_caches(heap) && heap_win(heap, block) == HEAP_LOST) {
		heap_refuse(heap, ptr, HEAP_DOUBLE_FREE);
		return HEAP_DOUBLE_FREE;
	}
	if (verdict)
		heap_record_overrun(heap, block);
	if (want > block->granules)
		heap_extend(heap, block, want);
	else if (want < block->granules && end)
		heap_claim_end(heap, block, want, end);
	else if (want < block->granules)
		free_end(heap, block->at + want, block->granules - want);
	heap_finish_resize(heap, block, size);
	*done = true;
	return verdict;
}

u32 heap_walk(struct heap *heap, u32 from, struct heap_block_info *blocks, u32 most)
{
	const struct heap_index *index = &heap->index;
	u32 at = from;
	u32 count = 0;

	heap_flush(heap);
	if (at < heap->granules && !heap_index_is_start(index, at))
		at = heap_index_next(index, at);
	while (count < most && at < heap->granules) {
		blocks[count] = heap_inspect(heap, at);
		at += blocks[count++].granules;
	}
	return count;
}

u32 heap_claim_batch(struct heap *heap, u32 *from, struct heap_block_info *claimed, u32 most)
{
	struct heap_block_info block;
	enum heap_verdict verdict;
	u32 count = 0;

	for (; most && heap_can_claim(heap); most--) {
		if (!heap_walk(heap, *from, &block, 1)) {
			*from = HEAP_NONE;
			break;
		}
		*from = block.at + block.granules;
		if (block.state != HEAP_USED)
			continue;
		verdict = heap_claim(heap, heap_payload(heap, block.at), &claimed[count]);
		count += heap_is_retired(verdict, &claimed[count]);
	}
	return count;
}

/* The quick list must not serve a call between two batches: it changes no map. */
enum heap_verdict heap_check(struct heap *heap, struct heap_audit *audit, u32 chunks)
{
	flush_and_forget(heap);
	return heap_check_chunks(heap, audit, chunks);
}

bool heap_count_holes(struct heap *heap, struct heap_holes *holes)
{
	heap_flush(heap);
	return heap_holes_count_chunks(heap, holes);
}
