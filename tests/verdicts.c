// SPDX-License-Identifier: GPL-2.0-only
/*
 * verdicts - the verdict on each kind of invalid pointer, and what follows from it
 *
 * Invalid pointers of each kind, passed to each call that judges; frees in two steps, with the
 * header damaged between them; the quarantine, until it is full.
 */
#include <string.h>

#include "core/findings.h"
#include "test.h"

#define GRANULES	1000
#define EIGHTH		(GRANULES / 8)

static struct arena arena;
static struct heap_block_info info;

static struct heap_block *header_of(const void *ptr)
{
	return (struct heap_block *)ptr - 1;
}

/* Overwrite a header. */
static void damage(const void *ptr)
{
	memset(header_of(ptr), 'x', sizeof(struct heap_block));
}

/* @verdict at @ptr is counted, and is the only queued finding. */
static void expect_finding(enum heap_verdict verdict, const void *ptr)
{
	struct heap_finding finding = arena_finding(&arena);

	REQUIRE(finding.verdict == verdict);
	REQUIRE(finding.offset == (u64)((const char *)ptr - arena.heap.region));
	REQUIRE(arena.heap.verdicts[verdict]);
	arena_no_finding(&arena);
}

static bool is_recorded(enum heap_verdict verdict)
{
	return verdict != HEAP_FOREIGN;
}

/* @call refuses a pointer: only the counters and the findings change. */
static void refuse_by(enum heap_verdict (*call)(struct heap *heap, const void *ptr,
						struct heap_block_info *block),
		      const void *ptr, enum heap_verdict verdict)
{
	struct heap before = arena.heap;

	REQUIRE(call(&arena.heap, ptr, &info) == verdict);
	REQUIRE(arena.heap.verdicts[verdict] == before.verdicts[verdict] + is_recorded(verdict));
	if (is_recorded(verdict))
		expect_finding(verdict, ptr);
	arena_no_finding(&arena);
	before.refused++;
	REQUIRE(!memcmp(&before, &arena.heap, offsetof(struct heap, verdicts)));
}

/* Every call refuses a pointer; heap_judge() changes nothing. */
static void refuse(const void *ptr, enum heap_verdict verdict)
{
	struct heap before = arena.heap;

	REQUIRE(heap_judge(&arena.heap, ptr, &info) == verdict);
	REQUIRE(!memcmp(&before, &arena.heap, sizeof(before)));
	refuse_by(heap_free, ptr, verdict);
	refuse_by(heap_claim, ptr, verdict);
}

static void setup(void)
{
	arena_init(&arena, GRANULES);
}

static void teardown(void)
{
	REQUIRE(heap_is_frozen(&arena.heap) || arena_check(&arena) == HEAP_OK);
	arena_destroy(&arena);
}

/* At both edges of the region, and far away from it. */
static void outside(void)
{
	char *region, *end;

	setup();
	region = arena.region;
	end = region + heap_bytes(GRANULES + 1);
	arena_alloc(&arena, GRANULES);
	refuse(NULL, HEAP_FOREIGN);
	refuse(region - 1, HEAP_FOREIGN);
	refuse(region, HEAP_FOREIGN);
	refuse(region + HEAP_GRANULE - 1, HEAP_FOREIGN);
	refuse(region + HEAP_GRANULE + 1, HEAP_MISALIGNED);
	refuse(end - 1, HEAP_MISALIGNED);
	refuse(end, HEAP_FOREIGN);
	refuse((void *)UINTPTR_MAX, HEAP_FOREIGN);
	refuse(end - HEAP_GRANULE, HEAP_INTERIOR);
	REQUIRE(heap_judge(&arena.heap, region + HEAP_GRANULE, &info) == HEAP_OK);
	REQUIRE(info.at == 0 && info.granules == GRANULES);
	REQUIRE(info.owner == TEST_OWNER && info.sealed);
	REQUIRE(info.state == HEAP_USED && info.asked == GRANULES * HEAP_GRANULE - 8);
	teardown();
}

/* Inside a used block, a hole, a block on the quick list, and a claimed block. */
static void inside(void)
{
	char *used, *hole, *quick, *claimed;
	unsigned int i;

	setup();
	used = arena_alloc(&arena, 3);
	hole = arena_alloc(&arena, 3);
	claimed = arena_alloc(&arena, 3);
	arena_free(&arena, hole);
	REQUIRE(heap_claim(&arena.heap, claimed, &info) == HEAP_OK);
	quick = arena_alloc(&arena, 4);
	arena_free(&arena, quick);
	REQUIRE(arena.heap.quick_count == 1);
	for (i = 1; i < HEAP_GRANULE; i++)
		refuse(used + i, HEAP_MISALIGNED);
	refuse(used + HEAP_GRANULE, HEAP_INTERIOR);
	refuse(used + 2 * HEAP_GRANULE, HEAP_INTERIOR);
	refuse(hole, HEAP_DOUBLE_FREE);
	refuse(hole + HEAP_GRANULE, HEAP_DOUBLE_FREE);
	refuse(quick, HEAP_DOUBLE_FREE);
	refuse(quick + HEAP_GRANULE, HEAP_DOUBLE_FREE);
	refuse(claimed, HEAP_DOUBLE_FREE);
	refuse(claimed + HEAP_GRANULE, HEAP_DOUBLE_FREE);
	arena_free(&arena, used);
	teardown();
}

/* A used block whose header was overwritten is freed once, and quarantined. */
static void quarantined(void)
{
	char *ptr;

	setup();
	ptr = arena_alloc(&arena, 3);
	damage(ptr);
	REQUIRE(heap_judge(&arena.heap, ptr, &info) == HEAP_CORRUPT_HEADER && !info.sealed);
	REQUIRE(heap_claim(&arena.heap, ptr, &info) == HEAP_CORRUPT_HEADER);
	expect_finding(HEAP_CORRUPT_HEADER, header_of(ptr));
	REQUIRE(arena.heap.quarantine_count == 1 && arena.heap.quarantined == 3);
	REQUIRE(!arena.heap.pending && !heap_live_blocks(&arena.heap) && arena.heap.lost == 1);
	refuse(ptr, HEAP_DOUBLE_FREE);
	refuse(ptr + HEAP_GRANULE, HEAP_DOUBLE_FREE);
	REQUIRE(heap_walk(&arena.heap, 0, &info, 1) == 1 && info.state == HEAP_QUARANTINED);
	REQUIRE((char *)arena_alloc(&arena, 1) == ptr + 3 * HEAP_GRANULE);
	teardown();
}

/* So is the last block of the region. */
static void damaged_end(void)
{
	void *ptr;

	setup();
	ptr = arena_alloc(&arena, GRANULES);
	damage(ptr);
	REQUIRE(heap_judge(&arena.heap, ptr, &info) == HEAP_CORRUPT_HEADER);
	REQUIRE(heap_free(&arena.heap, ptr, &info) == HEAP_CORRUPT_HEADER);
	REQUIRE(!heap_live_blocks(&arena.heap) && !heap_is_frozen(&arena.heap));
	teardown();
}

/* If only the granules of a header were overwritten, slack and owner are still valid. */
static void damaged_size(void)
{
	void *ptr;

	setup();
	ptr = heap_alloc(&arena.heap, 27, 9);
	header_of(ptr)->granules++;
	REQUIRE(heap_judge(&arena.heap, ptr, &info) == HEAP_CORRUPT_HEADER);
	REQUIRE(info.sealed && info.asked == 27 && info.owner == 9 && info.granules == 3);
	REQUIRE(heap_free(&arena.heap, ptr, &info) == HEAP_CORRUPT_HEADER);
	REQUIRE(!arena.heap.lost && !arena.heap.asked);
	teardown();
}

/* Of @count damaged blocks of @granules, @room are quarantined. The others become holes. */
static void fill_quarantine(u32 granules, u32 count, u32 room)
{
	void *ptr[GRANULES / 2];
	u32 i;

	setup();
	for (i = 0; i < count; i++)
		ptr[i] = arena_alloc(&arena, granules);
	for (i = 0; i < count; i++) {
		damage(ptr[i]);
		REQUIRE(heap_free(&arena.heap, ptr[i], &info) == HEAP_CORRUPT_HEADER);
		REQUIRE(arena.heap.quarantine_count == (i < room ? i + 1 : room));
		REQUIRE(arena.heap.quarantined == arena.heap.quarantine_count * granules);
	}
	REQUIRE(arena.heap.verdicts[HEAP_CORRUPT_HEADER] == count && arena.heap.lost == count);
	REQUIRE(arena_check(&arena) == HEAP_OK);
	REQUIRE(!heap_live_blocks(&arena.heap) && !arena.heap.used);
	REQUIRE(arena_alloc(&arena, 1) == ptr[room]);
	teardown();
}

static void full_quarantine(void)
{
	fill_quarantine(1, HEAP_QUARANTINE + 3, HEAP_QUARANTINE);
	fill_quarantine(EIGHTH / 5, 7, 5);
	fill_quarantine(EIGHTH, 2, 1);
	fill_quarantine(EIGHTH + 1, 2, 0);
}

/* Between claim and release a block is pending, for every call. */
static void two_steps(void)
{
	struct heap_block_info claimed;
	char *ptr, *next;

	setup();
	ptr = arena_alloc(&arena, 7);
	next = arena_alloc(&arena, 1);
	REQUIRE(heap_claim(&arena.heap, ptr, &claimed) == HEAP_OK && claimed.granules == 7);
	REQUIRE(arena.heap.pending == 7 && arena.heap.frees == 1);
	REQUIRE(heap_live_blocks(&arena.heap) == 1);
	REQUIRE(heap_walk(&arena.heap, 0, &info, 1) == 1 && info.state == HEAP_PENDING);
	REQUIRE(arena_check(&arena) == HEAP_OK);
	REQUIRE((char *)arena_alloc(&arena, 1) == next + HEAP_GRANULE);
	heap_release(&arena.heap, &claimed);
	REQUIRE(!arena.heap.pending && arena_check(&arena) == HEAP_OK);
	REQUIRE(arena_alloc(&arena, 7) == ptr);
	teardown();
}

/* A block that was allocated last and freed in two steps enters the quick list, too. */
static void two_steps_quick(void)
{
	struct heap_block_info claimed;
	void *ptr;

	setup();
	ptr = arena_alloc(&arena, 7);
	REQUIRE(heap_claim(&arena.heap, ptr, &claimed) == HEAP_OK);
	heap_release(&arena.heap, &claimed);
	REQUIRE(arena.heap.quick_count == 1);
	REQUIRE(arena_alloc(&arena, 7) == ptr && !arena.heap.quick_count);
	arena_no_finding(&arena);
	REQUIRE(heap_claim(&arena.heap, ptr, &claimed) == HEAP_OK);
	heap_release(&arena.heap, &claimed);
	REQUIRE(arena_alloc(&arena, 9) == ptr);
	arena_no_finding(&arena);
	teardown();
}

/* Put a block on the quick list from each of three holes between used blocks. */
static void fill_quick(void)
{
	void *holes[HEAP_QUICK];
	u32 i;

	for (i = 0; i < HEAP_QUICK; i++) {
		holes[i] = arena_alloc(&arena, 1 + i);
		arena_alloc(&arena, 1);
	}
	for (i = 0; i < HEAP_QUICK; i++)
		arena_free(&arena, holes[i]);
	for (i = 0; i < HEAP_QUICK; i++) {
		REQUIRE(arena_alloc(&arena, 1 + i) == holes[i]);
		arena_free(&arena, holes[i]);
		REQUIRE(arena.heap.quick_count == i + 1);
	}
}

/* A request of the same size takes its block off the list. The others stay on it. */
static void take_quick(void)
{
	u32 i;

	setup();
	fill_quick();
	for (i = 0; i < HEAP_QUICK; i++) {
		void *ptr = arena_alloc(&arena, 1 + i);

		REQUIRE(arena.heap.quick_count == HEAP_QUICK - 1);
		arena_free(&arena, ptr);
		REQUIRE(arena.heap.quick_count == HEAP_QUICK);
	}
	teardown();
}

/* The list is full: a fourth block is coalesced, and with it the list. */
static void quick_is_full(void)
{
	struct heap_block_info claimed;
	void *ptr;

	setup();
	fill_quick();
	REQUIRE(heap_claim(&arena.heap, arena_alloc(&arena, HEAP_QUICK + 1), &claimed) == HEAP_OK);
	heap_release(&arena.heap, &claimed);
	REQUIRE(!arena.heap.quick_count && arena.heap.index.holes == HEAP_QUICK + 1);
	teardown();
	setup();
	fill_quick();
	ptr = arena_alloc(&arena, EIGHTH + 1);
	damage(ptr);
	REQUIRE(heap_free(&arena.heap, ptr, &info) == HEAP_CORRUPT_HEADER);
	REQUIRE(!arena.heap.quick_count && arena.heap.index.holes == HEAP_QUICK + 1);
	REQUIRE(arena_alloc(&arena, EIGHTH + 1) == ptr);
	teardown();
}

/* An overrun is found by a claim, too, and the block is freed. */
static void two_steps_overrun(void)
{
	struct heap_block_info claimed;
	char *ptr;

	setup();
	ptr = heap_alloc(&arena.heap, 21, 5);
	ptr[21] = 0;
	REQUIRE(heap_claim(&arena.heap, ptr, &claimed) == HEAP_OVERRUN && claimed.asked == 21);
	expect_finding(HEAP_OVERRUN, ptr + 21);
	heap_release(&arena.heap, &claimed);
	REQUIRE(!arena.heap.pending && !arena.heap.asked && arena_alloc(&arena, 2) == ptr);
	teardown();
}

/* The header of a claimed block is overwritten: the block is quarantined. */
static void damaged_claim(void)
{
	struct heap_block_info claimed;
	void *ptr;

	setup();
	ptr = arena_alloc(&arena, 7);
	REQUIRE(heap_claim(&arena.heap, ptr, &claimed) == HEAP_OK);
	damage(ptr);
	heap_release(&arena.heap, &claimed);
	expect_finding(HEAP_CORRUPT_HEADER, header_of(ptr));
	REQUIRE(arena.heap.quarantined == 7 && !arena.heap.pending && !arena.heap.lost);
	REQUIRE(arena.heap.frees == 1);
	teardown();
}

/* So is one of which only the granules are overwritten. */
static void damaged_claim_size(void)
{
	struct heap_block_info claimed;
	void *ptr;

	setup();
	ptr = arena_alloc(&arena, 7);
	REQUIRE(heap_claim(&arena.heap, ptr, &claimed) == HEAP_OK);
	header_of(ptr)->granules--;
	heap_release(&arena.heap, &claimed);
	expect_finding(HEAP_CORRUPT_HEADER, header_of(ptr));
	REQUIRE(arena.heap.quarantined == 7 && !arena.heap.pending);
	teardown();
}

/* A claimed block whose header is overwritten is freed again: a double free. */
static void freed_again(u32 granules, u32 quarantined)
{
	struct heap_block_info claimed;
	void *ptr;

	setup();
	ptr = arena_alloc(&arena, granules);
	arena_alloc(&arena, 1);
	REQUIRE(heap_claim(&arena.heap, ptr, &claimed) == HEAP_OK);
	damage(ptr);
	refuse(ptr, HEAP_DOUBLE_FREE);
	heap_release(&arena.heap, &claimed);
	expect_finding(HEAP_CORRUPT_HEADER, header_of(ptr));
	REQUIRE(arena.heap.frees == 1 && !arena.heap.lost && !arena.heap.pending);
	REQUIRE(arena.heap.quarantined == quarantined && arena_check(&arena) == HEAP_OK);
	REQUIRE((arena_alloc(&arena, granules) == ptr) == !quarantined);
	teardown();
}

static void freed_again_quarantined(void)
{
	freed_again(7, 7);
}

static void freed_again_as_hole(void)
{
	freed_again(EIGHTH + 1, 0);
}

/* A claimed or quarantined block gets its old header back. It is still claimed or quarantined. */
static void written_back(bool quarantined)
{
	struct heap_block_info claimed;
	struct heap_block header;
	void *ptr;

	setup();
	ptr = arena_alloc(&arena, 7);
	header = *header_of(ptr);
	if (quarantined)
		damage(ptr);
	heap_claim(&arena.heap, ptr, &claimed);
	arena.heap.events = 0;
	*header_of(ptr) = header;
	refuse(ptr, HEAP_DOUBLE_FREE);
	if (!quarantined)
		heap_release(&arena.heap, &claimed);
	REQUIRE(!arena.heap.pending && arena.heap.quarantined == 7 && arena.heap.frees == 1);
	REQUIRE(!heap_is_frozen(&arena.heap));
	arena_destroy(&arena);
}

static void header_is_restored(void)
{
	written_back(false);
	written_back(true);
}

/* A corrupt block that does not fit in quarantine is claimed, to be released. */
static void quarantine_is_full(void)
{
	struct heap_block_info claimed;
	void *ptr;

	setup();
	ptr = arena_alloc(&arena, EIGHTH + 1);
	arena_alloc(&arena, 1);
	damage(ptr);
	REQUIRE(heap_claim(&arena.heap, ptr, &claimed) == HEAP_CORRUPT_HEADER);
	REQUIRE(heap_is_retired(HEAP_CORRUPT_HEADER, &claimed));
	expect_finding(HEAP_CORRUPT_HEADER, header_of(ptr));
	REQUIRE(arena.heap.pending == EIGHTH + 1);
	heap_release(&arena.heap, &claimed);
	arena_no_finding(&arena);
	REQUIRE(arena_alloc(&arena, EIGHTH + 1) == ptr);
	teardown();
}

int main(void)
{
	const struct test tests[] = {
		{ "a pointer outside the region is refused", outside },
		{ "a pointer inside a block is refused", inside },
		{ "a block with a corrupt header is quarantined", quarantined },
		{ "so is the last block of the region", damaged_end },
		{ "slack and owner survive a corrupt size", damaged_size },
		{ "the quarantine is bounded", full_quarantine },
		{ "a claimed block is pending until its release", two_steps },
		{ "a released block enters the quick list", two_steps_quick },
		{ "a request takes its block off the quick list", take_quick },
		{ "the quick list is bounded", quick_is_full },
		{ "a claim finds an overrun", two_steps_overrun },
		{ "a claimed block with a corrupt header is quarantined", damaged_claim },
		{ "so is one with a corrupt size", damaged_claim_size },
		{ "a second free of a quarantined claim is refused", freed_again_quarantined },
		{ "a second free of a released claim is refused", freed_again_as_hole },
		{ "an old header does not make a block live", header_is_restored },
		{ "a corrupt block without room in quarantine is released", quarantine_is_full },
	};

	run_tests("verdicts", tests, sizeof(tests) / sizeof(*tests));
	return 0;
}
