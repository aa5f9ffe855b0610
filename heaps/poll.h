/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * poll - files that are writable while a heap has room
 */
#ifndef HEAPMOD_POLL_H
#define HEAPMOD_POLL_H

#include "heaps/heaps.h"

void heapmod_poll_init(struct heapmod *heap);

/* Waiters or pollers have changed: set HEAP_EVENT_WAITERS while frees must look for room. */
void heapmod_update_waiters(struct heapmod *heap)
	__must_hold(&heap->lock);

/*
 * No place was found for @size bytes, aligned to @align. A program that is notified of edges polls
 * again only when it is woken: so the next free that leaves a hole of @size bytes wakes the
 * pollers, even if that has no aligned place.
 */
void heapmod_poll_failed(struct heapmod *heap, size_t size, size_t align, unsigned long caller);

/* May heapmod_wake_pollers() have something to do? */
bool heapmod_has_pollers(const struct heapmod *heap);

/* The heap is armed, though no program polls it any more. */
bool heapmod_polls_are_over(struct heapmod *heap)
	__must_hold(&heap->lock);

/* Wake all pollers if there is room for one of them. Takes time in proportion to their number. */
void heapmod_wake_pollers(struct heapmod *heap);

/* The heap is shut down: wake all pollers, and wait until none is left. May sleep. */
void heapmod_end_polls(struct heapmod *heap);

#endif
