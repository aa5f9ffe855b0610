/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heap_reset - free everything, in batches
 */
#ifndef HEAP_RESET_H
#define HEAP_RESET_H

#include "heap_core.h"

void heap_close(struct heap *heap);
void heap_open(struct heap *heap);
u32 heap_claim_some(struct heap *heap, u32 *from, struct heap_view *claimed, u32 most);
bool heap_pardon(struct heap *heap, struct heap_view *claimed);

#endif
