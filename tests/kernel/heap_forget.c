// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_forget - leave three blocks in the default heap, one of them allocated by __init text, and
 *		 free an invalid pointer
 *
 * With `failures=N`, it fails N allocations of the default heap instead, N with a wrong alignment
 * and, while the lock is busy, N frees of a wrong pointer; then one each of another heap. With
 * `late=1`, it allocates one block instead, and frees it in its exit, while the lock is busy. With
 * `inside=1`, it leaves a heap in a block of the default heap.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/module.h>

#include "heaps/heaps.h"

static unsigned int failures;
module_param(failures, uint, 0444);
MODULE_PARM_DESC(failures, "allocations that fail (default 0)");

static bool late;
module_param(late, bool, 0444);
MODULE_PARM_DESC(late, "free a block in the exit (default no)");

static bool inside;
module_param(inside, bool, 0444);
MODULE_PARM_DESC(inside, "leave a heap in a block of the default heap (default no)");

static void *last;			/* the block that the exit frees */

static noinline int forget(struct heapmod *heap)
{
	char *ptr = heapmod_alloc(heap, 100, GFP_KERNEL);

	if (!ptr || !heapmod_alloc(heap, 23, GFP_KERNEL))
		return -ENOMEM;
	heapmod_free(heap, ptr + 16);
	if (heapmod_alloc_aligned(heap, 8, 3, GFP_KERNEL | __GFP_NOWARN))
		return -EINVAL;
	heapmod_destroy(heap);
	return 0;
}

/* An oops seems to be in progress, so the lock is only tried. */
static void free_while_busy(struct heapmod *heap, const void *ptr, unsigned int count)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&heap->lock, flags);
	oops_in_progress++;
	while (count--)
		heapmod_free(heap, ptr);
	oops_in_progress--;
	raw_spin_unlock_irqrestore(&heap->lock, flags);
}

static noinline void fail_each(struct heapmod *heap, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		heapmod_free(heap, heapmod_alloc(heap, 1 << 30, GFP_KERNEL));
	for (i = 0; i < count; i++)
		heapmod_free(heap, heapmod_alloc_aligned(heap, 10, 3, GFP_KERNEL));
	free_while_busy(heap, &failures, count);
}

static noinline int fail(struct heapmod *heap)
{
	struct heapmod *quiet = heapmod_create("quiet", 4096, 0);

	if (IS_ERR(quiet))
		return PTR_ERR(quiet);
	fail_each(heap, failures);
	fail_each(quiet, 1);
	heapmod_destroy(quiet);
	return 0;
}

static noinline int forget_heap(struct heapmod *heap)
{
	void *block = heapmod_alloc(heap, 4096, GFP_KERNEL);
	struct heapmod *inner;

	if (!block)
		return -ENOMEM;
	inner = heapmod_create_in("inside", block, 4096, 0);
	if (IS_ERR(inner))
		return PTR_ERR(inner);
	return heapmod_alloc(inner, 100, GFP_KERNEL) ? 0 : -ENOMEM;
}

static int __init forget_init(void)
{
	struct heapmod *heap = heapmod_default();

	if (failures)
		return fail(heap);
	if (inside)
		return forget_heap(heap);
	if (late) {
		last = heapmod_alloc(heap, 50, GFP_KERNEL);
		return last ? 0 : -ENOMEM;
	}
	if (!heapmod_zalloc(heap, 77, GFP_KERNEL))
		return -ENOMEM;
	return forget(heap);
}

static void __exit forget_exit(void)
{
	if (last)
		free_while_busy(heapmod_default(), last, 1);
}

module_init(forget_init);
module_exit(forget_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("A client of heapmod that leaves blocks");
MODULE_LICENSE("GPL");
