/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * screen - a heap in full screen
 */
#ifndef HEAPVIEW_SCREEN_H
#define HEAPVIEW_SCREEN_H

#include "source.h"

/* @interval: seconds; 0 for what is usual */
bool screen_run(struct source *source, double interval, struct problem *problem);

#endif
