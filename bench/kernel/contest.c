// SPDX-License-Identifier: GPL-2.0-only
/*
 * contest - the heap of the moment: its blocks, and the calls that are timed
 *
 * Each call is timed by itself, with interrupts off, and what that takes for a call that does
 * nothing is taken off.
 */
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/timex.h>
#include <linux/vmalloc.h>

#include "contest.h"

struct contest contest;

static u64 random_state;
static u64 harness_cost;

void contest_seed(void)
{
	random_state = 88172645463325252ULL;
}

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016. */
u32 contest_random(u32 below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 2685821657736338717ULL >> 32) * below >> 32;
}

/* Log-uniform between the workload's smallest and largest: an octave, then evenly within. */
u32 contest_size(void)
{
	const struct workload *workload = contest.workload;
	u32 octaves = ilog2(workload->largest / workload->smallest);
	u32 low;

	if (!octaves)
		return workload->largest;
	low = workload->smallest << contest_random(octaves);
	return low + 1 + contest_random(low);
}

static void count(struct samples *samples, u64 start)
{
	u64 cost = get_cycles() - start;

	samples_add(samples, cost > harness_cost ? cost - harness_cost : 0);
}

static unsigned long quiet(void)
{
	unsigned long flags = 0;

	if (!contest.contestant->sleeps)
		local_irq_save(flags);
	return flags;
}

static void quiet_end(unsigned long flags)
{
	if (!contest.contestant->sleeps)
		local_irq_restore(flags);
}

void contest_alloc(struct live *one, u32 size)
{
	unsigned long flags = quiet();
	u64 start = get_cycles();

	one->ptr = contest.contestant->alloc(size);
	count(&contest.alloc_costs, start);
	quiet_end(flags);
	one->size = size;
	contest.failed |= !one->ptr;
}

void contest_free(struct live *one)
{
	unsigned long flags = quiet();
	u64 start = get_cycles();

	contest.contestant->free(one->ptr, one->size);
	count(&contest.free_costs, start);
	quiet_end(flags);
}

static size_t mean_size(const struct workload *workload)
{
	u32 octaves = ilog2(workload->largest / workload->smallest);

	if (!octaves)
		return workload->largest;
	return (3 * workload->largest - 3 * workload->smallest) / (2 * octaves);
}

/* Room for the live blocks, and half as much again to be fragmented. */
size_t contest_bytes(void)
{
	return PAGE_ALIGN((size_t)contest.count * (mean_size(contest.workload) * 3 / 2 + 64) +
			  (1 << 20));
}

void contest_fill(void)
{
	const struct contestant *contestant = contest.contestant;
	u32 i;

	for (i = 0; i < contest.count; i++) {
		struct live *one = &contest.live[i];

		one->size = contest_size();
		one->ptr = contestant->fill ? contestant->fill(one->size) :
					      contestant->alloc(one->size);
		contest.failed |= !one->ptr;
		cond_resched();
	}
}

/* Random replacements that are not timed. */
void contest_steady(u32 operations)
{
	u32 i;

	for (i = 0; i < operations; i++) {
		struct live *one = &contest.live[contest_random(contest.count)];

		contest.contestant->free(one->ptr, one->size);
		one->size = contest_size();
		one->ptr = contest.contestant->alloc(one->size);
		contest.failed |= !one->ptr;
		cond_resched();
	}
}

void contest_drain(void)
{
	u32 i;

	for (i = 0; i < contest.count; i++) {
		if (contest.live[i].ptr)
			contest.contestant->free(contest.live[i].ptr, contest.live[i].size);
		cond_resched();
	}
}

/* What timing a call costs that does nothing: the counter, and the way through the contestant. */
static void measure_harness(void)
{
	struct summary summary;
	struct live none = {};
	u32 i;

	contest.contestant = &contestants[0];
	for (i = 0; i < 100; i++)
		contest_free(&none);
	samples_sum_up(&contest.free_costs, &summary);
	harness_cost = summary.quantile[0];
}

int contest_init(u32 blocks, u32 samples)
{
	contest.live = vzalloc(array_size(blocks, sizeof(*contest.live)));
	if (!contest.live || samples_init(&contest.alloc_costs, samples) ||
	    samples_init(&contest.free_costs, samples))
		return -ENOMEM;
	measure_harness();
	return 0;
}

void contest_destroy(void)
{
	vfree(contest.live);
	samples_destroy(&contest.alloc_costs);
	samples_destroy(&contest.free_costs);
}
