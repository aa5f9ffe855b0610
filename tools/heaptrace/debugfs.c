// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs - reader of /sys/kernel/debug/heapmod
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "../table.h"
#include "heap_core.h"
#include "../trace/callers.h"
#include "debugfs.h"
#include "../trace/die.h"
#include "../trace/lines.h"

#define STATS_VERSION	2		/* the newest format that is known */

enum { OFFSET, SIZE, STATE, ASKED, OWNER, FIELDS };

static const char * const names[FIELDS] = { "offset", "size", "state", "asked", "owner" };

/* Explain why the file of a heap cannot be opened. */
static void explain(const char *root, const char *heap, int error)
{
	char path[4096];

	if (error == EACCES || error == EPERM)
		die("no permission to read %s: be root", root);
	if (access(root, F_OK))
		die("%s is not there: mount -t debugfs none %s", root, root);
	snprintf(path, sizeof(path), "%s/heapmod", root);
	if (access(path, F_OK) && (errno == EACCES || errno == EPERM))
		die("no permission to read %s: be root", root);
	if (access(path, F_OK))
		die("%s is not there: load heapmod, and mount debugfs in %s", path, root);
	if (error == ENOENT || error == ENOTDIR)
		die("there is no heap \"%s\"; see %s/heaps", heap, path);
	die("%s/%s: %s", path, heap, strerror(error));
}

static struct lines open_file(const char *root, const char *heap, const char *file)
{
	char path[4096];
	struct lines lines;

	if (strchr(heap, '/') || !*heap || !strcmp(heap, ".") || !strcmp(heap, ".."))
		die("\"%s\" is not the name of a heap", heap);
	snprintf(path, sizeof(path), "%s/heapmod/%s/%s", root, heap, file);
	lines = lines_open(path);
	if (!lines.file)
		explain(root, heap, errno);
	lines.name = file;
	return lines;
}

static void check_version(const struct lines *lines, u64 version)
{
	if (version > STATS_VERSION)
		lines_die(lines, "version %" PRIu64 " is newer than this program (%d)", version,
			  STATS_VERSION);
}

u32 debugfs_id(const char *root, const char *heap)
{
	struct lines lines = open_file(root, heap, "stats");
	u64 version = 0, id = 0;
	const char *text;

	while ((text = lines_next(&lines))) {
		if (sscanf(text, "version %" SCNu64, &version) == 1)
			check_version(&lines, version);
		else if (sscanf(text, "id %" SCNu64, &id) == 1)
			break;
	}
	if (!version || !id)
		die("the stats of \"%s\" have no version or no id: this is another heapmod", heap);
	lines_close(&lines);
	return id;
}

static void open_table(struct table *table, struct lines *lines)
{
	if (!lines_next(lines))
		lines_die(lines, "the file is empty");
	if (!table_open(table, lines->text, names, FIELDS))
		lines_die(lines, "expected: offset size state asked owner");
}

static enum record_kind kind_of(const char *state)
{
	if (table_is(state, "used"))
		return RECORD_ALLOC;
	return table_is(state, "pending") ? RECORD_FREE : RECORD_OTHER;
}

/* An unreadable header has `?` for asked and owner. */
static void parse_block(const struct table *table, struct lines *lines, struct record *record)
{
	const char *fields[FIELDS];

	*record = (struct record){};
	if (!table_split(table, lines->text, fields) ||
	    !table_number(fields[OFFSET], &record->offset) ||
	    !table_number(fields[SIZE], &record->bytes))
		lines_die(lines, "expected: offset size state asked owner");
	if (table_number(fields[ASKED], &record->asked))
		record->caller = caller_number(fields[OWNER]);
	else
		record->asked = record->bytes - sizeof(struct heap_block);
	record->kind = kind_of(fields[STATE]);
}

static struct live read_live(const char *root, const char *heap)
{
	struct lines lines = open_file(root, heap, "blocks");
	struct live live = {};
	struct record record;
	struct table table;

	open_table(&table, &lines);
	while (lines_next(&lines)) {
		parse_block(&table, &lines, &record);
		if (record.kind == RECORD_OTHER)
			continue;
		live.blocks = grow(live.blocks, &live.room, live.count + 1, sizeof(record));
		live.blocks[live.count++] = record;
	}
	lines_close(&lines);
	return live;
}

/* An id is never used again, so the name was that of the same heap all the time. */
struct live debugfs_live(const char *root, const char *heap, u32 id)
{
	struct live live = read_live(root, heap);

	if (debugfs_id(root, heap) != id)
		die("\"%s\" was destroyed, and a new heap has its name", heap);
	return live;
}
