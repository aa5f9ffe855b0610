// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_stress - all CPUs allocate from one heap and free, in every context
 *
 * Each CPU has three clients: a thread, and two timers that interrupt it, one in hard interrupt and
 * one in softirq. A client fills its blocks with patterns, refills some of them, and verifies them
 * before each free. Witnesses, blocks of a size that no client requests, are live all the time, so
 * that a dump can be verified.
 *
 * In /sys/kernel/debug/heap_stress: a write to `run` of the number of operations of each thread
 * waits until they are done, and an eighth as many by each timer. It fails on any error.
 * `operations` has the number of operations in each context. `check` checks the heap.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/instrumented.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "heaps/compat.h"
#include "heapmod.h"

#define LIVE		64		/* blocks of a client */
#define BURST		4		/* operations in an interrupt */
#define PAUSE		50000		/* nanoseconds from one interrupt to the next */
#define WITNESSES	200		/* blocks that are always live, at most */
#define WITNESS_BYTES	1111

enum context { TASK, SOFTIRQ, HARDIRQ, CONTEXTS };

static const char * const contexts[CONTEXTS] = { "task", "softirq", "hardirq" };
static atomic64_t operations[CONTEXTS];

static struct heapmod *heap;
static struct dentry *dir;

static bool interrupts = true;
module_param(interrupts, bool, 0444);
MODULE_PARM_DESC(interrupts, "run timers, too (default true)");

static unsigned int flags;
module_param(flags, uint, 0444);
MODULE_PARM_DESC(flags, "of the heap (default 0)");

static unsigned long size = 1 << 20;
module_param(size, ulong, 0444);
MODULE_PARM_DESC(size, "bytes of the heap (default 1 MiB)");

static unsigned int witnesses = WITNESSES;
module_param(witnesses, uint, 0444);
MODULE_PARM_DESC(witnesses, "blocks that are always live (default and maximum 200)");

static bool resizes;
module_param(resizes, bool, 0444);
MODULE_PARM_DESC(resizes, "resize every other block before it is freed (default false)");

struct held {
	u8 *ptr;
	u32 size;
	u8 pattern;
};

struct client {
	struct hrtimer timer;		/* of the clients in interrupts */
	struct rnd_state random;
	u64 left;			/* operations to do */
	u64 errors;
	struct held live[LIVE];
};

struct worker {
	struct task_struct *task;
	struct completion done;
	struct client clients[CONTEXTS];
};

/* The context that the code really runs in. */
static enum context context(void)
{
	if (in_hardirq())
		return HARDIRQ;
	return in_serving_softirq() ? SOFTIRQ : TASK;
}

/* KCSAN does not instrument memset() and memchr_inv(): report their accesses. */
static bool is_intact(const struct held *block)
{
	instrument_read(block->ptr, block->size);
	return !memchr_inv(block->ptr, block->pattern, block->size) &&
	       heapmod_usable_size(heap, block->ptr) == block->size;
}

static void fill(struct held *block, u8 pattern)
{
	instrument_write(block->ptr, block->size);
	memset(block->ptr, pattern, block->size);
	block->pattern = pattern;
}

/* The stats are a consistent snapshot. */
static bool adds_up(void)
{
	struct heapmod_stats s;

	heapmod_get_stats(heap, &s);
	return s.blocks == s.allocs - s.frees &&
	       s.region_bytes == s.asked_bytes + s.slack_bytes + s.header_bytes + s.hole_bytes +
				 s.quarantine_bytes + s.pending_bytes + s.redzone_bytes +
				 s.edge_bytes + s.cached_bytes;
}

/* A client may write to its block at any time, also while the heap's lock is held. */
static void refill(struct client *client, struct held *block, u32 random)
{
	if (!block->ptr)
		return;
	client->errors += !is_intact(block);
	fill(block, random);
}

static void free_block(struct client *client, struct held *block)
{
	client->errors += !is_intact(block);
	heapmod_free(heap, block->ptr);
	block->ptr = NULL;
}

static void allocate_block(struct held *block, u32 size, u8 pattern)
{
	block->size = size;
	block->ptr = heapmod_alloc(heap, size, __GFP_NOWARN);
	if (block->ptr)
		fill(block, pattern);
}

/* The contents stay, up to the smaller size, and so does the block if there is no room. */
static void resize_block(struct client *client, struct held *block, u32 size, u8 pattern)
{
	u8 *ptr;

	client->errors += !is_intact(block);
	ptr = heapmod_realloc(heap, block->ptr, size, __GFP_NOWARN);
	if (!ptr)
		return;
	client->errors += !!memchr_inv(ptr, block->pattern, min(size, block->size));
	block->ptr = ptr;
	block->size = size;
	fill(block, pattern);
}

static void work_once(struct client *client)
{
	u32 random = prandom_u32_state(&client->random);
	u32 size = 1 + (random >> 12) % 500;
	struct held *block = &client->live[random % LIVE];

	refill(client, &client->live[random / LIVE % LIVE], random >> 24);
	if (random >> 28 == 0)
		client->errors += !adds_up();
	if (!block->ptr)
		allocate_block(block, size, random >> 16);
	else if (resizes && random >> 31)
		resize_block(client, block, size, random >> 16);
	else
		free_block(client, block);
}

static void work(struct client *client, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		work_once(client);
	client->left -= min_t(u64, client->left, count);
	atomic64_add(count, &operations[context()]);
}

/* A pause follows each burst, however long it takes, so that thread and other timer can run. */
static enum hrtimer_restart interrupt(struct hrtimer *timer)
{
	struct client *client = container_of(timer, struct client, timer);

	work(client, BURST);
	if (!client->left)
		return HRTIMER_NORESTART;
	hrtimer_set_expires(timer, ktime_add_ns(ktime_get(), PAUSE));
	return HRTIMER_RESTART;
}

static void start_timer(struct client *client, enum hrtimer_mode mode)
{
	heapmod_hrtimer_setup(&client->timer, interrupt, CLOCK_MONOTONIC, mode);
	if (client->left)
		hrtimer_start(&client->timer, ns_to_ktime(PAUSE), mode);
}

static void free_blocks(struct client *client)
{
	unsigned int i;

	for (i = 0; i < LIVE; i++)
		heapmod_free(heap, client->live[i].ptr);
}

/* The thread of a CPU. Its timers are pinned to the CPU, and it runs until both are done. */
static int work_on_cpu_of(void *data)
{
	struct worker *worker = data;
	struct client *clients = worker->clients;
	unsigned int i;

	start_timer(&clients[SOFTIRQ], HRTIMER_MODE_REL_PINNED_SOFT);
	start_timer(&clients[HARDIRQ], HRTIMER_MODE_REL_PINNED_HARD);
	while (clients[TASK].left || hrtimer_active(&clients[SOFTIRQ].timer) ||
	       hrtimer_active(&clients[HARDIRQ].timer)) {
		work(&clients[TASK], 256);
		cond_resched();
	}
	for (i = 0; i < CONTEXTS; i++)
		free_blocks(&clients[i]);
	complete(&worker->done);
	return 0;
}

/* The operations of a client: each timer does an eighth of those of the thread. */
static u64 share(enum context context, u64 count)
{
	if (context == TASK)
		return count;
	return interrupts ? count / 8 : 0;
}

static int start(struct worker *worker, unsigned int cpu, u64 count)
{
	struct task_struct *task;
	unsigned int i;

	for (i = 0; i < CONTEXTS; i++) {
		prandom_seed_state(&worker->clients[i].random, cpu * CONTEXTS + i + 1);
		worker->clients[i].left = share(i, count);
	}
	init_completion(&worker->done);
	task = kthread_create(work_on_cpu_of, worker, "heap_stress/%u", cpu);
	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, cpu);
	worker->task = get_task_struct(task);
	wake_up_process(task);
	return 0;
}

/* Wait until the thread has exited, because it runs code of this module. Return: all errors. */
static u64 finish(struct worker *worker)
{
	u64 errors = 0;
	unsigned int i;

	if (!worker->task)
		return 0;
	wait_for_completion(&worker->done);
	kthread_stop(worker->task);
	put_task_struct(worker->task);
	for (i = 0; i < CONTEXTS; i++)
		errors += worker->clients[i].errors;
	return errors;
}

static int run(void *data, u64 count)
{
	struct worker *workers = kvcalloc(nr_cpu_ids, sizeof(*workers), GFP_KERNEL);
	unsigned int cpu;
	u64 errors = 0;
	int error = 0;

	if (!workers)
		return -ENOMEM;
	for_each_online_cpu(cpu)
		error = start(&workers[cpu], cpu, count) ?: error;
	for_each_possible_cpu(cpu)
		errors += finish(&workers[cpu]);
	kvfree(workers);
	if (errors)
		pr_err("%llu blocks had other contents than written, or stats did not add up\n",
		       errors);
	return error ?: errors ? -EIO : heapmod_check(heap);
}
DEFINE_DEBUGFS_ATTRIBUTE(run_fops, NULL, run, "%llu\n");

static int operations_show(struct seq_file *file, void *unused)
{
	unsigned int i;

	for (i = 0; i < CONTEXTS; i++)
		seq_printf(file, "%s %llu\n", contexts[i], (u64)atomic64_read(&operations[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(operations);

static int check_heap(void *data, u64 *verdict)
{
	*verdict = heapmod_check(heap) ? 1 : 0;
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(check_fops, check_heap, NULL, "%llu\n");

/* Witnesses are spread over the heap, with holes for the clients between them. */
static int __init place_witnesses(void)
{
	static void *gaps[WITNESSES] __initdata;
	unsigned int i;

	witnesses = min_t(unsigned int, witnesses, WITNESSES);
	for (i = 0; i < witnesses; i++) {
		gaps[i] = heapmod_alloc(heap, 300, GFP_KERNEL);
		if (!gaps[i] || !heapmod_alloc(heap, WITNESS_BYTES, GFP_KERNEL))
			return -ENOMEM;
	}
	for (i = 0; i < witnesses; i++)
		heapmod_free(heap, gaps[i]);
	return 0;
}

static int __init stress_init(void)
{
	int error;

	heap = heapmod_create("stress", size, flags);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	error = place_witnesses();
	if (error) {
		heapmod_destroy(heap);
		return error;
	}
	dir = debugfs_create_dir("heap_stress", NULL);
	debugfs_create_file("run", 0200, dir, NULL, &run_fops);
	debugfs_create_file("operations", 0400, dir, NULL, &operations_fops);
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
