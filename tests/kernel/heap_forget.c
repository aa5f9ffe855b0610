// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_forget - leave three blocks in the default heap, and free an invalid pointer
 */
#include <linux/errno.h>
#include <linux/module.h>

#include "heapmod.h"

static int forget_init(void)
{
	struct heapmod *heap = heapmod_default();
	char *ptr = heapmod_alloc(heap, 100, GFP_KERNEL);

	if (!ptr || !heapmod_alloc(heap, 23, GFP_KERNEL) || !heapmod_zalloc(heap, 77, GFP_KERNEL))
		return -ENOMEM;
	heapmod_free(heap, ptr + 16);
	heapmod_destroy(heap);
	return 0;
}

static void __exit forget_exit(void)
{
}

module_init(forget_init);
module_exit(forget_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("A client of heapmod that leaves blocks");
MODULE_LICENSE("GPL");
