// SPDX-License-Identifier: GPL-2.0-only
/*
 * bulk - first fit for many blocks of one size
 */
#include <linux/compiler.h>
#include <linux/minmax.h>

#include "core/bulk.h"
#include "core/index_ops.h"
#include "core/live.h"

/*
 *	| hole ........................... |   ->   | want | want | want | hole ...... |
 *	hole->at
 */
static void carve_blocks(struct heap *heap, const struct heap_hole *hole, u32 want, u32 count)
{
	u32 i;

	carve_hole(heap, hole->at, hole->granules, 0, count * want);
	for (i = 1; i < count; i++)
		heap_index_split_used(&heap->index, hole->at + i * want);
}

/* As many blocks as there is room for in the lowest hole, at most @most. */
static u32 carve_lowest(struct heap *heap, size_t size, u8 owner, void **ptrs, u32 most)
{
	u32 want = granules_for(heap, size), count, i;
	struct heap_hole hole = search(&heap->index, want);

	if (self_check(&heap->index, want, hole.at) == HEAP_NONE)
		return 0;
	count = min(most, hole.granules / want);
	carve_blocks(heap, &hole, want, count);
	for (i = 0; i < count; i++)
		ptrs[i] = finish_alloc(heap, hole.at + i * want, want, size, owner);
	return count;
}

u32 heap_carve(struct heap *heap, size_t size, u8 owner, void **ptrs, u32 n)
{
	u32 done = 0, count;

	do {
		count = carve_lowest(heap, size, owner, ptrs + done, n - done);
		done += count;
	} while (count && done < n);
	return done;
}
