// SPDX-License-Identifier: GPL-2.0-only
/*
 * ftrace - parser of heapmod's events, as printed by tracefs and by trace-cmd report
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "heap_core.h"
#include "../trace/callers.h"
#include "../trace/die.h"
#include "ftrace.h"

/* Skip @key. Return false if it is not there. */
static bool take_key(const char **text, const char *key)
{
	size_t length = strlen(key);

	if (strncmp(*text, key, length))
		return false;
	*text += length;
	return true;
}

/* Parse and skip `KEY=NUMBER `. A truncated number has no blank behind it. */
static bool take_field(const char **text, const char *key, u64 *number)
{
	char *end;

	if (!take_key(text, key) || !isdigit((unsigned char)**text))
		return false;
	*number = strtoull(*text, &end, 10);
	if (*end != ' ')
		return false;
	*text = end + 1;
	return true;
}

static bool take_heap(const char **text, struct record *record)
{
	u64 heap;

	if (!take_field(text, "heap=", &heap))
		return false;
	record->heap = heap;
	return true;
}

static bool take_caller(const char **text, struct record *record)
{
	if (!take_key(text, "caller=") || !**text)
		return false;
	record->caller = caller_number(*text);
	return true;
}

/* A possible block has whole granules, lies in a region, and is large enough for the request. */
static bool is_block(u64 offset, u64 asked, u64 bytes)
{
	const u64 most = heap_bytes(HEAP_GRANULES_MAX);

	return offset % HEAP_GRANULE == HEAP_EDGE && offset < most &&
	       bytes % HEAP_GRANULE == 0 && bytes <= most && asked && asked < bytes;
}

static bool is_resized(const struct record *record)
{
	return is_block(record->offset, record->was_asked, record->was_bytes) &&
	       is_block(record->offset, record->asked, record->bytes);
}

static bool parse_block(const char *text, struct record *record)
{
	return take_heap(&text, record) && take_field(&text, "offset=", &record->offset) &&
	       take_field(&text, "asked=", &record->asked) &&
	       take_field(&text, "bytes=", &record->bytes) && take_caller(&text, record) &&
	       is_block(record->offset, record->asked, record->bytes);
}

static bool parse_resize(const char *text, struct record *record)
{
	return take_heap(&text, record) && take_field(&text, "offset=", &record->offset) &&
	       take_field(&text, "was_asked=", &record->was_asked) &&
	       take_field(&text, "was_bytes=", &record->was_bytes) &&
	       take_field(&text, "asked=", &record->asked) &&
	       take_field(&text, "bytes=", &record->bytes) && take_caller(&text, record) &&
	       is_resized(record);
}

static bool parse_fail(const char *text, struct record *record)
{
	return take_heap(&text, record) && take_field(&text, "asked=", &record->asked) &&
	       take_caller(&text, record);
}

static const struct {
	const char *name;
	enum record_kind kind;
	bool (*parse)(const char *text, struct record *record);
} kinds[] = {
	{ ": heapmod_alloc:", RECORD_ALLOC, parse_block },
	{ ": heapmod_free:", RECORD_FREE, parse_block },
	{ ": heapmod_resize:", RECORD_RESIZE, parse_resize },
	{ ": heapmod_fail:", RECORD_FAIL, parse_fail },
};

/* The time in front of @end, in seconds with decimals; 0 if there is none. */
static u64 ms_before(const char *text, const char *end)
{
	const char *start = end;
	u64 whole, part;
	int digits = 0, stop = 0;

	while (start > text && start[-1] != ' ')
		start--;
	if (sscanf(start, "%" SCNu64 ".%n%3" SCNu64 "%n", &whole, &digits, &part, &stop) != 2 ||
	    stop != digits + 3)
		return 0;
	return whole * 1000 + part;
}

/*
 * `CPU:1 [LOST 23 EVENTS]` of tracefs, `CPU:1 [23 EVENTS DROPPED]` of trace-cmd. Both may lack the
 * number, if the kernel had no room to store it: then at least one event was lost.
 */
static bool parse_lost(const char *text, struct record *record)
{
	unsigned int cpu;
	int end = 0;

	if (sscanf(text, " CPU:%u [LOST %" SCNu64 " EVENTS]%n", &cpu, &record->asked, &end) < 2)
		sscanf(text, " CPU:%u [%" SCNu64 " EVENTS DROPPED]%n", &cpu, &record->asked, &end);
	if (!end)
		record->asked = 1;
	if (!end)
		sscanf(text, " CPU:%u [LOST EVENTS]%n", &cpu, &end);
	if (!end)
		sscanf(text, " CPU:%u [EVENTS DROPPED]%n", &cpu, &end);
	if (end)
		record->kind = RECORD_LOST;
	return end;
}

/* `# entries-in-buffer/entries-written: 10/33   #P:2`: 23 events were overwritten. */
static bool parse_written(const char *text, struct record *record)
{
	u64 stored, written;

	if (sscanf(text, "# entries-in-buffer/entries-written: %" SCNu64 "/%" SCNu64, &stored,
		   &written) != 2 || stored >= written)
		return false;
	record->kind = RECORD_LOST;
	record->asked = written - stored;
	return true;
}

/*
 * The name of a process may be `: heapmod_free:`. It has 15 bytes at most, so no blank follows, or
 * it is the value of a field.
 */
static const char *find_event(const char *text, const char *name)
{
	const char *at = text;
	char next;

	while ((at = strstr(at, name))) {
		next = at[strlen(name)];
		if ((next == ' ' || !next) && (at == text || at[-1] != '='))
			return at;
		at++;
	}
	return NULL;
}

static bool parse_event(const struct lines *lines, struct record *record)
{
	const char *name, *rest;
	size_t i;

	for (i = 0; i < COUNT(kinds); i++) {
		name = find_event(lines->text, kinds[i].name);
		if (!name)
			continue;
		record->kind = kinds[i].kind;
		record->ms = ms_before(lines->text, name);
		rest = name + strlen(kinds[i].name);
		if (!kinds[i].parse(rest + strspn(rest, " "), record))
			lines_die(lines, "not a complete event of heapmod: %.60s", name + 2);
		return true;
	}
	return false;
}

struct record ftrace_parse(const struct lines *lines)
{
	struct record record = { .kind = RECORD_OTHER };

	if (lines->truncated)
		lines_die(lines, "the line has no end: the file is truncated");
	if (!parse_event(lines, &record) && !parse_lost(lines->text, &record))
		parse_written(lines->text, &record);
	return record;
}
