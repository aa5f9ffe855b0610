/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watermark - call a client back when its heap fills up
 */
#ifndef HEAPMOD_WATERMARK_H
#define HEAPMOD_WATERMARK_H

#include "heaps/heaps.h"

struct module;

void heapmod_watermark_init(struct heapmod *heap);

/* No callback runs once this returns. May sleep. */
void heapmod_watermark_exit(struct heapmod *heap);

/* The watermark was exceeded: schedule the callback. */
void heapmod_notify_watermark(struct heapmod *heap);

/* The module is unloaded: if the callback is in it, it is not called any more. */
void heapmod_unwatch_module(struct heapmod *heap, const struct module *module);

/* ... and wait for the calls that run. May sleep. */
void heapmod_wait_for_calls(const struct module *module);

#endif
