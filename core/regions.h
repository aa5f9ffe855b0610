/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * regions - which region contains an address?
 *
 * An array of regions, sorted by their start. Two regions are disjoint, or one lies inside the
 * other and starts behind its start. So the innermost region around an address is the last one that
 * starts at or below the address, or one of those around that region:
 *
 *	| A                                |   | D        |
 *	    | B            |  | C   |             ^ D
 *	                 ^ B ^ A      ^ A    ^ none
 *
 * An array is never changed, except that a heap is removed from it: readers need no lock.
 */
#ifndef HEAP_REGIONS_H
#define HEAP_REGIONS_H

#include <linux/types.h>

struct heapmod;

/**
 * struct heap_region - a region
 * @start: address of the first byte
 * @end: address behind the last byte
 * @heap: the heap; NULL when it was removed
 * @around: index of the innermost region around this one, or -1
 */
struct heap_region {
	uintptr_t start;
	uintptr_t end;
	struct heapmod *heap;
	int around;
};

/**
 * heap_regions_add - copy an array and add a region
 * @to: has room for one region more than @from
 * @from: the old array; removed heaps are not copied
 * @count: regions in @from
 * @added: the new region, without @around
 *
 * Return: the regions in @to.
 */
int heap_regions_add(struct heap_region *to, const struct heap_region *from, int count,
		     struct heap_region added);

/* Remove a heap from the array. Its region stays, until the array is copied. */
void heap_regions_remove(struct heap_region *regions, int count, const struct heapmod *heap);

/*
 * Takes one step for each doubling of @count, and one for each region around the address.
 *
 * Return: the heap of the innermost region that contains @address, or NULL.
 */
struct heapmod *heap_regions_find(const struct heap_region *regions, int count, uintptr_t address);

#endif
