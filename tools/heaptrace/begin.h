/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * begin - the blocks that a heap had when its recording began, exactly
 */
#ifndef BEGIN_H
#define BEGIN_H

#include "convert.h"
#include "debugfs.h"

/**
 * struct begin - what is known until the blocks are read
 * @live: what was read of them, while events were recorded already
 * @early: events from before they were read
 * @early_count: how many
 * @early_room: for so many
 * @over: all of it is written
 */
struct begin {
	struct live live;
	struct record *early;
	size_t early_count, early_room;
	bool over;
};

void begin_record(struct begin *begin, struct convert *convert, const struct record *record);
void begin_finish(struct begin *begin, struct convert *convert);

#endif
