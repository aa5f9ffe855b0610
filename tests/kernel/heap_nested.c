// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_nested - a kprobe calls a heap from inside a call on the same heap
 *
 * insmod probes the function `symbol` and makes each call on a heap. Whenever the function runs,
 * with or without the lock of the heap, the handler allocates, frees a live block and frees a wrong
 * pointer. No call may spin, no block may be lost, and each wrong pointer must be refused. insmod
 * fails with ENXIO if the function cannot be probed, and with EUCLEAN if anything is wrong.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "heapmod.h"

#define ROUNDS	20
#define HITS	1000		/* later hits do nothing: a report of a wrong pointer hits, too */

static char *symbol = "heap_alloc";
module_param(symbol, charp, 0);
MODULE_PARM_DESC(symbol, "function to probe");

static unsigned int flags;
module_param(flags, uint, 0);
MODULE_PARM_DESC(flags, "flags of the heap");

static struct heapmod *heap, *other;
static char *live;
static void *spare;			/* a block that the next hit frees */
static atomic_t hits, wrong;

static void allocate(struct heapmod *from)
{
	void *ptr = heapmod_alloc(from, 40, GFP_ATOMIC | __GFP_NOWARN);

	if (ptr)
		heapmod_free(from, ptr);
}

static int handler(struct kprobe *probe, struct pt_regs *regs)
{
	if (!live || atomic_inc_return(&hits) > HITS)
		return 0;
	allocate(heap);
	allocate(other);
	heapmod_free(heap, xchg(&spare, NULL));
	heapmod_free(heap, live + 8);
	atomic_inc(&wrong);
	return 0;
}

static struct kprobe probe = { .pre_handler = handler };

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
	if (stats.refused != atomic_read(&wrong))
		return "a wrong pointer was not refused";
	return NULL;
}

static int run(void)
{
	const char *problem;
	int i, error;

	probe.symbol_name = symbol;
	error = register_kprobe(&probe);
	if (error) {
		pr_info("%s cannot be probed: %d\n", symbol, error);
		return -ENXIO;
	}
	live = heapmod_alloc(heap, 100, GFP_KERNEL);
	for (i = 0; i < ROUNDS; i++)
		call_all();
	unregister_kprobe(&probe);
	problem = live ? verify() : "no memory";
	if (problem)
		pr_err("%s: %s\n", symbol, problem);
	pr_info("%s: %d hits\n", symbol, atomic_read(&hits));
	return problem ? -EUCLEAN : 0;
}

static int __init nested_init(void)
{
	int error = -ENOMEM;

	heap = heapmod_create("nested", 1 << 16, flags);
	other = heapmod_create("other", 1 << 16, flags);
	if (!IS_ERR(heap) && !IS_ERR(other))
		error = run();
	heapmod_destroy(heap);
	heapmod_destroy(other);
	return error;
}

static void __exit nested_exit(void)
{
}

module_init(nested_init);
module_exit(nested_exit);
MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("Nested calls of heapmod, by kprobes");
MODULE_LICENSE("GPL");
