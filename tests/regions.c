// SPDX-License-Identifier: GPL-2.0-only
/*
 * regions - which region contains an address, compared with a search of all regions
 *
 * A heap is only a name here: its address is one in `heaps`, which is never read as a heap.
 */
#include "core/regions.h"
#include "test.h"

#define MOST 1000
#define SPAN 16384			/* addresses */

static struct heap_region arrays[2][MOST], *regions = arrays[0];
static struct heap_region plain[MOST];	/* in the order in which they were added */
static char heaps[MOST];
static int count, added;

static struct heapmod *name(int i)
{
	return (struct heapmod *)&heaps[i];
}

static void add(uintptr_t start, uintptr_t end)
{
	struct heap_region *to = regions == arrays[0] ? arrays[1] : arrays[0];

	plain[added] = (struct heap_region){ .start = start, .end = end, .heap = name(added) };
	count = heap_regions_add(to, regions, count, plain[added++]);
	regions = to;
}

static void clear(void)
{
	count = 0;
	added = 0;
}

/* The smallest region around @address. */
static struct heapmod *oracle(uintptr_t address)
{
	const struct heap_region *best = NULL;
	int i;

	for (i = 0; i < added; i++) {
		if (!plain[i].heap || address < plain[i].start || address >= plain[i].end)
			continue;
		if (!best || plain[i].end - plain[i].start < best->end - best->start)
			best = &plain[i];
	}
	return best ? best->heap : NULL;
}

static void compare(uintptr_t address)
{
	REQUIRE(heap_regions_find(regions, count, address) == oracle(address));
}

static void compare_all(uintptr_t below)
{
	uintptr_t address;

	for (address = 0; address < below; address++)
		compare(address);
}

/* Both ends are outside every region, or in the same one. */
static int fits(uintptr_t start, uintptr_t end)
{
	int i;

	for (i = 0; i < added; i++) {
		if (!plain[i].heap || plain[i].end <= start || plain[i].start >= end)
			continue;
		if (plain[i].start < start && plain[i].end >= end)
			continue;
		return 0;
	}
	return 1;
}

static void remove_one(int i)
{
	if (plain[i].heap)
		heap_regions_remove(regions, count, plain[i].heap);
	plain[i].heap = NULL;
}

/* Disjoint and nested regions come and go, an outer one before those inside it, too. */
static void come_and_go(void)
{
	int round, i;

	for (round = 0; round < 20; round++) {
		clear();
		for (i = 0; i < 2000 && added < MOST; i++) {
			uintptr_t start = next_random(SPAN);
			uintptr_t end = start + 2 + next_random(i % 3 ? 40 : 4000);

			if (fits(start, end))
				add(start, end);
			else if (added && !next_random(4))
				remove_one(next_random(added));
		}
		compare_all(SPAN + 4100);
	}
}

static void ends(void)
{
	clear();
	REQUIRE(!heap_regions_find(regions, count, 5));
	add(UINTPTR_MAX - 16, UINTPTR_MAX);
	add(16, 48);
	compare_all(60);
	compare(UINTPTR_MAX);
	compare(UINTPTR_MAX - 1);
	compare(UINTPTR_MAX - 16);
	compare(UINTPTR_MAX - 17);
	remove_one(0);
	remove_one(1);
	compare_all(60);
	add(20, 30);
	REQUIRE(count == 1);
	compare_all(60);
}

static unsigned int most_steps(int heaps)
{
	unsigned int most = 0;
	uintptr_t address;

	clear();
	while (added < heaps)
		add(32 * (added * 7 % heaps + 1), 32 * (added * 7 % heaps + 1) + 31);
	for (address = 0; address < 32 * (uintptr_t)heaps + 64; address++) {
		heap_steps = 0;
		compare(address);
		if (most < heap_steps)
			most = heap_steps;
	}
	return most;
}

/* A step for each doubling, and one for the region. */
static void steps(void)
{
	REQUIRE(most_steps(1) == 2);
	REQUIRE(most_steps(10) == 5);
	REQUIRE(most_steps(1000) == 11);
}

/* One step more for each region around. */
static void nested_steps(void)
{
	uintptr_t i;

	clear();
	for (i = 0; i < 15; i++)
		add(i, 100 - i);
	compare_all(110);
	heap_steps = 0;
	compare(99);
	REQUIRE(heap_steps == 4 + 15);
}

int main(void)
{
	static const struct test tests[] = {
		{ "disjoint and nested regions come and go", come_and_go },
		{ "the ends of the address space, and an empty array", ends },
		{ "1,000 regions take 11 steps, 10 take 5", steps },
		{ "each region around an address takes a step", nested_steps },
	};

	run_tests("regions", tests, sizeof(tests) / sizeof(*tests));
	return 0;
}
