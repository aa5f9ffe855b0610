/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * screen - a heap in full screen mode
 */
#ifndef HEAPVIEW_SCREEN_H
#define HEAPVIEW_SCREEN_H

#include "source.h"

/*
 * Show a heap until it is left. @interval: seconds between two updates; 0 for the default.
 * @nested: it was opened from the table of all heaps. The terminal is started.
 */
void screen_run(struct source *source, double interval, bool nested);

#endif
