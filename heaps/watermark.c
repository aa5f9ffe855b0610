// SPDX-License-Identifier: GPL-2.0-only
/*
 * low - a client is told that its heap fills up, before the first allocation fails
 *
 * The core notes under the lock that more than the mark is in use, and forgets about the mark. The
 * irq_work passes it on to a work item, which tells the client; and which looks, ten times
 * a second, whether it is less again. Only then is the mark set anew. So he is told once each time.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/math64.h>

#include "heaps/compat.h"
#include "heaps/lock.h"
#include "heaps/watermark.h"

#define LOW_PERIOD	(HZ / 10)

/* Under the lock. */
static u32 mark_of(const struct heapmod *heap)
{
	if (!heap->low.percent)
		return U32_MAX;
	return div_u64((u64)heap->core.index.granules * heap->low.percent, 100);
}

static bool is_below(struct heapmod *heap)
{
	unsigned long flags;
	bool below;

	raw_spin_lock_irqsave(&heap->lock, flags);
	below = heap->core.used <= mark_of(heap);
	if (below)
		heap_set_watermark(&heap->core, mark_of(heap));
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	return below;
}

static void work(struct work_struct *item)
{
	struct heapmod *heap = container_of(to_delayed_work(item), struct heapmod, low.work);

	if (!heap->low.told)
		heap->low.tell(heap, heap->low.data);
	heap->low.told = !is_below(heap);
	if (heap->low.told)
		schedule_delayed_work(&heap->low.work, LOW_PERIOD);
}

/* From the irq_work: the mark was passed. */
void heapmod_notify_watermark(struct heapmod *heap)
{
	unsigned long flags;
	bool above;

	raw_spin_lock_irqsave(&heap->lock, flags);
	above = heap->core.events & HEAP_EVENT_WATERMARK;
	if (above)
		heap_set_watermark(&heap->core, U32_MAX);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	if (above)
		schedule_delayed_work(&heap->low.work, 0);
}

void heapmod_watermark_init(struct heapmod *heap)
{
	INIT_DELAYED_WORK(&heap->low.work, work);
}

void heapmod_watermark_exit(struct heapmod *heap)
{
	unsigned long flags;

	/* Work that is under way sets the mark anew: to none. */
	raw_spin_lock_irqsave(&heap->lock, flags);
	heap->low.percent = 0;
	heap_set_watermark(&heap->core, U32_MAX);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	irq_work_sync(&heap->follow_up);
	cancel_delayed_work_sync(&heap->low.work);
	heap->low.told = false;
}

/**
 * heapmod_watch - be told when a heap fills up
 * @heap: the heap
 * @percent: of the region: when more than that is in use, headers and slack included; 1 to 99
 * @tell: called once each time that happens, from a work item; it may sleep, allocate and free, but
 *        not destroy the heap or watch it. NULL: not any more
 * @data: for @tell
 *
 * One client a heap; the last call counts. Those who free are told to no sooner than a tenth of a
 * second after that there is room again.
 *
 * Context: task, may sleep: waits for a @tell that is under way.
 * Return: 0, or -EINVAL for a @percent that cannot be, or no heap.
 */
int heapmod_watch(struct heapmod *heap, unsigned int percent, heapmod_watch_fn tell, void *data)
{
	unsigned long flags;

	if (!heapmod_is_valid(heap) || (tell && (percent < 1 || percent > 99)))
		return -EINVAL;
	heapmod_watermark_exit(heap);
	if (!tell)
		return 0;
	heap->low.tell = tell;
	heap->low.data = data;
	raw_spin_lock_irqsave(&heap->lock, flags);
	heap->low.percent = percent;
	heap_set_watermark(&heap->core, mark_of(heap));
	heapmod_unlock(heap, flags, _RET_IP_);
	return 0;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_watch);

/**
 * heapmod_reset_peak - count the peak of what is in use anew from now on
 * @heap: the heap
 *
 * Context: any but NMI.
 */
void heapmod_reset_peak(struct heapmod *heap)
{
	unsigned long flags;

	if (!heapmod_is_valid(heap))
		return;
	raw_spin_lock_irqsave(&heap->lock, flags);
	heap_reset_peak(&heap->core);
	heapmod_unlock(heap, flags, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_reset_peak);
