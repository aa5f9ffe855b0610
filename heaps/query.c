// SPDX-License-Identifier: GPL-2.0-only
/*
 * query - calls that read a heap and leave its blocks as they are
 */
#include <linux/export.h>
#include <linux/kernel.h>

#include "heaps/compat.h"
#include "heaps/free.h"
#include "heaps/lock.h"
#include "heaps/percpu.h"
#include "heaps/query.h"
#include "heaps/registry.h"
#include "heaps/report.h"
#include "heaps/walk.h"

/* Is @ptr a live block? @asked is set to the bytes it was requested with, or 0. */
static bool judge(struct heapmod *heap, const void *ptr, u64 *asked)
{
	struct heap_block_info block;
	unsigned long flags;
	bool live;

	heapmod_lock_irqsave(heap, flags);
	live = !heap_judge(&heap->core, ptr, &block);
	heapmod_unlock_irqrestore(heap, flags);
	*asked = live ? block.asked : 0;
	return live;
}

size_t heapmod_usable_size(struct heapmod *heap, const void *ptr)
{
	u64 asked = 0;

	if (heapmod_is_valid(heap))
		judge(heap, ptr, &asked);
	return asked;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_usable_size);

bool heapmod_owns(struct heapmod *heap, const void *ptr)
{
	u64 asked;

	return heapmod_is_valid(heap) && judge(heap, ptr, &asked);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_owns);

struct heapmod *heapmod_of(const void *ptr)
{
	struct heapmod *heap;

	rcu_read_lock();
	heap = heapmod_lookup(ptr);
	rcu_read_unlock();
	return heap;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_of);

bool heapmod_block_contains(struct heapmod *heap, const void *mem, u64 bytes)
{
	u64 offset = heap_offset_of(&heap->core, mem);
	struct heap_block_info block;
	unsigned long flags;

	heapmod_lock_irqsave(heap, flags);
	block = heap_describe(&heap->core, HEAP_OK, offset).block;
	heapmod_unlock_irqrestore(heap, flags);
	if (block.at == HEAP_NONE || block.state != HEAP_USED)
		return false;
	offset -= heap_offset(block.at) + sizeof(struct heap_block);
	return offset <= block.asked && bytes <= block.asked - offset;
}

/*
 * Without those in limbo, which the core counts as live. One that lost its header and was
 * quarantined is counted as in limbo until it leaves.
 */
static u64 live_blocks(const struct heap *core)
{
	return heap_live_blocks(core) - min(core->limbo_blocks, heap_live_blocks(core));
}

/* Return: @bytes, or what is left of @left. */
static u64 take(u64 *left, u64 bytes)
{
	bytes = min(bytes, *left);
	*left -= bytes;
	return bytes;
}

/* The nine that add up to the region, and the peak. */
static void copy_bytes(struct heapmod *heap, struct heapmod_stats *stats)
	__must_hold(&heap->lock)
{
	const struct heap *core = &heap->core;
	u32 cached = heapmod_cached(heap);
	u32 limbo = min(core->limbo, core->used - cached);
	u32 used = core->used - limbo - cached;
	u32 pending = core->pending + limbo;
	u64 blocks = live_blocks(core);
	u64 left = heap_bytes(used);

	stats->region_bytes = heap->region_bytes;
	stats->edge_bytes = heap->region_bytes - heap_bytes(core->index.granules);
	/* Lost headers make these uncertain: each is taken out of what is left. */
	stats->header_bytes = take(&left, blocks * sizeof(struct heap_block));
	stats->redzone_bytes = take(&left, blocks * (core->overhead - sizeof(struct heap_block)));
	stats->asked_bytes = take(&left, max_t(s64, core->asked - core->limbo_asked, 0));
	stats->slack_bytes = left;
	stats->pending_bytes = heap_bytes(pending);
	stats->cached_bytes = heap_bytes(cached);
	stats->quarantine_bytes = heap_bytes(core->quarantined);
	stats->hole_bytes = heap_bytes(core->index.granules - used - pending -
				       cached - core->quarantined);
	stats->peak_bytes = heap_bytes(core->peak);
	stats->metadata_bytes = heap->metadata_bytes;
}

static void copy_counts(const struct heapmod *heap, struct heapmod_stats *stats)
{
	const struct heap *core = &heap->core;
	u32 i;

	static_assert(ARRAY_SIZE(stats->search_steps) == HEAP_STEP_CLASSES);
	stats->blocks = live_blocks(core);
	stats->holes = core->index.holes;
	stats->largest_hole_bytes = heap_bytes(heap_index_largest(&core->index));
	stats->allocs = core->allocs;
	stats->frees = core->frees;
	stats->failures = core->failures;
	stats->busy = heapmod_counter_read(&heap->busy);
	for (i = 0; i < HEAP_STEP_CLASSES; i++)
		stats->search_steps[i] = core->index.searches[i];
	stats->refused = core->refused + heapmod_counter_read(&heap->refused);
	stats->quarantine_blocks = core->quarantine_count;
	stats->frozen = heap_is_frozen(core);
}

static void copy_verdicts(const struct heapmod *heap, struct heapmod_stats *stats)
{
	const u64 *verdicts = heap->core.verdicts;

	stats->foreign = verdicts[HEAP_FOREIGN];
	stats->misaligned = verdicts[HEAP_MISALIGNED];
	stats->interior = verdicts[HEAP_INTERIOR];
	stats->double_free = verdicts[HEAP_DOUBLE_FREE];
	stats->wrong_heap = verdicts[HEAP_WRONG_HEAP];
	stats->overrun = verdicts[HEAP_OVERRUN];
	stats->corrupt_header = verdicts[HEAP_CORRUPT_HEADER];
	stats->use_after_free = verdicts[HEAP_USE_AFTER_FREE];
	stats->corrupt_index = verdicts[HEAP_CORRUPT_INDEX];
}

void heapmod_copy_stats_locked(struct heapmod *heap, struct heapmod_stats *stats)
{
	heap_flush(&heap->core);
	copy_bytes(heap, stats);
	copy_counts(heap, stats);
	copy_verdicts(heap, stats);
}

static void read_stats(struct heapmod *heap, struct heapmod_stats *stats)
{
	unsigned long flags;

	heapmod_drain(heap);
	heapmod_lock_irqsave(heap, flags);
	heapmod_hold_caches(heap);
	heapmod_copy_stats_locked(heap, stats);
	heapmod_drop_caches(heap);
	heapmod_unlock(heap, flags, _RET_IP_);
}

/* A client that was built with an older header has a shorter struct, one with a newer a longer. */
void heapmod_copy_stats(struct heapmod *heap, void *stats, size_t size)
{
	struct heapmod_stats all = {};

	if (heapmod_is_valid(heap))
		read_stats(heap, &all);
	memset(stats, 0, size);
	memcpy(stats, &all, min(size, sizeof(all)));
}
EXPORT_SYMBOL_HEAPMOD(heapmod_copy_stats);

#define CHECK_CHUNKS	4		/* chunks checked while the lock is held */

enum heap_verdict heapmod_check_batch(struct heapmod *heap, struct heap_audit *audit,
				      struct heap_finding *finding, unsigned long caller)
{
	enum heap_verdict verdict;
	unsigned long flags;

	heapmod_lock_irqsave(heap, flags);
	heapmod_hold_caches(heap);
	verdict = heap_check(&heap->core, audit, CHECK_CHUNKS);
	heapmod_drop_caches(heap);
	if (verdict) {
		*finding = heap_describe(&heap->core, verdict, audit->offset);
		heapmod_complete_finding(heap, finding, caller);
	}
	heapmod_unlock(heap, flags, caller);
	return verdict;
}

int heapmod_check(struct heapmod *heap)
{
	struct heap_finding finding;
	enum heap_verdict verdict;
	struct heap_audit audit;
	int error = 0;

	if (!heapmod_is_valid(heap))
		return -EINVAL;
	heapmod_drain(heap);
	heap_audit_start(&audit);
	do {
		verdict = heapmod_check_batch(heap, &audit, &finding, _RET_IP_);
		if (verdict)
			error = -EUCLEAN;
		/* A corrupt index is reported once, by heap_freeze(). */
		if (verdict && verdict != HEAP_CORRUPT_INDEX)
			heapmod_report(heap, &finding);
		heapmod_resched();
	} while (verdict != HEAP_CORRUPT_INDEX && !heap_audit_done(&heap->core, &audit));
	return error;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_check);
