// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats - a heap in numbers, and the table of all heaps
 */
#include <linux/seq_file.h>

#include "../heaps.h"
#include "debugfs.h"

int heapmod_stats_show(struct seq_file *file, void *unused)
{
	struct heapmod *heap = file->private;
	struct heapmod_stats stats;

	heapmod_get_stats(heap, &stats);
	seq_puts(file, "version 1\n");
	seq_printf(file, "id %u\n", heap->id);
	seq_printf(file, "region_bytes %llu\n", stats.region_bytes);
	seq_printf(file, "asked_bytes %llu\n", stats.asked_bytes);
	seq_printf(file, "slack_bytes %llu\n", stats.slack_bytes);
	seq_printf(file, "header_bytes %llu\n", stats.header_bytes);
	seq_printf(file, "hole_bytes %llu\n", stats.hole_bytes);
	seq_printf(file, "quarantine_bytes %llu\n", stats.quarantine_bytes);
	seq_printf(file, "pending_bytes %llu\n", stats.pending_bytes);
	seq_printf(file, "redzone_bytes %llu\n", stats.redzone_bytes);
	seq_printf(file, "edge_bytes %llu\n", stats.edge_bytes);
	seq_printf(file, "peak_bytes %llu\n", stats.peak_bytes);
	seq_printf(file, "blocks %llu\n", stats.blocks);
	seq_printf(file, "holes %llu\n", stats.holes);
	seq_printf(file, "allocs %llu\n", stats.allocs);
	seq_printf(file, "frees %llu\n", stats.frees);
	seq_printf(file, "failures %llu\n", stats.failures);
	seq_printf(file, "refused %llu\n", stats.refused);
	seq_printf(file, "quarantine_blocks %llu\n", stats.quarantine_blocks);
	seq_printf(file, "frozen %llu\n", stats.frozen);
	seq_printf(file, "foreign %llu\n", stats.foreign);
	seq_printf(file, "misaligned %llu\n", stats.misaligned);
	seq_printf(file, "interior %llu\n", stats.interior);
	seq_printf(file, "double_free %llu\n", stats.double_free);
	seq_printf(file, "wrong_heap %llu\n", stats.wrong_heap);
	seq_printf(file, "overrun %llu\n", stats.overrun);
	seq_printf(file, "corrupt_header %llu\n", stats.corrupt_header);
	seq_printf(file, "use_after_free %llu\n", stats.use_after_free);
	seq_printf(file, "corrupt_index %llu\n", stats.corrupt_index);
	return 0;
}

int heapmod_heaps_show(struct seq_file *file, void *unused)
{
	struct heapmod_stats stats;
	struct heapmod *heap;

	seq_puts(file, "name region_bytes used_bytes blocks\n");
	mutex_lock(&heaps_lock);
	list_for_each_entry(heap, &heaps, all) {
		heapmod_get_stats(heap, &stats);
		seq_printf(file, "%s %llu %llu %llu\n", heap->name, stats.region_bytes,
			   stats.region_bytes - stats.hole_bytes - stats.edge_bytes, stats.blocks);
	}
	mutex_unlock(&heaps_lock);
	return 0;
}
