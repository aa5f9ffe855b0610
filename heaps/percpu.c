// SPDX-License-Identifier: GPL-2.0-only
/*
 * percpu - a cache of freed blocks for each CPU: what is done with the heap's lock held
 */
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/mutex.h>

#include "core/judge.h"
#include "heaps/percpu.h"
#include "heaps/registry.h"

int heapmod_caches_init(struct heapmod *heap)
{
	size_t bytes = struct_size((struct heapmod_cpu *)NULL, owners,
				   heap_owners_count(&heap->owners));
	unsigned int cpu;

	if (!(heap->flags & HEAPMOD_PERCPU))
		return 0;
	heap->cpus = __alloc_percpu(bytes, __alignof__(struct heapmod_cpu));
	if (!heap->cpus)
		return -ENOMEM;
	heap->metadata_bytes += num_possible_cpus() * bytes;
	for_each_possible_cpu(cpu)
		heap_cache_init(&per_cpu_ptr(heap->cpus, cpu)->cache,
				heap_granules_in(heap->region_bytes), num_possible_cpus());
	return 0;
}

void heapmod_caches_exit(struct heapmod *heap)
{
	free_percpu(heap->cpus);
}

/* The holder waits for nothing, so it drops the cache soon. */
static void hold(struct heapmod_cpu *cpu)
{
	while (!heapmod_hold(cpu))
		cpu_relax();
}

/* As above, in any context. Return: false if this one must not wait. */
static bool hold_wait(struct heapmod_cpu *cpu)
{
	while (!heapmod_hold(cpu)) {
		if (heapmod_must_not_wait())
			return false;
		cpu_relax();
	}
	return true;
}

void heapmod_hold_caches(struct heapmod *heap)
{
	unsigned int i;

	if (!heap->cpus)
		return;
	for_each_possible_cpu(i)
		hold(per_cpu_ptr(heap->cpus, i));
	for_each_possible_cpu(i)
		heap_cache_settle(&heap->core, &per_cpu_ptr(heap->cpus, i)->cache);
}

void heapmod_drop_caches(struct heapmod *heap)
{
	unsigned int i;

	if (!heap->cpus)
		return;
	for_each_possible_cpu(i)
		heapmod_drop(per_cpu_ptr(heap->cpus, i));
}

u32 heapmod_cached(struct heapmod *heap)
{
	u32 granules = 0;
	unsigned int i;

	if (!heap->cpus)
		return 0;
	for_each_possible_cpu(i)
		granules += per_cpu_ptr(heap->cpus, i)->cache.granules;
	return granules;
}

/*
 * A block may be freed on another CPU than it was allocated on. All caches are held, so that no
 * part of the sum is taken for a peak.
 */
static void settle_owner(struct heapmod *heap, u32 number)
{
	struct heap_owner *owner = heap_owner_at(&heap->owners, number);
	struct cpu_owner *counted;
	unsigned int i;

	for_each_possible_cpu(i) {
		counted = &per_cpu_ptr(heap->cpus, i)->owners[number];
		owner->allocs += counted->allocs;
		owner->frees += counted->frees;
		owner->room -= counted->bytes;
		*counted = (struct cpu_owner){};
	}
	if (owner->room < 0)
		heap_owner_update_peak(owner);
}

void heapmod_settle_owners(struct heapmod *heap, u32 from, u32 count)
{
	u32 i;

	if (!heap->cpus)
		return;
	for (i = from; i < from + count; i++)
		settle_owner(heap, i);
}

void heapmod_sync_owners(struct heapmod *heap, u32 from, u32 count)
{
	heapmod_hold_caches(heap);
	heapmod_settle_owners(heap, from, count);
	heapmod_drop_caches(heap);
}

void heapmod_make_room(struct heapmod *heap)
{
	struct heapmod_cpu *cpu = heap->cpus ? this_cpu_ptr(heap->cpus) : NULL;

	if (!cpu || !heapmod_needs_room(heap) || !heapmod_hold(cpu))
		return;
	if (cpu->cache.full) {
		cpu->drains += heap_take_back(&heap->core, &cpu->cache, cpu->cache.full);
		cpu->cache.full = 0;
	}
	heapmod_drop(cpu);
}

bool heapmod_keep(struct heapmod *heap, const struct heap_block_info *claimed)
{
	struct heapmod_cpu *cpu = heap->cpus ? this_cpu_ptr(heap->cpus) : NULL;
	bool kept;

	if (!cpu || !heapmod_may_cache(heap) || !heapmod_hold(cpu))
		return false;
	kept = heap_cache_keep(&heap->core, &cpu->cache, claimed);
	heapmod_drop(cpu);
	return kept;
}

bool heapmod_expel(struct heapmod *heap, const void *ptr)
{
	struct heap_block_info block;
	struct heapmod_cpu *cpu;
	unsigned int i;

	if (!heap->cpus || !heap_cache_suspects(&heap->core, ptr) ||
	    heap_judge(&heap->core, ptr, &block) != HEAP_CORRUPT_HEADER)
		return true;
	for_each_possible_cpu(i) {
		cpu = per_cpu_ptr(heap->cpus, i);
		if (!hold_wait(cpu))
			return false;
		heap_take_back_block(&heap->core, &cpu->cache, block.at);
		heapmod_drop(cpu);
	}
	return true;
}

/* One block. Return: whether there may be more. */
static bool take_back(struct heapmod *heap, struct heapmod_cpu *cpu)
{
	unsigned long flags;
	bool more = false;

	if (!heapmod_lock(heap, flags))
		return false;
	if (hold_wait(cpu)) {
		more = heap_take_back(&heap->core, &cpu->cache, 0);
		cpu->drains += more;
		heapmod_drop(cpu);
	}
	if (more)
		heapmod_unlock(heap, flags, _RET_IP_);
	else
		heapmod_unlock_alloc(heap, flags, _RET_IP_);
	return more;
}

/*
 * The cache is held at least once, even if it is empty: each free either sees what the caller has
 * changed before (heapmod_may_cache()), or its block is found here. Bounded: what is freed into the
 * cache while this runs may stay.
 */
static void empty_cache(struct heapmod *heap, struct heapmod_cpu *cpu)
{
	u32 most = HEAP_CACHE_GRANULES * HEAP_CACHE_DEPTH + 1;

	while (take_back(heap, cpu) && --most)
		;
}

void heapmod_empty_caches(struct heapmod *heap)
{
	unsigned int i;

	if (!heap->cpus)
		return;
	for_each_possible_cpu(i)
		empty_cache(heap, per_cpu_ptr(heap->cpus, i));
}

void heapmod_read_cpu(struct heapmod *heap, unsigned int i, struct heapmod_cpu_stats *stats)
{
	struct heapmod_cpu *cpu = per_cpu_ptr(heap->cpus, i);
	unsigned long flags;

	heapmod_lock_irqsave(heap, flags);
	hold(cpu);
	*stats = (struct heapmod_cpu_stats){
		.blocks = heap_cache_blocks(&cpu->cache),
		.bytes = heap_bytes(cpu->cache.granules),
		.hits = cpu->cache.now.allocs,
		.misses = cpu->misses,
		.frees = cpu->cache.now.frees,
		.drains = cpu->drains,
	};
	heapmod_drop(cpu);
	heapmod_unlock_irqrestore(heap, flags);
}

static enum cpuhp_state hotplug;

static int cpu_dead(unsigned int dead)
{
	struct heapmod *heap;

	mutex_lock(&heaps_lock);
	list_for_each_entry(heap, &heaps, all) {
		if (heap->cpus)
			empty_cache(heap, per_cpu_ptr(heap->cpus, dead));
	}
	mutex_unlock(&heaps_lock);
	return 0;
}

int heapmod_percpu_init(void)
{
	int state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "heapmod:dead", NULL, cpu_dead);

	if (state < 0)
		return state;
	hotplug = state;
	return 0;
}

void heapmod_percpu_exit(void)
{
	cpuhp_remove_state_nocalls(hotplug);
}
