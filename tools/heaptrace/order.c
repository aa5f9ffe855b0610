// SPDX-License-Identifier: GPL-2.0-only
/*
 * order - put the records of several CPUs into time order
 *
 * A binary heap: the record at i is not later than those at 2 * i + 1 and 2 * i + 2. With the trace
 * clock `counter`, two records have the same time only if one interrupted the other. Then they are
 * independent, and their order does not matter.
 */
#include "../trace/die.h"
#include "order.h"

struct order order_start(void)
{
	return (struct order){ .records = zeroed(ORDER_ROOM, sizeof(struct record)) };
}

void order_finish(struct order *order)
{
	free(order->records);
}

static void swap_records(struct order *order, size_t a, size_t b)
{
	struct record record = order->records[a];

	order->records[a] = order->records[b];
	order->records[b] = record;
}

static bool is_earlier(const struct order *order, size_t a, size_t b)
{
	return order->records[a].stamp < order->records[b].stamp;
}

bool order_is_full(const struct order *order)
{
	return order->count == ORDER_ROOM;
}

void order_put(struct order *order, const struct record *record)
{
	size_t i = order->count++;

	if (record->stamp < order->last)
		order->late++;
	order->records[i] = *record;
	for (; i && is_earlier(order, i, (i - 1) / 2); i = (i - 1) / 2)
		swap_records(order, i, (i - 1) / 2);
}

static size_t earliest_of_three(const struct order *order, size_t i)
{
	size_t least = i, child;

	for (child = 2 * i + 1; child <= 2 * i + 2 && child < order->count; child++) {
		if (is_earlier(order, child, least))
			least = child;
	}
	return least;
}

bool order_take(struct order *order, struct record *record)
{
	size_t i = 0, least;

	if (!order->count)
		return false;
	*record = order->records[0];
	order->last = record->stamp;
	order->records[0] = order->records[--order->count];
	while ((least = earliest_of_three(order, i)) != i) {
		swap_records(order, i, least);
		i = least;
	}
	return true;
}
