// SPDX-License-Identifier: GPL-2.0-only
/*
 * flags - heaps that poison, and heaps with redzones
 *
 * Blocks of every size up to a few granules in a heap of each kind: where they lie, what stands
 * behind them, and that each byte of that is watched. What is free in a heap that poisons carries
 * the pattern, whatever was merged, but for one header a hole.
 */
#include <string.h>

#include "core/block.h"
#include "test.h"

#define GRANULES	300
#define SIZES		80
#define BLOCKS		40

static struct arena arena;
static u32 flags;

static void setup(u32 granules)
{
	arena_init_as(&arena, granules, flags, TEST_KEY);
}

static void teardown(void)
{
	REQUIRE(arena_check(&arena) == HEAP_OK);
	arena_destroy(&arena);
}

static u32 granules_of(size_t size)
{
	u32 overhead = flags & HEAP_REDZONE ? 24 : 8;

	return (size + overhead + 15) / 16;
}

/* Free a block as a client does that sees to the poison, if there is any. */
static enum heap_verdict release(void *ptr)
{
	enum heap_verdict verdict;
	struct heap_block_info view;

	if (!(flags & HEAP_POISON))
		return heap_free(&arena.heap, ptr, &view);
	verdict = heap_claim(&arena.heap, ptr, &view);
	heap_fill(ptr, heap_bytes(view.granules) - sizeof(struct heap_block));
	heap_release(&arena.heap, &view);
	return verdict;
}

/* What is behind a payload, to the end of its block. */
static u32 tail_of(size_t size)
{
	return granules_of(size) * 16 - 8 - size;
}

static void require_pattern(const char *from, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		REQUIRE((u8)from[i] == HEAP_PATTERN);
}

/* A block of @size at the start, written to its last byte and not further. */
static char *allocate(size_t size)
{
	char *ptr = heap_alloc(&arena.heap, size, 3);
	struct heap_block_info view;

	REQUIRE(ptr == arena.heap.region + HEAP_GRANULE);
	memset(ptr, 0, size);
	require_pattern(ptr + size, tail_of(size));
	REQUIRE(heap_judge(&arena.heap, ptr, &view) == HEAP_OK);
	REQUIRE(view.granules == granules_of(size) && view.asked == size && view.owner == 3);
	return ptr;
}

/* Each byte behind the payload that is written to is found, and none before it. */
static void overrun(size_t size, u32 byte)
{
	struct heap_finding finding;
	char *ptr = allocate(size);

	ptr[size + byte] ^= 1 << byte % 8;
	REQUIRE(arena_check(&arena) == HEAP_OVERRUN);
	REQUIRE(release(ptr) == HEAP_OVERRUN);
	finding = arena_finding(&arena);
	REQUIRE(finding.verdict == HEAP_OVERRUN && finding.block.asked == size);
	REQUIRE(arena.heap.region + finding.offset == ptr + size + byte);
	arena_no_finding(&arena);
}

static void sizes(void)
{
	u32 byte, expected = flags & HEAP_REDZONE ? 16 : 0;
	size_t size;

	setup(GRANULES);
	for (size = 1; size <= SIZES; size++) {
		REQUIRE(release(allocate(size)) == HEAP_OK);
		REQUIRE(tail_of(size) >= expected && tail_of(size) < expected + 16);
		for (byte = 0; byte < tail_of(size); byte++)
			overrun(size, byte);
	}
	teardown();
}

/* All that is free carries the pattern: all but the edges, the used blocks, and a header a hole. */
static void require_poison(void)
{
	struct heap_block_info view;
	u32 from;

	for (from = 0; heap_walk(&arena.heap, from, &view, 1); from = view.at + view.granules) {
		char *payload = arena.heap.region + heap_offset(view.at) + 8;

		if (view.state == HEAP_HOLE)
			require_pattern(payload, heap_bytes(view.granules) - 8);
	}
}

/* Blocks that come and go, kept ones and such as are merged on both sides. */
static void storm(void)
{
	char *ptr[BLOCKS] = {};
	u32 i, k;

	setup(GRANULES);
	for (i = 0; i < 20000; i++) {
		k = next_random(BLOCKS);
		if (ptr[k]) {
			REQUIRE(release(ptr[k]) == HEAP_OK);
			ptr[k] = NULL;
		} else {
			size_t size = 1 + next_random(150);

			ptr[k] = heap_alloc(&arena.heap, size, 3);
			if (ptr[k])
				memset(ptr[k], 'x', size);
			if (ptr[k] && i % 3 == 0) {
				REQUIRE(release(ptr[k]) == HEAP_OK);
				ptr[k] = NULL;
			}
		}
		REQUIRE(i % 16 || arena_check(&arena) == HEAP_OK);
		if (flags & HEAP_POISON && i % 16 == 1)
			require_poison();
	}
	teardown();
}

/* The largest payload there can be, and one byte more; a region that has no room for a redzone. */
static void largest(void)
{
	u32 overhead = flags & HEAP_REDZONE ? 24 : 8, granules;
	void *ptr;

	for (granules = 1; granules < 4; granules++) {
		setup(granules);
		REQUIRE(arena.heap.largest == (granules * 16 > overhead ?
					       granules * 16 - overhead : 0));
		REQUIRE(!heap_alloc(&arena.heap, arena.heap.largest + 1, 1));
		REQUIRE(!heap_alloc(&arena.heap, 0, 1));
		REQUIRE(arena.heap.failures == 1);
		if (arena.heap.largest) {
			ptr = heap_alloc(&arena.heap, arena.heap.largest, 1);
			REQUIRE(ptr && arena.heap.used == granules && release(ptr) == HEAP_OK);
		}
		teardown();
	}
}

/* The first byte of a filled range that differs, at each place in ranges of each size. */
static void unfilled(void)
{
	u64 words[6];
	u32 bytes, at;

	for (bytes = 0; bytes <= sizeof(words); bytes += 8) {
		memset(words, 1, sizeof(words));
		heap_fill(words, bytes);
		REQUIRE(!heap_first_unfilled(words, bytes));
		REQUIRE(bytes == sizeof(words) || *((u8 *)words + bytes) == 1);
		for (at = 0; at < bytes; at++) {
			*((u8 *)words + at) ^= 0x10;
			REQUIRE(heap_first_unfilled(words, bytes) == (u8 *)words + at);
			*((u8 *)words + at) ^= 0x10;
		}
	}
}

int main(void)
{
	const struct test tests[] = {
		{ "sizes", sizes }, { "storm", storm }, { "the largest payload", largest },
	};
	const struct test once[] = { { "what is unfilled", unfilled } };
	const char * const kinds[] = {
		"plain", "poison", "redzone", "poison and redzone",
	};

	for (flags = 0; flags < 4; flags++)
		run_tests(kinds[flags], tests, sizeof(tests) / sizeof(*tests));
	run_tests("pattern", once, 1);
	return 0;
}
