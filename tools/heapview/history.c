// SPDX-License-Identifier: GPL-2.0-only
/*
 * history - used memory and largest hole over time
 */
#include <linux/minmax.h>

#include "history.h"

void history_add(struct history *history, const struct model *model)
{
	history->samples[history->count++ % HISTORY] = (struct sample){
		.used = model->granules - model->in[HEAP_HOLE],
		.largest = model_largest_bytes(model) / HEAP_GRANULE,
	};
}

/* The newest sample is at the right. A sample of zeroes stands for none. */
static struct sample column_of(const struct history *history, u32 column, u32 columns, bool stretch)
{
	u32 back = columns - column;	/* 1 for the newest sample */

	if (stretch && history->count)
		return history->samples[(u64)column * history->count / columns % HISTORY];
	if (back > history->count || back > HISTORY)
		return (struct sample){};
	return history->samples[(history->count - back) % HISTORY];
}

void history_show(const struct history *history, u32 columns, bool stretch, struct sample *samples)
{
	u32 i;

	for (i = 0; i < columns; i++)
		samples[i] = column_of(history, i, columns, stretch);
}

static u32 eighths(u32 granules, u32 whole, u32 rows)
{
	return ((u64)granules * 8 * rows + whole / 2) / whole;
}

enum zone sample_zone(const struct sample *sample, u32 granules, u32 row, u32 rows, u32 *level)
{
	u32 used = eighths(sample->used, granules, rows);
	u32 edge = eighths(granules - min(granules, sample->largest), granules, rows);

	*level = used < 8 * row ? 0 : min(used - 8 * row, 8U);
	if (!sample->used && !sample->largest)
		return ZONE_NONE;
	if (*level)
		return ZONE_USED;
	return edge >= 8 * row + 4 ? ZONE_FRAGMENTS : ZONE_LARGEST;
}
