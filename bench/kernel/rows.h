/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rows - the results in debugfs: one JSON object per row
 */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include <linux/types.h>

#include "samples.h"

int rows_init(void);
void rows_publish(void);
void rows_destroy(void);

void row_samples(const char *op, struct samples *samples);
void row_total(u64 cycles);

#endif
