/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heaps - a heap as the module keeps it: the core's heap with a name, a lock and owners
 */
#ifndef HEAPS_H
#define HEAPS_H

#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "core/deferred.h"
#include "heap_core.h"
#include "heapmod.h"
#include "heaps/history.h"
#include "heaps/owners.h"

/**
 * struct heapmod_watermark - who is told when more than so much is in use
 * @work: calls @tell, and looks now and then whether it is less again
 * @tell: of heapmod_watch(), or NULL
 * @data: for it
 * @percent: of the region; 0 when nobody is to be told; under the heap's lock
 * @told: and it is not less again
 */
struct heapmod_watermark {
	struct delayed_work work;
	heapmod_watch_fn tell;
	void *data;
	unsigned int percent;
	bool told;
};

/**
 * struct heapmod - a heap
 * @lock: protects @core, @freed, @owners, @history and @waiters; nothing under it allocates,
 *	  prints, wakes or locks
 * @core: the blocks
 * @freed: what heap_free() tells, for as long as the lock is held: cheaper here than on the stack
 * @owners: the call sites that allocate here
 * @history: who freed what, in a heap that poisons; under @lock
 * @flags: as given to heapmod_create()
 * @waited_ns: how long allocations and frees waited for @lock in all; under it
 * @id: in tracepoints; never given twice
 * @name: as given to heapmod_create()
 * @region_bytes: of the region
 * @memory: the region when it is ours, NULL when the caller owns it
 * @index: memory of the core's index
 * @deferred: blocks that were freed where @lock could not be had
 * @waiters: those who wait for a block, in the order in which they came
 * @waiting: how many are in heapmod_alloc_wait()
 * @going: the heap is being destroyed: nobody waits any more; under @lock
 * @low: tells the client that the heap fills up
 * @recover: frees those of @deferred that found no room there
 * @follow_up: does what cannot be done under @lock: see follow_up()
 * @refused: pointers refused without @lock
 * @report_limit: how many it tells
 * @permanent: heapmod_destroy() refuses it; rmmod destroys it
 * @dir: in debugfs
 * @all: in the list of heaps: changed under heaps_lock, read under RCU
 */
struct heapmod {
	raw_spinlock_t lock;
	struct heap core;
	struct heap_block_info freed;
	struct heap_owners owners;
	struct heap_history history;
	unsigned int flags;
	u64 waited_ns;
	u32 id;
	char name[HEAPMOD_NAME_MAX + 1];
	u64 region_bytes;
	void *memory;
	void *index;
	struct heap_deferred deferred;
	struct list_head waiters;
	atomic_t waiting;
	bool going;
	struct heapmod_watermark low;
	struct work_struct recover;
	atomic_t refused;
	struct irq_work follow_up;
	struct ratelimit_state report_limit;
	bool permanent;
	struct dentry *dir;
	struct list_head all;
};

void heapmod_warn_invalid(void);

/* A heap that is NULL or an error from heapmod_create() is refused, not followed. */
static inline bool heapmod_is_valid(struct heapmod *heap)
{
	/* In one comparison. */
	if (likely((unsigned long)heap - 1 < (unsigned long)-MAX_ERRNO - 1))
		return true;
	if (heap)
		heapmod_warn_invalid();
	return false;
}

/* Bytes that a block can have at most, when the heap is empty. */
static inline u64 heapmod_largest(const struct heapmod *heap)
{
	return heap_bytes(heap->core.index.granules) - heap->core.overhead;
}

#endif
