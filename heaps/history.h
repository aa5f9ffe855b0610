/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * history - the last frees of a heap
 *
 * A hole has no owner. With HEAPMOD_POISON a heap records its last frees, so that the report of a
 * use after free or of a double free can name the call sites that allocated and freed the block.
 */
#ifndef HEAP_HISTORY_H
#define HEAP_HISTORY_H

#include "core/verdict.h"

#define HEAP_HISTORY	64

struct heap_history {
	struct heap_freed freed[HEAP_HISTORY];
	u32 count;			/* of all frees so far */
};

void heap_history_add(struct heap_history *history, const struct heap_freed *freed);
struct heap_freed heap_history_find(const struct heap_history *history, u64 offset);

#endif
