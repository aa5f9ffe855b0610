// SPDX-License-Identifier: GPL-2.0-only
/*
 * diagnostics - the kernel's own tools are told of every block
 */
#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include <linux/kasan.h>
#include <linux/kmemleak.h>

#include "core/block.h"
#include "heaps/compat.h"
#include "heaps/report.h"
#include "heaps/walk.h"

#define CREATE_TRACE_POINTS
#include "heaps/diagnostics.h"

/*
 * KASAN: the region is out of bounds but for the bytes that were asked for. A report on an address
 * in it is completed with the heap, the block and their owners.
 */
#if HEAPMOD_KASAN
#define KASAN_OUTSIDE	0xF8		/* as memory that vmalloc() did not give */
#define KASAN_FREED	0xFF		/* as a page that is free */

static void kasan_hide(const void *ptr, size_t bytes, u8 value)
{
	kasan_poison(ptr, bytes, value, false);
}

/* A byte of shadow tells of eight; of the last it may say that some of them are open. */
static void kasan_open(const void *ptr, size_t bytes)
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
static void kasan_hide(const void *ptr, size_t bytes, u8 value) { }
static void kasan_open(const void *ptr, size_t bytes) { }
static void kasan_init_hook(void) { }
static void kasan_exit_hook(void) { }
#endif

/*
 * kmemleak: of a region of our own it knows the blocks instead. In memory of the caller it has an
 * object already, which no other may overlap. It allocates, under locks that sleep on PREEMPT_RT:
 * there it keeps the region, for to tell it of a block only now and then is worse than never.
 */
static bool leaks_are_sought(const struct heapmod *heap)
{
	return IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) && !IS_ENABLED(CONFIG_PREEMPT_RT) &&
	       heap->memory && !in_nmi();
}

static void kmemleak_block(const struct heapmod *heap, const void *ptr, size_t size)
{
	if (leaks_are_sought(heap))
		kmemleak_alloc(ptr, size, 1, GFP_NOWAIT | __GFP_NOWARN);
}

static void kmemleak_forget(const struct heapmod *heap, const void *ptr)
{
	if (leaks_are_sought(heap))
		kmemleak_free(ptr);
}

/* Fault injection: /sys/kernel/debug/fail_heapmod, as of the kernel's own allocators. */
#ifdef CONFIG_FAULT_INJECTION
static DECLARE_FAULT_ATTR(fail_heapmod);

/* Chance has a lock, which an NMI may have interrupted. */
bool diagnostics_fail(size_t size)
{
	return !in_nmi() && should_fail(&fail_heapmod, size);
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

/* The region of a new heap is nobody's. */
void diagnostics_adopt(struct heapmod *heap, void *region)
{
	if (heap->flags & HEAPMOD_POISON)
		heap_fill(region, heap->region_bytes);
	kmemleak_forget(heap, heap->memory);
	kasan_hide(region, heap->region_bytes, KASAN_OUTSIDE);
}

static void forget_live(struct heapmod *heap)
{
	struct heap_block_info block = {};

	while (heapmod_walk_batch(heap, block.at + block.granules, &block, 1)) {
		if (block.state == HEAP_USED)
			kmemleak_forget(heap, payload_of(block_at(&heap->core, block.at)));
		cond_resched();
	}
}

/* Of a frozen heap the map is not believed: whatever looks like a header may be one. */
static void forget_sealed(struct heapmod *heap)
{
	const struct heap *core = &heap->core;
	struct heap_block *block;
	u32 at;

	for (at = 0; at < core->index.granules; at++) {
		block = block_at(core, at);
		if (is_sealed(core, at, header_word(block)))
			kmemleak_forget(heap, payload_of(block));
	}
}

/* It is the kernel's, or the caller's again. */
void diagnostics_abandon(struct heapmod *heap)
{
	kasan_open(heap->core.region, heap->region_bytes);
	if (!leaks_are_sought(heap))
		return;
	if (heap_is_frozen(&heap->core))
		forget_sealed(heap);
	else
		forget_live(heap);
}

static u64 offset_of(const struct heapmod *heap, const void *ptr)
{
	return (const char *)ptr - heap->core.region - sizeof(struct heap_block);
}

/* What a block of @size bytes takes: known without a look at the heap. */
u64 diagnostics_bytes_for(const struct heapmod *heap, size_t size)
{
	return round_up((u64)size + heap->core.overhead, HEAP_GRANULE);
}

/* Somebody may have written to the block while it was free. */
static void look_for_writes(struct heapmod *heap, const void *ptr, size_t size,
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
		look_for_writes(heap, ptr, size, caller);
	kasan_open(ptr, size);
	kmemleak_block(heap, ptr, size);
	trace_heapmod_alloc(heap->id, offset_of(heap, ptr), size,
			    diagnostics_bytes_for(heap, size), caller);
}

/* Of a block whose header was lost @size is the most that was asked for: KASAN may know of less. */
static void wipe(void *ptr, size_t size)
{
	kasan_open(ptr, size);
	memset(ptr, 0, size);
}

void diagnostics_notify_free(struct heapmod *heap, const struct heap_block_info *block,
			   unsigned long caller)
{
	size_t bytes = heap_bytes(block->granules) - sizeof(struct heap_block);
	void *ptr = heap_payload(&heap->core, block->at);

	trace_heapmod_free(heap->id, heap_offset(block->at), block->asked,
			   heap_bytes(block->granules), caller);
	kmemleak_forget(heap, ptr);
	if (heap->flags & HEAPMOD_POISON)
		heap_fill(ptr, bytes);
	else if (want_init_on_free())
		wipe(ptr, block->asked);
	kasan_hide(ptr, bytes, KASAN_FREED);
}

/* In a heap that poisons: of what a block has grown by, somebody may have written to. */
static void look_for_writes_behind(struct heapmod *heap, const struct heap_block_info *was, size_t size,
				   unsigned long caller)
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

/* What a block in a heap that poisons gives back is filled: what was asked for, the rest is. */
static void fill_cut(struct heapmod *heap, void *ptr, const struct heap_block_info *was, size_t size)
{
	u64 keeps = diagnostics_bytes_for(heap, size) - sizeof(struct heap_block);

	if (heap->flags & HEAPMOD_POISON && was->asked > keeps)
		memset(ptr + keeps, HEAP_PATTERN, was->asked - keeps);
}

/* A block has @size bytes, or is about to; @was says how many it had. */
void diagnostics_notify_resize(struct heapmod *heap, void *ptr, const struct heap_block_info *was,
			     size_t size, unsigned long caller)
{
	u64 bytes = heap_bytes(was->granules);
	u64 now = diagnostics_bytes_for(heap, size);

	look_for_writes_behind(heap, was, size, caller);
	fill_cut(heap, ptr, was, size);
	kasan_hide(ptr, max(bytes, now) - sizeof(struct heap_block), KASAN_FREED);
	kasan_open(ptr, size);
	kmemleak_forget(heap, ptr);
	kmemleak_block(heap, ptr, size);
	trace_heapmod_free(heap->id, offset_of(heap, ptr), was->asked, bytes, caller);
	trace_heapmod_alloc(heap->id, offset_of(heap, ptr), size, now, caller);
}

/* A block whose header was written over is gone for its client, whatever has become of it. */
void diagnostics_notify_lost(struct heapmod *heap, const void *ptr)
{
	kmemleak_forget(heap, ptr);
}
