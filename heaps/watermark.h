/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watermark - call clients back when a heap fills up
 */
#ifndef HEAPMOD_WATERMARK_H
#define HEAPMOD_WATERMARK_H

#include "heaps/heaps.h"

struct module;

void heapmod_watermark_init(struct heapmod *heap);

/* No callback runs once this returns. May sleep. */
void heapmod_watermark_exit(struct heapmod *heap);

/* A watermark was exceeded: schedule the callbacks. */
void heapmod_notify_watermark(struct heapmod *heap);

/*
 * The module is unloaded: end all watches whose callbacks are in it; with NULL, all of the heap.
 * Return: whether there was one.
 */
bool heapmod_unwatch_module(struct heapmod *heap, const struct module *module);

/* ... and wait for the calls that run. May sleep. */
void heapmod_wait_for_calls(const struct module *module);

#endif
