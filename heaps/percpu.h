/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * percpu - a cache of freed blocks for each CPU, in a heap with HEAPMOD_PERCPU
 *
 * A call tries the cache of its CPU first (core/cache.h). It does so with interrupts off, and holds
 * the cache: a flag that is only tried, never waited for. If it is held, the call goes on to the
 * heap's lock, as without a cache. A cache is held by its own CPU, or by a holder of the heap's
 * lock, which may wait for it: a CPU that holds a cache waits for nothing. As with the lock, an
 * NMI, a nested call, and a call during an oops do not wait.
 *
 *	heap->lock		protects the heap; taken first
 *	    cpu->busy		of one cache, or of all
 *
 * While all caches are held, no block enters or leaves one, and the counters of the heap are exact.
 * Only a deferred free may mark a block at any time.
 */
#ifndef HEAPMOD_PERCPU_H
#define HEAPMOD_PERCPU_H

#include <linux/atomic.h>
#include <linux/percpu.h>

#include "core/cache.h"
#include "heaps/heaps.h"
#include "heaps/lock.h"

/**
 * struct cpu_owner - what a call site has done with one cache, since it was added to its owner
 * @allocs: allocations
 * @frees: how many of its blocks were freed
 * @bytes: requested in these allocations, less those in these frees
 */
struct cpu_owner {
	u64 allocs;
	u64 frees;
	u64 bytes;
};

/**
 * struct heapmod_cpu - the cache of a CPU
 * @busy: 1 while it is held
 * @cache: the cache
 * @misses: allocations that the cache could not serve; not those of more than HEAP_CACHE_BYTES
 * @drains: blocks that it has given back
 * @owners: by number
 */
struct heapmod_cpu {
	u32 busy;
	struct heap_cache cache;
	u64 misses;
	u64 drains;
	struct cpu_owner owners[];
};

/* What the file `cpus` shows of a CPU. */
struct heapmod_cpu_stats {
	u64 blocks;
	u64 bytes;
	u64 hits;
	u64 misses;
	u64 frees;
	u64 drains;
};

/* Allocate and free the caches of a heap that has no blocks yet, or not any more. */
int heapmod_caches_init(struct heapmod *heap);
void heapmod_caches_exit(struct heapmod *heap);

/* When a CPU is dead, its caches are emptied. */
int heapmod_percpu_init(void);
void heapmod_percpu_exit(void);

/* Make all cached blocks holes, one by one. Without the lock, in any context. */
void heapmod_empty_caches(struct heapmod *heap);

void heapmod_read_cpu(struct heapmod *heap, unsigned int cpu, struct heapmod_cpu_stats *stats);

/* The rest is called with the lock held, and does nothing in a heap without caches. */

/* Hold all caches. The counters of the heap are exact then. Not in an NMI or a nested call. */
void heapmod_hold_caches(struct heapmod *heap) __must_hold(&heap->lock);
void heapmod_drop_caches(struct heapmod *heap) __must_hold(&heap->lock);

/* Cached granules. All caches are held. */
u32 heapmod_cached(struct heapmod *heap) __must_hold(&heap->lock);

/* Add to @count owners what the caches have counted for them. All caches are held. */
void heapmod_settle_owners(struct heapmod *heap, u32 from, u32 count) __must_hold(&heap->lock);

/* The same, holding them meanwhile. */
void heapmod_sync_owners(struct heapmod *heap, u32 from, u32 count) __must_hold(&heap->lock);

/* If the cache of this CPU had no room for a block, or a damaged one, let it give one back. */
void heapmod_make_room(struct heapmod *heap) __must_hold(&heap->lock);

/* Put a claimed block into the cache of this CPU. Return: false if there is no room. */
bool heapmod_keep(struct heapmod *heap, const struct heap_block_info *claimed)
	__must_hold(&heap->lock);

/*
 * Before a free with the lock: if the header of the block is damaged, the map does not tell whether
 * it is in a cache. If it is, it leaves the cache. Return: false if a cache was held that this
 * context must not wait for.
 */
bool heapmod_expel(struct heapmod *heap, const void *ptr) __must_hold(&heap->lock);

/* A heap that is frozen, or is being reset, or has a waiter, keeps no freed blocks. */
static __always_inline bool heapmod_may_cache(const struct heapmod *heap)
{
	/* A holder of the lock that changes them then holds each cache: heapmod_empty_caches(). */
	return READ_ONCE(heap->core.largest) && !data_race(READ_ONCE(heap->core.events));
}

static __always_inline bool heapmod_hold(struct heapmod_cpu *cpu)
{
	return !xchg_acquire(&cpu->busy, 1);
}

static __always_inline void heapmod_drop(struct heapmod_cpu *cpu)
{
	smp_store_release(&cpu->busy, 0);	/* after all changes of the cache */
}

/* Is a block of the cache of this CPU in the way of the next call? It may be another CPU's soon. */
static inline bool heapmod_needs_room(struct heapmod *heap)
{
	/* Read without holding the cache: a wrong answer only costs or saves a block. */
	return data_race(raw_cpu_ptr(heap->cpus)->cache.full);
}

/* Enter the heap and hold the cache of this CPU. Return: false if it is held. */
static __always_inline bool heapmod_enter_cpu(struct heapmod *heap, struct heapmod_cpu **cpu,
					      unsigned long *flags)
{
	local_irq_save(*flags);
	__this_cpu_inc(heapmod_depth);
	*cpu = this_cpu_ptr(heap->cpus);
	if (likely(heapmod_hold(*cpu)))
		return true;
	heapmod_leave(*flags);
	return false;
}

static __always_inline void heapmod_leave_cpu(struct heapmod_cpu *cpu, unsigned long flags)
{
	heapmod_drop(cpu);
	heapmod_leave(flags);
}

/*
 * Allocate a block from the cache, which is held, or return NULL. The call site has an owner
 * already, which is not released while the cache is held; else @number is OWNER_NONE.
 */
static __always_inline void *heapmod_cache_alloc(struct heapmod *heap, struct heapmod_cpu *cpu,
						 size_t size, u32 number)
{
	void *ptr = NULL;

	if (likely(number != OWNER_NONE))
		ptr = heap_cache_alloc(&heap->core, &cpu->cache, size, number);
	if (unlikely(!ptr)) {
		cpu->misses++;
		return NULL;
	}
	cpu->owners[number].allocs++;
	cpu->owners[number].bytes += size;
	return ptr;
}

/* Free a block into the cache, which is held. Return: false: a free with the lock must judge it. */
static __always_inline bool heapmod_cache_free(struct heapmod *heap, struct heapmod_cpu *cpu,
					       const void *ptr)
{
	struct cpu_owner *owner;
	u64 asked;
	int number = heap_cache_free(&heap->core, &cpu->cache, ptr, &asked);

	if (unlikely(number < 0))
		return false;
	owner = &cpu->owners[number & heap->owners.mask];
	owner->frees++;
	owner->bytes -= asked;
	return true;
}

#endif
