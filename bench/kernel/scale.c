// SPDX-License-Identifier: GPL-2.0-only
/*
 * scale - operations per second of CPUs that share a heap or have a heap each, and the time that
 * they wait for the lock
 *
 * After `insmod heap_scale.ko live=1000 pairs=100000 turns=5 sizes=8,64,4096`, the file
 * /sys/kernel/debug/heap_scale/rows has one JSON object per row and turn. The CPUs must run at the
 * same time.
 *
 * In `mixed` and `hot`, each CPU frees and allocates. In `handover`, a CPU allocates blocks of the
 * given sizes, and another one frees them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "heaps/compat.h"
#include "heaps/heaps.h"

#define CPUS		8U		/* at most */
#define MEAN_BYTES	1024		/* of a live block, with room for fragmentation */
#define RING		1024U		/* blocks that are handed over */
#define RING_BYTES	SZ_8M
#define ROWS_BYTES	SZ_64K

static unsigned int live = 1000;
module_param(live, uint, 0);
MODULE_PARM_DESC(live, "live blocks of each CPU");

static unsigned int pairs = 100000;
module_param(pairs, uint, 0);
MODULE_PARM_DESC(pairs, "pairs of a free and an allocation, for each CPU and turn");

static unsigned int turns = 5;
module_param(turns, uint, 0);
MODULE_PARM_DESC(turns, "repetitions of the whole measurement");

static unsigned int sizes[4096];
static unsigned int sizes_count;
module_param_array(sizes, uint, &sizes_count, 0);
MODULE_PARM_DESC(sizes, "bytes of blocks that one CPU allocates and another one frees");

struct worker {
	struct heapmod *heap;
	struct rnd_state random;
	u32 handed;
	u64 begin_ns, end_ns;
	bool failed;
	void **live;
};

/*
 * struct workload - what each CPU does
 * @name: as in the results
 * @operations: in a call of @run
 */
struct workload {
	const char *name;
	u32 operations;
	void (*run)(struct worker *worker);
};

static struct {
	void *blocks[RING];
	u32 filled ____cacheline_aligned;
	u32 emptied ____cacheline_aligned;
} ring;

static struct worker workers[CPUS];
static const struct workload *workload;
static atomic_t waiting, running;
static struct completion over;
static char *rows;
static size_t rows_length;
static struct dentry *dir;

/* Log-uniform, 16 to 4096 bytes. */
static size_t random_size(struct worker *worker)
{
	u32 low = 16U << prandom_u32_state(&worker->random) % 8;

	return low + 1 + prandom_u32_state(&worker->random) % low;
}

static void *allocate(struct worker *worker, size_t size)
{
	void *ptr = heapmod_alloc(worker->heap, size, GFP_ATOMIC);

	worker->failed |= !ptr;
	return ptr;
}

/* Replace a random block by one of a random size. */
static void mixed(struct worker *worker)
{
	void **block = &worker->live[prandom_u32_state(&worker->random) % live];

	heapmod_free(worker->heap, *block);
	*block = allocate(worker, random_size(worker));
}

/* Allocate and free one more block. */
static void hot(struct worker *worker)
{
	heapmod_free(worker->heap, allocate(worker, 64));
}

static void produce(struct worker *worker)
{
	u32 nr = worker->handed++;

	while (nr - smp_load_acquire(&ring.emptied) == RING)	/* before the slot is reused */
		cpu_relax();
	ring.blocks[nr % RING] = allocate(worker, sizes[nr % sizes_count]);
	smp_store_release(&ring.filled, nr + 1);		/* after the slot is written */
}

static void consume(struct worker *worker)
{
	u32 nr = worker->handed++;

	while (smp_load_acquire(&ring.filled) == nr)		/* before the slot is read */
		cpu_relax();
	heapmod_free(worker->heap, ring.blocks[nr % RING]);
	smp_store_release(&ring.emptied, nr + 1);		/* after the slot was read */
}

static void hand_over(struct worker *worker)
{
	if (worker == workers)
		produce(worker);
	else
		consume(worker);
}

static const struct workload mixed_workload = { "mixed", 2, mixed };
static const struct workload hot_workload = { "hot", 2, hot };
static const struct workload handover_workload = { "handover", 1, hand_over };

/* All workers start together. The last one completes the turn. */
static int work(void *data)
{
	struct worker *worker = data;
	u32 i;

	atomic_dec(&waiting);
	while (atomic_read(&waiting))
		cpu_relax();
	worker->begin_ns = ktime_get_ns();
	for (i = 0; i < pairs; i++) {
		workload->run(worker);
		if (i % 256 == 0)
			cond_resched();
	}
	worker->end_ns = ktime_get_ns();
	if (atomic_dec_and_test(&running))
		complete(&over);
	return 0;
}

static int fill(struct worker *worker, unsigned int cpu)
{
	u32 i;

	prandom_seed_state(&worker->random, cpu + 1);
	worker->failed = false;
	worker->handed = 0;
	for (i = 0; i < live; i++)
		worker->live[i] = allocate(worker, random_size(worker));
	return worker->failed ? -ENOSPC : 0;
}

static int open_heaps(unsigned int cpus, bool shared, unsigned int flags)
{
	size_t bytes = ((size_t)live * MEAN_BYTES * 2 + RING_BYTES) * (shared ? cpus : 1);
	char name[] = "scale0";
	unsigned int i;
	int error = 0;

	for (i = 0; i < cpus && !error; i++) {
		name[5] = '0' + i;
		workers[i].heap = shared && i ? workers[0].heap :
						heapmod_create(name, bytes, flags);
		error = PTR_ERR_OR_ZERO(workers[i].heap);
		if (!error)
			error = fill(&workers[i], i);
	}
	return error;
}

static void close_heaps(void)
{
	unsigned int i;
	u32 b;

	for (i = 0; i < CPUS; i++) {
		for (b = 0; b < live && !IS_ERR_OR_NULL(workers[i].heap); b++)
			heapmod_free(workers[i].heap, workers[i].live[b]);
	}
	for (i = 0; i < CPUS; i++) {
		if (!i || workers[i].heap != workers[0].heap)
			heapmod_destroy(workers[i].heap);
	}
	for (i = 0; i < CPUS; i++)
		workers[i].heap = NULL;
}

/* Create all threads before the first one runs. */
static int start(unsigned int cpus)
{
	struct task_struct *tasks[CPUS];
	unsigned int i;

	atomic_set(&waiting, cpus);
	atomic_set(&running, cpus);
	init_completion(&over);
	for (i = 0; i < cpus; i++) {
		tasks[i] = kthread_create(work, &workers[i], "heap_scale/%u", i);
		if (IS_ERR(tasks[i]))
			break;
		kthread_bind(tasks[i], i);
	}
	if (i == cpus) {
		while (i--)
			wake_up_process(tasks[i]);
		return 0;
	}
	while (i--)
		kthread_stop(tasks[i]);
	return -ENOMEM;
}

static u64 waited(unsigned int cpus, bool shared)
{
	u64 ns = 0;
	unsigned int i;

	for (i = 0; i < (shared ? 1 : cpus); i++)
		ns += workers[i].heap->waited_ns;
	return ns;
}

/* From the first CPU's begin to the last one's end. */
static u64 elapsed(unsigned int cpus)
{
	u64 begin = U64_MAX, end = 0;
	unsigned int i;

	for (i = 0; i < cpus; i++) {
		begin = min(begin, workers[i].begin_ns);
		end = max(end, workers[i].end_ns);
	}
	return end - begin;
}

static __printf(1, 2) void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	rows_length += vscnprintf(rows + rows_length, ROWS_BYTES - rows_length, format, args);
	va_end(args);
}

static void row(unsigned int cpus, bool shared, unsigned int flags)
{
	u64 operations = (u64)workload->operations * pairs * cpus;
	u64 ns = max_t(u64, elapsed(cpus), 1);
	u64 rate = div64_u64(operations * NSEC_PER_SEC, ns);
	u64 wait = div64_u64(waited(cpus, shared) * 1000, ns * cpus);

	print("{\"where\":\"kernel\",\"workload\":\"%s\",\"kind\":\"%s\",\"cpus\":%u,",
	      workload->name, flags ? "percpu" : "exact", cpus);
	print("\"heaps\":\"%s\",\"rate\":%llu,\"wait\":%llu}\n", shared ? "shared" : "own", rate,
	      wait);
}

static int measure(unsigned int cpus, bool shared, unsigned int flags)
{
	int error = open_heaps(cpus, shared, flags);
	unsigned int i;

	error = error ?: start(cpus);
	if (!error) {
		wait_for_completion(&over);
		for (i = 0; i < cpus; i++)
			error = workers[i].failed ? -ENOSPC : error;
		row(cpus, shared, flags);
	}
	close_heaps();
	return error;
}

static int measure_all(unsigned int flags)
{
	unsigned int cpus;
	int error = measure(1, false, flags);

	for (cpus = 2; cpus <= min(CPUS, num_online_cpus()) && !error; cpus *= 2)
		error = measure(cpus, true, flags) ?: measure(cpus, false, flags);
	return error;
}

static int measure_handover(unsigned int flags)
{
	ring.filled = 0;
	ring.emptied = 0;
	return measure(2, true, flags);
}

static int measure_kinds(const struct workload *what, int (*measure_kind)(unsigned int flags))
{
	workload = what;
	return measure_kind(0) ?: measure_kind(HEAPMOD_PERCPU);
}

static int take_turn(void)
{
	return measure_kinds(&mixed_workload, measure_all) ?:
	       measure_kinds(&hot_workload, measure_all) ?:
	       measure_kinds(&handover_workload, measure_handover);
}

static int rows_show(struct seq_file *file, void *unused)
{
	seq_write(file, rows, rows_length);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(rows);

static void release(void)
{
	unsigned int i;

	for (i = 0; i < CPUS; i++)
		kvfree(workers[i].live);
	kvfree(rows);
}

static int prepare(void)
{
	unsigned int i;

	if (!live || !pairs || !sizes_count || num_online_cpus() < 2) {
		pr_err("live=, pairs= and sizes= must be at least 1, and there must be 2 CPUs\n");
		return -EINVAL;
	}
	rows = kvzalloc(ROWS_BYTES, GFP_KERNEL);
	for (i = 0; i < CPUS; i++) {
		workers[i].live = kvcalloc(live, sizeof(void *), GFP_KERNEL);
		if (!workers[i].live || !rows)
			return -ENOMEM;
	}
	return 0;
}

static int __init scale_init(void)
{
	int error = prepare();
	unsigned int i;

	for (i = 0; i < turns && !error; i++)
		error = take_turn();
	if (error) {
		release();
		return error;
	}
	dir = debugfs_create_dir("heap_scale", NULL);
	debugfs_create_file("rows", 0400, dir, NULL, &rows_fops);
	return 0;
}
module_init(scale_init);

static void __exit scale_exit(void)
{
	debugfs_remove(dir);
	release();
}
module_exit(scale_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("Operations per second of CPUs that share a heap");
MODULE_LICENSE("GPL");
