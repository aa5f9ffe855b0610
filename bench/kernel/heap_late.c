// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_late - how late an interrupt is while somebody reads a heap's files
 *
 * A reader holds the heap's lock, with interrupts off, for a batch at a time. A timer that is due
 * meanwhile is late by that. /sys/kernel/debug/heap_late/late says by how much at most, in
 * nanoseconds, since it was read before; on a virtual machine that counts instructions, these are
 * instructions. The path of every interrupt is in it, too: compare with when nobody reads.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "heaps/compat.h"
#include "heapmod.h"

#define PERIOD	20000		/* nanoseconds, several times what an interrupt takes */
#define BYTES	40		/* of a block, with 8 of header three granules */

static unsigned int live = 1000;
module_param(live, uint, 0444);
MODULE_PARM_DESC(live, "blocks that live, with a hole behind each (default 1000)");

static struct heapmod *heap;
static struct hrtimer timer;
static struct dentry *dir;
static s64 latest;

static enum hrtimer_restart tick(struct hrtimer *timer)
{
	ktime_t now = ktime_get();

	latest = max(latest, ktime_to_ns(ktime_sub(now, hrtimer_get_expires(timer))));
	hrtimer_set_expires(timer, ktime_add_ns(now, PERIOD));
	return HRTIMER_RESTART;
}

static int late_get(void *data, u64 *value)
{
	*value = latest;
	latest = 0;
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(late_fops, late_get, NULL, "%llu\n");

/* First no holes, so that nothing that comes takes one. */
static int __init fill_with(void **holes)
{
	unsigned int i;

	for (i = 0; i < live; i++) {
		holes[i] = heapmod_alloc(heap, BYTES, GFP_KERNEL);
		if (!holes[i] || !heapmod_alloc(heap, BYTES, GFP_KERNEL))
			return -ENOMEM;
	}
	for (i = 0; i < live; i++)
		heapmod_free(heap, holes[i]);
	return 0;
}

static int __init fill(void)
{
	void **holes = kvcalloc(live, sizeof(*holes), GFP_KERNEL);
	int error = holes ? fill_with(holes) : -ENOMEM;

	kvfree(holes);
	return error;
}

static int __init late_init(void)
{
	int error;

	heap = heapmod_create("late", 256UL * (live + 1), 0);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	error = fill();
	if (error) {
		heapmod_destroy(heap);
		return error;
	}
	heapmod_hrtimer_setup(&timer, tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	hrtimer_start(&timer, ns_to_ktime(PERIOD), HRTIMER_MODE_REL_PINNED_HARD);
	dir = debugfs_create_dir("heap_late", NULL);
	debugfs_create_file("late", 0400, dir, NULL, &late_fops);
	return 0;
}

static void __exit late_exit(void)
{
	debugfs_remove(dir);
	hrtimer_cancel(&timer);
	heapmod_reset(heap);
	heapmod_destroy(heap);
}

module_init(late_init);
module_exit(late_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("How late interrupts are while a heap is read");
MODULE_LICENSE("GPL");
