// SPDX-License-Identifier: GPL-2.0-only
/*
 * limbo - blocks that are freed, and leave the heap later
 */
#include <string.h>

#include "core/block.h"
#include "core/deferred.h"
#include "core/limbo.h"
#include "test.h"

#define HEAD	16

static struct arena arena;
static struct heap_block_info info;

static enum heap_verdict enter(char *ptr)
{
	return heap_enter_limbo(&arena.heap, ptr, ptr, HEAD);
}

static enum heap_state state_at(u32 at)
{
	REQUIRE(heap_walk(&arena.heap, at, &info, 1) == 1);
	return info.state;
}

static struct heap_deferred deferred;
static char *raced;

/* Another CPU frees the block without the lock, between the judgement and the mark. */
void before_exchange(void)
{
	char *ptr = raced;

	raced = NULL;
	if (ptr)
		REQUIRE(heap_defer(&arena.heap, &deferred, ptr, 1) == HEAP_OK);
}

/* As the module does when readers have gone. Return: the verdict of the free. */
static enum heap_verdict leave(char *mem)
{
	u32 at;

	REQUIRE(heap_leave_limbo(&arena.heap, mem, &at));
	return heap_free(&arena.heap, heap_payload(&arena.heap, at), &info);
}

static void expect_limbo(u64 blocks, u32 granules, u64 asked)
{
	REQUIRE(arena.heap.limbo_blocks == blocks);
	REQUIRE(arena.heap.limbo == granules && arena.heap.limbo_asked == asked);
}

/* It counts as live, is pending in a walk, and passes the check. */
static void enters_and_leaves(void)
{
	char *ptr;

	arena_init(&arena, 100);
	ptr = arena_alloc(&arena, 3);
	arena_alloc(&arena, 1);
	REQUIRE(enter(ptr) == HEAP_OK && state_at(0) == HEAP_DEFERRED);
	REQUIRE(info.sealed && info.asked == 40 && info.owner == TEST_OWNER);
	expect_limbo(1, 3, 40);
	REQUIRE(heap_live_blocks(&arena.heap) == 2 && arena_check(&arena) == HEAP_OK);
	REQUIRE(leave(ptr + 24) == HEAP_OK && info.asked == 40);
	expect_limbo(0, 0, 0);
	REQUIRE(heap_live_blocks(&arena.heap) == 1 && arena_check(&arena) == HEAP_OK);
	REQUIRE(arena_alloc(&arena, 3) == ptr);
	arena_destroy(&arena);
}

/* Every other free of it is a double free, also one without the lock. */
static void freed_twice(void)
{
	char *ptr;

	arena_init(&arena, 100);
	heap_deferred_init(&deferred);
	ptr = arena_alloc(&arena, 3);
	REQUIRE(enter(ptr) == HEAP_OK);
	REQUIRE(enter(ptr) == HEAP_DOUBLE_FREE);
	REQUIRE(heap_free(&arena.heap, ptr, &info) == HEAP_DOUBLE_FREE);
	REQUIRE(heap_defer(&arena.heap, &deferred, ptr, 1) == HEAP_DOUBLE_FREE);
	REQUIRE(arena.heap.refused == 2 && arena.heap.verdicts[HEAP_DOUBLE_FREE] == 2);
	expect_limbo(1, 3, 40);
	REQUIRE(leave(ptr) == HEAP_OK && enter(ptr) == HEAP_DOUBLE_FREE);
	ptr = arena_alloc(&arena, 3);
	REQUIRE(heap_defer(&arena.heap, &deferred, ptr, 1) == HEAP_OK);
	REQUIRE(enter(ptr) == HEAP_DOUBLE_FREE);
	expect_limbo(0, 0, 0);
	arena_destroy(&arena);
}

/* Of two frees at the same time one succeeds. */
static void freed_meantime(void)
{
	char *ptr;

	arena_init(&arena, 100);
	heap_deferred_init(&deferred);
	ptr = arena_alloc(&arena, 3);
	raced = ptr;
	REQUIRE(enter(ptr) == HEAP_DOUBLE_FREE && !raced);
	expect_limbo(0, 0, 0);
	arena_destroy(&arena);
}

static void wrong_heads(void)
{
	char *ptr, *next;

	arena_init(&arena, 100);
	ptr = arena_alloc(&arena, 3);
	next = arena_alloc(&arena, 3);
	REQUIRE(heap_enter_limbo(&arena.heap, ptr, NULL, HEAD) == HEAP_FOREIGN);
	REQUIRE(heap_enter_limbo(&arena.heap, ptr, ptr + 25, HEAD) == HEAP_INTERIOR);
	REQUIRE(heap_enter_limbo(&arena.heap, ptr, ptr - 1, HEAD) == HEAP_INTERIOR);
	REQUIRE(heap_enter_limbo(&arena.heap, ptr, next, HEAD) == HEAP_INTERIOR);
	REQUIRE(enter(ptr + 8) == HEAP_MISALIGNED && enter(ptr + 16) == HEAP_INTERIOR);
	REQUIRE(enter(ptr + 1600) == HEAP_FOREIGN);
	expect_limbo(0, 0, 0);
	REQUIRE(heap_enter_limbo(&arena.heap, ptr, ptr + 24, HEAD) == HEAP_OK);
	arena_destroy(&arena);
}

/* A neighbour overwrites the header. A second free quarantines the block. */
static void quarantined_meantime(void)
{
	char *ptr;
	u32 at;

	arena_init(&arena, 100);
	ptr = arena_alloc(&arena, 3);
	REQUIRE(enter(ptr) == HEAP_OK);
	ptr[-1] ^= 0x10;
	REQUIRE(heap_free(&arena.heap, ptr, &info) == HEAP_CORRUPT_HEADER);
	expect_limbo(1, 3, 40);
	REQUIRE(!heap_leave_limbo(&arena.heap, ptr, &at));
	expect_limbo(0, 0, 0);
	REQUIRE(heap_live_blocks(&arena.heap) == 0 && arena_check(&arena) == HEAP_OK);
	arena_destroy(&arena);
}

/* What is not in limbo does not leave it. */
static void stays(void)
{
	char *ptr, *other;
	u32 at;

	arena_init(&arena, 100);
	ptr = arena_alloc(&arena, 3);
	other = arena_alloc(&arena, 3);
	REQUIRE(!heap_leave_limbo(&arena.heap, ptr, &at));
	REQUIRE(enter(other) == HEAP_OK);
	REQUIRE(!heap_leave_limbo(&arena.heap, ptr, &at));
	REQUIRE(!heap_leave_limbo(&arena.heap, ptr + 800, &at));
	REQUIRE(!heap_leave_limbo(&arena.heap, ptr + 1600, &at));
	REQUIRE(!heap_leave_limbo(&arena.heap, ptr - 17, &at));
	expect_limbo(1, 3, 40);
	arena_destroy(&arena);
}

/* A header is overwritten before or while the block is in limbo. */
static void corrupt_headers(void)
{
	char *ptr;

	arena_init(&arena, 100);
	ptr = arena_alloc(&arena, 3);
	ptr[-1] ^= 1;
	REQUIRE(enter(ptr) == HEAP_CORRUPT_HEADER);
	ptr[-1] ^= 1;
	REQUIRE(enter(ptr) == HEAP_OK);
	ptr[-1] ^= 1;
	REQUIRE(leave(ptr) == HEAP_CORRUPT_HEADER);
	expect_limbo(0, 0, 0);
	REQUIRE(arena.heap.quarantine_count == 1 && arena_check(&arena) == HEAP_OK);
	arena_destroy(&arena);
}

/* When the header is unreadable, so are the bytes that were asked for, until a reset. */
static void lost_slack(void)
{
	char *ptr;

	arena_init(&arena, 100);
	ptr = heap_alloc(&arena.heap, 33, TEST_OWNER);
	REQUIRE(ptr && enter(ptr) == HEAP_OK);
	ptr[-1] ^= 1;
	REQUIRE(leave(ptr) == HEAP_CORRUPT_HEADER);
	heap_begin_reset(&arena.heap);
	heap_end_reset(&arena.heap);
	REQUIRE(!arena.heap.asked);
	expect_limbo(0, 0, 0);
	arena_destroy(&arena);
}

int main(void)
{
	static const struct test tests[] = {
		{ "a block enters and leaves", enters_and_leaves },
		{ "any other free is a double free", freed_twice },
		{ "of two frees at the same time one succeeds", freed_meantime },
		{ "heads outside of the block and wrong pointers are refused", wrong_heads },
		{ "a block that was quarantined leaves the counters", quarantined_meantime },
		{ "other blocks and holes do not leave", stays },
		{ "overwritten headers are refused, or quarantined", corrupt_headers },
		{ "a reset knows again how many bytes are in use", lost_slack },
	};

	run_tests("limbo", tests, sizeof(tests) / sizeof(*tests));
	return 0;
}
