/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * overview - the table of all heaps, as text or live in full screen mode
 */
#ifndef HEAPVIEW_OVERVIEW_H
#define HEAPVIEW_OVERVIEW_H

#include "fail.h"

/* @debugfs is the mount point. */
bool overview_print(const char *debugfs, struct problem *problem);

/* @interval: seconds between two updates; 0 for the default */
bool overview_run(const char *debugfs, double interval, struct problem *problem);

#endif
