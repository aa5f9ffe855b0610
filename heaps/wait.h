/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wait - allocations that sleep until there is room
 */
#ifndef HEAPMOD_WAIT_H
#define HEAPMOD_WAIT_H

#include "heaps/heaps.h"

void heapmod_wait_init(struct heapmod *heap);

/* Allocate for the first waiters whose blocks fit now, and wake them. May sleep. */
void heapmod_serve_waiters(struct heapmod *heap);

/* ... for a few of them, without sleeping. Return: whether there are more. */
bool heapmod_serve_some(struct heapmod *heap);

/* All used blocks will be freed: make the waiters that were served wait again. */
void heapmod_take_back(struct heapmod *heap)
	__must_hold(&heap->lock);

/* ... and wait until no waiter writes to a block that was taken back. May sleep. */
void heapmod_wait_for_hooks(struct heapmod *heap);

/* Let no allocation succeed any more, and wait until all waiters have returned. May sleep. */
void heapmod_end_waits(struct heapmod *heap);

#endif
