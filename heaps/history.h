/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heap_history - who freed what lately
 *
 * A block that is free tells nothing of its past any more. So a heap that poisons remembers the
 * last frees, to say of a use after free, or of a double free, whose block that was.
 */
#ifndef HEAP_HISTORY_H
#define HEAP_HISTORY_H

#include "core/verdict.h"

#define HEAP_HISTORY	64

struct heap_history {
	struct heap_freed freed[HEAP_HISTORY];
	u32 count;			/* of all times */
};

void heap_history_add(struct heap_history *history, const struct heap_freed *freed);
struct heap_freed heap_history_find(const struct heap_history *history, u64 offset);

#endif
