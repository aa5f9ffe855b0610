// SPDX-License-Identifier: GPL-2.0-only
/*
 * defer - frees without the lock, a reset in batches, and the mark
 */
#include <string.h>

#include "core/block.h"
#include "core/deferred.h"
#include "test.h"

#define GRANULES	800
#define MORE		(HEAP_SLOTS + 10)

static struct arena arena;
static struct heap_deferred deferred;
static struct heap_block_info view;

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

/* As the module does it, by whoever has the lock next. */
static u32 drain(void)
{
	struct heap_slot slot;
	u32 freed = 0;

	while (heap_take_deferred(&deferred, &slot)) {
		REQUIRE(slot.caller == 1234);
		if (!heap_resume_free(&arena.heap, slot.at))
			continue;
		freed += !heap_free(&arena.heap, heap_payload(&arena.heap, slot.at), &view);
	}
	return freed;
}

/* A block that waits counts as live, is nobody's to free, and passes every check. */
static void waits(void)
{
	void *ptr;

	setup();
	ptr = arena_alloc(&arena, 3);
	arena_alloc(&arena, 1);
	REQUIRE(!heap_defers(&deferred));
	REQUIRE(defer(ptr) == HEAP_OK && heap_defers(&deferred));
	REQUIRE(heap_walk(&arena.heap, 0, &view, 1) == 1 && view.state == HEAP_DEFERRED);
	REQUIRE(view.sealed && view.asked == 40 && view.owner == TEST_OWNER);
	REQUIRE(heap_live_blocks(&arena.heap) == 2 && arena_check(&arena) == HEAP_OK);
	REQUIRE(defer(ptr) == HEAP_DOUBLE_FREE);
	REQUIRE(heap_free(&arena.heap, ptr, &view) == HEAP_DOUBLE_FREE);
	REQUIRE(drain() == 1 && heap_live_blocks(&arena.heap) == 1 && !heap_defers(&deferred));
	REQUIRE(drain() == 0 && arena_alloc(&arena, 3) == ptr);
	teardown();
}

/* Without the lock, too, no pointer is believed that is none. */
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

/* More than there are slots: they have but their mark, and a walk finds them. */
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
	for (; heap_walk(&arena.heap, at, &view, 1); at = view.at + view.granules) {
		if (view.state != HEAP_DEFERRED)
			continue;
		REQUIRE(heap_recover(&arena.heap, &deferred, view.at));
		REQUIRE(!heap_free(&arena.heap, heap_payload(&arena.heap, view.at), &view));
		left++;
	}
	REQUIRE(left == MORE - HEAP_SLOTS && !heap_live_blocks(&arena.heap));
	teardown();
}

/* A block that waits in a slot is none for the walk, but looked at again. */
static void walks(void)
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

/* A block that is between the two steps of a free, or was just freed: to free it is wrong. */
static void freed_just_now(void)
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

/* Nor is a free lost whose block has no header any more; unless there is no slot to remember it. */
static void headless(void)
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

/* A waiting block that was freed by a race of two, and is another's now, is left alone. */
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

/* A mark that was written over makes the block one with a bad header. */
static void damaged(void)
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

/* Nor is it lost when only what its header says of its size was. */
static void half_damaged(void)
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
	REQUIRE(!heap_alloc(&arena.heap, 8, 1));
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

/* Everything is freed, what is quarantined, too; in any batch. */
static void resets(u32 batch)
{
	char *ptr[100];
	u32 i;

	setup();
	for (i = 0; i < 100; i++)
		ptr[i] = arena_alloc(&arena, 1 + i % 5);
	for (i = 0; i < 100; i += 7)
		arena_free(&arena, ptr[i]);
	for (i = 1; i < 100; i += 22) {
		ptr[i][-1] ^= 1;
		REQUIRE(heap_free(&arena.heap, ptr[i], &view) == HEAP_CORRUPT_HEADER);
	}
	ptr[2][-1] ^= 1;
	REQUIRE(reset(batch) == 85);
	REQUIRE(!heap_live_blocks(&arena.heap) && !arena.heap.quarantined && !arena.heap.pending);
	REQUIRE(arena.heap.index.holes == 1 && arena_alloc(&arena, GRANULES) == ptr[0]);
	teardown();
}

static void resets_in_batches(void)
{
	resets(1);
	resets(16);
	resets(GRANULES);
}

/* There is no more room for claims than HEAP_CLAIMS; a frozen heap is not opened again. */
static void claims_end(void)
{
	struct heap_block_info claimed[GRANULES];
	u32 from = 0, i;

	setup();
	for (i = 0; i < HEAP_CLAIMS + 5; i++)
		arena_alloc(&arena, 1);
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

/* The mark is told of when it is passed, once, and again when it is set anew. */
static void marks(void)
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
	teardown();
}

int main(void)
{
	const struct test tests[] = {
		{ "a block waits", waits }, { "wrong pointers", refuses },
		{ "more than there are slots", overflows }, { "a walk", walks },
		{ "freed just now", freed_just_now }, { "no header", headless },
		{ "reused meanwhile", reused },
		{ "damaged meanwhile", damaged }, { "half damaged", half_damaged },
		{ "reset", resets_in_batches },
		{ "no room for claims", claims_end }, { "marks", marks },
	};

	run_tests("deferred", tests, sizeof(tests) / sizeof(*tests));
	return 0;
}
