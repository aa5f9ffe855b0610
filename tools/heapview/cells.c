// SPDX-License-Identifier: GPL-2.0-only
/*
 * cells - the address space in slices: their contents and how they are drawn
 *
 * One pass over the blocks, independent of the number of owners: the shares in a cell are summed by
 * owner, and a list of the owners present makes the sums cheap to clear.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/minmax.h>

#include "array.h"
#include "cells.h"
#include "fail.h"

/* Granules by owner in one cell. */
struct shares {
	u32 *granules;			/* by owner */
	u32 *present;			/* owners with a share */
	u32 count;
};

static void share(struct shares *shares, u32 owner, u32 granules)
{
	if (!shares->granules[owner])
		shares->present[shares->count++] = owner;
	shares->granules[owner] += granules;
}

/* The owner with the largest share; the first one of equals. Clear all shares. */
static u32 largest_share(struct shares *shares)
{
	u32 owner = OWNER_NONE, most = 0, i;

	for (i = 0; i < shares->count; i++) {
		if (shares->granules[shares->present[i]] > most) {
			owner = shares->present[i];
			most = shares->granules[owner];
		}
		shares->granules[shares->present[i]] = 0;
	}
	shares->count = 0;
	return owner;
}

/* Fill a cell. @index is the block at its start, and then the block at its end. */
static void fill(const struct model *model, struct cell *cell, u32 *index, u32 wanted,
		 struct shares *shares)
{
	u32 end = cell->at + cell->granules;

	for (; *index < model->count; ++*index) {
		const struct block *block = &model->blocks[*index];
		u32 granules = min(end, block_end(block)) - max(cell->at, block->at);

		cell->in[block->state] += granules;
		cell->starts |= block->at == cell->at;
		if (block->owner != OWNER_NONE)
			share(shares, block->owner, granules);
		if (block->owner == wanted && wanted != OWNER_NONE)
			cell->mine += granules;
		if (block_end(block) > end)
			break;
		if (block_end(block) == end) {
			++*index;
			break;
		}
	}
	cell->owner = largest_share(shares);
}

u32 cells_slice(const struct model *model, u32 count)
{
	return ((u64)model->granules + count - 1) / count;
}

u32 cells_fill(const struct model *model, u32 from, u32 slice, u32 wanted, struct cell *cells,
	       u32 count)
{
	struct shares shares = {
		.granules = must(calloc(model->owners.count + 1, sizeof(u32))),
		.present = must(calloc(model->owners.count + 1, sizeof(u32))),
	};
	u32 index = model_find(model, from);
	u64 at = from;
	u32 i;

	for (i = 0; i < count && at < model->granules; i++, at += slice) {
		cells[i] = (struct cell){
			.at = at, .granules = min((u64)slice, model->granules - at),
		};
		fill(model, &cells[i], &index, wanted, &shares);
	}
	free(shares.present);
	free(shares.granules);
	return i;
}

static const struct {
	u32 state;
	enum look look;
} common[] = {
	{ HEAP_USED, LOOK_USED },
	{ HEAP_PENDING, LOOK_PENDING },
	{ HEAP_CACHED, LOOK_CACHED },
	{ STATE_UNKNOWN, LOOK_UNKNOWN },
};

/* The look of the most frequent state; the first one of equals. Holes come last. */
static enum look most_common(const u32 *in)
{
	u32 best = 0, i;

	for (i = 1; i < ARRAY_SIZE(common); i++) {
		if (in[common[i].state] > in[common[best].state])
			best = i;
	}
	return in[common[best].state] ? common[best].look : LOOK_HOLE;
}

/* Quarantined memory and blocks of the selected owner always show. */
enum look cell_look(const struct cell *cell, u32 wanted)
{
	enum look look;

	if (cell->in[HEAP_QUARANTINED])
		return LOOK_QUARANTINED;
	if (wanted != OWNER_NONE && cell->mine)
		return LOOK_USED;
	look = most_common(cell->in);
	return look == LOOK_USED && wanted != OWNER_NONE ? LOOK_OTHERS : look;
}

const int look_colours[LOOKS] = {
	[LOOK_HOLE] = COLOUR_HOLE,
	[LOOK_PENDING] = COLOUR_PENDING,
	[LOOK_CACHED] = COLOUR_CACHED,
	[LOOK_QUARANTINED] = COLOUR_QUARANTINED,
	[LOOK_UNKNOWN] = COLOUR_UNKNOWN,
	[LOOK_OTHERS] = COLOUR_OTHERS,
};

/* The colour of a cell when no owner is selected. */
int cell_colour(const struct model *model, const struct cell *cell)
{
	enum look look = cell_look(cell, OWNER_NONE);

	return look == LOOK_USED ? model->owners.table[cell->owner].colour : look_colours[look];
}

/* A partly used cell is drawn neither empty nor full. */
u32 cell_level(const struct cell *cell, enum look look)
{
	u32 used = cell->granules - cell->in[HEAP_HOLE];

	if (look == LOOK_USED && cell->mine)
		used = cell->mine;
	if (!used || used == cell->granules)
		return used ? LEVELS : 0;
	return 1 + (u32)((u64)used * (LEVELS - 1) / cell->granules);
}

/* A capital letter for a full cell; # and + for an owner without a letter. */
static char letter_of(const struct owner *owner, bool full)
{
	if (!owner->letter)
		return full ? '#' : '+';
	return full ? owner->letter : owner->letter - 'A' + 'a';
}

/*
 * A cell as a character of plain text. In a view with one granule per cell, a block starts with a
 * capital letter, and small letters follow.
 */
char cell_letter(const struct model *model, const struct cell *cell, u32 wanted)
{
	enum look look = cell_look(cell, wanted);
	u32 owner = look == LOOK_USED && cell->mine ? wanted : cell->owner;

	if (look == LOOK_USED)
		return letter_of(&model->owners.table[owner], cell_level(cell, look) == LEVELS &&
				 (cell->granules > 1 || cell->starts));
	return ".?~$!?:"[look];
}
