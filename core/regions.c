// SPDX-License-Identifier: GPL-2.0-only
/*
 * regions - which region contains an address?
 */
#include <linux/compiler.h>

#include "core/index.h"
#include "core/regions.h"

/* Return: the number of regions, one more. */
static int append(struct heap_region *to, int count, struct heap_region region)
{
	int around = count - 1;

	while (around >= 0 && to[around].end <= region.start)
		around = to[around].around;
	region.around = around;
	to[count] = region;
	return count + 1;
}

int heap_regions_add(struct heap_region *to, const struct heap_region *from, int count,
		     struct heap_region added)
{
	int copied = 0;
	int i;

	for (i = 0; i < count && from[i].start <= added.start; i++) {
		if (from[i].heap)
			copied = append(to, copied, from[i]);
	}
	copied = append(to, copied, added);
	for (; i < count; i++) {
		if (from[i].heap)
			copied = append(to, copied, from[i]);
	}
	return copied;
}

void heap_regions_remove(struct heap_region *regions, int count, const struct heapmod *heap)
{
	int i;

	for (i = 0; i < count; i++) {
		if (regions[i].heap == heap)
			WRITE_ONCE(regions[i].heap, NULL);
	}
}

/* The last region that starts at or below @address, or -1. */
static int last_at_or_below(const struct heap_region *regions, int count, uintptr_t address)
{
	int low = 0, high = count;

	while (low < high) {
		int middle = low + (high - low) / 2;

		heap_step();
		if (regions[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

struct heapmod *heap_regions_find(const struct heap_region *regions, int count, uintptr_t address)
{
	int i = last_at_or_below(regions, count, address);

	for (; i >= 0; i = regions[i].around) {
		struct heapmod *heap = READ_ONCE(regions[i].heap);

		heap_step();
		if (heap && address < regions[i].end)
			return heap;
	}
	return NULL;
}
