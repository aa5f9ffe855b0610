// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_peek - invalid reads, for KASAN; a lost block, for kmemleak
 */
#include <linux/err.h>
#include <linux/module.h>

#include "heapmod.h"

static struct heapmod *heap;

static int peek_init(void)
{
	u8 *ptr;

	heap = heapmod_create("peek", 4096, 0);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	ptr = heapmod_alloc(heap, 45, GFP_KERNEL);
	if (!ptr || !heapmod_alloc(heap, 77, GFP_KERNEL))
		return -ENOMEM;
	READ_ONCE(ptr[44]);
	READ_ONCE(ptr[45]);		/* out of bounds */
	heapmod_free(heap, ptr);
	READ_ONCE(ptr[10]);		/* after the free */
	return 0;
}

static void peek_exit(void)
{
	heapmod_destroy(heap);
}

module_init(peek_init);
module_exit(peek_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("Invalid reads of heapmod's memory for KASAN");
MODULE_LICENSE("GPL");
