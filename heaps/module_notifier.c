// SPDX-License-Identifier: GPL-2.0-only
/*
 * clients - a module that goes and leaves blocks behind is told of, while its names are known
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>

#include "heaps/module_notifier.h"
#include "heaps/registry.h"

static void tell_owner(const struct heapmod *heap, const struct heap_owner *owner,
		       const struct module *module)
{
	pr_warn("module %s goes and leaves in heap \"%s\": %llu blocks, %llu bytes allocated by %pS\n",
		module->name, heap->name, heap_owner_blocks(owner), heap_owner_bytes(owner),
		(void *)owner->caller);
}

static struct heap_owner read_owner(struct heapmod *heap, unsigned int number)
{
	struct heap_owner owner;
	unsigned long flags;

	raw_spin_lock_irqsave(&heap->lock, flags);
	owner = heap->owners.table[number];
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	return owner;
}

static void tell_heap(struct heapmod *heap, struct module *module)
{
	struct heap_owner owner;
	unsigned int i;

	for (i = 0; i < HEAP_OWNERS; i++) {
		owner = read_owner(heap, i);
		if (heap_owner_blocks(&owner) && within_module(owner.caller, module))
			tell_owner(heap, &owner, module);
	}
}

static int module_changes(struct notifier_block *block, unsigned long state, void *module)
{
	struct heapmod *heap;

	if (state != MODULE_STATE_GOING || module == THIS_MODULE)
		return NOTIFY_DONE;
	mutex_lock(&heaps_lock);
	list_for_each_entry(heap, &heaps, all)
		tell_heap(heap, module);
	mutex_unlock(&heaps_lock);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = module_changes };

int heapmod_module_notifier_init(void)
{
	return register_module_notifier(&notifier);
}

void heapmod_module_notifier_exit(void)
{
	unregister_module_notifier(&notifier);
}
