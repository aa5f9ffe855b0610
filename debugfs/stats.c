// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats - a heap in numbers, and the table of all heaps
 */
#include <linux/kernel.h>
#include <linux/seq_file.h>
#include <linux/stddef.h>

#include "heaps/registry.h"
#include "debugfs.h"

#define KEY(name)	{ #name, offsetof(struct heapmod_stats, name) }

static const struct {
	const char *name;
	size_t offset;
} keys[] = {
	KEY(region_bytes),
	KEY(asked_bytes),
	KEY(slack_bytes),
	KEY(header_bytes),
	KEY(hole_bytes),
	KEY(quarantine_bytes),
	KEY(pending_bytes),
	KEY(redzone_bytes),
	KEY(edge_bytes),
	KEY(peak_bytes),
	KEY(blocks),
	KEY(holes),
	KEY(allocs),
	KEY(frees),
	KEY(failures),
	{ "search_steps_1", offsetof(struct heapmod_stats, search_steps[0]) },
	{ "search_steps_2", offsetof(struct heapmod_stats, search_steps[1]) },
	{ "search_steps_4", offsetof(struct heapmod_stats, search_steps[2]) },
	{ "search_steps_8", offsetof(struct heapmod_stats, search_steps[3]) },
	{ "search_steps_16", offsetof(struct heapmod_stats, search_steps[4]) },
	{ "search_steps_32", offsetof(struct heapmod_stats, search_steps[5]) },
	KEY(refused),
	KEY(quarantine_blocks),
	KEY(frozen),
	KEY(foreign),
	KEY(misaligned),
	KEY(interior),
	KEY(double_free),
	KEY(wrong_heap),
	KEY(overrun),
	KEY(corrupt_header),
	KEY(use_after_free),
	KEY(corrupt_index),
};

static u64 value_at(const struct heapmod_stats *stats, size_t offset)
{
	return *(const u64 *)((const char *)stats + offset);
}

int heapmod_stats_show(struct seq_file *file, void *unused)
{
	struct heapmod *heap = file->private;
	struct heapmod_stats stats;
	unsigned int i;

	static_assert(ARRAY_SIZE(keys) == sizeof(stats) / sizeof(u64));
	heapmod_get_stats(heap, &stats);
	seq_puts(file, "version 1\n");
	seq_printf(file, "id %u\n", heap->id);
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		seq_printf(file, "%s %llu\n", keys[i].name, value_at(&stats, keys[i].offset));
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
