/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heapmod - a private heap for kernel code
 *
 * The API that other modules include. A heap is a region of memory reserved once, and the
 * blocks in it. Every function here is callable from task, softirq and hard interrupt context
 * and with any lock held, unless its comment says otherwise; none is callable from NMI.
 *
 * A client says MODULE_INFO(import_ns, "HEAPMOD") once.
 */
#ifndef HEAPMOD_H
#define HEAPMOD_H

#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/overflow.h>
#include <linux/types.h>

struct heapmod;

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
 * @peak_bytes: most bytes ever in blocks at once, headers and slack included
 * @blocks: live blocks
 * @holes: free blocks
 * @allocs: allocations that succeeded
 * @frees: blocks freed
 * @failures: allocations that did not fit
 * @refused: calls of heapmod_free() whose pointer was refused
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
	u64 refused;
};

void heapmod_free(struct heapmod *heap, const void *ptr);

struct heapmod *heapmod_create(const char *name, size_t size, unsigned int flags) __must_check;
struct heapmod *heapmod_create_in(const char *name, void *mem, size_t size,
				  unsigned int flags) __must_check;
void heapmod_destroy(struct heapmod *heap);
struct heapmod *heapmod_default(void);

void *heapmod_alloc(struct heapmod *heap, size_t size, gfp_t gfp)
	__malloc __alloc_size(2) __must_check;
void *heapmod_zalloc(struct heapmod *heap, size_t size, gfp_t gfp)
	__malloc __alloc_size(2) __must_check;
void *heapmod_alloc_array(struct heapmod *heap, size_t n, size_t size, gfp_t gfp)
	__malloc __alloc_size(2, 3) __must_check;

void *heapmod_alloc_caller(struct heapmod *heap, size_t size, gfp_t gfp, unsigned long caller)
	__malloc __alloc_size(2) __must_check;
void *heapmod_zalloc_caller(struct heapmod *heap, size_t size, gfp_t gfp, unsigned long caller)
	__malloc __alloc_size(2) __must_check;
void *heapmod_alloc_array_caller(struct heapmod *heap, size_t n, size_t size, gfp_t gfp,
				 unsigned long caller)
	__malloc __alloc_size(2, 3) __must_check;

size_t heapmod_usable_size(struct heapmod *heap, const void *ptr);
bool heapmod_owns(struct heapmod *heap, const void *ptr);
void heapmod_get_stats(struct heapmod *heap, struct heapmod_stats *stats);
int heapmod_check(struct heapmod *heap);

#endif
