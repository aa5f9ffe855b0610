/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * debugfs - the files in /sys/kernel/debug/heapmod
 *
 * All of them are read-only, and the module works without debugfs. A file reads a heap in batches:
 * it copies some blocks with the lock held, drops the lock, and prints them.
 *
 * docs/debugfs.md is the format. A change that a parser notices needs a new version there.
 */
#ifndef HEAPMOD_DEBUGFS_H
#define HEAPMOD_DEBUGFS_H

#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "heaps/sites.h"

struct heap_holes;
struct heap_owner;
struct heapmod;
struct heapmod_stats;

void heapmod_debugfs_init(void);
void heapmod_debugfs_exit(void);

int heapmod_heaps_show(struct seq_file *file, void *unused);
int heapmod_stats_show(struct seq_file *file, void *unused);
int heapmod_map_show(struct seq_file *file, void *unused);
int heapmod_owners_show(struct seq_file *file, void *unused);
int heapmod_holes_show(struct seq_file *file, void *unused);
int heapmod_cpus_show(struct seq_file *file, void *unused);
int heapmod_snapshot_show(struct seq_file *file, void *unused);
extern const struct file_operations heapmod_blocks_fops, heapmod_check_fops;

/* The contents of a file, for the file snapshot. print_owners() sorts @owners. */
void print_stats(struct seq_file *file, const struct heapmod *heap,
		 const struct heapmod_stats *stats);
void print_owners(struct seq_file *file, struct heap_owner *owners, u32 count);
void print_holes(struct seq_file *file, const struct heap_holes *holes);

/* The last column of a line. */
static inline void print_owner(struct seq_file *file, unsigned long caller)
{
	char site[SITE_TEXT];

	seq_printf(file, "%s\n", heapmod_site_name(caller, site));
}

#endif
