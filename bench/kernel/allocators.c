// SPDX-License-Identifier: GPL-2.0-only
/*
 * allocators - heapmod, and the kernel's own allocators
 */
#include <linux/err.h>
#include <linux/genalloc.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#if IS_ENABLED(CONFIG_DRM)
#include <drm/drm_mm.h>
#endif

#include "heapmod.h"
#include "rig.h"

/* No allocator: the cost of the harness alone, which is subtracted from the others. */
static int open_none(size_t bytes, u32 blocks)
{
	return 0;
}

static void *alloc_none(size_t size)
{
	return &rig;
}

static void free_none(void *ptr, size_t size)
{
}

static void close_none(void)
{
}

static struct heapmod *heap;

static int open_heapmod(size_t bytes, u32 blocks)
{
	heap = heapmod_create("bench", bytes, 0);
	return PTR_ERR_OR_ZERO(heap);
}

static int open_percpu(size_t bytes, u32 blocks)
{
	heap = heapmod_create("bench", bytes, HEAPMOD_PERCPU);
	return PTR_ERR_OR_ZERO(heap);
}

static void *alloc_heapmod(size_t size)
{
	return heapmod_alloc(heap, size, GFP_ATOMIC);
}

static void free_heapmod(void *ptr, size_t size)
{
	heapmod_free(heap, ptr);
}

static bool alloc_heapmod_bulk(size_t size, size_t n, void **ptrs)
{
	return heapmod_alloc_bulk(heap, size, GFP_ATOMIC, n, ptrs) == n;
}

static void free_heapmod_bulk(size_t n, void **ptrs)
{
	heapmod_free_bulk(heap, n, ptrs);
}

static void close_heapmod(void)
{
	heapmod_destroy(heap);
}

/* heapmod_free_any(), with 10 and with 1,000 heaps to find the right one among. */
static struct heapmod *others[999];

static void close_among(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(others) && others[i]; i++) {
		heapmod_destroy(others[i]);
		others[i] = NULL;
	}
	close_heapmod();
}

static int open_among(u32 heaps, size_t bytes, u32 blocks)
{
	char name[16];
	u32 i;
	int error = open_heapmod(bytes, blocks);

	for (i = 0; !error && i < heaps - 1; i++) {
		snprintf(name, sizeof(name), "other%u", i);
		others[i] = heapmod_create(name, PAGE_SIZE, 0);
		if (IS_ERR(others[i])) {
			error = PTR_ERR(others[i]);
			others[i] = NULL;
		}
	}
	return error;
}

static int open_among_few(size_t bytes, u32 blocks)
{
	return open_among(10, bytes, blocks);
}

static int open_among_many(size_t bytes, u32 blocks)
{
	return open_among(ARRAY_SIZE(others) + 1, bytes, blocks);
}

static void free_any(void *ptr, size_t size)
{
	heapmod_free_any(ptr);
}

static void *alloc_kmalloc(size_t size)
{
	return kmalloc(size, GFP_ATOMIC);
}

static void free_kmalloc(void *ptr, size_t size)
{
	kfree(ptr);
}

#define POOL_ORDER 4			/* granules of 16 bytes, as heapmod's */

static struct gen_pool *pool;
static void *pool_memory;
static unsigned long pool_filled;

static int open_pool(size_t bytes, u32 blocks)
{
	pool_filled = 0;
	pool = gen_pool_create(POOL_ORDER, NUMA_NO_NODE);
	pool_memory = vmalloc(bytes);
	if (!pool || !pool_memory)
		return -ENOMEM;
	return gen_pool_add(pool, (unsigned long)pool_memory, bytes, NUMA_NO_NODE);
}

static void *alloc_pool(size_t size)
{
	return (void *)gen_pool_alloc(pool, size);
}

/* Before the first free, all free memory lies behind the last block: no search is needed. */
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

static void free_pool(void *ptr, size_t size)
{
	gen_pool_free(pool, (unsigned long)ptr, size);
}

static void close_pool(void)
{
	if (pool)
		gen_pool_destroy(pool);
	vfree(pool_memory);
}

static void *alloc_vmalloc(size_t size)
{
	return vmalloc(size);
}

static void free_vmalloc(void *ptr, size_t size)
{
	vfree(ptr);
}

#if IS_ENABLED(CONFIG_DRM)
/* The caller provides the nodes. They are allocated beforehand; unused ones are on a stack. */
static struct drm_mm mm;
static struct drm_mm_node *nodes;
static struct drm_mm_node **spare;
static u32 spares;

static int open_drm(size_t bytes, u32 blocks)
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

static void *alloc_drm(size_t size)
{
	struct drm_mm_node *node = spare[spares - 1];

	if (drm_mm_insert_node(&mm, node, round_up(size, 16)))
		return NULL;
	spares--;
	return node;
}

static void free_drm(void *ptr, size_t size)
{
	drm_mm_remove_node(ptr);
	spare[spares++] = ptr;
}

static void close_drm(void)
{
	drm_mm_takedown(&mm);
	vfree(spare);
	vfree(nodes);
}
#endif

const struct allocator allocators[] = {
	{ "none", open_none, alloc_none, free_none, close_none },
	{ "heapmod", open_heapmod, alloc_heapmod, free_heapmod, close_heapmod },
	{ "heapmod bulk", open_heapmod, alloc_heapmod, free_heapmod, close_heapmod,
	  .alloc_bulk = alloc_heapmod_bulk, .free_bulk = free_heapmod_bulk,
	  .only = "batches of 16" },
	{ "free_any of 10", open_among_few, alloc_heapmod, free_any, close_among,
	  .only = "rotating", .most = 1000 },
	{ "free_any of 1000", open_among_many, alloc_heapmod, free_any, close_among,
	  .only = "rotating", .most = 1000 },
	{ "heapmod-percpu", open_percpu, alloc_heapmod, free_heapmod, close_heapmod },
	{ "kmalloc", open_none, alloc_kmalloc, free_kmalloc, close_none },
	{ "gen_pool", open_pool, alloc_pool, free_pool, close_pool, .fill = pool_fill,
	  .most = 100000, .limit = 500 },
	{ "vmalloc", open_none, alloc_vmalloc, free_vmalloc, close_none,
	  .most = 100000, .sleeps = true },
#if IS_ENABLED(CONFIG_DRM)
	{ "drm_mm", open_drm, alloc_drm, free_drm, close_drm, .most = 100000 },
#endif
};

const unsigned int allocators_count = ARRAY_SIZE(allocators);
