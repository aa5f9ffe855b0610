/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * diagnostics - the kernel's own tools are told of every block
 *
 * Each is optional when the kernel is built, and here has a real and an empty version, so that
 * those who call need not know: KASAN, kmemleak, fault injection. Memory is filled as the kernel's
 * init_on_alloc and init_on_free say, or a heap's HEAPMOD_POISON; tracepoints fire.
 *
 * None of this runs under the lock. A block is told of after it was allocated; and before it is
 * given back, but after its pointer was judged: so a free is in two steps while somebody listens.
 */
#ifndef HEAPMOD_DIAGNOSTICS_H
#define HEAPMOD_DIAGNOSTICS_H

#include <linux/mm.h>
#include <linux/string.h>

#include "heaps/compat.h"
#include "heaps/heaps.h"
#include "heaps/trace.h"

void diagnostics_init(void);
void diagnostics_exit(void);

void diagnostics_adopt(struct heapmod *heap, void *region);
void diagnostics_abandon(struct heapmod *heap);

void diagnostics_notify_alloc(struct heapmod *heap, void *ptr, size_t size, gfp_t gfp,
			    unsigned long caller);
void diagnostics_notify_free(struct heapmod *heap, const struct heap_block_info *block,
			   unsigned long caller);
void diagnostics_notify_resize(struct heapmod *heap, void *ptr, const struct heap_block_info *was,
			     size_t size, unsigned long caller);
u64 diagnostics_bytes_for(const struct heapmod *heap, size_t size);
void diagnostics_notify_lost(struct heapmod *heap, const void *ptr);

#ifdef CONFIG_FAULT_INJECTION
bool diagnostics_fail(size_t size);
#else
static inline bool diagnostics_fail(size_t size)
{
	return false;
}
#endif

/* Does anybody but want_init_on_alloc() want to know? */
static inline bool diagnostics_hooked(struct heapmod *heap)
{
	return HEAPMOD_KASAN || IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) ||
	       heap->flags & HEAPMOD_POISON;
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
	return diagnostics_hooked(heap) || trace_heapmod_alloc_enabled() ||
	       trace_heapmod_free_enabled();
}

/*
 * Of a block that shrinks by a granule or more before that, else when it has its new size. Of what
 * is new, what is to be zero is zeroed.
 */
static inline void diagnostics_resize(struct heapmod *heap, void *ptr,
				      const struct heap_block_info *was, size_t size, gfp_t gfp,
				      unsigned long caller)
{
	if (diagnostics_want_resize(heap))
		diagnostics_notify_resize(heap, ptr, was, size, caller);
	if (size > was->asked && want_init_on_alloc(gfp))
		memset(ptr + was->asked, 0, size - was->asked);
}

static inline bool diagnostics_want_free(struct heapmod *heap)
{
	return diagnostics_hooked(heap) || trace_heapmod_free_enabled() || want_init_on_free();
}

#endif
