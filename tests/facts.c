// SPDX-License-Identifier: GPL-2.0-only
/*
 * facts - the facts in a finding, and in a walk
 *
 * The queue of findings, also when it overflows; the facts of each offset of a region, both edges
 * included; walks that begin at any granule.
 */
#include <string.h>

#include "core/findings.h"
#include "test.h"

#define GRANULES	100
#define EVERY		3		/* granules of each block */
#define BYTES		(HEAP_GRANULE * (GRANULES + 1))

static struct arena arena;

/* Used blocks at 0 and 6, holes at 3 and 9; each payload byte differs from the one before it. */
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

static bool is_same(const struct heap_block_info *one, const struct heap_block_info *other)
{
	return one->at == other->at && one->granules == other->granules &&
	       one->asked == other->asked && one->state == other->state &&
	       one->sealed == other->sealed && one->owner == other->owner;
}

/* The bytes are a copy of at most four lines of the region, with @offset in it. */
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

/* The blocks in a finding are those that a walk finds around @offset. */
static void require_blocks(const struct heap_finding *finding, u64 offset)
{
	struct heap_block_info walked[4];
	u32 i, count = heap_walk(&arena.heap, 0, walked, 4);

	for (i = 0; i + 1 < count && heap_offset(walked[i + 1].at) <= offset; i++)
		;
	REQUIRE(is_same(&finding->block, &walked[i]));
	if (i)
		REQUIRE(is_same(&finding->before, &walked[i - 1]));
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

/* Each byte of the region; the first eight and the last eight are in no block. */
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

/* Regions as small as the copied bytes, and smaller. */
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

/* The facts of used blocks and of holes. */
static void blocks(void)
{
	struct heap_block_info walked[5];

	setup();
	REQUIRE(heap_walk(&arena.heap, 0, walked, 5) == 4);
	REQUIRE(walked[0].at == 0 && walked[0].asked == 33 && walked[0].owner == 1);
	REQUIRE(walked[1].at == 3 && walked[1].asked == 0 && walked[1].state == HEAP_HOLE);
	REQUIRE(walked[2].at == 6 && walked[2].asked == 35 && walked[2].owner == 3);
	REQUIRE(walked[2].state == HEAP_USED && walked[2].sealed && walked[2].granules == 3);
	REQUIRE(walked[3].at == 9 && walked[3].granules == GRANULES - 9 && !walked[3].sealed);
	teardown();
}

/* Walks from each granule: a block that begins before it is skipped. */
static void walks(void)
{
	struct heap_block_info from_start[4], walked[4];
	u32 from, first, count, i;

	setup();
	REQUIRE(heap_walk(&arena.heap, 0, from_start, 4) == 4);
	for (from = 0; from <= GRANULES + 1; from++) {
		first = from > 9 ? 4 : (from + EVERY - 1) / EVERY;
		count = heap_walk(&arena.heap, from, walked, 4);
		REQUIRE(count == 4 - first);
		for (i = 0; i < count; i++)
			REQUIRE(is_same(&walked[i], &from_start[first + i]));
	}
	REQUIRE(heap_walk(&arena.heap, 0, walked, 0) == 0);
	REQUIRE(heap_walk(&arena.heap, 1, walked, 1) == 1 && walked[0].at == 3);
	teardown();
}

/* A block on the quick list, at granule 9. */
static char *free_quick(void)
{
	char *ptr = heap_alloc(&arena.heap, 90, 77);

	arena_free(&arena, ptr);
	REQUIRE(arena.heap.quick_count == 1);
	return ptr;
}

/* The owner of a block on the quick list is known until the list is coalesced. */
static void quick_block(void)
{
	struct heap_block_info walked[2];
	struct heap_finding finding;
	u64 offset;

	setup();
	offset = free_quick() - arena.heap.region;
	finding = heap_describe(&arena.heap, HEAP_DOUBLE_FREE, offset);
	REQUIRE(finding.block.state == HEAP_HOLE && finding.block.sealed);
	REQUIRE(finding.block.owner == 77 && !finding.block.asked);
	REQUIRE(heap_walk(&arena.heap, 9, walked, 2) == 1 && !arena.heap.quick_count);
	REQUIRE(walked[0].at == 9 && walked[0].granules == GRANULES - 9);
	finding = heap_describe(&arena.heap, HEAP_DOUBLE_FREE, offset);
	REQUIRE(finding.block.state == HEAP_HOLE && !finding.block.owner);
	teardown();
}

/* A finding in a free of many has the run in front of its block, which no caller owns. */
static void run_of_frees(void)
{
	struct heap_block_info freed;
	struct heap_finding finding;
	char *ptr[3];
	u32 i;

	arena_init(&arena, GRANULES);
	for (i = 0; i < 3; i++)
		ptr[i] = heap_alloc(&arena.heap, 33, 1 + i);
	ptr[2][33]++;
	for (i = 0; i < 2; i++)
		REQUIRE(heap_free_next(&arena.heap, ptr[i], &freed) == HEAP_OK);
	REQUIRE(heap_free_next(&arena.heap, ptr[2], &freed) == HEAP_OVERRUN);
	finding = arena_finding(&arena);
	REQUIRE(finding.block.at == 6 && finding.block.owner == 3);
	REQUIRE(finding.before.at == 0 && finding.before.granules == 6);
	REQUIRE(finding.before.state == HEAP_PENDING);
	heap_end_run(&arena.heap);
	REQUIRE(heap_walk(&arena.heap, 0, &freed, 1) == 1 && freed.state == HEAP_HOLE);
	ptr[0] = heap_alloc(&arena.heap, 33, 1);
	REQUIRE(heap_walk(&arena.heap, 0, &freed, 1) == 1 && freed.state == HEAP_USED);
	teardown();
}

/* What was freed is no used block, while the damaged hole behind it is coalesced. */
static void expect_freed_before(u32 flags, bool claims)
{
	struct heap_block_info freed;
	struct heap_finding finding;
	u64 *ptr, *right;

	arena_init_as(&arena, GRANULES, flags, TEST_KEY);
	ptr = heap_alloc(&arena.heap, 24, 1);
	right = heap_alloc(&arena.heap, 200, 2);
	heap_alloc(&arena.heap, 1, 3);
	arena_free(&arena, right);
	heap_flush(&arena.heap);
	ptr[3] = 0;
	if (claims) {
		REQUIRE(heap_claim(&arena.heap, ptr, &freed) == HEAP_OK);
		heap_release(&arena.heap, &freed);
	} else {
		REQUIRE(heap_free(&arena.heap, ptr, &freed) == HEAP_OK);
		heap_flush(&arena.heap);
	}
	finding = arena_finding(&arena);
	REQUIRE(finding.verdict == HEAP_CORRUPT_HEADER && finding.block.at == 2);
	REQUIRE(finding.before.at == 0 && finding.before.state != HEAP_USED);
	arena_no_finding(&arena);
	teardown();
}

static void freed_before(void)
{
	expect_freed_before(0, true);
	expect_freed_before(HEAP_POISON, true);
	expect_freed_before(HEAP_CACHES, true);
	expect_freed_before(HEAP_CACHES, false);
}

/* A damaged block is on the quick list until it was verified. */
static void damaged_quick_block(bool allocates)
{
	struct heap_finding finding;
	char *ptr;

	setup();
	ptr = free_quick();
	ptr[-1] ^= 1;
	if (allocates)
		REQUIRE(heap_alloc(&arena.heap, 90, 77) == ptr);
	else
		heap_flush(&arena.heap);
	finding = arena_finding(&arena);
	REQUIRE(finding.verdict == HEAP_CORRUPT_HEADER && finding.block.at == 9);
	REQUIRE(finding.block.state == HEAP_HOLE);
	teardown();
}

static void damaged_quick_blocks(void)
{
	damaged_quick_block(false);
	damaged_quick_block(true);
}

/* Record @count findings. Those that fit in the queue are taken in order. */
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

/* Take a finding after each new one: the oldest is taken first. */
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

/* The counters, while blocks of 1 to 4 granules are allocated and freed. */
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
		REQUIRE(heap->frees == i + 1 && heap_live_blocks(heap) == 3 - i);
		REQUIRE(heap->peak == 10);
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
		{ "a finding describes the blocks at every offset", every_offset },
		{ "a finding in a small region has fewer bytes", small_regions },
		{ "a walk reads blocks and holes", blocks },
		{ "a walk begins at any granule", walks },
		{ "a block on the quick list has its owner", quick_block },
		{ "a run of frees is pending", run_of_frees },
		{ "a block that becomes a hole is not in use", freed_before },
		{ "a damaged block on the quick list is not in use", damaged_quick_blocks },
		{ "findings that do not fit in the queue are counted", queue },
		{ "findings are taken oldest first", queue_in_turn },
		{ "the counters follow allocations and frees", counters },
		{ "every verdict has a name", names },
	};

	run_tests("facts", tests, sizeof(tests) / sizeof(*tests));
	return 0;
}
