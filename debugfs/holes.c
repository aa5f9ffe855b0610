// SPDX-License-Identifier: GPL-2.0-only
/*
 * holes - how the free memory of a heap is split: its fragmentation, and holes by their size
 */
#include <linux/bitops.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "heaps/compat.h"
#include "heaps/walk.h"
#include "debugfs.h"

#define HOLES_CLASSES	32		/* of sizes in granules, by their highest bit */

/**
 * struct holes_picture - holes counted by size
 * @granules: in all holes
 * @largest: granules of the largest
 * @classes: holes of 2^n granules or more, and less than twice that
 * @batch: the blocks that were read last
 */
struct holes_picture {
	u64 granules;
	u32 largest;
	struct {
		u32 holes;
		u64 granules;
	} classes[HOLES_CLASSES];
	struct heap_block_info batch[HEAPS_BATCH];
};

static void count_hole(struct holes_picture *picture, u32 granules)
{
	u32 class = fls(granules) - 1;

	picture->classes[class].holes++;
	picture->classes[class].granules += granules;
	picture->granules += granules;
	picture->largest = max(picture->largest, granules);
}

static void count_holes(struct holes_picture *picture, struct heapmod *heap)
{
	const struct heap_block_info *block;
	u32 seen, i;
	u32 at = 0;

	while ((seen = heapmod_walk_batch(heap, at, picture->batch, HEAPS_BATCH))) {
		for (i = 0; i < seen; i++) {
			block = &picture->batch[i];
			if (block->state == HEAP_HOLE)
				count_hole(picture, block->granules);
			at = block->at + block->granules;
		}
		cond_resched();
	}
}

/* 1 - largest / free in thousandths, rounded down: 0 for one hole, and for none. */
static u32 fragmentation(const struct holes_picture *picture)
{
	if (!picture->granules)
		return 0;
	return div64_u64((picture->granules - picture->largest) * 1000, picture->granules);
}

/* Up to the largest hole's class, those without holes, too. */
static void print_classes(struct seq_file *file, const struct holes_picture *picture)
{
	u32 class;

	seq_puts(file, "from to holes bytes\n");
	for (class = 0; class < fls(picture->largest); class++)
		seq_printf(file, "%llu %llu %u %llu\n", heap_bytes(1U << class),
			   2 * heap_bytes(1U << class) - 1, picture->classes[class].holes,
			   picture->classes[class].granules * HEAP_GRANULE);
}

int heapmod_holes_show(struct seq_file *file, void *unused)
{
	struct holes_picture *picture;
	u32 thousandths;

	picture = kvzalloc(sizeof(*picture), GFP_KERNEL);
	if (!picture)
		return -ENOMEM;
	count_holes(picture, file->private);
	thousandths = fragmentation(picture);
	seq_puts(file, "version 1\n");
	seq_printf(file, "hole_bytes %llu\n", picture->granules * HEAP_GRANULE);
	seq_printf(file, "largest_bytes %llu\n", heap_bytes(picture->largest));
	seq_printf(file, "fragmentation %u.%03u\n", thousandths / 1000, thousandths % 1000);
	print_classes(file, picture);
	kvfree(picture);
	return 0;
}
