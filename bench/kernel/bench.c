// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench - the cost of an allocation and of a free, in executed instructions
 *
 * After `insmod heap_bench.ko live=1000,10000 rounds=20000 trace=boot`, the file
 * /sys/kernel/debug/heap_bench/rows has one JSON object per row. The module is meant for a virtual
 * machine that counts instructions (QEMU's -icount), where the time stamp counter is the number of
 * executed instructions.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/timex.h>

#include "rig.h"
#include "rows.h"
#include "trace.h"

static unsigned int live[8] = { 1000 };
static unsigned int live_count = 1;
module_param_array(live, uint, &live_count, 0);
MODULE_PARM_DESC(live, "numbers of live blocks");

static unsigned int rounds = 20000;
module_param(rounds, uint, 0);
MODULE_PARM_DESC(rounds, "operations of each workload");

static char *trace;
module_param(trace, charp, 0);
MODULE_PARM_DESC(trace, "path of a recorded trace, as text, to replay after the workloads");

static char *only_allocator;
module_param_named(allocator, only_allocator, charp, 0);
MODULE_PARM_DESC(allocator, "the only allocator to measure");

static char *only_workload;
module_param_named(workload, only_workload, charp, 0);
MODULE_PARM_DESC(workload, "the only workload to measure");

static struct bench_trace bench_trace;

static bool is_wanted(const char *name, const char *only)
{
	return !only || !strcmp(name, only);
}

/* Limit the operations of a slow allocator, so that the run ends in time. */
static u32 limited(u32 operations)
{
	const struct allocator *allocator = rig.allocator;

	if (!allocator->limit)
		return operations;
	return min_t(u64, operations, div_u64(allocator->limit * 100000ULL, rig.count));
}

static void measure(void)
{
	u64 start;

	rig.alloc_costs.count = 0;
	rig.free_costs.count = 0;
	start = get_cycles();
	rig.workload->run();
	row_total(get_cycles() - start);
	row_samples("alloc", &rig.alloc_costs);
	row_samples("free", &rig.free_costs);
}

static void measure_steady_state(void)
{
	rig_fill();
	rig_steady(limited(rig.count));
	if (rig.workload->prepare)
		rig.workload->prepare();
	measure();
	rig_drain();
}

static void measure_trace(void)
{
	measure();
	rig.count = bench_trace.ids + 1;
	rig_drain();
}

/* Every allocator gets the same requests: the seed is always the same. */
static int run_allocator(size_t bytes, void (*run)(void))
{
	const struct allocator *allocator = rig.allocator;
	u32 count = rig.count;
	int error;

	if (!is_wanted(rig.workload->name, allocator->only))
		return 0;
	if (allocator->most && count > allocator->most)
		return 0;
	rig_seed();
	error = allocator->open(bytes, count + RIG_BATCH);
	if (!error)
		run();
	allocator->close();
	rig.count = count;
	if (!error && rig.failed)
		error = -ENOSPC;
	if (error)
		pr_err("%s cannot do %s with %u live blocks: %d\n", allocator->name,
		       rig.workload->name, count, error);
	return error;
}

static int run_allocators(size_t bytes, u32 operations, void (*run)(void))
{
	unsigned int c;
	int error = 0;

	for (c = 0; c < allocators_count && !error; c++) {
		rig.allocator = &allocators[c];
		rig.rounds = limited(operations);
		if (is_wanted(rig.allocator->name, only_allocator))
			error = run_allocator(bytes, run);
	}
	return error;
}

static int run_workloads(void)
{
	unsigned int w, l;
	int error = 0;

	for (l = 0; l < live_count && !error; l++) {
		rig.count = live[l];
		for (w = 0; w < workloads_count && !error; w++) {
			rig.workload = &workloads[w];
			if (is_wanted(rig.workload->name, only_workload))
				error = run_allocators(rig_bytes(), rounds, measure_steady_state);
		}
	}
	return error;
}

static void replay(void)
{
	bench_trace_replay(&bench_trace);
}

static int run_trace(void)
{
	const struct workload workload = { .name = kbasename(trace), .run = replay };

	rig.workload = &workload;
	rig.count = bench_trace.live;
	return run_allocators(PAGE_ALIGN(bench_trace.bytes * 3 / 2 + SZ_64K),
			      bench_trace.count / 2, measure_trace);
}

static int run(u32 blocks, u32 samples)
{
	int error = rig_init(blocks, samples);

	if (!error)
		error = run_workloads();
	if (!error && trace)
		error = run_trace();
	rig_destroy();
	return error;
}

/* The largest of the numbers in live=, or 0 if one of them is too small. */
static u32 most_live(void)
{
	u32 most = 0, i;

	for (i = 0; i < live_count; i++) {
		if (live[i] < 2)
			return 0;
		most = max(most, live[i]);
	}
	return most;
}

static int __init bench_init(void)
{
	int error = rows_init();

	if (!error && (!most_live() || !rounds)) {
		pr_err("live= must be at least 2, and rounds= at least 1\n");
		error = -EINVAL;
	}
	if (!error && trace)
		error = bench_trace_load(&bench_trace, trace);
	if (!error)
		error = run(max(most_live(), bench_trace.ids + 1), max(rounds, bench_trace.count));
	bench_trace_free(&bench_trace);
	if (error)
		rows_destroy();
	else
		rows_publish();
	return error;
}
module_init(bench_init);

static void __exit bench_exit(void)
{
	rows_destroy();
}
module_exit(bench_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("Cost of an allocation, in instructions");
MODULE_LICENSE("GPL");
