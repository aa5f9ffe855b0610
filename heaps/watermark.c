// SPDX-License-Identifier: GPL-2.0-only
/*
 * watermark - call a client back when its heap fills up, before an allocation fails
 *
 * The core raises HEAP_EVENT_WATERMARK when more than the watermark is in use. The irq_work disarms
 * the watermark and schedules a work item. That calls the client back once, and polls until no more
 * than the watermark is in use. Then it arms the watermark again:
 *
 *	armed ---event---> disarmed ---callback---> notified, polls ---below---> armed
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/math64.h>

#include "heaps/compat.h"
#include "heaps/lock.h"
#include "heaps/watermark.h"

#define POLL_PERIOD	(HZ / 10)

/* The watermark in granules, or U32_MAX for none. */
static u32 watermark_of(const struct heapmod *heap)
{
	if (!heap->low.percent)
		return U32_MAX;
	return div_u64((u64)heap->core.index.granules * heap->low.percent, 100);
}

static bool arm_if_below(struct heapmod *heap)
{
	unsigned long flags;
	bool below;

	raw_spin_lock_irqsave(&heap->lock, flags);
	below = heap->core.used <= watermark_of(heap);
	if (below)
		heap_set_watermark(&heap->core, watermark_of(heap));
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	return below;
}

static void notify_work(struct work_struct *item)
{
	struct heapmod *heap = container_of(to_delayed_work(item), struct heapmod, low.work);

	if (!heap->low.notified)
		heap->low.callback(heap, heap->low.data);
	heap->low.notified = !arm_if_below(heap);
	if (heap->low.notified)
		schedule_delayed_work(&heap->low.work, POLL_PERIOD);
}

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
	INIT_DELAYED_WORK(&heap->low.work, notify_work);
}

void heapmod_watermark_exit(struct heapmod *heap)
{
	unsigned long flags;

	/* Work that is running may arm the watermark again: as U32_MAX. */
	raw_spin_lock_irqsave(&heap->lock, flags);
	heap->low.percent = 0;
	heap_set_watermark(&heap->core, U32_MAX);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	irq_work_sync(&heap->follow_up);
	cancel_delayed_work_sync(&heap->low.work);
	heap->low.notified = false;
}

int heapmod_watch(struct heapmod *heap, unsigned int percent, heapmod_watch_fn callback,
		  void *data)
{
	unsigned long flags;

	if (!heapmod_is_valid(heap) || (callback && (percent < 1 || percent > 99)))
		return -EINVAL;
	heapmod_watermark_exit(heap);
	if (!callback)
		return 0;
	heap->low.callback = callback;
	heap->low.data = data;
	raw_spin_lock_irqsave(&heap->lock, flags);
	heap->low.percent = percent;
	heap_set_watermark(&heap->core, watermark_of(heap));
	heapmod_unlock(heap, flags, _RET_IP_);
	return 0;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_watch);

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
