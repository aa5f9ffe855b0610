/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heaps - struct heapmod: the core's heap with a lock, a name and owners
 */
#ifndef HEAPS_H
#define HEAPS_H

#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "core/deferred.h"
#include "heap_core.h"
#include "heapmod.h"
#include "heaps/compat.h"
#include "heaps/history.h"
#include "heaps/owners.h"

struct heapmod_cpu;

/* See heaps/follow_up.c. */
extern struct workqueue_struct *heapmod_wq, *heapmod_calls_wq;

/**
 * struct heapmod_watch - a watch of heapmod_watch(); protected by the heap's lock
 * @callback: function of the client, or NULL: then all members are 0
 * @data: passed to @callback
 * @limit: watermark in granules
 * @next: the earliest time for the next call of @callback, in jiffies
 * @state: what the work item does next
 */
struct heapmod_watch {
	heapmod_watch_fn callback;
	void *data;
	u32 limit;
	unsigned long next;
	enum { WATCH_ARMED, WATCH_EXCEEDED, WATCH_ABOVE } state;
};

/**
 * struct heapmod_watermark - the watches of a heap
 * @work: calls the callbacks, and polls until all watches are armed
 * @watches: the watches, in no order
 */
struct heapmod_watermark {
	struct delayed_work work;
	struct heapmod_watch watches[HEAPMOD_WATCHES];
};

/**
 * struct heapmod_limit - a rate limit of messages
 * @state: the limit
 * @suppressed: messages that were not printed since the last one
 */
struct heapmod_limit {
	struct ratelimit_state state;
	atomic_t suppressed;
};

/*
 * The CRC of an exported function is made from all structs that its arguments lead to. A client
 * knows struct heapmod by name only, so its members are hidden from genksyms: when they change,
 * clients that are built continue to load.
 */
#ifndef __GENKSYMS__

/**
 * struct heapmod - a heap
 * @lock: protects @core, @freed, @owners, @history, @waited_ns, @waiters, @waited, @polled,
 *	  @served, @shut_down, and changes of @resets. While it is held, nothing allocates,
 *	  prints, wakes a task or takes another lock.
 * @core: the blocks
 * @freed: the block that heap_free() has freed. It is used only while @lock is held; a variable on
 *	   the stack costs more.
 * @history: the last frees, with HEAPMOD_POISON; NULL without
 * @flags: from heapmod_create()
 * @waited_ns: time that allocations and frees have spun for @lock, in all
 * @id: names the heap in tracepoints; never reused
 * @name: from heapmod_create()
 * @region_bytes: size of the region
 * @memory: the region, or NULL when the caller of heapmod_create_in() owns it
 * @index: memory of the core's index
 * @deferred: blocks that were freed without @lock
 * @waited: granules of the block of the first waiter, or U32_MAX
 * @polled: least granules that a poll has not found, or U32_MAX
 * @pollers: entries of poll() and epoll
 * @waiters: FIFO of the waiters in heapmod_alloc_wait()
 * @served: waiters that have a block and have not returned yet
 * @resets: number of resets; changed with @lock held, read without
 * @serve: serves waiters, when there are too many for @follow_up, and wakes @pollers
 * @hooking: waiters that run the hooks of their block
 * @waiting: number of calls in heapmod_alloc_wait() and heapmod_poll()
 * @shut_down: after heapmod_shutdown(): allocations fail
 * @watermark: the watches of heapmod_watch()
 * @slow_work: does what is too much for @follow_up
 * @follow_up: does what must not be done with @lock held: see heaps/follow_up.c
 * @refused: pointers refused without @lock
 * @busy: allocations that failed because @lock was not available
 * @report_limit: rate limit of reports
 * @failure_limit: rate limit of messages about failed allocations
 * @permanent: heapmod_destroy() refuses this heap; unloading the module destroys it
 * @registered: in the list of heaps; protected by heaps_lock
 * @reporting: queued findings are printed at this moment; protected by @lock
 * @dir: directory in debugfs
 * @all: entry in the list of heaps: changed with heaps_lock held, read under RCU
 * @with_sites: entry in the list of heaps that print names of call sites; protected by heaps_lock
 * @metadata_bytes: memory of the heap outside its region, as allocated
 * @cpus: the caches, with HEAPMOD_PERCPU; NULL without
 * @owners: call sites that allocate from this heap; of variable size, so the last member
 */
struct heapmod {
	raw_spinlock_t lock;
	struct heap core;
	struct heap_block_info freed;
	struct heap_history *history;
	unsigned int flags;
	u32 id;
	u64 waited_ns;
	char name[HEAPMOD_NAME_MAX + 1];
	u64 region_bytes;
	void *memory;
	void *index;
	struct heap_deferred deferred;
	struct list_head waiters;
	u32 waited;
	u32 polled;
	wait_queue_head_t pollers;
	struct list_head served;
	unsigned long resets;
	struct work_struct serve;
	atomic_t hooking;
	atomic_t waiting;
	bool shut_down;
	bool permanent;
	bool registered;
	bool reporting;
	u32 metadata_bytes;
	struct heapmod_watermark watermark;
	struct delayed_work slow_work;
	heapmod_counter_t refused;
	heapmod_counter_t busy;
	struct irq_work follow_up;
	struct heapmod_limit report_limit;
	struct heapmod_limit failure_limit;
	struct dentry *dir;
	struct list_head all;
	struct list_head with_sites;
	struct heapmod_cpu __percpu *cpus;
	struct heap_owners owners;
};

#endif

void heapmod_warn_invalid(void);

/* False for NULL and for an error pointer from heapmod_create(), which is also warned about. */
static inline bool heapmod_is_valid(struct heapmod *heap)
{
	/* NULL and all error pointers in one comparison. */
	if (likely((unsigned long)heap - 1 < (unsigned long)-MAX_ERRNO - 1))
		return true;
	if (heap)
		heapmod_warn_invalid();
	return false;
}

/* Granules that a free must make room for: for the first waiter, or for a poller. */
static inline u32 heapmod_wanted(const struct heapmod *heap)
{
	return min(heap->waited, heap->polled);
}

/* Most bytes that an allocation can have, in an empty heap. */
static inline u64 heapmod_largest(const struct heapmod *heap)
{
	return heap_bytes(heap->core.index.granules) - heap->core.overhead;
}

#endif
