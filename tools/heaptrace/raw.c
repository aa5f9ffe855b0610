// SPDX-License-Identifier: GPL-2.0-only
/*
 * raw - heapmod's events as the kernel's ring buffer has them
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../trace/die.h"
#include "raw.h"
#include "symbols.h"

enum { HEAP, OFFSET, ASKED, BYTES, WAS_ASKED, WAS_BYTES, CALLER, FIELDS };

static const char * const names[FIELDS] = {
	"heap", "offset", "asked", "bytes", "was_asked", "was_bytes", "caller",
};

/**
 * struct kind - a kind of event
 * @name: of the event
 * @kind: of its records
 * @event: its format
 * @fields: the fields that it has
 */
struct kind {
	const char *name;
	enum record_kind kind;
	const struct tep_event *event;
	struct tep_format_field *fields[FIELDS];
};

static struct kind kinds[] = {
	{ .name = "heapmod_alloc", .kind = RECORD_ALLOC },
	{ .name = "heapmod_free", .kind = RECORD_FREE },
	{ .name = "heapmod_resize", .kind = RECORD_RESIZE },
	{ .name = "heapmod_fail", .kind = RECORD_FAIL },
};

static struct tep_format_field *mark_text;	/* of what is written into trace_marker */

void raw_open(struct tep_handle *formats)
{
	struct tep_event *event = tep_find_event_by_name(formats, "ftrace", "print");
	struct kind *kind;
	size_t i;

	mark_text = event ? tep_find_field(event, "buf") : NULL;
	for (kind = kinds; kind < kinds + COUNT(kinds); kind++) {
		event = tep_find_event_by_name(formats, "heapmod", kind->name);
		if (!event || !mark_text)
			die("tracefs has no format of %s", kind->name);
		kind->event = event;
		for (i = 0; i < FIELDS; i++)
			kind->fields[i] = tep_find_field(event, names[i]);
	}
}

const char *raw_name(size_t i)
{
	return i < COUNT(kinds) ? kinds[i].name : NULL;
}

static struct record decode(const struct kind *kind, const struct tep_record *raw)
{
	unsigned long long values[FIELDS] = {};
	size_t i;

	for (i = 0; i < FIELDS; i++) {
		if (kind->fields[i])
			tep_read_number_field(kind->fields[i], raw->data, &values[i]);
	}
	return (struct record){
		.kind = kind->kind,
		.stamp = raw->ts,
		.heap = values[HEAP],
		.offset = values[OFFSET],
		.asked = values[ASKED],
		.bytes = values[BYTES],
		.was_asked = values[WAS_ASKED],
		.was_bytes = values[WAS_BYTES],
		.caller = symbols_caller(values[CALLER]),
	};
}

/* The text ends with a newline, and with a NUL behind that. */
static struct record decode_mark(const struct tep_record *raw)
{
	const char *text = (const char *)raw->data + mark_text->offset;
	struct record record = { .kind = RECORD_OTHER, .stamp = raw->ts };

	if (!strncmp(text, RAW_MARK, strlen(RAW_MARK)))
		record.kind = RECORD_MARK;
	else if (sscanf(text, RAW_TIME "%" SCNu64, &record.ms) == 1)
		record.kind = RECORD_TIME;
	return record;
}

struct record raw_decode(const struct tep_event *event, const struct tep_record *raw)
{
	const struct kind *kind;

	for (kind = kinds; kind < kinds + COUNT(kinds); kind++) {
		if (kind->event == event)
			return decode(kind, raw);
	}
	if (mark_text->event == event)
		return decode_mark(raw);
	return (struct record){ .kind = RECORD_OTHER };
}
