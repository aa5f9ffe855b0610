/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * diagnostics - hooks for KASAN, kmemleak, fault injection and tracepoints
 *
 * Each tool is a build option of the kernel and has a real and an empty version here, so callers
 * need no #ifdef. The hooks also fill memory as init_on_alloc, init_on_free and HEAPMOD_POISON
 * require.
 *
 * No hook runs with the heap's lock held. The hook of an allocation runs after it. The hook of a
 * free runs between the check of the pointer and the release of the block, so a free has two steps
 * while a hook is enabled. So has a shrink in place.
 */
#ifndef HEAPMOD_DIAGNOSTICS_H
#define HEAPMOD_DIAGNOSTICS_H

#include <linux/mm.h>
#include <linux/string.h>

#include "core/withheld.h"
#include "heaps/compat.h"
#include "heaps/heaps.h"
#include "heaps/lock.h"
#include "heaps/trace.h"

/*
 * Between the steps the lock is dropped, and then waited for. A hook does not run where that is not
 * possible, or where it may have interrupted one, and needs room for a claim.
 */
static inline bool diagnostics_may_run(const struct heapmod *heap)
	__must_hold(&heap->lock)
{
	return !heapmod_must_not_wait() && heap_can_claim(&heap->core);
}

void diagnostics_init(void);
void diagnostics_exit(void);

/* The region of a new heap: it has no blocks. */
void diagnostics_adopt(struct heapmod *heap, void *region);

/* Return the region to its owner, at the end of the heap. */
void diagnostics_abandon(struct heapmod *heap);

void diagnostics_notify_alloc(struct heapmod *heap, void *ptr, size_t size, gfp_t gfp,
			      unsigned long caller);
void diagnostics_notify_free(struct heapmod *heap, const struct heap_block_info *block,
			     unsigned long caller);
void diagnostics_notify_resize(struct heapmod *heap, void *ptr, const struct heap_block_info *was,
			       size_t size, gfp_t gfp, unsigned long caller);

/* Fill a claimed block, as HEAPMOD_POISON and init_on_free require. KASAN denies it from now on. */
void diagnostics_fill_free(struct heapmod *heap, const struct heap_block_info *block);

/* Size of a block for @size bytes of payload. */
u64 diagnostics_bytes_for(const struct heapmod *heap, size_t size);

/* A free found an overwritten header: the client does not use the block any more. */
void diagnostics_notify_lost(struct heapmod *heap, const void *ptr);

#ifdef CONFIG_FAULT_INJECTION
bool diagnostics_fail(size_t size);
#else
static inline bool diagnostics_fail(size_t size)
{
	return false;
}
#endif

/* Is a hook other than a tracepoint and want_init_on_alloc() enabled? */
static inline bool diagnostics_hooked(struct heapmod *heap)
{
	return HEAPMOD_KASAN || IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) ||
	       heap->flags & HEAPMOD_POISON;
}

static inline bool diagnostics_want_alloc(struct heapmod *heap, gfp_t gfp)
{
	return diagnostics_hooked(heap) || trace_heapmod_alloc_enabled() ||
	       want_init_on_alloc(gfp);
}

static inline void diagnostics_alloc(struct heapmod *heap, void *ptr, size_t size, gfp_t gfp,
				     unsigned long caller)
{
	if (diagnostics_hooked(heap) || trace_heapmod_alloc_enabled())
		diagnostics_notify_alloc(heap, ptr, size, gfp, caller);
	if (want_init_on_alloc(gfp))
		memset(ptr, 0, size);
}

static inline bool diagnostics_want_resize(struct heapmod *heap)
{
	return diagnostics_hooked(heap) || trace_heapmod_resize_enabled() || want_init_on_free();
}

/*
 * Called after a resize. If @hooked, a hook was enabled when the block was resized, and what a
 * shrink frees is still claimed. Zeroes the added bytes if @gfp or the kernel requires it.
 */
static inline void diagnostics_resize(struct heapmod *heap, void *ptr,
				      const struct heap_block_info *was, size_t size, bool hooked,
				      gfp_t gfp, unsigned long caller)
{
	if (hooked)
		diagnostics_notify_resize(heap, ptr, was, size, gfp, caller);
	if (size > was->asked && want_init_on_alloc(gfp))
		memset(ptr + was->asked, 0, size - was->asked);
}

static inline bool diagnostics_want_free(struct heapmod *heap)
{
	return diagnostics_hooked(heap) || trace_heapmod_free_enabled() || want_init_on_free();
}

#endif
