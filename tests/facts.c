// SPDX-License-Identifier: GPL-2.0-only
/*
 * facts - what is told of a finding, and of blocks
 *
 * The queue of findings when more come than it holds; the facts of each place in a region, both
 * edges included; views that begin anywhere.
 */
#include <string.h>

#include "core/findings.h"
#include "test.h"

#define GRANULES	100
#define EVERY		3		/* granules of each block */
#define BYTES		(HEAP_GRANULE * (GRANULES + 1))

static struct arena arena;

/* Used blocks at 0 and 6, holes at 3 and at 9; no byte of the region is as the one before it. */
static void setup(void)
{
	void *ptr[3];
	u32 i;

	arena_init(&arena, GRANULES);
	for (i = 0; i < 3; i++)
		ptr[i] = heap_alloc(&arena.heap, 33 + i, 1 + i);
	arena_free(&arena, ptr[1]);
	for (i = 0; i < BYTES; i++) {
		if ((i - HEAP_EDGE) % (EVERY * HEAP_GRANULE) >= sizeof(struct heap_block))
			arena.heap.region[i] = i * 7;
	}
}

static void teardown(void)
{
	arena_destroy(&arena);
}

static bool same_view(const struct heap_block_info *one, const struct heap_block_info *other)
{
	return one->at == other->at && one->granules == other->granules &&
	       one->asked == other->asked && one->state == other->state &&
	       one->sealed == other->sealed && one->owner == other->owner;
}

/* The bytes: a copy from the region, four lines at most, with @offset in it. */
static void require_bytes(const struct heap_finding *finding, u64 offset, u64 region)
{
	u64 line = offset / HEAP_GRANULE * HEAP_GRANULE;

	REQUIRE(finding->bytes_count == (region < 64 ? region : 64));
	REQUIRE(finding->bytes_at % HEAP_GRANULE == 0);
	REQUIRE(finding->bytes_at <= offset);
	REQUIRE(finding->bytes_at + finding->bytes_count > offset);
	REQUIRE(finding->bytes_at + finding->bytes_count <= region);
	if (line >= 32 && line + 32 <= region)
		REQUIRE(finding->bytes_at == line - 32);
	REQUIRE(!memcmp(finding->bytes, arena.heap.region + finding->bytes_at,
			finding->bytes_count));
}

/* The blocks in a finding are those that the views show around @offset. */
static void require_blocks(const struct heap_finding *finding, u64 offset)
{
	struct heap_block_info views[4];
	u32 i, seen = heap_walk(&arena.heap, 0, views, 4);

	for (i = 0; i + 1 < seen && heap_offset(views[i + 1].at) <= offset; i++)
		;
	REQUIRE(same_view(&finding->block, &views[i]));
	if (i)
		REQUIRE(same_view(&finding->before, &views[i - 1]));
	else
		REQUIRE(finding->before.at == HEAP_NONE);
}

static void require_nothing(enum heap_verdict verdict, u64 offset)
{
	struct heap_finding finding = heap_describe(&arena.heap, verdict, offset);

	REQUIRE(finding.verdict == verdict && finding.offset == offset);
	REQUIRE(finding.block.at == HEAP_NONE && finding.before.at == HEAP_NONE);
	REQUIRE(!finding.bytes_count);
}

/* Each byte of the region; the first and the last eight are in no block. */
static void every_offset(void)
{
	struct heap_finding finding;
	u64 offset;

	setup();
	for (offset = 0; offset < BYTES; offset++) {
		if (offset < HEAP_EDGE || offset >= BYTES - HEAP_EDGE) {
			require_nothing(HEAP_OVERRUN, offset);
			continue;
		}
		finding = heap_describe(&arena.heap, HEAP_OVERRUN, offset);
		REQUIRE(finding.verdict == HEAP_OVERRUN && finding.offset == offset);
		require_blocks(&finding, offset);
		require_bytes(&finding, offset, BYTES);
	}
	require_nothing(HEAP_OVERRUN, BYTES);
	require_nothing(HEAP_OVERRUN, -1);
	require_nothing(HEAP_CORRUPT_INDEX, 20);
	teardown();
}

/* Regions as small as what is copied, and smaller. */
static void small_regions(void)
{
	struct heap_finding finding;
	u32 granules;
	u64 offset;

	for (granules = 1; granules < 6; granules++) {
		arena_init(&arena, granules);
		memset(arena.heap.region + 16, granules, heap_bytes(granules));
		memset(arena.heap.region, 99, HEAP_EDGE);
		for (offset = HEAP_EDGE; offset < heap_offset(granules); offset++) {
			finding = heap_describe(&arena.heap, HEAP_OVERRUN, offset);
			require_bytes(&finding, offset, heap_bytes(granules + 1));
		}
		teardown();
	}
}

/* What a view tells of a block, and of a hole. */
static void blocks(void)
{
	struct heap_block_info views[5];

	setup();
	REQUIRE(heap_walk(&arena.heap, 0, views, 5) == 4);
	REQUIRE(views[0].at == 0 && views[0].asked == 33 && views[0].owner == 1);
	REQUIRE(views[1].at == 3 && views[1].asked == 0 && views[1].state == HEAP_HOLE);
	REQUIRE(views[2].at == 6 && views[2].asked == 35 && views[2].owner == 3);
	REQUIRE(views[2].state == HEAP_USED && views[2].sealed && views[2].granules == 3);
	REQUIRE(views[3].at == 9 && views[3].granules == GRANULES - 9 && !views[3].sealed);
	teardown();
}

/* Views from each granule on: a block that begins before it is passed over. */
static void views(void)
{
	struct heap_block_info from_start[4], view[4];
	u32 from, first, seen, i;

	setup();
	REQUIRE(heap_walk(&arena.heap, 0, from_start, 4) == 4);
	for (from = 0; from <= GRANULES + 1; from++) {
		first = from > 9 ? 4 : (from + EVERY - 1) / EVERY;
		seen = heap_walk(&arena.heap, from, view, 4);
		REQUIRE(seen == 4 - first);
		for (i = 0; i < seen; i++)
			REQUIRE(same_view(&view[i], &from_start[first + i]));
	}
	REQUIRE(heap_walk(&arena.heap, 0, view, 0) == 0);
	REQUIRE(heap_walk(&arena.heap, 1, view, 1) == 1 && view[0].at == 3);
	teardown();
}

/* An owner is told of a block that is kept, for a while. */
static void kept(void)
{
	struct heap_block_info views[2];
	struct heap_finding finding;
	void *ptr;

	setup();
	ptr = heap_alloc(&arena.heap, 90, 77);
	arena_free(&arena, ptr);
	REQUIRE(arena.heap.quick_count == 1);
	finding = heap_describe(&arena.heap, HEAP_DOUBLE_FREE, (char *)ptr - arena.heap.region);
	REQUIRE(finding.block.state == HEAP_HOLE && finding.block.sealed);
	REQUIRE(finding.block.owner == 77 && !finding.block.asked);
	REQUIRE(heap_walk(&arena.heap, 9, views, 2) == 1 && !arena.heap.quick_count);
	REQUIRE(views[0].at == 9 && views[0].granules == GRANULES - 9);
	finding = heap_describe(&arena.heap, HEAP_DOUBLE_FREE, (char *)ptr - arena.heap.region);
	REQUIRE(finding.block.state == HEAP_HOLE && !finding.block.owner);
	teardown();
}

/* @count findings come, of which some find no room. They are taken in order; then there is room. */
static void queue_of(u32 count)
{
	struct heap_finding finding;
	u32 i;

	for (i = 0; i < count; i++)
		heap_record(&arena.heap, HEAP_OVERRUN, 8 + i);
	REQUIRE(arena.heap.events == count);
	for (i = 0; i < count && i < HEAP_FINDINGS; i++) {
		finding = arena_finding(&arena);
		REQUIRE(finding.offset == 8 + i && finding.verdict == HEAP_OVERRUN);
	}
	REQUIRE(!arena.heap.events);
	arena_no_finding(&arena);
}

static void queue(void)
{
	u32 count, sum = 0;

	setup();
	for (count = 0; count < 2 * HEAP_FINDINGS; count++) {
		queue_of(count);
		sum += count;
		REQUIRE(arena.heap.verdicts[HEAP_OVERRUN] == sum);
	}
	teardown();
}

/* One taken, one comes: it stands behind those that waited. */
static void queue_in_turn(void)
{
	struct heap_finding finding;
	u32 i;

	setup();
	heap_record(&arena.heap, HEAP_OVERRUN, 8);
	for (i = 1; i < 20; i++) {
		heap_record(&arena.heap, HEAP_INTERIOR, 8 + i);
		finding = arena_finding(&arena);
		REQUIRE(arena.heap.events == 1);
		REQUIRE(finding.offset == 8 + i - 1);
	}
	teardown();
}

/* What is counted, while blocks of 1, 2, 3 and 4 granules come and go. */
static void counters(void)
{
	const struct heap *heap = &arena.heap;
	void *ptr[4];
	u32 i;

	arena_init(&arena, GRANULES);
	for (i = 0; i < 4; i++) {
		ptr[i] = heap_alloc(&arena.heap, 5 + heap_bytes(i), 0);
		REQUIRE(heap->allocs == i + 1 && heap_live_blocks(heap) == i + 1);
		REQUIRE(heap->used == (i + 1) * (i + 2) / 2 && heap->peak == heap->used);
	}
	REQUIRE(heap->asked == 4 * 5 + 6 * 16);
	for (i = 0; i < 4; i++) {
		arena_free(&arena, ptr[i]);
		REQUIRE(heap->frees == i + 1 && heap_live_blocks(heap) == 3 - i && heap->peak == 10);
		REQUIRE(heap->allocs == 4 && heap->used == 10 - (i + 1) * (i + 2) / 2);
	}
	REQUIRE(!heap_alloc(&arena.heap, heap_bytes(GRANULES), 0) && heap->failures == 1);
	REQUIRE(heap->allocs == 4 && !heap->asked && !heap->refused && heap->peak == 10);
	REQUIRE(heap_alloc(&arena.heap, 8, 0) && heap->allocs == 5 && heap->peak == 10);
	REQUIRE(heap_alloc(&arena.heap, 18 * 16 - 8, 0) && heap->used == 19 && heap->peak == 19);
	teardown();
}

static void names(void)
{
	u32 one, other;

	for (one = 0; one < HEAP_VERDICTS; one++) {
		REQUIRE(heap_verdict_names[one]);
		for (other = 0; other < one; other++)
			REQUIRE(strcmp(heap_verdict_names[one], heap_verdict_names[other]));
	}
}

int main(void)
{
	const struct test tests[] = {
		{ "every offset", every_offset }, { "small regions", small_regions },
		{ "blocks and holes", blocks }, { "views from anywhere", views },
		{ "a kept block", kept }, { "more findings than room", queue },
		{ "findings come and go", queue_in_turn }, { "counters", counters },
		{ "every verdict has a name", names },
	};

	run_tests("facts", tests, sizeof(tests) / sizeof(*tests));
	return 0;
}
