// SPDX-License-Identifier: GPL-2.0-only
/*
 * quick - the quick list: a block of it gets another size
 */
#include "core/index_ops.h"
#include "core/quick.h"

void heap_resplit(struct heap *heap, struct heap_split *split, u32 want)
{
	u32 rest = split->at + split->granules;

	if (split->have != split->granules) {
		verify_hole(heap, rest, split->have - split->granules);
		erase_header(heap, rest);
	}
	heap_index_resplit(&heap->index, split->at, split->have, split->granules, want);
	split->granules = want;
	if (split->have != want)
		write_state(heap, split->at + want, split->have - want, HEAP_HOLE);
}
