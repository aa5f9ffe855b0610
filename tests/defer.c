// SPDX-License-Identifier: GPL-2.0-only
/*
 * defer - frees without the lock, a reset in batches, the watermark
 */
#include <string.h>

#include "core/block.h"
#include "core/deferred.h"
#include "test.h"

#define GRANULES	800
#define MORE		(HEAP_SLOTS + 10)

static struct arena arena;
static struct heap_deferred deferred;
static struct heap_block_info info;

static void setup(void)
{
	arena_init(&arena, GRANULES);
	heap_deferred_init(&deferred);
}

static void teardown(void)
{
	REQUIRE(arena_check(&arena) == HEAP_OK);
	arena_destroy(&arena);
}

static enum heap_verdict defer(void *ptr)
{
	return heap_defer(&arena.heap, &deferred, ptr, 1234);
}

/* Free the blocks in the slots, as the module does with the lock held. */
static u32 drain(void)
{
	struct heap_slot slot;
	u32 freed = 0;

	while (heap_take_deferred(&deferred, &slot)) {
		REQUIRE(slot.caller == 1234);
		if (!heap_resume_free(&arena.heap, slot.at))
			continue;
		freed += !heap_free(&arena.heap, heap_payload(&arena.heap, slot.at), &info);
	}
	return freed;
}

/* A deferred block is still accounted as live, cannot be freed again, and passes the check. */
static void block_is_deferred(void)
{
	void *ptr;

	setup();
	ptr = arena_alloc(&arena, 3);
	arena_alloc(&arena, 1);
	REQUIRE(!heap_defers(&deferred));
	REQUIRE(defer(ptr) == HEAP_OK && heap_defers(&deferred));
	REQUIRE(heap_walk(&arena.heap, 0, &info, 1) == 1 && info.state == HEAP_DEFERRED);
	REQUIRE(info.sealed && info.asked == 40 && info.owner == TEST_OWNER);
	REQUIRE(heap_live_blocks(&arena.heap) == 2 && arena_check(&arena) == HEAP_OK);
	REQUIRE(defer(ptr) == HEAP_DOUBLE_FREE);
	REQUIRE(heap_free(&arena.heap, ptr, &info) == HEAP_DOUBLE_FREE);
	REQUIRE(drain() == 1 && heap_live_blocks(&arena.heap) == 1 && !heap_defers(&deferred));
	REQUIRE(drain() == 0 && arena_alloc(&arena, 3) == ptr);
	teardown();
}

/* Invalid pointers are refused without the lock, too. */
static void refuses(void)
{
	char *used, *hole;

	setup();
	used = arena_alloc(&arena, 3);
	hole = arena_alloc(&arena, 3);
	arena_alloc(&arena, 1);
	arena_free(&arena, hole);
	heap_flush(&arena.heap);
	REQUIRE(defer(used - HEAP_GRANULE) == HEAP_FOREIGN);
	REQUIRE(defer(used + heap_bytes(GRANULES)) == HEAP_FOREIGN);
	REQUIRE(defer(used + 1) == HEAP_MISALIGNED);
	REQUIRE(defer(used + HEAP_GRANULE) == HEAP_INTERIOR);
	REQUIRE(defer(hole) == HEAP_DOUBLE_FREE);
	REQUIRE(!heap_defers(&deferred));
	teardown();
	setup();
	used = arena_alloc(&arena, 3);
	heap_freeze(&arena.heap, 0);
	REQUIRE(defer(used) == HEAP_CORRUPT_INDEX);
	arena_destroy(&arena);
}

/* More blocks than slots: the rest is marked only, and found by a walk. */
static void overflows(void)
{
	void *ptr[MORE];
	u32 i, left = 0, at = 0;

	setup();
	for (i = 0; i < MORE; i++)
		ptr[i] = arena_alloc(&arena, 1 + i % 3);
	for (i = 0; i < MORE; i++)
		REQUIRE(defer(ptr[i]) == HEAP_OK);
	REQUIRE(deferred.overflow && drain() == HEAP_SLOTS);
	for (; heap_walk(&arena.heap, at, &info, 1); at = info.at + info.granules) {
		if (info.state != HEAP_DEFERRED)
			continue;
		REQUIRE(heap_recover(&arena.heap, &deferred, info.at));
		REQUIRE(!heap_free(&arena.heap, heap_payload(&arena.heap, info.at), &info));
		left++;
	}
	REQUIRE(left == MORE - HEAP_SLOTS && !heap_live_blocks(&arena.heap));
	teardown();
}

/* The walk leaves a block that has a slot, and requests another walk. */
static void slot_is_skipped(void)
{
	void *ptr;
	u32 at;

	setup();
	ptr = arena_alloc(&arena, 3);
	at = place_of(&arena, ptr);
	REQUIRE(!heap_recover(&arena.heap, &deferred, at) && !deferred.overflow);
	REQUIRE(defer(ptr) == HEAP_OK && !deferred.overflow);
	REQUIRE(!heap_recover(&arena.heap, &deferred, at) && deferred.overflow);
	deferred.overflow = 0;
	arena.heap.claim_count = HEAP_CLAIMS;
	deferred.slots[at % HEAP_SLOTS].at = HEAP_NONE;
	REQUIRE(!heap_recover(&arena.heap, &deferred, at) && deferred.overflow);
	arena.heap.claim_count = 0;
	deferred.slots[at % HEAP_SLOTS].at = at;
	deferred.overflow = 0;
	REQUIRE(drain() == 1 && !arena.heap.refused);
	REQUIRE(!heap_recover(&arena.heap, &deferred, at) && !deferred.overflow);
	teardown();
}

/* A free of a claimed block, or of one on the quick list, is a double free. */
static void freed_before(void)
{
	struct heap_block_info claimed;
	void *ptr;

	setup();
	ptr = arena_alloc(&arena, 3);
	REQUIRE(heap_claim(&arena.heap, ptr, &claimed) == HEAP_OK);
	REQUIRE(defer(ptr) == HEAP_DOUBLE_FREE && !heap_defers(&deferred));
	heap_release(&arena.heap, &claimed);
	ptr = arena_alloc(&arena, 3);
	arena_free(&arena, ptr);
	REQUIRE(defer(ptr) == HEAP_OK);
	arena_alloc(&arena, 5);
	REQUIRE(!arena.heap.events);
	REQUIRE(drain() == 0 && !arena.heap.verdicts[HEAP_CORRUPT_HEADER]);
	teardown();
}

/* A block with an overwritten header is deferred, too, if there is a slot for it. */
static void corrupt_header(void)
{
	char *ptr;
	u32 i;

	setup();
	ptr = arena_alloc(&arena, 3);
	ptr[-1] ^= 1;
	REQUIRE(defer(ptr) == HEAP_OK && defer(ptr) == HEAP_OK);
	REQUIRE(drain() == 0 && arena.heap.quarantined == 3 && !heap_live_blocks(&arena.heap));
	REQUIRE(arena.heap.verdicts[HEAP_DOUBLE_FREE] == 1);
	ptr = arena_alloc(&arena, 3);
	for (i = 0; i < HEAP_SLOTS; i++)
		REQUIRE(defer(arena_alloc(&arena, 1)) == HEAP_OK);
	ptr[-1] ^= 1;
	REQUIRE(defer(ptr) == HEAP_CORRUPT_HEADER && !deferred.overflow);
	REQUIRE(drain() == HEAP_SLOTS);
	arena_destroy(&arena);
}

/* A deferred block that was freed and allocated again in the meantime is not freed. */
static void reused(void)
{
	void *ptr;

	setup();
	ptr = arena_alloc(&arena, 3);
	REQUIRE(defer(ptr) == HEAP_OK);
	REQUIRE(heap_resume_free(&arena.heap, 0));
	arena_free(&arena, ptr);
	REQUIRE(arena_alloc(&arena, 3) == ptr);
	REQUIRE(drain() == 0 && heap_live_blocks(&arena.heap) == 1);
	teardown();
}

/* A deferred block whose tag is overwritten is freed, and found corrupt. */
static void damaged_tag(void)
{
	char *ptr;

	setup();
	ptr = arena_alloc(&arena, 3);
	arena_alloc(&arena, 1);
	REQUIRE(defer(ptr) == HEAP_OK);
	ptr[-1] ^= 1;
	REQUIRE(drain() == 0 && arena.heap.quarantined == 3);
	teardown();
}

/* So is one whose size in the header is overwritten. */
static void damaged_size(void)
{
	char *ptr;

	setup();
	ptr = arena_alloc(&arena, 3);
	arena_alloc(&arena, 1);
	REQUIRE(defer(ptr) == HEAP_OK);
	ptr[-8] ^= 1;
	REQUIRE(drain() == 0 && arena.heap.quarantined == 3 && heap_live_blocks(&arena.heap) == 1);
	teardown();
}

static u32 reset(u32 batch)
{
	struct heap_block_info claimed[GRANULES];
	u32 from = 0, freed = 0, count, i;

	heap_begin_reset(&arena.heap);
	REQUIRE(!heap_alloc(&arena.heap, 1, 1));
	while (from != HEAP_NONE) {
		count = heap_claim_batch(&arena.heap, &from, claimed, batch);
		for (i = 0; i < count; i++)
			heap_release(&arena.heap, &claimed[i]);
		freed += count;
	}
	while (heap_claim_quarantined(&arena.heap, claimed)) {
		heap_release(&arena.heap, claimed);
		freed++;
	}
	heap_end_reset(&arena.heap);
	return freed;
}

/* A reset frees all blocks, quarantined ones included, in batches of any size. */
static void resets(u32 batch)
{
	char *ptr[100], *slack;
	u32 i;

	setup();
	for (i = 0; i < 100; i++)
		ptr[i] = arena_alloc(&arena, 1 + i % 5);
	for (i = 0; i < 100; i += 7)
		arena_free(&arena, ptr[i]);
	for (i = 1; i < 100; i += 22) {
		ptr[i][-1] ^= 1;
		REQUIRE(heap_free(&arena.heap, ptr[i], &info) == HEAP_CORRUPT_HEADER);
	}
	ptr[2][-1] ^= 1;
	slack = heap_alloc(&arena.heap, 20, TEST_OWNER);
	slack[-1] ^= 1;
	REQUIRE(heap_free(&arena.heap, slack, &info) == HEAP_CORRUPT_HEADER);
	REQUIRE(reset(batch) == 86);
	REQUIRE(!heap_live_blocks(&arena.heap) && !arena.heap.quarantined && !arena.heap.pending);
	REQUIRE(!arena.heap.asked && !arena.heap.lost);
	REQUIRE(arena.heap.index.holes == 1 && arena_alloc(&arena, GRANULES) == ptr[0]);
	teardown();
}

static void resets_in_batches(void)
{
	resets(1);
	resets(16);
	resets(GRANULES);
}

/* The end of a reset accepts allocations again, whatever is left in the heap. */
static void resets_with_rest(void)
{
	setup();
	arena_alloc(&arena, 3);
	heap_begin_reset(&arena.heap);
	REQUIRE(!heap_alloc(&arena.heap, 1, 1) && arena.heap.asked == 40);
	heap_end_reset(&arena.heap);
	REQUIRE(arena.heap.asked == 40 && heap_alloc(&arena.heap, 8, 1));
	teardown();
	arena_init_as(&arena, 1, HEAP_REDZONE, TEST_KEY);
	heap_end_reset(&arena.heap);
	REQUIRE(!arena.heap.largest);
	teardown();
}

/* At most HEAP_CLAIMS blocks are claimed. The end of a reset does not thaw a frozen heap. */
static void claims_end(void)
{
	struct heap_block_info claimed[GRANULES];
	u32 from = 0, i;
	char *ptr;

	setup();
	for (i = 0; i < HEAP_CLAIMS + 6; i++)
		ptr = arena_alloc(&arena, 1);
	ptr[-1] ^= 1;
	REQUIRE(heap_free(&arena.heap, ptr, &info) == HEAP_CORRUPT_HEADER);
	REQUIRE(arena.heap.quarantine_count == 1);
	REQUIRE(heap_claim_batch(&arena.heap, &from, claimed, GRANULES) == HEAP_CLAIMS);
	REQUIRE(from == HEAP_CLAIMS && !heap_can_claim(&arena.heap));
	REQUIRE(heap_claim_batch(&arena.heap, &from, claimed, 1) == 0 && from == HEAP_CLAIMS);
	REQUIRE(!heap_claim_quarantined(&arena.heap, claimed));
	for (i = HEAP_CLAIMS; i--;)
		heap_release(&arena.heap, &claimed[i]);
	REQUIRE(heap_live_blocks(&arena.heap) == 5);
	teardown();
	setup();
	heap_freeze(&arena.heap, 0);
	heap_end_reset(&arena.heap);
	REQUIRE(!arena.heap.largest && !heap_claim_quarantined(&arena.heap, claimed));
	arena_destroy(&arena);
}

/* The watermark raises its event once when it is exceeded, and again after it is set again. */
static void watermark(void)
{
	void *ptr[10];
	u32 i;

	setup();
	heap_set_watermark(&arena.heap, 50);
	for (i = 0; i < 10; i++) {
		ptr[i] = arena_alloc(&arena, 10);
		REQUIRE(!!(arena.heap.events & HEAP_EVENT_WATERMARK) == (i >= 5));
		REQUIRE(arena.heap.peak == 10 * (i + 1) && !heap_queued_findings(&arena.heap));
	}
	heap_set_watermark(&arena.heap, U32_MAX);
	REQUIRE(!arena.heap.events);
	heap_set_watermark(&arena.heap, 50);
	REQUIRE(arena.heap.events & HEAP_EVENT_WATERMARK);
	for (i = 4; i < 10; i++)
		arena_free(&arena, ptr[i]);
	heap_set_watermark(&arena.heap, 50);
	REQUIRE(!arena.heap.events && arena.heap.peak == 100);
	arena_alloc(&arena, 10);
	REQUIRE(!arena.heap.events);
	arena_alloc(&arena, 1);
	REQUIRE(arena.heap.events & HEAP_EVENT_WATERMARK && arena.heap.peak == 100);
	heap_reset_peak(&arena.heap);
	REQUIRE(arena.heap.peak == 51);
	arena_alloc(&arena, 1);
	REQUIRE(arena.heap.peak == 52);
	for (i = 2; i < 4; i++)
		arena_free(&arena, ptr[i]);
	heap_set_watermark(&arena.heap, 50);
	heap_reset_peak(&arena.heap);
	REQUIRE(arena.heap.peak == 32);
	arena_alloc(&arena, 5);
	REQUIRE(arena.heap.peak == 37 && !arena.heap.events);
	teardown();
}

int main(void)
{
	const struct test tests[] = {
		{ "a deferred block is live until it is drained", block_is_deferred },
		{ "invalid pointers are refused", refuses },
		{ "blocks without a slot are found by a walk", overflows },
		{ "a walk skips a block with a slot", slot_is_skipped },
		{ "a block freed before is refused", freed_before },
		{ "a block with a corrupt header is quarantined", corrupt_header },
		{ "a block allocated again is not freed", reused },
		{ "a corrupt tag is found when the block is drained", damaged_tag },
		{ "a corrupt size is found when the block is drained", damaged_size },
		{ "a reset in batches frees all blocks", resets_in_batches },
		{ "the end of a reset accepts allocations", resets_with_rest },
		{ "the number of claims is limited", claims_end },
		{ "the watermark raises its event once", watermark },
	};

	run_tests("deferred", tests, sizeof(tests) / sizeof(*tests));
	return 0;
}
