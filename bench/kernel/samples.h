/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * samples - the costs of single calls, and their summary
 */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <linux/types.h>

#define QUANTILES	13		/* 0, 10, ... 90, 99, 99.9 and 99.99 per cent */

struct samples {
	u32 *cost;
	u32 count;
	u32 room;
};

struct summary {
	u32 mean_tenths;
	u32 quantile[QUANTILES];
	u32 max;
};

int samples_init(struct samples *samples, u32 room);
void samples_destroy(struct samples *samples);
void samples_add(struct samples *samples, u64 cost);
void samples_sum_up(struct samples *samples, struct summary *summary);

#endif
