/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cells - the address space in slices: their contents and how they are drawn
 */
#ifndef HEAPVIEW_CELLS_H
#define HEAPVIEW_CELLS_H

#include "model.h"
#include "palette.h"

/**
 * struct cell - a slice of the address space
 * @at: its first granule
 * @granules: its size
 * @in: granules by state
 * @mine: granules of the selected owner
 * @owner: the owner of most granules, or OWNER_NONE
 * @starts: a block starts at @at
 */
struct cell {
	u32 at;
	u32 granules;
	u32 in[STATES];
	u32 mine;
	u32 owner;
	bool starts;
};

/* How a cell is drawn: in the colour of its owner (LOOK_USED) or of a state. */
enum look {
	LOOK_HOLE,
	LOOK_USED,
	LOOK_PENDING,
	LOOK_CACHED,
	LOOK_QUARANTINED,
	LOOK_UNKNOWN,
	LOOK_OTHERS,			/* used, but not by the selected owner */
	LOOKS
};

#define LEVELS	8			/* fill level: 0 only if empty, 8 only if full */

/*
 * Fill @cells with slices of @slice granules each, starting at granule @from. @wanted is the
 * selected owner, or OWNER_NONE. Return the number of cells: below @count at the end of the region.
 */
u32 cells_fill(const struct model *model, u32 from, u32 slice, u32 wanted, struct cell *cells,
	       u32 count);

/* The smallest slice with which @count cells cover the region. */
u32 cells_slice(const struct model *model, u32 count);

/* The colours of the looks, except for that of LOOK_USED. */
extern const int look_colours[LOOKS];

enum look cell_look(const struct cell *cell, u32 wanted);
u32 cell_level(const struct cell *cell, enum look look);
int cell_colour(const struct model *model, const struct cell *cell);
char cell_letter(const struct model *model, const struct cell *cell, u32 wanted);

#endif
