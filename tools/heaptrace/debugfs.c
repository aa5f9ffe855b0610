// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs - what heapmod says of its heaps in /sys/kernel/debug/heapmod
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "heap_core.h"
#include "callers.h"
#include "debugfs.h"
#include "die.h"

#define STATS_VERSION	1

/* Why a heap's file cannot be opened, in words that help. */
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
	if (error == ENOENT)
		die("there is no heap \"%s\"; see %s/heaps", heap, path);
	die("%s/%s: %s", path, heap, strerror(error));
}

static struct lines open_file(const char *root, const char *heap, const char *file)
{
	char path[4096];
	struct lines lines;

	if (strchr(heap, '/') || *heap == '.' || !*heap)
		die("\"%s\" is no name of a heap", heap);
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

/* The id by which tracepoints call a heap. */
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
		die("the stats of \"%s\" have no version or no id: they are not of this heapmod",
		    heap);
	lines_close(&lines);
	return id;
}

/*
 * `offset size state asked owner`; the last two are `? ?` of a block with a damaged header. A block
 * that is pending, of which nobody can say whether its free was told already, is as good as freed.
 */
static bool parse_block(struct lines *lines, struct record *record)
{
	char state[16], asked[24];
	int owner = 0;

	*record = (struct record){ .kind = RECORD_ALLOC };
	if (sscanf(lines->text, "%" SCNu64 " %" SCNu64 " %15s %23s %n", &record->offset,
		   &record->bytes, state, asked, &owner) != 4 || !owner)
		lines_die(lines, "want: offset size state asked owner");
	record->asked = record->bytes - sizeof(struct heap_block);
	if (isdigit((unsigned char)*asked)) {
		record->asked = strtoull(asked, NULL, 10);
		record->caller = caller_number(lines->text + owner);
	}
	return !strcmp(state, "used");
}

/* The blocks that live. They were not all read at the same moment. */
struct live debugfs_live(const char *root, const char *heap)
{
	struct lines lines = open_file(root, heap, "blocks");
	struct live live = {};
	struct record record;

	if (!lines_next(&lines))
		lines_die(&lines, "it is empty");
	while (lines_next(&lines)) {
		if (!parse_block(&lines, &record))
			continue;
		live.blocks = grow(live.blocks, &live.room, live.count + 1, sizeof(record));
		live.blocks[live.count++] = record;
	}
	lines_close(&lines);
	return live;
}
