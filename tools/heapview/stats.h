/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stats - the numbers that a heap tells of itself: lines `key value`
 */
#ifndef HEAPVIEW_STATS_H
#define HEAPVIEW_STATS_H

#include <linux/types.h>

#include "fail.h"

#define STATS_VERSION	1
#define STATS_MAX	64		/* what comes later is passed over */

struct stat_line {
	char key[32];
	u64 value;
};

struct stats {
	struct stat_line lines[STATS_MAX];
	u32 count;
};

bool stats_parse(struct stats *stats, const char *text, size_t length, const char *name,
		 struct problem *problem);
void stats_set(struct stats *stats, const char *key, u64 value);
u64 stats_get(const struct stats *stats, const char *key);

#endif
