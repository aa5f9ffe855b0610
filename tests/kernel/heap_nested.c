// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_nested - a kprobe calls a heap from inside a call on the same heap
 *
 * When the name of a function is written to the parameter `symbol`, it is probed, and each call is
 * made on a heap. Whenever the function runs, with or without the lock of the heap, the handler
 * allocates, frees a live block and frees a wrong pointer. No call may spin, no block may be lost,
 * and each wrong pointer must be refused: otherwise the write fails. So it does if the heap queued
 * its irq_work with interrupts on, where the caller may be preempted first. The parameter `hits`
 * tells how often the function ran, or -1 if it cannot be probed.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "heapmod.h"
#include "heaps/heaps.h"

#define ROUNDS	20
#define HITS	1000		/* later hits do nothing: a report of a wrong pointer hits, too */

static unsigned int flags;
module_param(flags, uint, 0);
MODULE_PARM_DESC(flags, "flags of the heap");

static int hits;
module_param(hits, int, 0400);
MODULE_PARM_DESC(hits, "how often the function has run; -1 if it cannot be probed");

static struct heapmod *heap, *other;
static char *live;
static void *spare;			/* a block that the next hit frees */
static int wrong;
static int late;

static void allocate(struct heapmod *from)
{
	void *ptr = heapmod_alloc(from, 40, GFP_ATOMIC | __GFP_NOWARN);

	if (ptr)
		heapmod_free(from, ptr);
}

/* On each irq_work_queue(): is it for the heap, with interrupts on? */
static int judge_queueing(struct kprobe *queueing, struct pt_regs *regs)
{
#ifdef CONFIG_X86_64
	late += regs->di == (unsigned long)&heap->follow_up && regs->flags & X86_EFLAGS_IF;
#endif
	return 0;
}

static int handler(struct kprobe *probe, struct pt_regs *regs)
{
	if (!live || ++hits > HITS)
		return 0;
	allocate(heap);
	allocate(other);
	heapmod_free(heap, xchg(&spare, NULL));
	heapmod_free(heap, live + 8);
	wrong++;
	return 0;
}

static struct kprobe probe;

static void call_all(void)
{
	struct heapmod_stats stats;
	void *ptr = heapmod_alloc(heap, 100, GFP_KERNEL | __GFP_NOWARN);
	void *aligned = heapmod_alloc_aligned(heap, 100, 256, GFP_KERNEL | __GFP_NOWARN);
	void *moved = heapmod_realloc(heap, ptr, 1000, GFP_KERNEL | __GFP_NOWARN);

	heapmod_free(heap, moved ?: ptr);
	heapmod_free(heap, aligned);
	heapmod_get_stats(heap, &stats);
	heapmod_owns(heap, live);
	if (!READ_ONCE(spare))
		WRITE_ONCE(spare, heapmod_alloc(heap, 200, GFP_KERNEL | __GFP_NOWARN));
}

/* Return: what is wrong when the probe is gone. */
static const char *verify(void)
{
	struct heapmod_stats stats;

	heapmod_free(heap, xchg(&spare, NULL));
	heapmod_free(heap, live);
	heapmod_barrier(heap);
	if (heapmod_check(heap) || heapmod_check(other))
		return "the heap is corrupt";
	heapmod_get_stats(heap, &stats);
	if (stats.blocks || stats.pending_bytes)
		return "blocks are left";
	if (stats.refused != wrong)
		return "a wrong pointer was not refused";
	if (late)
		return "the irq_work was queued late";
	return NULL;
}

static int probe_and_call(const char *symbol)
{
	const char *problem;
	int i;

	probe = (struct kprobe){ .pre_handler = handler, .symbol_name = symbol };
	live = NULL;
	hits = -1;
	wrong = 0;
	late = 0;
	if (register_kprobe(&probe))
		return -ENXIO;
	hits = 0;
	live = heapmod_alloc(heap, 100, GFP_KERNEL);
	for (i = 0; i < ROUNDS; i++)
		call_all();
	unregister_kprobe(&probe);
	problem = live ? verify() : "no memory";
	if (problem)
		pr_err("%s: %s\n", symbol, problem);
	return problem ? -EUCLEAN : 0;
}

static int run(const char *symbol)
{
	struct kprobe queueing = {
		.pre_handler = judge_queueing,
		.symbol_name = "irq_work_queue",
	};
	int error = register_kprobe(&queueing);

	if (error)
		return error;
	error = probe_and_call(symbol);
	unregister_kprobe(&queueing);
	return error;
}

static int set_symbol(const char *value, const struct kernel_param *unused)
{
	char symbol[KSYM_NAME_LEN];
	int error = -ENOMEM;

	strscpy(symbol, value, sizeof(symbol));
	heap = heapmod_create("nested", 1 << 16, flags);
	other = heapmod_create("other", 1 << 16, flags);
	if (!IS_ERR(heap) && !IS_ERR(other))
		error = run(strim(symbol));
	heapmod_destroy(heap);
	heapmod_destroy(other);
	return error;
}

static const struct kernel_param_ops symbol_ops = { .set = set_symbol };
module_param_cb(symbol, &symbol_ops, NULL, 0200);
MODULE_PARM_DESC(symbol, "function to probe, now");

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("Nested calls of heapmod, by kprobes");
MODULE_LICENSE("GPL");
