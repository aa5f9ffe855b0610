// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_leak - a client that leaks, among five that do not
 *
 * A thread calls them 100 times a second, which makes some 10,000 operations. The leak is 64 bytes
 * a second, of the blocks of leak_requests(), also on a slow machine, which makes fewer operations.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/prandom.h>

#include "heaps/compat.h"
#include "heapmod.h"

#define STEPS		100		/* in a second */
#define BEHIND		8		/* steps to catch up at a time, at most */
#define HELD		2048		/* blocks of a client, at most */

struct client {
	void *held[HELD];
	u32 count;
	u32 next;			/* the oldest, in a ring */
};

static struct heapmod *heap;
static struct task_struct *task;
static struct rnd_state random;
static struct client clients[4];
static u32 leaked;			/* the last second in which a block was leaked */

static u32 below(u32 limit)
{
	return prandom_u32_state(&random) % limit;
}

static void drop(struct client *client, u32 which)
{
	heapmod_free(heap, client->held[which]);
	client->held[which] = client->held[--client->count];
}

/* The owner of a block is the function that allocates it, so none of these may be inlined. */

static noinline void leak_requests(u32 second)
{
	void *blocks[24];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = heapmod_alloc(heap, 64, GFP_KERNEL);
	for (i = leaked < second; i < ARRAY_SIZE(blocks); i++)
		heapmod_free(heap, blocks[i]);
	leaked = second;
}

static noinline void serve_requests(u32 second)
{
	void *blocks[24];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = heapmod_alloc(heap, 16 + below(500), GFP_KERNEL);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		heapmod_free(heap, blocks[i]);
}

/* The last 12 seconds of a log. */
static noinline void keep_log(u32 second)
{
	struct client *ring = &clients[0];

	heapmod_free(heap, ring->held[ring->next]);
	ring->held[ring->next] = heapmod_alloc(heap, 48, GFP_KERNEL);
	ring->next = (ring->next + 1) % (12 * STEPS);
}

/* A cache that is full after 20 seconds. */
static noinline void fill_cache(u32 second)
{
	struct client *cache = &clients[1];

	if (cache->count < 20 * STEPS)
		cache->held[cache->count++] = heapmod_alloc(heap, 100, GFP_KERNEL);
}

/* A queue that fills for four seconds, and is emptied in as many. */
static noinline void queue_jobs(u32 second)
{
	struct client *queue = &clients[2];

	if (second % 8 < 4 && queue->count < HELD)
		queue->held[queue->count++] = heapmod_alloc(heap, 80, GFP_KERNEL);
	else if (queue->count)
		drop(queue, below(queue->count));
}

/* Connections for a minute or more: as many end as begin. */
static noinline void connect(u32 second)
{
	struct client *peers = &clients[3];

	if (peers->count < 200 || !below(50))
		peers->held[peers->count++] = heapmod_alloc(heap, 300, GFP_KERNEL);
	if (peers->count > 200)
		drop(peers, below(peers->count));
}

static int run(void *data)
{
	static void (*const works[])(u32 second) = {
		leak_requests, serve_requests, keep_log, fill_cache, queue_jobs, connect,
	};
	unsigned long start = jiffies;
	u32 due, step = 0, i;

	while (!kthread_should_stop()) {
		due = (jiffies - start) * STEPS / HZ;
		step = max(step, due - min_t(u32, due, BEHIND));
		for (; step < due; step++) {
			for (i = 0; i < ARRAY_SIZE(works); i++)
				works[i](due / STEPS);
		}
		msleep(1000 / STEPS);
	}
	return 0;
}

static int __init heap_leak_init(void)
{
	heap = heapmod_create("leaky", 4 << 20, 0);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	prandom_seed_state(&random, 1);
	task = kthread_run(run, NULL, "heap_leak");
	if (!IS_ERR(task))
		return 0;
	heapmod_destroy(heap);
	return PTR_ERR(task);
}

static void __exit heap_leak_exit(void)
{
	kthread_stop(task);
	heapmod_reset(heap);
	heapmod_destroy(heap);
}

module_init(heap_leak_init);
module_exit(heap_leak_exit);
MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("A client of heapmod that leaks, among others that do not");
MODULE_AUTHOR("heapmod developers");
MODULE_LICENSE("GPL");
