// SPDX-License-Identifier: GPL-2.0-only
/*
 * model - a heap as it is shown: its blocks in address order, their owners, totals
 */
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "model.h"

const char *state_name(u8 state)
{
	return state == STATE_UNKNOWN ? "unknown" : heap_state_names[state];
}

void model_empty(struct model *model, u32 granules)
{
	model->count = 0;
	model->granules = granules;
	memset(model->in, 0, sizeof(model->in));
	memset(model->number, 0, sizeof(model->number));
	owners_empty(&model->owners);
}

void model_free(struct model *model)
{
	free(model->blocks);
	owners_free(&model->owners);
	*model = (struct model){};
}

void model_add(struct model *model, const struct block *block)
{
	if (model->count == model->room) {
		model->room = model->room ? 2 * model->room : 1024;
		model->blocks = must(realloc(model->blocks, model->room * sizeof(*block)));
	}
	model->blocks[model->count++] = *block;
	model->in[block->state] += block->granules;
	model->number[block->state]++;
	if (block->owner != OWNER_NONE)
		owner_add(&model->owners, block->owner, block->granules,
			  block->asked == ASKED_UNKNOWN ? 0 : block->asked);
}

void model_fill_gap(struct model *model, u32 at, u32 end)
{
	struct block gap = { .at = at, .granules = end - at, .asked = ASKED_UNKNOWN,
			     .owner = OWNER_NONE, .state = STATE_UNKNOWN };

	if (at < end)
		model_add(model, &gap);
}

/* Insert a hole into the list of the largest. Equal holes are in address order. */
static void rank_hole(struct model *model, u32 index)
{
	const struct block *blocks = model->blocks;
	u32 place = model->holes_count;

	if (place == LARGEST_HOLES &&
	    blocks[model->holes[--place]].granules >= blocks[index].granules)
		return;
	while (place && blocks[model->holes[place - 1]].granules < blocks[index].granules) {
		model->holes[place] = model->holes[place - 1];
		place--;
	}
	model->holes[place] = index;
	if (model->holes_count < LARGEST_HOLES)
		model->holes_count++;
}

void model_settle(struct model *model)
{
	u32 i;

	model->holes_count = 0;
	for (i = 0; i < model->count; i++) {
		if (model->blocks[i].state == HEAP_HOLE)
			rank_hole(model, i);
	}
	owners_settle(&model->owners);
}

u32 model_find(const struct model *model, u32 at)
{
	u32 low = 0, high = model->count;

	while (high - low > 1) {
		u32 middle = low + (high - low) / 2;

		if (model->blocks[middle].at <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

u32 model_next(const struct model *model, u32 index, bool (*matches)(const struct block *, u32),
	       u32 argument)
{
	u32 i;

	for (i = index + 1; i < model->count; i++) {
		if (matches(&model->blocks[i], argument))
			return i;
	}
	return BLOCK_NONE;
}

u32 model_previous(const struct model *model, u32 index, bool (*matches)(const struct block *, u32),
		   u32 argument)
{
	u32 i;

	for (i = index; i-- > 0;) {
		if (matches(&model->blocks[i], argument))
			return i;
	}
	return BLOCK_NONE;
}

u64 model_used_bytes(const struct model *model)
{
	return model->in[HEAP_USED] * HEAP_GRANULE;
}

u64 model_largest_bytes(const struct model *model)
{
	return model->holes_count ? heap_bytes(model->blocks[model->holes[0]].granules) : 0;
}

double model_fragmentation(const struct model *model)
{
	u64 all = model_free_bytes(model);

	return all ? 1 - (double)model_largest_bytes(model) / all : 0;
}
