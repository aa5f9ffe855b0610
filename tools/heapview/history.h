/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * history - used memory and largest hole over time
 */
#ifndef HEAPVIEW_HISTORY_H
#define HEAPVIEW_HISTORY_H

#include "model.h"

#define HISTORY		1024

/* In granules. @used includes pending and quarantined memory. */
struct sample {
	u32 used;
	u32 largest;
};

/* A ring of the latest samples. */
struct history {
	struct sample samples[HISTORY];
	u32 count;			/* of all samples ever added */
};

/* The zones of a column, from below: used, free but not in the largest hole, the largest hole. */
enum zone {
	ZONE_NONE,
	ZONE_USED,
	ZONE_FRAGMENTS,
	ZONE_LARGEST,
};

void history_add(struct history *history, const struct model *model);

/* The zone at @row of @rows, counted from below. @level: eighths of the row that are used. */
enum zone sample_zone(const struct sample *sample, u32 granules, u32 row, u32 rows, u32 *level);

/* A sample for each column: all of the history with @stretch, otherwise the latest samples. */
void history_show(const struct history *history, u32 columns, bool stretch, struct sample *samples);

#endif
