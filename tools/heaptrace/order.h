/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * order - put the records of several CPUs into time order
 *
 * trace_pipe merges the records that the CPUs have completed. A record whose write was interrupted
 * comes late. So the latest ORDER_ROOM records are held in a priority queue.
 */
#ifndef ORDER_H
#define ORDER_H

#include "ftrace.h"

#define ORDER_ROOM	65536

/**
 * struct order - a priority queue of records, the earliest first
 * @records: a binary heap
 * @count: number of records
 * @last: time of the record that was taken last
 * @late: records that came after a later one had been taken
 */
struct order {
	struct record *records;
	size_t count;
	u64 last;
	u64 late;
};

struct order order_start(void);
bool order_is_full(const struct order *order);

/* The queue must not be full. */
void order_put(struct order *order, const struct record *record);

/* Take the earliest record. Return false if there is none. */
bool order_take(struct order *order, struct record *record);

void order_finish(struct order *order);

#endif
