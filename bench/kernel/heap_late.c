// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_late - the latency of an interrupt while a heap's files are read
 *
 * A read holds the heap's lock, with interrupts off, for one batch at a time, and delays a timer
 * that expires during it. /sys/kernel/debug/heap_late/late is the longest delay since its last
 * read, in nanoseconds; in a virtual machine that counts instructions, in instructions. The delay
 * includes the path of any interrupt: compare it with the delay while no file is read.
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

#define PERIOD	20000		/* nanoseconds; several times the cost of an interrupt */
#define BYTES	40		/* of a block: three granules, with the header */

static unsigned int live = 1000;
module_param(live, uint, 0444);
MODULE_PARM_DESC(live, "live blocks, with a hole before each (default 1000)");

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

/* Make the holes last, or the next block would take one. */
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
MODULE_DESCRIPTION("Latency of interrupts while a heap is read");
MODULE_LICENSE("GPL");
