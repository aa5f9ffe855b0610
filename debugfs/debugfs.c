// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs - the folders and which files are in them
 */
#include <linux/module.h>

#include "../heaps.h"
#include "debugfs.h"

static struct dentry *root;

DEFINE_SHOW_ATTRIBUTE(heapmod_heaps);
DEFINE_SHOW_ATTRIBUTE(heapmod_stats);
DEFINE_SHOW_ATTRIBUTE(heapmod_map);
DEFINE_SHOW_ATTRIBUTE(heapmod_check);
DEFINE_SHOW_ATTRIBUTE(heapmod_owners);
DEFINE_SHOW_ATTRIBUTE(heapmod_holes);

void heapmod_debugfs_init(void)
{
	root = debugfs_create_dir("heapmod", NULL);
	debugfs_create_file("heaps", 0400, root, NULL, &heapmod_heaps_fops);
}

void heapmod_debugfs_exit(void)
{
	debugfs_remove(root);
}

void heapmod_debugfs_add(struct heapmod *heap)
{
	heap->dir = debugfs_create_dir(heap->name, root);
	debugfs_create_file("stats", 0400, heap->dir, heap, &heapmod_stats_fops);
	debugfs_create_file("blocks", 0400, heap->dir, heap, &heapmod_blocks_fops);
	debugfs_create_file("map", 0400, heap->dir, heap, &heapmod_map_fops);
	debugfs_create_file("check", 0400, heap->dir, heap, &heapmod_check_fops);
	debugfs_create_file("owners", 0400, heap->dir, heap, &heapmod_owners_fops);
	debugfs_create_file("holes", 0400, heap->dir, heap, &heapmod_holes_fops);
}

/* Waits for the readers that are in one of the files; later ones get an error. */
void heapmod_debugfs_remove(struct heapmod *heap)
{
	debugfs_remove(heap->dir);
}
