// SPDX-License-Identifier: GPL-2.0-only
/*
 * registry - the list of all heaps
 */
#include <linux/rculist.h>
#include <linux/string.h>

#include "heaps/registry.h"

LIST_HEAD(heaps);
LIST_HEAD(heaps_with_sites);
DEFINE_MUTEX(heaps_lock);		/* see registry.h */

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

int heapmod_register(struct heapmod *heap)
{
	int error = 0;

	mutex_lock(&heaps_lock);
	if (is_name_used(heap->name)) {
		error = -EEXIST;
	} else {
		list_add_tail_rcu(&heap->all, &heaps);
		list_add_tail(&heap->with_sites, &heaps_with_sites);
		observer->add(heap);
	}
	mutex_unlock(&heaps_lock);
	return error;
}

void heapmod_unregister(struct heapmod *heap)
{
	/* Before the name can be reused. Without the lock, because this waits for readers. */
	observer->remove(heap);
	mutex_lock(&heaps_lock);
	list_del_rcu(&heap->all);
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
	struct heapmod *heap;

	list_for_each_entry_rcu(heap, &heaps, all) {
		if (heap_offset_of(&heap->core, ptr) < heap->region_bytes)
			return heap;
	}
	return NULL;
}
