// SPDX-License-Identifier: GPL-2.0-only
/*
 * hello_heap - a minimal client of heapmod
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/string.h>

#include "heapmod.h"

static struct heapmod *heap;
static char *greeting;

static int hello_init(void)
{
	heap = heapmod_create("hello", 4096, 0);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	greeting = heapmod_zalloc(heap, 100, GFP_KERNEL);
	if (greeting)
		strcpy(greeting, "hello from a private heap");
	pr_info("hello_heap: %s\n", greeting ?: "no room");
	return 0;
}

static void hello_exit(void)
{
	heapmod_free(heap, greeting);
	heapmod_destroy(heap);
}

module_init(hello_init);
module_exit(hello_exit);
MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("A minimal client of heapmod");
MODULE_LICENSE("GPL");
