// SPDX-License-Identifier: GPL-2.0-only
/*
 * rig - the allocator that is measured, its live blocks, and the timed calls
 *
 * Each call is timed by itself, with interrupts off. The cost of timing an empty call is
 * subtracted.
 */
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/timex.h>
#include <linux/vmalloc.h>

#include "rig.h"

struct rig rig;

static u64 random_state;
static u64 harness_cost;

void rig_seed(void)
{
	random_state = 88172645463325252ULL;
}

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016. */
u32 rig_random(u32 below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 2685821657736338717ULL >> 32) * below >> 32;
}

/* Log-uniform between the workload's smallest and largest size: an octave, then uniform in it. */
u32 rig_size(void)
{
	const struct workload *workload = rig.workload;
	u32 octaves = ilog2(workload->largest / workload->smallest);
	u32 low;

	if (!octaves)
		return workload->largest;
	low = workload->smallest << rig_random(octaves);
	return low + 1 + rig_random(low);
}

/* The mean of @calls calls. */
static void add_mean(struct samples *samples, u64 start, u32 calls)
{
	u64 cost = get_cycles() - start;

	samples_add(samples, cost > harness_cost ? div_u64(cost - harness_cost, calls) : 0);
}

static void add_sample(struct samples *samples, u64 start)
{
	add_mean(samples, start, 1);
}

static unsigned long irqs_off(void)
{
	unsigned long flags = 0;

	if (!rig.allocator->sleeps)
		local_irq_save(flags);
	return flags;
}

static void irqs_restore(unsigned long flags)
{
	if (!rig.allocator->sleeps)
		local_irq_restore(flags);
}

void rig_alloc(struct live *one, u32 size)
{
	unsigned long flags = irqs_off();
	u64 start = get_cycles();

	one->ptr = rig.allocator->alloc(size);
	add_sample(&rig.alloc_costs, start);
	irqs_restore(flags);
	one->size = size;
	rig.failed |= !one->ptr;
}

void rig_free(struct live *one)
{
	unsigned long flags = irqs_off();
	u64 start = get_cycles();

	rig.allocator->free(one->ptr, one->size);
	add_sample(&rig.free_costs, start);
	irqs_restore(flags);
}

/* Allocate a batch, and free it. */
void rig_batch(size_t size)
{
	void *ptrs[RIG_BATCH];
	unsigned long flags = irqs_off();
	u64 start = get_cycles();
	u32 i;

	if (rig.allocator->alloc_bulk) {
		rig.failed |= !rig.allocator->alloc_bulk(size, RIG_BATCH, ptrs);
	} else {
		for (i = 0; i < RIG_BATCH; i++)
			ptrs[i] = rig.allocator->alloc(size);
	}
	add_mean(&rig.alloc_costs, start, RIG_BATCH);
	start = get_cycles();
	if (rig.allocator->free_bulk) {
		rig.allocator->free_bulk(RIG_BATCH, ptrs);
	} else {
		for (i = 0; i < RIG_BATCH; i++)
			rig.allocator->free(ptrs[i], size);
	}
	add_mean(&rig.free_costs, start, RIG_BATCH);
	irqs_restore(flags);
}

static size_t mean_size(const struct workload *workload)
{
	u32 octaves = ilog2(workload->largest / workload->smallest);

	if (!octaves)
		return workload->largest;
	return (3 * workload->largest - 3 * workload->smallest) / (2 * octaves);
}

/* The bytes of a heap: half as much again as the live blocks take, for fragmentation. */
size_t rig_bytes(void)
{
	return PAGE_ALIGN((size_t)rig.count * (mean_size(rig.workload) * 3 / 2 + 64) +
			  (1 << 20));
}

void rig_fill(void)
{
	const struct allocator *allocator = rig.allocator;
	u32 i;

	for (i = 0; i < rig.count; i++) {
		struct live *one = &rig.live[i];

		one->size = rig_size();
		one->ptr = allocator->fill ? allocator->fill(one->size) :
					      allocator->alloc(one->size);
		rig.failed |= !one->ptr;
		cond_resched();
	}
}

/* Random replacements that are not timed. */
void rig_steady(u32 operations)
{
	u32 i;

	for (i = 0; i < operations; i++) {
		struct live *one = &rig.live[rig_random(rig.count)];

		rig.allocator->free(one->ptr, one->size);
		one->size = rig_size();
		one->ptr = rig.allocator->alloc(one->size);
		rig.failed |= !one->ptr;
		cond_resched();
	}
}

void rig_drain(void)
{
	u32 i;

	for (i = 0; i < rig.count; i++) {
		if (rig.live[i].ptr)
			rig.allocator->free(rig.live[i].ptr, rig.live[i].size);
		cond_resched();
	}
}

/* The cost of timing an empty call: reading the counter, and an indirect call. */
static void measure_harness(void)
{
	struct summary summary;
	struct live none = {};
	u32 i;

	rig.allocator = &allocators[0];
	for (i = 0; i < 100; i++)
		rig_free(&none);
	samples_sum_up(&rig.free_costs, &summary);
	harness_cost = summary.quantile[0];
}

int rig_init(u32 blocks, u32 samples)
{
	rig.live = vzalloc(array_size(blocks, sizeof(*rig.live)));
	if (!rig.live || samples_init(&rig.alloc_costs, samples) ||
	    samples_init(&rig.free_costs, samples))
		return -ENOMEM;
	measure_harness();
	return 0;
}

void rig_destroy(void)
{
	vfree(rig.live);
	samples_destroy(&rig.alloc_costs);
	samples_destroy(&rig.free_costs);
}
