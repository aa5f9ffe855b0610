// SPDX-License-Identifier: GPL-2.0-only
/*
 * units - parts of heaptrace that a recording shows only when it is unlucky: CPUs out of order, and
 * blocks that come and go while they are read
 */
#include <inttypes.h>
#include <string.h>

#include "../../../tools/heaptrace/begin.h"
#include "../../../tools/heaptrace/order.h"
#include "../../oracle.h"
#include "../../test.h"

static struct record stamped(u64 stamp)
{
	return (struct record){ .kind = RECORD_ALLOC, .stamp = stamp };
}

/* What is late by less than the window comes out in order. */
static void late_records(void)
{
	const u64 count = 3 * ORDER_ROOM, piece = ORDER_ROOM / 2;
	struct order order = order_start();
	u64 i, put = 0, taken = 0;
	struct record record;

	for (i = 0; i < count; i++) {
		if (order_is_full(&order)) {
			REQUIRE(order_take(&order, &record));
			REQUIRE(record.stamp == ++taken);
		}
		/* Pieces of the stamps, each from its end. */
		record = stamped(i / piece * piece + piece - i % piece);
		order_put(&order, &record);
		put++;
	}
	while (order_take(&order, &record))
		REQUIRE(record.stamp == ++taken);
	REQUIRE(taken == put && !order.late);
	order_finish(&order);
}

/* What is late by more is counted. */
static void too_late_records(void)
{
	struct order order = order_start();
	struct record record;
	u64 i;

	for (i = 0; i < ORDER_ROOM; i++) {
		record = stamped(10 + i);
		order_put(&order, &record);
	}
	REQUIRE(order_take(&order, &record) && order_take(&order, &record));
	record = stamped(5);
	order_put(&order, &record);
	REQUIRE(order.late == 1);
	order_finish(&order);
}

#define BLOCKS	64			/* slots, of which about half have a block */
#define EVENTS	600

/**
 * struct history - a heap that works, and somebody who begins to record it meanwhile
 * @first: of its nodes
 * @slots: blocks
 * @slow: the slot whose client has its block, and has not told so yet; or NULL
 * @asked: by granule where they begin
 * @now: events so far
 * @read_to: granule before which the blocks are read
 */
struct history {
	struct node *first;
	struct node *slots[BLOCKS];
	struct node **slow;
	u32 asked[BLOCKS * 40];
	u64 now;
	u32 read_to;
};

static struct record record_of(const struct history *history, enum record_kind kind,
			       const struct node *node)
{
	return (struct record){
		.kind = kind,
		.stamp = history->now,
		.offset = 8 + 16ULL * node->at,
		.asked = history->asked[node->at],
		.bytes = 16ULL * node->size,
	};
}

static void allocate(struct history *history, struct node **slot)
{
	u32 asked = 1 + next_random(500);

	*slot = oracle_alloc(history->first, (asked + 8 + 15) / 16);
	REQUIRE(*slot);
	history->asked[(*slot)->at] = asked;
}

/* One event, as it would be told: of a block before it is free, or when it is allocated. */
static struct record happen(struct history *history)
{
	struct node **slot;
	struct record record;

	do {
		slot = &history->slots[next_random(BLOCKS)];
	} while (slot == history->slow);
	history->now++;
	if (*slot) {
		record = record_of(history, RECORD_FREE, *slot);
		oracle_free(*slot);
		*slot = NULL;
		return record;
	}
	allocate(history, slot);
	return record_of(history, RECORD_ALLOC, *slot);
}

/* A client that allocates, and is interrupted before he can tell. */
static void allocate_silently(struct history *history)
{
	struct node **slot = history->slots;

	while (*slot)
		slot++;
	allocate(history, slot);
	history->slow = slot;
}

/* Reads the blocks that begin before granule @end, from where it was read before. */
static void read_some(struct history *history, struct live *live, u32 end)
{
	const struct node *node = history->first;

	for (; node && node->at < end; node = node->next) {
		if (!node->used || node->at < history->read_to)
			continue;
		REQUIRE(live->count < live->room);
		live->blocks[live->count++] = record_of(history, RECORD_ALLOC, node);
	}
	history->read_to = end;
}

static u32 live_blocks(const struct history *history)
{
	u32 count = 0, i;

	for (i = 0; i < BLOCKS; i++)
		count += !!history->slots[i];
	return count;
}

/*
 * Nothing is skipped, nothing implied, and in the end the same blocks live. Who allocates after the
 * event @slow, if there is such an event, tells of it late: his block may count as one that lived.
 */
static void begin_once(u32 slow)
{
	struct history history = { .first = oracle_init(BLOCKS * 40) };
	struct convert convert = convert_start("/dev/null");
	const struct record mark = { .kind = RECORD_MARK };
	struct begin begin = {};
	struct record record;
	u32 i, lived;

	begin.live.room = EVENTS;
	begin.live.blocks = calloc(EVENTS, sizeof(record));
	for (i = 0; i < EVENTS; i++)
		happen(&history);
	lived = live_blocks(&history);
	for (i = 0; i < EVENTS; i++) {
		record = happen(&history);
		begin_record(&begin, &convert, &record);
		if (i == slow)
			allocate_silently(&history);
		if (i >= 20 && i < 60)
			read_some(&history, &begin.live, (i - 19) * BLOCKS);
		if (i == 80)
			begin_record(&begin, &convert, &mark);
		if (history.slow && i == 90) {
			record = record_of(&history, RECORD_ALLOC, *history.slow);
			begin_record(&begin, &convert, &record);
			history.slow = NULL;
		}
	}
	REQUIRE(convert.live >= lived && convert.live - lived <= (slow < EVENTS));
	REQUIRE(!convert.skipped && !convert.implied);
	REQUIRE(convert.allocs - convert.frees == live_blocks(&history));
	fclose(convert.out);
	free(convert.places.ids);
	oracle_destroy(history.first);
}

static void beginnings(void)
{
	u32 i;

	for (i = 0; i < 500; i++) {
		begin_once(EVENTS);
		begin_once(i % 90);
	}
}

/* An allocation that was made before the blocks were read, and is told of after: it is no other. */
static void told_late(void)
{
	struct record block = { .kind = RECORD_ALLOC, .offset = 8, .asked = 9, .bytes = 32 };
	struct convert convert = convert_start("/dev/null");

	convert_live(&convert, &block, 1);
	convert_record(&convert, &block);
	REQUIRE(convert.allocs == 1 && !convert.frees && !convert.implied);
	block.kind = RECORD_FREE;
	convert_record(&convert, &block);
	block.kind = RECORD_ALLOC;
	convert_record(&convert, &block);
	REQUIRE(convert.allocs == 2 && convert.frees == 1 && !convert.skipped);
	fclose(convert.out);
	free(convert.places.ids);
}

static const struct test tests[] = {
	{ "records that are late come in order", late_records },
	{ "records that are too late are counted", too_late_records },
	{ "1000 recordings begin while blocks come and go", beginnings },
	{ "an allocation that is told late is known", told_late },
};

int main(void)
{
	run_tests("units", tests, sizeof(tests) / sizeof(*tests));
	return 0;
}
