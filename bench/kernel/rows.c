// SPDX-License-Identifier: GPL-2.0-only
/*
 * rows - the results in debugfs: one JSON object per row
 */
#include <linux/debugfs.h>
#include <linux/math64.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

#include "rig.h"
#include "rows.h"

#define ROWS_BYTES SZ_1M

static char *rows;
static size_t rows_length;
static struct dentry *folder;
static u64 harness_tenths;		/* a round of this workload without an allocator */

static __printf(1, 2) void row(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	rows_length += vscnprintf(rows + rows_length, ROWS_BYTES - rows_length, format, args);
	va_end(args);
}

static void row_start(const char *op, u64 mean_tenths)
{
	row("{\"allocator\":\"%s\",\"workload\":\"%s\",\"live\":%u,\"op\":\"%s\",",
	    rig.allocator->name, rig.workload->name, rig.count, op);
	row("\"mean\":%llu.%llu", mean_tenths / 10, mean_tenths % 10);
}

void row_samples(const char *op, struct samples *samples)
{
	struct summary summary;
	u32 i;

	samples_sum_up(samples, &summary);
	row_start(op, summary.mean_tenths);
	row(",\"max\":%u,\"samples\":%u,\"quantiles\":[", summary.max, samples->count);
	for (i = 0; i < QUANTILES; i++)
		row("%s%u", i ? "," : "", summary.quantile[i]);
	row("]}\n");
}

/* All that the rounds cost, deferred work included. */
void row_total(u64 cycles)
{
	u64 tenths = div_u64(cycles * 10, rig.rounds);

	if (rig.allocator == &allocators[0])
		harness_tenths = tenths;
	row_start("total", tenths > harness_tenths ? tenths - harness_tenths : 0);
	row("}\n");
}

static int rows_show(struct seq_file *file, void *unused)
{
	seq_write(file, rows, rows_length);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(rows);

int rows_init(void)
{
	rows = vzalloc(ROWS_BYTES);
	return rows ? 0 : -ENOMEM;
}

void rows_publish(void)
{
	folder = debugfs_create_dir("heap_bench", NULL);
	debugfs_create_file("rows", 0400, folder, NULL, &rows_fops);
}

void rows_destroy(void)
{
	debugfs_remove_recursive(folder);
	vfree(rows);
}
