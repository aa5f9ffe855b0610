/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watermark - call a client back when its heap fills up
 */
#ifndef HEAPMOD_WATERMARK_H
#define HEAPMOD_WATERMARK_H

#include "heaps/heaps.h"

void heapmod_watermark_init(struct heapmod *heap);

/* No callback runs once this returns. May sleep. */
void heapmod_watermark_exit(struct heapmod *heap);

/* The watermark was exceeded: schedule the callback. */
void heapmod_notify_watermark(struct heapmod *heap);

#endif
