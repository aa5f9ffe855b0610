// SPDX-License-Identifier: GPL-2.0-only
/*
 * history - what was used, and how much of the free memory was in one hole, over time
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

/*
 * What to draw in a column of many: all of the history stretched to them, or the last ones, the
 * newest at the right. A sample of nothing at all says that there is none.
 */
static struct sample column_of(const struct history *history, u32 column, u32 columns, bool stretch)
{
	u32 back = columns - column;	/* the newest is 1 back */

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

/* What is in a row, counted from below, of a column; @level: how many eighths of it are used. */
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
