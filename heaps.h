/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heaps - a heap as the module keeps it: the core's heap with a name, a lock and owners
 */
#ifndef HEAPS_H
#define HEAPS_H

#include <linux/err.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>

#include "heap_core.h"
#include "heap_owners.h"
#include "heapmod.h"

/*
 * Blocks or chunks that a long read looks at before it lets the lock go. It bounds how long
 * interrupts are off on its account.
 */
#define HEAPS_BATCH	32

/**
 * struct heapmod - a heap
 * @lock: protects @core and @owners; nothing under it allocates, prints, wakes or locks
 * @core: the blocks
 * @owners: the call sites that allocate here
 * @name: as given to heapmod_create()
 * @region_bytes: of the region
 * @memory: the region when it is ours, NULL when the caller owns it
 * @index: memory of the core's index
 * @dir: in debugfs
 * @all: in the list of heaps, under heaps_lock
 */
struct heapmod {
	raw_spinlock_t lock;
	struct heap core;
	struct heap_owners owners;
	char name[HEAPMOD_NAME_MAX + 1];
	u64 region_bytes;
	void *memory;
	void *index;
	struct dentry *dir;
	struct list_head all;
};

extern struct list_head heaps;
extern struct mutex heaps_lock;

void heapmod_refuse_error(void);

/* A heap that is NULL or an error from heapmod_create() is refused, not followed. */
static inline bool heapmod_usable(struct heapmod *heap)
{
	if (!IS_ERR_OR_NULL(heap))
		return true;
	if (heap)
		heapmod_refuse_error();
	return false;
}

u32 heapmod_views(struct heapmod *heap, u32 from, struct heap_view *views, u32 most);

#endif
