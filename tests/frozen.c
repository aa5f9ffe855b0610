// SPDX-License-Identifier: GPL-2.0-only
/*
 * frozen - a corrupt index freezes the heap, a corrupt header does not
 *
 * Each way in which a call finds the index corrupt must freeze the heap: from then on no call
 * allocates, frees or writes. A corrupt header of a free block is recorded and repaired.
 */
#include <string.h>

#include "core/deferred.h"
#include "core/findings.h"
#include "test.h"

#define GRANULES	1000

static struct arena arena;
static struct heap_block_info info;

static struct heap_block *header_at(u32 at)
{
	return (struct heap_block *)(arena.heap.region + heap_offset(at));
}

static void expect_finding(enum heap_verdict verdict, u64 offset)
{
	struct heap_finding finding = arena_finding(&arena);

	REQUIRE(finding.verdict == verdict && finding.offset == offset);
	arena_no_finding(&arena);
}

static void setup(void)
{
	arena_init(&arena, GRANULES);
}

static void teardown(void)
{
	arena_destroy(&arena);
}

static void expect_frozen(u64 offset)
{
	REQUIRE(heap_is_frozen(&arena.heap) && !arena.heap.largest);
	REQUIRE(arena.heap.verdicts[HEAP_CORRUPT_INDEX] == 1);
	expect_finding(HEAP_CORRUPT_INDEX, offset);
}

/* Make every call, on a frozen heap. */
static void call_all(void *ptr)
{
	struct heap_audit audit;

	REQUIRE(!heap_alloc(&arena.heap, 1, 1));
	REQUIRE(!heap_alloc(&arena.heap, 0, 1));
	REQUIRE(heap_judge(&arena.heap, ptr, &info) == HEAP_CORRUPT_INDEX);
	REQUIRE(heap_free(&arena.heap, ptr, &info) == HEAP_CORRUPT_INDEX);
	REQUIRE(heap_claim(&arena.heap, ptr, &info) == HEAP_CORRUPT_INDEX);
	REQUIRE(heap_free(&arena.heap, NULL, &info) == HEAP_CORRUPT_INDEX);
	REQUIRE(heap_walk(&arena.heap, 0, &info, 1) == 0);
	heap_flush(&arena.heap);
	heap_freeze(&arena.heap, 77);
	heap_audit_start(&audit);
	REQUIRE(heap_check(&arena.heap, &audit, 1) == HEAP_CORRUPT_INDEX && !audit.chunk);
}

/* A frozen heap counts what it refuses. Nothing else changes, neither region nor index. */
static void frozen(void)
{
	u64 index_bytes = heap_index_bytes(GRANULES);
	struct heap before;
	char *region, *index;
	void *ptr;

	setup();
	ptr = arena_alloc(&arena, 3);
	arena_free(&arena, arena_alloc(&arena, 5));
	REQUIRE(arena.heap.quick_count == 1);
	heap_freeze(&arena.heap, 1234);
	expect_frozen(1234);
	before = arena.heap;
	region = memcpy(malloc(heap_bytes(GRANULES + 1)), arena.region, heap_bytes(GRANULES + 1));
	index = memcpy(malloc(index_bytes), arena.index, index_bytes);
	call_all(ptr);
	before.failures += 1;
	before.refused += 3;
	REQUIRE(!memcmp(&before, &arena.heap, sizeof(before)));
	REQUIRE(!memcmp(region, arena.region, heap_bytes(GRANULES + 1)));
	REQUIRE(!memcmp(index, arena.index, index_bytes));
	free(region);
	free(index);
	teardown();
}

/* A block that was claimed before the freeze can be released, and stays as it is. */
static void release_frozen(void)
{
	struct heap_block header;
	struct heap_block_info claimed;
	char *ptr;

	setup();
	ptr = arena_alloc(&arena, 3);
	arena_alloc(&arena, 1);
	REQUIRE(heap_claim(&arena.heap, ptr, &claimed) == HEAP_OK);
	header = *header_at(0);
	heap_freeze(&arena.heap, 0);
	expect_frozen(0);
	heap_release(&arena.heap, &claimed);
	REQUIRE(!arena.heap.pending && !memcmp(&header, header_at(0), sizeof(header)));
	arena_no_finding(&arena);
	teardown();
}

/* A block that was deferred before the freeze stays as it is. */
static void resume_frozen(void)
{
	static struct heap_deferred deferred;
	struct heap_block header;
	char *ptr;

	setup();
	heap_deferred_init(&deferred);
	ptr = arena_alloc(&arena, 3);
	REQUIRE(heap_defer(&arena.heap, &deferred, ptr, 1) == HEAP_OK);
	header = *header_at(0);
	heap_freeze(&arena.heap, 0);
	expect_frozen(0);
	REQUIRE(!heap_resume_free(&arena.heap, 0));
	heap_deferred_init(&deferred);		/* the block is in no slot */
	REQUIRE(!heap_recover(&arena.heap, &deferred, 0));
	REQUIRE(!memcmp(&header, header_at(0), sizeof(header)));
	teardown();
}

/* A finding in a frozen heap has no facts, because the map may be corrupt. */
static void lost_starts(void)
{
	char *ptr;

	setup();
	ptr = arena_alloc(&arena, HEAP_CHUNK);
	arena.heap.index.chunks[0].start = 0;
	heap_freeze(&arena.heap, 0);
	expect_frozen(0);
	heap_record(&arena.heap, HEAP_USE_AFTER_FREE, ptr + 100 - arena.heap.region);
	REQUIRE(arena.heap.findings[0].block.at == HEAP_NONE);
	REQUIRE(!arena.heap.findings[0].bytes_count);
	expect_finding(HEAP_USE_AFTER_FREE, ptr + 100 - arena.heap.region);
	teardown();
}

/* The tree says that there is a hole, and no chunk has it. */
static void wrong_tree(void)
{
	struct heap_index *index = &arena.heap.index;
	unsigned int level;
	void *ptr;

	setup();
	ptr = arena_alloc(&arena, 10);
	arena_alloc(&arena, GRANULES - 10);
	arena_free(&arena, ptr);
	REQUIRE(!heap_alloc(&arena.heap, 200, 0) && !heap_is_frozen(&arena.heap));
	for (level = 0; level < index->height; level++)
		index->max[level][0] = 11;
	REQUIRE(!heap_alloc(&arena.heap, 11 * HEAP_GRANULE - 8, 0));
	REQUIRE(arena.heap.failures == 2);
	expect_frozen(0);
	teardown();
}

/* An allocation that does not fit fails, and does not freeze the heap: the tree is right. */
static void right_tree(void)
{
	setup();
	arena_alloc(&arena, GRANULES - 10);
	REQUIRE(!heap_alloc(&arena.heap, 11 * HEAP_GRANULE - 8, 0));
	arena_alloc(&arena, 10);
	REQUIRE(arena.heap.index.top == HEAP_NONE && !heap_alloc(&arena.heap, 1, 0));
	REQUIRE(arena.heap.failures == 2 && !heap_is_frozen(&arena.heap));
	teardown();
}

/* Without the sentinel, and with a start behind the region, a block would end outside. */
static void beyond_the_end(void)
{
	struct heap_chunk *last;
	char *ptr;

	setup();
	arena_alloc(&arena, GRANULES - 10);
	ptr = arena_alloc(&arena, 10);
	last = &arena.heap.index.chunks[GRANULES / HEAP_CHUNK];
	last->start ^= BIT_ULL(GRANULES % HEAP_CHUNK) | BIT_ULL(GRANULES % HEAP_CHUNK + 1);
	REQUIRE(heap_judge(&arena.heap, ptr, &info) == HEAP_CORRUPT_INDEX);
	REQUIRE(!heap_is_frozen(&arena.heap));
	REQUIRE(heap_free(&arena.heap, ptr, &info) == HEAP_CORRUPT_INDEX);
	REQUIRE(arena.heap.refused == 1 && heap_live_blocks(&arena.heap) == 2);
	expect_frozen(ptr - arena.heap.region);
	teardown();
}

/* With empty summaries a search still ends at the edges of the region. */
static void lost_summaries(void)
{
	struct heap_index *index = &arena.heap.index;
	u32 last = GRANULES / HEAP_CHUNK;

	setup();
	REQUIRE(index->levels == 1 && heap_index_next_chunk(index, 0) == last);
	REQUIRE(heap_index_prev_chunk(index, last) == 0);
	index->summary[0][0] = 0;
	REQUIRE(heap_index_next_chunk(index, 0) == last);
	REQUIRE(heap_index_prev_chunk(index, last) == 0);
	REQUIRE(arena_check(&arena) == HEAP_CORRUPT_INDEX);
	expect_frozen(HEAP_EDGE);
	teardown();
}

/* The corrupt header of a hole is recorded and repaired when the hole is split or coalesced. */
static void corrupt_holes(void)
{
	void *ptr[5];
	u32 i;

	setup();
	header_at(0)->tag++;
	for (i = 0; i < 5; i++)
		ptr[i] = arena_alloc(&arena, 2);
	expect_finding(HEAP_CORRUPT_HEADER, HEAP_EDGE);
	arena_free(&arena, ptr[0]);
	arena_free(&arena, ptr[2]);
	header_at(0)->granules++;
	arena_free(&arena, ptr[1]);
	expect_finding(HEAP_CORRUPT_HEADER, HEAP_EDGE);
	REQUIRE(arena_check(&arena) == HEAP_OK);
	header_at(10)->tag++;
	arena_free(&arena, ptr[4]);
	expect_finding(HEAP_CORRUPT_HEADER, heap_offset(10));
	REQUIRE(arena_check(&arena) == HEAP_OK);
	teardown();
}

/* The corrupt header of a block on the quick list is recorded when the block leaves the list. */
static void corrupt_quick(u32 granules, u32 tag, u32 want)
{
	void *ptr;

	setup();
	ptr = arena_alloc(&arena, 4);
	arena_free(&arena, ptr);
	header_at(0)->granules ^= granules;
	header_at(0)->tag ^= tag;
	if (want)
		REQUIRE(arena_alloc(&arena, want) == ptr);
	heap_flush(&arena.heap);
	expect_finding(HEAP_CORRUPT_HEADER, HEAP_EDGE);
	REQUIRE(arena_check(&arena) == HEAP_OK);
	teardown();
}

static void corrupt_quick_blocks(void)
{
	u32 want;

	for (want = 0; want < 7; want++) {
		corrupt_quick(1, 0, want);
		corrupt_quick(0, 1, want);
		corrupt_quick(0, 1U << 31, want);
	}
}

/* The hole behind a block on the quick list is verified when the block is resplit. */
static void corrupt_rest(void)
{
	void *ptr;

	setup();
	ptr = arena_alloc(&arena, 4);
	arena_free(&arena, ptr);
	header_at(4)->granules--;
	REQUIRE(arena_alloc(&arena, 6) == ptr);
	expect_finding(HEAP_CORRUPT_HEADER, heap_offset(4));
	REQUIRE(arena_check(&arena) == HEAP_OK);
	teardown();
}

int main(void)
{
	const struct test tests[] = {
		{ "every call is refused and changes nothing", frozen },
		{ "a claimed block can be released", release_frozen },
		{ "a deferred block is left as it is", resume_frozen },
		{ "a finding has no facts", lost_starts },
		{ "a wrong tree freezes the heap", wrong_tree },
		{ "a request that does not fit does not freeze it", right_tree },
		{ "a block beyond the end freezes the heap", beyond_the_end },
		{ "searches end without summaries", lost_summaries },
		{ "the header of a hole is repaired", corrupt_holes },
		{ "the header of a block on the quick list is verified", corrupt_quick_blocks },
		{ "the hole behind a block that is resplit is verified", corrupt_rest },
	};

	run_tests("frozen", tests, sizeof(tests) / sizeof(*tests));
	return 0;
}
