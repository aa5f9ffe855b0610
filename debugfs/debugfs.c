// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs - one directory for each heap, and the files in it
 */
#include <linux/err.h>
#include <linux/module.h>

#include "heaps/registry.h"
#include "debugfs.h"

static struct dentry *root;

DEFINE_SHOW_ATTRIBUTE(heapmod_heaps);
DEFINE_SHOW_ATTRIBUTE(heapmod_stats);
DEFINE_SHOW_ATTRIBUTE(heapmod_map);
DEFINE_SHOW_ATTRIBUTE(heapmod_owners);
DEFINE_SHOW_ATTRIBUTE(heapmod_holes);
DEFINE_SHOW_ATTRIBUTE(heapmod_cpus);
DEFINE_SHOW_ATTRIBUTE(heapmod_snapshot);

static void add_heap(struct heapmod *heap)
{
	heap->dir = debugfs_create_dir(heap->name, root);
	debugfs_create_file("stats", 0400, heap->dir, heap, &heapmod_stats_fops);
	debugfs_create_file("blocks", 0400, heap->dir, heap, &heapmod_blocks_fops);
	debugfs_create_file("map", 0400, heap->dir, heap, &heapmod_map_fops);
	debugfs_create_file("check", 0400, heap->dir, heap, &heapmod_check_fops);
	debugfs_create_file("owners", 0400, heap->dir, heap, &heapmod_owners_fops);
	debugfs_create_file("holes", 0400, heap->dir, heap, &heapmod_holes_fops);
	if (heap->flags & HEAPMOD_PERCPU)
		debugfs_create_file("cpus", 0400, heap->dir, heap, &heapmod_cpus_fops);
	debugfs_create_file("snapshot", 0400, heap->dir, heap, &heapmod_snapshot_fops);
}

/* Waits for readers inside one of the files. A later read of an open file fails. */
static void remove_heap(struct heapmod *heap)
{
	debugfs_remove(heap->dir);
}

static const struct heaps_observer observer = { .add = add_heap, .remove = remove_heap };

void heapmod_debugfs_init(void)
{
	/* An error as from debugfs itself, if that is off: then nothing is created in it. */
	root = IS_ENABLED(CONFIG_HEAPMOD_DEBUGFS) ? debugfs_create_dir("heapmod", NULL) :
						    ERR_PTR(-ENODEV);
	debugfs_create_file("heaps", 0400, root, NULL, &heapmod_heaps_fops);
	heapmod_set_observer(&observer);
}

void heapmod_debugfs_exit(void)
{
	debugfs_remove(root);
}
