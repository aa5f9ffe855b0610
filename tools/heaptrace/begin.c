// SPDX-License-Identifier: GPL-2.0-only
/*
 * begin - the blocks that are live when a recording starts
 *
 * First the events are switched on, then the blocks are read from debugfs, then a mark is written
 * into the event stream. The events before the mark are stored. (The mark may be overwritten before
 * it is read: then those before the next time mark are.) The first event at a place decides:
 * a free or a resize means that a block was live there at the start, an allocation means that none
 * was. A block that was read from debugfs was live at the start if no event covers any part of it.
 * Otherwise it may have been allocated later, even if its own event is still missing. A block that
 * was pending counts as freed: if the event of its free is still missing, it will be ignored.
 */
#include <linux/minmax.h>

#include "begin.h"
#include "../trace/callers.h"
#include "../trace/die.h"

static bool has_place(const struct record *record)
{
	return record->kind == RECORD_ALLOC || record->kind == RECORD_FREE ||
	       record->kind == RECORD_RESIZE;
}

/* By place, then by time. */
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

/* Copy the events that have a place. */
static struct record *events_with_place(const struct begin *begin, size_t *count)
{
	struct record *events = zeroed(begin->early_count, sizeof(*events));
	size_t i;

	*count = 0;
	for (i = 0; i < begin->early_count; i++) {
		if (has_place(&begin->early[i]))
			events[(*count)++] = begin->early[i];
	}
	return events;
}

static void append(struct live *live, const struct record *record)
{
	live->blocks = grow(live->blocks, &live->room, live->count + 1, sizeof(*record));
	live->blocks[live->count++] = *record;
}

/* The block before this event. Its caller is not the caller of the allocation. */
static struct record block_before(const struct record *event)
{
	struct record record = *event;

	if (event->kind == RECORD_RESIZE) {
		record.asked = event->was_asked;
		record.bytes = event->was_bytes;
	}
	record.kind = RECORD_ALLOC;
	record.caller = NO_CALLER;
	return record;
}

/* Of a resized block, before or after, whichever is larger. */
static u64 end_of(const struct record *block)
{
	return block->offset + max(block->bytes, block->was_bytes);
}

/* Append the blocks that no event covers. Blocks and events are sorted by place. */
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
		if (read->blocks[i].kind == RECORD_ALLOC && touched <= read->blocks[i].offset)
			append(live, &read->blocks[i]);
	}
}

/* Append the blocks that the first event of their place frees or resizes. */
static void append_changed(struct live *live, const struct record *events, size_t count)
{
	struct record block;
	bool first;
	size_t i;

	for (i = 0; i < count; i++) {
		first = !i || events[i - 1].offset != events[i].offset;
		if (!first || events[i].kind == RECORD_ALLOC)
			continue;
		block = block_before(&events[i]);
		append(live, &block);
	}
}

static struct live correct(struct begin *begin)
{
	struct record *events;
	struct live live = {};
	size_t count;

	events = events_with_place(begin, &count);
	sort(events, count);
	sort(begin->live.blocks, begin->live.count);
	append_untouched(&live, &begin->live, events, count);
	append_changed(&live, events, count);
	sort(live.blocks, live.count);
	free(events);
	return live;
}

static void note_pending(struct convert *convert, const struct live *read)
{
	size_t i;

	for (i = 0; i < read->count; i++) {
		if (read->blocks[i].kind == RECORD_FREE)
			convert_pending(convert, &read->blocks[i]);
	}
}

void begin_finish(struct begin *begin, struct convert *convert)
{
	struct live live;
	size_t i;

	if (begin->over)
		return;
	begin->over = true;
	live = correct(begin);
	convert_live(convert, live.blocks, live.count);
	note_pending(convert, &begin->live);
	for (i = 0; i < begin->early_count; i++)
		convert_record(convert, &begin->early[i]);
	free(live.blocks);
	free(begin->live.blocks);
	free(begin->early);
}

static bool is_behind_mark(const struct begin *begin, const struct record *record)
{
	return record->kind == RECORD_MARK ||
	       (record->kind == RECORD_TIME && begin->marked && record->ms > begin->marked);
}

void begin_record(struct begin *begin, struct convert *convert, const struct record *record)
{
	if (is_behind_mark(begin, record))
		begin_finish(begin, convert);
	if (begin->over) {
		convert_record(convert, record);
		return;
	}
	begin->early = grow(begin->early, &begin->early_room, begin->early_count + 1,
			    sizeof(*record));
	begin->early[begin->early_count++] = *record;
}
