/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * registry - all heaps: by name, and by an address
 */
#ifndef HEAPMOD_REGISTRY_H
#define HEAPMOD_REGISTRY_H

#include "heaps/heaps.h"

extern struct list_head heaps;
extern struct mutex heaps_lock;		/* protects changes of the list; it is read under RCU */

/**
 * struct heaps_observer - what shows the heaps, above this layer
 * @add: a heap enters the list; called with heaps_lock held
 * @remove: a heap is about to leave the list; called without it, may sleep
 */
struct heaps_observer {
	void (*add)(struct heapmod *heap);
	void (*remove)(struct heapmod *heap);
};

/* Set before the first heap is created, and not changed before the last one is gone. */
void heapmod_set_observer(const struct heaps_observer *observer);

/* Return: 0, or -EEXIST when the name is in use. */
int heapmod_register(struct heapmod *heap);

/* No lookup finds the heap once this returns. May sleep. */
void heapmod_unregister(struct heapmod *heap);

/* The heap whose region contains an address, or NULL. It stays until rcu_read_unlock(). */
struct heapmod *heapmod_lookup(const void *ptr);

#endif
