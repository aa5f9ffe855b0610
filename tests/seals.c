// SPDX-License-Identifier: GPL-2.0-only
/*
 * seals - what a seal promises, under many keys
 *
 * Every bit of the key counts. Slack and owner come back from a header as they were written; every
 * other tag that differs in one byte, or in slack and owner alone, is found; and so is a good
 * header at another place, in another heap, or of a block that was freed.
 */
#include <string.h>

#include "core/block.h"
#include "test.h"

#define GRANULES	500
#define KEYS		40

static struct arena arena;

static u64 random_key(u32 number)
{
	static const u64 keys[] = { TEST_KEY, 0, ~0ULL, 1, 1ULL << 63, 1ULL << 32 };

	if (number < sizeof(keys) / sizeof(*keys))
		return keys[number];
	return (u64)next_random(U32_MAX) << 32 | next_random(U32_MAX);
}

static void setup(u64 key)
{
	arena_init(&arena, GRANULES);
	memset(arena.index, 0, heap_index_bytes(GRANULES));
	heap_init(&arena.heap, arena.region, GRANULES, arena.index, 0, key);
}

static void teardown(void)
{
	REQUIRE(arena_check(&arena) == HEAP_OK);
	arena_destroy(&arena);
}

static u64 factor_of(u64 key)
{
	u64 factor;

	setup(key);
	factor = arena.heap.factor;
	REQUIRE(factor & 1);
	REQUIRE(arena.heap.key == key);
	REQUIRE(arena.heap.mask == (key & 0xffffffff00000000));
	teardown();
	return factor;
}

/* The factor is odd, and no bit of the key is lost on the way to it. */
static void factors(void)
{
	u32 i, bit;

	for (i = 0; i < KEYS; i++) {
		u64 key = random_key(i), factor = factor_of(key);

		for (bit = 0; bit < 64; bit++)
			REQUIRE(factor_of(key ^ 1ULL << bit) != factor);
	}
}

static enum heap_verdict judge(const void *ptr)
{
	struct heap_block_info view;

	return heap_judge(&arena.heap, ptr, &view);
}

/* Each other value of each byte of a header. */
static void change_bytes(void *ptr)
{
	u8 *header = (u8 *)ptr - sizeof(struct heap_block);
	u32 i, value;

	for (i = 0; i < sizeof(struct heap_block); i++) {
		for (value = 1; value < 256; value++) {
			header[i] ^= value;
			REQUIRE(judge(ptr) == HEAP_CORRUPT_HEADER);
			header[i] ^= value;
		}
	}
	REQUIRE(judge(ptr) == HEAP_OK);
}

/* Each other slack and owner, with the seal as it was. */
static void change_facts(void *ptr)
{
	struct heap_block *header = (struct heap_block *)ptr - 1;
	u32 value;

	for (value = 1; value < 1 << 12; value++) {
		header->tag ^= value;
		REQUIRE(judge(ptr) == HEAP_CORRUPT_HEADER);
		header->tag ^= value;
	}
}

static void changes(void)
{
	struct heap_block_info view;
	size_t size;
	void *ptr;
	u32 i;

	for (i = 0; i < KEYS; i++) {
		setup(random_key(i));
		size = 1 + next_random(400);
		ptr = heap_alloc(&arena.heap, size, i * 37);
		REQUIRE(heap_judge(&arena.heap, ptr, &view) == HEAP_OK);
		REQUIRE(view.asked == size && view.owner == (u8)(i * 37) && view.sealed);
		change_bytes(ptr);
		change_facts(ptr);
		teardown();
	}
}

/* Every slack and every owner come back. */
static void every_fact(void)
{
	struct heap_block_info view;
	u32 owner, size;
	void *ptr;

	setup(TEST_KEY);
	for (owner = 0; owner < 256; owner++) {
		for (size = 9; size <= 24; size++) {
			ptr = heap_alloc(&arena.heap, size, owner);
			REQUIRE(heap_free(&arena.heap, ptr, &view) == HEAP_OK);
			REQUIRE(view.owner == owner && view.asked == size);
		}
	}
	teardown();
}

/* The header of one block in front of another, which was asked for by the same, as much. */
static void copies(void)
{
	struct heap_block *header[10], kept;
	u32 one, other;

	setup(TEST_KEY);
	for (one = 0; one < 10; one++)
		header[one] = (struct heap_block *)heap_alloc(&arena.heap, 50, 7) - 1;
	for (one = 0; one < 10; one++) {
		for (other = 0; other < 10; other++) {
			kept = *header[other];
			*header[other] = *header[one];
			REQUIRE(judge(header[other] + 1) ==
				(one == other ? HEAP_OK : HEAP_CORRUPT_HEADER));
			*header[other] = kept;
		}
	}
	teardown();
}

/* A good header under any other key is a bad one. */
static void other_heaps(void)
{
	struct heap_block *header;
	u64 key;
	u32 bit;

	setup(TEST_KEY);
	header = (struct heap_block *)heap_alloc(&arena.heap, 50, 7) - 1;
	for (bit = 0; bit < 64; bit++) {
		key = 1ULL << bit;
		arena.heap.key ^= key;
		REQUIRE(judge(header + 1) == HEAP_CORRUPT_HEADER);
		arena.heap.key ^= key;
	}
	REQUIRE(judge(header + 1) == HEAP_OK);
	teardown();
}

/* A mark passes for none of another state or size, and no other word for it. */
static void mark(u32 at, u32 granules, enum heap_state state)
{
	struct heap_block *header = block_at(&arena.heap, at);
	enum heap_state other;
	u32 bit;

	write_state(&arena.heap, at, granules, state);
	REQUIRE(header->granules == granules);
	REQUIRE(is_state_word(&arena.heap, header_word(header)));
	REQUIRE(!has_state(&arena.heap, at, granules + 1, state));
	for (other = HEAP_HOLE; other <= HEAP_QUARANTINED; other++)
		REQUIRE(has_state(&arena.heap, at, granules, other) == (state == other));
	for (bit = 0; bit < 64; bit++) {
		write_header(header, state_word(&arena.heap, granules, state) ^ 1ULL << bit);
		REQUIRE(!has_state(&arena.heap, at, granules, state));
	}
}

static void marks(void)
{
	enum heap_state state;
	u32 at, granules;

	setup(TEST_KEY);
	for (state = HEAP_HOLE; state <= HEAP_QUARANTINED; state++) {
		for (at = 1; at < 100; at++) {
			for (granules = 1; granules < 50; granules++)
				mark(at, granules, state);
		}
	}
	teardown();
}

int main(void)
{
	const struct test tests[] = {
		{ "every bit of the key", factors }, { "a byte, or the facts", changes },
		{ "slack and owner", every_fact }, { "copies", copies },
		{ "other heaps", other_heaps }, { "marks", marks },
	};

	run_tests("seals", tests, sizeof(tests) / sizeof(*tests));
	return 0;
}
