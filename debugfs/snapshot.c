// SPDX-License-Identifier: GPL-2.0-only
/*
 * snapshot - stats, owners and holes of one moment; also for a client's own file
 */
#include <linux/export.h>
#include <linux/seq_file.h>

#include "heaps/compat.h"
#include "heaps/snapshot.h"
#include "debugfs.h"

int heapmod_show(struct seq_file *file, struct heapmod *heap)
{
	struct heapmod_snapshot *snapshot;

	if (!heapmod_is_valid(heap))
		return -EINVAL;
	snapshot = heapmod_take_snapshot(heap);
	if (!snapshot)
		return -ENOMEM;
	seq_puts(file, "version 2\n");
	seq_printf(file, "generation %llu\n", snapshot->generation);
	seq_printf(file, "consistent %s\n", snapshot->consistent ? "yes" : "no");
	seq_putc(file, '\n');
	print_stats(file, heap, &snapshot->stats);
	seq_putc(file, '\n');
	print_owners(file, snapshot->owners, snapshot->count);
	seq_putc(file, '\n');
	print_holes(file, &snapshot->holes);
	kvfree(snapshot);
	return 0;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_show);

int heapmod_snapshot_show(struct seq_file *file, void *unused)
{
	return heapmod_show(file, file->private);
}
