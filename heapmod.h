/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heapmod - a private heap for kernel code
 *
 * The API that other modules include. A heap is a region of memory reserved once, and the
 * blocks in it. Every function here is callable from task, softirq and hard interrupt context
 * and with any lock held, unless its comment says otherwise; heapmod_alloc() and its like, and
 * heapmod_free(), from NMI, and while the kernel panics, too. But what is told to the log is told
 * by printk(): who holds the scheduler's locks asks with __GFP_NOWARN. Examples: docs/api.md.
 *
 * A client says MODULE_INFO(import_ns, "HEAPMOD") once.
 */
#ifndef HEAPMOD_H
#define HEAPMOD_H

#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/types.h>

/* Before 5.16 there is none. Clients have this header alone, without compat.h. */
#ifndef __alloc_size
#define __alloc_size(...)
#endif

struct device;
struct heapmod;

/**
 * DOC: flags of a heap, for heapmod_create()
 *
 * %HEAPMOD_POISON: freed memory is filled with a pattern that is looked at when it is allocated
 * again, so that a use after free is found, and blamed. Costs both, in time for every byte.
 *
 * %HEAPMOD_REDZONE: 16 bytes of pattern behind every block, so that an overrun that is larger than
 * the slack is found, and does not reach the next header at once.
 */
#define HEAPMOD_POISON		1U
#define HEAPMOD_REDZONE		2U

/* Alignments go up to this. */
#define HEAPMOD_ALIGN_MAX	0x100000U

/* Longest name of a heap, in bytes without the final zero. */
#define HEAPMOD_NAME_MAX	31

/**
 * struct heapmod_stats - where every byte of a heap is, at one moment
 * @region_bytes: size of the region; the eight below add up to it exactly
 * @asked_bytes: what the live blocks were asked for
 * @slack_bytes: lost to rounding sizes up to whole granules of 16 bytes
 * @header_bytes: headers of the live blocks, 8 bytes each
 * @hole_bytes: free, headers of holes included
 * @quarantine_bytes: blocks withdrawn from use because their header was damaged
 * @pending_bytes: freed, but not yet given back
 * @redzone_bytes: guards between blocks
 * @edge_bytes: before the first header and behind the last block
 * @peak_bytes: most bytes in blocks at once, headers and slack included, since heapmod_reset_peak()
 * @blocks: live blocks
 * @holes: free blocks
 * @allocs: allocations that succeeded
 * @frees: blocks freed
 * @failures: allocations that did not fit
 * @search_steps: searches for a hole that looked at 1 node or hole, 2 to 3, 4 to 7, 8 to 15, 16 to
 *		  31, or more. An allocation that takes back what was freed just now needs none.
 * @refused: calls of heapmod_free() whose pointer was refused
 * @quarantine_blocks: blocks withdrawn from use
 * @frozen: 1 when the index was found corrupt: nothing is given or taken any more
 * @foreign: pointers refused because they lie outside the region
 * @misaligned: ... where no payload can begin
 * @interior: ... inside a used block
 * @double_free: ... in a block that is free
 * @wrong_heap: ... in another heap
 * @overrun: blocks behind which somebody wrote
 * @corrupt_header: headers that somebody wrote over
 * @use_after_free: free memory that somebody wrote to
 * @corrupt_index: contradictions in the index
 */
struct heapmod_stats {
	u64 region_bytes;
	u64 asked_bytes;
	u64 slack_bytes;
	u64 header_bytes;
	u64 hole_bytes;
	u64 quarantine_bytes;
	u64 pending_bytes;
	u64 redzone_bytes;
	u64 edge_bytes;
	u64 peak_bytes;
	u64 blocks;
	u64 holes;
	u64 allocs;
	u64 frees;
	u64 failures;
	u64 search_steps[6];
	u64 refused;
	u64 quarantine_blocks;
	u64 frozen;
	u64 foreign;
	u64 misaligned;
	u64 interior;
	u64 double_free;
	u64 wrong_heap;
	u64 overrun;
	u64 corrupt_header;
	u64 use_after_free;
	u64 corrupt_index;
};

void heapmod_free(struct heapmod *heap, const void *ptr);

struct heapmod *heapmod_create(const char *name, size_t size, unsigned int flags) __must_check;
struct heapmod *heapmod_create_node(const char *name, size_t size, unsigned int flags,
				    int node) __must_check;
struct heapmod *heapmod_create_in(const char *name, void *mem, size_t size,
				  unsigned int flags) __must_check;
struct heapmod *devm_heapmod_create(struct device *dev, const char *name, size_t size,
				    unsigned int flags) __must_check;
void heapmod_reset(struct heapmod *heap);
void heapmod_destroy(struct heapmod *heap);
struct heapmod *heapmod_default(void);

void *heapmod_alloc(struct heapmod *heap, size_t size, gfp_t gfp)
	__malloc __alloc_size(2) __must_check;
void *heapmod_zalloc(struct heapmod *heap, size_t size, gfp_t gfp)
	__malloc __alloc_size(2) __must_check;
void *heapmod_alloc_array(struct heapmod *heap, size_t n, size_t size, gfp_t gfp)
	__malloc __alloc_size(2, 3) __must_check;

void *heapmod_alloc_aligned(struct heapmod *heap, size_t size, size_t align, gfp_t gfp)
	__malloc __alloc_size(2) __must_check;
void *heapmod_alloc_wait(struct heapmod *heap, size_t size, gfp_t gfp, long timeout)
	__malloc __alloc_size(2) __must_check;
void *heapmod_realloc(struct heapmod *heap, const void *ptr, size_t size, gfp_t gfp)
	__alloc_size(3) __must_check;
void *heapmod_memdup(struct heapmod *heap, const void *src, size_t size, gfp_t gfp)
	__malloc __alloc_size(3) __must_check;
char *heapmod_strdup(struct heapmod *heap, const char *string, gfp_t gfp) __malloc __must_check;
char *heapmod_asprintf(struct heapmod *heap, gfp_t gfp, const char *fmt, ...)
	__printf(3, 4) __malloc __must_check;
char *heapmod_vasprintf(struct heapmod *heap, gfp_t gfp, const char *fmt, va_list args)
	__printf(3, 0) __malloc __must_check;
void heapmod_free_sensitive(struct heapmod *heap, const void *ptr);

/* On behalf of a caller, for wrappers that do not want to be blamed themselves. */
void *heapmod_alloc_caller(struct heapmod *heap, size_t size, gfp_t gfp, unsigned long caller)
	__malloc __alloc_size(2) __must_check;
void *heapmod_zalloc_caller(struct heapmod *heap, size_t size, gfp_t gfp, unsigned long caller)
	__malloc __alloc_size(2) __must_check;
void *heapmod_alloc_array_caller(struct heapmod *heap, size_t n, size_t size, gfp_t gfp,
				 unsigned long caller)
	__malloc __alloc_size(2, 3) __must_check;

void *heapmod_alloc_aligned_caller(struct heapmod *heap, size_t size, size_t align, gfp_t gfp,
				   unsigned long caller)
	__malloc __alloc_size(2) __must_check;
void *heapmod_alloc_wait_caller(struct heapmod *heap, size_t size, gfp_t gfp, long timeout,
				unsigned long caller)
	__malloc __alloc_size(2) __must_check;
void *heapmod_realloc_caller(struct heapmod *heap, const void *ptr, size_t size, gfp_t gfp,
			     unsigned long caller)
	__alloc_size(3) __must_check;
void *heapmod_memdup_caller(struct heapmod *heap, const void *src, size_t size, gfp_t gfp,
			    unsigned long caller)
	__malloc __alloc_size(3) __must_check;
char *heapmod_strdup_caller(struct heapmod *heap, const char *string, gfp_t gfp,
			    unsigned long caller)
	__malloc __must_check;
char *heapmod_vasprintf_caller(struct heapmod *heap, gfp_t gfp, const char *fmt, va_list args,
			       unsigned long caller)
	__printf(3, 0) __malloc __must_check;

/**
 * typedef heapmod_watch_fn - what heapmod_watch() calls
 * @heap: the heap that fills up
 * @data: as given to heapmod_watch()
 */
typedef void (*heapmod_watch_fn)(struct heapmod *heap, void *data);

int heapmod_watch(struct heapmod *heap, unsigned int percent, heapmod_watch_fn tell, void *data);
void heapmod_reset_peak(struct heapmod *heap);

size_t heapmod_usable_size(struct heapmod *heap, const void *ptr);
bool heapmod_owns(struct heapmod *heap, const void *ptr);
void heapmod_get_stats(struct heapmod *heap, struct heapmod_stats *stats);
int heapmod_check(struct heapmod *heap);

/*
 * Scope-based cleanup, where the kernel has it:
 *
 *	struct heapmod *heap __free(heapmod) = heapmod_create("mine", SZ_64K, 0);
 *	CLASS(heapmod_block, block)(heap, 100, GFP_KERNEL);
 *
 * The heap is destroyed, and the block freed, where the name goes out of scope; unless
 * no_free_ptr(heap), or no_free_ptr(block.ptr), takes it out of that.
 */
#ifdef __has_include
#if __has_include("linux/cleanup.h")
#include <linux/cleanup.h>

/* A block knows not whose it is: the two go together. */
struct heapmod_block {
	struct heapmod *heap;
	void *ptr;
};

DEFINE_FREE(heapmod, struct heapmod *, heapmod_destroy(_T))
DEFINE_CLASS(heapmod_block, struct heapmod_block, heapmod_free(_T.heap, _T.ptr),
	     ((struct heapmod_block){ heap, heapmod_alloc(heap, size, gfp) }),
	     struct heapmod *heap, size_t size, gfp_t gfp)
#endif
#endif

#endif
