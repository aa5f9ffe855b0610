// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats - the counters of a heap, and the table of all heaps
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/seq_file.h>
#include <linux/stddef.h>
#include <linux/string.h>

#include "heaps/registry.h"
#include "debugfs.h"

struct stats_key {
	const char *name;
	size_t offset;
};

#define KEY(name)	{ #name, offsetof(struct heapmod_stats, name) }

static const struct stats_key keys[] = {
	KEY(region_bytes),
	KEY(asked_bytes),
	KEY(slack_bytes),
	KEY(header_bytes),
	KEY(hole_bytes),
	KEY(quarantine_bytes),
	KEY(pending_bytes),
	KEY(cached_bytes),
	KEY(redzone_bytes),
	KEY(edge_bytes),
	KEY(peak_bytes),
	KEY(metadata_bytes),
	KEY(blocks),
	KEY(holes),
	KEY(largest_hole_bytes),
	KEY(allocs),
	KEY(frees),
	KEY(failures),
	KEY(busy),
	{ "search_steps_1", offsetof(struct heapmod_stats, search_steps[0]) },
	{ "search_steps_2", offsetof(struct heapmod_stats, search_steps[1]) },
	{ "search_steps_4", offsetof(struct heapmod_stats, search_steps[2]) },
	{ "search_steps_8", offsetof(struct heapmod_stats, search_steps[3]) },
	{ "search_steps_16", offsetof(struct heapmod_stats, search_steps[4]) },
	{ "search_steps_32", offsetof(struct heapmod_stats, search_steps[5]) },
	KEY(refused),
	KEY(quarantine_blocks),
	KEY(frozen),
};

static const struct stats_key verdicts[] = {
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

static u64 value_of(const struct heapmod_stats *stats, const struct stats_key *key)
{
	return *(const u64 *)((const char *)stats + key->offset);
}

/* Only the counters that are not zero; one line if all are. */
static void print_verdicts(struct seq_file *file, const struct heapmod_stats *stats)
{
	bool any = false;
	unsigned int i;
	u64 value;

	for (i = 0; i < ARRAY_SIZE(verdicts); i++) {
		value = value_of(stats, &verdicts[i]);
		if (!value)
			continue;
		seq_printf(file, "%s %llu\n", verdicts[i].name, value);
		any = true;
	}
	if (!any)
		seq_puts(file, "findings 0\n");
}

void print_stats(struct seq_file *file, const struct heapmod *heap,
		 const struct heapmod_stats *stats)
{
	unsigned int i;

	static_assert(ARRAY_SIZE(keys) + ARRAY_SIZE(verdicts) == sizeof(*stats) / sizeof(u64));
	seq_puts(file, "version 2\n");
	seq_printf(file, "id %u\n", heap->id);
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		seq_printf(file, "%s %llu\n", keys[i].name, value_of(stats, &keys[i]));
	print_verdicts(file, stats);
}

int heapmod_stats_show(struct seq_file *file, void *unused)
{
	struct heapmod *heap = file->private;
	struct heapmod_stats stats;

	heapmod_get_stats(heap, &stats);
	print_stats(file, heap, &stats);
	return 0;
}

/* Length of the longest name, and at least that of the column's own. */
static int name_width(void)
{
	size_t width = strlen("name");
	struct heapmod *heap;

	lockdep_assert_held(&heaps_lock);
	list_for_each_entry(heap, &heaps, all)
		width = max(width, strlen(heap->name));
	return width;
}

int heapmod_heaps_show(struct seq_file *file, void *unused)
{
	struct heapmod_stats stats;
	struct heapmod *heap;
	int width;

	mutex_lock(&heaps_lock);
	width = name_width();
	seq_printf(file, "%-*s %12s %12s %12s %12s %9s %9s\n", width, "name", "region", "used",
		   "peak", "largest", "blocks", "failures");
	list_for_each_entry(heap, &heaps, all) {
		heapmod_get_stats(heap, &stats);
		seq_printf(file, "%-*s %12llu %12llu %12llu %12llu %9llu %9llu\n", width,
			   heap->name, stats.region_bytes,
			   stats.region_bytes - stats.hole_bytes - stats.edge_bytes,
			   stats.peak_bytes, stats.largest_hole_bytes, stats.blocks,
			   stats.failures);
	}
	mutex_unlock(&heaps_lock);
	return 0;
}
