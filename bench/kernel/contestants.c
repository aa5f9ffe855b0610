// SPDX-License-Identifier: GPL-2.0-only
/*
 * contestants - heapmod and what a kernel has instead
 */
#include <linux/err.h>
#include <linux/genalloc.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#if IS_ENABLED(CONFIG_DRM)
#include <drm/drm_mm.h>
#endif

#include "heapmod.h"
#include "contest.h"

/* The harness alone: what the rest is measured against. */
static int none_open(size_t bytes, u32 blocks)
{
	return 0;
}

static void *none_alloc(size_t size)
{
	return &contest;
}

static void none_free(void *ptr, size_t size)
{
}

static void none_close(void)
{
}

static struct heapmod *heap;

static int heapmod_open(size_t bytes, u32 blocks)
{
	heap = heapmod_create("bench", bytes, 0);
	return PTR_ERR_OR_ZERO(heap);
}

static void *heapmod_take(size_t size)
{
	return heapmod_alloc(heap, size, GFP_ATOMIC);
}

static void heapmod_give(void *ptr, size_t size)
{
	heapmod_free(heap, ptr);
}

static void heapmod_close(void)
{
	heapmod_destroy(heap);
}

static void *kmalloc_take(size_t size)
{
	return kmalloc(size, GFP_ATOMIC);
}

static void kmalloc_give(void *ptr, size_t size)
{
	kfree(ptr);
}

#define POOL_ORDER 4			/* of its granule: 16 bytes, as heapmod's */

static struct gen_pool *pool;
static void *pool_memory;
static unsigned long pool_filled;

static int pool_open(size_t bytes, u32 blocks)
{
	pool_filled = 0;
	pool = gen_pool_create(POOL_ORDER, NUMA_NO_NODE);
	pool_memory = vmalloc(bytes);
	if (!pool || !pool_memory)
		return -ENOMEM;
	return gen_pool_add(pool, (unsigned long)pool_memory, bytes, NUMA_NO_NODE);
}

static void *pool_take(size_t size)
{
	return (void *)gen_pool_alloc(pool, size);
}

/* Filling by first fit would take hours: while nothing was freed, what is free lies behind. */
static unsigned long pool_append(unsigned long *map, unsigned long size, unsigned long start,
				 unsigned int count, void *data, struct gen_pool *from,
				 unsigned long start_addr)
{
	unsigned long at = pool_filled;

	pool_filled += count;
	return at + count > size ? size : at;
}

static void *pool_fill(size_t size)
{
	return (void *)gen_pool_alloc_algo(pool, size, pool_append, NULL);
}

static void pool_give(void *ptr, size_t size)
{
	gen_pool_free(pool, (unsigned long)ptr, size);
}

static void pool_close(void)
{
	if (pool)
		gen_pool_destroy(pool);
	vfree(pool_memory);
}

static void *vmalloc_take(size_t size)
{
	return vmalloc(size);
}

static void vmalloc_give(void *ptr, size_t size)
{
	vfree(ptr);
}

#if IS_ENABLED(CONFIG_DRM)
/* It wants its nodes from the caller: they are made beforehand, and kept on a stack. */
static struct drm_mm mm;
static struct drm_mm_node *nodes;
static struct drm_mm_node **spare;
static u32 spares;

static int drm_open(size_t bytes, u32 blocks)
{
	drm_mm_init(&mm, 0, bytes);
	nodes = vzalloc(array_size(blocks, sizeof(*nodes)));
	spare = vzalloc(array_size(blocks, sizeof(*spare)));
	if (!nodes || !spare)
		return -ENOMEM;
	for (spares = 0; spares < blocks; spares++)
		spare[spares] = &nodes[spares];
	return 0;
}

static void *drm_take(size_t size)
{
	struct drm_mm_node *node = spare[spares - 1];

	if (drm_mm_insert_node(&mm, node, round_up(size, 16)))
		return NULL;
	spares--;
	return node;
}

static void drm_give(void *ptr, size_t size)
{
	drm_mm_remove_node(ptr);
	spare[spares++] = ptr;
}

static void drm_close(void)
{
	drm_mm_takedown(&mm);
	vfree(spare);
	vfree(nodes);
}
#endif

const struct contestant contestants[] = {
	{ "none", none_open, none_alloc, none_free, none_close },
	{ "heapmod", heapmod_open, heapmod_take, heapmod_give, heapmod_close },
	{ "kmalloc", none_open, kmalloc_take, kmalloc_give, none_close },
	{ "gen_pool", pool_open, pool_take, pool_give, pool_close, .fill = pool_fill,
	  .most = 100000, .patience = 500 },
	{ "vmalloc", none_open, vmalloc_take, vmalloc_give, none_close,
	  .most = 100000, .sleeps = true },
#if IS_ENABLED(CONFIG_DRM)
	{ "drm_mm", drm_open, drm_take, drm_give, drm_close, .most = 100000 },
#endif
};

const unsigned int contestants_count = ARRAY_SIZE(contestants);
