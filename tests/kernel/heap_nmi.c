// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_nmi - NMIs allocate and free while the code that they interrupt does the same
 *
 * Threads on some CPUs allocate and free without a pause, and pass blocks to the NMIs. An NMI
 * allocates, frees a block of its own and the one passed to it, and frees invalid pointers. When it
 * finds the lock held while it has many blocks, it frees all of them, more than there are slots for
 * deferred blocks. With one thread, the holder of the lock is always the interrupted code.
 *
 * In /sys/kernel/debug/heap_nmi: a write of a number of CPUs to `run` creates a new heap, and waits
 * until enough NMIs found the lock free, and as many found it held. It fails on any error. `counts`
 * has the counters. The NMIs must come from outside.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <asm/nmi.h>

#include "heaps/compat.h"
#include "heaps/heaps.h"

#define LIVE		100		/* blocks of the NMIs, more than there are slots */
#define SMALLEST	40		/* bytes, more than the permanent hole has */

static unsigned int flags;
module_param(flags, uint, 0600);
MODULE_PARM_DESC(flags, "flags of the heap of the next run");

static unsigned int wanted = 100;
module_param(wanted, uint, 0);
MODULE_PARM_DESC(wanted, "NMIs that must find the lock free, and as many that must find it held");

static struct heapmod *heap;
static struct dentry *dir;
static char *witness, *hole;		/* a live block, and a freed one behind it */
static void *passed;			/* a block that an NMI must free */

struct held {
	u8 *ptr;
	u32 size;
};

/* Each client counts its operations. All NMIs are one client, because only one runs at a time. */
struct client {
	struct task_struct *task;
	struct rnd_state random;
	u64 allocs;
	u64 frees;
	u64 errors;
	struct held live[LIVE];
};

static struct client *workers;		/* for each CPU */
static struct client nmi;
static unsigned long nmi_is_busy = 1;	/* bit 0: an NMI runs, or all are disabled */
static unsigned int nmi_live;		/* blocks that the NMIs have */
static unsigned int found_free, found_held, bursts, wrong;

static bool allocate(struct client *client, struct held *block)
{
	u32 random = prandom_u32_state(&client->random);

	block->size = SMALLEST + random % 500;
	block->ptr = heapmod_alloc(heap, block->size, GFP_ATOMIC | __GFP_NOWARN);
	if (!block->ptr)
		return false;
	memset(block->ptr, block->size, block->size);
	client->allocs++;
	return true;
}

static void free_block(struct client *client, struct held *block)
{
	client->errors += !!memchr_inv(block->ptr, (u8)block->size, block->size);
	client->frees++;
	heapmod_free(heap, block->ptr);
	block->ptr = NULL;
}

/* Pass a block to the next NMI; free the one before it. The exchange decides which CPU frees it. */
static void pass_block(struct client *client, void *ptr)
{
	void *before = xchg(&passed, ptr);

	if (!before)
		return;
	client->frees++;
	heapmod_free(heap, before);
}

static void work_once(struct client *client)
{
	u32 random = prandom_u32_state(&client->random);
	struct held *block = &client->live[random % LIVE];

	if (!block->ptr) {
		client->errors += !allocate(client, block);
	} else if (random >> 28 == 0) {
		pass_block(client, block->ptr);
		block->ptr = NULL;
	} else {
		free_block(client, block);
	}
}

static void free_all(struct client *client)
{
	unsigned int i;

	for (i = 0; i < LIVE; i++) {
		if (client->live[i].ptr)
			free_block(client, &client->live[i]);
	}
}

static int work(void *data)
{
	struct client *client = data;
	unsigned int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < 256; i++)
			work_once(client);
		cond_resched();
	}
	free_all(client);
	return 0;
}

/* None of these pointers is a live block. */
static void free_invalid(void)
{
	heapmod_free(heap, witness + 16);
	heapmod_free(heap, witness + 1);
	heapmod_free(heap, hole);
	heapmod_free(heap, &heap);
	wrong += 4;
}

static void lock_was_free(struct held *block)
{
	found_free++;
	if (nmi_live == LIVE - 1)
		free_block(&nmi, block);
	else
		nmi_live++;
}

/* Each of these frees is deferred, unless the lock has become free in the meantime. */
static void lock_was_held(void)
{
	found_held++;
	if (nmi_live == LIVE - 1) {
		free_all(&nmi);
		nmi_live = 0;
		bursts++;
	} else if (nmi_live) {
		free_block(&nmi, &nmi.live[--nmi_live]);
	}
}

static int interrupt(unsigned int type, struct pt_regs *regs)
{
	unsigned int i;

	if (test_and_set_bit(0, &nmi_is_busy))
		return NMI_HANDLED;
	for (i = 0; i < 4; i++) {
		struct held *block = &nmi.live[nmi_live];

		if (allocate(&nmi, block)) {
			lock_was_free(block);
		} else {
			lock_was_held();
			break;
		}
	}
	pass_block(&nmi, NULL);
	free_invalid();
	clear_bit(0, &nmi_is_busy);
	return NMI_HANDLED;
}

static int start(unsigned int cpu)
{
	struct task_struct *task;

	prandom_seed_state(&workers[cpu].random, cpu + 1);
	task = kthread_create(work, &workers[cpu], "heap_nmi/%u", cpu);
	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, cpu);
	workers[cpu].task = task;
	wake_up_process(task);
	return 0;
}

static void stop(unsigned int cpu)
{
	if (workers[cpu].task)
		kthread_stop(workers[cpu].task);
	workers[cpu].task = NULL;
}

/* The counters of the heap are those of clients and NMIs together. */
static bool counters_agree(void)
{
	u64 allocs = nmi.allocs + 3, frees = nmi.frees + 1;
	struct heapmod_stats s;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		allocs += workers[cpu].allocs;
		frees += workers[cpu].frees;
	}
	heapmod_get_stats(heap, &s);
	pr_info("%llu of %llu allocations, %llu of %llu frees, %llu of %u refused\n", s.allocs,
		allocs, s.frees, frees, s.refused, wrong);
	return s.allocs == allocs && s.frees == frees && s.refused == wrong && s.blocks == 2;
}

static u64 all_errors(void)
{
	u64 errors = nmi.errors;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		errors += workers[cpu].errors;
	return errors;
}

/* Disable the NMIs, free their blocks, and wait until all deferred blocks are free. */
static void settle(void)
{
	while (test_and_set_bit(0, &nmi_is_busy))
		cpu_relax();
	free_all(&nmi);
	pass_block(&nmi, NULL);
	do {
		irq_work_sync(&heap->follow_up);
		flush_delayed_work(&heap->slow_work);
	} while (heap_defers(&heap->deferred));
}

static int create(void)
{
	heapmod_destroy(heap);
	heap = heapmod_create("nmi", 1 << 20, flags);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	witness = heapmod_alloc(heap, 100, GFP_KERNEL);
	hole = heapmod_alloc(heap, 8, GFP_KERNEL);
	if (!witness || !hole || !heapmod_alloc(heap, 100, GFP_KERNEL))
		return -ENOMEM;
	heapmod_free(heap, hole);
	return 0;
}

static void reset_counters(void)
{
	memset(workers, 0, nr_cpu_ids * sizeof(*workers));
	memset(&nmi, 0, sizeof(nmi));
	prandom_seed_state(&nmi.random, 1234);
	nmi_live = 0;
	found_free = 0;
	found_held = 0;
	bursts = 0;
	wrong = 0;
}

static bool is_enough(void)
{
	return READ_ONCE(found_free) >= wanted && READ_ONCE(found_held) >= wanted &&
	       READ_ONCE(bursts);
}

static int work_on(u64 cpus)
{
	unsigned int cpu, count = 0;
	int error = 0;

	clear_bit_unlock(0, &nmi_is_busy);
	for_each_online_cpu(cpu) {
		if (count++ < cpus)
			error = start(cpu) ?: error;
	}
	while (!error && !is_enough())
		msleep(50);
	for_each_possible_cpu(cpu)
		stop(cpu);
	settle();
	return error;
}

static int run(void *data, u64 cpus)
{
	int error = create();

	if (error)
		return error;
	reset_counters();
	error = work_on(cpus);
	if (!error && (all_errors() || !counters_agree()))
		error = -EIO;
	return error ?: heapmod_check(heap);
}
DEFINE_DEBUGFS_ATTRIBUTE(run_fops, NULL, run, "%llu\n");

static int counts_show(struct seq_file *file, void *unused)
{
	seq_printf(file, "free %u\nheld %u\nbursts %u\nwrong %u\nerrors %llu\n", found_free,
		   found_held, bursts, wrong, all_errors());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counts);

static int __init heap_nmi_init(void)
{
	int error;

	workers = kvcalloc(nr_cpu_ids, sizeof(*workers), GFP_KERNEL);
	if (!workers)
		return -ENOMEM;
	error = register_nmi_handler(NMI_LOCAL, interrupt, 0, "heap_nmi");
	if (error) {
		kvfree(workers);
		return error;
	}
	dir = debugfs_create_dir("heap_nmi", NULL);
	debugfs_create_file("run", 0200, dir, NULL, &run_fops);
	debugfs_create_file("counts", 0400, dir, NULL, &counts_fops);
	return 0;
}
module_init(heap_nmi_init);

static void __exit heap_nmi_exit(void)
{
	debugfs_remove(dir);
	unregister_nmi_handler(NMI_LOCAL, "heap_nmi");
	heapmod_destroy(heap);
	kvfree(workers);
}
module_exit(heap_nmi_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("NMIs for heapmod");
MODULE_LICENSE("GPL");
