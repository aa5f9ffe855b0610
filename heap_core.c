// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_core - the allocator: blocks in a region
 *
 * The region is cut into blocks without gaps. A block is a header and a payload; it is used, or
 * it is a hole. Headers stand 8 bytes past a multiple of 16, so that payloads are aligned:
 *
 *	region                                                     region + size
 *	| 8 | header | payload ...... | header | payload .. | header | hole | 8 |
 *	    0                         at (in granules of 16 bytes)      granules
 *
 * To allocate: find the lowest hole that is large enough, and split off what is not needed. To
 * free: mark the block a hole, and merge it with the holes on both sides of it, so that there are
 * never two holes side by side.
 *
 * The map (heap_index) is the truth about what is a block and what is a hole. The headers are
 * for those who look: they are written, compared, and never believed.
 */
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/minmax.h>

#include "heap_block.h"
#include "heap_index.c"	/* one unit for the compiler: 4% fewer instructions */

/* How many granules of blocks fit in a region of @bytes, between its edges. */
u32 heap_granules_in(u64 bytes)
{
	u64 granules = bytes / HEAP_GRANULE;

	if (granules < 2)
		return 0;
	return granules - 1 < HEAP_GRANULES_MAX ? granules - 1 : HEAP_GRANULES_MAX;
}

/*
 * Headers: witnesses of what the map says. One that is met is compared with it before it is
 * written over or given up; what is found wrong with a hole is mended by that.
 */
static void write_hole(struct heap *heap, u32 at, u32 granules)
{
	write_mark(heap, at, granules, HEAP_HOLE);
}

void heap_meet_hole(struct heap *heap, u32 at, u32 granules)
{
	if (unlikely(!is_marked(heap, at, granules, HEAP_HOLE)))
		heap_find(heap, HEAP_CORRUPT_HEADER, heap_offset(at));
}

/*
 * A block that was freed, and is still cut off its hole: pending, or as it was when it was used;
 * and if it was freed again without the lock, it is marked.
 */
static bool is_good_kept(const struct heap *heap, u32 at, u32 granules)
{
	u64 word = header_word(block_at(heap, at));

	return (u32)word == granules && (likely(is_sealed(heap, at, word)) ||
					 is_marked(heap, at, granules, HEAP_PENDING) ||
					 is_deferred(heap, at, word));
}

static void meet_kept(struct heap *heap, u32 at, u32 granules)
{
	if (unlikely(!is_good_kept(heap, at, granules)))
		heap_find(heap, HEAP_CORRUPT_HEADER, heap_offset(at));
}

/**
 * heap_init - make one hole of a region
 * @heap: the heap
 * @region: memory of heap_granules_in() @granules, aligned to 16 bytes
 * @granules: how many, 1 to HEAP_GRANULES_MAX
 * @index: zeroed memory of heap_index_bytes() of @granules
 * @flags: HEAP_POISON, HEAP_REDZONE. To poison is the caller's: he fills the region before, a
 *	   block between heap_claim() and heap_release(), and looks at what heap_alloc() gives.
 * @key: random, the secret of the seals
 */
void heap_init(struct heap *heap, void *region, u32 granules, void *index, u32 flags, u64 key)
{
	*heap = (struct heap){
		.region = region,
		.granules = granules,
		.flags = flags,
		.overhead = sizeof(struct heap_block) +
			    (flags & HEAP_REDZONE ? HEAP_GRANULE : 0),
		.key = key,
		.factor = (key >> 32 | key << 32) * 0x9e3779b97f4a7c15ULL | 1,
		.mask = key >> WORD_LOW_SHIFT << WORD_LOW_SHIFT,
		.kept[0].at = HEAP_NONE,
		.mark = U32_MAX,
	};
	if (heap_bytes(granules) > heap->overhead)
		heap->largest = payload_bytes(heap, granules);
	heap_index_init(&heap->index, index, granules);
	write_hole(heap, 0, granules);
}

/* The allocation that nothing has followed yet. */
static struct heap_cut *last_cut(struct heap *heap)
{
	return &heap->kept[heap->kept_count];
}

/*
 * Split: the lowest hole that is large enough gives its first @want granules to a block; the rest
 * stays a hole.
 *
 *	| hole ................. |   ->   | want ... | hole ...... |
 *	at                  at + have     at         at + want
 *
 * A rest of one granule is a block already, so there is a rest unless the fit is exact.
 */
static u32 split(struct heap *heap, u32 want)
{
	u32 have = want;
	u32 at = heap_index_take(&heap->index, want, &have);

	*last_cut(heap) = (struct heap_cut){ .at = at, .granules = want, .have = have };
	if (at == HEAP_NONE)
		return at;
	heap_meet_hole(heap, at, have);
	if (have != want)
		write_hole(heap, at + want, have - want);
	return at;
}

/*
 * Coalesce: the block at @at becomes a hole together with the holes beside it, if any.
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
		heap_meet_hole(heap, first, at - first);
		give_up_header(heap, at);
	}
	if (heap_index_is_hole(index, right)) {
		end = heap_index_next(index, right);
		heap_meet_hole(heap, right, end - right);
		give_up_header(heap, right);
	}
	heap_index_give(index, first, at, right, end);
	write_hole(heap, first, end - first);
}

/*
 * Kept blocks: a block that is freed before anything else happens leaves the heap as it was before
 * the allocation. Such a block is not merged at once but kept, cut off its hole as it is. When
 * first fit would give the next request the same place, it takes the block back, cut anew if
 * its size is another. A few are kept, for sizes that come in turn from several holes.
 *
 * A request that finds a kept block's hole too small goes by; any other request, and whatever else
 * changes the heap or looks at it, merges the kept blocks first. It is exact: see is_first_fit().
 */
static noinline void merge_kept(struct heap *heap, u32 i)
{
	struct heap_cut cut = heap->kept[i];

	heap->kept[i] = heap->kept[--heap->kept_count];
	meet_kept(heap, cut.at, cut.granules);
	coalesce(heap, cut.at, cut.granules);
}

void heap_flush(struct heap *heap)
{
	if (!heap->kept_count || heap_is_frozen(heap))
		return;
	while (heap->kept_count)
		merge_kept(heap, heap->kept_count - 1);
	last_cut(heap)->at = HEAP_NONE;
}

/* Coalesce, after those that are kept. */
void heap_coalesce(struct heap *heap, u32 at, u32 granules)
{
	heap_flush(heap);
	coalesce(heap, at, granules);
}

/*
 * Would first fit cut a block of @want granules here, where the hole is large enough? The kept
 * block came from first fit, so no hole of its size or more was below it; since then blocks were
 * allocated, or kept, which makes no hole larger. For a smaller size the finger may know.
 */
static bool is_first_fit(const struct heap *heap, const struct heap_cut *kept, u32 want)
{
	return want >= kept->granules || heap_index_none_below(&heap->index, kept->at, want);
}

static noinline void recut(struct heap *heap, struct heap_cut *cut, u32 want)
{
	u32 rest = cut->at + cut->granules;

	if (cut->have != cut->granules) {
		heap_meet_hole(heap, rest, cut->have - cut->granules);
		give_up_header(heap, rest);
	}
	heap_index_recut(&heap->index, cut->at, cut->have, cut->granules, want);
	cut->granules = want;
	if (cut->have != want)
		write_hole(heap, cut->at + want, cut->have - want);
}

/* It becomes the last allocation, which stands behind the kept ones. */
static u32 take_back(struct heap *heap, u32 i, u32 want)
{
	u32 last = --heap->kept_count;
	struct heap_cut *cut = &heap->kept[last];

	if (i != last)
		swap(heap->kept[i], *cut);
	meet_kept(heap, cut->at, cut->granules);
	if (cut->granules != want)
		recut(heap, cut, want);
	return cut->at;
}

/* The lowest of the kept blocks whose hole has @want granules; HEAP_KEPT if there is none. */
static u32 lowest_kept(const struct heap *heap, u32 want)
{
	u32 lowest = HEAP_KEPT;
	u32 i;

	for (i = 0; i < heap->kept_count; i++) {
		if (heap->kept[i].have >= want &&
		    (lowest == HEAP_KEPT || heap->kept[i].at < heap->kept[lowest].at))
			lowest = i;
	}
	return lowest;
}

/* First fit: a block of @want granules in the lowest hole that is large enough, or HEAP_NONE. */
static u32 fit(struct heap *heap, u32 want)
{
	u32 i = lowest_kept(heap, want);

	if (i != HEAP_KEPT && is_first_fit(heap, &heap->kept[i], want))
		return take_back(heap, i, want);
	while (i != HEAP_KEPT) {
		merge_kept(heap, i);
		i = lowest_kept(heap, want);
	}
	return split(heap, want);
}

/* No hole: unless the tree says otherwise, and then it is the index that is wrong. */
static void *fail(struct heap *heap, u32 want)
{
	heap->failures++;
	if (heap_index_largest(&heap->index) >= want)
		heap_freeze(heap, 0);
	return NULL;
}

/* More is in use than ever, or than somebody wants to hear of. */
void heap_note_high(struct heap *heap)
{
	if (heap->peak < heap->used)
		heap->peak = heap->used;
	if (heap->mark < heap->used)
		heap->found |= HEAP_ABOVE;
	heap->high = heap->found & HEAP_ABOVE || heap->mark > heap->peak ? heap->peak : heap->mark;
}

/**
 * heap_set_mark - tell when more than so much is in use
 * @heap: the heap
 * @mark: granules; HEAP_ABOVE is set when more are in use: now, or when next there are
 */
void heap_set_mark(struct heap *heap, u32 mark)
{
	heap->found &= ~HEAP_ABOVE;
	heap->mark = mark;
	heap_note_high(heap);
}

/* From now on the peak is counted anew. */
void heap_forget_peak(struct heap *heap)
{
	heap->peak = heap->used;
	heap_note_high(heap);
}

/**
 * heap_alloc - allocate a block: first fit
 * @heap: the heap
 * @size: bytes of payload
 * @owner: who asks, for those who look
 *
 * Takes the lowest hole that is large enough.
 *
 * Return: the payload, aligned to 16 bytes, or NULL when no hole is large enough; or for 0 bytes,
 * which is no failure.
 */
void *heap_alloc(struct heap *heap, size_t size, u8 owner)
{
	u32 want = granules_for(heap, size);
	u32 slack = slack_for(heap, size);
	struct heap_block *block;
	u32 at;

	if (unlikely(size - 1 >= heap->largest))
		return size ? fail(heap, HEAP_NONE) : NULL;
	at = fit(heap, want);
	if (unlikely(at == HEAP_NONE))
		return fail(heap, want);
	block = block_at(heap, at);
	fill_end(heap, block, want);
	write_used(heap, at, block, want, slack, owner);

	heap->allocs++;
	heap->asked += size;
	heap->used += want;
	if (heap->high < heap->used)
		heap_note_high(heap);
	return payload_of(block);
}

/*
 * Judging a pointer: the map alone decides what is a block, so a wrong one is always found.
 */
/* Outside the region, or in a heap that is frozen and has no region any more. */
static enum heap_verdict judge_outer(const struct heap *heap)
{
	return heap_is_frozen(heap) ? HEAP_CORRUPT_INDEX : HEAP_FOREIGN;
}

/* Where no used block starts, no pointer is good; what kind of bad depends on what is there. */
static noinline enum heap_verdict judge_inner(const struct heap *heap, u32 at)
{
	struct heap_view block;

	if (!heap_index_is_start(&heap->index, at))
		at = heap_index_prev(&heap->index, at);
	block = heap_look(heap, at);
	return block.state == HEAP_USED ? HEAP_INTERIOR : HEAP_DOUBLE_FREE;
}

/* A header that is none of a used block: of one that was freed before, or written over. */
static enum heap_verdict judge_header(const struct heap *heap, const struct heap_view *block)
{
	if (block->granules > heap->granules - block->at)
		return HEAP_CORRUPT_INDEX;
	return block->state == HEAP_USED ? HEAP_CORRUPT_HEADER : HEAP_DOUBLE_FREE;
}

/* Says of any header that is not as it should be HEAP_CORRUPT_HEADER: look_again() knows. */
static __always_inline enum heap_verdict judge(const struct heap *heap, const void *ptr,
					       struct heap_view *block, u32 *slack)
{
	const struct heap_index *index = &heap->index;
	size_t offset = (const char *)ptr - (const char *)payload_of(block_at(heap, 0));
	u32 at = offset / HEAP_GRANULE;
	u64 word;

	if (unlikely(offset / HEAP_GRANULE >= heap->granules))
		return judge_outer(heap);
	if (unlikely(offset % HEAP_GRANULE))
		return HEAP_MISALIGNED;
	if (unlikely(!heap_index_is_used(index, at)))
		return judge_inner(heap, at);
	if (unlikely(heap->kept_count | heap->withheld) &&
	    (is_kept(heap, at) || heap_is_withheld(heap, at)))
		return HEAP_DOUBLE_FREE;
	word = header_word(block_at(heap, at));
	*slack = word >> WORD_LOW_SHIFT & TAG_SLACK;
	block->at = at;
	block->granules = heap_index_size(index, at);
	block->asked = payload_bytes(heap, block->granules) - *slack;
	block->state = HEAP_USED;
	block->sealed = true;
	block->owner = tag_owner(word >> WORD_LOW_SHIFT);
	if (unlikely((u32)word != block->granules || !is_sealed(heap, at, word)))
		return HEAP_CORRUPT_HEADER;
	return HEAP_OK;
}

/* Something is wrong with a pointer: if it is the header, then how much of it can be known? */
static noinline enum heap_verdict look_again(const struct heap *heap, enum heap_verdict verdict,
					     struct heap_view *block)
{
	if (verdict != HEAP_CORRUPT_HEADER)
		return verdict;
	*block = heap_look(heap, block->at);
	return judge_header(heap, block);
}

/**
 * heap_judge - is this the payload of a live block?
 * @heap: the heap
 * @ptr: any pointer; it is not followed
 * @block: set to what the block is, if there is one
 *
 * Return: HEAP_OK, or what is wrong with it.
 */
enum heap_verdict heap_judge(const struct heap *heap, const void *ptr, struct heap_view *block)
{
	u32 slack;

	return look_again(heap, judge(heap, ptr, block, &slack), block);
}

/* A block is live no more. */
static void count_out(struct heap *heap, const struct heap_view *block)
{
	heap->frees++;
	heap->asked -= block->asked;
	heap->used -= block->granules;
}

/* A block is free: kept, if that undoes the last allocation, or merged. */
static __always_inline void give_back(struct heap *heap, u32 at, u32 granules)
{
	if (at == last_cut(heap)->at && heap->kept_count < HEAP_KEPT)
		heap->kept_count++;
	else
		heap_coalesce(heap, at, granules);
	last_cut(heap)->at = HEAP_NONE;
}

/*
 * Quarantine: a block whose header was written over is not used again, for who knows who still
 * writes there. It stays used in the map. There is room for HEAP_QUARANTINE blocks and an eighth of
 * the region, so that no client can eat the heap by it; what comes later is to become a hole.
 */
static noinline enum heap_state quarantine(struct heap *heap, u32 at, u32 granules)
{
	enum heap_state state = HEAP_PENDING;

	if (heap->quarantine_count < HEAP_QUARANTINE &&
	    heap->quarantined + granules <= heap->granules / 8) {
		heap->quarantine[heap->quarantine_count++] = at;
		heap->quarantined += granules;
		heap->withheld++;
		state = HEAP_QUARANTINED;
	}
	write_mark(heap, at, granules, state);
	return state;
}

/**
 * heap_refuse - a pointer is no live block: count and tell that
 * @heap: the heap
 * @ptr: the pointer
 * @verdict: of heap_judge(), of the pointer or of the index
 */
void heap_refuse(struct heap *heap, const void *ptr, enum heap_verdict verdict)
{
	heap->refused++;
	if (verdict == HEAP_CORRUPT_INDEX)
		heap_freeze(heap, (const char *)ptr - heap->region);
	else if (verdict != HEAP_FOREIGN)
		heap_find(heap, verdict, (const char *)ptr - heap->region);
}

/* A used block without a good header is withdrawn. */
static void withdraw(struct heap *heap, struct heap_view *block)
{
	heap_find(heap, HEAP_CORRUPT_HEADER, heap_offset(block->at));
	heap->lost += !block->sealed;
	count_out(heap, block);
	block->state = quarantine(heap, block->at, block->granules);
}

/* What follows when a block is freed of which judge() says that something is wrong. */
static noinline enum heap_verdict refuse(struct heap *heap, const void *ptr,
					 enum heap_verdict verdict, struct heap_view *block)
{
	verdict = look_again(heap, verdict, block);
	if (verdict == HEAP_CORRUPT_HEADER)
		withdraw(heap, block);
	else
		heap_refuse(heap, ptr, verdict);
	return verdict;
}

static noinline void find_overrun(struct heap *heap, const struct heap_view *block)
{
	heap_find(heap, HEAP_OVERRUN, heap_first_wrong(heap, block));
}

/*
 * Judge a block that somebody frees, and count it out. What is @known of it stays in registers;
 * what is told is in memory, which for all the compiler knows any store to the heap may change.
 */
static __always_inline enum heap_verdict let_go(struct heap *heap, const void *ptr,
						struct heap_view *known, struct heap_view *told)
{
	u32 slack = 0;
	enum heap_verdict verdict = judge(heap, ptr, known, &slack);

	*told = *known;
	if (unlikely(verdict))
		return refuse(heap, ptr, verdict, told);
	if (unlikely(!is_intact(heap, known->at + known->granules, slack))) {
		find_overrun(heap, told);
		verdict = HEAP_OVERRUN;
	}
	count_out(heap, known);
	return verdict;
}

/**
 * heap_free - free a block
 * @heap: the heap
 * @ptr: what heap_alloc() returned
 * @freed: set to what the block was
 *
 * A HEAP_FOREIGN pointer is neither counted among the verdicts nor told of: the caller may know
 * whose it is.
 *
 * Return: HEAP_OK; HEAP_OVERRUN, and the block is freed; HEAP_CORRUPT_HEADER, and it is
 * quarantined, or freed if there is no room for that, as heap_is_let_go() says; or why the pointer
 * was refused: nothing has changed then.
 */
enum heap_verdict heap_free(struct heap *heap, const void *ptr, struct heap_view *freed)
{
	struct heap_view known = {};
	enum heap_verdict verdict = let_go(heap, ptr, &known, freed);

	if (likely(heap_is_let_go(verdict, freed)))
		give_back(heap, known.at, known.granules);
	return verdict;
}

/**
 * heap_claim - free a block in two steps, the first
 * @heap: the heap
 * @ptr: what heap_alloc() returned
 * @claimed: set to what the block was
 *
 * The block is live no more, and nobody else's yet: the caller may do with it what he must, then
 * calls heap_release(). Only if heap_can_claim().
 *
 * Return: as heap_free(); there is something to release if heap_is_let_go().
 */
enum heap_verdict heap_claim(struct heap *heap, const void *ptr, struct heap_view *claimed)
{
	struct heap_view known = {};
	enum heap_verdict verdict = let_go(heap, ptr, &known, claimed);

	if (heap_is_let_go(verdict, claimed)) {
		heap->pending += claimed->granules;
		heap->claims[heap->claim_count++] = claimed->at;
		heap->withheld++;
		write_mark(heap, claimed->at, claimed->granules, HEAP_PENDING);
	}
	return verdict;
}

static void forget_claim(struct heap *heap, u32 at)
{
	u32 i;

	for (i = 0; heap->claims[i] != at; i++)
		;
	heap->claims[i] = heap->claims[--heap->claim_count];
	heap->withheld--;
}

/**
 * heap_release - free a block in two steps, the second
 * @heap: the heap
 * @claimed: from heap_claim()
 */
void heap_release(struct heap *heap, const struct heap_view *claimed)
{
	u32 at = claimed->at, granules = claimed->granules;

	forget_claim(heap, at);
	heap->pending -= granules;
	if (heap_is_frozen(heap))
		return;
	if (unlikely(!is_marked(heap, at, granules, HEAP_PENDING))) {
		heap_find(heap, HEAP_CORRUPT_HEADER, heap_offset(at));
		if (quarantine(heap, at, granules) == HEAP_QUARANTINED)
			return;
	}
	give_back(heap, at, granules);
}

/**
 * heap_freeze - the index is wrong: from now on nothing is given, taken or written
 * @heap: the heap
 * @offset: where that was seen
 */
void heap_freeze(struct heap *heap, u64 offset)
{
	if (heap_is_frozen(heap))
		return;
	heap_find(heap, HEAP_CORRUPT_INDEX, offset);
	heap->granules = 0;
	heap->largest = 0;
}

/**
 * heap_views - look at the next blocks
 * @heap: the heap
 * @from: granule to begin at; a block that starts before it is passed over
 * @views: filled with blocks in the order of their addresses
 * @most: room in @views
 *
 * To resume, begin where the last block ended: every block that was there all the time is seen
 * exactly once, whatever happened between the calls.
 *
 * Return: the number of blocks seen, less than @most at the end of the heap; 0 when it is frozen.
 */
u32 heap_views(struct heap *heap, u32 from, struct heap_view *views, u32 most)
{
	const struct heap_index *index = &heap->index;
	u32 at = from;
	u32 seen = 0;

	heap_flush(heap);
	if (at < heap->granules && !heap_index_is_start(index, at))
		at = heap_index_next(index, at);
	while (seen < most && at < heap->granules) {
		views[seen] = heap_look(heap, at);
		at += views[seen++].granules;
	}
	return seen;
}
