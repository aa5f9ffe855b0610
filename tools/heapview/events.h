/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * events - parser of traces: lines `alloc ID SIZE` and `free ID`
 */
#ifndef HEAPVIEW_EVENTS_H
#define HEAPVIEW_EVENTS_H

#include <linux/types.h>

#include "fail.h"

struct event {
	u32 id;				/* number of the block, from 1 */
	u32 size;			/* requested bytes; 0 for a free */
};

#define EVENT_IDS	0x10000000U	/* ids are below this */

/* Read a trace. It is an error to free a block that is not live, or to allocate a live one. */
bool events_load(const char *path, struct event **events, u32 *count, struct problem *problem);

#endif
