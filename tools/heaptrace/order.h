/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * order - put the records of several CPUs into time order
 *
 * The records of a CPU come in order, but one CPU's may be read before earlier ones of another. So
 * the latest ORDER_ROOM records are held in queues, one for each CPU.
 */
#ifndef ORDER_H
#define ORDER_H

#include <stddef.h>

#include "records.h"

#define ORDER_ROOM	65536

/* The records of a CPU, by their slots. */
struct queue {
	u32 first, last;
	u32 count;
};

/**
 * struct order - queues of records
 * @records: by slot
 * @next: the slot behind a slot, in its queue or among the free ones
 * @free: the first free slot
 * @queues: by CPU
 * @cpus: number of @queues
 * @room: capacity of @queues
 * @count: number of records
 * @last: time of the record that was taken last
 * @late: records that came after a later one had been taken
 */
struct order {
	struct record *records;
	u32 *next;
	u32 free;
	struct queue *queues;
	size_t cpus, room;
	size_t count;
	u64 last;
	u64 late;
};

struct order order_start(void);
bool order_is_full(const struct order *order);

/* A record of this CPU, which is not earlier than its last one. The queues must not be full. */
void order_put(struct order *order, const struct record *record, u32 cpu);

/* Take the earliest record. Return false if there is none. */
bool order_take(struct order *order, struct record *record);

void order_finish(struct order *order);

#endif
