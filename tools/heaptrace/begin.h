/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * begin - the blocks that are live when a recording starts
 */
#ifndef BEGIN_H
#define BEGIN_H

#include "convert.h"
#include "debugfs.h"

/**
 * struct begin - the state until all blocks are read
 * @live: the blocks that were read from debugfs while events were recorded
 * @early: the events before the mark
 * @early_count: number of @early
 * @early_room: capacity of @early
 * @marked: when the mark was written for certain, in milliseconds; 0: not yet
 * @over: blocks and early events are written
 */
struct begin {
	struct live live;
	struct record *early;
	size_t early_count, early_room;
	u64 marked;
	bool over;
};

/* Records come in time order. */
void begin_record(struct begin *begin, struct convert *convert, const struct record *record);

/* The blocks are read, or will not be: write them and the early events. */
void begin_finish(struct begin *begin, struct convert *convert);

#endif
