// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats - parser of the debugfs file `stats`: lines `key value`
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

u64 stats_get(const struct stats *stats, const char *key)
{
	const struct stat_line *line = find(stats, key);

	return line ? line->value : 0;
}

bool stats_has(const struct stats *stats, const char *key)
{
	return find(stats, key);
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
		return fail(problem, "%s has format version %llu, and this heapview supports up to "
			    "%d: use the heapview of that heapmod", name,
			    (unsigned long long)version, STATS_VERSION);
	if (!version)
		return fail(problem, "%s does not begin with a version: is it a heap's stats?",
			    name);
	return true;
}

static const char * const needed[] = {
	"version", "region_bytes", "asked_bytes", "slack_bytes", "header_bytes", "hole_bytes",
	"quarantine_bytes", "pending_bytes", "redzone_bytes", "edge_bytes", "peak_bytes", "blocks",
	"holes", "allocs", "frees", "failures", "refused", "frozen",
};

/* These add up to `region_bytes`. Version 1 has no cached bytes. */
static const char * const parts[] = {
	"asked_bytes", "slack_bytes", "header_bytes", "hole_bytes", "quarantine_bytes",
	"pending_bytes", "cached_bytes", "redzone_bytes", "edge_bytes",
};

static const char * const verdicts[] = {
	"foreign", "misaligned", "interior", "double_free", "wrong_heap", "overrun",
	"corrupt_header", "use_after_free", "corrupt_index",
};

u64 stats_findings(const struct stats *stats)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(verdicts); i++)
		sum += stats_get(stats, verdicts[i]);
	return sum;
}

static const char *first_missing(const struct stats *stats, const char * const *keys, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		if (!find(stats, keys[i]))
			return keys[i];
	}
	return NULL;
}

/*
 * A file that was truncated between two lines lacks its end. Version 1 ends with all verdict
 * counters; version 2 ends with those that are not zero, or with `findings 0`.
 */
static const char *missing_end(const struct stats *stats)
{
	u32 i;

	if (stats_get(stats, "version") == 1)
		return first_missing(stats, verdicts, ARRAY_SIZE(verdicts));
	for (i = 0; i < ARRAY_SIZE(verdicts); i++) {
		if (find(stats, verdicts[i]))
			return NULL;
	}
	return find(stats, "findings") ? NULL : "findings";
}

static bool begins_with_any(const char *line, const char * const *keys, u32 count)
{
	size_t length = strcspn(line, " ");
	u32 i;

	for (i = 0; i < count; i++) {
		if (strlen(keys[i]) == length && !memcmp(line, keys[i], length))
			return true;
	}
	return false;
}

/* A later heapmod may add keys of any length, whose values are of any kind. */
static bool is_unknown(const char *line)
{
	line += strspn(line, " ");
	return !begins_with_any(line, needed, ARRAY_SIZE(needed)) &&
	       !begins_with_any(line, parts, ARRAY_SIZE(parts)) &&
	       !begins_with_any(line, verdicts, ARRAY_SIZE(verdicts));
}

static bool is_whole(const struct stats *stats, const char *name, struct problem *problem)
{
	const char *missing = first_missing(stats, needed, ARRAY_SIZE(needed));

	if (!missing)
		missing = missing_end(stats);
	return !missing || fail(problem, "%s has no %s: the file is truncated", name, missing);
}

/* What is drawn in proportion to the region must not be larger. */
static bool adds_up(const struct stats *stats)
{
	u64 left = stats_get(stats, "region_bytes");
	u32 i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		u64 bytes = stats_get(stats, parts[i]);

		if (bytes > left)
			return false;
		left -= bytes;
	}
	return !left;
}

static bool is_valid(const struct stats *stats, const char *name, struct problem *problem)
{
	if (!is_whole(stats, name, problem))
		return false;
	return adds_up(stats) ||
	       fail(problem, "%s: the parts of region_bytes do not add up to it: it is damaged",
		    name);
}

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
			return fail(problem, "%s: line %u has no end: the file is truncated", name,
				    number);
		snprintf(line, sizeof(line), "%.*s", (int)(stop - text), text);
		if (!parse_line(stats, line) && number > 1 && !is_unknown(line))
			return fail(problem, "%s: line %u is not `key value`", name, number);
		if (number == 1 && !is_known(stats, name, problem))
			return false;
		text = stop + 1;
	}
	return is_valid(stats, name, problem);
}
