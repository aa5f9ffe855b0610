// SPDX-License-Identifier: GPL-2.0-only
/*
 * watermark - call a client back when its heap fills up, before an allocation fails
 *
 * The core raises HEAP_EVENT_WATERMARK when more than the watermark is in use. The irq_work disarms
 * the watermark and schedules a work item. That calls the client back once, and polls until no more
 * than the watermark is in use. Then it arms the watermark again:
 *
 *	armed ---event---> exceeded ---callback---> notified, polls ---below---> armed
 *
 * Function, data and state change together, with the heap's lock held. So a work item that was
 * scheduled for a watch that has ended finds that there is nothing to do, whenever it runs.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/wait.h>

#include "heaps/compat.h"
#include "heaps/lock.h"
#include "heaps/watermark.h"

#define PERIOD	(HZ / 10)		/* between two calls, and between two polls */

/* A call of a client's function, on the stack of the work item. */
struct call {
	struct list_head place;
	heapmod_watch_fn callback;
	void *data;
};

/* All calls that run, of all heaps, so that the module of a callback can wait for them. */
static LIST_HEAD(calls);
static DEFINE_SPINLOCK(calls_lock);
static DECLARE_WAIT_QUEUE_HEAD(call_ended);

/* The watermark in granules, or U32_MAX for none. */
static u32 watermark_of(const struct heapmod *heap)
{
	if (!heap->low.percent)
		return U32_MAX;
	return div_u64((u64)heap->core.index.granules * heap->low.percent, 100);
}

static void arm(struct heapmod *heap, unsigned int percent, heapmod_watch_fn callback, void *data)
	__must_hold(&heap->lock)
{
	heap->low.percent = percent;
	heap->low.callback = callback;
	heap->low.data = data;
	heap->low.state = WATERMARK_ARMED;
	heap_set_watermark(&heap->core, watermark_of(heap));
}

/* Return: false if the watermark is still exceeded, after the callback was called for that. */
static bool arm_if_below(struct heapmod *heap)
{
	unsigned long flags;
	bool armed;

	heapmod_lock_irqsave(heap, flags);
	if (heap->low.state == WATERMARK_NOTIFIED && heap->core.used <= watermark_of(heap)) {
		heap->low.state = WATERMARK_ARMED;
		heap_set_watermark(&heap->core, watermark_of(heap));
	}
	armed = heap->low.state == WATERMARK_ARMED;
	heapmod_unlock_irqrestore(heap, flags);
	return armed;
}

/* Return: whether the callback is to be called now. */
static bool take_call(struct heapmod *heap, struct call *call)
{
	unsigned long flags;
	bool exceeded;

	heapmod_lock_irqsave(heap, flags);
	exceeded = heap->low.state == WATERMARK_EXCEEDED;
	if (exceeded) {
		heap->low.state = WATERMARK_NOTIFIED;
		call->callback = heap->low.callback;
		call->data = heap->low.data;
	}
	heapmod_unlock_irqrestore(heap, flags);
	return exceeded;
}

/* From before the callback is read until it has returned, it is on the list. */
static bool begin_call(struct heapmod *heap, struct call *call)
{
	bool taken;

	spin_lock(&calls_lock);
	taken = take_call(heap, call);
	if (taken)
		list_add(&call->place, &calls);
	spin_unlock(&calls_lock);
	return taken;
}

static void end_call(struct call *call)
{
	spin_lock(&calls_lock);
	list_del(&call->place);
	spin_unlock(&calls_lock);
	wake_up_all(&call_ended);
}

static void notify_work(struct work_struct *item)
{
	struct heapmod *heap = container_of(to_delayed_work(item), struct heapmod, low.work);
	struct call call;

	if (begin_call(heap, &call)) {
		WRITE_ONCE(heap->low.next, jiffies + PERIOD);
		call.callback(heap, call.data);
		end_call(&call);
	}
	if (!arm_if_below(heap))
		schedule_delayed_work(&heap->low.work, PERIOD);
}

void heapmod_notify_watermark(struct heapmod *heap)
{
	long delay = READ_ONCE(heap->low.next) - jiffies;
	unsigned long flags;
	bool exceeded;

	heapmod_lock_irqsave(heap, flags);
	exceeded = heap->core.events & HEAP_EVENT_WATERMARK;
	if (exceeded) {
		heap->low.state = WATERMARK_EXCEEDED;
		heap_set_watermark(&heap->core, U32_MAX);
	}
	heapmod_unlock_irqrestore(heap, flags);
	if (exceeded)
		schedule_delayed_work(&heap->low.work, clamp(delay, 0L, (long)PERIOD));
}

void heapmod_watermark_init(struct heapmod *heap)
{
	mutex_init(&heap->low.mutex);
	INIT_DELAYED_WORK(&heap->low.work, notify_work);
	heap->low.next = jiffies;
}

static void disarm(struct heapmod *heap)
{
	unsigned long flags;

	heapmod_lock_irqsave(heap, flags);
	arm(heap, 0, NULL, NULL);
	heapmod_unlock_irqrestore(heap, flags);
}

void heapmod_watermark_exit(struct heapmod *heap)
{
	disarm(heap);
	cancel_delayed_work_sync(&heap->low.work);
}

static bool has_callback_in(struct heapmod *heap, const struct module *module)
{
	unsigned long flags, callback;

	heapmod_lock_irqsave(heap, flags);
	callback = (unsigned long)heap->low.callback;
	heapmod_unlock_irqrestore(heap, flags);
	return callback && within_module(callback, module);
}

void heapmod_unwatch_module(struct heapmod *heap, const struct module *module)
{
	if (has_callback_in(heap, module))
		disarm(heap);
}

static bool runs_call_in(const struct module *module)
{
	struct call *call;
	bool found = false;

	spin_lock(&calls_lock);
	list_for_each_entry(call, &calls, place)
		found |= within_module((unsigned long)call->callback, module);
	spin_unlock(&calls_lock);
	return found;
}

void heapmod_wait_for_calls(const struct module *module)
{
	wait_event(call_ended, !runs_call_in(module));
}

int heapmod_watch(struct heapmod *heap, unsigned int percent, heapmod_watch_fn callback,
		  void *data)
{
	unsigned long flags;

	if (!heapmod_is_valid(heap) || (callback && (percent < 1 || percent > 99)))
		return -EINVAL;
	mutex_lock(&heap->low.mutex);
	heapmod_watermark_exit(heap);
	if (callback) {
		heapmod_lock_irqsave(heap, flags);
		arm(heap, percent, callback, data);
		heapmod_unlock(heap, flags, _RET_IP_);
	}
	mutex_unlock(&heap->low.mutex);
	return 0;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_watch);

void heapmod_reset_peak(struct heapmod *heap)
{
	unsigned long flags;

	if (!heapmod_is_valid(heap))
		return;
	heapmod_lock_irqsave(heap, flags);
	heap_reset_peak(&heap->core);
	heapmod_unlock(heap, flags, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_reset_peak);
