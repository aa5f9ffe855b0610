// SPDX-License-Identifier: GPL-2.0-only
/*
 * holes - the fragmentation of a heap: a histogram of its holes by size
 */
#include <linux/bitops.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "heaps/compat.h"
#include "heaps/walk.h"
#include "debugfs.h"

#define HOLES_CLASSES	32		/* sizes in granules, by their highest bit */

/**
 * struct holes_histogram - holes counted by size
 * @granules: sum of all holes
 * @largest: granules of the largest hole
 * @classes: class n has the holes of 2^n to 2^(n+1) - 1 granules
 * @batch: the blocks read last
 */
struct holes_histogram {
	u64 granules;
	u32 largest;
	struct {
		u32 holes;
		u64 granules;
	} classes[HOLES_CLASSES];
	struct heap_block_info batch[HEAPS_BATCH];
};

static void count_hole(struct holes_histogram *histogram, u32 granules)
{
	u32 class = fls(granules) - 1;

	histogram->classes[class].holes++;
	histogram->classes[class].granules += granules;
	histogram->granules += granules;
	histogram->largest = max(histogram->largest, granules);
}

static void count_holes(struct holes_histogram *histogram, struct heapmod *heap)
{
	const struct heap_block_info *block;
	u32 seen, i;
	u32 at = 0;

	while ((seen = heapmod_walk_batch(heap, at, histogram->batch, HEAPS_BATCH))) {
		for (i = 0; i < seen; i++) {
			block = &histogram->batch[i];
			if (block->state == HEAP_HOLE)
				count_hole(histogram, block->granules);
			at = block->at + block->granules;
		}
		cond_resched();
	}
}

/* 1 - largest / free, in thousandths, rounded down. 0 if all free memory is one hole or none. */
static u32 fragmentation(const struct holes_histogram *histogram)
{
	if (!histogram->granules)
		return 0;
	return div64_u64((histogram->granules - histogram->largest) * 1000, histogram->granules);
}

/* All classes up to that of the largest hole; empty ones, too. */
static void print_classes(struct seq_file *file, const struct holes_histogram *histogram)
{
	u32 class;

	seq_printf(file, "%12s %12s %9s %12s\n", "from", "to", "holes", "bytes");
	for (class = 0; class < fls(histogram->largest); class++)
		seq_printf(file, "%12llu %12llu %9u %12llu\n", heap_bytes(1U << class),
			   2 * heap_bytes(1U << class) - 1, histogram->classes[class].holes,
			   histogram->classes[class].granules * HEAP_GRANULE);
}

int heapmod_holes_show(struct seq_file *file, void *unused)
{
	struct holes_histogram *histogram;
	u32 thousandths;

	histogram = kvzalloc(sizeof(*histogram), GFP_KERNEL);
	if (!histogram)
		return -ENOMEM;
	count_holes(histogram, file->private);
	thousandths = fragmentation(histogram);
	seq_puts(file, "version 2\n");
	seq_printf(file, "hole_bytes %llu\n", histogram->granules * HEAP_GRANULE);
	seq_printf(file, "largest_bytes %llu\n", heap_bytes(histogram->largest));
	seq_printf(file, "fragmentation %u.%03u\n", thousandths / 1000, thousandths % 1000);
	print_classes(file, histogram);
	kvfree(histogram);
	return 0;
}
