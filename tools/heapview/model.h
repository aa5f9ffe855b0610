/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model - a heap as it is shown: its blocks in address order, their owners, totals
 *
 * folder.c fills it from debugfs, replay.c from a trace; the other files draw it.
 */
#ifndef HEAPVIEW_MODEL_H
#define HEAPVIEW_MODEL_H

#include "heap_core.h"
#include "owners.h"
#include "stats.h"

/* Beside the states of enum heap_state: no line covers this memory. */
#define STATE_UNKNOWN	(HEAP_CACHED + 1)
#define STATES		(STATE_UNKNOWN + 1)

const char *state_name(u8 state);

struct block {
	u64 asked;			/* ASKED_UNKNOWN if the header is unreadable */
	u32 at;				/* first granule */
	u32 granules;
	u32 owner;			/* OWNER_NONE unless the block is used */
	u8 state;
};

#define ASKED_UNKNOWN	UINT64_MAX

#define LARGEST_HOLES	32

/**
 * struct model - a heap
 * @blocks: all blocks, without gaps
 * @count: number of blocks
 * @room: capacity of @blocks
 * @granules: size of the region
 * @owners: owners of the used blocks
 * @stats: the counters of the heap
 * @in: granules by state
 * @number: blocks by state
 * @holes: indices of the largest holes, largest first
 * @holes_count: number of @holes
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

/* Remove all blocks. The names of the owners stay. */
void model_empty(struct model *model, u32 granules);

/* Append a block. Blocks are added in address order. */
void model_add(struct model *model, const struct block *block);
void model_fill_gap(struct model *model, u32 at, u32 end);

/* All blocks are added: sort holes and owners. */
void model_settle(struct model *model);
void model_free(struct model *model);

/* The index of the block at granule @at; the last block if @at is beyond it. */
u32 model_find(const struct model *model, u32 at);

#define BLOCK_NONE	UINT32_MAX

/* The next or previous block that matches, or BLOCK_NONE. */
u32 model_next(const struct model *model, u32 index, bool (*matches)(const struct block *, u32),
	       u32 argument);
u32 model_previous(const struct model *model, u32 index, bool (*matches)(const struct block *, u32),
		   u32 argument);

/* Offset of the header from the start of the region. */
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

/* End of the last block. */
static inline u32 model_end(const struct model *model)
{
	return model->count ? block_end(&model->blocks[model->count - 1]) : 0;
}

u64 model_used_bytes(const struct model *model);
u64 model_largest_bytes(const struct model *model);

/* The part of the free memory that is not in the largest hole. */
double model_fragmentation(const struct model *model);

#endif
