// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_oops - a client frees while another CPU oopses, and the kernel survives
 *
 * A thread oopses. The die notifier holds the lock of the heap, while the other CPU frees `frees`
 * blocks: they are deferred. The irq_work of that CPU must not wait for the lock, and leaves them.
 * Nothing else uses the heap. Then the oops is over, and the work item of the heap must complete
 * the frees. insmod fails if it does not.
 *
 * With percpu=1 the first frees end in the cache of that CPU, which needs no lock.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kdebug.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "heaps/heaps.h"
#include "heaps/percpu.h"

#define MOST	100		/* more than there are slots */

static unsigned int frees = 1;
module_param(frees, uint, 0);
MODULE_PARM_DESC(frees, "blocks to free during the oops, at most 100");

static bool percpu;
module_param(percpu, bool, 0);
MODULE_PARM_DESC(percpu, "a heap with caches; frees must be above 16");

static struct heapmod *heap;
static void *blocks[MOST];
static struct task_struct *oopses;
static bool locked, followed_up, deferred;
static DECLARE_COMPLETION(done);

/* In the oops, with interrupts off. */
static int on_oops(struct notifier_block *notifier, unsigned long what, void *unused)
{
	if (what != DIE_OOPS || current != oopses)
		return NOTIFY_DONE;
	raw_spin_lock(&heap->lock);
	WRITE_ONCE(locked, true);
	while (!READ_ONCE(followed_up))
		cpu_relax();
	raw_spin_unlock(&heap->lock);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = on_oops };

static int oops(void *unused)
{
	WRITE_ONCE(*(int *)NULL, 1);
	return 0;
}

static int free_meanwhile(void *unused)
{
	unsigned long flags;
	unsigned int i;

	while (!READ_ONCE(locked))
		cpu_relax();
	local_irq_save(flags);
	for (i = 0; i < frees; i++)
		heapmod_free(heap, blocks[i]);
	deferred = heap_defers(&heap->deferred);
	local_irq_restore(flags);
	/* irq_work_sync() may wait for RCU, and so for the CPU that oopses. */
	while (!delayed_work_pending(&heap->slow_work))
		cond_resched();
	WRITE_ONCE(followed_up, true);
	heapmod_complete_and_exit(&done, 0);
}

static struct task_struct *create(int (*function)(void *unused), unsigned int cpu)
{
	struct task_struct *task = kthread_create(function, NULL, "heap_oops/%u", cpu);

	if (!IS_ERR(task))
		kthread_bind(task, cpu);
	return task;
}

/* Caches have counts that the core does not have yet. */
static u64 live_blocks(void)
{
	u64 live = heap_live_blocks(&heap->core);
	struct heap_cache *cache;
	int cpu;

	if (!percpu)
		return live;
	for_each_possible_cpu(cpu) {
		cache = &per_cpu_ptr(heap->cpus, cpu)->cache;
		live += cache->now.allocs - cache->settled.allocs;
		live -= cache->now.frees - cache->settled.frees;
	}
	return live;
}

/* No call of the heap completes a free here. */
static int verify(void)
{
	u64 live;

	do
		flush_delayed_work(&heap->slow_work);
	while (delayed_work_pending(&heap->slow_work));
	live = live_blocks();
	if (!deferred)
		pr_err("heap_oops: no free was deferred\n");
	if (live)
		pr_err("heap_oops: %llu blocks are live\n", live);
	return !deferred || live ? -EUCLEAN : heapmod_check(heap);
}

static int run(void)
{
	struct task_struct *other = create(free_meanwhile, cpumask_last(cpu_online_mask));

	oopses = create(oops, cpumask_first(cpu_online_mask));
	if (IS_ERR(oopses) || IS_ERR(other))
		return -ENOMEM;
	register_die_notifier(&notifier);
	wake_up_process(other);
	wake_up_process(oopses);
	wait_for_completion(&done);
	unregister_die_notifier(&notifier);
	return verify();
}

static int __init heap_oops_init(void)
{
	unsigned int i;
	int error;

	if (frees > MOST || (percpu && frees <= HEAP_CACHE_DEPTH))
		return -EINVAL;
	heap = heapmod_create("oops", 1 << 16, percpu ? HEAPMOD_PERCPU : 0);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	for (i = 0; i < frees; i++)
		blocks[i] = heapmod_alloc(heap, 100, GFP_KERNEL);
	error = run();
	heapmod_destroy(heap);
	return error;
}

static void __exit heap_oops_exit(void)
{
}

module_init(heap_oops_init);
module_exit(heap_oops_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("A survived oops");
MODULE_LICENSE("GPL");
