// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_reset - a heap is reset while another CPU is inside a call that allocates
 *
 * insmod makes the mistake with the call `call`. A tracepoint holds that call, behind the lock,
 * until the reset has begun. insmod fails if the call does not return a block. With `wait`, which
 * is no mistake, the block must be live. With `destroy`, the heap is destroyed instead, and the
 * wait must end with an error.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "heaps/heaps.h"

#define BYTES	100

static char *call = "alloc";
module_param(call, charp, 0);
MODULE_PARM_DESC(call, "alloc, zalloc, bulk, aligned, grow, shrink, move, memdup, strdup, printf or wait");

static bool destroy;
module_param(destroy, bool, 0);
MODULE_PARM_DESC(destroy, "destroy the heap in place of the reset (default no)");

static unsigned int flags;
module_param(flags, uint, 0);
MODULE_PARM_DESC(flags, "of the heap (default 0)");

static struct heapmod *heap;
static void *block;			/* to resize */
static struct task_struct *caller;
static DECLARE_COMPLETION(inside);
static DECLARE_COMPLETION(returned);
static bool armed;
static void *got;			/* from the call */

static void *allocate_bulk(void)
{
	void *ptrs[2];

	return heapmod_alloc_bulk(heap, BYTES, GFP_KERNEL, 2, ptrs) == 2 ? ptrs[1] : NULL;
}

static void *allocate(void)
{
	if (!strcmp(call, "zalloc"))
		return heapmod_zalloc(heap, BYTES, GFP_KERNEL);
	if (!strcmp(call, "bulk"))
		return allocate_bulk();
	if (!strcmp(call, "aligned"))
		return heapmod_alloc_aligned(heap, BYTES, 64, GFP_KERNEL);
	if (!strcmp(call, "grow"))
		return heapmod_realloc(heap, block, 2 * BYTES, GFP_KERNEL);
	if (!strcmp(call, "shrink"))
		return heapmod_realloc(heap, block, BYTES / 2, GFP_KERNEL);
	if (!strcmp(call, "move"))
		return heapmod_realloc(heap, block, 10 * BYTES, GFP_KERNEL);
	if (!strcmp(call, "memdup"))
		return heapmod_memdup(heap, &inside, sizeof(inside), GFP_KERNEL);
	if (!strcmp(call, "strdup"))
		return heapmod_strdup(heap, call, GFP_KERNEL);
	if (!strcmp(call, "printf"))
		return heapmod_asprintf(heap, GFP_KERNEL, "%s", call);
	if (!strcmp(call, "wait"))
		return heapmod_alloc_wait(heap, BYTES, 1, GFP_KERNEL, TASK_KILLABLE,
					  MAX_SCHEDULE_TIMEOUT);
	return heapmod_alloc(heap, BYTES, GFP_KERNEL);
}

/* The tracepoint that the call reaches before it returns a block. */
static const char *point_name(void)
{
	return strcmp(call, "grow") && strcmp(call, "shrink") ? "heapmod_alloc" : "heapmod_resize";
}

/* The probe of this tracepoint, once: a wait comes here again with its next block. */
static void hold(void)
{
	unsigned long resets;

	if (!armed || current != caller)
		return;
	armed = false;
	resets = READ_ONCE(heap->resets);
	complete(&inside);
	while (READ_ONCE(heap->resets) == resets && !READ_ONCE(heap->shut_down))
		cpu_relax();
}

/* The next allocation of the call site takes the block of the cache. */
static void fill_cache(void)
{
	heapmod_free(heap, allocate());
	heapmod_free(heap, allocate());
}

static int work(void *unused)
{
	if (flags & HEAPMOD_PERCPU)
		fill_cache();
	armed = true;
	got = allocate();
	heapmod_complete_and_exit(&returned, 0);
}

static int search(struct notifier_block *notifier, unsigned long event, void *data);

static struct tracepoint *point;
static struct notifier_block notifier = { .notifier_call = search };

/* The tracepoints of a module are not exported. The notifier is called for each that is loaded. */
static int search(struct notifier_block *unused, unsigned long event, void *data)
{
	struct module *module = ((struct tp_module *)data)->mod;
	int i;

	for (i = 0; i < module->num_tracepoints; i++) {
		struct tracepoint *found = tracepoint_ptr_deref(&module->tracepoints_ptrs[i]);

		if (!strcmp(found->name, point_name()))
			point = found;
	}
	return NOTIFY_OK;
}

static bool is_right(void)
{
	if (destroy)
		return got == ERR_PTR(-ESHUTDOWN);
	return !IS_ERR_OR_NULL(got) && (strcmp(call, "wait") || heapmod_owns(heap, got));
}

static void end_life(void)
{
	heapmod_destroy(heap);
	heap = NULL;
}

static int run(void)
{
	void *wall;

	block = heapmod_alloc(heap, BYTES, GFP_KERNEL);
	wall = strcmp(call, "move") ? block : heapmod_alloc(heap, BYTES, GFP_KERNEL);
	caller = kthread_create(work, NULL, "heap_reset");
	if (!block || !wall || IS_ERR(caller))
		return -ENOMEM;
	kthread_bind(caller, cpumask_last(cpu_online_mask));
	wake_up_process(caller);
	wait_for_completion(&inside);
	if (destroy)
		end_life();
	else
		heapmod_reset(heap);
	wait_for_completion(&returned);
	return is_right() ? 0 : -EINVAL;
}

static int __init reset_init(void)
{
	int error;

	heap = heapmod_create("reset", 1 << 16, flags);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	register_tracepoint_module_notifier(&notifier);
	unregister_tracepoint_module_notifier(&notifier);
	error = point ? tracepoint_probe_register(point, hold, NULL) : -ENOENT;
	if (!error) {
		error = run();
		tracepoint_probe_unregister(point, hold, NULL);
		tracepoint_synchronize_unregister();
	}
	heapmod_destroy(heap);
	return error;
}

static void __exit reset_exit(void)
{
}

module_init(reset_init);
module_exit(reset_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("A reset at the wrong moment");
MODULE_LICENSE("GPL");
