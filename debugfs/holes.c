// SPDX-License-Identifier: GPL-2.0-only
/*
 * holes - the fragmentation of a heap: a histogram of its holes by size
 */
#include <linux/bitops.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "heaps/compat.h"
#include "heaps/walk.h"
#include "debugfs.h"

/* 1 - largest / free, in thousandths, rounded down. 0 if all free memory is one hole or none. */
static u32 fragmentation(const struct heap_holes *holes)
{
	if (!holes->granules)
		return 0;
	return div64_u64((holes->granules - holes->largest) * 1000, holes->granules);
}

/* All classes up to that of the largest hole; empty ones, too. */
static void print_classes(struct seq_file *file, const struct heap_holes *holes)
{
	u32 class;

	seq_printf(file, "%12s %12s %9s %12s\n", "from", "to", "holes", "bytes");
	for (class = 0; class < fls(holes->largest); class++)
		seq_printf(file, "%12llu %12llu %9u %12llu\n", heap_bytes(1U << class),
			   2 * heap_bytes(1U << class) - 1, holes->classes[class].holes,
			   holes->classes[class].granules * HEAP_GRANULE);
}

void print_holes(struct seq_file *file, const struct heap_holes *holes)
{
	u32 thousandths = fragmentation(holes);

	seq_puts(file, "version 2\n");
	seq_printf(file, "hole_bytes %llu\n", holes->granules * HEAP_GRANULE);
	seq_printf(file, "largest_bytes %llu\n", heap_bytes(holes->largest));
	seq_printf(file, "fragmentation %u.%03u\n", thousandths / 1000, thousandths % 1000);
	print_classes(file, holes);
}

int heapmod_holes_show(struct seq_file *file, void *unused)
{
	struct heap_holes *holes = kzalloc(sizeof(*holes), GFP_KERNEL);

	if (!holes)
		return -ENOMEM;
	while (!heapmod_count_holes(file->private, holes))
		cond_resched();
	print_holes(file, holes);
	kfree(holes);
	return 0;
}
