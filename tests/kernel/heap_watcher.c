// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_watcher - a module that is unloaded while it watches the default heap
 *
 * A call after that would jump into memory that is not executable any more. With hold=1 the module
 * is unloaded during a call.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/module.h>

#include "heapmod.h"

static bool hold;
module_param(hold, bool, 0);
MODULE_PARM_DESC(hold, "return from init while the callback runs");

static unsigned int calls;
static DECLARE_COMPLETION(called);

static void is_called(struct heapmod *heap, void *data, bool above)
{
	calls++;
	if (!hold || !above)
		return;
	complete(&called);
	msleep(500);
	/* The module is going. This watch must go with it. */
	heapmod_watch(heap, 1, is_called, &calls);
	pr_info("the callback returns\n");
}

static int __init watcher_init(void)
{
	int error = heapmod_watch(heapmod_default(), 1, is_called, NULL);

	if (!error && hold) {
		heapmod_free(heapmod_default(),
			     heapmod_alloc(heapmod_default(), 1000, GFP_KERNEL));
		wait_for_completion(&called);
	}
	return error;
}

static void __exit watcher_exit(void)
{
}

module_init(watcher_init);
module_exit(watcher_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("A watch that outlives its module");
MODULE_LICENSE("GPL");
