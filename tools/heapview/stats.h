/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stats - parser of the debugfs file `stats`: lines `key value`
 */
#ifndef HEAPVIEW_STATS_H
#define HEAPVIEW_STATS_H

#include <linux/types.h>

#include "fail.h"

#define STATS_VERSION	2		/* the newest format that is known */
#define STATS_MAX	64		/* later lines are ignored */

struct stat_line {
	char key[32];
	u64 value;
};

struct stats {
	struct stat_line lines[STATS_MAX];
	u32 count;
};

/* @name is the name of the file, for errors. */
bool stats_parse(struct stats *stats, const char *text, size_t length, const char *name,
		 struct problem *problem);
void stats_set(struct stats *stats, const char *key, u64 value);

/* 0 for a missing key. */
u64 stats_get(const struct stats *stats, const char *key);

bool stats_has(const struct stats *stats, const char *key);

/* The sum of all verdicts. */
u64 stats_findings(const struct stats *stats);

#endif
