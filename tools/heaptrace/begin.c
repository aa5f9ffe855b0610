// SPDX-License-Identifier: GPL-2.0-only
/*
 * begin - the blocks that a heap had when its recording began, exactly
 *
 * First the events are switched on, then the blocks are read, then a mark is written among the
 * events. Whatever happened before the mark is kept, and tells of each place by its first event: a
 * free, so a block lived there when the recording began; an allocation, so none did; nothing, so
 * what was read is right.
 */
#include "begin.h"
#include "die.h"

static bool tells_of_place(const struct record *record)
{
	return record->kind == RECORD_ALLOC || record->kind == RECORD_FREE;
}

/* By place; of a place, in the order of time. */
static int compare_early(const void *a, const void *b)
{
	const struct record *left = a, *right = b;

	if (left->offset != right->offset)
		return left->offset < right->offset ? -1 : 1;
	return left->stamp < right->stamp ? -1 : left->stamp > right->stamp;
}

static int compare_place(const void *a, const void *b)
{
	const struct record *left = a, *right = b;

	return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/* The first events of places: of @events, which are sorted for it, as many as the return value. */
static size_t keep_first(struct record *events, size_t count)
{
	size_t kept = 0, i;

	qsort(events, count, sizeof(*events), compare_early);
	for (i = 0; i < count; i++) {
		if (!kept || events[kept - 1].offset != events[i].offset)
			events[kept++] = events[i];
	}
	return kept;
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

/* What was read, and no event tells of; and what was freed first. Both are in order of places. */
static struct live correct(const struct begin *begin)
{
	const struct record *read = begin->live.blocks;
	struct live live = {};
	struct record *first, freed;
	size_t count, i = 0, k;

	first = events_of_places(begin, &count);
	count = keep_first(first, count);
	for (k = 0; k < count; k++) {
		for (; i < begin->live.count && read[i].offset < first[k].offset; i++)
			append(&live, &read[i]);
		if (i < begin->live.count && read[i].offset == first[k].offset)
			i++;
		if (first[k].kind != RECORD_FREE)
			continue;
		freed = allocation_of(&first[k]);
		append(&live, &freed);
	}
	for (; i < begin->live.count; i++)
		append(&live, &read[i]);
	free(first);
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
	qsort(begin->live.blocks, begin->live.count, sizeof(struct record), compare_place);
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
