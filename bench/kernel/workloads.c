// SPDX-License-Identifier: GPL-2.0-only
/*
 * workloads - the operations that are measured
 *
 * Each starts on a heap of rig.count live blocks, at a steady state.
 */
#include <linux/kernel.h>

#include "rig.h"

static struct live *random_live(void)
{
	return &rig.live[rig_random(rig.count)];
}

/* Replace a random block by one of a random size. */
static void mixed(void)
{
	u32 i;

	for (i = 0; i < rig.rounds; i++) {
		struct live *live = random_live();

		rig_free(live);
		rig_alloc(live, rig_size());
	}
}

/* Allocate and free one more block, of three sizes in turn. */
static void rotating(void)
{
	static const u32 sizes[] = { 64, 200, 1000 };
	struct live one;
	u32 i;

	for (i = 0; i < rig.rounds; i++) {
		rig_alloc(&one, sizes[i % ARRAY_SIZE(sizes)]);
		rig_free(&one);
	}
}

/* Replace the oldest block. */
static void fifo(void)
{
	u32 i;

	for (i = 0; i < rig.rounds; i++) {
		struct live *live = &rig.live[i % rig.count];

		rig_free(live);
		rig_alloc(live, rig_size());
	}
}

/*
 * All blocks have one size. Free every second one, allocate larger ones, which fit none of the
 * holes, then free the others, each of which coalesces with the holes on both sides.
 */
static void checkerboard(void)
{
	u32 blocks = min(rig.rounds, rig.count) & ~1U;
	u32 i;

	for (i = 0; i < blocks; i += 2)
		rig_free(&rig.live[i]);
	for (i = 0; i < blocks; i += 2)
		rig_alloc(&rig.live[i], 2 * rig.workload->largest);
	for (i = 1; i < blocks; i += 2) {
		rig_free(&rig.live[i]);
		rig.live[i].ptr = NULL;
	}
}

/* Free every second block: only the top is large enough for the requests that follow. */
static void make_checkerboard(void)
{
	u32 i;

	for (i = 0; i < rig.count; i += 2) {
		rig.allocator->free(rig.live[i].ptr, rig.live[i].size);
		rig.live[i].ptr = NULL;
	}
}

/* Allocate and free one more block. */
static void alloc_and_free(u32 size)
{
	struct live one;
	u32 i;

	for (i = 0; i < rig.rounds; i++) {
		rig_alloc(&one, size);
		rig_free(&one);
	}
}

static void hot(void)
{
	alloc_and_free(64);
}

/* Sixteen blocks at a time. */
static void batches(void)
{
	u32 i;

	for (i = 0; i < rig.rounds; i++)
		rig_batch(64);
}

static void miss(void)
{
	alloc_and_free(4096);
}

static void near_miss(void)
{
	alloc_and_free(rig.workload->largest + 16);
}

/*
 * A chunk of the index may have 32 holes of one granule. Free a block between two of them, and
 * allocate one that fits only there.
 */
static void tiny(void)
{
	u32 i, k;

	for (i = 0; i < rig.rounds; i++) {
		k = rig_random(rig.count / 2) * 2 + 1;
		rig_free(&rig.live[k]);
		rig_alloc(&rig.live[k], i % 2 ? 24 : 40);
	}
}

const struct workload workloads[] = {
	{ "mixed", 16, 4096, mixed },
	{ "hot", 16, 4096, hot },
	{ "rotating", 16, 4096, rotating },
	{ "batches of 16", 16, 4096, batches },
	{ "small", 16, 256, mixed },
	{ "fifo", 16, 4096, fifo },
	{ "checkerboard", 56, 56, checkerboard },
	{ "miss", 56, 56, miss, make_checkerboard },
	{ "near miss", 56, 56, near_miss, make_checkerboard },
	{ "tiny", 8, 8, tiny, make_checkerboard },
};

const unsigned int workloads_count = ARRAY_SIZE(workloads);
