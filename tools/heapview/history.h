/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * history - what was used, and how much of the free memory was in one hole, over time
 */
#ifndef HEAPVIEW_HISTORY_H
#define HEAPVIEW_HISTORY_H

#include "model.h"

#define HISTORY		1024

/* In granules: used, pending and quarantined; and the largest hole. */
struct sample {
	u32 used;
	u32 largest;
};

/* The last ones, in a ring. */
struct history {
	struct sample samples[HISTORY];
	u32 count;			/* of all times */
};

/* The parts of a column, from below: used, free in pieces, the largest hole. */
enum zone {
	ZONE_NONE,
	ZONE_USED,
	ZONE_FRAGMENTS,
	ZONE_LARGEST,
};

void history_add(struct history *history, const struct model *model);
enum zone sample_zone(const struct sample *sample, u32 granules, u32 row, u32 rows, u32 *level);
void history_show(const struct history *history, u32 columns, bool stretch, struct sample *samples);

#endif
