// SPDX-License-Identifier: GPL-2.0-only
/*
 * index - the index alone, compared with an array that has a mark for each granule
 *
 * The allocator calls the index in a few of the ways that its functions allow. Here blocks are
 * split off, coalesced and resplit at random, in any legal order. After each call every bit of the
 * map, every node, every summary, the top and the finger must agree with the marks.
 */
#include <string.h>

#include "core/index_ops.h"
#include "test.h"

#define MOST 9000

enum mark { INSIDE, USED, HOLE, END };

static struct heap_index indexed;
static u8 marks[MOST + 1];
static u32 end;
static u32 steps;

static u32 size_at(u32 at)
{
	u32 next = at + 1;

	while (marks[next] == INSIDE)
		next++;
	return next - at;
}

/* Every bit of the map; behind the sentinel the map is empty. */
static void verify_map(void)
{
	u32 at, holes = 0;

	for (at = 0; at < heap_index_chunks(&indexed) * HEAP_CHUNK; at++) {
		u8 mark = at <= end ? marks[at] : INSIDE;

		REQUIRE(heap_index_is_start(&indexed, at) == (mark != INSIDE));
		REQUIRE(heap_index_is_hole(&indexed, at) == (mark == HOLE));
		holes += mark == HOLE;
	}
	REQUIRE(indexed.holes == holes);
}

/* The next and the previous start of each block. */
static void verify_neighbours(void)
{
	u32 at, next;

	for (at = 0; at < end; at = next) {
		next = at + size_at(at);
		REQUIRE(heap_index_next(&indexed, at) == next);
		REQUIRE(heap_index_prev(&indexed, next) == at);
		REQUIRE(heap_index_next(&indexed, next - 1) == next);
		REQUIRE(heap_index_size(&indexed, at) == next - at);
	}
}

/* The largest hole that begins in a chunk, except the top. */
static u32 true_max(u32 chunk)
{
	u32 at, max = 0;

	for (at = chunk * HEAP_CHUNK; at < end && at / HEAP_CHUNK == chunk; at++) {
		u32 size = marks[at] == HOLE ? size_at(at) : 0;

		if (max < size && at + size != end)
			max = size;
	}
	return max;
}

static void verify_tree(void)
{
	u32 count = heap_index_chunks(&indexed), node, i;
	unsigned int level;

	for (node = 0; node < count; node++) {
		REQUIRE(indexed.max[0][node] == true_max(node));
		REQUIRE(heap_index_verify(&indexed, node));
	}
	for (level = 1; level < indexed.height; level++) {
		count = (count + HEAP_FANOUT - 1) / HEAP_FANOUT;
		for (node = 0; node < count; node++) {
			u32 max = 0;

			for (i = 0; i < HEAP_FANOUT; i++) {
				u32 child = indexed.max[level - 1][node * HEAP_FANOUT + i];

				max = max < child ? child : max;
			}
			REQUIRE(indexed.max[level][node] == max);
		}
	}
	for (node = HEAP_FANOUT; node < count; node++)
		REQUIRE(!indexed.max[level - 1][node]);
	REQUIRE(indexed.height == indexed.rows ? count <= HEAP_FANOUT :
						 indexed.reach == BIT_ULL(3 * indexed.height));
	REQUIRE(indexed.max[indexed.height][0] == HEAP_NONE);
}

/* A summary has a bit for each word below it that is not empty. */
static void verify_summaries(void)
{
	u32 count = heap_index_chunks(&indexed), word;
	unsigned int level;

	for (level = 0; level < indexed.levels; level++) {
		for (word = 0; word < count; word++) {
			u64 below = level ? indexed.summary[level - 1][word] :
				    indexed.chunks[word].start;

			REQUIRE((indexed.summary[level][word / 64] >> word % 64 & 1) == !!below);
		}
		count = (count + 63) / 64;
	}
	REQUIRE(count == 1);
}

static void verify_hints(void)
{
	u32 at, top = HEAP_NONE, giant = 0;

	for (at = 0; at < end; at += size_at(at)) {
		if (marks[at] != HOLE)
			continue;
		if (at + size_at(at) == end)
			top = at;
		else if (at == indexed.giant_at)
			giant = size_at(at);
		else
			REQUIRE(size_at(at) <= indexed.others);
		REQUIRE(at >= indexed.finger_at || size_at(at) < indexed.finger_size);
	}
	REQUIRE(indexed.top == top);
	REQUIRE(indexed.giant == giant && !giant == (indexed.giant_at == HEAP_NONE));
	REQUIRE(!giant || giant >= indexed.others);
}

static void verify(void)
{
	verify_map();
	verify_neighbours();
	verify_tree();
	verify_summaries();
	verify_hints();
}

/* First fit by a walk. */
static u32 first_fit(u32 want)
{
	u32 at;

	for (at = 0; at < end; at += size_at(at)) {
		if (marks[at] == HOLE && size_at(at) >= want)
			return at;
	}
	return HEAP_NONE;
}

/* The queries about holes that need no search. */
static void verify_queries(u32 want)
{
	u32 found = first_fit(want), at;

	REQUIRE((heap_index_largest(&indexed) >= want) == (found != HEAP_NONE));
	for (at = 0; at <= end; at++)
		REQUIRE(!heap_index_none_below(&indexed, at, want) || found >= at);
	if (want >= indexed.finger_size)
		REQUIRE(heap_index_none_below(&indexed, indexed.finger_at, want));
}

static void start_steps(void)
{
	heap_steps = 0;
}

static void count_steps(void)
{
	steps += heap_steps;
}

/* The finger moves to a new hole below it that is large enough, and to no other. */
static u32 expected_finger(u32 at, u32 granules)
{
	return granules >= indexed.finger_size && at < indexed.finger_at ? at : indexed.finger_at;
}

static void split(u32 want)
{
	u32 have = want, found = first_fit(want);
	u32 at;

	start_steps();
	at = heap_index_split(&indexed, want, &have);
	count_steps();
	REQUIRE(at == found);
	if (at == HEAP_NONE)
		return;
	REQUIRE(have == size_at(at));
	marks[at] = USED;
	if (have != want)
		marks[at + want] = HOLE;
	REQUIRE(indexed.finger_at == at + want && indexed.finger_size == want);
}

static void coalesce(u32 at)
{
	u32 right = at + size_at(at), behind = right, first = at, before = at, finger;

	if (marks[right] == HOLE)
		behind = right + size_at(right);
	if (at) {
		do {
			before--;
		} while (marks[before] == INSIDE);
	}
	if (marks[before] == HOLE)
		first = before;
	finger = expected_finger(first, behind - first);
	start_steps();
	heap_index_coalesce(&indexed, first, at, right, behind);
	count_steps();
	REQUIRE(indexed.finger_at == finger);
	if (first != at)
		marks[at] = INSIDE;
	if (behind != right)
		marks[right] = INSIDE;
	marks[first] = HOLE;
}

/* Resplit a block and the hole behind it, if there is one. */
static void resplit(u32 at)
{
	u32 from = size_at(at), have = from, to, finger;

	if (marks[at + from] == HOLE)
		have += size_at(at + from);
	if (have == 1)
		return;
	do {
		to = 1 + next_random(have);
	} while (to == from);
	finger = expected_finger(at + to, have - to);
	start_steps();
	heap_index_resplit(&indexed, at, have, from, to);
	count_steps();
	REQUIRE(indexed.finger_at == finger);
	if (from != have)
		marks[at + from] = INSIDE;
	if (to != have)
		marks[at + to] = HOLE;
}

/* The first used block at or behind @at, or HEAP_NONE. */
static u32 used_from(u32 at)
{
	while (at < end && marks[at] != USED)
		at++;
	return at < end ? at : HEAP_NONE;
}

/*
 * The calls are the same in every run, and must not take more than @most steps in all: this finds
 * a detour that changes no result.
 */
static void storm(u32 granules, u32 largest, u32 rounds, u32 most)
{
	void *memory = calloc(1, heap_index_bytes(granules));
	u32 round, at;

	steps = 0;
	end = granules;
	memset(marks, INSIDE, sizeof(marks));
	marks[0] = HOLE;
	marks[end] = END;
	heap_index_init(&indexed, memory, granules);
	verify();
	for (round = 0; round < rounds; round++) {
		at = used_from(next_random(granules));
		if (at == HEAP_NONE || next_random(20) < 9)
			split(1 + next_random(1 + next_random(largest)));
		else if (next_random(4))
			coalesce(at);
		else
			resplit(at);
		verify();
		verify_queries(1 + next_random(largest));
	}
	while ((at = used_from(0)) != HEAP_NONE)
		coalesce(at);
	verify();
	REQUIRE(indexed.holes == 1 && indexed.top == 0);
	REQUIRE(steps <= most);
	printf("ok - index: %u calls on %u granules, blocks of up to %u: %u steps\n", rounds,
	       granules, largest, steps);
	free(memory);
}

static void free_isolated(u32 at, u32 granules)
{
	heap_index_coalesce(&indexed, at, at, at + granules, at + granules);
}

/* Searches are counted by their steps: the nodes and the holes that they read. */
static void count_searches(void)
{
	static const u32 sizes[] = { 1, 1, 1, 1, 3, 1, 3, 1 };
	const u32 count = sizeof(sizes) / sizeof(*sizes);
	static u64 zeroed[64];
	u32 have, i, at = 0;

	REQUIRE(heap_index_bytes(60) <= sizeof(zeroed));
	heap_index_init(&indexed, zeroed, 60);
	for (i = 0; i < count; at += sizes[i++])	/* from the top, one step each */
		REQUIRE(heap_index_split(&indexed, sizes[i], &have) == at);
	REQUIRE(indexed.searches[0] == count);
	free_isolated(0, 1);
	free_isolated(2, 1);
	free_isolated(4, 3);
	free_isolated(8, 3);
	REQUIRE(heap_index_split(&indexed, 3, &have) == 4);
	REQUIRE(indexed.searches[2] == 1 && !indexed.searches[1]);
	REQUIRE(heap_index_split(&indexed, 1, &have) == 0);
	REQUIRE(indexed.searches[1] == 1);
	/* Two holes, and then from the giant and the top, one step each. */
	for (i = 0; i < 60; i++)
		heap_index_split(&indexed, 1, &have);
	REQUIRE(indexed.searches[0] == count + 58 && indexed.searches[1] == 3);
	REQUIRE(!indexed.searches[3] && !indexed.searches[4] && !indexed.searches[5]);
	printf("ok - index: searches are counted by their steps\n");
}

/* The tree has one row until a hole lies above what that covers; then as many as are needed. */
static void grow(void)
{
	void *memory = calloc(1, heap_index_bytes(MOST));
	u32 have;

	heap_index_init(&indexed, memory, MOST);
	REQUIRE(indexed.height == 1 && indexed.rows == 3 && heap_index_verify(&indexed, 0));
	indexed.max[1][0]--;
	REQUIRE(!heap_index_verify(&indexed, 0));
	indexed.max[1][0]++;
	REQUIRE(heap_index_split(&indexed, 8500, &have) == 0);
	REQUIRE(heap_index_split(&indexed, 1, &have) == 8500);
	REQUIRE(heap_index_split(&indexed, 1, &have) == 8501);
	REQUIRE(indexed.height == 1);
	free_isolated(8500, 1);
	REQUIRE(indexed.height == 3 && heap_index_verify(&indexed, 0));
	REQUIRE(heap_index_split(&indexed, 1, &have) == 8500 && have == 1);
	printf("ok - index: the tree grows to the highest hole\n");
	free(memory);
}

/* A chunk full of small holes, and one that fits between them: each hole is read once. */
static void checkerboard(void)
{
	static u64 zeroed[128];
	u32 have, i, first, fits;

	for (fits = 1; fits < 61; fits += 2) {
		memset(zeroed, 0, sizeof(zeroed));
		heap_index_init(&indexed, zeroed, 640);
		for (i = 0; i < 640; i++)
			heap_index_split(&indexed, 1, &have);
		for (i = 0; i < 640; i += 2)
			free_isolated(i, 1);
		first = fits - 1;
		heap_index_coalesce(&indexed, first, fits, fits + 1, fits + 2);
		start_steps();
		REQUIRE(heap_index_split(&indexed, 2 + fits % 4 / 2, &have) == first && have == 3);
		REQUIRE(heap_steps <= heap_index_bound(&indexed));
	}
	printf("ok - index: a search reads each hole of a chunk once\n");
}

int main(void)
{
	grow();
	checkerboard();
	count_searches();
	storm(1, 2, 100, 48);
	storm(63, 8, 5000, 11787);
	storm(64, 8, 5000, 11563);
	storm(65, 20, 5000, 11727);
	storm(600, 40, 3000, 11415);
	storm(600, 3, 3000, 9851);
	storm(MOST, 300, 800, 5799);
	storm(MOST, 3000, 800, 4750);
	return 0;
}
