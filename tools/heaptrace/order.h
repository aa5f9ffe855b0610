/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * order - records of several CPUs, in the order of their times
 *
 * trace_pipe merges what the CPUs have finished; one that was interrupted while it wrote comes
 * late. So the last records are held back, as many as ORDER_ROOM.
 */
#ifndef ORDER_H
#define ORDER_H

#include "ftrace.h"

#define ORDER_ROOM	65536

/**
 * struct order - records that wait, the earliest first out
 * @records: a heap, in the other meaning of the word
 * @count: how many wait
 * @last: time of the one let go last
 * @late: records that came when a later one was gone already
 */
struct order {
	struct record *records;
	size_t count;
	u64 last;
	u64 late;
};

struct order order_start(void);
bool order_is_full(const struct order *order);
void order_put(struct order *order, const struct record *record);
bool order_take(struct order *order, struct record *record);
void order_finish(struct order *order);

#endif
