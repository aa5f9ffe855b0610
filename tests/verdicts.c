// SPDX-License-Identifier: GPL-2.0-only
/*
 * verdicts - what a heap says of pointers, and what it does then
 *
 * Wrong pointers of each kind, given to each call that judges; blocks that go in two steps, with
 * their marks damaged in between; the quarantine, until it is full.
 */
#include <string.h>

#include "core/findings.h"
#include "test.h"

#define GRANULES	1000
#define EIGHTH		(GRANULES / 8)

static struct arena arena;
static struct heap_block_info view;

static struct heap_block *header_of(const void *ptr)
{
	return (struct heap_block *)ptr - 1;
}

/* A header that says something, and nothing true. */
static void damage(const void *ptr)
{
	memset(header_of(ptr), 'x', sizeof(struct heap_block));
}

/* Told of once, and counted: @verdict at @ptr. */
static void expect_finding(enum heap_verdict verdict, const void *ptr)
{
	struct heap_finding finding = arena_finding(&arena);

	REQUIRE(finding.verdict == verdict);
	REQUIRE(finding.offset == (u64)((const char *)ptr - arena.heap.region));
	REQUIRE(arena.heap.verdicts[verdict]);
	arena_no_finding(&arena);
}

static bool is_told(enum heap_verdict verdict)
{
	return verdict != HEAP_FOREIGN;
}

/* A pointer is refused by the two calls that free: nothing changes but what counts that. */
static void refuse_by(enum heap_verdict (*call)(struct heap *heap, const void *ptr,
						struct heap_block_info *block),
		      const void *ptr, enum heap_verdict verdict)
{
	struct heap before = arena.heap;

	REQUIRE(call(&arena.heap, ptr, &view) == verdict);
	REQUIRE(arena.heap.verdicts[verdict] == before.verdicts[verdict] + is_told(verdict));
	if (is_told(verdict))
		expect_finding(verdict, ptr);
	arena_no_finding(&arena);
	before.refused++;
	REQUIRE(!memcmp(&before, &arena.heap, offsetof(struct heap, verdicts)));
}

/* heap_judge() says the same and counts nothing. */
static void refuse(const void *ptr, enum heap_verdict verdict)
{
	struct heap before = arena.heap;

	REQUIRE(heap_judge(&arena.heap, ptr, &view) == verdict);
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

/* At both edges of the region, and far from it. */
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
	REQUIRE(heap_judge(&arena.heap, region + HEAP_GRANULE, &view) == HEAP_OK);
	REQUIRE(view.at == 0 && view.granules == GRANULES);
	REQUIRE(view.owner == TEST_OWNER && view.sealed);
	REQUIRE(view.state == HEAP_USED && view.asked == GRANULES * HEAP_GRANULE - 8);
	teardown();
}

/* Inside a used block, a hole, a block that is kept, and a block that is being freed. */
static void inside(void)
{
	char *used, *hole, *kept, *claimed;
	unsigned int i;

	setup();
	used = arena_alloc(&arena, 3);
	hole = arena_alloc(&arena, 3);
	claimed = arena_alloc(&arena, 3);
	arena_free(&arena, hole);
	REQUIRE(heap_claim(&arena.heap, claimed, &view) == HEAP_OK);
	kept = arena_alloc(&arena, 4);
	arena_free(&arena, kept);
	REQUIRE(arena.heap.quick_count == 1);
	for (i = 1; i < HEAP_GRANULE; i++)
		refuse(used + i, HEAP_MISALIGNED);
	refuse(used + HEAP_GRANULE, HEAP_INTERIOR);
	refuse(used + 2 * HEAP_GRANULE, HEAP_INTERIOR);
	refuse(hole, HEAP_DOUBLE_FREE);
	refuse(hole + HEAP_GRANULE, HEAP_DOUBLE_FREE);
	refuse(kept, HEAP_DOUBLE_FREE);
	refuse(kept + HEAP_GRANULE, HEAP_DOUBLE_FREE);
	refuse(claimed, HEAP_DOUBLE_FREE);
	refuse(claimed + HEAP_GRANULE, HEAP_DOUBLE_FREE);
	arena_free(&arena, used);
	teardown();
}

/* A used block whose header was written over is let go once; then it is nobody's. */
static void quarantined(void)
{
	char *ptr;

	setup();
	ptr = arena_alloc(&arena, 3);
	damage(ptr);
	REQUIRE(heap_judge(&arena.heap, ptr, &view) == HEAP_CORRUPT_HEADER && !view.sealed);
	REQUIRE(heap_claim(&arena.heap, ptr, &view) == HEAP_CORRUPT_HEADER);
	expect_finding(HEAP_CORRUPT_HEADER, header_of(ptr));
	REQUIRE(arena.heap.quarantine_count == 1 && arena.heap.quarantined == 3);
	REQUIRE(!arena.heap.pending && !heap_live_blocks(&arena.heap) && arena.heap.lost == 1);
	refuse(ptr, HEAP_DOUBLE_FREE);
	refuse(ptr + HEAP_GRANULE, HEAP_DOUBLE_FREE);
	REQUIRE(heap_walk(&arena.heap, 0, &view, 1) == 1 && view.state == HEAP_QUARANTINED);
	REQUIRE((char *)arena_alloc(&arena, 1) == ptr + 3 * HEAP_GRANULE);
	teardown();
}

/* The last block, which ends where the region does, is no different. */
static void damaged_end(void)
{
	void *ptr;

	setup();
	ptr = arena_alloc(&arena, GRANULES);
	damage(ptr);
	REQUIRE(heap_judge(&arena.heap, ptr, &view) == HEAP_CORRUPT_HEADER);
	REQUIRE(heap_free(&arena.heap, ptr, &view) == HEAP_CORRUPT_HEADER);
	REQUIRE(!heap_live_blocks(&arena.heap) && !heap_is_frozen(&arena.heap));
	teardown();
}

/* Only the granules were written over: slack and owner are still believed, and nothing is lost. */
static void half_a_header(void)
{
	void *ptr;

	setup();
	ptr = heap_alloc(&arena.heap, 27, 9);
	header_of(ptr)->granules++;
	REQUIRE(heap_judge(&arena.heap, ptr, &view) == HEAP_CORRUPT_HEADER);
	REQUIRE(view.sealed && view.asked == 27 && view.owner == 9 && view.granules == 3);
	REQUIRE(heap_free(&arena.heap, ptr, &view) == HEAP_CORRUPT_HEADER);
	REQUIRE(!arena.heap.lost && !arena.heap.asked);
	teardown();
}

/* What of @count damaged blocks of @granules goes to the quarantine, and what becomes a hole. */
static void fill_quarantine(u32 granules, u32 count, u32 room)
{
	void *ptr[GRANULES / 2];
	u32 i;

	setup();
	for (i = 0; i < count; i++)
		ptr[i] = arena_alloc(&arena, granules);
	for (i = 0; i < count; i++) {
		damage(ptr[i]);
		REQUIRE(heap_free(&arena.heap, ptr[i], &view) == HEAP_CORRUPT_HEADER);
		REQUIRE(arena.heap.quarantine_count == (i < room ? i + 1 : room));
		REQUIRE(arena.heap.quarantined == arena.heap.quarantine_count * granules);
	}
	REQUIRE(arena.heap.verdicts[HEAP_CORRUPT_HEADER] == count && arena.heap.lost == count);
	REQUIRE(arena_check(&arena) == HEAP_OK && !heap_live_blocks(&arena.heap) && !arena.heap.used);
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

/* Between claim and release a block is nobody's, and no call sees it otherwise. */
static void two_steps(void)
{
	struct heap_block_info claimed;
	char *ptr, *next;

	setup();
	ptr = arena_alloc(&arena, 7);
	next = arena_alloc(&arena, 1);
	REQUIRE(heap_claim(&arena.heap, ptr, &claimed) == HEAP_OK && claimed.granules == 7);
	REQUIRE(arena.heap.pending == 7 && heap_live_blocks(&arena.heap) == 1 && arena.heap.frees == 1);
	REQUIRE(heap_walk(&arena.heap, 0, &view, 1) == 1 && view.state == HEAP_PENDING);
	REQUIRE(arena_check(&arena) == HEAP_OK);
	REQUIRE((char *)arena_alloc(&arena, 1) == next + HEAP_GRANULE);
	heap_release(&arena.heap, &claimed);
	REQUIRE(!arena.heap.pending && arena_check(&arena) == HEAP_OK);
	REQUIRE(arena_alloc(&arena, 7) == ptr);
	teardown();
}

/* A claim of the last allocation undoes it too: the block is kept, with the mark it has then. */
static void two_steps_kept(void)
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

/* Four holes between used blocks, each one larger; a block from each of the first three is kept. */
static void keep_three(void)
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

/* Who asks for as much as before gets the kept block, and the others stay kept. */
static void take_back_one(void)
{
	u32 i;

	setup();
	keep_three();
	for (i = 0; i < HEAP_QUICK; i++) {
		void *ptr = arena_alloc(&arena, 1 + i);

		REQUIRE(arena.heap.quick_count == HEAP_QUICK - 1);
		arena_free(&arena, ptr);
		REQUIRE(arena.heap.quick_count == HEAP_QUICK);
	}
	teardown();
}

/* There is no room for a fourth: all are merged. */
static void keep_no_fourth(void)
{
	struct heap_block_info claimed;
	void *ptr;

	setup();
	keep_three();
	REQUIRE(heap_claim(&arena.heap, arena_alloc(&arena, HEAP_QUICK + 1), &claimed) == HEAP_OK);
	heap_release(&arena.heap, &claimed);
	REQUIRE(!arena.heap.quick_count && arena.heap.index.holes == HEAP_QUICK + 1);
	teardown();
	setup();
	keep_three();
	ptr = arena_alloc(&arena, EIGHTH + 1);
	damage(ptr);
	REQUIRE(heap_free(&arena.heap, ptr, &view) == HEAP_CORRUPT_HEADER);
	REQUIRE(!arena.heap.quick_count && arena.heap.index.holes == HEAP_QUICK + 1);
	REQUIRE(arena_alloc(&arena, EIGHTH + 1) == ptr);
	teardown();
}

/* An overrun is told of by a claim, too, and the block goes all the same. */
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

/* The mark of a claimed block is written over: it is withdrawn. */
static void damaged_mark(void)
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

/* Only the granules of the mark: what is left of it says that the block is pending. */
static void half_a_mark(void)
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

/* A claimed block whose mark is lost is freed once more: it is known all the same. */
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

/* Nobody's is a block that is claimed or quarantined, even with the header back that it had. */
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

static void claimed_twice(void)
{
	written_back(false);
	written_back(true);
}

/* In a full quarantine there is no room: a claim is to be released as any other. */
static void claimed_for_want_of_room(void)
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
		{ "pointers outside the region", outside }, { "pointers inside", inside },
		{ "a damaged block is withdrawn", quarantined },
		{ "a damaged block at the end", damaged_end },
		{ "half a header", half_a_header }, { "a full quarantine", full_quarantine },
		{ "claim and release", two_steps }, { "claim and release, kept", two_steps_kept },
		{ "one of three kept is taken back", take_back_one },
		{ "three are kept, four are not", keep_no_fourth },
		{ "claim of a block that was overrun", two_steps_overrun },
		{ "a mark is damaged", damaged_mark }, { "half a mark is damaged", half_a_mark },
		{ "freed again, in quarantine", freed_again_quarantined },
		{ "freed again, a hole", freed_again_as_hole },
		{ "the header of nobody's block is written back", claimed_twice },
		{ "claimed for want of room", claimed_for_want_of_room },
	};

	run_tests("verdicts", tests, sizeof(tests) / sizeof(*tests));
	return 0;
}
