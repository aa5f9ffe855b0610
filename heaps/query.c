// SPDX-License-Identifier: GPL-2.0-only
/*
 * look - the calls that look at a heap and leave it as it is
 *
 * What takes long lets the lock go after each batch.
 */
#include <linux/export.h>
#include <linux/kernel.h>

#include "heaps/compat.h"
#include "heaps/free.h"
#include "heaps/lock.h"
#include "heaps/query.h"
#include "heaps/report.h"

/* Is @ptr a live block? @asked is set to what it was asked for, or 0. */
static bool judge(struct heapmod *heap, const void *ptr, u64 *asked)
{
	struct heap_block_info block;
	unsigned long flags;
	bool live;

	raw_spin_lock_irqsave(&heap->lock, flags);
	live = !heap_judge(&heap->core, ptr, &block);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	*asked = live ? block.asked : 0;
	return live;
}

/**
 * heapmod_usable_size - how many bytes of a block may be used
 * @heap: the heap
 * @ptr: a block of it
 *
 * These are the bytes that were asked for: what rounding adds belongs to the heap.
 *
 * Context: any but NMI.
 * Return: bytes; 0 for a pointer that is no live block of this heap.
 */
size_t heapmod_usable_size(struct heapmod *heap, const void *ptr)
{
	u64 asked = 0;

	if (heapmod_is_valid(heap))
		judge(heap, ptr, &asked);
	return asked;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_usable_size);

/**
 * heapmod_owns - is this a live block of this heap?
 * @heap: the heap
 * @ptr: any pointer; it is not followed
 *
 * Context: any but NMI.
 * Return: true for a pointer that heapmod_free() would take.
 */
bool heapmod_owns(struct heapmod *heap, const void *ptr)
{
	u64 asked;

	return heapmod_is_valid(heap) && judge(heap, ptr, &asked);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_owns);

/* Under the lock: where every byte is. */
static void copy_bytes(const struct heapmod *heap, struct heapmod_stats *stats)
{
	const struct heap *core = &heap->core;
	u32 away = core->pending + core->quarantined;

	stats->region_bytes = heap->region_bytes;
	stats->edge_bytes = heap->region_bytes - heap_bytes(core->index.granules);
	stats->asked_bytes = max_t(s64, core->asked, 0);
	stats->header_bytes = heap_live_blocks(core) * sizeof(struct heap_block);
	stats->redzone_bytes = heap_live_blocks(core) * (core->overhead - sizeof(struct heap_block));
	stats->slack_bytes = heap_bytes(core->used) - stats->header_bytes - stats->redzone_bytes -
			     stats->asked_bytes;
	stats->pending_bytes = heap_bytes(core->pending);
	stats->quarantine_bytes = heap_bytes(core->quarantined);
	stats->hole_bytes = heap_bytes(core->index.granules - core->used - away);
	stats->peak_bytes = heap_bytes(core->peak);
}

/* ... and what has been counted. */
static void copy_counts(const struct heapmod *heap, struct heapmod_stats *stats)
{
	const struct heap *core = &heap->core;
	u32 i;

	static_assert(ARRAY_SIZE(stats->search_steps) == HEAP_STEP_CLASSES);
	stats->blocks = heap_live_blocks(core);
	stats->holes = core->index.holes;
	stats->allocs = core->allocs;
	stats->frees = core->frees;
	stats->failures = core->failures;
	for (i = 0; i < HEAP_STEP_CLASSES; i++)
		stats->search_steps[i] = core->index.searches[i];
	stats->refused = core->refused + atomic_read(&heap->refused);
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

/**
 * heapmod_get_stats - where every byte is, at this moment
 * @heap: the heap
 * @stats: filled; zeroed when there is no heap
 *
 * Context: any but NMI. Copies counters under the lock, walks nothing.
 */
void heapmod_get_stats(struct heapmod *heap, struct heapmod_stats *stats)
{
	unsigned long flags;

	*stats = (struct heapmod_stats){};
	if (!heapmod_is_valid(heap))
		return;
	heapmod_drain(heap);
	raw_spin_lock_irqsave(&heap->lock, flags);
	heap_flush(&heap->core);
	copy_bytes(heap, stats);
	copy_counts(heap, stats);
	copy_verdicts(heap, stats);
	heapmod_unlock(heap, flags, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_get_stats);

#define CHECK_CHUNKS	4		/* of at most 64 blocks each, that are checked under the lock */

/*
 * Check the next batch. @finding is set to what is wrong, if anything is; if that is not the index,
 * the check can go on.
 */
enum heap_verdict heapmod_check_batch(struct heapmod *heap, struct heap_audit *audit,
				     struct heap_finding *finding)
{
	enum heap_verdict verdict;
	unsigned long flags;

	raw_spin_lock_irqsave(&heap->lock, flags);
	verdict = heap_check(&heap->core, audit, CHECK_CHUNKS);
	if (verdict) {
		*finding = heap_describe(&heap->core, verdict, audit->offset);
		heapmod_complete_finding(heap, finding, _RET_IP_);
	}
	heapmod_unlock(heap, flags, _RET_IP_);
	return verdict;
}

/**
 * heapmod_check - check the whole heap
 * @heap: the heap; others may go on using it
 *
 * In batches: the lock is let go after every 2,048 granules. What is wrong with a block is
 * reported, and left to the next allocation or free that meets it. A heap whose index is wrong is
 * frozen.
 *
 * Context: any but NMI; takes time in proportion to the region, so rather task context.
 * Return: 0, or -EUCLEAN and reports in the log when headers, maps and counters disagree, or
 * -EINVAL when there is no heap.
 */
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
		verdict = heapmod_check_batch(heap, &audit, &finding);
		if (verdict)
			error = -EUCLEAN;
		/* What freezes a heap is told when it does. */
		if (verdict && verdict != HEAP_CORRUPT_INDEX) {
			finding.caller = _RET_IP_;
			heapmod_report(heap, &finding);
		}
	} while (verdict != HEAP_CORRUPT_INDEX && !heap_audit_done(&heap->core, &audit));
	return error;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_check);
