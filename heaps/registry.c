// SPDX-License-Identifier: GPL-2.0-only
/*
 * registry - the list of all heaps, and the heap of an address
 *
 * Lookups by address search an array of all regions (core/regions.h) under RCU. A heap that is
 * added needs a new array. One that is destroyed is only removed from the array, because that must
 * not fail.
 */
#include <linux/compiler.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core/regions.h"
#include "heaps/registry.h"

LIST_HEAD(heaps);
LIST_HEAD(heaps_with_sites);
DEFINE_MUTEX(heaps_lock);		/* see registry.h */

struct regions {
	struct rcu_head rcu;
	int count;
	struct heap_region at[];
};

static struct regions __rcu *regions;	/* changed with heaps_lock held */
static const struct heaps_observer *observer;

void heapmod_set_observer(const struct heaps_observer *new_observer)
{
	observer = new_observer;
}

static bool is_name_used(const char *name)
{
	struct heapmod *heap;

	list_for_each_entry(heap, &heaps, all) {
		if (!strcmp(heap->name, name))
			return true;
	}
	return false;
}

static struct regions *regions_locked(void)
{
	return rcu_dereference_protected(regions, lockdep_is_held(&heaps_lock));
}

/* kvfree_rcu() does not wait: with many heaps that would take longer than anything else. */
static void replace_regions(struct regions *new)
{
	struct regions *old = regions_locked();

	rcu_assign_pointer(regions, new);
	if (old)
		kvfree_rcu(old, rcu);
}

static bool add_region(struct heapmod *heap)
{
	uintptr_t start = (uintptr_t)heap->core.region;
	struct heap_region added = {
		.start = start, .end = start + heap->region_bytes, .heap = heap,
	};
	const struct regions *old = regions_locked();
	int count = old ? old->count : 0;
	struct regions *new;

	new = kvmalloc(struct_size(new, at, count + 1), GFP_KERNEL);
	if (!new)
		return false;
	new->count = heap_regions_add(new->at, old ? old->at : NULL, count, added);
	replace_regions(new);
	return true;
}

/* Built in, heapmod may be called before its initcall, or after that has failed. */
static int add(struct heapmod *heap)
{
	if (!observer)
		return -ENODEV;
	if (is_name_used(heap->name))
		return -EEXIST;
	if (!add_region(heap))
		return -ENOMEM;
	list_add_tail_rcu(&heap->all, &heaps);
	list_add_tail(&heap->with_sites, &heaps_with_sites);
	heap->registered = true;
	observer->add(heap);
	return 0;
}

int heapmod_register(struct heapmod *heap)
{
	int error;

	mutex_lock(&heaps_lock);
	error = add(heap);
	mutex_unlock(&heaps_lock);
	return error;
}

static void remove(struct heapmod *heap)
{
	struct regions *all = regions_locked();

	list_del_rcu(&heap->all);
	heap->registered = false;
	heap_regions_remove(all->at, all->count, heap);
	if (list_empty(&heaps))
		replace_regions(NULL);
}

void heapmod_unregister(struct heapmod *heap)
{
	/* Before the name can be reused. Without the lock, because this waits for readers. */
	observer->remove(heap);
	mutex_lock(&heaps_lock);
	remove(heap);
	mutex_unlock(&heaps_lock);
	synchronize_rcu();
}

void heapmod_forget_sites(struct heapmod *heap)
{
	mutex_lock(&heaps_lock);
	list_del(&heap->with_sites);
	mutex_unlock(&heaps_lock);
}

struct heapmod *heapmod_lookup(const void *ptr)
{
	const struct regions *all = rcu_dereference(regions);

	return all ? heap_regions_find(all->at, all->count, (uintptr_t)ptr) : NULL;
}
