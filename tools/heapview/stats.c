// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats - the numbers that a heap tells of itself: lines `key value`
 */
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "stats.h"

static const struct stat_line *find(const struct stats *stats, const char *key)
{
	u32 i;

	for (i = 0; i < stats->count; i++) {
		if (!strcmp(stats->lines[i].key, key))
			return &stats->lines[i];
	}
	return NULL;
}

/* 0 for what is not told. */
u64 stats_get(const struct stats *stats, const char *key)
{
	const struct stat_line *line = find(stats, key);

	return line ? line->value : 0;
}

void stats_set(struct stats *stats, const char *key, u64 value)
{
	struct stat_line *line = (struct stat_line *)find(stats, key);

	if (!line && stats->count == STATS_MAX)
		return;
	if (!line)
		line = &stats->lines[stats->count++];
	snprintf(line->key, sizeof(line->key), "%s", key);
	line->value = value;
}

/* One line, without its end. */
static bool parse_line(struct stats *stats, const char *text)
{
	unsigned long long value;
	char key[32];
	int end = 0;

	if (sscanf(text, "%31s %llu%n", key, &value, &end) != 2 || text[end])
		return false;
	stats_set(stats, key, value);
	return true;
}

static bool is_known(const struct stats *stats, const char *name, struct problem *problem)
{
	u64 version = stats_get(stats, "version");

	if (version > STATS_VERSION)
		return fail(problem, "%s is of version %llu, and this heapview knows none beyond "
			    "%d: use the one that came with that heapmod", name,
			    (unsigned long long)version, STATS_VERSION);
	if (!version)
		return fail(problem, "%s begins with no version: is it a heap's stats?", name);
	return true;
}

/* What is shown, and the last that there is: a file that was cut between two lines lacks that. */
static const char * const needed[] = {
	"version", "region_bytes", "asked_bytes", "slack_bytes", "header_bytes", "hole_bytes",
	"quarantine_bytes", "pending_bytes", "redzone_bytes", "edge_bytes", "peak_bytes", "blocks",
	"holes", "allocs", "frees", "failures", "refused", "frozen", "corrupt_index",
};

static bool is_whole(const struct stats *stats, const char *name, struct problem *problem)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		if (!find(stats, needed[i]))
			return fail(problem, "%s tells no %s: the file is not whole", name,
				    needed[i]);
	}
	return true;
}

/* @name is the file's, for errors. The version is looked at before what it may have changed. */
bool stats_parse(struct stats *stats, const char *text, size_t length, const char *name,
		 struct problem *problem)
{
	const char *end = text + length;
	char line[128];
	u32 number = 0;

	stats->count = 0;
	while (text < end) {
		const char *stop = memchr(text, '\n', end - text);

		number++;
		if (!stop)
			return fail(problem, "%s: line %u is cut: the file is not whole", name,
				    number);
		snprintf(line, sizeof(line), "%.*s", (int)(stop - text), text);
		if (!parse_line(stats, line) && number > 1)
			return fail(problem, "%s: line %u is none of `key value`", name, number);
		if (number == 1 && !is_known(stats, name, problem))
			return false;
		text = stop + 1;
	}
	return is_whole(stats, name, problem);
}
