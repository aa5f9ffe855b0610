// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_sites - allocate in all ways in which a compiler turns a call into something else
 *
 * The block is accounted to the function that has the call in its source, or into which that was
 * inlined. vm/cases/sites.sh reads the owners.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "heapmod.h"

static struct heapmod *heap;
static void *blocks[7];

/* The call is the last thing that these do: they jump. */
static noinline void *tail_call(void)
{
	return heapmod_alloc(heap, 1, GFP_KERNEL);
}

static noinline void *tail_zalloc(void)
{
	return heapmod_zalloc(heap, 2, GFP_KERNEL);
}

static noinline void tail_free(void *ptr)
{
	heapmod_free(heap, ptr);
}

static __always_inline void *inlined(void)
{
	return heapmod_alloc(heap, 3, GFP_KERNEL);
}

static noinline void *surrounds(void)
{
	return inlined();
}

/* Two calls, and two owners. */
static noinline __noclone void calls_twice(void **pair)
{
	pair[0] = heapmod_alloc(heap, 4, GFP_KERNEL);
	pair[1] = heapmod_alloc(heap, 5, GFP_KERNEL);
}

/* A wrapper is not the owner. */
static noinline void *wrapper(void)
{
	return heapmod_alloc_caller(heap, 6, GFP_KERNEL, _RET_IP_);
}

static noinline void *wraps(void)
{
	void *ptr = wrapper();

	OPTIMIZER_HIDE_VAR(ptr);	/* no jump here */
	return ptr;
}

static int __init sites_init(void)
{
	heap = heapmod_create("sites", 4096, 0);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	blocks[0] = tail_call();
	blocks[1] = tail_zalloc();
	blocks[2] = surrounds();
	calls_twice(blocks + 3);
	blocks[5] = wraps();
	tail_free(blocks[0] + 1);
	return 0;
}

static void __exit sites_exit(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		heapmod_free(heap, blocks[i]);
	heapmod_destroy(heap);
}

module_init(sites_init);
module_exit(sites_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("A client of heapmod that allocates by tail calls and inlined calls");
MODULE_LICENSE("GPL");
