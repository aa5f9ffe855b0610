// SPDX-License-Identifier: GPL-2.0-only
/*
 * begin - the blocks that a heap had when its recording began, exactly
 *
 * First the events are switched on, then the blocks are read, then a mark is written among the
 * events. Whatever happened before the mark is kept, and tells of each place by its first event: a
 * free, so a block lived there when the recording began; an allocation, so none did. What was read
 * is right where no event tells of any part of it: else it came to lie there since, even if that
 * was not told yet.
 */
#include "begin.h"
#include "die.h"

static bool tells_of_place(const struct record *record)
{
	return record->kind == RECORD_ALLOC || record->kind == RECORD_FREE;
}

/* By place; of a place, in the order of time. */
static int compare(const void *a, const void *b)
{
	const struct record *left = a, *right = b;

	if (left->offset != right->offset)
		return left->offset < right->offset ? -1 : 1;
	return left->stamp < right->stamp ? -1 : left->stamp > right->stamp;
}

static void sort(struct record *records, size_t count)
{
	if (count)
		qsort(records, count, sizeof(*records), compare);
}

/* Copies what tells of places. */
static struct record *events_of_places(const struct begin *begin, size_t *count)
{
	struct record *events = zeroed(begin->early_count, sizeof(*events));
	size_t i;

	*count = 0;
	for (i = 0; i < begin->early_count; i++) {
		if (tells_of_place(&begin->early[i]))
			events[(*count)++] = begin->early[i];
	}
	return events;
}

static void append(struct live *live, const struct record *record)
{
	live->blocks = grow(live->blocks, &live->room, live->count + 1, sizeof(*record));
	live->blocks[live->count++] = *record;
}

/* Who frees a block is not who allocated it. */
static struct record allocation_of(const struct record *freed)
{
	struct record record = *freed;

	record.kind = RECORD_ALLOC;
	record.caller = 0;
	return record;
}

static u64 end_of(const struct record *block)
{
	return block->offset + block->bytes;
}

/* What was read, and no event tells of any part of. Both are sorted by place. */
static void append_untouched(struct live *live, const struct live *read,
			     const struct record *events, size_t count)
{
	u64 touched = 0;
	size_t i, k = 0;

	for (i = 0; i < read->count; i++) {
		for (; k < count && events[k].offset < end_of(&read->blocks[i]); k++) {
			if (touched < end_of(&events[k]))
				touched = end_of(&events[k]);
		}
		if (touched <= read->blocks[i].offset)
			append(live, &read->blocks[i]);
	}
}

/* What the first event of its place frees. */
static void append_freed(struct live *live, const struct record *events, size_t count)
{
	struct record freed;
	bool first;
	size_t i;

	for (i = 0; i < count; i++) {
		first = !i || events[i - 1].offset != events[i].offset;
		if (!first || events[i].kind != RECORD_FREE)
			continue;
		freed = allocation_of(&events[i]);
		append(live, &freed);
	}
}

static struct live correct(struct begin *begin)
{
	struct record *events;
	struct live live = {};
	size_t count;

	events = events_of_places(begin, &count);
	sort(events, count);
	sort(begin->live.blocks, begin->live.count);
	append_untouched(&live, &begin->live, events, count);
	append_freed(&live, events, count);
	sort(live.blocks, live.count);
	free(events);
	return live;
}

/* The blocks are read, or will not be: from now on, events are written as they come. */
void begin_finish(struct begin *begin, struct convert *convert)
{
	struct live live;
	size_t i;

	if (begin->over)
		return;
	begin->over = true;
	live = correct(begin);
	convert_live(convert, live.blocks, live.count);
	for (i = 0; i < begin->early_count; i++)
		convert_record(convert, &begin->early[i]);
	free(live.blocks);
	free(begin->live.blocks);
	free(begin->early);
}

/* Records come in the order of time. */
void begin_record(struct begin *begin, struct convert *convert, const struct record *record)
{
	if (begin->over) {
		convert_record(convert, record);
		return;
	}
	if (record->kind == RECORD_MARK) {
		begin_finish(begin, convert);
		return;
	}
	begin->early = grow(begin->early, &begin->early_room, begin->early_count + 1,
			    sizeof(*record));
	begin->early[begin->early_count++] = *record;
}
