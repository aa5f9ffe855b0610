/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * screen - full screen mode
 */
#ifndef HEAPVIEW_SCREEN_H
#define HEAPVIEW_SCREEN_H

#include "source.h"

/* @interval: seconds between two updates; 0 for the default */
bool screen_run(struct source *source, double interval, struct problem *problem);

#endif
