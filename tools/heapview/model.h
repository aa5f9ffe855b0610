/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model - a heap as it is shown: its blocks in the order of their addresses, who owns them, totals
 *
 * Filled by folder.c from debugfs or by trace.c from a heap of its own, and drawn by the others.
 */
#ifndef HEAPVIEW_MODEL_H
#define HEAPVIEW_MODEL_H

#include "heap_core.h"
#include "owners.h"
#include "stats.h"

/* Beside the states of enum heap_state: nobody says what is there. */
#define STATE_UNKNOWN	(HEAP_QUARANTINED + 1)
#define STATES		(STATE_UNKNOWN + 1)

extern const char * const state_names[STATES];

struct block {
	u64 asked;			/* ASKED_UNKNOWN, when its header is damaged */
	u32 at;				/* granules from the first block */
	u32 granules;
	u32 owner;			/* OWNER_NONE, unless it is used */
	u8 state;
};

#define ASKED_UNKNOWN	UINT64_MAX

#define LARGEST_HOLES	32

/**
 * struct model - a heap
 * @blocks: all of it, without gaps
 * @count: of them
 * @room: for blocks
 * @granules: of the region
 * @owners: who owns the used ones
 * @stats: as the heap counts
 * @in: granules by state
 * @number: blocks by state
 * @holes: the largest, in order; indices of @blocks
 * @holes_count: how many
 */
struct model {
	struct block *blocks;
	u32 count, room;
	u32 granules;
	struct owners owners;
	struct stats stats;
	u64 in[STATES];
	u32 number[STATES];
	u32 holes[LARGEST_HOLES];
	u32 holes_count;
};

void model_empty(struct model *model, u32 granules);
void model_add(struct model *model, const struct block *block);
void model_fill_gap(struct model *model, u32 at, u32 end);
void model_settle(struct model *model);
void model_free(struct model *model);

u32 model_find(const struct model *model, u32 at);
u32 model_next(const struct model *model, u32 index, bool (*is_it)(const struct block *, u32),
	       u32 argument);
u32 model_previous(const struct model *model, u32 index, bool (*is_it)(const struct block *, u32),
		   u32 argument);
#define BLOCK_NONE	UINT32_MAX

/* Where a block begins, from the region's start. */
static inline u64 block_offset(const struct block *block)
{
	return heap_offset(block->at);
}

static inline u32 block_end(const struct block *block)
{
	return block->at + block->granules;
}

static inline u64 model_free_bytes(const struct model *model)
{
	return model->in[HEAP_HOLE] * HEAP_GRANULE;
}

/* Behind the last block. */
static inline u32 model_end(const struct model *model)
{
	return model->count ? block_end(&model->blocks[model->count - 1]) : 0;
}

u64 model_used_bytes(const struct model *model);
u64 model_largest_bytes(const struct model *model);
double model_fragmentation(const struct model *model);

#endif
