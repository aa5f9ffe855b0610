// SPDX-License-Identifier: GPL-2.0-only
/*
 * heaps - all heaps of the running kernel, a row each
 *
 * The names are in the file `heaps`, the numbers in the `stats` of each heap, which are of one
 * moment. A heap may be destroyed between the two, and another one may have its name at once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../table.h"
#include "heaps.h"
#include "source.h"

/* Explain why there is no folder of heapmod. */
static bool no_heapmod(const char *debugfs, const char *folder, struct problem *problem)
{
	if (errno == EACCES || errno == EPERM)
		return cannot_read(folder, problem);
	if (!is_debugfs(debugfs))
		return fail(problem, "debugfs is not mounted; as root: mount -t debugfs none %s",
			    debugfs);
	return fail(problem, "heapmod is not loaded (there is no %s); as root: modprobe heapmod",
		    folder);
}

bool heaps_list(const char *debugfs, struct text *text, struct problem *problem)
{
	struct stat unused;
	char path[1024];

	snprintf(path, sizeof(path), "%s/heapmod", debugfs);
	if (stat(path, &unused))
		return no_heapmod(debugfs, path, problem);
	snprintf(path, sizeof(path), "%s/heapmod/heaps", debugfs);
	return file_read(path, text, problem);
}

const char *heaps_next(const char *line)
{
	line = strchr(line, '\n');
	return line && line[1] ? line + 1 : NULL;
}

static void fill_numbers(struct row *row, const struct stats *stats)
{
	s64 *numbers = row->numbers;

	row->id = stats_get(stats, "id");
	numbers[COLUMN_USED] = stats_get(stats, "region_bytes") - stats_get(stats, "hole_bytes") -
			       stats_get(stats, "edge_bytes");
	numbers[COLUMN_PEAK] = stats_get(stats, "peak_bytes");
	numbers[COLUMN_LARGEST] = stats_has(stats, "largest_hole_bytes") ?
				  (s64)stats_get(stats, "largest_hole_bytes") : NUMBER_UNKNOWN;
	numbers[COLUMN_FAILURES] = stats_get(stats, "failures");
	numbers[COLUMN_FINDINGS] = stats_findings(stats);
}

static bool read_stats(struct row *row, const char *folder, struct problem *problem)
{
	static struct text text;
	struct stats stats;
	char path[1024];

	snprintf(path, sizeof(path), "%s/stats", folder);
	if (!file_read(path, &text, problem) ||
	    !stats_parse(&stats, text.bytes, text.length, path, problem))
		return false;
	fill_numbers(row, &stats);
	return true;
}

static void fill_owner(struct row *row, const char *name, u64 bytes)
{
	snprintf(row->owner, sizeof(row->owner), "%.*s", (int)strcspn(name, "\n"), name);
	row->owner_bytes = bytes;
}

/* The most live bytes of a call site. */
static bool read_owner(struct row *row, const char *folder, struct problem *problem)
{
	enum { BYTES, OWNER, FIELDS };
	static const char * const names[FIELDS] = { "live_bytes", "owner" };
	static struct text text;
	const char *line, *fields[FIELDS];
	struct table table;
	char path[1024];
	u64 bytes;

	snprintf(path, sizeof(path), "%s/owners", folder);
	if (!file_read(path, &text, problem))
		return false;
	if (!table_open(&table, text.bytes, names, FIELDS))
		return fail(problem, "%s has no column live_bytes, or no owner", path);
	fill_owner(row, "-", 0);
	for (line = heaps_next(text.bytes); line; line = heaps_next(line)) {
		if (!table_split(&table, line, fields) || !table_number(fields[BYTES], &bytes))
			return fail(problem, "%s has an invalid line", path);
		if (bytes > row->owner_bytes)
			fill_owner(row, fields[OWNER], bytes);
	}
	return true;
}

/* A heap that was seen before has grown since then. */
static void fill_growth(struct row *row, const struct heaps *before)
{
	u32 i;

	row->first = row->numbers[COLUMN_USED];
	for (i = 0; i < before->count; i++) {
		if (before->rows[i].id == row->id && !strcmp(before->rows[i].name, row->name))
			row->first = before->rows[i].first;
	}
	row->numbers[COLUMN_GROWTH] = row->numbers[COLUMN_USED] - row->first;
}

static bool read_row(struct row *row, const struct heaps *before, struct problem *problem)
{
	char folder[1024 - 16];

	snprintf(folder, sizeof(folder), "%s/heapmod/%s", before->debugfs, row->name);
	if (!read_stats(row, folder, problem) || !read_owner(row, folder, problem))
		return false;
	fill_growth(row, before);
	return true;
}

static u32 count_lines(const char *line)
{
	u32 count = 0;

	while ((line = heaps_next(line)))
		count++;
	return count;
}

bool heaps_read(struct heaps *heaps, struct problem *problem)
{
	struct heaps found = { .debugfs = heaps->debugfs };
	struct problem of_row;
	static struct text list;
	const char *line;
	bool good = heaps_list(heaps->debugfs, &list, problem);

	if (good)
		found.rows = must(calloc(count_lines(list.bytes) + 1, sizeof(*found.rows)));
	for (line = good ? heaps_next(list.bytes) : NULL; line; line = heaps_next(line)) {
		struct row *row = &found.rows[found.count];

		snprintf(row->name, sizeof(row->name), "%.*s", (int)strcspn(line, "\n "), line);
		if (read_row(row, heaps, &of_row))
			found.count++;
		else if (!of_row.vanished && folder_has(heaps->debugfs, row->name))
			good = fail(problem, "%s", of_row.text);
	}
	heaps_free(heaps);
	*heaps = found;
	return good;
}

void heaps_free(struct heaps *heaps)
{
	free(heaps->rows);
	heaps->rows = NULL;
	heaps->count = 0;
}

static int compare(const void *a, const void *b, void *argument)
{
	const struct row *one = a, *other = b;
	enum column by = *(enum column *)argument;

	if (by < COLUMNS && one->numbers[by] != other->numbers[by])
		return one->numbers[by] > other->numbers[by] ? -1 : 1;
	return strcmp(one->name, other->name);
}

void heaps_sort(struct heaps *heaps, enum column by)
{
	if (heaps->count)
		qsort_r(heaps->rows, heaps->count, sizeof(*heaps->rows), compare, &by);
}
