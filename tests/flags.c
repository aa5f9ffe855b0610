// SPDX-License-Identifier: GPL-2.0-only
/*
 * flags - HEAP_POISON and HEAP_REDZONE
 *
 * Blocks of every size up to a few granules, with each combination of flags: their place, the
 * pattern behind the payload, and that a change of each byte of it is found. With HEAP_POISON all
 * free memory carries the pattern after any coalescing, except the header of each hole.
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

/* Free a block; with HEAP_POISON fill it, as the caller must. */
static enum heap_verdict release(void *ptr)
{
	enum heap_verdict verdict;
	struct heap_block_info info;

	if (!(flags & HEAP_POISON))
		return heap_free(&arena.heap, ptr, &info);
	verdict = heap_claim(&arena.heap, ptr, &info);
	heap_fill(ptr, heap_bytes(info.granules) - sizeof(struct heap_block));
	heap_release(&arena.heap, &info);
	return verdict;
}

/* Bytes between a payload and the end of its block. */
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

/* Allocate a block of @size at the start of the region, and write all of its payload. */
static char *allocate(size_t size)
{
	char *ptr = heap_alloc(&arena.heap, size, 3);
	struct heap_block_info info;

	REQUIRE(ptr == arena.heap.region + HEAP_GRANULE);
	memset(ptr, 0, size);
	require_pattern(ptr + size, tail_of(size));
	REQUIRE(heap_judge(&arena.heap, ptr, &info) == HEAP_OK);
	REQUIRE(info.granules == granules_of(size) && info.asked == size && info.owner == 3);
	return ptr;
}

/* A change of a byte behind the payload is found, at that byte. */
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

/* All holes carry the pattern, except in their headers. */
static void require_poison(void)
{
	struct heap_block_info info;
	u32 from;

	for (from = 0; heap_walk(&arena.heap, from, &info, 1); from = info.at + info.granules) {
		char *payload = arena.heap.region + heap_offset(info.at) + 8;

		if (info.state == HEAP_HOLE)
			require_pattern(payload, heap_bytes(info.granules) - 8);
	}
}

/* Random allocations and frees; some blocks enter the quick list, others coalesce. */
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

/*
 * A shrink that claims the end: until the caller has filled and released it, no allocation gets it
 * and a double free of it is found. An overrun goes with it.
 */
static void shrink(void)
{
	struct heap_block_info was, end;
	u32 size;
	bool done;

	setup(GRANULES);
	for (size = 1; size <= SIZES; size++) {
		char *ptr = allocate(SIZES);

		ptr[SIZES] ^= size & 1;
		end.granules = 0;
		REQUIRE(heap_resize(&arena.heap, ptr, size, &was, &end, &done) ==
			(tail_of(SIZES) && size & 1 ? HEAP_OVERRUN : HEAP_OK) && done);
		REQUIRE(end.granules == arena.heap.pending);
		REQUIRE(granules_of(size) + end.granules == granules_of(SIZES));
		require_pattern(ptr + size, tail_of(size));
		REQUIRE(arena_check(&arena) == HEAP_OK);
		if (end.granules) {
			REQUIRE(end.at == granules_of(size));
			REQUIRE(heap_judge(&arena.heap, heap_payload(&arena.heap, end.at),
					   &was) == HEAP_DOUBLE_FREE);
			heap_fill(heap_payload(&arena.heap, end.at),
				  heap_bytes(end.granules) - sizeof(struct heap_block));
			heap_release(&arena.heap, &end);
		}
		REQUIRE(arena_check(&arena) == HEAP_OK && !arena.heap.pending);
		if (flags & HEAP_POISON)
			require_poison();
		REQUIRE(release(ptr) == HEAP_OK);
		arena.heap.events = 0;
	}
	teardown();
}

/* With HEAP_POISON the check finds every changed byte of free memory, at that byte. */
static void free_memory(void)
{
	struct heap_audit audit;
	u64 at, end;
	char *ptr;

	setup(GRANULES);
	REQUIRE(allocate(SIZES));
	ptr = heap_alloc(&arena.heap, 8, 3);
	REQUIRE(ptr && heap_alloc(&arena.heap, 8, 3) && release(ptr) == HEAP_OK);
	end = heap_offset(arena.heap.granules);
	for (at = heap_offset(arena.heap.index.top) + sizeof(struct heap_block);
	     flags & HEAP_POISON && at < end; at++) {
		arena.heap.region[at] ^= 1;
		heap_audit_start(&audit);
		while (!heap_check(&arena.heap, &audit, 1))
			REQUIRE(!heap_audit_done(&arena.heap, &audit));
		REQUIRE(audit.found == HEAP_USE_AFTER_FREE && audit.offset == at);
		REQUIRE(audit.chunk == (at - HEAP_EDGE) / HEAP_GRANULE / HEAP_CHUNK + 1);
		arena.heap.region[at] ^= 1;
	}
	REQUIRE(arena_check(&arena) == HEAP_OK);
	teardown();
}

/* The largest payload, and one byte more; a region that is too small for a redzone. */
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

/* heap_first_unfilled() finds a changed byte at each place in ranges of each size. */
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
		{ "every byte behind a payload is checked", sizes },
		{ "random operations pass the check", storm },
		{ "a shrink claims what it frees", shrink },
		{ "a check reads free memory", free_memory },
		{ "the largest payload fits, and no larger one", largest },
	};
	const struct test once[] = { { "a changed byte is found", unfilled } };
	const char * const kinds[] = {
		"plain", "poison", "redzone", "poison and redzone",
	};

	for (flags = 0; flags < 4; flags++)
		run_tests(kinds[flags], tests, sizeof(tests) / sizeof(*tests));
	run_tests("pattern", once, 1);
	return 0;
}
