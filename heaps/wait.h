/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wait - allocations that sleep until there is room
 */
#ifndef HEAPMOD_WAIT_H
#define HEAPMOD_WAIT_H

#include "heaps/heaps.h"

/* Allocate for the first waiters whose blocks fit now, and wake them. */
void heapmod_serve_waiters(struct heapmod *heap);

/* Wake all waiters without a block, and wait until they have left. May sleep. */
void heapmod_cancel_waiters(struct heapmod *heap);

#endif
