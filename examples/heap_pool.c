// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_pool - a mempool whose elements, and whose reserve, are in a heap
 *
 * Requests have a fixed size and must be served even when the heap is full; other blocks of any
 * size share the heap. A mempool keeps some elements back. It hands them out when the heap has no
 * room, and an element that is freed goes to the reserve first.
 *
 * The module fills its heap, serves requests from the reserve, and writes to the log how many. The
 * file /sys/kernel/debug/heap_pool shows the heap.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/mempool.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>

#include "heapmod.h"

#define RESERVE		4		/* elements that are always available */
#define REQUEST		200		/* bytes of an element */
#define REQUESTS	10		/* elements that the module asks for */

static struct heapmod *heap;
static struct heapmod_mempool source;
static mempool_t *pool;
static struct dentry *file;

static int heap_pool_show(struct seq_file *seq, void *unused)
{
	return heapmod_show(seq, heap);
}
DEFINE_SHOW_ATTRIBUTE(heap_pool);

/* Blocks of other clients, until the heap is full. Each is linked to the one before. */
static noinline void **fill_heap(void)
{
	void **last = NULL, **block;

	while ((block = heapmod_alloc(heap, 100, GFP_KERNEL | __GFP_NOWARN))) {
		*block = last;
		last = block;
	}
	return last;
}

static void empty_heap(void **last)
{
	void **block;

	while (last) {
		block = last;
		last = *block;
		heapmod_free(heap, block);
	}
}

/* GFP_NOWAIT: with GFP_KERNEL mempool_alloc() sleeps until an element is freed. */
static int serve(void *requests[REQUESTS])
{
	int count = 0;

	while (count < REQUESTS) {
		requests[count] = mempool_alloc(pool, GFP_NOWAIT | __GFP_NOWARN);
		if (!requests[count])
			break;
		count++;
	}
	return count;
}

static void serve_in_a_full_heap(void)
{
	void **others = fill_heap();
	void *requests[REQUESTS];
	int count = serve(requests);

	pr_info("%d requests were served in a full heap\n", count);
	while (count--)
		mempool_free(requests[count], pool);
	empty_heap(others);
}

static int __init pool_init(void)
{
	heap = heapmod_create("pool", SZ_8K, 0);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	source = HEAPMOD_MEMPOOL(heap, REQUEST);
	pool = mempool_create(RESERVE, heapmod_mempool_alloc, heapmod_mempool_free, &source);
	if (!pool) {
		heapmod_destroy(heap);
		return -ENOMEM;
	}
	serve_in_a_full_heap();
	file = debugfs_create_file("heap_pool", 0400, NULL, NULL, &heap_pool_fops);
	return 0;
}

static void __exit pool_exit(void)
{
	debugfs_remove(file);
	mempool_destroy(pool);
	heapmod_destroy(heap);
}

module_init(pool_init);
module_exit(pool_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("A mempool in a heapmod heap");
MODULE_LICENSE("GPL");
