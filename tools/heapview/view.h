/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view - the part of a heap that the screen shows
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

/* A rectangle of the screen. */
struct place {
	int y, x, rows, columns;
};

/* The parts of the screen. The first row of the list is a heading. */
struct layout {
	struct place grid, block, chart, list;
};

/**
 * struct view - the state of the screen
 * @source: the heap
 * @columns: columns of the grid
 * @rows: rows of the grid
 * @zoom: number of times that the slices were halved
 * @slice: granules of a cell
 * @from: first visible granule
 * @cursor: granule at the cursor
 * @cells: the visible cells
 * @count: number of @cells
 * @layout: where all was drawn
 * @first: the first visible line of the list
 * @shown: number of visible stats
 * @wanted: the selected owner, which is highlighted, or OWNER_NONE
 * @pane: the list beside the grid
 * @hole: rank of the hole that was visited last, from 1
 * @page: only the selected owner is shown
 * @running: updates are made periodically
 * @interval: seconds between two updates
 * @speed: events of a trace per update
 * @search: a part of the name of an owner
 * @message: shown in the last line
 * @lost: the message is the error of the last read
 * @help: the keys are shown
 * @nested: the heap was opened from the table of all heaps
 * @done: quit
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
	struct layout layout;
	u32 first, shown;
	u32 wanted;
	enum pane pane;
	u32 hole;
	bool page;
	bool running;
	double interval;
	u32 speed;
	char search[64];
	struct problem message;
	bool lost;
	bool help;
	bool nested;
	bool done;
};

/* The size of the grid, the heap or the visible part has changed: fill the cells. */
void view_layout(struct view *view, u32 columns, u32 rows);

/* Move the cursor. */
void view_move(struct view *view, long long granules);
void view_jump(struct view *view, u32 at);

/* Change the zoom. The cursor stays in the middle. */
void view_zoom(struct view *view, int steps);

/* Select the first owner with @search in its name; with @again, the next after the selected one. */
bool view_find_owner(struct view *view, bool again);

/* Select the next or previous owner in the list; no owner comes after the last one. */
void view_select(struct view *view, int steps);

/* The index of the block at the cursor. */
u32 view_block(const struct view *view);

/* Read the heap again. An error is shown until a later read succeeds. */
void view_refresh(struct view *view);

#endif
