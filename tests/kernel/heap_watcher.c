// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_watcher - a module that is unloaded while it watches the default heap
 *
 * A call after that would jump into memory that is not executable any more.
 */
#include <linux/module.h>

#include "heapmod.h"

static unsigned int calls;

static void is_called(struct heapmod *heap, void *data)
{
	calls++;
}

static int __init watcher_init(void)
{
	return heapmod_watch(heapmod_default(), 1, is_called, NULL);
}

static void __exit watcher_exit(void)
{
}

module_init(watcher_init);
module_exit(watcher_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("A watch that outlives its module");
MODULE_LICENSE("GPL");
