// SPDX-License-Identifier: GPL-2.0-only
/*
 * audit - does the check find what it is there for?
 *
 * Damage of every kind is planted in a good heap, found, and taken back. What clients can damage,
 * and what follows from it, is in damage.c.
 */
#include "test.h"

#define GRANULES	200000
#define BLOCKS		1000

static struct arena arena;
static void *blocks[BLOCKS];

/* Every third block of a row is freed: holes, used blocks beside holes and beside each other. */
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

/* The check of a heap that is as before when it comes back, even if it was frozen. */
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

/* Every bit of the size in every header, and the tag of every hole. */
static void headers(void)
{
	struct heap_block_info view;
	u32 from, bit;

	for (from = 0; heap_walk(&arena.heap, from, &view, 1); from = view.at + view.granules) {
		for (bit = 0; bit < 32; bit++) {
			header_of(view.at)->granules ^= 1U << bit;
			expect(HEAP_CORRUPT_HEADER);
			header_of(view.at)->granules ^= 1U << bit;
		}
		header_of(view.at)->tag ^= view.state == HEAP_USED ? 1U << 31 : 1;
		expect(HEAP_CORRUPT_HEADER);
		header_of(view.at)->tag ^= view.state == HEAP_USED ? 1U << 31 : 1;
	}
	expect(HEAP_OK);
}

/* A flipped bit anywhere in the maps where blocks are. */
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

/* A flipped bit in each summary that covers a chunk, and a lost sentinel. */
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

/* A first block that does not start at 0, a start behind the sentinel, and no sentinel at all. */
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

/* Any bit of any node that covers a chunk in use. */
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

/* A top that is none, or is not known; a finger that passes a hole. */
static void marks(void)
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
	expect(HEAP_CORRUPT_INDEX);
	heap->asked--;
	heap->frees++;
	expect(HEAP_CORRUPT_INDEX);
	heap->frees--;
	expect(HEAP_OK);
}

/* The check in batches, while blocks come and go between them. */
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

int main(void)
{
	const struct test tests[] = {
		{ "headers", headers }, { "maps", maps }, { "summaries", summaries },
		{ "ends", ends }, { "nodes", nodes }, { "marks", marks },
		{ "counters", counters }, { "batches", batches },
	};

	setup();
	run_tests("planted damage", tests, sizeof(tests) / sizeof(*tests));
	arena_destroy(&arena);
	return 0;
}
