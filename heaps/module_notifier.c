// SPDX-License-Identifier: GPL-2.0-only
/*
 * module_notifier - report the live blocks of a module that is unloaded, and save the names of its
 *		     call sites
 *
 * Text of a module is freed twice: that of its __init functions after MODULE_STATE_LIVE, the rest
 * after MODULE_STATE_GOING. Before that, the addresses that a heap remembers are replaced by
 * numbers: see heaps/sites.h.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>

#include "heaps/free.h"
#include "heaps/lock.h"
#include "heaps/module_notifier.h"
#include "heaps/percpu.h"
#include "heaps/registry.h"
#include "heaps/report.h"
#include "heaps/sites.h"
#include "heaps/watermark.h"

/* A module in a state after which text of it is freed. */
struct leaving {
	const struct module *module;
	bool is_going;
};

static bool is_leaving(unsigned long caller, const struct leaving *leaving)
{
	if (!caller)
		return false;
	if (!leaving->is_going)
		return within_module_init(caller, leaving->module);
	return within_module(caller, leaving->module) ||
	       heapmod_site_is_of(caller, leaving->module);
}

static void report_owner(const struct heapmod *heap, const struct heap_owner *owner,
			 const struct module *module)
{
	char site[SITE_TEXT];

	pr_warn("module %s is unloaded, but heap \"%s\" still has %llu blocks, %llu bytes allocated by %s\n",
		module->name, heap->name, heap_owner_blocks(owner), heap_owner_bytes(owner),
		heapmod_site_name(owner->caller, site));
}

static struct heap_owner read_owner(struct heapmod *heap, unsigned int number)
{
	struct heap_owner owner;
	unsigned long flags;

	heapmod_lock_irqsave(heap, flags);
	heapmod_sync_owners(heap, number, 1);
	owner = *heap_owner_at(&heap->owners, number);
	heapmod_unlock_irqrestore(heap, flags);
	return owner;
}

/* The number for @caller. A call site in __init text may have one already. */
static unsigned long number_for(unsigned long caller, const struct leaving *leaving)
{
	if (heapmod_site_is_of(caller, leaving->module))
		return caller;
	return heapmod_site_save(caller, leaving->module);
}

/* A reset may have given the slot to another call site since it was read. */
static void rename_owner(struct heapmod *heap, unsigned int number, unsigned long from,
			 unsigned long to, bool is_going)
{
	struct heap_owner *owner = heap_owner_at(&heap->owners, number);
	unsigned long flags;

	heapmod_lock_irqsave(heap, flags);
	/* No cache can give this owner a block before its slot is released. */
	heapmod_hold_caches(heap);
	heapmod_settle_owners(heap, number, 1);
	if (owner->caller == from && is_going && !heap_owner_blocks(owner))
		heap_owner_release(&heap->owners, owner);
	else if (owner->caller == from)
		WRITE_ONCE(owner->caller, to);
	heapmod_drop_caches(heap);
	heapmod_unlock_irqrestore(heap, flags);
}

static void save_owners(struct heapmod *heap, const struct leaving *leaving)
{
	struct heap_owner owner;
	unsigned int i;

	for (i = 0; i < heap_owners_count(&heap->owners); i++) {
		owner = read_owner(heap, i);
		if (!is_leaving(owner.caller, leaving))
			continue;
		if (leaving->is_going && heap_owner_blocks(&owner))
			report_owner(heap, &owner, leaving->module);
		rename_owner(heap, i, owner.caller, number_for(owner.caller, leaving),
			     leaving->is_going);
	}
}

static void save_caller(struct heapmod *heap, unsigned long *caller, const struct leaving *leaving)
{
	unsigned long flags, from, to;

	heapmod_lock_irqsave(heap, flags);
	from = *caller;
	heapmod_unlock_irqrestore(heap, flags);
	if (!is_leaving(from, leaving))
		return;
	to = number_for(from, leaving);
	heapmod_lock_irqsave(heap, flags);
	if (*caller == from)
		*caller = to;
	heapmod_unlock_irqrestore(heap, flags);
}

static void save_history(struct heapmod *heap, const struct leaving *leaving)
{
	unsigned int i;

	for (i = 0; heap->history && i < HEAP_HISTORY; i++) {
		save_caller(heap, &heap->history->freed[i].owner, leaving);
		save_caller(heap, &heap->history->freed[i].caller, leaving);
	}
}

/* Reading without the lock: only this file, and with heaps_lock held, stores numbers. */
static void mark_used(struct heapmod *heap)
{
	unsigned int i;

	for (i = 0; i < heap_owners_count(&heap->owners); i++)
		/* An address that changes at the same time is no number. */
		heapmod_site_mark_used(data_race(heap_owner_at(&heap->owners, i)->caller));
	for (i = 0; heap->history && i < HEAP_HISTORY; i++) {
		/* As above. */
		heapmod_site_mark_used(data_race(heap->history->freed[i].owner));
		/* As above. */
		heapmod_site_mark_used(data_race(heap->history->freed[i].caller));
	}
}

/*
 * Deferred frees and queued findings have addresses, too: complete and print them first. For a heap
 * that is not registered any more, heapmod_destroy() does that; nothing else may raise the irq_work
 * then.
 */
static void finish_pending(struct heapmod *heap)
{
	if (!heap->registered)
		return;
	heapmod_drain(heap);
	heapmod_report_findings(heap);
}

static void save_names(const struct leaving *leaving)
{
	struct heapmod *heap;

	list_for_each_entry(heap, &heaps_with_sites, with_sites) {
		finish_pending(heap);
		save_owners(heap, leaving);
		save_history(heap, leaving);
		mark_used(heap);
	}
	heapmod_sites_release_unused();
	if (leaving->is_going)
		heapmod_sites_detach(leaving->module);
}

/* Return: whether there was a watch. */
static bool unwatch(const struct module *module)
{
	struct heapmod *heap;
	bool any = false;

	mutex_lock(&heaps_lock);
	list_for_each_entry(heap, &heaps, all)
		any |= heapmod_unwatch_module(heap, module);
	mutex_unlock(&heaps_lock);
	return any;
}

/* A callback that runs may add a watch. It is waited for without the lock: it may create a heap. */
static void end_watches(const struct module *module)
{
	bool any;

	do {
		any = unwatch(module);
		heapmod_wait_for_calls(module);
	} while (any);
}

static int notify(struct notifier_block *block, unsigned long state, void *module)
{
	struct leaving leaving = { module, state == MODULE_STATE_GOING };

	if (module == THIS_MODULE || (state != MODULE_STATE_LIVE && !leaving.is_going))
		return NOTIFY_DONE;
	/* A callback may allocate: its call site is saved, too. */
	if (leaving.is_going)
		end_watches(module);
	mutex_lock(&heaps_lock);
	save_names(&leaving);
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
