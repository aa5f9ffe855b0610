// SPDX-License-Identifier: GPL-2.0-only
/*
 * view - the part of a heap that the screen shows
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

/* Zoom 0 shows all of the heap; each level halves the slices. There may never have been a grid. */
static void settle_slice(struct view *view)
{
	u32 cells = view->columns * view->rows, all;

	if (!cells)
		return;
	all = cells_slice(&view->source->model, cells);
	while (view->zoom && all >> (view->zoom - 1) <= 1)
		view->zoom--;
	view->slice = max(all >> view->zoom, 1U);
}

/* Rows start at multiples of their length, so that a place looks the same each time. */
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

u32 view_block(const struct view *view)
{
	return model_find(&view->source->model, view->cursor);
}

/* The position of an owner in the order; the number of owners if it has none. */
static u32 place_of(const struct owners *owners, u32 number)
{
	u32 place = 0;

	while (place < owners->count && owners->order[place] != number)
		place++;
	return place;
}

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

void view_refresh(struct view *view)
{
	if (view->source->trace)
		return;
	if (folder_read(view->source, &view->message)) {
		if (view->lost)
			*view->message.text = '\0';
		view->lost = false;
	} else {
		view->lost = true;
	}
}
