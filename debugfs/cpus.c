// SPDX-License-Identifier: GPL-2.0-only
/*
 * cpus - the caches of a heap with HEAPMOD_PERCPU, one line each
 */
#include <linux/cpumask.h>
#include <linux/seq_file.h>

#include "heaps/percpu.h"
#include "debugfs.h"

int heapmod_cpus_show(struct seq_file *file, void *unused)
{
	struct heapmod *heap = file->private;
	struct heapmod_cpu_stats stats;
	unsigned int cpu;

	seq_printf(file, "%4s %13s %12s %12s %12s %12s %12s\n", "cpu", "cached_blocks",
		   "cached_bytes", "hits", "misses", "frees", "drains");
	for_each_possible_cpu(cpu) {
		heapmod_read_cpu(heap, cpu, &stats);
		seq_printf(file, "%4u %13llu %12llu %12llu %12llu %12llu %12llu\n", cpu,
			   stats.blocks, stats.bytes, stats.hits, stats.misses, stats.frees,
			   stats.drains);
	}
	return 0;
}
