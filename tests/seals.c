// SPDX-License-Identifier: GPL-2.0-only
/*
 * seals - what a seal detects, with many keys
 *
 * Every bit of the key changes the seal. Slack and owner are read as they were written. A tag that
 * differs in one byte, or in slack and owner alone, is detected; so is a valid header at another
 * place or in another heap.
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

/* The factor is odd, and depends on every bit of the key. */
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
	struct heap_block_info info;

	return heap_judge(&arena.heap, ptr, &info);
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

/* Each other slack and owner, with the same seal. */
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
	struct heap_block_info info;
	size_t size;
	void *ptr;
	u32 i;

	for (i = 0; i < KEYS; i++) {
		setup(random_key(i));
		size = 1 + next_random(400);
		ptr = heap_alloc(&arena.heap, size, i * 37);
		REQUIRE(heap_judge(&arena.heap, ptr, &info) == HEAP_OK);
		REQUIRE(info.asked == size && info.owner == (u8)(i * 37) && info.sealed);
		change_bytes(ptr);
		change_facts(ptr);
		teardown();
	}
}

/* Every slack and every owner. */
static void every_fact(void)
{
	struct heap_block_info info;
	u32 owner, size;
	void *ptr;

	setup(TEST_KEY);
	for (owner = 0; owner < 256; owner++) {
		for (size = 9; size <= 24; size++) {
			ptr = heap_alloc(&arena.heap, size, owner);
			REQUIRE(heap_free(&arena.heap, ptr, &info) == HEAP_OK);
			REQUIRE(info.owner == owner && info.asked == size);
		}
	}
	teardown();
}

/* The header of one block in front of another with the same size and owner. */
static void copies(void)
{
	struct heap_block *header[10], saved;
	u32 one, other;

	setup(TEST_KEY);
	for (one = 0; one < 10; one++)
		header[one] = (struct heap_block *)heap_alloc(&arena.heap, 50, 7) - 1;
	for (one = 0; one < 10; one++) {
		for (other = 0; other < 10; other++) {
			saved = *header[other];
			*header[other] = *header[one];
			REQUIRE(judge(header[other] + 1) ==
				(one == other ? HEAP_OK : HEAP_CORRUPT_HEADER));
			*header[other] = saved;
		}
	}
	teardown();
}

/* A header is invalid with any other key. */
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

/* A header with a state is valid for this state and size only, and no bit of it may change. */
static void check_state(u32 at, u32 granules, enum heap_state state)
{
	struct heap_block *header = block_at(&arena.heap, at);
	enum heap_state other;
	u32 bit;

	write_state(&arena.heap, at, granules, state);
	REQUIRE(header->granules == granules);
	REQUIRE(is_state_word(&arena.heap, at, header_word(header)));
	REQUIRE(!has_state(&arena.heap, at, granules + 1, state));
	REQUIRE(is_state_word(&arena.heap, at ^ 1, header_word(header)) == (state == HEAP_HOLE));
	for (other = HEAP_HOLE; other <= HEAP_QUARANTINED; other++)
		REQUIRE(has_state(&arena.heap, at, granules, other) == (state == other));
	for (bit = 0; bit < 64; bit++) {
		write_header(header, state_word(&arena.heap, at, granules, state) ^ 1ULL << bit);
		REQUIRE(!has_state(&arena.heap, at, granules, state));
	}
}

static void states(void)
{
	enum heap_state state;
	u32 at, granules;

	setup(TEST_KEY);
	for (state = HEAP_HOLE; state <= HEAP_QUARANTINED; state++) {
		for (at = 1; at < 100; at++) {
			for (granules = 1; granules < 50; granules++)
				check_state(at, granules, state);
		}
	}
	teardown();
}

int main(void)
{
	const struct test tests[] = {
		{ "every bit of the key changes the factor", factors },
		{ "a change of one byte is detected", changes },
		{ "slack and owner are read as written", every_fact },
		{ "a copy at another place is detected", copies },
		{ "a header of another heap is detected", other_heaps },
		{ "a header without a seal is valid for its state only", states },
	};

	run_tests("seals", tests, sizeof(tests) / sizeof(*tests));
	return 0;
}
