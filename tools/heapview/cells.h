/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cells - the address space in slices: what is in each, and what that looks like
 */
#ifndef HEAPVIEW_CELLS_H
#define HEAPVIEW_CELLS_H

#include "model.h"

/**
 * struct cell - a slice of the address space
 * @at: its first granule
 * @granules: of it
 * @in: granules by state
 * @mine: granules of the owner that is looked for
 * @owner: who has most of it, or OWNER_NONE
 * @starts: a block begins with it
 */
struct cell {
	u32 at;
	u32 granules;
	u32 in[STATES];
	u32 mine;
	u32 owner;
	bool starts;
};

/* What a cell looks like: whose it is, or what; and how full it is. */
enum look {
	LOOK_HOLE,
	LOOK_USED,
	LOOK_PENDING,
	LOOK_QUARANTINED,
	LOOK_UNKNOWN,
	LOOK_OTHERS,			/* used, while somebody else is looked for */
	LOOKS
};

#define LEVELS	8			/* how full: 0 is empty, 8 is full, and only that */

u32 cells_fill(const struct model *model, u32 from, u32 slice, u32 wanted, struct cell *cells,
	       u32 count);
u32 cells_slice(const struct model *model, u32 count);
enum look cell_look(const struct cell *cell, u32 wanted);
u32 cell_level(const struct cell *cell, enum look look);
char cell_letter(const struct model *model, const struct cell *cell, u32 wanted);

#endif
