// SPDX-License-Identifier: GPL-2.0-only
/*
 * diagnostics - hooks for KASAN, kmemleak, fault injection and tracepoints
 */
#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include <linux/kasan.h>
#include <linux/kmemleak.h>
#include <linux/preempt.h>

#include "core/block.h"
#include "heaps/compat.h"
#include "heaps/report.h"
#include "heaps/walk.h"

#define CREATE_TRACE_POINTS
#include "heaps/diagnostics.h"

/*
 * KASAN: only the bytes that were requested are accessible. heapmod completes a report on an
 * address in a region: it prints the heap, the block and its owner.
 */
#if HEAPMOD_KASAN
#define KASAN_OUTSIDE	0xF8		/* KASAN_VMALLOC_INVALID */
#define KASAN_FREED	0xFF		/* KASAN_PAGE_FREE */

static void kasan_deny(const void *ptr, size_t bytes, u8 value)
{
	kasan_poison(ptr, bytes, value, false);
}

/* A byte of shadow covers eight bytes. The last one may allow the first few of its eight. */
static void kasan_allow(const void *ptr, size_t bytes)
{
	size_t whole = round_down(bytes, 8);

	kasan_poison(ptr, whole, 0, false);
	if (bytes != whole)
		*(u8 *)kasan_mem_to_shadow(ptr + whole) = bytes - whole;
}

static void complete_report(void *unused, enum error_detector detector, unsigned long address)
{
	if (detector == ERROR_DETECTOR_KASAN)
		heapmod_report_address((void *)address);
}

static void kasan_init_hook(void)
{
	register_trace_error_report_end(complete_report, NULL);
}

static void kasan_exit_hook(void)
{
	unregister_trace_error_report_end(complete_report, NULL);
	tracepoint_synchronize_unregister();
}
#else
#define KASAN_OUTSIDE	0
#define KASAN_FREED	0
static void kasan_deny(const void *ptr, size_t bytes, u8 value) { }
static void kasan_allow(const void *ptr, size_t bytes) { }
static void kasan_init_hook(void) { }
static void kasan_exit_hook(void) { }
#endif

/*
 * May the context allocate from the kernel? The caller may hold a raw lock, even that of a
 * runqueue, wherever preemption or interrupts are off. Without CONFIG_PREEMPT_COUNT only interrupts
 * and @gfp show that.
 */
static bool may_allocate(gfp_t gfp)
{
	if (IS_ENABLED(CONFIG_PREEMPT_COUNT))
		return preemptible();
	return in_task() && !irqs_disabled() && gfpflags_allow_blocking(gfp);
}

/*
 * kmemleak: in a region that heapmod has allocated, each block is an object of its own instead of
 * the region. In a region of the caller nothing is registered: objects must not overlap, and the
 * caller's memory may be one already. kmemleak takes sleeping locks on PREEMPT_RT, where a free in
 * atomic context could not call it; so there the region stays one object.
 *
 * A new object is allocated from the kernel. Where the context does not allow that, the block has
 * none: it is not reported as a leak, and not scanned.
 */
static bool has_kmemleak(const struct heapmod *heap)
{
	return IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) && !IS_ENABLED(CONFIG_PREEMPT_RT) &&
	       heap->memory && !in_nmi();
}

static void kmemleak_block(const struct heapmod *heap, const void *ptr, size_t size, gfp_t gfp)
{
	if (has_kmemleak(heap) && may_allocate(gfp))
		kmemleak_alloc(ptr, size, 1, GFP_NOWAIT | __GFP_NOWARN);
}

static void kmemleak_forget(const struct heapmod *heap, const void *ptr)
{
	if (has_kmemleak(heap))
		kmemleak_free(ptr);
}

/* An object that is too small may stay. One that covers freed memory may not. */
static void kmemleak_resize(const struct heapmod *heap, const void *ptr, size_t was, size_t size,
			    gfp_t gfp)
{
	if (size > was && !may_allocate(gfp))
		return;
	kmemleak_forget(heap, ptr);
	kmemleak_block(heap, ptr, size, gfp);
}

/* Fault injection: /sys/kernel/debug/fail_heapmod, as for the kernel's own allocators. */
#ifdef CONFIG_FAULT_INJECTION
static DECLARE_FAULT_ATTR(fail_heapmod);

/*
 * The random generator has a lock, which an NMI may have interrupted. It sleeps on PREEMPT_RT, so
 * no failure is injected where the caller may hold a raw lock. Elsewhere only lockdep may
 * distinguish the two kinds of locks.
 */
static bool may_inject(void)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_RT) && !IS_ENABLED(CONFIG_PROVE_RAW_LOCK_NESTING))
		return !in_nmi();
	return may_allocate(GFP_KERNEL);
}

/* 0 bytes need no memory. */
bool diagnostics_fail(size_t size)
{
	return size && may_inject() && should_fail(&fail_heapmod, size);
}
#endif

#ifdef CONFIG_FAULT_INJECTION_DEBUG_FS
static struct dentry *fail_dir;

static void fail_init(void)
{
	fail_heapmod.verbose = 0;
	fail_dir = fault_create_debugfs_attr("fail_heapmod", NULL, &fail_heapmod);
}

static void fail_exit(void)
{
	debugfs_remove(fail_dir);
}
#else
static void fail_init(void) { }
static void fail_exit(void) { }
#endif

void diagnostics_init(void)
{
	kasan_init_hook();
	fail_init();
}

void diagnostics_exit(void)
{
	fail_exit();
	kasan_exit_hook();
}

void diagnostics_adopt(struct heapmod *heap, void *region)
{
	if (heap->flags & HEAPMOD_POISON)
		heap_fill(region, heap->region_bytes);
	kmemleak_forget(heap, heap->memory);
	kasan_deny(region, heap->region_bytes, KASAN_OUTSIDE);
}

static void kmemleak_forget_live(struct heapmod *heap)
{
	struct heap_block_info block = {};

	while (heapmod_walk_batch(heap, block.at + block.granules, &block, 1)) {
		if (block.state == HEAP_USED)
			kmemleak_forget(heap, payload_of(block_at(&heap->core, block.at)));
		cond_resched();
	}
}

/* The map of a frozen heap is not valid, and a header may be marked or damaged. */
static void kmemleak_forget_any(struct heapmod *heap)
{
	u32 at;

	for (at = 0; at < heap->core.index.granules; at++) {
		kmemleak_forget(heap, payload_of(block_at(&heap->core, at)));
		cond_resched();
	}
}

void diagnostics_abandon(struct heapmod *heap)
{
	kasan_allow(heap->core.region, heap->region_bytes);
	if (!has_kmemleak(heap))
		return;
	if (heap_is_frozen(&heap->core))
		kmemleak_forget_any(heap);
	else
		kmemleak_forget_live(heap);
}

static u64 offset_of(const struct heapmod *heap, const void *ptr)
{
	return heap_offset_of(&heap->core, ptr) - sizeof(struct heap_block);
}

u64 diagnostics_bytes_for(const struct heapmod *heap, size_t size)
{
	return round_up((u64)size + heap->core.overhead, HEAP_GRANULE);
}

/* Was the block written to while it was free? */
static void check_poison(struct heapmod *heap, const void *ptr, size_t size,
			 unsigned long caller)
{
	size_t bytes = diagnostics_bytes_for(heap, size) - sizeof(struct heap_block);
	const void *wrong = heap_first_unfilled(ptr, bytes);

	if (wrong)
		heapmod_record(heap, HEAP_USE_AFTER_FREE, wrong, caller);
}

void diagnostics_notify_alloc(struct heapmod *heap, void *ptr, size_t size, gfp_t gfp,
			      unsigned long caller)
{
	if (heap->flags & HEAPMOD_POISON)
		check_poison(heap, ptr, size, caller);
	kasan_allow(ptr, size);
	kmemleak_block(heap, ptr, size, gfp);
	trace_heapmod_alloc(heap->id, offset_of(heap, ptr), size,
			    diagnostics_bytes_for(heap, size), caller);
}

void diagnostics_fill_free(struct heapmod *heap, const struct heap_block_info *block)
{
	size_t bytes = heap_bytes(block->granules) - sizeof(struct heap_block);
	void *ptr = heap_payload(&heap->core, block->at);

	if (heap->flags & HEAPMOD_POISON) {
		heap_fill(ptr, bytes);
	} else if (want_init_on_free()) {
		kasan_allow(ptr, bytes);	/* slack, too: it may have been overrun */
		memset(ptr, 0, bytes);
	}
	kasan_deny(ptr, bytes, KASAN_FREED);
}

void diagnostics_notify_free(struct heapmod *heap, const struct heap_block_info *block,
			     unsigned long caller)
{
	trace_heapmod_free(heap->id, heap_offset(block->at), block->asked,
			   heap_bytes(block->granules), caller);
	kmemleak_forget(heap, heap_payload(&heap->core, block->at));
	diagnostics_fill_free(heap, block);
}

/* Were the granules that a resize has added written to while they were free? */
static void check_poison_added(struct heapmod *heap, const struct heap_block_info *was,
			       size_t size, unsigned long caller)
{
	const char *from = (char *)heap_payload(&heap->core, was->at + was->granules) -
			   sizeof(struct heap_block);
	u64 now = diagnostics_bytes_for(heap, size);
	const void *wrong;

	if (!(heap->flags & HEAPMOD_POISON) || now <= heap_bytes(was->granules))
		return;
	wrong = heap_first_unfilled(from, now - heap_bytes(was->granules));
	if (wrong)
		heapmod_record(heap, HEAP_USE_AFTER_FREE, wrong, caller);
}

void diagnostics_notify_resize(struct heapmod *heap, void *ptr, const struct heap_block_info *was,
			       size_t size, gfp_t gfp, unsigned long caller)
{
	u64 bytes = heap_bytes(was->granules);
	u64 now = diagnostics_bytes_for(heap, size);

	check_poison_added(heap, was, size, caller);
	kasan_deny(ptr, max(bytes, now) - sizeof(struct heap_block), KASAN_FREED);
	kasan_allow(ptr, size);
	kmemleak_resize(heap, ptr, was->asked, size, gfp);
	trace_heapmod_resize(heap->id, offset_of(heap, ptr), was->asked, bytes, size, now, caller);
}

void diagnostics_notify_lost(struct heapmod *heap, const void *ptr)
{
	kmemleak_forget(heap, ptr);
}
