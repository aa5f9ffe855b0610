/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * debugfs - /sys/kernel/debug/heapmod: what the heaps show
 *
 * All of it is for looking; the module works as well where debugfs is absent or locked down.
 * A file reads a heap in batches: some blocks under the lock, then the printing outside it.
 */
#ifndef HEAPMOD_DEBUGFS_H
#define HEAPMOD_DEBUGFS_H

#include <linux/debugfs.h>
#include <linux/seq_file.h>

struct heapmod;

void heapmod_debugfs_init(void);
void heapmod_debugfs_exit(void);

int heapmod_heaps_show(struct seq_file *file, void *unused);
int heapmod_stats_show(struct seq_file *file, void *unused);
int heapmod_map_show(struct seq_file *file, void *unused);
int heapmod_check_show(struct seq_file *file, void *unused);
int heapmod_owners_show(struct seq_file *file, void *unused);
int heapmod_holes_show(struct seq_file *file, void *unused);
extern const struct file_operations heapmod_blocks_fops;

#endif
