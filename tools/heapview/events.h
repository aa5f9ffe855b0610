/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * events - the text of a trace: lines `alloc ID SIZE` and `free ID`
 */
#ifndef HEAPVIEW_EVENTS_H
#define HEAPVIEW_EVENTS_H

#include <linux/types.h>

#include "fail.h"

struct event {
	u32 id;				/* of the block, from 1 */
	u32 size;			/* asked; 0 when it is freed */
};

#define EVENT_IDS	0x10000000U	/* and so many at most */

bool events_load(const char *path, struct event **events, u32 *count, struct problem *problem);

#endif
