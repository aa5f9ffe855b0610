// SPDX-License-Identifier: GPL-2.0-only
/*
 * samples - the costs of single calls, and their summary
 */
#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "samples.h"

int samples_init(struct samples *samples, u32 room)
{
	*samples = (struct samples){ .cost = vzalloc(array_size(room, sizeof(u32))), .room = room };
	return samples->cost ? 0 : -ENOMEM;
}

void samples_destroy(struct samples *samples)
{
	vfree(samples->cost);
}

void samples_add(struct samples *samples, u64 cost)
{
	if (samples->count < samples->room)
		samples->cost[samples->count++] = min_t(u64, cost, U32_MAX);
}

static int compare(const void *left, const void *right)
{
	u32 a = *(const u32 *)left, b = *(const u32 *)right;

	return a < b ? -1 : a > b;
}

/* @part of 10,000 samples are at most this. */
static u32 quantile(const struct samples *samples, u32 part)
{
	u32 rank = mul_u64_u32_div(samples->count, part, 10000);

	return samples->cost[min(rank, samples->count - 1)];
}

/* Sorts the samples. The summary of no samples is all zero. */
void samples_sum_up(struct samples *samples, struct summary *summary)
{
	u64 sum = 0;
	u32 i;

	memset(summary, 0, sizeof(*summary));
	if (!samples->count)
		return;
	sort(samples->cost, samples->count, sizeof(u32), compare, NULL);
	for (i = 0; i < samples->count; i++)
		sum += samples->cost[i];
	summary->mean_tenths = div_u64(sum * 10, samples->count);
	for (i = 0; i < 10; i++)
		summary->quantile[i] = quantile(samples, i * 1000);
	summary->quantile[10] = quantile(samples, 9900);
	summary->quantile[11] = quantile(samples, 9990);
	summary->quantile[12] = quantile(samples, 9999);
	summary->max = samples->cost[samples->count - 1];
}
