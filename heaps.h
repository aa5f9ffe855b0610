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

#include "heap_check.h"
#include "heap_core.h"
#include "heap_defer.h"
#include "heap_history.h"
#include "heap_owners.h"
#include "heapmod.h"

/*
 * What a long read looks at before it lets the lock go: it bounds how long interrupts are off on
 * its account. A chunk has 64 blocks at most.
 */
#define HEAPS_BATCH	32		/* blocks */
#define HEAPS_CHUNKS	4		/* of the check */

/**
 * struct heap_low - who is told when more than so much is in use
 * @work: calls @tell, and looks now and then whether it is less again
 * @tell: of heapmod_watch(), or NULL
 * @data: for it
 * @percent: of the region; 0 when nobody is to be told; under the heap's lock
 * @told: and it is not less again
 */
struct heap_low {
	struct delayed_work work;
	heapmod_low_fn tell;
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
 * @dir: in debugfs
 * @all: in the list of heaps: changed under heaps_lock, read under RCU
 */
struct heapmod {
	raw_spinlock_t lock;
	struct heap core;
	struct heap_view freed;
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
	struct heap_low low;
	struct work_struct recover;
	atomic_t refused;
	struct irq_work follow_up;
	struct ratelimit_state report_limit;
	struct dentry *dir;
	struct list_head all;
};

extern struct list_head heaps;
extern struct mutex heaps_lock;

void heapmod_refuse_error(void);

/* A heap that is NULL or an error from heapmod_create() is refused, not followed. */
static inline bool heapmod_usable(struct heapmod *heap)
{
	/* In one comparison. */
	if (likely((unsigned long)heap - 1 < (unsigned long)-MAX_ERRNO - 1))
		return true;
	if (heap)
		heapmod_refuse_error();
	return false;
}

struct heapmod *heap_of(const void *ptr);

/* Bytes that a block can have at most, when the heap is empty. */
static inline u64 heapmod_largest(const struct heapmod *heap)
{
	return heap_bytes(heap->core.index.granules) - heap->core.overhead;
}

/* What follows when the lock is let go, part by part */
void heapmod_drain(struct heapmod *heap);
void heapmod_recover(struct work_struct *work);
void heapmod_serve_waiters(struct heapmod *heap);
void heapmod_dismiss_waiters(struct heapmod *heap);
void heapmod_low_init(struct heapmod *heap);
void heapmod_low_exit(struct heapmod *heap);
void heapmod_tell_low(struct heapmod *heap);

/* api.c, for the rest of the API */
void *heapmod_alloc_locked(struct heapmod *heap, size_t size, unsigned long caller)
	__must_hold(&heap->lock);
void *heapmod_fail(struct heapmod *heap, size_t size, gfp_t gfp, unsigned long caller);
void heapmod_refuse_foreign(struct heapmod *heap, const void *ptr, unsigned long caller);
void heapmod_free_caller(struct heapmod *heap, const void *ptr, unsigned long caller);
void heapmod_release(struct heapmod *heap, const struct heap_view *claimed, u32 count,
		     unsigned long caller);

int heapmod_clients_init(void);
void heapmod_clients_exit(void);

/* For those who look */
u32 heapmod_views(struct heapmod *heap, u32 from, struct heap_view *views, u32 most);
void heapmod_owners(struct heapmod *heap, u32 from, struct heap_owner *owners, u32 count);
void heapmod_find(struct heapmod *heap, enum heap_verdict verdict, const void *ptr,
		  unsigned long caller);
enum heap_verdict heapmod_check_some(struct heapmod *heap, struct heap_audit *audit,
				     struct heap_finding *finding);

#endif
