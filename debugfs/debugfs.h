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

/* The last column of a line. OWNER_OTHER has no call site. */
static inline void print_owner(struct seq_file *file, unsigned long caller)
{
	if (caller)
		seq_printf(file, "%pS\n", (void *)caller);
	else
		seq_puts(file, "other\n");
}

#endif
