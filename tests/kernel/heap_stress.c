// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_stress - all CPUs allocate from one heap and free, while others look at it
 *
 * A thread a CPU fills its blocks with a pattern of its own and verifies it before it frees them. A
 * row of blocks of a size that nobody else asks for lives through it all, so that a dump can be
 * held against it. Writes to /sys/kernel/debug/heap_stress/run the operations to do; the write
 * returns when they are done, with an error when anything was wrong.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include "../../heapmod.h"

#define LIVE		64		/* blocks of a thread */
#define WITNESSES	200		/* blocks that stay */
#define WITNESS_BYTES	1111

static struct heapmod *heap;
static struct dentry *dir;

struct worker {
	struct completion done;
	unsigned int cpu;
	u64 operations;
	u64 errors;
	struct {
		u8 *ptr;
		u32 size;
	} live[LIVE];
};

static void work_once(struct worker *worker, struct rnd_state *random)
{
	u32 slot = prandom_u32_state(random) % LIVE;
	u8 pattern = worker->cpu * LIVE + slot;
	u8 *ptr = worker->live[slot].ptr;

	if (ptr) {
		worker->errors += !!memchr_inv(ptr, pattern, worker->live[slot].size);
		heapmod_free(heap, ptr);
		worker->live[slot].ptr = NULL;
		return;
	}
	worker->live[slot].size = 1 + prandom_u32_state(random) % 500;
	ptr = heapmod_alloc(heap, worker->live[slot].size, __GFP_NOWARN);
	if (ptr)
		memset(ptr, pattern, worker->live[slot].size);
	worker->live[slot].ptr = ptr;
}

static int work(void *data)
{
	struct worker *worker = data;
	struct rnd_state random;
	u64 i;

	prandom_seed_state(&random, worker->cpu + 1);
	for (i = 0; i < worker->operations; i++) {
		work_once(worker, &random);
		if (i % 256 == 0)
			cond_resched();
	}
	for (i = 0; i < LIVE; i++)
		heapmod_free(heap, worker->live[i].ptr);
	complete(&worker->done);
	return 0;
}

static int start(struct worker *worker, unsigned int cpu, u64 operations)
{
	struct task_struct *task;

	worker->cpu = cpu;
	worker->operations = operations;
	init_completion(&worker->done);
	task = kthread_create_on_cpu(work, worker, cpu, "heap_stress/%u");
	if (IS_ERR(task)) {
		complete(&worker->done);
		return PTR_ERR(task);
	}
	wake_up_process(task);
	return 0;
}

static int run(void *data, u64 operations)
{
	struct worker *workers = kcalloc(nr_cpu_ids, sizeof(*workers), GFP_KERNEL);
	unsigned int cpu;
	u64 errors = 0;
	int error = 0;

	if (!workers)
		return -ENOMEM;
	for_each_online_cpu(cpu)
		error = start(&workers[cpu], cpu, operations) ?: error;
	for_each_online_cpu(cpu) {
		wait_for_completion(&workers[cpu].done);
		errors += workers[cpu].errors;
	}
	kfree(workers);
	if (errors)
		pr_err("%llu blocks did not hold what was written\n", errors);
	return error ?: errors ? -EIO : heapmod_check(heap);
}
DEFINE_DEBUGFS_ATTRIBUTE(run_fops, NULL, run, "%llu\n");

static int check_heap(void *data, u64 *verdict)
{
	*verdict = heapmod_check(heap) ? 1 : 0;
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(check_fops, check_heap, NULL, "%llu\n");

/* Witnesses are spread over the heap: between each two is a hole where the threads work. */
static int __init place_witnesses(void)
{
	static void *gaps[WITNESSES] __initdata;
	unsigned int i;

	for (i = 0; i < WITNESSES; i++) {
		gaps[i] = heapmod_alloc(heap, 300, GFP_KERNEL);
		if (!gaps[i] || !heapmod_alloc(heap, WITNESS_BYTES, GFP_KERNEL))
			return -ENOMEM;
	}
	for (i = 0; i < WITNESSES; i++)
		heapmod_free(heap, gaps[i]);
	return 0;
}

static int __init stress_init(void)
{
	int error;

	heap = heapmod_create("stress", 1 << 20, 0);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	error = place_witnesses();
	if (error) {
		heapmod_destroy(heap);
		return error;
	}
	dir = debugfs_create_dir("heap_stress", NULL);
	debugfs_create_file("run", 0200, dir, NULL, &run_fops);
	debugfs_create_file("check", 0400, dir, NULL, &check_fops);
	return 0;
}

static void __exit stress_exit(void)
{
	debugfs_remove(dir);
	heapmod_destroy(heap);
}

module_init(stress_init);
module_exit(stress_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("Stress for heapmod");
MODULE_LICENSE("GPL");
