// SPDX-License-Identifier: GPL-2.0-only
/*
 * workloads - what the contestants are put through
 *
 * Each finds a heap of contest.count live blocks, at a steady state.
 */
#include <linux/kernel.h>

#include "contest.h"

static struct live *random_live(void)
{
	return &contest.live[contest_random(contest.count)];
}

/* A random block goes, another of a random size comes. */
static void mixed(void)
{
	u32 i;

	for (i = 0; i < contest.rounds; i++) {
		struct live *live = random_live();

		contest_free(live);
		contest_alloc(live, contest_size());
	}
}

static void rotating(void)
{
	static const u32 sizes[] = { 64, 200, 1000 };
	struct live one;
	u32 i;

	for (i = 0; i < contest.rounds; i++) {
		contest_alloc(&one, sizes[i % ARRAY_SIZE(sizes)]);
		contest_free(&one);
	}
}

/* The oldest block goes. */
static void fifo(void)
{
	u32 i;

	for (i = 0; i < contest.rounds; i++) {
		struct live *live = &contest.live[i % contest.count];

		contest_free(live);
		contest_alloc(live, contest_size());
	}
}

/*
 * All blocks of one size. Every second goes; requests come that fit no hole between the others; and
 * when the others go, each merges with the holes at both sides.
 */
static void checkerboard(void)
{
	u32 blocks = min(contest.rounds, contest.count) & ~1U;
	u32 i;

	for (i = 0; i < blocks; i += 2)
		contest_free(&contest.live[i]);
	for (i = 0; i < blocks; i += 2)
		contest_alloc(&contest.live[i], 2 * contest.workload->largest);
	for (i = 1; i < blocks; i += 2) {
		contest_free(&contest.live[i]);
		contest.live[i].ptr = NULL;
	}
}

/* Every second block goes, so that no hole but the top is large enough for what then comes. */
static void make_checkerboard(void)
{
	u32 i;

	for (i = 0; i < contest.count; i += 2) {
		contest.contestant->free(contest.live[i].ptr, contest.live[i].size);
		contest.live[i].ptr = NULL;
	}
}

static void come_and_go(u32 size)
{
	struct live one;
	u32 i;

	for (i = 0; i < contest.rounds; i++) {
		contest_alloc(&one, size);
		contest_free(&one);
	}
}

static void hot(void)
{
	come_and_go(64);
}

static void miss(void)
{
	come_and_go(4096);
}

static void near_miss(void)
{
	come_and_go(contest.workload->largest + 16);
}

const struct workload workloads[] = {
	{ "mixed", 16, 4096, mixed },
	{ "hot", 16, 4096, hot },
	{ "rotating", 16, 4096, rotating },
	{ "small", 16, 256, mixed },
	{ "fifo", 16, 4096, fifo },
	{ "checkerboard", 56, 56, checkerboard },
	{ "miss", 56, 56, miss, make_checkerboard },
	{ "near miss", 56, 56, near_miss, make_checkerboard },
};

const unsigned int workloads_count = ARRAY_SIZE(workloads);
