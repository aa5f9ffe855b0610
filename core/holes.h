/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * holes - a histogram of the holes of a heap by size
 *
 * It is counted from the map alone, some chunks at a time. It is that of one moment if
 * heap->index.changes has not changed from the first part to the last.
 */
#ifndef HEAP_HOLES_H
#define HEAP_HOLES_H

#include "core/heap.h"

#define HOLES_CLASSES	32		/* sizes in granules, by their highest bit */
#define HOLES_CHUNKS	64U		/* chunks that are read at a time, at most */
#define HOLES_BATCH	256U		/* holes, at most, and those of one chunk */

/**
 * struct heap_holes - holes counted by size, and the progress
 * @chunk: the next one to read
 * @largest: granules of the largest hole
 * @granules: sum of all holes
 * @classes: class n has the holes of 2^n to 2^(n+1) - 1 granules
 */
struct heap_holes {
	u32 chunk;
	u32 largest;
	u64 granules;
	struct heap_holes_class {
		u32 holes;
		u64 granules;
	} classes[HOLES_CLASSES];
};

/* Part of heap_count_holes() in heap_core.h: the quick list is empty. */
bool heap_holes_count_chunks(const struct heap *heap, struct heap_holes *holes);

#endif
