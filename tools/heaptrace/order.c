// SPDX-License-Identifier: GPL-2.0-only
/*
 * order - put the records of several CPUs into time order
 *
 * With the trace clock `counter`, two records have the same time only if one interrupted the other.
 * Then they are independent, and their order does not matter.
 */
#include "../trace/die.h"
#include "order.h"

struct order order_start(void)
{
	struct order order = {
		.records = zeroed(ORDER_ROOM, sizeof(struct record)),
		.next = zeroed(ORDER_ROOM, sizeof(u32)),
	};
	u32 i;

	for (i = 0; i < ORDER_ROOM; i++)
		order.next[i] = i + 1;
	return order;
}

void order_finish(struct order *order)
{
	free(order->records);
	free(order->next);
	free(order->queues);
}

bool order_is_full(const struct order *order)
{
	return order->count == ORDER_ROOM;
}

static struct queue *queue_of(struct order *order, u32 cpu)
{
	order->queues = grow(order->queues, &order->room, cpu + 1, sizeof(struct queue));
	while (order->cpus <= cpu)
		order->queues[order->cpus++] = (struct queue){};
	return &order->queues[cpu];
}

void order_put(struct order *order, const struct record *record, u32 cpu)
{
	struct queue *queue = queue_of(order, cpu);
	u32 slot = order->free;

	if (record->stamp < order->last)
		order->late++;
	order->free = order->next[slot];
	order->records[slot] = *record;
	if (queue->count++)
		order->next[queue->last] = slot;
	else
		queue->first = slot;
	queue->last = slot;
	order->count++;
}

/* The queue with the earliest record, or NULL. */
static struct queue *earliest(const struct order *order)
{
	const struct record *records = order->records;
	struct queue *found = NULL, *queue;

	for (queue = order->queues; queue < order->queues + order->cpus; queue++) {
		if (queue->count &&
		    (!found || records[queue->first].stamp < records[found->first].stamp))
			found = queue;
	}
	return found;
}

bool order_take(struct order *order, struct record *record)
{
	struct queue *queue = earliest(order);
	u32 slot;

	if (!queue)
		return false;
	slot = queue->first;
	*record = order->records[slot];
	order->last = record->stamp;
	queue->first = order->next[slot];
	queue->count--;
	order->count--;
	order->next[slot] = order->free;
	order->free = slot;
	return true;
}
