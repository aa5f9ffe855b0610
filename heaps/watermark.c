// SPDX-License-Identifier: GPL-2.0-only
/*
 * watermark - call clients back when a heap fills up, and when it does not any more
 *
 * The core raises HEAP_EVENT_WATERMARK when more than the lowest armed watermark is in use. The
 * irq_work marks the watches whose watermark was exceeded, and schedules a work item. That calls
 * each one back, and polls until no more than its watermark is in use. Then it calls back again,
 * and arms the watch:
 *
 *	armed ---event---> exceeded ---callback---> above ---polls, callback---> armed
 *
 * A watch changes with the heap's lock held. A work item that was scheduled for a watch that has
 * ended finds that there is nothing to do, whenever it runs.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/wait.h>

#include "heaps/compat.h"
#include "heaps/lock.h"
#include "heaps/percpu.h"
#include "heaps/watermark.h"

#define PERIOD	(HZ / 10)		/* between two calls of a watch, and between two polls */

/* A call of a client's function, on the stack of the work item. */
struct call {
	struct list_head place;
	const struct heapmod *heap;
	heapmod_watch_fn callback;
	void *data;
	bool above;
};

/* All calls that run, of all heaps, so that the end of a watch, or of a module, can wait. */
static LIST_HEAD(calls);
static DEFINE_SPINLOCK(calls_lock);
static DECLARE_WAIT_QUEUE_HEAD(call_ended);

static struct heapmod_watch *end_of(struct heapmod *heap)
{
	return heap->watermark.watches + HEAPMOD_WATCHES;
}

static bool is_exceeded(const struct heapmod *heap, const struct heapmod_watch *watch)
	__must_hold(&heap->lock)
{
	if (heap->core.used > watch->limit)
		return true;
	return heap->core.events & HEAP_EVENT_WATERMARK && watch->limit <= heap->core.watermark;
}

/*
 * Mark the armed watches that are exceeded, and set the core's watermark for the others. Return:
 * whether there are marked ones.
 */
static bool update(struct heapmod *heap)
	__must_hold(&heap->lock)
{
	struct heapmod_watch *watch;
	u32 lowest = U32_MAX;
	bool exceeded = false;

	for (watch = heap->watermark.watches; watch < end_of(heap); watch++) {
		if (!watch->callback || watch->state != WATCH_ARMED)
			continue;
		if (is_exceeded(heap, watch)) {
			watch->state = WATCH_EXCEEDED;
			exceeded = true;
		} else {
			lowest = min(lowest, watch->limit);
		}
	}
	heap_set_watermark(&heap->core, lowest);
	return exceeded;
}

/* Also true for a time that jiffies has wrapped around since. */
static bool is_early(const struct heapmod_watch *watch)
{
	return watch->next - jiffies - 1 < PERIOD;
}

/* Return: whether the callback is to be called now. */
static bool take_call(struct heapmod *heap, struct heapmod_watch *watch, struct call *call)
	__must_hold(&heap->lock)
{
	if (!watch->callback || watch->state == WATCH_ARMED || is_early(watch))
		return false;
	call->above = watch->state == WATCH_EXCEEDED;
	if (!call->above && is_exceeded(heap, watch))
		return false;
	call->heap = heap;
	call->callback = watch->callback;
	call->data = watch->data;
	watch->next = jiffies + PERIOD;
	watch->state = call->above ? WATCH_ABOVE : WATCH_ARMED;
	update(heap);
	return true;
}

/* From before the callback is read until it has returned, it is on the list. */
static bool begin_call(struct heapmod *heap, struct heapmod_watch *watch, struct call *call)
{
	unsigned long flags;
	bool taken;

	spin_lock(&calls_lock);
	heapmod_lock_irqsave(heap, flags);
	taken = take_call(heap, watch, call);
	heapmod_unlock_irqrestore(heap, flags);
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

static bool is_idle(struct heapmod *heap)
{
	struct heapmod_watch *watch;
	unsigned long flags;
	bool idle = true;

	heapmod_lock_irqsave(heap, flags);
	for (watch = heap->watermark.watches; watch < end_of(heap); watch++)
		idle &= !watch->callback || watch->state == WATCH_ARMED;
	heapmod_unlock_irqrestore(heap, flags);
	return idle;
}

static void notify_work(struct work_struct *item)
{
	struct heapmod *heap = container_of(to_delayed_work(item), struct heapmod, watermark.work);
	struct heapmod_watch *watch;
	struct call call;

	for (watch = heap->watermark.watches; watch < end_of(heap); watch++) {
		if (begin_call(heap, watch, &call)) {
			call.callback(heap, call.data, call.above);
			end_call(&call);
		}
	}
	/* Cached blocks count as used. */
	heapmod_empty_caches(heap);
	if (!is_idle(heap))
		queue_delayed_work(heapmod_calls_wq, &heap->watermark.work, PERIOD);
}

/* The work item may be waiting for its next poll. */
static void notify_now(struct heapmod *heap)
{
	mod_delayed_work(heapmod_calls_wq, &heap->watermark.work, 0);
}

void heapmod_notify_watermark(struct heapmod *heap)
{
	unsigned long flags;
	bool exceeded;

	heapmod_lock_irqsave(heap, flags);
	exceeded = heap->core.events & HEAP_EVENT_WATERMARK && update(heap);
	heapmod_unlock_irqrestore(heap, flags);
	if (exceeded)
		notify_now(heap);
}

void heapmod_watermark_init(struct heapmod *heap)
{
	INIT_DELAYED_WORK(&heap->watermark.work, notify_work);
}

/* Return: as update(), which may find that another watch is exceeded. */
static bool end_watch(struct heapmod *heap, struct heapmod_watch *watch)
	__must_hold(&heap->lock)
{
	*watch = (struct heapmod_watch){};
	return update(heap);
}

bool heapmod_unwatch_module(struct heapmod *heap, const struct module *module)
{
	struct heapmod_watch *watch;
	bool exceeded = false, any = false;
	unsigned long flags;

	heapmod_lock_irqsave(heap, flags);
	for (watch = heap->watermark.watches; watch < end_of(heap); watch++) {
		if (!watch->callback ||
		    (module && !within_module((unsigned long)watch->callback, module)))
			continue;
		exceeded |= end_watch(heap, watch);
		any = true;
	}
	heapmod_unlock_irqrestore(heap, flags);
	if (exceeded)
		notify_now(heap);
	return any;
}

void heapmod_watermark_exit(struct heapmod *heap)
{
	heapmod_unwatch_module(heap, NULL);
	cancel_delayed_work_sync(&heap->watermark.work);
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

static bool runs_call(const struct heapmod *heap, heapmod_watch_fn callback, const void *data)
{
	struct call *call;
	bool found = false;

	spin_lock(&calls_lock);
	list_for_each_entry(call, &calls, place)
		found |= call->heap == heap && call->callback == callback && call->data == data;
	spin_unlock(&calls_lock);
	return found;
}

/* A free watch has neither. */
static struct heapmod_watch *find(struct heapmod *heap, heapmod_watch_fn callback, const void *data)
	__must_hold(&heap->lock)
{
	struct heapmod_watch *watch;

	for (watch = heap->watermark.watches; watch < end_of(heap); watch++) {
		if (watch->callback == callback && watch->data == data)
			return watch;
	}
	return NULL;
}

static int add(struct heapmod *heap, const struct heapmod_watch *watch)
	__must_hold(&heap->lock)
{
	struct heapmod_watch *free = find(heap, NULL, NULL);

	if (find(heap, watch->callback, watch->data))
		return -EEXIST;
	if (!free)
		return -ENOSPC;
	*free = *watch;
	return update(heap);
}

int heapmod_watch(struct heapmod *heap, unsigned int percent, heapmod_watch_fn callback,
		  void *data)
{
	struct heapmod_watch watch = { .callback = callback, .data = data, .next = jiffies };
	unsigned long flags;
	int result;

	if (!heapmod_is_valid(heap) || !callback || percent < 1 || percent > 99)
		return -EINVAL;
	watch.limit = div_u64((u64)heap->core.index.granules * percent, 100);
	heapmod_lock_irqsave(heap, flags);
	result = add(heap, &watch);
	heapmod_unlock_irqrestore(heap, flags);
	if (result > 0)
		notify_now(heap);
	return min(result, 0);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_watch);

/* Return: whether there was such a watch. */
static bool unwatch(struct heapmod *heap, heapmod_watch_fn callback, const void *data)
{
	struct heapmod_watch *watch;
	unsigned long flags;
	bool exceeded;

	heapmod_lock_irqsave(heap, flags);
	watch = find(heap, callback, data);
	exceeded = watch && end_watch(heap, watch);
	heapmod_unlock_irqrestore(heap, flags);
	if (exceeded)
		notify_now(heap);
	return watch;
}

void heapmod_unwatch(struct heapmod *heap, heapmod_watch_fn callback, void *data)
{
	bool any;

	might_sleep();
	if (!heapmod_is_valid(heap) || !callback)
		return;
	/* A callback that runs may add its watch again. */
	do {
		any = unwatch(heap, callback, data);
		wait_event(call_ended, !runs_call(heap, callback, data));
	} while (any);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_unwatch);

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
