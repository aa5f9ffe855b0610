// SPDX-License-Identifier: GPL-2.0-only
/*
 * view - what of a heap the screen shows: where, how close, whose
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include <linux/minmax.h>

#include "view.h"

static u32 granules_of(const struct view *view)
{
	return view->source->model.granules;
}

/* The farther, the more granules a slice; all of the heap at zoom 0. */
static void settle_slice(struct view *view)
{
	u32 all = cells_slice(&view->source->model, view->columns * view->rows);

	while (view->zoom && all >> (view->zoom - 1) <= 1)
		view->zoom--;
	view->slice = max(all >> view->zoom, 1U);
}

/* Rows begin at multiples of their length, so that what is looked at twice looks the same. */
static void settle_from(struct view *view)
{
	u64 row = (u64)view->slice * view->columns;
	u64 all = ((u64)granules_of(view) + row - 1) / row;
	u64 first = view->from / row;
	u64 here = view->cursor / row;

	first = max(first, here < view->rows ? 0 : here - view->rows + 1);
	first = min(first, here);
	first = min(first, all < view->rows ? 0 : all - view->rows);
	view->from = first * row;
}

/* The heap, the grid's size, or where we look has changed. */
void view_layout(struct view *view, u32 columns, u32 rows)
{
	view->columns = columns;
	view->rows = rows;
	view->cursor = min(view->cursor, granules_of(view) - 1);
	settle_slice(view);
	settle_from(view);
	view->cells = must(realloc(view->cells, columns * rows * sizeof(*view->cells)));
	view->count = cells_fill(&view->source->model, view->from, view->slice, view->wanted,
				 view->cells, columns * rows);
}

void view_jump(struct view *view, u32 at)
{
	view->cursor = min(at, granules_of(view) - 1);
}

void view_move(struct view *view, long long granules)
{
	long long at = view->cursor + granules;

	view_jump(view, at < 0 ? 0 : min(at, (long long)U32_MAX - 1));
}

/* The cursor stays in the middle. */
void view_zoom(struct view *view, int steps)
{
	u64 half;

	if (steps < 0 && view->zoom < (u32)-steps)
		view->zoom = 0;
	else
		view->zoom = min(view->zoom + steps, 31U);
	settle_slice(view);
	half = (u64)view->slice * view->columns * (view->rows / 2);
	view->from = view->cursor < half ? 0 : view->cursor - half;
}

/* The block at the cursor. */
u32 view_block(const struct view *view)
{
	return model_find(&view->source->model, view->cursor);
}

/* Where an owner stands in the order; the number of owners when he is nowhere. */
static u32 place_of(const struct owners *owners, u32 number)
{
	u32 place = 0;

	while (place < owners->count && owners->order[place] != number)
		place++;
	return place;
}

/* The next one in the order of size, or the one before; nobody is beyond both ends. */
void view_select(struct view *view, int steps)
{
	const struct owners *owners = &view->source->model.owners;
	u32 live = owners_live(owners);
	u32 place = view->wanted == OWNER_NONE ? live : place_of(owners, view->wanted);

	if (place > live)
		place = live;
	place = (place + live + 1 + steps) % (live + 1);
	view->wanted = place == live ? OWNER_NONE : owners->order[place];
}

/* Selects the first owner whose name has the words; @again, the next after the one selected. */
bool view_find_owner(struct view *view, bool again)
{
	const struct owners *owners = &view->source->model.owners;
	u32 start = again && view->wanted != OWNER_NONE ? place_of(owners, view->wanted) + 1 : 0;
	u32 i;

	for (i = 0; i < owners->count; i++) {
		u32 number = owners->order[(start + i) % owners->count];

		if (strcasestr(owners->table[number].name, view->search)) {
			view->wanted = number;
			return true;
		}
	}
	return false;
}
