/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view - what of a heap the screen shows: where, how close, whose
 */
#ifndef HEAPVIEW_VIEW_H
#define HEAPVIEW_VIEW_H

#include "cells.h"
#include "source.h"

enum pane {
	PANE_OWNERS,
	PANE_BLOCKS,
	PANE_HOLES,
	PANE_STATS,
	PANES
};

/**
 * struct view - what is shown of a heap
 * @source: the heap
 * @columns: of the grid
 * @rows: likewise
 * @zoom: how often the slices were halved
 * @slice: granules a cell
 * @from: the first granule that is seen
 * @cursor: a granule
 * @cells: what is seen
 * @count: cells
 * @wanted: the owner who is highlighted, or OWNER_NONE
 * @pane: what is listed beside the grid
 * @hole: which of the largest was visited last, + 1
 * @running: it goes on by itself
 * @interval: seconds from one refresh to the next
 * @speed: a trace's events a refresh
 * @search: words of an owner's name
 * @message: what somebody should read now
 * @lost: the message says why it cannot be read
 * @help: the keys are shown
 * @done: somebody wants to leave
 */
struct view {
	struct source *source;
	u32 columns, rows;
	u32 zoom;
	u32 slice;
	u32 from;
	u32 cursor;
	struct cell *cells;
	u32 count;
	u32 wanted;
	enum pane pane;
	u32 hole;
	bool running;
	double interval;
	u32 speed;
	char search[64];
	struct problem message;
	bool lost;
	bool help;
	bool done;
};

void view_layout(struct view *view, u32 columns, u32 rows);
void view_move(struct view *view, long long granules);
void view_jump(struct view *view, u32 at);
void view_zoom(struct view *view, int steps);
bool view_find_owner(struct view *view, bool again);
void view_select(struct view *view, int steps);
u32 view_block(const struct view *view);

#endif
