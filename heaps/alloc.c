// SPDX-License-Identifier: GPL-2.0-only
/*
 * alloc - allocate a block
 *
 * The lock is held only for the core, its events and the accounting. Zeroing, hooks and the log
 * follow without it. Allocations that wait are in heaps/wait.c, those that are made of another
 * allocation in heaps/copy.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "heaps/alloc.h"
#include "heaps/compat.h"
#include "heaps/diagnostics.h"
#include "heaps/free.h"
#include "heaps/in_flight.h"
#include "heaps/lock.h"
#include "heaps/percpu.h"
#include "heaps/poll.h"
#include "heaps/report.h"

static_assert(HEAPMOD_POISON == HEAP_POISON && HEAPMOD_REDZONE == HEAP_REDZONE &&
	      HEAPMOD_PERCPU == HEAP_CACHES);

/* Account an allocation, or a failed one, to its call site. */
static __always_inline void *account_alloc(struct heapmod *heap, void *ptr, size_t size,
					   struct heap_owner *owner)
	__must_hold(&heap->lock)
{
	lockdep_assert_held(&heap->lock);
	if (likely(ptr))
		heap_owner_add(owner, 1, size);
	else
		owner->failures += !!size;
	return ptr;
}

/* The compiler knows from most callers whether @align asks for more than every block has. */
static __always_inline void *alloc_locked(struct heapmod *heap, size_t size, size_t align,
					  unsigned long caller)
	__must_hold(&heap->lock)
{
	struct heap_owner *owner = heap_owner_find(&heap->owners, caller);
	void *ptr;

	if (align <= HEAP_GRANULE)
		ptr = heap_alloc(&heap->core, size, owner->number);
	else
		ptr = heap_alloc_aligned(&heap->core, size, align, owner->number);
	return account_alloc(heap, ptr, size, owner);
}

void *heapmod_alloc_locked(struct heapmod *heap, size_t size, size_t align, unsigned long caller)
{
	return alloc_locked(heap, size, align, caller);
}

static noinline void *report_failure(struct heapmod *heap, const char *why, size_t size, gfp_t gfp,
				     unsigned long caller)
{
	/* Written with the lock held. The log may be a little behind. */
	u64 pending = heap_bytes(data_race(heap->core.limbo + heap->core.pending));

	trace_heapmod_fail(heap->id, size, caller);
	if (!(gfp & __GFP_NOWARN) && heapmod_may_report_failure(heap))
		pr_warn("heap \"%s\": %s %zu bytes, requested by %pS; %llu bytes are pending\n",
			heap->name, why, size, (void *)caller, pending);
	return NULL;
}

void *heapmod_fail(struct heapmod *heap, size_t size, size_t align, gfp_t gfp,
		   unsigned long caller)
{
	heapmod_poll_failed(heap, size, align, caller);
	return report_failure(heap, "no hole for", size, gfp, caller);
}

/* The lock is not available: see heaps/lock.h. */
static void *fail_busy(struct heapmod *heap, size_t size, gfp_t gfp, unsigned long caller)
{
	if (!size)
		return ZERO_SIZE_PTR;
	heapmod_counter_inc(&heap->busy);
	return report_failure(heap, "the lock is busy, cannot allocate", size, gfp, caller);
}

/*
 * The call may succeed yet: what was counted for it is taken back. If a reset or the module
 * notifier has released the slot meanwhile, OWNER_OTHER has the failure.
 */
static void forget_failure(struct heapmod *heap, unsigned long caller)
	__must_hold(&heap->lock)
{
	struct heap_owner *owner = heap_owner_find(&heap->owners, caller);

	if (!owner->failures)
		owner = heap_owner_at(&heap->owners, OWNER_OTHER);
	owner->failures--;
	heap->core.failures--;
}

/* Return: whether there may be a hole now. In an NMI this would take too long. */
static bool reclaim(struct heapmod *heap, size_t size)
{
	bool deferred = heap_defers(&heap->deferred);

	if (in_nmi() || size > READ_ONCE(heap->core.largest))
		return false;
	if (deferred)
		heapmod_drain(heap);
	heapmod_empty_caches(heap);
	return deferred || heap->cpus;
}

/* No hole was found, or 0 bytes were requested. Deferred frees and caches may make room. */
static noinline void *drain_and_retry(struct heapmod *heap, size_t size, size_t align, gfp_t gfp,
				      unsigned long caller)
{
	unsigned long flags;
	void *ptr = NULL;

	if (!size)
		return ZERO_SIZE_PTR;
	if (reclaim(heap, size) && heapmod_lock(heap, flags)) {
		forget_failure(heap, caller);
		ptr = heapmod_alloc_locked(heap, size, align, caller);
		heapmod_unlock_alloc(heap, flags, caller);
	}
	return ptr ?: heapmod_fail(heap, size, align, gfp, caller);
}

static __always_inline void *alloc_exact(struct heapmod *heap, size_t size, size_t align,
					 gfp_t gfp, unsigned long caller)
{
	unsigned long resets = heapmod_begin_call(heap);
	unsigned long flags;
	void *ptr;

	if (unlikely(!heapmod_lock(heap, flags)))
		return fail_busy(heap, size, gfp, caller);
	ptr = alloc_locked(heap, size, align, caller);
	heapmod_unlock_alloc(heap, flags, caller);

	if (unlikely(!ptr)) {
		ptr = drain_and_retry(heap, size, align, gfp, caller);
		if (ZERO_OR_NULL_PTR(ptr))
			return ptr;
	}
	diagnostics_alloc(heap, ptr, size, gfp, caller);
	return heapmod_end_call(heap, resets, ptr);
}

static noinline void *alloc_uncached(struct heapmod *heap, size_t size, gfp_t gfp,
				     unsigned long caller)
{
	return alloc_exact(heap, size, 1, gfp, caller);
}

/* The cache has no such block, or one with a damaged header, which leaves it now. */
static noinline void *alloc_missed(struct heapmod *heap, size_t size, gfp_t gfp,
				   unsigned long caller)
{
	unsigned long flags;

	if (unlikely(heapmod_needs_room(heap)) && heapmod_lock(heap, flags)) {
		heapmod_make_room(heap);
		heapmod_unlock(heap, flags, caller);
	}
	return alloc_uncached(heap, size, gfp, caller);
}

static noinline void *run_hooks(struct heapmod *heap, void *ptr, size_t size, gfp_t gfp,
				unsigned long caller)
{
	diagnostics_alloc(heap, ptr, size, gfp, caller);
	return ptr;
}

/* From the cache of this CPU, or else as without one. @owner tells which slot is the caller's. */
static __always_inline void *alloc_cached_by(struct heapmod *heap, struct heapmod_cpu *cpu,
					     u32 owner, unsigned long flags, size_t size,
					     gfp_t gfp, unsigned long caller)
{
	unsigned long resets = heapmod_begin_call(heap);
	void *ptr = heapmod_cache_alloc(heap, cpu, size, owner);

	if (unlikely(!ptr)) {
		heapmod_leave_cpu(cpu, flags);
		return alloc_missed(heap, size, gfp, caller);
	}
	heapmod_leave_cpu(cpu, flags);
	if (unlikely(diagnostics_want_alloc(heap, gfp)))
		ptr = run_hooks(heap, ptr, size, gfp, caller);
	return heapmod_end_call(heap, resets, ptr);
}

/* The slot of the caller is not the first one that is probed. */
static noinline void *alloc_probed(struct heapmod *heap, struct heapmod_cpu *cpu,
				   unsigned long flags, size_t size, gfp_t gfp,
				   unsigned long caller)
{
	u32 owner = heap_owner_peek_further(&heap->owners, caller);

	return alloc_cached_by(heap, cpu, owner, flags, size, gfp, caller);
}

/* What is rare follows in tail calls, so that no registers are saved here. */
static noinline void *alloc_cached(struct heapmod *heap, size_t size, gfp_t gfp,
				   unsigned long caller)
{
	struct heapmod_cpu *cpu;
	unsigned long flags;
	u32 owner;

	if (unlikely(!heapmod_enter_cpu(heap, &cpu, &flags)))
		return alloc_missed(heap, size, gfp, caller);
	if (unlikely(!heap_owner_peek(&heap->owners, caller, &owner)))
		return alloc_probed(heap, cpu, flags, size, gfp, caller);
	return alloc_cached_by(heap, cpu, owner, flags, size, gfp, caller);
}

/* Both kinds of heaps are served by a tail call, which needs no registers saved here. */
void *heapmod_alloc_caller(struct heapmod *heap, size_t size, gfp_t gfp, unsigned long caller)
{
	if (!heapmod_is_valid(heap))
		return NULL;
	if (diagnostics_fail(size))
		return heapmod_fail(heap, size, 1, gfp, caller);
	if (heap->cpus && size <= HEAP_CACHE_BYTES)
		return alloc_cached(heap, size, gfp, caller);
	return alloc_uncached(heap, size, gfp, caller);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_alloc_caller);

bool heapmod_accepts_align(struct heapmod *heap, size_t align, unsigned long caller)
{
	if (is_power_of_2(align) && align <= HEAPMOD_ALIGN_MAX)
		return true;
	if (heapmod_may_report_failure(heap))
		pr_err("heap \"%s\": cannot align to %zu bytes, requested by %pS\n",
		       heap->name, align, (void *)caller);
	return false;
}

void *heapmod_alloc_aligned_caller(struct heapmod *heap, size_t size, size_t align, gfp_t gfp,
				   unsigned long caller)
{
	if (!heapmod_is_valid(heap) || !heapmod_accepts_align(heap, align, caller))
		return NULL;
	if (!size)
		return ZERO_SIZE_PTR;
	if (align <= HEAP_GRANULE)
		return heapmod_alloc_caller(heap, size, gfp, caller);
	if (diagnostics_fail(size))
		return heapmod_fail(heap, size, align, gfp, caller);
	return alloc_exact(heap, size, align, gfp, caller);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_alloc_aligned_caller);

/* One hold of the lock. Return: how many blocks were allocated. */
static size_t alloc_batch(struct heapmod *heap, size_t size, u32 n, void **ptrs,
			  unsigned long caller)
{
	struct heap_owner *owner;
	unsigned long flags;
	u32 done;

	if (!heapmod_lock(heap, flags))
		return 0;
	owner = heap_owner_find(&heap->owners, caller);
	done = heap_alloc_bulk(&heap->core, size, owner->number, ptrs, n);
	heap_owner_add(owner, done, done * (u64)size);
	heapmod_unlock_alloc(heap, flags, caller);
	return done;
}

/* Return: how many of @n blocks were allocated; 0 after a failure, which is reported. */
static size_t alloc_some(struct heapmod *heap, size_t size, gfp_t gfp, size_t n, void **ptrs,
			 unsigned long caller)
{
	size_t done, i;

	if (diagnostics_fail(size)) {
		heapmod_fail(heap, size, 1, gfp, caller);
		return 0;
	}
	done = alloc_batch(heap, size, min_t(size_t, n, HEAPMOD_BATCH), ptrs, caller);
	for (i = 0; i < done; i++)
		diagnostics_alloc(heap, ptrs[i], size, gfp, caller);
	if (done)
		return done;
	/* This completes deferred frees, and reports a shortage. */
	*ptrs = heapmod_alloc_caller(heap, size, gfp, caller);
	return !!*ptrs;
}

size_t heapmod_alloc_bulk_caller(struct heapmod *heap, size_t size, gfp_t gfp, size_t n,
				 void **ptrs, unsigned long caller)
{
	unsigned long resets = heapmod_begin_call(heap);
	size_t done = 0, count;

	if (!heapmod_is_valid(heap))
		return 0;
	while (done < n) {
		count = alloc_some(heap, size, gfp, n - done, ptrs + done, caller);
		if (!count)
			break;
		done += count;
	}
	heapmod_end_call(heap, resets, done ? ptrs[0] : NULL);
	return done;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_alloc_bulk_caller);
