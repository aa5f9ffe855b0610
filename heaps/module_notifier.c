// SPDX-License-Identifier: GPL-2.0-only
/*
 * module_notifier - report the live blocks of a module that is unloaded
 *
 * Later the names of its call sites cannot be resolved.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>

#include "heaps/module_notifier.h"
#include "heaps/registry.h"

static void report_owner(const struct heapmod *heap, const struct heap_owner *owner,
			 const struct module *module)
{
	pr_warn("module %s is unloaded, but heap \"%s\" still has %llu blocks, %llu bytes allocated by %pS\n",
		module->name, heap->name, heap_owner_blocks(owner), heap_owner_bytes(owner),
		(void *)owner->caller);
}

static struct heap_owner read_owner(struct heapmod *heap, unsigned int number)
{
	struct heap_owner owner;
	unsigned long flags;

	raw_spin_lock_irqsave(&heap->lock, flags);
	owner = *heap_owner_at(&heap->owners, number);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	return owner;
}

static void report_heap(struct heapmod *heap, struct module *module)
{
	struct heap_owner owner;
	unsigned int i;

	for (i = 0; i < heap_owners_count(&heap->owners); i++) {
		owner = read_owner(heap, i);
		if (heap_owner_blocks(&owner) && within_module(owner.caller, module))
			report_owner(heap, &owner, module);
	}
}

static int notify(struct notifier_block *block, unsigned long state, void *module)
{
	struct heapmod *heap;

	if (state != MODULE_STATE_GOING || module == THIS_MODULE)
		return NOTIFY_DONE;
	mutex_lock(&heaps_lock);
	list_for_each_entry(heap, &heaps, all)
		report_heap(heap, module);
	mutex_unlock(&heaps_lock);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = notify };

int heapmod_module_notifier_init(void)
{
	return register_module_notifier(&notifier);
}

void heapmod_module_notifier_exit(void)
{
	unregister_module_notifier(&notifier);
}
