// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench - what an allocation and a free cost, in executed instructions
 *
 * insmod heap_bench.ko live=1000,10000 rounds=20000 trace=boot; then
 * /sys/kernel/debug/heap_bench/rows has a JSON object a row. Meant for a virtual machine that
 * counts instructions (QEMU's -icount): there the time stamp counter is the number of instructions
 * executed. Each call is timed by itself, with interrupts off, and what that takes for a call that
 * does nothing is taken off.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/timex.h>
#include <linux/vmalloc.h>

#include "contest.h"
#include "samples.h"
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

struct contest contest;
static struct samples alloc_costs, free_costs;
static struct bench_trace bench_trace;
static u64 random_state;
static u64 harness_cost;		/* in a sample */
static u64 harness_tenths;		/* a round without an allocator, for each workload */
static bool failed;

static char *rows;
static size_t rows_length;
#define ROWS_BYTES SZ_1M

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016. */
u32 contest_random(u32 below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 2685821657736338717ULL >> 32) * below >> 32;
}

/* Log-uniform between the workload's smallest and largest: an octave, then evenly within. */
u32 contest_size(void)
{
	const struct workload *workload = contest.workload;
	u32 octaves = ilog2(workload->largest / workload->smallest);
	u32 low;

	if (!octaves)
		return workload->largest;
	low = workload->smallest << contest_random(octaves);
	return low + 1 + contest_random(low);
}

static void count(struct samples *samples, u64 start)
{
	u64 cost = get_cycles() - start;

	samples_add(samples, cost > harness_cost ? cost - harness_cost : 0);
}

static unsigned long quiet(void)
{
	unsigned long flags = 0;

	if (!contest.contestant->sleeps)
		local_irq_save(flags);
	return flags;
}

static void quiet_end(unsigned long flags)
{
	if (!contest.contestant->sleeps)
		local_irq_restore(flags);
}

void contest_alloc(struct live *one, u32 size)
{
	unsigned long flags = quiet();
	u64 start = get_cycles();

	one->ptr = contest.contestant->alloc(size);
	count(&alloc_costs, start);
	quiet_end(flags);
	one->size = size;
	failed |= !one->ptr;
}

void contest_free(struct live *one)
{
	unsigned long flags = quiet();
	u64 start = get_cycles();

	contest.contestant->free(one->ptr, one->size);
	count(&free_costs, start);
	quiet_end(flags);
}

static size_t mean_size(const struct workload *workload)
{
	u32 octaves = ilog2(workload->largest / workload->smallest);

	if (!octaves)
		return workload->largest;
	return (3 * workload->largest - 3 * workload->smallest) / (2 * octaves);
}

/* Room for the live blocks, and half as much again to be fragmented. */
static size_t contest_bytes(void)
{
	return PAGE_ALIGN((size_t)contest.count * (mean_size(contest.workload) * 3 / 2 + 64) +
			  (1 << 20));
}

/* At most so many operations of this contestant, to have an answer today. */
static u32 patient(u32 operations)
{
	const struct contestant *contestant = contest.contestant;

	if (!contestant->patience)
		return operations;
	return min_t(u64, operations, div_u64(contestant->patience * 100000ULL, contest.count));
}

static void fill(void)
{
	const struct contestant *contestant = contest.contestant;
	u32 i;

	for (i = 0; i < contest.count; i++) {
		struct live *one = &contest.live[i];

		one->size = contest_size();
		one->ptr = contestant->fill ? contestant->fill(one->size) :
					      contestant->alloc(one->size);
		failed |= !one->ptr;
		cond_resched();
	}
}

/* As many random replacements as there are blocks, not timed, bring the heap to a steady state. */
static void steady(void)
{
	u32 i;

	for (i = 0; i < patient(contest.count); i++) {
		struct live *one = &contest.live[contest_random(contest.count)];

		contest.contestant->free(one->ptr, one->size);
		one->size = contest_size();
		one->ptr = contest.contestant->alloc(one->size);
		failed |= !one->ptr;
		cond_resched();
	}
}

static void drain(void)
{
	u32 i;

	for (i = 0; i < contest.count; i++) {
		if (contest.live[i].ptr)
			contest.contestant->free(contest.live[i].ptr, contest.live[i].size);
		cond_resched();
	}
}

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
	    contest.contestant->name, contest.workload->name, contest.count, op);
	row("\"mean\":%llu.%llu", mean_tenths / 10, mean_tenths % 10);
}

static void row_samples(const char *op, struct samples *samples)
{
	struct summary summary;
	u32 i;

	samples_sum_up(samples, &summary);
	row_start(op, summary.mean_tenths);
	row(",\"p999\":%u,\"max\":%u,\"samples\":%u,\"quantiles\":[",
	    summary.quantile[QUANTILES - 1], summary.max, samples->count);
	for (i = 0; i < QUANTILES; i++)
		row("%s%u", i ? "," : "", summary.quantile[i]);
	row("]}\n");
}

/* Everything that happened in the rounds, so that what is put off counts as well. */
static void row_total(u64 cycles)
{
	u64 tenths = div_u64(cycles * 10, contest.rounds);

	if (contest.contestant == &contestants[0])
		harness_tenths = tenths;
	row_start("total", tenths > harness_tenths ? tenths - harness_tenths : 0);
	row("}\n");
}

static void measure(void)
{
	u64 start;

	alloc_costs.count = 0;
	free_costs.count = 0;
	start = get_cycles();
	contest.workload->run();
	row_total(get_cycles() - start);
	row_samples("alloc", &alloc_costs);
	row_samples("free", &free_costs);
}

static void compete_at_steady_state(void)
{
	fill();
	steady();
	if (contest.workload->prepare)
		contest.workload->prepare();
	measure();
	drain();
}

static void compete_on_trace(void)
{
	measure();
	contest.count = bench_trace.ids + 1;
	drain();
}

/* The same blocks for everybody: the seed is always the same. */
static int compete(size_t bytes, void (*run)(void))
{
	const struct contestant *contestant = contest.contestant;
	u32 count = contest.count;
	int error;

	if (contestant->most && count > contestant->most)
		return 0;
	random_state = 88172645463325252ULL;
	error = contestant->open(bytes, count + 1);
	if (!error)
		run();
	contestant->close();
	contest.count = count;
	if (!error && failed)
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

/* What timing a call costs that does nothing: the counter, and the way through the contestant. */
static void measure_harness(void)
{
	u64 start, cost;

	contest.contestant = &contestants[0];
	do {
		start = get_cycles();
		contest.contestant->free(NULL, 0);
		cost = get_cycles() - start;
		start = get_cycles();
		contest.contestant->free(NULL, 0);
		harness_cost = get_cycles() - start;
	} while (harness_cost != cost);
}

static int rows_show(struct seq_file *file, void *unused)
{
	seq_write(file, rows, rows_length);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(rows);

static struct dentry *folder;

static int run(u32 blocks, u32 samples)
{
	int error = -ENOMEM;

	contest.live = vzalloc(array_size(blocks, sizeof(*contest.live)));
	if (contest.live && !samples_init(&alloc_costs, samples) &&
	    !samples_init(&free_costs, samples)) {
		measure_harness();
		error = run_workloads();
		if (!error && trace)
			error = run_trace();
	}
	vfree(contest.live);
	samples_destroy(&alloc_costs);
	samples_destroy(&free_costs);
	return error;
}

static int __init bench_init(void)
{
	u32 most = 0, i;
	int error = 0;

	rows = vzalloc(ROWS_BYTES);
	if (!rows)
		return -ENOMEM;
	if (trace)
		error = bench_trace_load(&bench_trace, trace);
	for (i = 0; i < live_count; i++)
		most = max(most, live[i]);
	if (!error)
		error = run(max(most, bench_trace.ids + 1), max(rounds, bench_trace.count));
	bench_trace_free(&bench_trace);
	if (error) {
		vfree(rows);
		return error;
	}
	folder = debugfs_create_dir("heap_bench", NULL);
	debugfs_create_file("rows", 0400, folder, NULL, &rows_fops);
	return 0;
}
module_init(bench_init);

static void __exit bench_exit(void)
{
	debugfs_remove_recursive(folder);
	vfree(rows);
}
module_exit(bench_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("what an allocation costs, in instructions");
MODULE_LICENSE("GPL");
