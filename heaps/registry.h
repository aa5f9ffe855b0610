/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * registry - the list of all heaps
 */
#ifndef HEAPMOD_REGISTRY_H
#define HEAPMOD_REGISTRY_H

#include "heaps/heaps.h"

extern struct list_head heaps;
extern struct list_head heaps_with_sites;	/* also heaps that are being destroyed */
extern struct mutex heaps_lock;		/* protects the lists; @heaps is also read under RCU */

/**
 * struct heaps_observer - the layer above, which shows the heaps
 * @add: a heap was added to the list; called with heaps_lock held
 * @remove: a heap is about to be removed; called without heaps_lock, may sleep
 */
struct heaps_observer {
	void (*add)(struct heapmod *heap);
	void (*remove)(struct heapmod *heap);
};

/* Must be set before the first heap is created, and stay until the last one is destroyed. */
void heapmod_set_observer(const struct heaps_observer *observer);

/* Return: 0, -EEXIST when the name is in use, or -ENOMEM. May sleep. */
int heapmod_register(struct heapmod *heap);

/* No lookup finds the heap once this returns. May sleep. */
void heapmod_unregister(struct heapmod *heap);

/* The heap was destroyed, and no longer prints the names of its call sites. */
void heapmod_forget_sites(struct heapmod *heap);

/* The innermost heap whose region contains @ptr, or NULL. Valid until rcu_read_unlock(). */
struct heapmod *heapmod_lookup(const void *ptr);

#endif
