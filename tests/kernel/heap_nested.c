// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_nested - a kprobe calls a heap from inside a call on the same heap
 *
 * When the name of a function is written to the parameter `symbol`, it is probed, and each call is
 * made on a heap with each of `flags`. Whenever the function runs, with or without the lock of the
 * heap, the handler allocates, frees a live block and frees a wrong pointer. No call may spin, no
 * block may be lost, and each wrong pointer must be refused: otherwise the write fails. So it does
 * if the heap queued its irq_work with interrupts on, where the caller may be preempted first.
 *
 * A probe is a breakpoint at first, whose handler runs as in an NMI. Where it can, the kernel
 * replaces it by a jump after a while, and then the handler runs as in a plain call. With `settle`,
 * the calls go on until it has.
 *
 * The parameter `outcomes` has a line for each flags, or none if the function cannot be probed: the
 * flags, how often the function ran, how often of these after a jump, how many allocations found
 * the lock busy, and `sound` or what is wrong.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hardirq.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "heapmod.h"
#include "heaps/heaps.h"

#define RUNS	3
#define ROUNDS	20
#define HITS	1000		/* later hits do nothing: a report of a wrong pointer hits, too */
#define SETTLE	(60 * HZ)	/* after that, the probe stays a breakpoint */

static unsigned int flags[RUNS] = { 0, HEAPMOD_POISON | HEAPMOD_REDZONE, HEAPMOD_PERCPU };
static unsigned int count = RUNS;
module_param_array(flags, uint, &count, 0);
MODULE_PARM_DESC(flags, "flags of the heaps, one after the other");

static bool settle;
module_param(settle, bool, 0600);
MODULE_PARM_DESC(settle, "call until the probe is a jump");

/* What a probe did to the heap with one of the flags. */
static struct run {
	int hits;
	int jumps;
	u64 busy;
	const char *problem;
} runs[RUNS], *run;
static unsigned int done;		/* how many runs have ended */

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
	if (!live)
		return 0;
	/* Where a function begins with a call of ftrace, there never was a breakpoint. */
	run->jumps += !in_nmi() && !kprobe_ftrace(probe);
	if (++run->hits > HITS)
		return 0;
	allocate(heap);
	allocate(other);
	heapmod_free(heap, xchg(&spare, NULL));
	heapmod_free(heap, live + 8);
	wrong++;
	return 0;
}

static struct kprobe probe;
static struct kprobe queueing = {
	.pre_handler = judge_queueing,
	.symbol_name = "irq_work_queue",
};

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

static void call_rounds(unsigned long deadline)
{
	int i;

	call_all();
	while (settle && run->hits && !run->jumps && time_before(jiffies, deadline)) {
		msleep(100);
		call_all();
	}
	for (i = 1; i < ROUNDS; i++)
		call_all();
}

/* Return: what is wrong when the handler does nothing any more. */
static const char *verify(void *block)
{
	struct heapmod_stats stats;

	heapmod_free(heap, xchg(&spare, NULL));
	heapmod_free(heap, block);
	heapmod_barrier(heap);
	if (heapmod_check(heap) || heapmod_check(other))
		return "the heap is corrupt";
	heapmod_get_stats(heap, &stats);
	run->busy = stats.busy;
	if (stats.blocks || stats.pending_bytes)
		return "blocks are left";
	if (stats.refused != wrong)
		return "a wrong pointer was not refused";
	if (late)
		return "the irq_work was queued late";
	return NULL;
}

static const char *call_and_verify(unsigned long deadline)
{
	void *block = heapmod_alloc(heap, 100, GFP_KERNEL);

	if (!block)
		return "no memory";
	wrong = 0;
	late = 0;
	live = block;
	call_rounds(deadline);
	synchronize_rcu();	/* wakes this task: the handler runs outside of the heap, too */
	live = NULL;
	synchronize_rcu();	/* the handler is done with it: it is not preempted */
	return verify(block);
}

static const char *run_heaps(unsigned int kind, unsigned long deadline)
{
	const char *problem = "no memory";

	heap = heapmod_create("nested", 1 << 16, kind);
	other = heapmod_create("other", 1 << 16, kind);
	if (!IS_ERR(heap) && !IS_ERR(other))
		problem = call_and_verify(deadline);
	heapmod_destroy(heap);
	heapmod_destroy(other);
	return problem;
}

static int run_all(void)
{
	unsigned long deadline = jiffies + SETTLE;
	int error = 0;

	memset(runs, 0, sizeof(runs));
	for (done = 0; done < count; done++) {
		run = &runs[done];
		run->problem = run_heaps(flags[done], deadline);
		if (!run->problem)
			continue;
		error = -EUCLEAN;
		pr_err("%s, flags=%u: %s\n", probe.symbol_name, flags[done], run->problem);
	}
	return error;
}

static int set_symbol(const char *value, const struct kernel_param *unused)
{
	char symbol[KSYM_NAME_LEN];
	int error;

	done = 0;
	strscpy(symbol, value, sizeof(symbol));
	probe = (struct kprobe){ .pre_handler = handler, .symbol_name = strim(symbol) };
	if (register_kprobe(&probe))
		return -ENXIO;
	error = run_all();
	unregister_kprobe(&probe);
	return error;
}

static const struct kernel_param_ops symbol_ops = { .set = set_symbol };
module_param_cb(symbol, &symbol_ops, NULL, 0200);
MODULE_PARM_DESC(symbol, "function to probe, now");

static int get_outcomes(char *buffer, const struct kernel_param *unused)
{
	int length = 0;
	int i;

	for (i = 0; i < done; i++)
		length += scnprintf(buffer + length, PAGE_SIZE - length, "%u %d %d %llu %s\n",
				    flags[i], runs[i].hits, runs[i].jumps, runs[i].busy,
				    runs[i].problem ?: "sound");
	return length;
}

static const struct kernel_param_ops outcomes_ops = { .get = get_outcomes };
module_param_cb(outcomes, &outcomes_ops, NULL, 0400);
MODULE_PARM_DESC(outcomes, "of the last probe: flags, hits, jumps, busy, and what is wrong");

static int __init nested_init(void)
{
	return register_kprobe(&queueing);
}
module_init(nested_init);

static void __exit nested_exit(void)
{
	unregister_kprobe(&queueing);
}
module_exit(nested_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("Nested calls of heapmod, by kprobes");
MODULE_LICENSE("GPL");
