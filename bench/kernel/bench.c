// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench - what an allocation and a free cost, in executed instructions
 *
 * insmod heap_bench.ko live=1000,10000 rounds=20000 trace=boot; then
 * /sys/kernel/debug/heap_bench/rows has a JSON object a row. Meant for a virtual machine that
 * counts instructions (QEMU's -icount): there the time stamp counter is the number of instructions
 * executed.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/timex.h>

#include "contest.h"
#include "rows.h"
#include "trace.h"

static unsigned int live[8] = { 1000 };
static unsigned int live_count = 1;
module_param_array(live, uint, &live_count, 0);
MODULE_PARM_DESC(live, "numbers of live blocks");

static unsigned int rounds = 20000;
module_param(rounds, uint, 0);
MODULE_PARM_DESC(rounds, "of each workload");

static char *trace;
module_param(trace, charp, 0);
MODULE_PARM_DESC(trace, "a recorded trace to replay after that: the path of its text");

static struct bench_trace bench_trace;

/* At most so many operations of this contestant, to have an answer today. */
static u32 patient(u32 operations)
{
	const struct contestant *contestant = contest.contestant;

	if (!contestant->patience)
		return operations;
	return min_t(u64, operations, div_u64(contestant->patience * 100000ULL, contest.count));
}

static void measure(void)
{
	u64 start;

	contest.alloc_costs.count = 0;
	contest.free_costs.count = 0;
	start = get_cycles();
	contest.workload->run();
	row_total(get_cycles() - start);
	row_samples("alloc", &contest.alloc_costs);
	row_samples("free", &contest.free_costs);
}

static void compete_at_steady_state(void)
{
	contest_fill();
	contest_steady(patient(contest.count));
	if (contest.workload->prepare)
		contest.workload->prepare();
	measure();
	contest_drain();
}

static void compete_on_trace(void)
{
	measure();
	contest.count = bench_trace.ids + 1;
	contest_drain();
}

/* The same blocks for everybody: the seed is always the same. */
static int compete(size_t bytes, void (*run)(void))
{
	const struct contestant *contestant = contest.contestant;
	u32 count = contest.count;
	int error;

	if (contestant->most && count > contestant->most)
		return 0;
	contest_seed();
	error = contestant->open(bytes, count + 1);
	if (!error)
		run();
	contestant->close();
	contest.count = count;
	if (!error && contest.failed)
		error = -ENOSPC;
	if (error)
		pr_err("%s cannot do %s with %u live blocks: %d\n", contestant->name,
		       contest.workload->name, count, error);
	return error;
}

static int everybody(size_t bytes, u32 operations, void (*run)(void))
{
	unsigned int c;
	int error = 0;

	for (c = 0; c < contestants_count && !error; c++) {
		contest.contestant = &contestants[c];
		contest.rounds = patient(operations);
		error = compete(bytes, run);
	}
	return error;
}

static int run_workloads(void)
{
	unsigned int w, l;
	int error = 0;

	for (l = 0; l < live_count && !error; l++) {
		contest.count = live[l];
		for (w = 0; w < workloads_count && !error; w++) {
			contest.workload = &workloads[w];
			error = everybody(contest_bytes(), rounds, compete_at_steady_state);
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

	contest.workload = &workload;
	contest.count = bench_trace.live;
	return everybody(PAGE_ALIGN(bench_trace.bytes * 3 / 2 + SZ_64K), bench_trace.count / 2,
			 compete_on_trace);
}

static int run(u32 blocks, u32 samples)
{
	int error = contest_init(blocks, samples);

	if (!error)
		error = run_workloads();
	if (!error && trace)
		error = run_trace();
	contest_destroy();
	return error;
}

/* The most live blocks that are wanted, or 0 for numbers that make no sense. */
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
		pr_err("live= wants numbers of at least 2, rounds= one of at least 1\n");
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
MODULE_DESCRIPTION("what an allocation costs, in instructions");
MODULE_LICENSE("GPL");
