// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace - parser of traces
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "callers.h"
#include "die.h"
#include "lines.h"
#include "trace.h"

struct reader {
	struct lines lines;
	struct trace *trace;
	size_t room;
	size_t marks_room;
	u32 *owners;			/* of live blocks by id, + 1; 0: not live */
	size_t owners_room;
	bool promised;			/* the trace must have an `# end` */
	u64 lost;			/* according to the first line */
	bool ended;
};

/* Parse the number at *@text, and skip it and the blanks behind it. */
static bool take_number(const char **text, u64 *number)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	*number = strtoull(*text, &end, 10);
	if (errno || (*end && *end != ' '))
		return false;
	*text = end + strspn(end, " ");
	return true;
}

/* Of a block that is live, or was until this event. */
static void add(struct reader *reader, enum event_kind kind, u64 id, u64 size)
{
	struct trace *trace = reader->trace;

	if (trace->count == UINT_MAX)
		lines_die(&reader->lines, "there are more than 2^32 events");
	trace->events = grow(trace->events, &reader->room, (size_t)trace->count + 1,
			     sizeof(struct event));
	trace->events[trace->count++] = (struct event){ size, id, kind, reader->owners[id] - 1 };
}

static u64 take_size(struct reader *reader, const char **rest)
{
	u64 size;

	if (!take_number(rest, &size))
		lines_die(&reader->lines, "expected the size of a block behind its id");
	if (!size)
		lines_die(&reader->lines, "a block of 0 bytes");
	return size;
}

static u64 take_id(struct reader *reader, const char **rest)
{
	u64 id;

	if (!take_number(rest, &id))
		lines_die(&reader->lines, "expected the id of a block");
	return id;
}

static u64 take_live_id(struct reader *reader, const char **rest)
{
	u64 id = take_id(reader, rest);

	if (!id || id > reader->trace->blocks || !reader->owners[id])
		lines_die(&reader->lines, "block %" PRIu64 " is not allocated", id);
	return id;
}

static void read_alloc(struct reader *reader, const char *rest)
{
	struct trace *trace = reader->trace;
	u64 id = take_id(reader, &rest), size = take_size(reader, &rest);

	if (!id || id > (u64)trace->blocks + 1)
		lines_die(&reader->lines, "the next block is %" PRIu64 ", not %" PRIu64,
			  (u64)trace->blocks + 1, id);
	reader->owners = grow(reader->owners, &reader->owners_room, id + 1, sizeof(u32));
	if (reader->owners[id])
		lines_die(&reader->lines, "block %" PRIu64 " is allocated already", id);
	reader->owners[id] = caller_number(rest) + 1;
	if (trace->blocks < id)
		trace->blocks = id;
	add(reader, EVENT_ALLOC, id, size);
}

/* The block still belongs to the caller that allocated it. */
static void read_resize(struct reader *reader, const char *rest)
{
	u64 id = take_live_id(reader, &rest);

	add(reader, EVENT_RESIZE, id, take_size(reader, &rest));
	reader->trace->resizes = true;
}

static void read_free(struct reader *reader, const char *rest)
{
	u64 id = take_live_id(reader, &rest);

	add(reader, EVENT_FREE, id, 0);
	reader->owners[id] = 0;
}

static u64 count_of(struct reader *reader, const char *rest)
{
	u64 number;

	if (!take_number(&rest, &number))
		lines_die(&reader->lines, "expected a number in this remark");
	return number;
}

static void read_version(struct reader *reader, const char *rest)
{
	u64 version;

	if (!take_number(&rest, &version))
		lines_die(&reader->lines, "expected: # heaptrace VERSION");
	if (version > TRACE_VERSION)
		lines_die(&reader->lines, "version %" PRIu64 " is newer than this program (%d)",
			  version, TRACE_VERSION);
	reader->promised = true;
	if (!strncmp(rest, "lost ", 5))
		reader->lost = count_of(reader, rest + 5);
}

static void read_redzone(struct reader *reader, const char *rest)
{
	reader->trace->redzone = true;
}

static void read_live(struct reader *reader, const char *rest)
{
	reader->trace->live += count_of(reader, rest);
}

static void read_fail(struct reader *reader, const char *rest)
{
	count_of(reader, rest);
	reader->trace->fails++;
}

static void read_lost(struct reader *reader, const char *rest)
{
	reader->trace->lost += count_of(reader, rest);
}

static void read_time(struct reader *reader, const char *rest)
{
	struct mark mark = { count_of(reader, rest), reader->trace->count };
	struct trace *trace = reader->trace;

	if (trace->marks_count && trace->marks[trace->marks_count - 1].ms > mark.ms)
		lines_die(&reader->lines, "the time goes back");
	trace->marks = grow(trace->marks, &reader->marks_room, (size_t)trace->marks_count + 1,
			    sizeof(mark));
	trace->marks[trace->marks_count++] = mark;
}

static void read_end(struct reader *reader, const char *rest)
{
	if (count_of(reader, rest) != reader->trace->count)
		lines_die(&reader->lines, "there are %u events before it", reader->trace->count);
	reader->ended = true;
}

struct word {
	const char *word;
	void (*read)(struct reader *reader, const char *rest);
};

static const struct word events[] = {
	{ "alloc", read_alloc },
	{ "resize", read_resize },
	{ "free", read_free },
};

static const struct word remarks[] = {
	{ "heaptrace", read_version },
	{ "redzone", read_redzone },
	{ "live", read_live },
	{ "fail", read_fail },
	{ "lost", read_lost },
	{ "time", read_time },
	{ "end", read_end },
};

static bool read_words(struct reader *reader, const char *text, const struct word *words,
		       size_t count)
{
	size_t length = strcspn(text, " "), i;

	for (i = 0; i < count; i++) {
		if (strlen(words[i].word) != length || strncmp(text, words[i].word, length))
			continue;
		text += length;
		words[i].read(reader, text + strspn(text, " "));
		return true;
	}
	return false;
}

static void read_line(struct reader *reader, const char *text)
{
	if (reader->lines.truncated)
		lines_die(&reader->lines, "the line has no end: the file is truncated");
	if (reader->ended)
		lines_die(&reader->lines, "there is a line behind the end");
	if (*text == '#')
		read_words(reader, text + 1 + strspn(text + 1, " "), remarks, COUNT(remarks));
	else if (!read_words(reader, text, events, COUNT(events)))
		lines_die(&reader->lines, "neither alloc nor resize nor free: %.40s", text);
}

struct trace trace_load(const char *path)
{
	struct trace trace = {};
	struct reader reader = { .lines = lines_open(path), .trace = &trace };
	const char *text;

	if (!reader.lines.file)
		die("%s: %s", path, strerror(errno));
	while ((text = lines_next(&reader.lines)))
		read_line(&reader, text);
	if (reader.promised && !reader.ended)
		lines_die(&reader.lines, "no `# end` follows: the file is truncated");
	if (reader.lost > trace.lost)
		trace.lost = reader.lost;
	if (!trace.blocks)
		die("%s has no events", reader.lines.name);
	lines_close(&reader.lines);
	free(reader.owners);
	return trace;
}

void trace_free(struct trace *trace)
{
	free(trace->events);
	free(trace->marks);
}
