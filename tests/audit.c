// SPDX-License-Identifier: GPL-2.0-only
/*
 * audit - the check finds damage of every kind
 *
 * Each damage is planted in a good heap, must be found by the check, and is undone. Damage by
 * clients, and what follows from it, is in damage.c.
 */
#include <string.h>

#include "test.h"

#define GRANULES	200000
#define BLOCKS		1000

static struct arena arena;
static void *blocks[BLOCKS];

/* Every third block of a row is freed: used blocks are next to holes and to each other. */
static void setup(void)
{
	unsigned int i;

	arena_init(&arena, GRANULES);
	for (i = 0; i < BLOCKS; i++)
		blocks[i] = heap_alloc(&arena.heap, 1 + i % 100 * (i % 7 ? 1 : 100), i);
	for (i = 0; i < BLOCKS; i += 3)
		arena_free(&arena, blocks[i]);
	REQUIRE(arena_check(&arena) == HEAP_OK);
}

static struct heap_block *header_of(u32 at)
{
	return (struct heap_block *)(arena.heap.region + heap_offset(at));
}

/* Check the heap, and restore it: the check may freeze it. */
static enum heap_verdict check(void)
{
	struct heap before = arena.heap;
	enum heap_verdict verdict = arena_check(&arena);

	arena.heap = before;
	return verdict;
}

static void expect(enum heap_verdict verdict)
{
	REQUIRE(check() == verdict);
}

/* Each bit of the size in each header, and a bit of each tag. */
static void headers(void)
{
	struct heap_block_info info;
	u32 from, bit;

	for (from = 0; heap_walk(&arena.heap, from, &info, 1); from = info.at + info.granules) {
		for (bit = 0; bit < 32; bit++) {
			header_of(info.at)->granules ^= 1U << bit;
			expect(HEAP_CORRUPT_HEADER);
			header_of(info.at)->granules ^= 1U << bit;
		}
		header_of(info.at)->tag ^= info.state == HEAP_USED ? 1U << 31 : 1;
		expect(HEAP_CORRUPT_HEADER);
		header_of(info.at)->tag ^= info.state == HEAP_USED ? 1U << 31 : 1;
	}
	expect(HEAP_OK);
}

/* Each bit of the map, up to the last block. */
static void maps(void)
{
	u32 chunk, bit, used;

	used = place_of(&arena, blocks[BLOCKS - 1]);
	for (chunk = 0; chunk <= used / HEAP_CHUNK + 1; chunk++) {
		for (bit = 0; bit < HEAP_CHUNK; bit++) {
			arena.heap.index.chunks[chunk].start ^= BIT_ULL(bit);
			REQUIRE(check() != HEAP_OK);
			arena.heap.index.chunks[chunk].start ^= BIT_ULL(bit);
			arena.heap.index.chunks[chunk].free ^= BIT_ULL(bit);
			REQUIRE(check() != HEAP_OK);
			arena.heap.index.chunks[chunk].free ^= BIT_ULL(bit);
		}
	}
	expect(HEAP_OK);
}

/* The bit of a chunk in each summary, and the sentinel. */
static void summaries(void)
{
	struct heap_index *index = &arena.heap.index;
	u32 chunk, word;
	unsigned int level;

	REQUIRE(index->levels > 1);
	for (chunk = 0; chunk < heap_index_chunks(index); chunk += 17) {
		for (word = chunk, level = 0; level < index->levels; level++, word /= 64) {
			index->summary[level][word / 64] ^= BIT_ULL(word % 64);
			expect(HEAP_CORRUPT_INDEX);
			index->summary[level][word / 64] ^= BIT_ULL(word % 64);
		}
	}
	index->chunks[GRANULES / HEAP_CHUNK].start ^= BIT_ULL(GRANULES % HEAP_CHUNK);
	expect(HEAP_CORRUPT_INDEX);
	index->chunks[GRANULES / HEAP_CHUNK].start ^= BIT_ULL(GRANULES % HEAP_CHUNK);
	expect(HEAP_OK);
}

/* No start at 0, a start behind the sentinel, and no sentinel. */
static void ends(void)
{
	struct heap_index *index = &arena.heap.index;
	struct heap_chunk *first = index->chunks, *last = &first[GRANULES / HEAP_CHUNK];
	u32 word = GRANULES / HEAP_CHUNK;

	REQUIRE(GRANULES % HEAP_CHUNK == 0 && index->levels == 2);
	first->start ^= 1;
	first->free ^= 1;
	expect(HEAP_CORRUPT_INDEX);
	first->start ^= 1;
	first->free ^= 1;
	last->start ^= 2;
	expect(HEAP_CORRUPT_INDEX);
	last->start ^= 3;
	index->summary[0][word / 64] ^= BIT_ULL(word % 64);
	index->summary[1][0] ^= BIT_ULL(word / 64);
	expect(HEAP_CORRUPT_INDEX);
	last->start ^= 1;
	index->summary[0][word / 64] ^= BIT_ULL(word % 64);
	index->summary[1][0] ^= BIT_ULL(word / 64);
	expect(HEAP_OK);
}

/* Bits of the nodes above a chunk. */
static void nodes(void)
{
	struct heap_index *index = &arena.heap.index;
	u32 chunk, node, bit;
	unsigned int level;

	REQUIRE(index->height > 3);
	for (chunk = 0; chunk < heap_index_chunks(index); chunk += 7) {
		for (node = chunk, level = 0; level < index->height; level++, node /= HEAP_FANOUT) {
			for (bit = 0; bit < 32; bit += 3) {
				index->max[level][node] ^= 1U << bit;
				expect(HEAP_CORRUPT_INDEX);
				index->max[level][node] ^= 1U << bit;
			}
		}
	}
	expect(HEAP_OK);
}

/* A giant of another size, at another place, behind the end, and a hole that exceeds the others. */
static void giants(void)
{
	struct heap_index *index = &arena.heap.index;
	u32 at = index->giant_at, giant = index->giant, others = index->others;

	REQUIRE(giant > 1 && others);
	index->giant--;
	REQUIRE(!heap_index_verify(index, at / HEAP_CHUNK));
	expect(HEAP_CORRUPT_INDEX);
	index->giant = giant;
	index->giant_at = place_of(&arena, blocks[1]);
	expect(HEAP_CORRUPT_INDEX);
	index->others = giant;
	index->giant_at = index->granules;
	REQUIRE(!heap_index_verify(index, 0));
	expect(HEAP_CORRUPT_INDEX);
	index->others = others;
	index->giant_at = HEAP_NONE;
	REQUIRE(!heap_index_verify(index, 0));
	expect(HEAP_CORRUPT_INDEX);
	index->giant_at = at;
	index->others = 0;
	expect(HEAP_CORRUPT_INDEX);
	index->others = others;
	expect(HEAP_OK);
}

/* A missing top, a wrong top, and a finger above a hole that is large enough. */
static void hints(void)
{
	struct heap_index *index = &arena.heap.index;
	u32 top = index->top, finger_at = index->finger_at, finger_size = index->finger_size;
	struct heap_block_info hole = { .at = 0 };

	REQUIRE(top != HEAP_NONE);
	index->top = HEAP_NONE;
	expect(HEAP_CORRUPT_INDEX);
	index->top = place_of(&arena, blocks[1]);
	expect(HEAP_CORRUPT_INDEX);
	index->top = top;
	do {
		heap_walk(&arena.heap, hole.at + hole.granules, &hole, 1);
	} while (hole.state == HEAP_USED);
	index->finger_size = hole.granules;
	index->finger_at = hole.at + 1;
	expect(HEAP_CORRUPT_INDEX);
	index->finger_at = hole.at;
	expect(HEAP_OK);
	index->finger_at = finger_at;
	index->finger_size = finger_size;
	expect(HEAP_OK);
}

/* When the last block is used, there is no top. */
static void top_of_full_region(void)
{
	struct arena full;

	arena_init(&full, 100);
	arena_alloc(&full, 50);
	arena_alloc(&full, 50);
	REQUIRE(full.heap.index.top == HEAP_NONE && arena_check(&full) == HEAP_OK);
	full.heap.index.top = 7;
	REQUIRE(arena_check(&full) == HEAP_CORRUPT_INDEX);
	arena_destroy(&full);
}

/* Damage of bytes in the last chunk does not hide that of the index. */
static void sentinel_behind_damage(void)
{
	struct arena full;
	char *block;

	arena_init(&full, 100);
	arena_alloc(&full, 70);
	block = arena_alloc(&full, 10);
	arena_alloc(&full, 20);
	block[-1] ^= 1;
	REQUIRE(arena_check(&full) == HEAP_CORRUPT_HEADER);
	full.heap.index.chunks[1].start ^= BIT_ULL(100 % HEAP_CHUNK);
	REQUIRE(arena_check(&full) == HEAP_CORRUPT_INDEX);
	arena_destroy(&full);
}

static void counters(void)
{
	struct heap *heap = &arena.heap;
	u32 *counts[] = {
		&heap->used, &heap->index.holes, &heap->pending, &heap->quarantined,
	};
	unsigned int i;

	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		++*counts[i];
		expect(HEAP_CORRUPT_INDEX);
		--*counts[i];
	}
	heap->asked++;
	expect(HEAP_CORRUPT_HEADER);
	heap->asked--;
	heap->frees++;
	expect(HEAP_CORRUPT_HEADER);
	heap->frees--;
	expect(HEAP_OK);
}

/* A check in batches, with frees between them. */
static void batches(void)
{
	enum heap_verdict verdict = HEAP_OK;
	struct heap_audit audit;
	unsigned int i = 1;

	heap_audit_start(&audit);
	while (!verdict && !heap_audit_done(&arena.heap, &audit)) {
		verdict = heap_check(&arena.heap, &audit, 1 + next_random(5));
		if (i < BLOCKS && i % 3)
			arena_free(&arena, blocks[i]);
		i++;
	}
	REQUIRE(verdict == HEAP_OK && audit.disturbed);
	expect(HEAP_OK);
}

/*
 * A check stops at a block that reaches into the next chunk. Then the block, which is in
 * quarantine, is released and coalesces with the hole in front: no counter of allocations, frees
 * or resizes tells that the block is gone.
 *
 *	| hole | quarantined ...... | used |	a chunk ends within the second
 */
static void quarantine_between_batches(void)
{
	struct heap_block_info claimed;
	struct heap_audit audit;
	struct arena small;
	void *left, *block;

	arena_init(&small, 16 * HEAP_CHUNK);
	left = arena_alloc(&small, HEAP_CHUNK / 2);
	block = arena_alloc(&small, HEAP_CHUNK / 2 + 1);
	arena_alloc(&small, 1);
	arena_free(&small, left);
	((struct heap_block *)block)[-1].tag ^= 1;
	REQUIRE(heap_free(&small.heap, block, &claimed) == HEAP_CORRUPT_HEADER);
	REQUIRE(small.heap.quarantine_count == 1);

	heap_audit_start(&audit);
	REQUIRE(heap_check(&small.heap, &audit, 1) == HEAP_OK);
	REQUIRE(heap_claim_quarantined(&small.heap, &claimed));
	heap_release(&small.heap, &claimed);
	REQUIRE(heap_check(&small.heap, &audit, U32_MAX) == HEAP_OK);
	REQUIRE(heap_audit_done(&small.heap, &audit) && audit.disturbed);
	REQUIRE(arena_check(&small) == HEAP_OK);
	arena_destroy(&small);
}

/* A block is freed and allocated again on the quick list, with other slack. */
static void quick_list_between_batches(void)
{
	struct heap_audit audit;
	struct arena small;
	void *ptr;

	arena_init(&small, 16 * HEAP_CHUNK);
	ptr = heap_alloc(&small.heap, 20, 1);
	heap_audit_start(&audit);
	REQUIRE(heap_check(&small.heap, &audit, 1) == HEAP_OK);
	arena_free(&small, ptr);
	REQUIRE(heap_alloc(&small.heap, 24, 1) == ptr);
	REQUIRE(heap_check(&small.heap, &audit, U32_MAX) == HEAP_OK);
	REQUIRE(heap_audit_done(&small.heap, &audit) && audit.disturbed);
	arena_destroy(&small);
}

/* A client copies what an earlier block has left in its memory over the header of another one. */
static void copied_state(void)
{
	struct heap_block_info claimed[3];
	struct heap_audit audit;
	struct arena small;
	void *ptrs[5], *ptr;
	u32 i;

	arena_init(&small, 4096);
	for (i = 0; i < 5; i++)
		ptrs[i] = heap_alloc(&small.heap, 24, 1);
	for (i = 0; i < 3; i++)
		REQUIRE(heap_claim(&small.heap, ptrs[i], &claimed[i]) == HEAP_OK);
	for (i = 0; i < 3; i++)
		heap_release(&small.heap, &claimed[i]);
	ptr = heap_alloc(&small.heap, 88, 1);
	REQUIRE(ptr == ptrs[0]);
	memcpy(ptrs[3], ptr, 32);
	heap_audit_start(&audit);
	REQUIRE(heap_check(&small.heap, &audit, U32_MAX) == HEAP_CORRUPT_HEADER);
	REQUIRE(!heap_is_frozen(&small.heap));
	REQUIRE(heap_free(&small.heap, ptrs[4], claimed) == HEAP_CORRUPT_HEADER);
	arena_destroy(&small);
}

/* Write back the header that @ptr had earlier: the heap is not frozen, and goes on. */
static void expect_old_header(struct arena *small, u64 *header, u64 old)
{
	struct heap_audit audit;

	*header = old;
	heap_audit_start(&audit);
	REQUIRE(heap_check(&small->heap, &audit, U32_MAX) == HEAP_CORRUPT_HEADER);
	REQUIRE(!heap_is_frozen(&small->heap));
	arena_destroy(small);
}

/* A client has read the header behind its block, and writes it back when that is another one. */
static void old_header(void)
{
	struct heap_block_info claimed;
	struct arena small;
	u64 *header, old;
	void *ptr;

	arena_init(&small, 4096);
	ptr = heap_alloc(&small.heap, 24, 1);
	header = (u64 *)ptr - 1;
	old = *header;
	arena_free(&small, ptr);
	REQUIRE(heap_alloc(&small.heap, 20, 1) == ptr);
	expect_old_header(&small, header, old);

	arena_init(&small, 4096);
	ptr = heap_alloc(&small.heap, 24, 1);
	header = (u64 *)ptr - 1;
	REQUIRE(heap_claim(&small.heap, ptr, &claimed) == HEAP_OK);
	old = *header;
	heap_release(&small.heap, &claimed);
	REQUIRE(heap_alloc(&small.heap, 24, 1) == ptr);
	expect_old_header(&small, header, old);
}

int main(void)
{
	const struct test tests[] = {
		{ "a changed header is found", headers },
		{ "a changed bit of the map is found", maps },
		{ "a changed summary is found", summaries },
		{ "a wrong first block or sentinel is found", ends },
		{ "a changed node of the tree is found", nodes },
		{ "a wrong top or finger is found", hints },
		{ "a top of a full region is found", top_of_full_region },
		{ "a missing sentinel is found behind a damaged header", sentinel_behind_damage },
		{ "a wrong giant is found", giants },
		{ "a wrong counter is found", counters },
		{ "a check in batches passes while the heap changes", batches },
		{ "a check passes when a quarantined block is released between batches",
		  quarantine_between_batches },
		{ "a check passes when a block is reused between batches",
		  quick_list_between_batches },
		{ "the header of an earlier block, copied elsewhere, is damage", copied_state },
		{ "an older header of the same place is damage", old_header },
	};

	setup();
	run_tests("check", tests, sizeof(tests) / sizeof(*tests));
	arena_destroy(&arena);
	return 0;
}
